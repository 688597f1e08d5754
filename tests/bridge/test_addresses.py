import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.addresses import INSERT, PART, defaults, get, put
from bridge.daemon_addresses import DAEMON
from bridge.errors import ValueRefused
from bridge.parameters import Parameter

ALL = {parameter.name: parameter for parameter in (*DAEMON, *INSERT, *PART)}
REFUSED = 400
BEYOND = 422

TAKEN: list[tuple[str, object, object]] = [
    ("tempo", 90, 90.0),
    ("tempo", 20, 20.0),
    ("tempo", 400.0, 400.0),
    ("bypass", True, True),
    ("bypass", 1, True),
    ("bypass", 1.0, True),
    ("bypass", 0.0, False),
    ("thru", 0, False),
    ("channels", "all", "all"),
    ("channels", 1, "1"),
    ("channels", 16.0, "16"),
    ("channels", "3,1", "1,3"),
    ("channels", [2, 1, 2], "1,2"),
    ("channels", [2.0], "2"),
    ("model", "rules", "rules"),
    ("model", 0, "rules"),
    ("model", 0.0, "rules"),
    ("model", "chorale", "chorale"),
    ("model", 2.0, "left-hand"),
    ("split", "C4", 60),
    ("split", 0, 0),
    ("takeover", 0, 0.0),
    ("rest", 64, 64.0),
    ("temperature", 2, 2.0),
    ("seed", 7.0, 7),
    ("seed", 2**31 - 1, 2**31 - 1),
    ("voices", 16, 16),
    ("voices", 3.0, 3),
    ("placement", 1, "above"),
    ("placement", "below", "below"),
    ("spacing", 1.0, "open"),
    ("key", "auto", "auto"),
    ("key", "Bb", "Bb major"),
    ("key", "f# minor", "F# minor"),
    ("key", "Am", "A minor"),
    ("strum", 500, 500.0),
    ("motion", 0, 0.0),
    ("name", "Violin I", "Violin I"),
    ("name", "", ""),
    ("channel", 1, 1),
    ("program", 0, 0),
    ("program", 128.0, 128),
    ("lowest", "C4", 60),
    ("lowest", 60.0, 60),
    ("highest", "G9", 127),
    ("softest", 1, 1),
    ("loudest", 127, 127),
]

NOT_TAKEN: list[tuple[str, object, int]] = [
    ("tempo", 19.999, BEYOND),
    ("tempo", 400.1, BEYOND),
    ("tempo", "120", REFUSED),
    ("tempo", True, REFUSED),
    ("tempo", math.nan, REFUSED),
    ("tempo", math.inf, REFUSED),
    ("tempo", 10**400, REFUSED),
    ("tempo", None, REFUSED),
    ("bypass", 2, REFUSED),
    ("bypass", 0.5, REFUSED),
    ("bypass", "on", REFUSED),
    ("bypass", math.nan, REFUSED),
    ("bypass", None, REFUSED),
    ("channels", 0, REFUSED),
    ("channels", 17, REFUSED),
    ("channels", "1,17", REFUSED),
    ("channels", "", REFUSED),
    ("channels", [], REFUSED),
    ("channels", "one", REFUSED),
    ("channels", 1.5, REFUSED),
    ("channels", [1.5], REFUSED),
    ("channels", True, REFUSED),
    ("channels", [True], REFUSED),
    ("channels", math.inf, REFUSED),
    ("channels", math.nan, REFUSED),
    ("channels", None, REFUSED),
    ("channels", [[1]], REFUSED),
    ("model", "oracle", REFUSED),
    ("model", 4000, REFUSED),
    ("model", "../rules", REFUSED),
    ("model", -1, REFUSED),
    ("model", True, REFUSED),
    ("temperature", -0.1, BEYOND),
    ("seed", -1, BEYOND),
    ("seed", 2**31, BEYOND),
    ("seed", 1.5, REFUSED),
    ("seed", math.inf, REFUSED),
    ("seed", "7", REFUSED),
    ("voices", 0, BEYOND),
    ("voices", 17, BEYOND),
    ("voices", 1e300, BEYOND),
    ("voices", False, REFUSED),
    ("placement", "beside", REFUSED),
    ("placement", 0.5, REFUSED),
    ("key", "H major", REFUSED),
    ("key", "", REFUSED),
    ("key", 0, REFUSED),
    ("velocity_follow", 1.01, BEYOND),
    ("strum", 501, BEYOND),
    ("motion", -1, BEYOND),
    ("rest", 64.1, BEYOND),
    ("takeover", math.nan, REFUSED),
    ("split", 128, BEYOND),
    ("name", 5, REFUSED),
    ("name", "x" * 201, REFUSED),
    ("channel", 0, BEYOND),
    ("channel", 17, BEYOND),
    ("program", 129, BEYOND),
    ("lowest", "C10", REFUSED),
    ("lowest", "A9", REFUSED),
    ("lowest", 128, BEYOND),
    ("highest", -1, BEYOND),
    ("highest", 60.5, REFUSED),
    ("softest", 0, BEYOND),
    ("loudest", 128, BEYOND),
]


@pytest.mark.parametrize(("name", "value", "kept"), TAKEN)
def test_value_is_kept_as_the_state_keeps_it(name: str, value: object, kept: object) -> None:
    found = ALL[name].check(value)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(("name", "value", "code"), NOT_TAKEN)
def test_value_is_refused_with_a_code_and_a_sentence(name: str, value: object, code: int) -> None:
    with pytest.raises(ValueRefused) as refused:
        ALL[name].check(value)
    assert refused.value.code == code
    assert refused.value.message.startswith(name)
    assert ALL[name].range_text in refused.value.message


def test_every_parameter_takes_its_default_and_keeps_it() -> None:
    for parameter in ALL.values():
        assert parameter.check(parameter.default) == parameter.default


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from(list(ALL.values())), ANYTHING)
def test_whatever_comes_is_kept_or_refused_and_what_is_kept_would_be_kept_again(
    parameter: Parameter, value: object
) -> None:
    try:
        kept = parameter.check(value)
    except ValueRefused:
        return
    assert parameter.check(kept) == kept
    assert isinstance(kept, bool | int | float | str)


def test_names_and_places_are_unique() -> None:
    for group in (DAEMON, INSERT, PART):
        assert len({parameter.name for parameter in group}) == len(group)
        assert len({parameter.path for parameter in group}) == len(group)


@pytest.mark.parametrize("group", [DAEMON, INSERT, PART])
def test_defaults_have_a_place_for_every_parameter(group: tuple[Parameter, ...]) -> None:
    tree = defaults(group)
    for parameter in group:
        assert get(tree, parameter.path) == parameter.default


def test_put_makes_ranges_and_folders_on_its_way() -> None:
    tree: dict[str, object] = {}
    put(tree, ("pitches", 1), 84)
    put(tree, ("harmonize", "voices"), 3)
    assert tree == {"pitches": [0, 84], "harmonize": {"voices": 3}}
