"""What can be set once for the whole daemon, as tables like those in `addresses`."""

from __future__ import annotations

from bridge.parameters import Parameter

CLOCK = (
    Parameter(
        "clock",
        ("source",),
        "choice",
        "daw",
        "Who may lead: daw takes JACK's transport, Link or a MIDI clock, the first that is there; tap is your taps",
        choices=("daw", "midi", "link", "jack", "internal", "tap"),
        scope="daemon",
    ),
    Parameter("tempo", ("tempo",), "float", 120.0, "Tempo where nobody leads", 20, 400, "bpm", scope="daemon"),
    Parameter("meter", ("meter",), "meter", "4/4", "Meter, unless JACK gives one", scope="daemon"),
    Parameter("link", ("link",), "switch", False, "Join the network's Ableton Link session", scope="daemon"),
    Parameter("clock_out", ("out",), "switch", False, "Send a MIDI clock from the first output", scope="daemon"),
)
"""What a preset may set under [clock]. There is one for the whole daemon: the preset that was loaded last has it."""

MICROPHONE = (
    Parameter(
        "mic_gate",
        ("microphone", "gate_db"),
        "float",
        -50.0,
        "What is softer in the microphone (run --mic), in dB of full scale, is no note",
        -90,
        0,
        "dB",
        scope="daemon",
    ),
    Parameter(
        "mic_confidence",
        ("microphone", "confidence"),
        "float",
        85.0,
        "How clear a pitch in the microphone must be to be a note",
        50,
        99,
        "percent",
        scope="daemon",
    ),
    Parameter(
        "mic_lowest",
        ("microphone", "pitches", 0),
        "pitch",
        40,
        "Lowest pitch that is listened for in the microphone; higher is quicker",
        24,
        103,
        scope="daemon",
    ),
    Parameter(
        "mic_highest",
        ("microphone", "pitches", 1),
        "pitch",
        96,
        "Highest pitch that is listened for in the microphone",
        24,
        103,
        scope="daemon",
    ),
)

DAEMON = (
    *CLOCK,
    *MICROPHONE,
    Parameter(
        "panic_cc",
        ("panic_cc",),
        "int",
        0,
        "Controller that panics, and undoes it if nothing was played since, on any channel; 0 = none",
        0,
        119,
        scope="daemon",
    ),
    Parameter(
        "scene_channel",
        ("scene_channel",),
        "int",
        0,
        "Channel whose program changes choose scenes by their place in the setlist; 17 = any, 0 = none",
        0,
        17,
        scope="daemon",
    ),
)
