"""The evaluator of forms obeys the laws of sets and refuses what has no value."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamsa.synthesis.forms import (
    IS,
    NO,
    YES,
    FormError,
    back,
    both,
    constants,
    entity,
    evaluate,
    follow,
    size,
    where,
)
from tamsa.synthesis.values import item_of, make_item
from tests.synthesis.small_graph import small_domain, small_graph

GRAPH = small_graph()
DOMAIN = small_domain(GRAPH)
TITLES = [thing.title for thing in GRAPH.things]
RELATIONS = list(GRAPH.relations())


def named(title: str) -> dict:
    return entity(title, title.replace(" ", "_"))


leaves = st.sampled_from(TITLES).map(named)
sets = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(follow, inner, st.sampled_from(RELATIONS)),
        st.builds(back, inner, st.sampled_from(RELATIONS)),
        st.builds(lambda a, b: {"op": "either", "of": [a, b]}, inner, inner),
        st.builds(lambda a, b: {"op": "without", "of": [a, b]}, inner, inner),
        st.builds(both, inner, inner),
    ),
    max_leaves=5,
)


def value(form: dict) -> set[str]:
    return {item.key for item in evaluate(form, DOMAIN)}


@settings(max_examples=150, deadline=None)
@given(sets, sets)
def test_operations_are_those_of_sets(first: dict, second: dict) -> None:
    a, b = value(first), value(second)
    assert value({"op": "both", "of": [first, second]}) == a & b
    assert value({"op": "either", "of": [first, second]}) == a | b
    assert value({"op": "without", "of": [first, second]}) == a - b
    assert {item.key for item in evaluate({"op": "count", "of": first}, DOMAIN)} == {f"q:{len(a)}"}


@settings(max_examples=100, deadline=None)
@given(sets, sets, st.sampled_from(RELATIONS))
def test_projection_distributes_over_union(first: dict, second: dict, relation: str) -> None:
    union = {"op": "either", "of": [first, second]}
    assert value(follow(union, relation)) == value(follow(first, relation)) | value(follow(second, relation))
    assert value(back(union, relation)) == value(back(first, relation)) | value(back(second, relation))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(GRAPH._edges) - 1))
def test_back_inverts_follow(number: int) -> None:
    edge = GRAPH.edge(number)
    subject = named(edge.subject_title)
    assert item_of(edge) in evaluate(follow(subject, edge.relation), DOMAIN)
    if edge.object is not None:
        assert f"@{edge.subject}" in value(back(named(edge.value), edge.relation))


@settings(max_examples=60, deadline=None)
@given(sets)
def test_order_of_the_result_does_not_depend_on_anything(form: dict) -> None:
    assert evaluate(form, DOMAIN) == evaluate(form, small_domain())


@settings(max_examples=50, deadline=None)
@given(st.integers(1900, 1990), st.integers(1900, 1990))
def test_where_keeps_exactly_those_in_the_span(low: int, high: int) -> None:
    films = where({"op": "either", "of": [named(t) for t in TITLES]}, IS, "is", "film")
    kept = value(where(films, "released", "between", [low, high]))
    assert kept == {f"@{e.subject}" for e in GRAPH._edges if e.relation == "released" and low <= int(e.value) <= high}


def test_extremes_of_rows_are_those_of_the_column() -> None:
    table = GRAPH.table(0)
    points = [int(row[3].text) for row in table.rows]
    rows = {"op": "rows", "table": 0}
    for want, pick in (("max", max), ("min", min)):
        best = {"op": "best", "of": rows, "relation": "#3", "want": want}
        (found,) = evaluate(follow(best, "#0"), DOMAIN)
        assert found.text == table.rows[points.index(pick(points))][0].text


def test_ties_have_no_best() -> None:
    graph = small_graph()
    graph.tabulate(
        "List of draws", ("Team", "Points"), [(("A", "text"), ("5", "quantity")), (("B", "text"), ("5", "quantity"))]
    )
    best = {"op": "best", "of": {"op": "rows", "table": 1}, "relation": "#1", "want": "max"}
    assert evaluate(best, small_domain(graph)) == ()


def test_yes_and_no() -> None:
    film, other = named("The Amber Road"), named("The Bronze Road")
    years = [follow(one, "released") for one in (film, other)]
    assert evaluate({"op": "before", "of": years}, DOMAIN) == (YES,)
    assert evaluate({"op": "before", "of": years[::-1]}, DOMAIN) == (NO,)
    assert evaluate({"op": "same", "of": [years[0], years[0]]}, DOMAIN) == (YES,)
    assert evaluate({"op": "gap", "of": years}, DOMAIN) == (make_item("3", "quantity"),)
    directed = {"op": "holds", "of": film, "relation": "director", "value": named("Director Ason")}
    assert evaluate(directed, DOMAIN) == (YES,)
    assert evaluate({**directed, "value": named("Director Bson")}, DOMAIN) == (NO,)


def test_what_is_not_stated_is_neither_yes_nor_no() -> None:
    with pytest.raises(FormError):
        evaluate({"op": "holds", "of": named("Aldham"), "relation": "director", "value": named("Bryham")}, DOMAIN)


def test_a_vague_date_is_not_before_an_exact_one_of_its_year() -> None:
    graph = small_graph()
    film = graph.add("The Old Road", "work", "film")
    graph.state(film, "released", "12 March 1931", "date")
    years = [follow(named(title), "released") for title in ("The Old Road", "The Amber Road")]
    with pytest.raises(FormError):
        evaluate({"op": "before", "of": years}, small_domain(graph))


@pytest.mark.parametrize(
    "form",
    [
        {"op": "guess"},
        {"of": []},
        {"op": "follow", "relation": "director"},
        {"op": "both", "of": []},
        {"op": "best", "of": named("Aldham"), "relation": "population", "want": "most"},
        where(named("Aldham"), "population", "near", 3),
        follow({"op": "rows", "table": 0}, "Director"),
    ],
)
def test_nonsense_is_an_error(form: dict) -> None:
    with pytest.raises(FormError):
        evaluate(form, DOMAIN)


def test_size_and_constants_see_every_part() -> None:
    form = both(back(named("Aldham"), "set_in"), where(back(named("Actor Ason"), "starring"), IS, "is", "film"))
    assert size(form) == 6
    assert [part["title"] for part in constants(form)] == ["Aldham", "Actor Ason"]
