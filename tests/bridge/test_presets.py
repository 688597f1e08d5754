from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import presets
from bridge.addresses import INSERT, PART
from bridge.brain.settings import Settings
from bridge.errors import PresetError, ValueRefused
from music.errors import ContinuoError

GOOD = """
format = 1
name = "Mine"
effect = "harmonize"
[harmonize]
voices = 2
[[part]]
channel = 3
pitches = ["C3", "C5"]
[[control]]
cc = 21
parameter = "voices"
"""

CONTROL = 'format = 1\neffect = "harmonize"\n[[control]]'

# What a preset says: what the error names, what it advises.
BAD: dict[str, tuple[str, str]] = {
    "": ("format is None", "format = 1"),
    "format = 2": ("format is 2", "format = 1"),
    "format = 1": ("effect", "harmonize"),
    'format = 1\neffect = "harmonise"': ("effect: there is no effect 'harmonise'", "Did you mean 'harmonize'?"),
    "format = 1\neffect = []": ("effect", "harmonize"),
    'format = 1\neffect = "harmonize"\n[harmonize]\nvoises = 2': (
        "harmonize.voises",
        "Did you mean 'harmonize.voices'?",
    ),
    'format = 1\neffect = "harmonize"\n[harmonise]\nvoices = 2': (
        "harmonise.voices",
        "Did you mean 'harmonize.voices'?",
    ),
    'format = 1\neffect = "harmonize"\n[harmonise]': ("harmonise", ""),
    'format = 1\neffect = "harmonize"\n[harmonize]\nvoices = "two"': ("harmonize.voices: voices takes 1 to 16", ""),
    'format = 1\neffect = "harmonize"\n[harmonize]\nvoices = 17': ("harmonize.voices: voices 17 is not within", ""),
    'format = 1\neffect = "harmonize"\n[harmonize]\nvoices = true': ("harmonize.voices", ""),
    'format = 1\neffect = "harmonize"\n[harmonize]\nstrum_ms = nan': ("harmonize.strum_ms", ""),
    'format = 1\neffect = "harmonize"\n[harmonize]\nstrum_ms = inf': ("harmonize.strum_ms", ""),
    f'format = 1\neffect = "harmonize"\n[harmonize]\nstrum_ms = 1{"0" * 400}': ("harmonize.strum_ms", ""),
    'format = 1\neffect = "harmonize"\n[harmonize]\nvoices = {}': ("harmonize.voices", ""),
    'format = 1\neffect = "harmonize"\nharmonize = 3': ("harmonize", ""),
    'format = 1\neffect = "harmonize"\nbypass = "no"': ("bypass", ""),
    'format = 1\neffect = "harmonize"\n[input]\nchannels = [0]': ("input.channels", ""),
    'format = 1\neffect = "harmonize"\n[input]\nchannels = inf': ("input.channels", ""),
    'format = 1\neffect = "harmonize"\npart = []': ("part: a preset has 1 to 16 parts", "[[part]]"),
    'format = 1\neffect = "harmonize"\npart = "alto"': ("part", "[[part]]"),
    'format = 1\neffect = "harmonize"\npart = [1, 2]': ("part", "[[part]]"),
    'format = 1\neffect = "harmonize"\n[part]\nchannel = 1': ("part", "[[part]]"),
    'format = 1\neffect = "harmonize"\n' + "[[part]]\n" * 17: ("1 to 16 parts", ""),
    'format = 1\neffect = "harmonize"\n[[part]]\n[[part]]\nchanel = 2': ("part[2].chanel", "Did you mean 'channel'?"),
    'format = 1\neffect = "harmonize"\n[[part]]\nchannel = 17': ("part[1].channel", ""),
    'format = 1\neffect = "harmonize"\n[[part]]\npitches = 60': ("part[1].pitches takes two", "[lowest, highest]"),
    'format = 1\neffect = "harmonize"\n[[part]]\npitches = ["C4"]': ("part[1].pitches takes two", "[lowest, highest]"),
    'format = 1\neffect = "harmonize"\n[[part]]\npitches = ["C4", "H4"]': ("part[1].pitches.1", ""),
    'format = 1\neffect = "harmonize"\n[[part]]\npitches = ["C5", "C4"]': (
        "part[1].pitches: the first is above",
        "lower",
    ),
    'format = 1\neffect = "harmonize"\n[[part]]\nvelocity = [90, 20]': (
        "part[1].velocity: the first is above",
        "lower",
    ),
    CONTROL.removesuffix("[[control]]") + "control = 3": ("control: a control is a table", "[[control]]"),
    CONTROL: ("control[1]: parameter is missing", "Mend"),
    CONTROL + '\nparameter = "voices"': ("control[1]: cc is missing", "Mend"),
    CONTROL + '\ncc = 21\nparameter = "voises"': ("there is no 'voises' here. Did you mean 'voices'?", "Mend"),
    CONTROL + '\ncc = 21\nparameter = "name"': ("there is no 'name' here", "Mend"),
    CONTROL + '\ncc = 21\nparameter = "part/2/loudest"': ("Did you mean 'part/1/loudest'?", "Mend"),
    CONTROL + '\ncc = 21\nparameter = ["voices"]': ("there is no ['voices'] here", "Mend"),
    CONTROL + '\ncc = 21\nparameter = "voices"\nchanel = 1': ("chanel: there is no such key", "Mend"),
    CONTROL + '\ncc = 7\nparameter = "voices"': ("cc 7 moves no parameter: 1, 2, 7, 10, 11, 64-67 and", "Mend"),
    CONTROL + '\ncc = 128\nparameter = "voices"': ("cc 128 is not within 0 to 127", "Mend"),
    CONTROL + '\ncc = "21"\nparameter = "voices"': ("cc takes 0 to 127", "Mend"),
    CONTROL + '\ncc = 21\nchannel = 17\nparameter = "voices"': ("channel 17 is not within", "Mend"),
    CONTROL + '\ncc = 21\nparameter = "voices"\nto = 17': ("control[1]: to: voices 17 is not within", "Mend"),
    CONTROL + '\ncc = 21\nparameter = "channels"\nto = "1,2"': ("to: channels has no step '1,2'", "Mend"),
    CONTROL + '\ncc = 21\nparameter = "key"\n[[control]]\ncc = 22\nparameter = "key"': ("control[2]: the", "Mend"),
    'format = 1\neffect = "harmonize"\nname = 1' + "0" * 5000: ("too long", "Mend"),
    'format = 1\neffect = "harmonize"\nname = 0x' + "F" * 5000: ("too long", "Mend"),
    'format = 1\neffect = "harmonize"\n[harmonize]\nvoices = 0x' + "F" * 5000: ("too long", "Mend"),
    'format = 1\neffect = "harmonize"\nabout = ' + "[" * 5000: ("too deep", "Mend"),
    'format = 1\neffect = "harmonize"\n' + "a." * 5000 + "a = 1": ("too deep", "Mend"),
    "#" + "x" * 2**20: ("more than 1048576 bytes", "?"),
    "format = ": ("no valid TOML", "line"),
    "format = 1\nformat = 1": ("no valid TOML", ""),
}


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of presets."""
    monkeypatch.setattr(presets, "user_folder", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", presets.names())
def test_bundled_preset_is_a_complete_state(name: str) -> None:
    state = presets.load(name)
    assert state["preset"] == name
    assert state["name"]
    assert state["about"].endswith(".")
    found = [address for address, _, _ in presets.parameters(state)]
    assert len(found) == len(INSERT) + len(PART) * len(state["part"])
    assert Settings.of(state).parts


def test_default_preset_is_there() -> None:
    assert presets.DEFAULT in presets.names()


@pytest.mark.parametrize("name", presets.names())
def test_every_value_of_a_state_passes_its_own_check(name: str) -> None:
    for _, parameter, value in presets.parameters(presets.load(name)):
        assert parameter.check(value) == value


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[-40:])
def test_preset_that_does_not_read_names_file_and_key_and_remedy(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    names, advises = BAD[text]
    with pytest.raises(PresetError) as error:
        presets.read(path)
    assert error.value.message.startswith(f"{path}: ")
    assert names in error.value.message
    assert error.value.hint
    assert advises in error.value.hint


@pytest.mark.parametrize("content", [b"\xff\xfe", b"name = '\xe4'"])
def test_preset_that_is_no_text_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(PresetError, match=r"mine\.toml"):
        presets.read(path)


@given(st.text(max_size=60) | st.sampled_from(list(BAD)), st.integers(0, 80), st.text(max_size=20), st.integers(0, 80))
def test_damaged_preset_is_a_complete_state_or_refused(start: str, at: int, noise: str, cut: int) -> None:
    for text in (start, GOOD):
        with suppress(PresetError):
            state = presets.parse((text[:at] + noise + text[at + cut :]).encode(errors="ignore"), "mine")
            assert all(parameter.check(value) == value for _, parameter, value in presets.parameters(state))


def test_folder_with_the_name_of_a_preset_is_named(shelf: Path) -> None:
    (shelf / "mine.toml").mkdir()
    with pytest.raises(PresetError, match=r"mine\.toml"):
        presets.load("mine")


def test_unknown_preset_is_answered_with_the_nearest() -> None:
    with pytest.raises(PresetError) as error:
        presets.load("harmoney")
    assert str(error.value) == "there is no preset 'harmoney'. Did you mean 'harmony'?"


@pytest.mark.parametrize("name", ["../harmony", "/etc/passwd", "harmony.toml", ""])
def test_name_is_never_a_path(name: str) -> None:
    with pytest.raises(PresetError, match="there is no preset"):
        presets.load(name)


def test_what_a_preset_leaves_out_has_its_default(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    values = {address: value for address, _, value in presets.parameters(presets.read(path))}
    assert values["voices"] == 2
    assert values["placement"] == "below"
    assert values["part/1/channel"] == 3
    assert (values["part/1/lowest"], values["part/1/highest"]) == (48, 72)
    assert (values["part/1/softest"], values["part/1/loudest"]) == (1, 127)


def test_preset_without_parts_has_one() -> None:
    assert len(presets.load("harmony")["part"]) == 1


def test_empty_section_is_all_defaults(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('format = 1\neffect = "harmonize"\n[player]\n[[part]]')
    assert presets.read(path)["player"]["model"] == "rules"


def test_user_s_own_preset_comes_before_the_bundled_one(shelf: Path) -> None:
    (shelf / "harmony.toml").write_text(GOOD)
    (shelf / "mine.toml").write_text(GOOD)
    assert presets.load("harmony")["name"] == "Mine"
    assert {"mine", "satb"} <= set(presets.names())


def test_catalogue_goes_on_past_a_broken_preset(shelf: Path) -> None:
    (shelf / "broken.toml").write_text("format = 9")
    found = {name: state for name, _, state in presets.catalogue()}
    assert isinstance(found["broken"], PresetError)
    assert not isinstance(found["satb"], PresetError)


def test_loading_twice_gives_states_of_their_own() -> None:
    presets.load("harmony")["harmonize"]["voices"] = 6
    assert presets.load("harmony")["harmonize"]["voices"] == 3


def test_bundled_melody_is_there() -> None:
    assert presets.melody().read_bytes().startswith(b"MThd")


def test_a_control_is_complete_whatever_is_left_out() -> None:
    assert presets.parse(GOOD.encode(), "mine")["control"] == [
        {"parameter": "voices", "cc": 21, "channel": 0, "from": 1, "to": 16}
    ]


@pytest.mark.parametrize("name", ["orchestra", "strings", "chamber-winds"])
def test_every_orchestra_has_the_same_knobs(name: str) -> None:
    found = {one["cc"]: one["parameter"] for one in presets.load(name)["control"]}
    assert found == {
        21: "density",
        22: "weight",
        23: "doubling",
        24: "register",
        25: "divisi",
        26: "strings",
        27: "woodwind",
        28: "brass",
        29: "percussion",
    }


def test_the_default_preset_leaves_every_controller_alone() -> None:
    assert presets.load(presets.DEFAULT)["control"] == []


def test_own_preset_that_is_deleted_is_gone_and_a_bundled_one_of_its_name_is_back(shelf: Path) -> None:
    for name in ("harmony", "mine"):
        (shelf / f"{name}.toml").write_text(GOOD)
        assert name in presets.own()
        presets.delete(name)
    assert not list(shelf.iterdir())
    assert presets.own() == []
    assert presets.load("harmony")["name"] != "Mine"
    assert "mine" not in presets.names()


@pytest.mark.parametrize("name", ["satb", "yours", "../mine", "linked", "", 5, None])
def test_what_is_not_ones_own_is_neither_deleted_nor_renamed(shelf: Path, name: Any) -> None:
    (shelf / "mine.toml").write_text(GOOD)
    (shelf / "linked.toml").symlink_to(Path(presets.__file__))
    for do in (presets.delete, lambda name: presets.rename(name, "other")):
        with pytest.raises(ContinuoError) as error:
            do(name)
        assert ("comes with Continuo. Only presets of your own" in str(error.value)) == (name == "satb")
        assert error.value.hint or isinstance(error.value, ValueRefused)
    assert sorted(path.name for path in shelf.iterdir()) == ["linked.toml", "mine.toml"]
    assert Path(presets.__file__).is_file() and "satb" in presets.names()


@pytest.mark.parametrize("new", ["satb", "yours", "../escape", ""])
def test_preset_is_renamed_onto_no_other_and_nowhere_else(shelf: Path, new: str) -> None:
    for name in ("mine", "yours"):
        (shelf / f"{name}.toml").write_text(GOOD)
    with pytest.raises(ValueRefused, match=r"is no name for a file|already. Give another name"):
        presets.rename("mine", new)
    assert presets.own() == ["mine", "yours"]


@pytest.mark.parametrize(
    ("name", "title"), [("Mine", "Our own"), ("mine", "Mine"), ("My voices", "Mine"), ("Alto", "Mine")]
)
def test_renamed_preset_is_what_it_was_comments_too(shelf: Path, name: str, title: str) -> None:
    text = f'# by hand\n{GOOD}\n[[part]]\nname = "Alto" # as it is sung\n'
    (shelf / f"{name}.toml").write_text(text)
    before = presets.load(name)
    presets.rename(name, "Our own")
    assert presets.own() == ["Our own"]
    assert presets.load("Our own") == before | {"preset": "Our own", "name": title}
    assert (shelf / "Our own.toml").read_text() == text.replace('"Mine"', f'"{title}"')
