"""What a user sees or hears when something is wrong, and the remedies: what doctor prints and the page of them."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.control import feedback, link
from bridge.port.rtmidi import LOOPBACK_HINT

NO_MIDI = "Start JACK, or load the ALSA sequencer (`sudo modprobe snd-seq`); render and `run --backend loopback` work"
PIPEWIRE = "With PipeWire: install pipewire-jack, and `pw-jack continuo run`"
RIGHTS = "Put yourself into the group audio or realtime and log in again"
SLOW = "Fewer inserts, a larger JACK period, or real-time rights"
NO_LINK = f"To follow Ableton Link: {link.INSTALL}"
PORT_TAKEN = "Give OSC another port with `--osc-port`, the surface too"
BYPASSED = "Take the bypass off: `b` on the screen, or `/continuo/{insert}/bypass 0`"
MUTED = "Raise amount: on the screen, or `/continuo/{insert}/amount 1`"
NO_BRAIN = "Wait a moment: the brain starts, or is started again; if it does not come, send what the terminal says"
CLOCK_LOST = "Start the song again, or have the DAW send its clock; until then the last tempo runs on"
LOADING = "Wait for it: loading takes three seconds, the first time on a machine some ten more"
NO_WEIGHTS = "Put their weights and cards into {folder}; presets with rules need none"


@dataclass(frozen=True, slots=True)
class Symptom:
    """What is noticed, and what to do: the likeliest first."""

    seen: str
    remedies: tuple[str, ...]


SYMPTOMS = (
    Symptom(
        "Continuo finds no MIDI, and plays a melody by itself",
        (NO_MIDI, PIPEWIRE, LOOPBACK_HINT),
    ),
    Symptom(
        "The DAW does not list Continuo In and Continuo Out",
        (
            "Start Continuo first, then the DAW, or have it look for MIDI devices again",
            "Let `continuo ports` say whether the ports are there, and in which MIDI system",
            "Use the MIDI system of the DAW: Continuo takes JACK where it answers; `--backend rtmidi` takes ALSA",
            PIPEWIRE,
            LOOPBACK_HINT,
        ),
    ),
    Symptom(
        "It does not start: the port name is in use",
        (
            "Another Continuo runs: stop it (one from login: `continuo service uninstall`), or give this a `--name`",
            "Look at it instead of starting a second one: `continuo tui`",
        ),
    ),
    Symptom(
        "Nothing arrives",
        (
            "Press `k` on the screen and play on the computer's keyboard: if that is answered, the routing is missing",
            "Send the MIDI output of the track that you play to Continuo In, and arm or monitor that track",
            "Without a DAW, name the keyboard by a part of its port's name: `continuo run --input keystation`",
            "Let the insert listen to your channel: `/continuo/1/channels all`",
        ),
    ),
    Symptom(
        "Notes arrive, nothing comes back",
        (
            "On the harmony's track set the MIDI input to Continuo Out, turn monitoring on, and give it an instrument",
            "Take all channels on that track, or those of the preset: 2 for `harmony`, 2 to 4 for `satb`",
            BYPASSED.format(insert=1),
            MUTED.format(insert=1),
            "With `continue`, stop playing for two beats: it answers silence",
            NO_BRAIN,
        ),
    ),
    Symptom(
        "Your own notes sound twice, or with the harmony's instrument",
        (
            "Choose the harmony's channel on its track instead of all channels: your notes pass through on their own",
            "Or do not pass them through: `/continuo/1/thru 0`",
        ),
    ),
    Symptom(
        "Echo, feedback, more and more notes",
        (
            feedback.REMEDY.format(send="Continuo Out", receive="Continuo In"),
            "Give the melody's track your keyboard as its input, not all inputs: Continuo Out is one of them",
            "On Windows use Continuo In only as an output of the DAW, and Continuo Out only as an input",
        ),
    ),
    Symptom(
        "You sing, and no notes come, or wrong ones",
        (
            "Let `/continuo/microphone` say what is listened to; another: `--mic-input` and a part of its name",
            "Sing louder or nearer: `/continuo/microphone_level` must go above -50, or lower `--mic-gate`",
            "Use headphones: what the microphone hears of the answer becomes notes too",
            "Give it the range of your voice: `--mic-lowest C3 --mic-highest C6`",
            "One voice at a time; where noises become notes, raise `--mic-confidence` to 95",
        ),
    ),
    Symptom(
        "Notes come late, or unevenly",
        (
            "Let doctor say how late while you play: beyond 15 ms (p99) it is heard",
            SLOW,
            RIGHTS,
            "Give the DAW a smaller buffer: what it delays, doctor does not see",
            "Look whether it is meant: `/continuo/1/tightness`, `strum` and `delay`",
        ),
    ),
    Symptom(
        "A note does not end",
        (
            "Panic: `p` on the screen, or `/continuo/panic`, or a controller by `/continuo/panic_cc`",
            "Let go of the sustain pedal: it holds the answer like your notes",
            "If it sounds on after panic, the instrument has lost its end: use the panic of the DAW",
        ),
    ),
    Symptom(
        "The clock is not followed",
        (
            "Have the DAW send its MIDI clock to Continuo In, and start the song: a clock counts while it comes",
            "Let whoever comes lead: `/continuo/clock daw`; `/continuo/leader` says who does",
            "With JACK's transport somebody must give bars and beats: make the DAW its timebase or time master",
            NO_LINK,
            "Join the session of Ableton Link: `/continuo/link 1`",
            CLOCK_LOST,
        ),
    ),
    Symptom(
        "A surface is not seen, or does not answer",
        (
            "Let it in: `continuo run --osc-host 0.0.0.0 --osc-allow 192.168.1.20`, with the surface's address",
            "Read the terminal: it names whoever is dropped, and how to let them in",
            "Open UDP port 9000 in the firewall, and keep both in one network: guest networks part them",
            "Have the surface subscribe again: one that vanished was forgotten",
            PORT_TAKEN,
        ),
    ),
    Symptom(
        "A knob of the keyboard does nothing",
        (
            "Turn it past the value that it moves: until then it waits",
            "Let `/continuo/1/controls` say what it moves; `l` on the screen learns another",
        ),
    ),
    Symptom(
        "A learned player does not load, or the rules play",
        (
            LOADING,
            "Let `/continuo/1/player` say who plays by now, and `continuo presets` what has no weights here",
            NO_WEIGHTS.format(folder="the folder that `continuo doctor` names"),
            "Where the rules answer often, fewer inserts, or `--device cuda`: `/continuo/1/fallback` counts them",
        ),
    ),
    Symptom(
        "A keyboard or a synthesizer is not connected again",
        (
            "Name it by `--input` or `--output`: it is connected whenever it is there; cables of JACK come back anyway",
            "If it is there and refused, close the other program that holds it",
        ),
    ),
    Symptom(
        "The screen does not open, or is too small",
        (
            "Give it a terminal of 64 x 16 characters, or do without: `continuo run --no-screen`",
            "Open it beside a daemon that runs: `continuo tui`, or `s` in the daemon's terminal",
        ),
    ),
)

HEAD = """# Troubleshooting

`continuo doctor` looks at the machine and at the daemon that runs, sends a note through one of its own, and prints the
remedy of what it finds; `continuo doctor --symptoms` prints this page, which is made from the same table
(`continuo doctor --markdown`; a test holds it).
"""


def markdown() -> str:
    """The page `docs/troubleshooting.md`."""
    parts = [HEAD]
    for symptom in SYMPTOMS:
        parts += [f"## {symptom.seen}", "\n".join(f"- {remedy}." for remedy in symptom.remedies) + "\n"]
    return "\n".join(f"{part}\n" if part.startswith("## ") else part for part in parts)
