"""Scenes on disk: whole, in order, by names that are no paths, and as one file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import presets, scenes, shelf
from bridge.control.state import Desk
from bridge.daemon_addresses import CLOCK
from bridge.errors import PresetError, ValueRefused
from music.errors import ContinuoError, FileError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folders."""
    monkeypatch.setattr(presets, "user_folder", lambda: tmp_path / "presets")
    monkeypatch.setattr(scenes, "user_folder", lambda: tmp_path / "scenes")
    return tmp_path


def desk(*names: str) -> Desk:
    return Desk(list(names) or ["harmony"])


def saved(*names: str) -> list[str]:
    for name in names:
        scenes.save(name, desk("satb").scene())
    return list(names)


@pytest.mark.parametrize("name", presets.names())
def test_a_preset_that_is_saved_is_the_same_when_it_is_loaded(name: str) -> None:
    state = presets.load(name)
    presets.save("mine", state | {"preset": "mine"})
    assert presets.load("mine") == state | {"preset": "mine"}


def test_a_preset_keeps_its_knobs_its_parts_and_what_was_set() -> None:
    here = desk("orchestra")
    here.write("/continuo/1/amount", 0.25)
    here.write("/continuo/1/part/3/loudest", 77)
    here.write("/continuo/1/go", 1)
    here.learn(0, ["tightness", 74, 3])
    presets.save("mine", here.inserts[0])
    state = presets.load("mine")
    assert state["style"]["amount"] == 0.25
    assert state["part"][2]["velocity"][1] == 77
    assert state["control"][-1] == {"parameter": "tightness", "cc": 74, "channel": 3, "from": 0, "to": 1}
    assert not state["continue"]["go"], "a button is no state"


def test_a_scene_is_all_inserts_and_the_clock() -> None:
    here = desk("harmony", "orchestra")
    here.write("/continuo/tempo", 77)
    here.write("/continuo/2/density", 0.9)
    here.learn(0, ["voices", 20])
    scenes.save("Verse 1", here.scene())
    other = desk("duet", "duet")
    other.take(scenes.load("Verse 1"))
    assert other.inserts == here.inserts
    assert other.daemon == here.daemon
    assert set(scenes.load("Verse 1").clock) == {one.path[0] for one in CLOCK}


def test_a_scene_of_fewer_inserts_leaves_the_others_and_one_of_more_is_refused_whole() -> None:
    scenes.save("two", desk("satb", "strings").scene())
    scenes.save("one", desk("duet").scene())
    here = desk("harmony", "descant")
    here.take(scenes.load("one"))
    assert [state["preset"] for state in here.inserts] == ["duet", "descant"]
    alone = desk("harmony")
    with pytest.raises(ContinuoError, match="has 2 inserts, and here are 1"):
        alone.take(scenes.load("two"))
    assert alone.inserts[0]["preset"] == "harmony"


def test_the_setlist_is_in_the_order_of_saving_until_it_is_arranged() -> None:
    saved("b", "a", "c")
    assert scenes.setlist() == ["b", "a", "c"]
    scenes.arrange(["c", "b"])
    assert scenes.order() == ["c", "b"] and scenes.names() == ["a", "b", "c"]
    scenes.rename("b", "bridge")
    assert scenes.setlist() == ["c", "bridge"]
    scenes.delete("c")
    assert scenes.setlist() == ["bridge"] and scenes.names() == ["a", "bridge"]
    saved("bridge")
    assert scenes.setlist() == ["bridge"]


NO_NAMES = [
    *("", ".", "..", "../mine", "a/b", "a\\b", "/etc/passwd", "C:\\x", "C:x", "~", ".hidden", "a\n", "a\0", "a ", " a"),
    *("con", "NUL", "lpt1.x", "x" * 61, "a*", "a?", 'a"', "\u202ea", "a\u2028", "-a", "a."),
]


@pytest.mark.parametrize("name", [*NO_NAMES, 5, None, True])
def test_a_name_that_is_a_path_or_none_is_refused_and_nothing_is_written(name: object, home: Path) -> None:
    saved("there")
    before = sorted(path for path in home.rglob("*"))
    for write in (
        lambda: scenes.save(name, desk().scene()),
        lambda: presets.save(name, desk().inserts[0]),
        lambda: scenes.rename("there", name),
        lambda: scenes.arrange([name]),
    ):
        with pytest.raises(ValueRefused):
            write()
    assert sorted(path for path in home.rglob("*")) == before


@given(st.text(max_size=70))
def test_whatever_name_is_taken_is_one_file_in_its_folder(name: str) -> None:
    try:
        kept = shelf.check_name(name)
    except ValueRefused:
        return
    path = Path("folder") / f"{kept}.toml"
    assert path.name == f"{kept}.toml" and path.parent == Path("folder") and path.stem == kept


def test_a_link_out_of_the_folder_is_no_scene(home: Path) -> None:
    saved("mine")
    (home / "secret.toml").write_bytes((home / "scenes" / "mine.toml").read_bytes())
    (home / "scenes" / "linked.toml").symlink_to(home / "secret.toml")
    assert scenes.names() == ["mine"]
    for do in (scenes.load, scenes.delete):
        with pytest.raises(PresetError, match="there is no scene 'linked'"):
            do("linked")


def test_a_scene_is_not_renamed_onto_another(home: Path) -> None:
    saved("a", "b")
    with pytest.raises(FileError, match="is there already"):
        scenes.rename("a", "b")
    assert scenes.setlist() == scenes.names() == ["a", "b"]


# What a scene file says: what is named.
BROKEN = {
    "": "format is None",
    "format = 1": "insert: a scene has 1 to 16 inserts",
    "format = 1\ninsert = 3": "insert",
    "format = 1\ninsert = [3]": r"insert\[1\] is 3, not a table",
    "format = 1\n[[insert]]": r"insert\[1\].format",
    'format = 1\n[[insert]]\nformat = 1\neffect = "fly"': r"insert\[1\].effect: there is no effect 'fly'",
    'format = 1\n[[insert]]\nformat = 1\neffect = "fill"\npreset = 3': r"insert\[1\].preset",
    'format = 1\n[[insert]]\nformat = 1\neffect = "fill"\n[insert.style]\namuont = 1': "Did you mean 'style.amount'",
    'format = 1\n[[insert]]\nformat = 1\neffect = "fill"\n[clock]\ntempo = 1': "clock.tempo",
    "format = 1\ninserts = []": "Did you mean 'insert'",
    "format = ": "no valid TOML",
    "\0": "no valid TOML",
    "format = 1" + "0" * 5000: "too long",
    "format = 1\ninsert = " + "[" * 5000: "too deep",
    "format = 1\nclock = 0x" + "F" * 5000 + "\n[[insert]]\nformat = 1\neffect = 'fill'": "too long",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_scene_is_named_and_the_others_are_there(text: str, home: Path) -> None:
    saved("good")
    (home / "scenes" / "bad.toml").write_text(text)
    with pytest.raises(PresetError, match=BROKEN[text]) as error:
        scenes.load("bad")
    assert error.value.message.startswith(f"{home / 'scenes' / 'bad.toml'}: ") and error.value.hint
    assert [str(one) for one in scenes.broken()] == [str(error.value)]
    assert scenes.load("good").inserts


def test_a_broken_mapping_is_named_and_left_out(home: Path) -> None:
    here = desk("strummed")
    scenes.save("mine", here.scene())
    path = home / "scenes" / "mine.toml"
    path.write_text(path.read_text().replace('parameter = "strum"', 'parameter = "strumm"'))
    told: list[ContinuoError] = []
    scene = scenes.load("mine", told.append)
    assert [one["parameter"] for one in scene.inserts[0]["control"]] == ["velocity_follow"]
    assert len(told) == 1 and told[0].message.startswith(f"{path}: insert[1].control[1]: parameter")
    (home / "presets").mkdir()
    preset = home / "presets" / "mine.toml"
    preset.write_text('format = 1\neffect = "harmonize"\n[[control]]\ncc = 7\nparameter = "voices"\n')
    assert presets.load("mine", told.append)["control"] == []
    assert told[1].message.startswith(f"{preset}: control[1]: cc 7")


@pytest.mark.parametrize("text", ["scenes = 3", "scenes = [1]", "scenes = ", 'scenes = ["gone"]'])
def test_a_broken_setlist_is_named_and_all_scenes_are_there(text: str, home: Path) -> None:
    saved("a", "b")
    scenes.setlist_file().write_text(text)
    (error,) = scenes.broken()
    assert error.message.startswith(str(home / "setlist.toml")) and error.hint
    assert scenes.order() == ([] if "gone" in text else ["a", "b"])


def test_one_file_takes_all_scenes_to_another_machine(home: Path) -> None:
    saved("b", "a", "left out")
    scenes.arrange(["b", "a"])
    data, before = scenes.exported(), {name: scenes.load(name) for name in scenes.names()}
    with pytest.raises(PresetError, match="there is a scene"):
        scenes.imported(data)
    for name in before:
        scenes.delete(name)
    saved("mine")
    assert scenes.imported(data) == ["b", "a", "left out"]
    assert scenes.setlist() == ["mine", "b", "a"]
    assert {name: scenes.load(name) for name in before} == before
    assert scenes.imported(data, replace=True) == ["b", "a", "left out"]
    assert scenes.setlist() == ["mine", "b", "a"]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ('name = "a"->name = "../a"', r"scene\[1\].name"),
        ('effect = "harmonize"->effect = "fly"', r"scene\[1\].insert\[1\].effect"),
        ("format = 1->format = 9", "holds no scenes"),
    ],
)
def test_a_file_that_is_damaged_is_taken_in_by_no_part(damage: str, says: str, home: Path) -> None:
    saved("a", "b")
    old, new = damage.split("->")
    data = scenes.exported().decode().replace(old, new, 1).encode()
    for name in ("a", "b"):
        scenes.delete(name)
    with pytest.raises(PresetError, match=says):
        scenes.imported(data)
    assert not list((home / "scenes").iterdir())
