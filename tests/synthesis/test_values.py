"""Values are compared by what they say, and every accepted form of one says the same."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from tamsa.scoring.metrics import exact_match
from tamsa.synthesis.values import (
    answer_forms,
    clean_cell,
    comparable,
    date_forms,
    day_of,
    fold,
    make_item,
    merged,
    number_of,
    order_of,
    read_day,
)

days = st.dates(min_value=date(1000, 1, 1), max_value=date(2099, 12, 31))


@settings(deadline=None)
@given(days)
def test_every_form_of_a_date_is_the_same_date(when) -> None:  # type: ignore[no-untyped-def]
    day = read_day(when.isoformat())
    assert day is not None and (day.year, day.month, day.day) == (when.year, when.month, when.day)
    for form in date_forms(day):
        assert read_day(form) == day


@settings(deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(["", "m", "km", "km²", "people"]))
def test_every_form_of_a_number_is_the_same_number(number: int, unit: str) -> None:
    item = make_item(f"{number:,} {unit}".strip(), "quantity")
    assert number_of(item) == number
    for form in answer_forms(item):
        assert number_of(make_item(form, "quantity")) == number


@settings(deadline=None)
@given(days, days)
def test_dates_are_ordered_as_dates(first, second) -> None:  # type: ignore[no-untyped-def]
    a, b = make_item(first.isoformat(), "date"), make_item(second.isoformat(), "date")
    assert comparable(a, b) == (first != second)
    if first != second:
        x, y = order_of(a), order_of(b)
        assert x is not None and y is not None and (x < y) == (first < second)


@settings(deadline=None)
@given(days)
def test_a_vaguer_form_counts_once(when) -> None:  # type: ignore[no-untyped-def]
    exact, year = make_item(when.isoformat(), "date"), make_item(str(when.year), "year")
    month = make_item(when.isoformat()[:7], "date", None, when.isoformat()[:7])
    assert merged([year, exact, month]) == [exact]
    assert merged([exact, year]) == [exact]


def test_ranges_and_lists_are_no_date() -> None:
    for text in ("1990–1995", "1990 and 1995", "12 March", "soon"):
        assert read_day(text) is None
        assert day_of(make_item(text, "date")) is None


def test_numbers_of_different_units_are_not_compared() -> None:
    assert not comparable(make_item("5 km", "quantity"), make_item("5,000 m", "quantity"))
    assert comparable(make_item("5 km", "quantity"), make_item("7 kilometres", "quantity"))


def test_answers_accept_the_name_with_and_without_its_bracket() -> None:
    forms = answer_forms(make_item("The Amber Road (film)", "entity"))
    assert forms[0] == "The Amber Road"
    assert exact_match("Amber Road", forms) == 1.0


@settings(deadline=None)
@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) in (fold(text), fold(text).removeprefix("the ").removeprefix("a ").removeprefix("an "))


def test_marks_of_cells_are_dropped() -> None:
    assert clean_cell("Dino Meneghin ***") == "Dino Meneghin"
    assert clean_cell("Yuri Chechi (ITA)") == "Yuri Chechi"
    assert clean_cell("Bradshaw, Terry Terry Bradshaw") == "Terry Bradshaw"
    assert clean_cell("Mary (film)") == "Mary (film)"
