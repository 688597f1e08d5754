"""Each task from MIDI files to the report, with a model that has learned nothing."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from models.assemble import build_frames
from models.frame_model import FrameModel
from music.midifile import Score
from tests.train.pieces import chorale, corpus, part, score, song
from train.config import Config, parse
from train.evaluate import evaluate
from train.evaluate import score as quick_score
from train.rolls import open_rolls
from train.windows import whole

SMALL = {"width": 8, "whole": 8, "layers": 1, "channels": 8}
MODELS = {
    "voices": SMALL | {"task": "voices", "lowest": 36, "keys": 46, "sampler": "voices"},
    "hands": SMALL | {"task": "hands", "lowest": 21, "keys": 88, "sampler": "ascending", "given": 2},
    "solo": SMALL | {"task": "solo", "lowest": 21, "keys": 88, "sampler": "ascending", "recall": 1},
    "lead": SMALL | {"task": "lead", "lowest": 0, "keys": 12, "sampler": "sounds-silent", "given": 2},
}


def sheet(seed: int) -> Score:
    """A tune in quarters over a chord a bar."""
    random = np.random.default_rng(seed)
    tune = [(beat, 1, int(72 + random.choice([0, 2, 4, 5, 7, 9, 11]))) for beat in range(36)]
    roots = [int(random.choice([48, 53, 55])) for _ in range(9)]
    chords = [(4 * bar, 4, root + above) for bar, root in enumerate(roots) for above in (0, 4, 7)]
    return score(part("Melody", tune, 73), part("Chords", chords))


PIECES = {"voices": chorale, "hands": lambda seed: song(seed, 50), "solo": lambda seed: song(seed, 50), "lead": sheet}


@pytest.fixture(params=PIECES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path, Config]:
    task = request.param
    corpus(tmp_path / "pieces", {f"piece {seed}": PIECES[task](seed) for seed in range(6)})
    data = {"task": task, "corpora": ["pieces"]}
    config = parse({"format": 1, "name": "tiny", "data": data, "model": MODELS[task], "train": {"epochs": 1}})
    return task, tmp_path, config


def quiet(task: str) -> FrameModel:
    """A model that has learned nothing but to play little."""
    torch.manual_seed(0)
    model = build_frames(MODELS[task])
    if task in {"hands", "solo"}:
        with torch.no_grad():
            model.get_parameter("sampler.out.bias").copy_(torch.tensor([6.0, 0.0, 0.0]))
    return model


EXPECTED = {
    "voices": {"nats_per_note", "nats_per_frame", "jaccard", "same_root_share", "faults_per_100_changes", "onset_f1",
               "jaccard_soprano_shuffled", "bass_changes_per_beat"},
    "hands": {"nats_per_frame", "onset_f1", "right_hand_shuffled_rise_nats_per_frame", "silent_pieces_share",
              "left_hand_jaccard", "right_hand_jaccard"},
    "solo": {"nats_per_frame", "nats_per_note", "onset_f1"},
    "lead": {"nats_per_frame", "note_in_chord", "note_in_chord_ratio", "note_in_chord_live", "jaccard",
             "jaccard_live", "same_root_share_live", "beats_to_recover", "note_in_chord_at_temperature_1"},
}  # fmt: skip


def test_a_folder_with_a_manifest_gives_all_figures_of_its_task(case: tuple[str, Path, Config]) -> None:
    task, folder, config = case
    report = evaluate(quiet(task), folder / "pieces", config, "valid", folder / "cache")
    found = report.json()
    assert json.loads(json.dumps(found))["task"] == task
    assert found["pieces"] == 2
    assert EXPECTED[task] | {"transposition_spread_nats_per_frame", "step_difference"} <= found.keys()
    assert report.metrics["step_difference"] < 1e-4 and report.metrics["company_difference_nats"] < 1e-4
    if task == "solo":
        assert report.baselines["count_table"]["nats_per_note"] < report.baselines["marginal"]["nats_per_note"]
    else:
        assert report.baselines["data"]["left_hand_jaccard" if task == "hands" else "jaccard"] == 1
    assert all(np.isfinite(value) for value in report.metrics.values())


def test_the_quick_score_names_figures_of_the_task(case: tuple[str, Path, Config]) -> None:
    task, folder, config = case
    rolls = open_rolls(folder, config.data, folder / "cache")
    found = quick_score(quiet(task), [batch for _, batch in whole(rolls, "valid")])
    wanted = {"voices": "jaccard", "hands": "onset_f1", "solo": "onset_f1", "lead": "note_in_chord"}[task]
    assert wanted in found and "nats" not in found
