from bridge.bench.latency import Course
from bridge.bench.musician import musician
from bridge.bench.notes import play
from bridge.bench.stage import live_daemon

NOTES = 20


def test_every_insert_answers_what_is_played_into_all_of_them(jack: str) -> None:
    expected = Course(inserts=2, preset="satb").expected()
    arguments = ("--backend", "jack", "--name", "Rank", "--preset", "satb", "--preset", "satb")
    with live_daemon(*arguments), musician("Rank", inserts=2) as player:
        taken = play(player, NOTES, 20, expected)
    assert taken.harmony  # a machine that is late now and then loses some
    assert taken.wrong == 0
