"""The installed wheel does its main job: presets and melody are in it, a file renders, the loopback plays."""

import json
import subprocess
import sys
from pathlib import Path

import bridge
from bridge import presets
from music.midifile import read

CONTINUO = [str(Path(sys.executable).with_name("continuo"))]


def run(*arguments: str) -> str:
    return subprocess.run([*CONTINUO, *arguments], check=True, capture_output=True, text=True, timeout=300).stdout


here = Path.cwd()
if here not in Path(bridge.__file__).parents or "site-packages" not in bridge.__file__:
    sys.exit(f"the wheel is not what is tested: {bridge.__file__}")
names = [row["name"] for row in json.loads(run("presets", "--json"))]
rendered = json.loads(run("render", str(presets.melody()), "-o", str(here / "out"), "--json"))
learned = json.loads(run("render", str(presets.melody()), "-o", str(here / "learned"), "--preset", "chorale", "--json"))
voices = {track.name: track.notes.size for track in read(learned[0]["output"]).tracks}
tracks = [track.name for track in read(rendered[0]["output"]).tracks]
short = here / "short.mid"
run("render", str(presets.melody()), "-o", str(here), "--preset", "duet")
(here / presets.melody().name).rename(short)
take = here / "take.mid"
run("run", "--backend", "loopback", "--osc-port", "0", "--melody", str(short), "--take", str(take), "--headless")
played = {track.name: track.notes.size for track in read(take).tracks}
if not voices.get("Continuo Bass") or "harmony" not in names or len(tracks) < 2 or len(played) < 2:
    sys.exit(f"smoke test: presets {names}, rendered {tracks}, played {played}")
sys.stdout.write(f"wheel: presets {', '.join(names)}; rendered {tracks}; played {played}\n")
