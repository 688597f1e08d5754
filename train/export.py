"""What a run leaves: the best weights with a card that says what they are, what made them and how good they are."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import safetensors.torch

from models import checkpoint
from models.assemble import build
from models.card import Card, Corpus
from models.tokens.known import Known
from models.tokens.model import TokenModel
from music import files
from train.config import Config
from train.examine import evaluate
from train.run import Listed, Run
from train.tokens.corpus import open_tokens


def export(config: Config, run: Run, data: Path, cache: Path) -> Card:
    """Write `model.safetensors` and `card.json` into the run's folder; the figures are those of what is written.

    Args:
        config: of the run.
        run: with `best.safetensors` in its folder.
        data: the folder of the corpora.
        cache: the folder of prepared pieces.
    """
    best = run.folder / "best.safetensors"
    model = build(config.model)
    checkpoint.fill(model, safetensors.torch.load(files.read(best)), str(best))
    shape = dict(config.model)
    if isinstance(model, TokenModel):
        tokens = open_tokens(data, config.data.corpora, {}, cache)
        model.know(Known.of(map(tokens.piece, tokens.of("train"))).bits)
        shape |= {"known": model.config.known}
    card = Card(
        name=config.name,
        about=config.about,
        licence=config.licence,
        weaknesses=config.weaknesses,
        kind=str(config.model.get("kind", "")),
        config=shape,
        data=tuple(corpora(run.entries)),
        attribution=config.data.attribution,
        train=config.json() | {"cost": run.cost()},
        commit=commit(),
        seed=config.train.seed,
    )
    card = checkpoint.save(run.folder, model, card)
    rounded, _ = checkpoint.load(run.folder)
    report = evaluate(rounded, data, config, "valid", cache)
    figures = msgspec.structs.replace(
        card, figures=report.metrics, baselines=report.baselines, ms_per_step=report.ms_per_step
    )
    return checkpoint.save(run.folder, rounded, figures)


def corpora(entries: Sequence[Listed]) -> list[Corpus]:
    """The corpora of these pieces, each with the licences of its pieces."""
    names = dict.fromkeys(entry.corpus for entry in entries)
    found = []
    for name in names:
        licences = Counter(entry.licence for entry in entries if entry.corpus == name)
        text = ", ".join(f"{licence} ({count})" for licence, count in licences.most_common())
        found.append(Corpus(name, next(iter(licences)) if len(licences) == 1 else text, licences.total()))
    return found


def commit() -> str:
    """The git commit of this source, with a plus where files were changed; empty outside a checkout."""
    here = Path(__file__).resolve().parent

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", here, *arguments], capture_output=True, text=True, check=True, timeout=10)
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "-uno", ".", "../models") else "")
    except (OSError, subprocess.SubprocessError):
        return ""
