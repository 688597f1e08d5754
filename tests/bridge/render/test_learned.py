"""Files through a learned player: as deterministic as the rules, and with no deadline."""

from bridge import presets
from bridge.render.offline import Rendered, render
from music.midifile import parse
from tests.bridge.brain.soloists import Failing, Gated, Scripted, careful, chord, players
from tests.bridge.brain.stage import State, state
from tests.bridge.render.pieces import SCALE, melody, piece

HELD = chord(50, 45, 40, struck=set())


def learned(**changes: object) -> State:
    return state("harmony", player_model="soloist", **changes)


def added(rendered: Rendered) -> list[tuple[int, int, int]]:
    """(onset, length, pitch) of the new notes."""
    notes = parse(rendered.data).tracks[-1].notes
    return [(int(note["onset"]), int(note["length"]), int(note["pitch"])) for note in notes]


def test_same_file_gives_the_same_bytes() -> None:
    source = presets.melody().read_bytes()
    for pulse in (False, True):
        first, second = (render(source, learned(), players=players(careful(pulse=pulse))) for _ in range(2))
        assert first.data == second.data
        assert first.notes > 0
        assert first.fallbacks == 0


def test_players_are_shared_by_files_and_remember_none() -> None:
    shared = players(careful())
    first = render(melody(), learned(), players=shared).data
    render(presets.melody().read_bytes(), learned(), players=shared)
    assert render(melody(), learned(), players=shared).data == first


def test_pulse_goes_on_after_the_melody_rests_and_ends_with_the_piece() -> None:
    source = piece(("Melody", 0, [(0, 480, 72)]), ("Bass", 1, [(0, 4800, 36)]))
    rendered = render(source, learned(harmonize_rest_beats=2.0), "Melody", players(Scripted(HELD, pulse=True)))
    assert added(rendered) == [(0, 3 * 480, pitch) for pitch in (40, 45, 50)]
    rendered = render(source, learned(harmonize_rest_beats=60.0), "Melody", players(Scripted(HELD, pulse=True)))
    assert added(rendered) == [(0, 4800, pitch) for pitch in (40, 45, 50)]


def test_note_on_a_frame_s_edge_is_asked_for_once() -> None:
    player = Scripted(HELD, pulse=True)
    render(piece(("Melody", 0, SCALE)), learned(), players=players(player))
    beats = [moment.beat for moment in player.moments]
    assert beats == sorted(set(beats))


def test_extreme_tempo_passes_frame_by_frame() -> None:
    for tempo in (1, 16_777_215):
        player = Scripted(HELD, pulse=True)
        render(piece(("Melody", 0, SCALE), tempos=[(0, tempo)]), learned(), players=players(player))
        assert len({moment.beat for moment in player.moments}) == len(player.moments) >= 4 * len(SCALE) - 1


def test_bars_are_those_of_the_file() -> None:
    player = Scripted(HELD)
    render(piece(("Melody", 0, [(480 * beat, 480, 60) for beat in range(8)])), learned(), players=players(player))
    assert [moment.bar_frame for moment in player.moments] == [0, 4, 8, 0, 4, 8, 0, 4]  # in three


def test_player_that_fails_is_answered_for_and_counted() -> None:
    player = Failing(HELD)
    shared = players(player)
    player.fails_to = "answer"
    rendered = render(melody(), learned(), players=shared)
    assert rendered.fallbacks == len(parse(melody()).tracks[0].notes)
    assert rendered.notes > 0
    assert len(shared.troubles) == 1


def test_player_is_never_too_slow_for_a_file() -> None:
    player = Gated(HELD)
    assert render(melody(), learned(), players=players(player)).fallbacks == 0
