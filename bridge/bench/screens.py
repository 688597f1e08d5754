"""Pictures of the screen, of a real daemon with music in it: `python -m bridge.bench.screens docs/screens`."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from textual.pilot import Pilot

from bridge.bench.stage import LiveDaemon, jack_server, live_daemon
from bridge.tui.app import Place, ScreenApp
from bridge.tui.link import Link

TUNE = (64, 64, 65, 67, 67, 65, 64, 62, 60, 60, 62, 64, 64, 62, 62)
"""Ode to Joy (Beethoven, 1824), quarter notes."""
BEAT_S = 0.5
UP = 5
PHRASE = (60, 64, 67, 72, 71, 67, 64, 62, 60, 62, 64, 65, 67)
WIDE, USUAL, TOO_SMALL = (120, 36), (80, 24), (52, 14)
FONTS = re.compile(r"@font-face {[^}]*}\s*")
"""Of another server: a picture fetches nothing."""
READY_S, MUSIC_S = 2.5, 9.0


async def play(hands: Link) -> None:
    """Play the tune, by OSC, again and again."""
    hands.say("play")
    while True:
        for pitch in TUNE:
            hands.say("1/note", pitch + UP, 85)
            await asyncio.sleep(BEAT_S * 0.8)
            hands.say("1/note", pitch + UP, 0)
            await asyncio.sleep(BEAT_S * 0.2)


async def draw(daemon: LiveDaemon, folder: Path, name: str, size: tuple[int, int], *keys: str) -> None:
    """A picture after some seconds of music and some keys."""
    app = ScreenApp(Place("127.0.0.1", daemon.osc_port))
    async with app.run_test(size=size) as pilot:
        await _settle(pilot, READY_S if name == "nothing" else MUSIC_S)
        for key in keys:
            await pilot.press(key)
        await _settle(pilot, 0.5)
        picture = FONTS.sub("", app.export_screenshot(title="continuo tui"))
        (folder / f"{name}.svg").write_text(picture)


async def _settle(pilot: Pilot[None], seconds: float) -> None:
    await asyncio.sleep(seconds)
    await pilot.pause()


async def draw_all(daemon: LiveDaemon, folder: Path) -> None:
    """All pictures."""
    await draw(daemon, folder, "nothing", USUAL)
    hands = Link("127.0.0.1", daemon.osc_port, lambda _: None)
    await hands.open()
    playing = asyncio.create_task(play(hands))
    await draw(daemon, folder, "main", WIDE, "down", "down")
    await draw(daemon, folder, "usual", USUAL, "down", "right")
    await draw(daemon, folder, "keys", USUAL, "k")
    await draw(daemon, folder, "help", USUAL, "question_mark")
    await draw(daemon, folder, "presets", USUAL, "slash", "c", "h")
    await draw(daemon, folder, "save", USUAL, "w", *"Chorus")
    for name in ("Verse", "Chorus", "Coda"):
        hands.say("scene/save", name)
    await draw(daemon, folder, "scenes", USUAL, "slash", "c", "o")
    await draw(daemon, folder, "part", USUAL, "v", "v", *["down"] * 3)
    await draw(daemon, folder, "all", USUAL, "0")
    os.environ["NO_COLOR"] = "1"
    await draw(daemon, folder, "plain", USUAL)
    del os.environ["NO_COLOR"]
    await draw(daemon, folder, "too-small", TOO_SMALL)
    playing.cancel()
    with suppress(asyncio.CancelledError):
        await playing


async def draw_plan(daemon: LiveDaemon, folder: Path) -> None:
    """A continuation, what it is about to play, and over what."""
    hands = Link("127.0.0.1", daemon.osc_port, lambda _: None)
    await hands.open()
    drawing = asyncio.create_task(draw(daemon, folder, "plan", USUAL))
    await asyncio.sleep(1.5)
    for pitch in PHRASE:
        hands.say("1/note", pitch, 85)
        await asyncio.sleep(BEAT_S * 0.4)
        hands.say("1/note", pitch, 0)
        await asyncio.sleep(BEAT_S * 0.1)
    await drawing
    hands.say("1/changes", "Am F | C G7")
    await draw(daemon, folder, "changes", USUAL, *["down"] * 6, "enter", *" | H7", "enter")


def main() -> None:
    """Draw into the folder that is named."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CONFIG_HOME"] = mkdtemp()  # nobody's own presets and scenes
    with jack_server(), live_daemon("--backend", "jack", "--preset", "satb", "--preset", "strings") as daemon:
        asyncio.run(draw_all(daemon, folder))
    with jack_server(), live_daemon("--backend", "jack", "--preset", "continue") as daemon:
        asyncio.run(draw_plan(daemon, folder))


if __name__ == "__main__":
    main()
