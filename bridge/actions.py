"""The OSC addresses that are no parameters: what can be done, and what is published."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.addresses import CAPTURE_MINUTES, MOST_CAPTURE_MINUTES


@dataclass(frozen=True, slots=True)
class Action:
    """An OSC address that is no parameter."""

    address: str
    types: str
    text: str


ACTIONS = (
    Action("/continuo/ping", "", "Answered with /continuo/pong and the version"),
    Action("/continuo/panic", "", "Everything that sounds ends, everything planned is dropped"),
    Action("/continuo/resume", "", "Undo a panic: what you still hold sounds again"),
    Action(
        "/continuo/tap", "", "A tap of the tempo, where nobody leads; with clock = tap, the first one is a downbeat"
    ),
    Action("/continuo/play", "[i]", "Start our own song, where nobody leads; with a number: at that bar"),
    Action("/continuo/stop", "", "Stop our own song: what Continuo sounds ends"),
    Action(
        "/continuo/capture",
        "[f]",
        f"Write the last {CAPTURE_MINUTES} minutes that were played, or so many (up to {MOST_CAPTURE_MINUTES}), as a "
        "MIDI file into the folder of captures; answered with /continuo/captured",
    ),
    Action("/continuo/preset", "[s]", "Load a preset into insert 1; without a name: which one is loaded"),
    Action("/continuo/preset/delete", "s", "Forget a preset of your own; an insert that plays it plays on"),
    Action("/continuo/preset/rename", "ss", "Give a preset of your own another name"),
    Action("/continuo/presets", "", "The names of all presets, which subscribers are told of when one comes or goes"),
    Action("/continuo/presets/own", "", "Those of your own, which can be renamed and deleted; told of as well"),
    Action("/continuo/models", "", "The names of all players: what model takes, in the order of its numbers"),
    Action(
        "/continuo/scene",
        "[s], [i]",
        "Go to a scene, by name or by its place in the setlist, from the next note on; without one: which it is",
    ),
    Action("/continuo/scene/next", "", "Go to the next scene of the setlist"),
    Action("/continuo/scene/previous", "", "Go back to the one before"),
    Action(
        "/continuo/scene/save",
        "[s]",
        "Save all inserts and the clock as a scene, knobs included; without a name: as the one it is. A new one comes "
        "last in the setlist",
    ),
    Action("/continuo/scene/delete", "s", "Forget a scene"),
    Action("/continuo/scene/rename", "ss", "Give a scene another name"),
    Action("/continuo/scenes", "", "The names of all scenes"),
    Action("/continuo/setlist", "[s ...]", "The scenes in their order on stage, read or set at once"),
    Action("/continuo/inserts", "", "How many inserts there are"),
    Action("/continuo/subscribe", "[i]", "Full state now and every change after it, to this port or to the sender's"),
    Action("/continuo/unsubscribe", "[i]", "No more changes to this port or to the sender's"),
    Action(
        "/continuo/watch",
        "[i]",
        "The same, and notes and log too, for five seconds: who watches asks again every second or two",
    ),
    Action("/continuo/state", "", "Full state once"),
    Action("/continuo/<insert>/preset", "[s]", "Load a preset into this insert; without a name: which one is loaded"),
    Action(
        "/continuo/<insert>/note",
        "ii [i]",
        "Play a key into this insert as if its input had brought it: pitch, velocity (0 lets it go), and maybe the "
        "channel; who says nothing for three seconds holds no key any more",
    ),
    Action(
        "/continuo/<insert>/preset/save",
        "s",
        "Save this insert as a preset of your own, knobs included; one of your own with this name is replaced",
    ),
    Action(
        "/continuo/<insert>/learn",
        "[s] [i] [i]",
        "The next controller that moves is to move this parameter (part/1/loudest: of a part); an empty name: none; "
        "with a CC, and a channel or 0 for any: that one, at once; without a name: which parameter waits",
    ),
    Action(
        "/continuo/<insert>/unlearn", "s", "No controller moves this parameter any more; an empty name: all of them"
    ),
    Action(
        "/continuo/<insert>/controls",
        "[siiss ...]",
        "All that controllers move, read or set at once: parameter, CC, channel (0 = any) of each, "
        "and its values at 0 and at 127 (of the parameter's own type)",
    ),
)

PUBLISHED = (
    Action("/continuo/pong", "s", "Version"),
    Action(
        "/continuo/error",
        "iss",
        "Code (400 wrong type, 404 unknown, 422 out of range, 500 cannot be written), sentence, address",
    ),
    Action("/continuo/captured", "s", "The file that the last capture was written to; empty before the first"),
    Action("/continuo/brain", "s", "ready, starting or down"),
    Action(
        "/continuo/preparing",
        "s",
        "What a first start is at, while notes pass through already; empty: done",
    ),
    Action("/continuo/brain_load", "i", "How busy the brain is, in percent of a core"),
    Action("/continuo/port_load", "i", "How busy the port is, in percent of a core"),
    Action("/continuo/microphone", "s", "The sound input that is listened to (run --mic); empty: none"),
    Action("/continuo/microphone_level", "i", "How loud it is, in dB of full scale, ten times a second at most"),
    Action(
        "/continuo/microphone_pitch",
        "f",
        "The pitch in it, 60.5 = 50 cents above C4, whether it counts or not; 0: none",
    ),
    Action("/continuo/microphone_confidence", "i", "How clear that pitch is, in percent"),
    Action("/continuo/leader", "s", "Whose time counts now: internal, midi, jack or link"),
    Action("/continuo/clock_lost", "i", "1: who leads is gone, its last tempo runs on"),
    Action("/continuo/rolling", "i", "1: a song goes on"),
    Action("/continuo/bpm", "f", "The tempo now, quarter notes a minute"),
    Action("/continuo/bar", "i", "The bar of the song, from 1; 0 where nobody knows"),
    Action("/continuo/beat", "i", "The beat of the bar, from 1; 0 where nobody knows"),
    Action("/continuo/backend", "s", "The MIDI system: jack, rtmidi or loopback"),
    Action("/continuo/log", "is", "To who watches: what went wrong, or came and went, and how many seconds ago it did"),
    Action("/continuo/<insert>/effect", "s", "What its preset makes of it: harmonize, orchestrate, continue ..."),
    Action("/continuo/<insert>/input_port", "s", "What its input is called: a DAW's tracks play into it"),
    Action("/continuo/<insert>/output_port", "s", "What its output is called"),
    Action(
        "/continuo/<insert>/notes",
        "[iiiii ...]",
        "To who watches: who (0 you, 1 Continuo), ms ago (below 0: to come), channel, pitch and velocity of what began "
        "or (velocity 0) ended; channel 0: on all channels; pitch -1: every note",
    ),
    Action("/continuo/<insert>/chord", "s", "The chord that sounds now"),
    Action("/continuo/<insert>/heard_key", "s", "The key that the player hears"),
    Action("/continuo/<insert>/playing", "i", "1: something that it answers, or a continuation, sounds now"),
    Action("/continuo/<insert>/plan", "[fii ...]", "Planned notes: beats from now, channel and pitch of each"),
    Action("/continuo/<insert>/p50", "f", "Half of the newest answers left the port within so many ms of their note"),
    Action("/continuo/<insert>/p95", "f", "95 of 100 did"),
    Action("/continuo/<insert>/p99", "f", "99 of 100 did"),
    Action("/continuo/<insert>/late", "i", "Onsets that came too late and were not played"),
    Action("/continuo/<insert>/dropped", "i", "Onsets that found no room: a flood"),
    Action(
        "/continuo/<insert>/feedback", "f", "Output comes back into input after so many ms, kept out; 0 = it does not"
    ),
    Action(
        "/continuo/<insert>/player",
        "s",
        "Who plays by now, as model names it: one that was just chosen has to be loaded first",
    ),
    Action("/continuo/<insert>/fallback", "i", "Answers that the rules gave: the player was too slow, or has failed"),
)
