"""`continuo bench`: figures, measured on real ports."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from bridge.cli import main, print_json, stop
from music.errors import ContinuoError, did_you_mean

TARGETS = ("wire", "records", "osc", "preset", "midifile")

_FILE = click.Path(path_type=Path, dir_okay=False)


@main.group()
def bench() -> None:
    """Measure this machine."""


@bench.command()
@click.option("--notes", type=click.IntRange(100), default=250, show_default=True, help="Notes of each of eight runs.")
@click.option("--keys", type=click.IntRange(10), default=100, show_default=True, help="Keys to type.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def screen(notes: int, keys: int, as_json: bool) -> None:
    """Play with and without a screen, by turns; type keys on it, and stamp their sounds."""
    from bridge.bench.screen import measure, report

    result = measure(notes, keys)
    if as_json:
        print_json(result)
    else:
        click.echo(report(result))


@bench.command()
@click.option("--notes", type=click.IntRange(100), default=10_000, show_default=True, help="Notes to send.")
@click.option("--rate", type=click.IntRange(1, 100), default=100, show_default=True, help="Notes a second.")
@click.option("--period", type=click.IntRange(16, 4096), default=64, show_default=True, help="JACK frames a period.")
@click.option("--preset", metavar="NAME", help="Preset to play through; default: harmony, with four voices.")
@click.option("--voices", type=click.IntRange(1, 16), help="Instead of the preset's; beyond six, with wider ranges.")
@click.option(
    "--inserts",
    type=click.IntRange(1, 8),
    default=1,
    show_default=True,
    help="All played at once; the last one counts.",
)
@click.option(
    "--load", type=click.IntRange(0, 256), default=0, show_default=True, help="Busy processes beside the music."
)
@click.option(
    "--backend", type=click.Choice(["jack", "rtmidi"]), default="jack", show_default=True, help="Of the daemon."
)
@click.option("--plot", metavar="FILE", type=_FILE, help="Draw the latencies: .svg or .png (needs matplotlib).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def latency(
    notes: int,
    rate: int,
    period: int,
    preset: str | None,
    voices: int | None,
    inserts: int,
    load: int,
    backend: Literal["jack", "rtmidi"],
    plot: Path | None,
    as_json: bool,
) -> None:
    """Stamp notes on their way through a real daemon on a private JACK server.

    The floor is the way of the same notes past Continuo, in the same run. Fallbacks are answers that the rules gave
    for a learned player that was too slow.
    """
    from bridge.bench import plot as picture
    from bridge.bench.figures import report
    from bridge.bench.latency import Course, measure

    if plot:
        picture.check(plot)
    result = measure(Course(notes, rate, period, preset, voices, inserts, load, backend))
    if plot:
        picture.plot(result, plot)
    if as_json:
        print_json({name: value for name, value in result.items() if name != "histogram"})
    else:
        click.echo(report(result))


@bench.command()
@click.argument("name")
@click.option("--notes", type=click.IntRange(10), default=3000, show_default=True, help="Answers to ask for.")
@click.option("--voices", type=click.IntRange(1, 16), help="Instead of the preset's; beyond six, with wider ranges.")
@click.option("--peer", is_flag=True, help="Beside a large recurrent model (random weights) that draws voice by voice.")
@click.option("--inserts", type=click.IntRange(2, 8), help="Of so many at once: one by one, and together.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def player(name: str, notes: int, voices: int | None, peer: bool, inserts: int | None, as_json: bool) -> None:
    """Ask a player for whole answers as the brain does, on the CPU and on CUDA where it is there; beside the rules.

    `hear` is one frame, `answer` a whole chord; one thread, eager.
    """
    from bridge.bench import player as whole
    from bridge.bench import together

    if inserts:
        row = together.measure(name, inserts, notes)
        text, rows = together.report(row), [row]
    else:
        rows = whole.measure(name, notes, voices=voices, peer=peer)
        text = whole.report(rows)
    if as_json:
        print_json(rows)
    else:
        click.echo(text)


@bench.command()
@click.option("--player", "name", default="rules", show_default=True, help="Who goes on: what model takes.")
@click.option("--turns", type=click.IntRange(1), default=100, show_default=True, help="How many.")
@click.option("--seconds", type=click.FloatRange(0), default=60.0, show_default=True, help="Of one long turn.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def turns(name: str, turns: int, seconds: float, as_json: bool) -> None:
    """Hand over to a continuation by a pedal and take the turn back by a key, through a real daemon on JACK.

    Then it goes on with sixteenths in four voices at 160 bpm: which share of its notes was there when it was due.
    """
    from bridge.bench.turns import measure, report

    result = measure(name, turns, seconds)
    if as_json:
        print_json(result)
    else:
        click.echo(report(result))


@bench.command()
@click.option("--kills", type=click.IntRange(1), default=10, show_default=True, help="How often the brain is killed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def faults(kills: int, as_json: bool) -> None:
    """Kill the brain (kill -9) while notes sound: time to silence, thru meanwhile, time until it is back."""
    from bridge.bench.faults import measure

    result = measure(kills)
    if as_json:
        print_json(result)
        return
    for name in ("silent_ms", "thru_ms", "back_s"):
        click.echo(f"{name:<10} p50 {result[name]['p50']:>8.2f}   max {result[name]['max']:>8.2f}")


@bench.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same jitter.")
@click.option(
    "--minutes", type=click.IntRange(2), default=60, show_default=True, help="How long to follow, looking for a drift."
)
@click.option(
    "--seconds",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    help="How long through real ports, each way; 0: not at all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def clock(seed: int, minutes: int, seconds: float, as_json: bool) -> None:
    """Follow clocks: with a jitter of 2 ms (sd) in the brain, and through real ports.

    What is measured is how far from the true beat the brain is, and the clock that it sends.
    """
    from bridge.bench.clock import measure, report

    result = measure(seed, minutes, seconds)
    if as_json:
        print_json(result)
    else:
        click.echo(report(result))


@bench.command()
@click.option("--rate", type=click.IntRange(1, 10_000), default=3_000, show_default=True, help="Messages a second.")
@click.option("--seconds", type=click.FloatRange(0.1), default=60.0, show_default=True, help="How long.")
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same notes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def flood(rate: int, seconds: float, seed: int, as_json: bool) -> None:
    """Flood a real daemon with notes on sixteen channels. Exits with 1 where one is lost or left sounding."""
    from bridge.bench.midi_flood import measure, report

    result = measure(rate, seconds, seed)
    if as_json:
        print_json(result)
    else:
        click.echo(report(result))
    stop(0 if result["met"] else 1)


@bench.command()
@click.option("--packets", type=click.IntRange(1), default=1_000_000, show_default=True, help="Packets to throw.")
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same packets.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def osc(packets: int, seed: int, as_json: bool) -> None:
    """Flood a real daemon with malformed OSC packets while a musician plays. Exits with 1 where it does harm.

    Harm is: an exception, a lost note or release, a changed state, a ping that is not answered within 50 ms.
    """
    from bridge.bench.osc_flood import measure, report

    result = measure(packets, seed)
    if as_json:
        print_json(result)
    else:
        click.echo(report(result))
    stop(0 if result["met"] else 1)


@bench.command()
@click.option("--rate", type=click.IntRange(10, 1000), default=200, show_default=True, help="Messages a second, each.")
@click.option("--seconds", type=click.FloatRange(1), default=60.0, show_default=True, help="How long, twice.")
@click.option(
    "--callers", type=click.IntRange(0, 64), default=0, show_default=True, help="Who ask for all addresses over HTTP."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def faders(rate: int, seconds: float, callers: int, as_json: bool) -> None:
    """Move faders on a real daemon from four surfaces. Exits with 1 where that is slow, or a move is lost.

    Stamped are the message of a surface that moves the bypass, and the first MIDI message in which that is heard: the
    way back through JACK is in it. First from one surface, then from all four.
    """
    from bridge.bench.osc_faders import measure, report

    result = measure(rate, seconds, callers)
    if as_json:
        print_json(result)
    else:
        click.echo(report(result))
    stop(0 if result["met"] else 1)


@bench.command()
@click.option(
    "--notes", type=click.IntRange(1), default=100, show_default=True, help="Of each sound, register and room."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same melodies.")
@click.option("--soundfont", type=_FILE, metavar="FILE.sf2", help="Recorded instruments, played by fluidsynth.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def mic(notes: int, seed: int, soundfont: Path | None, as_json: bool) -> None:
    """Listen to melodies as `run --mic` does, without a microphone: which notes are right, and how soon they come.

    Voices and instruments are made of partials, with vibrato, scoops and breath, or recorded ones of a soundfont. A
    note counts as right within 200 ms.
    """
    from bridge.bench.hearing import measure, report

    rows = measure(notes, seed, soundfont)
    if as_json:
        print_json(rows)
    else:
        click.echo(report(rows))


@bench.command()
@click.option("--target", "names", multiple=True, metavar="NAME", help=f"One of {', '.join(TARGETS)}; default: all.")
@click.option("--seconds", type=click.FloatRange(0.1), default=60.0, show_default=True, help="How long, each target.")
@click.option("--runs", type=click.IntRange(0), default=0, help="How many inputs, each target, however long it takes.")
@click.option("--seed", type=click.IntRange(1), default=1, show_default=True, help="Same seed and runs, same inputs.")
@click.option("--plain", is_flag=True, help="Do without atheris though it is installed.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def fuzz(names: tuple[str, ...], seconds: float, runs: int, seed: int, plain: bool, as_json: bool) -> None:
    """Throw damaged bytes at everything that reads bytes. Exits with 1 where one of them does harm.

    Led by coverage where atheris is installed (pip install atheris), else by what came of the inputs before. An input
    that fails is written into the working folder.
    """
    from bridge.bench.fuzz import measure, report

    chosen = [name for name in names if name != "all"] if "all" not in names else []
    for name in chosen:
        if name not in TARGETS:
            raise ContinuoError(f"there is no target {name!r}", did_you_mean(name, TARGETS))
    rows = measure(chosen or list(TARGETS), seconds, runs, seed, plain=plain)
    if as_json:
        print_json(rows)
    else:
        click.echo(report(rows))
    stop(1 if any(row["failures"] for row in rows) else 0)


@bench.command()
@click.option("--hours", type=click.FloatRange(0), help="How long (0.05); accelerated: simulated, at least.")
@click.option("--accelerated", is_flag=True, help="At machine speed, without ports and processes.")
@click.option("--events", type=click.IntRange(1), default=1_000_000, show_default=True, help="At least; accelerated.")
@click.option("--faults", type=click.IntRange(0), default=1_000, show_default=True, help="Among them; accelerated.")
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same music and faults.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def soak(hours: float | None, accelerated: bool, events: int, faults: int, seed: int, as_json: bool) -> None:
    """Play at random, change everything, break everything. Exits with 1 where it does harm.

    Harm is: a note left sounding, a lost release, a beat that drifts, memory that grows. Accelerated, the port's
    exchange and the brain's session run under a clock of the bench's own; else a real daemon on a private JACK server,
    whose processes are killed.
    """
    from bridge.bench import soak, soak_live

    if accelerated:
        result = soak.measure(soak.Plan(events, faults, hours or 0.0, seed))
    else:
        result = soak_live.measure(0.05 if hours is None else hours, seed)
    if as_json:
        print_json(result)
    else:
        click.echo(soak.report(result))
    stop(0 if result["met"] else 1)
