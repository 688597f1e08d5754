from typing import Any

from bridge.tui.ear import ear
from bridge.tui.mirror import Mirror


def heard(*messages: tuple[str, list[Any]]) -> str:
    mirror = Mirror()
    mirror.take(messages, 0.0)
    return ear(mirror)


def test_nothing_is_shown_where_nobody_listens() -> None:
    silence: list[tuple[str, list[Any]]] = [
        ("microphone_level", [-100]),
        ("microphone_pitch", [0.0]),
        ("microphone_confidence", [0]),
    ]
    assert heard(("microphone", [""]), *silence) == heard(*silence) == ""


def test_a_louder_sound_fills_more_of_the_meter() -> None:
    shown = [heard(("microphone", ["Mic"]), ("microphone_level", [level])) for level in (-100, -60, -30, 0)]
    assert [text.count("■") for text in shown] == [0, 0, 5, 10]
    assert "-30 dB" in shown[2]


def test_a_pitch_is_shown_as_the_nearest_note_and_how_clear_it_is() -> None:
    listens: list[tuple[str, list[Any]]] = [("microphone", ["Mic"]), ("microphone_level", [-20])]
    voiced = heard(*listens, ("microphone_pitch", [65.6]), ("microphone_confidence", [94]))
    assert "F#4  94 % clear" in voiced
    breath = heard(*listens, ("microphone_pitch", [0.0]), ("microphone_confidence", [31]))
    assert "clear" not in breath
    assert len(voiced) == len(breath)
