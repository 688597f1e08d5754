import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge import addressbook, symptoms

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"
PAGES = sorted([REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *DOCS.rglob("*.md")])
SET_UP = sorted([*(DOCS / "daw").glob("*.md"), *(DOCS / "system").glob("*.md")])
MOST_STEPS = 8


def named(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


def prose(page: Path) -> str:
    """A page without its code: nothing in there is a link or a heading."""
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors that the headings of a page have."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def dead_links(page: Path) -> Iterator[str]:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            yield link


def lists_of_steps(page: Path) -> list[int]:
    """How many steps each numbered list has: its last number."""
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", page.read_text(encoding="utf-8"), re.MULTILINE)]
    return [number for number, after in zip(numbers, [*numbers[1:], 1], strict=True) if after == 1]


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


def test_the_page_of_symptoms_is_the_table() -> None:
    assert (DOCS / "troubleshooting.md").read_text(encoding="utf-8") == symptoms.markdown(), (
        "print it anew: continuo doctor --markdown > docs/troubleshooting.md"
    )


def test_addresses_that_remedies_name_exist() -> None:
    known = {row["address"].replace("<insert>", "1") for row in addressbook.rows()}
    found = set(re.findall(r"/continuo/[a-z_0-9/]+", symptoms.markdown()))
    assert found and found <= known


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    assert list(dead_links(page)) == []


@pytest.mark.parametrize("page", SET_UP, ids=named)
def test_a_set_up_has_few_steps_and_a_picture(page: Path) -> None:
    steps = lists_of_steps(page)
    assert steps and max(steps) <= MOST_STEPS
    assert "](../routing/" in page.read_text(encoding="utf-8")


def test_every_page_can_be_reached_from_the_site() -> None:
    listed = set(
        re.findall(r"^ +- ([\w/]+\.md)$", (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert listed == {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}


def test_routing_pictures_are_drawn_from_their_table() -> None:
    drawn = runpy.run_path(str(DOCS / "routing" / "draw.py"))
    pictures = {name: drawn["picture"](routing) for name, routing in drawn["ROUTINGS"].items()}
    there = {path.stem: path.read_text(encoding="utf-8") for path in (DOCS / "routing").glob("*.svg")}
    assert there == pictures, "draw them anew: python docs/routing/draw.py"
