"""Metrics against their published definitions and by their properties."""

from __future__ import annotations

import re
import string
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamsa.scoring import (
    bootstrap_interval,
    check_citations,
    estimate,
    exact_match,
    f1_score,
    normalize_answer,
    recall,
    recall_at_k,
)

WORDS = st.sampled_from(
    [
        "the",
        "a",
        "an",
        "The",
        "yes",
        "no",
        "noanswer",
        "Paris",
        "paris.",
        "New-York",
        "it's",
        "1,000",
        "a.b",
        "ánd",
        "—",
        "_a_",
        "and",
        "B",
    ]
)
TEXTS = st.one_of(st.lists(WORDS, max_size=6).map(" ".join), st.text(max_size=30))


def stepwise(text: str) -> str:
    """The normalisation, step by step as the papers' scripts describe it."""
    lowered = text.lower()
    bare = "".join(c for c in lowered if c not in set(string.punctuation))
    without = re.sub(r"\b(a|an|the)\b", " ", bare)
    return " ".join(without.split())


@given(TEXTS)
def test_normalisation_is_the_published_one_and_settles(text):
    once = normalize_answer(text)
    assert once == stepwise(text)
    assert normalize_answer(once) == once


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
def test_f1_equals_its_definition_by_counting(prediction, answers):
    best = 0.0
    for answer in answers:
        p, g = stepwise(prediction), stepwise(answer)
        if p != g and {p, g} & {"yes", "no", "noanswer"}:
            continue
        common = sum(min(n, Counter(g.split())[w]) for w, n in Counter(p.split()).items())
        if common:
            best = max(best, 2 * common / (len(p.split()) + len(g.split())))
    assert f1_score(prediction, answers) == pytest.approx(best)


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
def test_exact_match_implies_full_f1(prediction, answers):
    if exact_match(prediction, answers) and normalize_answer(prediction):
        assert f1_score(prediction, answers) == pytest.approx(1.0)
    assert 0.0 <= f1_score(prediction, answers) <= 1.0


@pytest.mark.parametrize(
    ("prediction", "answers", "em", "f1"),
    [
        ("The Eiffel Tower!", ["eiffel tower"], 1.0, 1.0),
        ("Eiffel Tower in Paris", ["Eiffel Tower"], 0.0, 2 / 3),
        ("yes", ["yes"], 1.0, 1.0),
        ("yes it is", ["yes"], 0.0, 0.0),
        ("no", ["no idea"], 0.0, 0.0),
        ("Bob", ["Alice", "bob"], 1.0, 1.0),
        ("", ["x"], 0.0, 0.0),
        ("x x", ["x"], 0.0, 2 / 3),
        ("x", [], 0.0, 0.0),
    ],
)
def test_known_scores(prediction, answers, em, f1):
    assert exact_match(prediction, answers) == em
    assert f1_score(prediction, answers) == pytest.approx(f1)


def test_recall_folds_titles_and_counts_each_once():
    assert recall(["Åland", "Åland", "New_York"], ["A\u030aland", "new  york", "x"]) == 1.0
    assert recall(["A", "B"], ["b"]) == 0.5
    assert recall([], ["b"]) is None
    assert recall_at_k(["A", "B"], ["x", "A", "B"], 2) == 0.5
    assert recall_at_k(["A", "B"], [], 5) == 0.0


TEXT = "Velm Ford was founded in 1203."


def report(**changes):
    citation = {"number": 1, "document": "d", "title": "D", "anchor": "", "start": 0, "end": 9, "quote": "Velm Ford"}
    return {"citations": [{**citation, **changes}], "findings": [{"citations": [1], "against": []}]}


def test_exact_citation_is_correct():
    check = check_citations(report(), {"d": TEXT}.get)
    assert (check.num_citations, check.num_correct, check.precision, check.problems) == (1, 1, 1.0, ())


@pytest.mark.parametrize(
    "changes",
    [
        {"quote": "Velm ford"},
        {"start": 1},
        {"end": 8},
        {"start": -30, "end": -21},
        {"end": 900},
        {"start": 5, "end": 5, "quote": ""},
        {"quote": "  "},
        {"document": "other"},
        {"document": None},
        {"number": 0},
        {"number": True},
        {"number": "1"},
        {"start": None},
        {"start": 0.0},
        {"start": False},
    ],
)
def test_any_deviation_is_wrong(changes):
    check = check_citations(report(**changes), {"d": TEXT}.get)
    assert check.num_correct == 0 and check.precision == 0.0 and check.problems


def test_dangling_and_doubled_numbers_are_wrong():
    doubled = {"citations": report()["citations"] * 2}
    assert check_citations(doubled, {"d": TEXT}.get).precision == 0.5
    dangling = {**report(), "findings": [{"citations": (1, 7), "against": [8]}]}
    check = check_citations(dangling, {"d": TEXT}.get)
    assert (check.num_citations, check.num_correct) == (3, 1)


def test_no_citations_have_no_precision_and_damage_is_no_crash():
    assert check_citations({}, lambda _: None).precision is None
    assert check_citations({"citations": "x", "findings": 3}, lambda _: None).precision is None
    assert check_citations({"citations": [None, 3]}, lambda _: None).precision == 0.0
    assert check_citations({"findings": [None, {"citations": [[1], None, "2"]}]}, lambda _: None).num_correct == 0


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=50))
def test_estimate_is_mean_and_standard_error(values):
    result = estimate([*values, None])
    assert result.n == len(values)
    assert result.mean == pytest.approx(np.mean(values), abs=1e-6)
    assert result.standard_error == pytest.approx(np.std(values, ddof=1) / np.sqrt(len(values)), abs=1e-6)


def test_estimate_of_little():
    assert (estimate([]).mean, estimate([None]).n) == (None, 0)
    assert (estimate([0.5]).mean, estimate([0.5]).standard_error) == (0.5, None)


def test_bootstrap_covers_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(1)
    hits = 0
    for trial in range(200):
        low, high = bootstrap_interval(list(generator.normal(3.0, 1.0, 60)), num_resamples=400, seed=trial)
        hits += low <= 3.0 <= high
    assert 175 <= hits <= 200
    values = list(generator.normal(size=20))
    assert bootstrap_interval(values, seed=5) == bootstrap_interval(values, seed=5)
    low, high = bootstrap_interval(values)
    assert low <= np.mean(values) <= high
    for wrong in ({"values": []}, {"values": [1.0], "confidence": 1.0}):
        with pytest.raises(ValueError):
            bootstrap_interval(**wrong)
