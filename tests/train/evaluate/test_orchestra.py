import math

import numpy as np
import pytest

from music.orchestra import FIRST_SLOT, SLOTS
from train.ensembles.arrays import Ensembles, Entry
from train.ensembles.events import LOWEST
from train.evaluate import orchestra_rules
from train.evaluate.orchestra import UNITS, Chances, Piece, State, metrics, pieces, shuffled, surprise, units, written
from train.evaluate.orchestra_tables import Counting, CountTable, Repeat, Silence, baselines, key_contexts

FLUTE, OBOE, CELLO = 1, 2, 13


def piece(piano: list[list[int]], orchestra: list[dict[int, list[int]]]) -> Piece:
    """A piece from the pitches struck by the piano, and those that sections sound, event by event."""
    keys, slots = np.zeros((len(piano), 88), np.uint8), np.zeros((len(piano), len(SLOTS)), np.uint8)
    for event, (struck, sections) in enumerate(zip(piano, orchestra, strict=True)):
        keys[event, np.array(struck, int) - LOWEST] = 2
        for section, pitches in sections.items():
            slots[event, FIRST_SLOT[section] : FIRST_SLOT[section] + len(pitches)] = pitches
    arrays = Ensembles(
        piano=keys, piano_velocity=np.full(len(keys), 64, np.uint8), slots=slots, struck=slots > 0,
        beat=np.arange(len(keys), dtype=np.float32), phase=np.ones(len(keys), np.uint8),
        at_piano=(keys == 2).any(1), index=(Entry("a", "a", "train", "made", "CC0", "pair", 0, len(keys)),),
    )  # fmt: skip
    return Piece(arrays, units(slots))


class Fixed(Counting):
    """Plays what it is told."""

    def __init__(self, chances: Chances, played: State) -> None:
        self.chances, self.played = chances, played

    def probabilities(self, piece: Piece) -> Chances:
        del piece
        return self.chances

    def decide(self, chances: Chances) -> State:
        return chances > 0.5

    def play(self, piece: Piece) -> State:
        del piece
        return self.played


@pytest.fixture
def little() -> Piece:
    """A flute and a cello; at the third event only the piano strikes, at the last only the orchestra changes."""
    return piece(
        [[72], [74], [72, 74], []],
        [{FLUTE: [72]}, {FLUTE: [74], CELLO: [50]}, {FLUTE: [74], CELLO: [50]}, {FLUTE: [74]}],
    )


def test_units_are_sections_and_pitches() -> None:
    state = piece([[60]], [{FLUTE: [72, 69], CELLO: [50]}]).state
    assert [UNITS[unit] for unit in np.flatnonzero(state[0])] == [(FLUTE, 69), (FLUTE, 72), (CELLO, 50)]


def test_the_truth_is_foretold_perfectly(little: Piece) -> None:
    found = metrics(Fixed(little.state.astype(np.float32), little.state), [little])
    assert found["nats_per_piano_event"] == 0
    for name in ("accuracy_at_changes", "micro_accuracy_at_changes", "accuracy_at_piano", "begins_f1"):
        assert found[name] == found[f"free_{name}"] == 1


def test_saying_the_event_before_again(little: Piece) -> None:
    found = metrics(Fixed(little.before.astype(np.float32), np.zeros_like(little.state)), [little])
    # Changes at the first, second and last event: 0 of 1, 0 of 3, 1 of 2.
    assert found["accuracy_at_changes"] == pytest.approx((0 + 0 + 1 / 2) / 3)
    assert found["micro_accuracy_at_changes"] == pytest.approx(1 / 6)
    assert found["precision_at_changes"] == pytest.approx(1 / 3)
    assert found["recall_at_changes"] == pytest.approx(1 / 4)
    assert found["accuracy_at_piano"] == pytest.approx(1 / 3)
    assert found["begins_f1"] == found["begins_recall"] == 0


def test_what_begins_is_counted_by_itself(little: Piece) -> None:
    foretold = little.state.copy()
    foretold[1] = little.state[0]  # the flute's and the cello's new notes are missed
    foretold[3, 0] = True  # one too many
    found = metrics(Fixed(foretold.astype(np.float32), foretold), [little])
    assert found["begins_precision"] == pytest.approx(1 / 2)
    assert found["begins_recall"] == pytest.approx(1 / 3)
    # Alone it began the flute's and the cello's at the third event: too late.
    assert found["free_begins_precision"] == pytest.approx(1 / 4)


def test_a_silence_foretold_is_right() -> None:
    falls_silent = piece([[72], []], [{FLUTE: [72]}, {}])
    found = metrics(Fixed(falls_silent.state.astype(np.float32), falls_silent.state), [falls_silent])
    assert found["accuracy_at_changes"] == 1


def test_nats_are_summed_over_units() -> None:
    state = np.zeros((1, len(UNITS)), bool)
    state[0, 0] = True
    assert surprise(np.full(state.shape, 0.5, np.float32), state)[0] == pytest.approx(len(UNITS) * math.log(2))


def test_coverage_and_foreign_notes_compare_pitch_classes_with_the_piano(little: Piece) -> None:
    found = written([little])
    # C; D; C and D under which D sounds twice.
    assert found == {"free_coverage": pytest.approx((1 + 1 + 1 / 2) / 3), "free_foreign_notes": 0}
    foreign = written([piece([[72]], [{FLUTE: [73, 61], CELLO: [48]}])])
    assert foreign == {"free_coverage": 1, "free_foreign_notes": 2}


def test_key_contexts_tell_octaves() -> None:
    piano = np.zeros((1, 88), np.uint8)
    piano[0, [12, 24, 48]] = 2, 1, 1
    found = key_contexts(piano)[0]

    def parts(context: int) -> tuple[int, ...]:
        return context >> 3, context >> 2 & 1, context >> 1 & 1, context & 1

    assert parts(found[12]) == (2, 1, 0, 1)
    assert parts(found[24]) == (1, 0, 1, 1)
    assert parts(found[36]) == (0, 1, 1, 1)
    assert parts(found[0]) == (0, 1, 0, 1)
    assert parts(found[48]) == (1, 0, 0, 1)
    assert parts(found[13]) == (0, 0, 0, 0)


@pytest.fixture
def doubling() -> list[Piece]:
    """The flute has the piano's note, the cello the one two octaves below; all else is silent."""
    random = np.random.default_rng(0)
    melodies = [random.integers(64, 76, 400).tolist() for _ in range(4)]
    return [
        piece([[note] for note in line], [{FLUTE: [note], CELLO: [note - 24]} for note in line]) for line in melodies
    ]


def test_a_table_learns_a_doubling(doubling: list[Piece]) -> None:
    found = baselines(doubling[3:], doubling[:3])
    assert found["piano_table"]["accuracy_at_changes"] > 0.95
    assert found["piano_table"]["nats_per_piano_event"] < 1
    assert found["silence"]["accuracy_at_changes"] == 0
    assert found["silence"]["nats_per_piano_event"] > found["piano_table"]["nats_per_piano_event"]
    assert found["repeat"]["begins_recall"] == 0
    assert found["table_with_past"]["free_accuracy_at_changes"] > 0.9


def test_another_piano_makes_it_worse(doubling: list[Piece]) -> None:
    table = CountTable(doubling[:2], past=False)
    honest, other = metrics(table, doubling[2:]), metrics(table, shuffled(doubling[2:]))
    assert other["accuracy_at_changes"] < honest["accuracy_at_changes"] / 2


def test_a_table_with_the_past_plays_what_its_probabilities_say(doubling: list[Piece]) -> None:
    held = [piece([[60], [62], [64]] * 20, [{FLUTE: [72]}, {FLUTE: [72]}, {FLUTE: [76]}] * 20)]
    table = CountTable(held, past=True)
    own = table.play(held[0])
    again = Piece(held[0].arrays, own)
    np.testing.assert_array_equal(table.decide(table.probabilities(again)), own)


def test_repeat_says_the_event_before_and_silence_nothing(little: Piece, doubling: list[Piece]) -> None:
    held = [piece([[60]] * 50, [{FLUTE: [72]}] * 50)]
    repeat, silence = Repeat(held), Silence(held)
    np.testing.assert_array_equal(repeat.decide(repeat.probabilities(little)), little.before)
    assert not silence.decide(silence.probabilities(little)).any()


def test_pieces_are_cut_from_their_corpora(little: Piece) -> None:
    entries = tuple(Entry(name, name, "valid", name, "CC0", "pair", 0, 4) for name in ("x", "y"))
    arrays = {
        name: getattr(little.arrays, name) for name in Ensembles.__struct_fields__ if name not in {"index", "folder"}
    }
    found = Ensembles(**arrays, index=entries)
    assert len(pieces(found, "valid")) == 2
    assert [one.arrays.index[0].corpus for one in pieces(found, "valid", ["y"])] == ["y"]
    assert len(pieces(found, "valid", most=1)) == 1
    assert pieces(found, "train") == []


def test_the_rules_play_along_a_piano_with_the_sections_of_the_piece_and_hear_no_orchestra() -> None:
    keys = [[48, 76], [50, 77], [52, 79], [48, 76]]
    one = piece(keys, [{FLUTE: [76], CELLO: [48]}] * 4)
    played = orchestra_rules.play(one)
    owners = {UNITS[unit][0] for unit in np.flatnonzero(played.any(0))}
    assert owners == {FLUTE, CELLO}
    assert all(played[event, UNITS.index((CELLO, min(struck)))] for event, struck in enumerate(keys))
    assert (orchestra_rules.play(piece(keys, [{FLUTE: [90], CELLO: [60]}] * 4)) == played).all()
    assert set(baselines([one], [])["rules"]) == {
        name for name in metrics(Fixed(one.state * 1.0, one.state), [one]) if name.startswith("free_")
    }
