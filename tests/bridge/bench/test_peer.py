import torch

from bridge.bench.peer import WARM, Peer, times_ms

PARAMETERS = 17.7e6


def test_it_is_of_the_size_that_it_stands_for() -> None:
    assert abs(Peer().parameter_count / PARAMETERS - 1) < 0.01


def test_each_voice_knows_the_ones_before_it() -> None:
    with torch.inference_mode():
        peer = Peer()
        once = peer.feed((1, 60, 0.1, 80.0), peer.start())
        other = peer.feed((1, 61, 0.1, 80.0), peer.start())
        assert not torch.equal(once, other)
        instrument, pitch, seconds, velocity = peer.sample(once, 3)
        assert instrument == 3
        assert 0 <= pitch < 128
        assert torch.isfinite(torch.tensor((seconds, velocity))).all()


def test_first_notes_are_not_counted() -> None:
    taken = times_ms(1, range(WARM + 3))
    assert len(taken) == 3
    assert min(taken) > 0
