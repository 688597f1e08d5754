import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from music.audio.yin import Samples, Yin, hz

RATE_HZ = 24_000
YIN = Yin(RATE_HZ, 40, 96)
CENT = 0.01


def tone(pitch: float, partials: tuple[float, ...] = (1.0,), phase: float = 0.0) -> Samples:
    t = np.arange(YIN.window) / RATE_HZ
    waves = [part * np.sin(2 * np.pi * n * hz(pitch) * t + n * phase) for n, part in enumerate(partials, 1)]
    return np.asarray(sum(waves), np.float32)


@given(st.floats(40, 96), st.floats(0, 6.28), st.floats(1e-3, 1.0))
def test_a_sine_is_found_within_cents_wherever_it_begins_and_however_loud(
    pitch: float, phase: float, loud: float
) -> None:
    found, aperiodicity = YIN.pitch(np.float32(loud) * tone(pitch, phase=phase))
    assert found == pytest.approx(pitch, abs=10 * CENT)
    assert aperiodicity < 0.1


@pytest.mark.parametrize(
    "partials", [(1, 0.8, 0.6, 0.4), (0.3, 1.0, 0.5), (0, 0, 1, 1, 1, 1), (1, 0, 0.5, 0, 0.3)], ids=str
)
@pytest.mark.parametrize("pitch", [41, 55, 69, 80])
def test_the_pitch_is_that_of_all_partials_together(pitch: int, partials: tuple[float, ...]) -> None:
    assert YIN.pitch(tone(pitch, partials))[0] == pytest.approx(pitch, abs=5 * CENT)


def test_noise_has_no_period_and_silence_no_pitch() -> None:
    dice = np.random.default_rng(1)
    for _ in range(200):
        assert YIN.pitch(dice.standard_normal(YIN.window).astype(np.float32))[1] > 0.3
    assert YIN.pitch(np.zeros(YIN.window, np.float32)) == (0.0, 1.0)
