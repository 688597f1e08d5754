from hypothesis import given
from hypothesis import strategies as st

from bridge.tui.canvas import DIM, EMPTY, NOW, PLANNED_S, YOURS, Canvas, Frame, cell_of
from bridge.tui.notes import ALL, ANSWERED, PLAYED, Notes

COLUMN_S = 0.1
COLUMNS, ROWS, LOW = 40, 12, 48


def frame(now_s: float) -> Frame:
    now = COLUMNS - 5
    return Frame(now_s, round(now_s / COLUMN_S) - now, now, COLUMNS, COLUMN_S, ROWS, LOW, 1)


def painted(canvas: Canvas, notes: Notes, now_s: float) -> list[bytes]:
    return [bytes(row) for row in canvas.paint(frame(now_s), notes, {2: cell_of(0)}, [], [])]


def cell(rows: list[bytes], pitch: int, column: int) -> int:
    half = 2 * ROWS - 1 - (pitch - LOW)
    return rows[half // 2][2 * column + half % 2]


rows_told = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from((PLAYED, ANSWERED)),
        st.integers(0, 80),
        st.sampled_from((1, 2)),
        st.sampled_from((*range(LOW, LOW + 6), ALL)),
        st.sampled_from((0, 80)),
    ).filter(lambda row: row[4] != ALL or not row[5]),
    max_size=60,
)


@given(rows_told)
def test_what_scrolls_is_what_would_be_painted_anew(told: list[tuple[int, int, int, int, int, int]]) -> None:
    scrolling, notes, now_s = Canvas(), Notes(), 100.0
    for columns_later, *row in told:
        now_s += columns_later * COLUMN_S
        notes.take(row, now_s)
        anew = painted(Canvas(), notes, now_s)
        assert painted(scrolling, notes, now_s) == anew


def test_a_note_is_bright_where_it_begins_and_ends_where_it_was_let_go() -> None:
    notes = Notes()
    notes.take((ANSWERED, 1050, 2, 60, 80, ANSWERED, 550, 2, 60, 0), 100.0)
    rows = painted(Canvas(), notes, 100.0)
    seen = [cell(rows, 60, column) for column in range(COLUMNS)]
    body = cell_of(0)
    assert seen[24:31] == [body + 1, body, body, body, body, EMPTY, EMPTY]
    assert seen[frame(100.0).now] == NOW


def test_what_you_play_is_on_top_and_what_is_to_come_is_dim() -> None:
    notes = Notes()
    notes.take((PLAYED, 1000, 1, 60, 80, ANSWERED, 1000, 2, 60, 80), 100.0)
    now = frame(100.0).now
    planned = [(62, 100.1, 100.1 + PLANNED_S, cell_of(0) + DIM)]
    rows = [bytes(row) for row in Canvas().paint(frame(100.0), notes, {2: cell_of(0)}, [], planned)]
    assert {cell(rows, 60, column) for column in range(now - 9, now)} <= set(YOURS)
    assert cell(rows, 62, now + 1) == cell_of(0) + DIM
