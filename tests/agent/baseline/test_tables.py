"""Tables: the row that speaks of what is asked, alone or with the page it leads to, and what it leads to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tamsa.agent.baseline import BaselinePolicy
from tamsa.agent.baseline.grids import cell_spans
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.question import analyse
from tamsa.agent.baseline.rows import Rows
from tamsa.agent.baseline.state import State
from tamsa.agent.baseline.tables import Found, cell_reading, lists, row_of_year
from tamsa.corpus import Index

from .conftest import run_policy

SEASON = """# 1994 Veldan League: Clubs

The clubs of the season were:

| Club | Ground | Capacity | Manager | Place |
| --- | --- | --- | --- | --- |
| Lenn Rovers | Sune Ground | 5,200 | Otto Lasch | 3 |
| Hald United | Aske Park | 9,100 | Paul Erding | 1 |
| Torva Town | Old Quay | 3,100 | Jon Fell | 10 |
| Brenn Athletic | Tolm Field | 4,000 | Kai Marr | 2 |"""
TEXTS = {
    "1994 Veldan League: Clubs": SEASON,
    "Torva Town": "Torva Town are a football club. It was founded by dock workers and is nicknamed the Herons.",
    "Lenn Rovers": "Lenn Rovers are a football club from Lenn. They play in green and were founded in 1931.",
    "Hald United": "Hald United are a football club from Hald. They play in red.",
    "Tolm Field": "Tolm Field is a football ground. It was designed by the architect Ada Rinn.",
    "Aske Park": "Aske Park is a football ground. It was designed by the architect Mina Holt.",
    "Heron": "The heron is a bird that dock workers of many ports know well.",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("tables") / "index"
    opened = Index.build(({"id": title, "title": title, "text": text} for title, text in TEXTS.items()), folder)
    yield opened
    opened.close()


def _read(index: Index, question: str) -> tuple[State, Rows]:
    state, asked, _ = BaselinePolicy().read(run_policy(index, question).messages[:-1])
    return state, Rows(state, asked)


def test_a_row_is_known_by_the_page_that_it_names(index: Index) -> None:
    state, rows = _read(index, "Who managed in the 1994 Veldan League the club founded by dock workers, the Herons?")
    assert state.is_open("1994 Veldan League: Clubs")
    assert [row.found.table.rows[row.number][0] for row in rows.best] == ["Torva Town"]
    assert "Jon Fell" in [reading.text for reading, _, _ in rows.cells()]


def test_what_a_row_leads_to_is_opened(index: Index) -> None:
    state, rows = _read(index, "Which architect designed the ground of the second club in the 1994 Veldan League?")
    assert [row.found.table.rows[row.number][0] for row in rows.best] == ["Brenn Athletic"]
    assert max(rows.points_to, key=lambda key: rows.points_to[key]) == "Tolm Field"
    assert state.is_open("Tolm Field")


def test_the_row_of_the_most_stands_out(index: Index) -> None:
    _, rows = _read(index, "Which architect designed the ground of the largest capacity in the 1994 Veldan League?")
    assert rows.best[0].found.table.rows[rows.best[0].number][0] == "Hald United"


def test_cells_stand_where_they_stand() -> None:
    page = Page("season", "1994 Veldan League: Clubs", SEASON)
    found = Found(page, page.tables[0], 1.0)
    reading = cell_reading(found, 1, 4)
    assert reading is not None
    assert SEASON[reading.start - 2 : reading.end + 2] == "| 1 |"
    assert cell_spans("| a |  | b c |", 0, 14) == [(2, 3), (7, 7), (9, 12)]


def test_rows_are_counted_and_named_only_as_what_they_are() -> None:
    page = Page(
        "season", "1994 Veldan League: Clubs", SEASON.replace("| Place |", "| Year |").replace("10 |", "1990 |")
    )
    found = Found(page, page.tables[0], 1.0)
    assert lists(found, "clubs")
    assert not lists(found, "stars")
    assert row_of_year(found, 1990, "", "org") is not None
    assert row_of_year(found, 1990, "", "person") is None
    assert analyse("How many of the clubs were founded before 1950?").head == "clubs"
