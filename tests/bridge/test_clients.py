"""The example clients in `presets`, run by the programs that they are for, against a real OSC server."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from tests.bridge.control.hall import Hall, on_stage
from tests.test_ardour import ARDOUR

CLIENTS = Path(__file__).parents[2] / "presets" / "clients"
MESSAGE = CLIENTS.parent / "daw" / "continuo_ardour_message.lua"
DENSITY, CHORD = "/continuo/1/density", "/continuo/1/chord"
PATIENCE_S = 60


def needs(program: str, package: str) -> pytest.MarkDecorator:
    reason = f"{program} is not installed (apt install --no-install-recommends {package})"
    return pytest.mark.skipif(not shutil.which(program), reason=reason)


class Client:
    """A program that talks to the server; what it prints is read line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, *command: str, **settings: str) -> "Client":
        pipe = asyncio.subprocess.PIPE
        environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"} | settings
        out = asyncio.subprocess.STDOUT
        return cls(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=out, env=environment))

    async def says(self, *words: str) -> str:
        """The next line that has all of these words."""
        assert self.process.stdout
        said = b""
        async with asyncio.timeout(PATIENCE_S):
            while line := await self.process.stdout.readline():
                said += line
                if all(word in line.decode() for word in words):
                    return line.decode()
        pytest.fail(f"it said {said.decode()}")

    async def end(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


async def becomes(hall: Hall, density: float) -> None:
    """Wait until a client has set the density."""
    async with asyncio.timeout(PATIENCE_S):
        while hall.desk.read(DENSITY) != pytest.approx(density):
            await hall.change.wait()
            hall.change.clear()


@needs("pd", "puredata-core")
def test_pure_data_sets_reads_and_follows() -> None:
    async def play(hall: Hall) -> None:
        quiet = ["-nogui", "-noaudio", "-nomidi", "-stderr"]
        told = f"continuo-connect 127.0.0.1 {hall.port}; continuo-density 0.75"
        pd = await Client.start("pd", *quiet, "-open", str(CLIENTS / "continuo.pd"), "-send", told)
        try:
            await becomes(hall, 0.75)
            hall.server.publish(CHORD, "F#m7")
            assert await pd.says("1 chord F#m7")
        finally:
            await pd.end()

    on_stage(play)


@needs("chuck", "chuck")
def test_chuck_sets_reads_and_follows() -> None:
    async def play(hall: Hall) -> None:
        screen = await hall.surface()
        here = screen.port
        screen.close()  # ChucK takes it
        client = f"{CLIENTS / 'continuo.ck'}:{hall.port}:{here}:0.25"
        chuck = await Client.start("chuck", "--silent", client)
        try:
            await becomes(hall, 0.25)
            await chuck.says("density", "0.250000")
            assert await chuck.process.wait() == 0
        finally:
            await chuck.end()

    on_stage(play)


@pytest.mark.skipif(ARDOUR is None, reason="Ardour is not installed (apt install --no-install-recommends ardour)")
def test_ardours_action_sends_numbers_texts_and_commands(tmp_path: Path) -> None:
    async def play(hall: Hall) -> None:
        messages = (("/continuo/preset", "satb"), (DENSITY, "0.75"), ("/continuo/panic", ""))
        calls = [
            f"factory({{address = '{address}', value = '{value}', port = '{hall.port}'}})()"
            for address, value in messages
        ]
        program = tmp_path / "send.lua"  # the function `ardour` is the editor's
        program.write_text("\n".join(["function ardour(_) end", f"dofile('{MESSAGE}')", *calls, "quit()"]))
        ardour = await Client.start(str(ARDOUR), str(program))
        try:
            await becomes(hall, 0.75)
            assert hall.desk.inserts[0]["preset"] == "satb"
            await ardour.process.wait()
            assert await (await hall.surface()).rest() == []  # all that was sent has been served
            assert hall.panics == 1
        finally:
            await ardour.end()

    on_stage(play)


@needs("sclang", "supercollider-language")
def test_supercollider_sets_reads_and_follows(tmp_path: Path) -> None:
    block, _, lines = (CLIENTS / "continuo.scd").read_text().partition("\n)\n")
    program = tmp_path / "played.scd"
    sets = next(line for line in lines.splitlines() if DENSITY in line)
    program.write_text(f"{block}\n);\n{sets}\n")

    async def play(hall: Hall) -> None:
        sclang = await Client.start("sclang", str(program), CONTINUO_PORT=str(hall.port), HOME=str(tmp_path))
        try:
            await sclang.says("density", "0.5")
            await becomes(hall, 0.75)
            hall.server.publish(CHORD, "F#m7")
            assert await sclang.says("chord", "F#m7")
        finally:
            await sclang.end()

    on_stage(play)
