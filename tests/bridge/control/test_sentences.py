"""What the user reads of cables and loops."""

from __future__ import annotations

import pytest

from bridge.control import cables, feedback


@pytest.mark.parametrize(
    ("report", "text"),
    [
        (
            {"cable": "gone", "own": "Continuo In", "peer": "Keys:out"},
            "Keys:out is gone: Continuo In is connected to it again when it comes back",
        ),
        (
            {"cable": "back", "own": "Continuo In", "peer": "Keys:out"},
            "Keys:out is back, connected to Continuo In",
        ),
        ({"cable": "new", "own": "Continuo Out", "peer": "Synth:in"}, "Synth:in connected to Continuo Out"),
        (
            {"cable": "refused", "own": "Continuo In", "peer": "Keys:out"},
            "Keys:out is there, but cannot be connected to Continuo In: does another program hold it?",
        ),
        (
            {"waiting": "xyz", "plays": True, "there": ["Keys:out", "Pad:out"]},
            "Waiting for MIDI input 'xyz'; there is: Keys:out, Pad:out",
        ),
        ({"waiting": "xyz", "plays": False, "there": []}, "Waiting for MIDI output 'xyz'; there is: none"),
    ],
)
def test_a_cable_is_told_in_one_sentence(report: dict[str, object], text: str) -> None:
    assert cables.concerns(report)
    assert cables.sentence(report) == text


def test_a_loop_is_told_with_its_remedy_and_so_is_its_end() -> None:
    ports = ("Continuo In", "Continuo Out")
    assert feedback.sentence(ports, 2.7) == (
        "Continuo Out comes back into Continuo In after 2.7 ms: the echo is kept out. "
        "In the DAW, do not route the track that records Continuo Out back into Continuo In"
    )
    assert feedback.sentence(ports, None) == "Continuo Out does not come back into Continuo In any more"
