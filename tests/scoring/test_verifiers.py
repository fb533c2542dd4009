"""Verifiers reward right answers in the forms that models give them, and nothing else."""

from __future__ import annotations

import pytest

from tamsa.errors import ConfigError, InputError
from tamsa.scoring.verifiers import contains, exact, find_verifier, last_number


@pytest.mark.parametrize(
    ("verifier", "completion", "answer", "reward"),
    [
        (exact, "The Lisbon.", "lisbon", 1),
        (exact, "in Lisbon", "Lisbon", 0),
        (contains, "She lives in Lisbon, they say", "Lisbon", 1),
        (contains, "Lisbonne", "Lisbon", 0),
        (last_number, "3 apples and 4 pears make 1,007.0", "1007", 1),
        (last_number, "1007 is not it: 12", "1007", 0),
        (last_number, "minus: −5", "-5", 1),
        (last_number, "it won 3-5", "5", 1),
        (last_number, "x=-5", "-5", 1),
        (last_number, "no number", "7", 0),
    ],
)
def test_rewards(verifier, completion, answer, reward):
    assert verifier(completion, {"answers": [answer]}) == reward


def test_any_answer_will_do_and_none_is_an_error():
    assert exact("b", {"answers": ["a", "b"]}) == 1
    with pytest.raises(InputError, match="answers"):
        exact("b", {})


def test_a_verifier_is_found_by_name_or_import_path():
    assert find_verifier("exact") is exact
    assert find_verifier("tamsa.scoring.verifiers:contains") is contains
    for name in ("nothing", "no.such.module:f", "tamsa.scoring.verifiers:absent", "tamsa.scoring.verifiers:VERIFIERS"):
        with pytest.raises(ConfigError, match="verifier"):
            find_verifier(name)
