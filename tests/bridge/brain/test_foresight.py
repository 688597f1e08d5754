"""Who answers later than it hears knows what comes; and what was heard is never lost on the way."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import presets
from bridge.brain.foresight import MOST, coming
from bridge.brain.players import Players
from bridge.brain.settings import ORCHESTRATE
from bridge.brain.transport import Transport
from bridge.render.offline import render
from models.player import Answer, Coming, Moment, Sound
from models.rules.orchestra import RuleOrchestra
from models.rules.orchestra import State as Heard
from music.events import Control, Event, NoteOff, NoteOn, Stop
from music.midifile import parse
from tests.bridge.brain.stage import BEAT, MS, Band, onsets, releases, state

ALL = frozenset(range(16))


class Knowing(RuleOrchestra):
    """The rules, and what they were told of the future."""

    effect = ORCHESTRATE
    name = "knowing"

    def __init__(self) -> None:
        self.moments: list[Moment] = []

    def answer(self, state: Heard, held: tuple[Sound, ...], moment: Moment) -> Answer:
        self.moments.append(moment)
        return super().answer(state, held, moment)


def band(delay: float = 2.0) -> tuple[Band, Knowing]:
    player = Knowing()
    players = Players(make=lambda _name, _device: player)
    found = Band(state("orchestra", player_model="knowing", timing_delay_beats=delay), players)
    player.moments.clear()
    return found, player


def flow(group: Band, ns: int) -> None:
    """Time passes, and what is due leaves the port."""
    for _ in range(max(1, ns // (10 * MS))):
        group.wait(min(ns, 10 * MS))
        group.leave()


def play_scale(group: Band, keys: range) -> None:
    for key in keys:
        group.play(NoteOn(0, key, 80))
        flow(group, BEAT)
        group.play(NoteOff(0, key))


def test_an_answer_comes_later_by_the_delay_and_knows_what_is_struck_meanwhile() -> None:
    group, player = band(delay=2.0)
    play_scale(group, range(60, 66))
    flow(group, 3 * BEAT)
    asked = [moment for moment in player.moments if moment.onsets]
    assert [moment.beat for moment in asked] == pytest.approx([2, 3, 4, 5, 6, 7])
    assert [[sound.pitch for sound in one.onsets] for one in asked] == [[key] for key in range(60, 66)]
    known = [[one.onsets[0].pitch for one in moment.coming] for moment in asked]
    assert known == [[61], [62], [63], [64], [65], []], "what is struck in this moment is not heard of yet"
    assert all(one.beat > moment.beat for moment in asked for one in moment.coming)
    assert not group.sounding


def test_without_a_delay_nobody_knows_what_comes() -> None:
    group, player = band(delay=0.0)
    play_scale(group, range(60, 63))
    assert player.moments and not any(moment.coming for moment in player.moments)


def test_a_harmony_has_no_delay() -> None:
    group = Band(state("harmony", timing_delay_beats=4.0))
    assert onsets(group.play(NoteOn(0, 72, 80)))


@pytest.mark.parametrize("event", [Stop(), Control(0, 123, 0), Control(0, 120, 0)], ids=str)
def test_what_silences_does_so_at_once(event: Event) -> None:
    group, _ = band(delay=2.0)
    group.play(NoteOn(0, 60, 80))
    flow(group, 3 * BEAT)
    assert group.sounding
    group.play(NoteOn(0, 64, 80))  # not heard yet
    group.play(event)
    flow(group, MS)
    assert not group.sounding
    group.play(NoteOff(0, 60), NoteOff(0, 64))
    flow(group, 4 * BEAT)
    assert not group.sounding


def test_a_panic_forgets_what_was_not_heard_yet() -> None:
    group, _ = band(delay=2.0)
    group.play(NoteOn(0, 60, 80))
    group.panic()
    flow(group, 4 * BEAT)
    assert not group.sounding


def test_when_the_delay_is_taken_out_all_is_heard_at_once() -> None:
    group, _ = band(delay=4.0)
    group.play(NoteOn(0, 60, 80))
    sent = group.set(timing_delay_beats=0.0)
    assert onsets(sent)
    assert releases(group.play(NoteOff(0, 60)))


KEYS = st.tuples(st.sampled_from((48, 60, 64, 76)), st.booleans(), st.integers(0, 900))


@settings(max_examples=40, deadline=None)
@given(st.lists(KEYS, max_size=25), st.sampled_from((0.0, 0.5, 3.0)), st.booleans())
def test_whatever_is_played_nothing_is_left(keys: list[tuple[int, bool, int]], delay: float, changes: bool) -> None:
    group, _ = band(delay=delay)
    for number, (key, down, wait_ms) in enumerate(keys):
        group.play(NoteOn(0, key, 90) if down else NoteOff(0, key))
        flow(group, wait_ms * MS)
        if changes and number == len(keys) // 2:
            group.set(timing_delay_beats=1.0 - delay / 3)
    group.play(*(NoteOff(0, key) for key in (48, 60, 64, 76)))
    flow(group, 5 * BEAT)
    assert not group.sounding


def test_what_is_foreseen_is_chord_by_chord() -> None:
    timeline = Transport(0)
    later: list[tuple[int, Event]] = [
        (BEAT, NoteOn(0, 60, 70)), (BEAT + 9 * MS, NoteOn(0, 64, 71)), (2 * BEAT, NoteOff(0, 60)),
        (2 * BEAT, NoteOn(3, 67, 72)), (2 * BEAT, NoteOn(9, 40, 99)), (3 * BEAT, NoteOff(0, 64)),
    ]  # fmt: skip
    found = coming((Sound(48, 50),), later, timeline, frozenset({0, 3}))
    assert found == (
        Coming(1.0, (Sound(60, 70), Sound(64, 71)), (Sound(48, 50), Sound(60, 70), Sound(64, 71))),
        Coming(2.0, (Sound(67, 72),), (Sound(48, 50), Sound(64, 71), Sound(67, 72))),
    )
    scale = list(itertools.chain.from_iterable([(n * BEAT, NoteOn(0, 40 + n, 80))] for n in range(1, 40)))
    assert len(coming((), scale, timeline, ALL)) == MOST
    assert coming((), (), timeline, ALL) == ()


def test_a_render_knows_what_comes_and_is_not_late() -> None:
    player = Knowing()
    tree = state("orchestra", player_model="knowing", timing_delay_beats=2.0)
    players = Players(make=lambda _name, _device: player)
    players.get(ORCHESTRATE, "knowing")
    player.moments.clear()
    source = presets.melody().read_bytes()
    rendered = render(source, tree, players=players)
    asked = [moment for moment in player.moments if moment.onsets]
    assert asked and all(moment.coming for moment in asked[:-MOST])
    assert all(
        [one.onsets[0].pitch for one in moment.coming[:1]] == [after.onsets[0].pitch]
        for moment, after in itertools.pairwise(asked)
    )
    first = min(int(note["onset"]) for track in parse(source).tracks for note in track.notes)
    answered = [track for track in parse(rendered.data).tracks if track.name.startswith("Continuo")]
    assert min(int(note["onset"]) for track in answered for note in track.notes) == first
