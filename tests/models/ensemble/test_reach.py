import numpy as np

from models.ensemble.config import REST
from models.ensemble.reach import within_reach


def test_each_hand_lets_go_of_what_is_too_far_from_melody_and_bass() -> None:
    none = [REST] * 3
    drawn = np.array([[50, 37, *none, 30, 12, *none], [50, 38, *none, 24, 12, *none], [REST] * 10])
    found = within_reach(drawn, 12)
    assert found.tolist() == [[50, REST, *none, 12, REST, *none], drawn[1].tolist(), [REST] * 10]
