import pickle
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from models.frames import Batch
from music.errors import ContinuoError
from music.midifile import Score
from tests.train.pieces import benchmark, chorale, corpus, part, score, song
from train.config import Data
from train.rolls import Rolls, from_benchmark, open_rolls
from train.windows import Windows, collate, whole

REST = 46


def data(task: str, **more: object) -> Data:
    return msgspec.convert({"task": task, "corpora": ["."], "window": 32, **more}, Data)


def rolls(folder: Path, task: str, *scores: Score) -> Rolls:
    """The scores; all but the last third are the train split."""
    corpus(folder / "in", {f"piece {i}": found for i, found in enumerate(scores)})
    return open_rolls(folder / "in", data(task), folder / "cache")


def set_of(folder: Path, *lengths: int) -> Rolls:
    random = np.random.default_rng(0)
    pieces = [random.random((length, 88)) < 0.1 for length in lengths]
    for piece in pieces:
        piece[:, :20] = piece[:, -20:] = False
    return from_benchmark(benchmark(folder / "set.npz", train=pieces, valid=pieces))


def only(found: Rolls, split: str = "train") -> Batch:
    [(_, batch)] = whole(found, split)
    return batch


def equal(ours: Batch, theirs: Batch) -> bool:
    names = ("target", "given", "phase", "mask")
    return all(torch.equal(getattr(ours, name), getattr(theirs, name)) for name in names)


def test_whole_piece_of_keys_is_scored_from_its_second_frame_on(tmp_path: Path) -> None:
    found = set_of(tmp_path, 40)
    batch = only(found)
    assert batch.target.shape == (1, 40, 88)
    assert batch.given.shape == (1, 40, 88, 0)
    assert np.array_equal(batch.target[0].numpy(), found.held[:40, 0])
    assert batch.phase.tolist() == [[0] * 40]
    assert batch.mask.tolist() == [[False] + [True] * 39]
    assert (batch.target.dtype, batch.phase.dtype, batch.mask.dtype) == (torch.int64, torch.int64, torch.bool)


def sheet(seed: int) -> Score:
    pitches = np.random.default_rng(seed).integers(65, 77, 16).tolist()
    melody = [(beat, 1, pitch) for beat, pitch in enumerate(pitches)]
    return score(part("Melody", melody), part("Chords", [(beat, 2, 48) for beat in range(0, 16, 2)]))


@pytest.mark.parametrize("task", ["voices", "lead"])
def test_windows_are_told_what_the_whole_piece_is_told_in_their_key(tmp_path: Path, task: str) -> None:
    found = rolls(tmp_path, task, *[chorale(number) if task == "voices" else sheet(number) for number in range(3)])
    windows = Windows(found, "train", data(task, advice=True, transpose=(2, 2), overlap=0.5))
    (_, piece), *_ = whole(found, "train", told=True)
    row = windows[1]
    frames = slice(16, 16 + len(row.mask))
    assert np.array_equal(row.given[:, :12, -3:], np.roll(piece.given[0, frames, :12, -3:].numpy(), 2, 1))
    assert row.given[..., -3:].any()


def test_windows_overlap_and_reach_the_end_of_each_piece(tmp_path: Path) -> None:
    found = set_of(tmp_path, 70, 20)
    windows = Windows(found, "train", data("keys", window=32, overlap=0.5))
    starts = [0, 16, 32, 38]
    assert len(windows) == len(starts) + 1
    for row, start in zip([windows[i] for i in range(4)], starts, strict=True):
        assert np.array_equal(row.target, found.held[start : start + 32, 0])
        assert row.mask.tolist() == [False] + [True] * 31  # no frame is scored without the one before it
    assert np.array_equal(windows[4].target, found.held[70:90, 0])


def test_shorter_windows_are_padded_with_what_is_not_scored(tmp_path: Path) -> None:
    windows = Windows(set_of(tmp_path, 32, 10), "train", data("keys", window=32))
    batch = collate([windows[0], windows[1]])
    assert batch.target.shape == (2, 32, 88)
    assert batch.mask.sum(1).tolist() == [31, 9]
    assert not batch.target[1, 10:].any()
    alone = collate([windows[1]])
    assert torch.equal(batch.target[1, :10], alone.target[0])
    assert torch.equal(batch.mask[1, :10], alone.mask[0])


def test_voices_are_keys_from_the_lowest_pitch_up_and_rests(tmp_path: Path) -> None:
    tenor = part("tenor", [(0, 1, 60), (2, 1, 62)])
    others = [part(name, [(0, 4, pitch)]) for name, pitch in (("s", 81), ("a", 67), ("b", 36))]
    batch = only(rolls(tmp_path, "voices", score(*others, tenor)))
    assert batch.target[0, :, 0].tolist() == [45] * 16
    assert batch.target[0, :, 3].tolist() == [0] * 16
    assert batch.target[0, :, 2].tolist() == [24] * 4 + [REST] * 4 + [26] * 4 + [REST] * 4
    assert batch.given.shape == (1, 16, 46, 0)
    assert batch.phase[0].tolist() == list(range(1, 17))
    assert bool(batch.mask.all())


def test_left_hand_is_silent_goes_on_or_is_struck(tmp_path: Path) -> None:
    left = part("LH", [(0, 1, 40), (1, 0.5, 40), (3, 1, 43)])
    right = part("RH", [(0, 2, 72), (2, 2, 74)])
    batch = only(rolls(tmp_path, "hands", score(right, left)))
    assert batch.target.shape == (1, 16, 88)
    assert batch.target[0, :, 40 - 21].tolist() == [2, 1, 1, 1, 2, 1] + [0] * 10
    assert batch.target[0, :, 43 - 21].tolist() == [0] * 12 + [2, 1, 1, 1]
    assert batch.target.sum() == 2 + 3 + 2 + 1 + 2 + 3  # nothing of the right hand
    assert batch.given.shape == (1, 16, 88, 2)
    assert batch.given[0, :, 74 - 21].tolist() == [[0, 0]] * 8 + [[1, 1]] + [[1, 0]] * 7
    assert int(batch.given[..., 0].sum()) == 16
    assert int(batch.given[..., 1].sum()) == 2


def test_a_whole_piano_is_silent_goes_on_or_is_struck_and_knows_its_place_in_the_beat(tmp_path: Path) -> None:
    left = part("LH", [(0, 1, 40), (1, 0.5, 40)])
    right = part("RH", [(0, 2, 72), (2, 2, 74)])
    batch = only(rolls(tmp_path, "solo", score(right, left)))
    assert batch.target[0, :, 40 - 21].tolist() == [2, 1, 1, 1, 2, 1] + [0] * 10
    assert batch.target[0, :, 72 - 21].tolist() == [2] + [1] * 7 + [0] * 8
    assert batch.given.shape == (1, 16, 88, 0)
    assert batch.phase[0].tolist() == [1, 2, 3, 4] * 4
    assert bool(batch.mask.all())


def test_hands_are_not_swapped(tmp_path: Path) -> None:
    batch = only(rolls(tmp_path, "hands", song(0)))
    left, right = batch.target[0] > 0, batch.given[0, :, :, 0] > 0
    keys = torch.arange(88.0)
    assert (left * keys).sum() / left.sum() < (right * keys).sum() / right.sum()


def test_chords_are_pitch_classes_above_their_bass(tmp_path: Path) -> None:
    chords = part("Chords", [(0, 2, 52), (0, 2, 60), (0, 2, 67), (2, 2, 53), (2, 2, 60)])  # C/E, F
    melody = part("Melody", [(0, 1, 76), (1, 1, 84)])
    batch = only(rolls(tmp_path, "lead", score(melody, chords)))
    assert batch.target.shape == (1, 16, 12)
    assert batch.target[0, 0].tolist() == [1, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0]
    assert batch.target[0, 15].tolist() == [1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]
    assert batch.given.shape == (1, 16, 12, 2)
    assert batch.given[0, :, 0].tolist() == [[0, 0]] * 4 + [[1, 1]] + [[1, 0]] * 3 + [[0, 0]] * 8


def test_transposed_chords_keep_melody_and_bass_together(tmp_path: Path) -> None:
    chords = part("Chords", [(0, 8, 48), (0, 8, 52)])
    found = rolls(tmp_path, "lead", score(part("Melody", [(0, 8, 79)]), chords))
    windows = Windows(found, "train", data("lead", transpose=[-5, 6]))
    roots = set()
    for epoch in range(100):
        row = windows.at(epoch, 0)
        root = int(np.flatnonzero(row.target[0] == 2)[0])
        assert row.target[0, (root + 4) % 12] == 1
        assert np.flatnonzero(row.given[0, :, 0]).tolist() == [(root + 7) % 12]
        roots.add(root)
    assert roots == set(range(12))


def test_all_keys_are_seen_that_the_range_allows(tmp_path: Path) -> None:
    tracks = [part(f"{i}", [(0, 8, pitch)]) for i, pitch in enumerate((79, 67, 60, 40))]
    windows = Windows(rolls(tmp_path, "voices", score(*tracks)), "train", data("voices", transpose=[-6, 6]))
    sopranos = {int(windows.at(epoch, 0).target[0, 0]) for epoch in range(100)}
    assert sopranos == {79 - 36 + shift for shift in range(-4, 3)}


def test_window_is_the_same_in_the_same_epoch_and_another_in_the_next(tmp_path: Path) -> None:
    found = set_of(tmp_path, 200, 100)
    settings = data("keys", transpose=[-5, 6], stretch=[1.0, 2.0], phase_drop=0.5)
    windows, again = Windows(found, "train", settings, seed=3), Windows(found, "train", settings, seed=3)
    every = list(range(len(windows)))
    assert equal(windows.batch(5, every), again.batch(5, every))
    assert not equal(windows.batch(5, every), windows.batch(6, every))
    assert not equal(windows.batch(5, every), Windows(found, "train", settings, seed=4).batch(5, every))
    again.set_epoch(5)
    assert equal(collate([again[i] for i in every]), windows.batch(5, every))


def test_order_in_which_windows_are_asked_for_changes_nothing(tmp_path: Path) -> None:
    windows = Windows(set_of(tmp_path, 200), "train", data("keys", transpose=[-5, 6]))
    forward = [windows.at(1, i).target for i in range(len(windows))]
    backward = [windows.at(1, i).target for i in reversed(range(len(windows)))]
    assert all(np.array_equal(a, b) for a, b in zip(forward, reversed(backward), strict=True))


def test_stretched_window_has_the_length_of_the_others(tmp_path: Path) -> None:
    found = rolls(tmp_path, "voices", chorale(0, beats=64))
    for factor in (0.5, 0.66667, 1.5, 2.0):
        windows = Windows(found, "train", data("voices", window=48, stretch=[factor]))
        row = windows[1]
        assert len(row.mask) == 48
        changes = np.flatnonzero((np.diff(row.target, axis=0) != 0).any(1))
        assert len(changes)
        assert {int(gap) for gap in np.diff(changes)} <= {
            round(4 * factor * n) + d for n in range(1, 9) for d in (-1, 0, 1)
        }


def test_share_of_windows_does_not_show_the_bar(tmp_path: Path) -> None:
    found = rolls(tmp_path, "voices", chorale(0, beats=400))
    windows = Windows(found, "train", data("voices", phase_drop=0.25))
    hidden = [not windows[i].phase.any() for i in range(len(windows))]
    assert 10 < sum(hidden) < 45
    assert len(hidden) == 99


def test_inner_notes_of_what_is_given_are_left_out(tmp_path: Path) -> None:
    found = rolls(tmp_path, "hands", song(0, beats=64))
    full, thinned = (Windows(found, "train", data("hands", window=256, thin=share)) for share in (0.0, 1.0))
    assert thinned[0].given[:, :, 1].sum() * 3 == full[0].given[:, :, 1].sum() * 2
    assert np.array_equal(thinned[0].target, full[0].target)


def test_whole_pieces_are_shown_as_they_are_written(tmp_path: Path) -> None:
    found = rolls(tmp_path, "voices", *(chorale(i) for i in range(3)))
    assert [title for title, _ in whole(found, "train")] == ["piece 0", "piece 1"]
    assert [title for title, _ in whole(found, "valid")] == ["piece 2"]
    assert list(whole(found, "test")) == []
    [(_, batch)] = whole(found, "valid")
    soprano = chorale(2).tracks[0].notes["pitch"]
    assert batch.target[0, ::4, 0].tolist() == (soprano.astype(int) - 36).tolist()


def test_split_without_pieces_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContinuoError, match="no piece in the split 'test'"):
        Windows(set_of(tmp_path, 40), "test", data("keys"))


def test_windows_go_to_worker_processes(tmp_path: Path) -> None:
    windows = Windows(rolls(tmp_path, "voices", chorale(0)), "train", data("voices"))
    sent = pickle.dumps(windows)
    assert len(sent) < 3000
    assert equal(pickle.loads(sent).batch(0, [0, 1]), windows.batch(0, [0, 1]))  # noqa: S301 - our own
