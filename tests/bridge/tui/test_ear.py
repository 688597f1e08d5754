from bridge.tui.ear import ear
from bridge.tui.mirror import Mirror


def heard(*messages: tuple[str, list[object]]) -> str:
    mirror = Mirror()
    mirror.take(messages, 0.0)
    return ear(mirror)


def test_nothing_is_shown_where_nobody_listens() -> None:
    assert heard(("microphone", [""]), ("microphone_level", [-100])) == ""


def test_a_louder_sound_fills_more_of_the_meter() -> None:
    shown = [heard(("microphone", ["Mic"]), ("microphone_level", [level])) for level in (-100, -60, -30, 0)]
    assert [text.count("■") for text in shown] == [0, 0, 5, 10]
    assert "-30 dB" in shown[2]
