import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from bridge import players, presets, scenes
from bridge.cli import main
from bridge.control.state import Desk
from music.midifile import read
from tests.bridge.render.pieces import SCALE, melody, piece

USER_ERROR = 2


def commands(group: click.Group, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*above, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*above, name))


def continuo(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="continuo")


def refused(result: Result) -> list[str]:
    """The lines on stderr of a command that fails as a user can expect."""
    assert result.exit_code == USER_ERROR
    assert result.stdout == ""
    assert "Traceback" not in result.output
    return result.stderr.splitlines()


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.mid"
    path.write_bytes(melody())
    return path


@pytest.mark.parametrize("command", [(), *commands(main)])
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    for flag in ("--help", "-h"):
        result = continuo(*command, flag)
        assert result.exit_code == 0
        assert result.output.startswith("Usage: continuo")


def test_help_loads_nothing_that_is_slow() -> None:
    program = (
        "import sys\nfrom bridge.cli import main\ntry:\n    main(['render', '--help'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(str(sorted({'numpy', 'numba', 'torch', 'mido', 'asyncio', 'pythonosc', 'rich', 'textual'}"
        " & set(sys.modules))))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.stderr.strip() == "[]"


def test_version_is_told() -> None:
    assert continuo("--version").output.startswith("continuo, version ")


def test_render_writes_into_the_folder_and_prints_the_paths(song: Path, tmp_path: Path) -> None:
    result = continuo("render", song, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert result.stdout.strip() == str(tmp_path / "out" / "song.mid")
    assert "1 of 1 files" in result.stderr
    assert (tmp_path / "out" / "song.mid").read_bytes().startswith(b"MThd")


def test_render_takes_an_effect_and_bars_instead_of_a_preset(song: Path, tmp_path: Path) -> None:
    result = continuo("render", "--effect", "continue", "--bars", 2, song, "-o", tmp_path / "out")
    assert result.exit_code == 0
    result = continuo("render", "--effect", "continue", "--preset", "satb", song, "-o", tmp_path / "out")
    assert result.exit_code == 2 and "--preset or --effect" in result.output + result.stderr


def test_render_sets_what_it_is_told(song: Path, tmp_path: Path) -> None:
    assert continuo("render", "--set", "voices=1", "--set", "key=D minor", song, "-o", tmp_path / "out").exit_code == 0
    own, voice = read(tmp_path / "out" / song.name).tracks
    assert len(voice.notes) == len(own.notes)
    for wanted, said in (
        ("vocies=1", "voices"),
        ("voices=17", "1 to 16"),
        ("voices", "voices"),
        ("changes=H", "chord"),
    ):
        assert said in "".join(refused(continuo("render", "--set", wanted, song, "-o", tmp_path / "none")))
    assert not (tmp_path / "none").exists()


def test_render_json_is_one_list_on_stdout(song: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mid"
    bad.write_bytes(b"hello")
    result = continuo("render", song, bad, "-o", tmp_path / "out", "--json", "--jobs", 1)
    good, failed = json.loads(result.stdout)
    assert result.exit_code == USER_ERROR
    assert good["output"].endswith("song.mid")
    assert good["notes"] > 0
    assert good["track"] == "Melody"
    assert {"error", "hint"} <= set(failed)


def test_same_seed_gives_the_same_bytes(song: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        continuo("render", song, "-o", tmp_path / folder, "--seed", 5)
    assert (tmp_path / "a" / "song.mid").read_bytes() == (tmp_path / "b" / "song.mid").read_bytes()


def test_file_that_is_no_midi_file_is_one_sentence_and_a_remedy(tmp_path: Path) -> None:
    bad = tmp_path / "bad.mid"
    bad.write_bytes(b"RIFF")
    lines = refused(continuo("render", bad, "-o", tmp_path / "out"))
    assert lines == [
        f"continuo: {bad}: not a MIDI file: it does not start with MThd.",
        "  Export it again as a standard MIDI file.",
    ]
    assert not (tmp_path / "out").exists()


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    lines = refused(continuo("render", tmp_path / "nothing.mid", "-o", tmp_path / "out"))
    assert lines[0] == f"continuo: {tmp_path / 'nothing.mid'}: there is no such file."


def test_file_without_notes_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.mid"
    empty.write_bytes(piece())
    lines = refused(continuo("render", empty, "-o", tmp_path / "out"))
    assert lines[0] == f"continuo: {empty}: there are no notes in this file."


@pytest.mark.parametrize("command", ["render", "run"])
def test_unknown_preset_is_answered_with_the_nearest(command: str, song: Path, tmp_path: Path) -> None:
    rest = (song, "-o", tmp_path / "out") if command == "render" else ("--backend", "loopback", "--osc-port", 0)
    lines = refused(continuo(command, *rest, "--preset", "satbb"))
    assert lines == ["continuo: there is no preset 'satbb'.", "  Did you mean 'satb'?"]


@pytest.mark.parametrize("command", ["render", "run"])
def test_player_without_weights_is_one_sentence_and_a_remedy(
    command: str, song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("user_folder", "bundled_folder"):
        monkeypatch.setattr(players, folder, lambda: tmp_path)
    rest = (song, "-o", tmp_path / "out") if command == "render" else ("--backend", "loopback", "--osc-port", 0)
    assert refused(continuo(command, *rest, "--preset", "chorale")) == [
        "continuo: the player 'chorale' has no weights here.",
        f"  Put chorale.safetensors and chorale.json into {tmp_path}, or set model to rules.",
    ]
    assert not (tmp_path / "out").exists()


def test_a_screen_without_a_terminal_is_one_sentence_and_a_remedy() -> None:
    first, second = refused(continuo("tui"))
    assert "terminal" in first
    assert "docs/osc.md" in second


def test_device_that_is_not_there_is_one_sentence_and_a_remedy(song: Path, tmp_path: Path) -> None:
    lines = refused(continuo("render", song, "-o", tmp_path / "out", "--device", "mps"))
    assert lines[0] == "continuo: there is no device 'mps' on this machine."
    assert "cpu" in lines[1]
    ended = daemon("--osc-port", 0, "--device", "mps")
    assert ended.returncode == USER_ERROR
    assert ended.stderr.splitlines() == lines


def test_weights_that_do_not_load_end_a_start_with_one_sentence_and_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The folder of a user, for the processes that the command starts.
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    own = Path(subprocess.run([sys.executable, "-c", FOLDER], capture_output=True, text=True, check=True).stdout)
    (own / "weights").mkdir(parents=True)
    (own / "weights" / "ghost.safetensors").write_bytes(b"boo")
    (own / "presets").mkdir()
    (own / "presets" / "haunted.toml").write_text('format = 1\neffect = "harmonize"\n[player]\nmodel = "ghost"')
    ended = daemon("--osc-port", 0, "--preset", "haunted")
    assert ended.returncode == USER_ERROR
    assert len(ended.stderr.splitlines()) == 2, ended.stderr
    assert "ghost" in ended.stderr


FOLDER = "import platformdirs; print(platformdirs.user_config_dir('continuo'), end='')"


def test_track_that_is_not_there_is_named(tmp_path: Path) -> None:
    song = tmp_path / "song.mid"
    song.write_bytes(piece(("Flute", 0, SCALE)))
    lines = refused(continuo("render", song, "-o", tmp_path / "out", "--track", "Flut"))
    assert lines == [f"continuo: {song}: there is no track 'Flut' with notes.", "  Did you mean 'Flute'?"]


def test_input_is_never_overwritten(song: Path) -> None:
    before = song.read_bytes()
    assert "would be overwritten" in refused(continuo("render", song, "-o", song.parent))[0]
    assert song.read_bytes() == before


def test_unknown_option_is_answered_with_the_nearest(song: Path) -> None:
    assert "--jobs" in "".join(refused(continuo("render", song, "-o", "out", "--jbos", 2)))


def test_unknown_command_is_answered() -> None:
    assert "rendr" in "".join(refused(continuo("rendr")))


@pytest.mark.parametrize(("option", "value"), [("--jobs", 0), ("--seed", -1), ("--seed", "x")])
def test_option_out_of_range_is_named(song: Path, option: str, value: object) -> None:
    assert option in "".join(refused(continuo("render", song, "-o", "out", option, value)))


def daemon(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bridge.cli", "run", "--backend", "loopback", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_osc_port_in_use_is_one_sentence_and_a_remedy() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        ended = daemon("--osc-port", port)
    assert ended.returncode == USER_ERROR
    assert ended.stderr.splitlines() == [
        f"continuo: OSC port {port} is in use.",
        "  Give another with --osc-port (0 takes a free one).",
    ]


def test_melody_that_is_not_there_is_one_sentence_and_a_remedy(tmp_path: Path) -> None:
    ended = daemon("--osc-port", 0, "--melody", tmp_path / "nothing.mid")
    assert ended.returncode == USER_ERROR
    assert ended.stderr.splitlines() == [
        f"continuo: {tmp_path / 'nothing.mid'}: there is no such file.",
        "  Check the name.",
    ]


def test_melody_without_notes_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.mid").write_bytes(piece())
    ended = daemon("--osc-port", 0, "--melody", tmp_path / "empty.mid")
    assert ended.returncode == USER_ERROR
    assert ended.stderr.splitlines()[0] == f"continuo: {tmp_path / 'empty.mid'}: there are no notes in this file."


def test_loopback_plays_the_melody_through_the_engine_and_leaves_a_take(tmp_path: Path) -> None:
    tune, take = tmp_path / "tune.mid", tmp_path / "take.mid"
    tune.write_bytes(melody((0, 240, 67), (240, 240, 72)))
    ended = daemon("--osc-port", 0, "--melody", tune, "--take", take, "--json")
    assert ended.returncode == 0, ended.stderr
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [event["backend"] for event in events if event["event"] == "ready"] == ["loopback"]
    assert events[-1] == {"event": "take", "path": str(take)}
    from music.midifile import read

    tracks = read(take).tracks
    assert [track.name for track in tracks] == ["Melody", "Continuo 2"]
    assert tracks[0].notes["pitch"].tolist() == [67, 72]
    assert len(tracks[1].notes) >= 3


def test_presets_are_listed_and_as_json() -> None:
    rows = json.loads(continuo("presets", "--json").stdout)
    assert [row["name"] for row in rows] == presets.names()
    assert all(Path(row["file"]).is_file() and row["title"] and row["effect"] for row in rows)
    assert {"harmony": True}.items() <= {row["name"]: row["playable"] for row in rows}.items()
    assert "satb" in continuo("presets").stdout


def test_own_presets_are_renamed_and_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "user_folder", lambda: tmp_path)
    presets.save("mine", presets.load("duet"))
    assert continuo("presets", "rename", "mine", "ours").exit_code == 0
    assert presets.own() == ["ours"]
    said, advised = refused(continuo("presets", "delete", "our"))
    assert "there is no preset 'our' of your own" in said and "Did you mean 'ours'?" in advised
    assert "comes with Continuo" in continuo("presets", "delete", "satb").stderr
    assert continuo("presets", "delete", "ours").exit_code == 0
    assert presets.own() == [] and "satb" in presets.names()


def test_vocabularies_are_listed_and_as_json() -> None:
    lines = continuo("tokens").output.splitlines()
    fields = json.loads(continuo("tokens", "--json").output)
    assert [line.split()[0] for line in lines] == [field["name"] for field in fields]
    assert all(int(line.split()[1]) == field["size"] > 1 for line, field in zip(lines, fields, strict=True))


def test_addresses_are_listed_and_as_json() -> None:
    rows = json.loads(continuo("addresses", "--json").stdout)
    assert {"address": "/continuo/ping", "kind": "do"}.items() <= rows[0].items()
    listed = continuo("addresses").stdout.splitlines()
    assert len(listed) == len(rows)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_is_printed(shell: str) -> None:
    result = continuo("completion", shell)
    assert result.exit_code == 0
    assert "_CONTINUO_COMPLETE" in result.stdout


def test_completion_of_an_unknown_shell_is_refused() -> None:
    assert "csh" in "".join(refused(continuo("completion", "csh")))


def test_ports_and_doctor_speak_json() -> None:
    assert isinstance(json.loads(continuo("ports", "--json").stdout), dict)
    findings = json.loads(continuo("doctor", "--json").stdout)
    assert {"system", "presets", "GPU"} <= {finding["what"] for finding in findings}
    selftest = next(finding for finding in findings if finding["what"] == "self-test")
    assert selftest["grade"] == "good" and "3 voices" in selftest["text"]
    assert all(finding["remedy"] for finding in findings if finding["grade"] == "bad")


@pytest.mark.parametrize(
    ("options", "sentence", "remedy"),
    [
        (["--osc-host", "0.0.0.0"], "OSC on 0.0.0.0 is open to the network", "--osc-allow"),  # noqa: S104
        (["--osc-host", "studio", "--osc-allow", "10.0.0.1"], "'studio' is no address", "0.0.0.0"),  # noqa: S104
        (["--osc-host", "::", "--osc-allow", "tablet"], "'tablet' is no address", "192.168.1.0/24"),
        (["--osc-allow", "10.0.0.1"], "--osc-allow lets nobody in", "--osc-host"),
        (["--osc-host", "192.0.2.1", "--osc-allow", "10.0.0.1"], "no address of this machine", "0.0.0.0"),  # noqa: S104
    ],
)
def test_network_that_cannot_be_opened_is_one_sentence_and_a_remedy(
    options: list[str], sentence: str, remedy: str
) -> None:
    first, second = refused(continuo("run", "--backend", "loopback", "--osc-port", 0, *options))
    assert sentence in first
    assert remedy in second


def test_capture_without_a_daemon_says_what_to_start(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:  # nobody answers there
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        said, remedy = refused(continuo("capture", "--osc-port", port, "-o", tmp_path / "song.mid"))
    assert said == f"continuo: no Continuo answers on OSC port {port}."
    assert "continuo run" in remedy
    assert not list(tmp_path.iterdir())


def test_capture_overwrites_no_file(song: Path) -> None:
    before = song.read_bytes()
    said, _ = refused(continuo("capture", "-o", song))
    assert said == f"continuo: {song}: is there already."
    assert song.read_bytes() == before


def test_scenes_are_listed_and_go_to_another_machine_as_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    monkeypatch.setattr(scenes, "user_folder", lambda: here / "scenes")
    for name in ("Verse", "Chorus"):
        scenes.save(name, Desk(["satb", "duet"]).scene())
    listed = continuo("scenes", "--json")
    assert json.loads(listed.stdout) == [{"place": 1, "name": "Verse"}, {"place": 2, "name": "Chorus"}]
    file = tmp_path / "set.toml"
    assert continuo("scenes", "export", file).stdout.strip() == str(file)
    monkeypatch.setattr(scenes, "user_folder", lambda: there / "scenes")
    assert continuo("scenes", "import", file).stdout.split() == ["Verse", "Chorus"]
    assert [line.split() for line in continuo("scenes").stdout.splitlines()] == [["1", "Verse"], ["2", "Chorus"]]
    said, advised = refused(continuo("scenes", "import", file))
    assert said == f"continuo: {file}: there is a scene 'Chorus' already." and "--replace" in advised
    assert "there is no scene 'Vers'" in refused(continuo("run", "--scene", "Vers"))[0]
    assert "Give --scene or --preset" in refused(continuo("run", "--scene", "Verse", "--preset", "satb"))[1]
    (there / "scenes" / "Verse.toml").write_text("format = ")
    assert "no valid TOML" in refused(continuo("scenes", "export", file))[0]
    assert refused(continuo("scenes", "import", tmp_path / "gone.toml"))
