from pathlib import Path

from bridge import addressbook

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_of_addresses_is_the_table() -> None:
    assert (DOCS / "osc.md").read_text(encoding="utf-8") == addressbook.markdown(), (
        "print it anew: continuo addresses --markdown > docs/osc.md"
    )


def test_every_address_has_one_row_and_a_sentence() -> None:
    rows = addressbook.rows()
    keys = [(row["kind"], row["address"]) for row in rows]
    assert len(set(keys)) == len(keys)
    assert all(row["text"] for row in rows)
    assert not any("|" in cell for row in rows for cell in row.values())
