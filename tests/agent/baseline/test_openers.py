"""However politely a question is opened, the same is asked."""

from __future__ import annotations

import pytest

from tamsa.agent.baseline.openers import plainly
from tamsa.agent.baseline.periods import Period, asked_period
from tamsa.agent.baseline.question import analyse

SAME = {
    "Who owns the company that made The Copper Gate?": [
        "Can you work out who owns the company that made The Copper Gate?",
        "I'd like to know who owns the company that made The Copper Gate.",
        "Please tell me who owns the company that made The Copper Gate",
        "Do you happen to know who owns the company that made The Copper Gate?",
    ],
    "Name the location of the school.": [
        "I am looking for the location of the school.",
        "I need to know the location of the school.",
        "Could you please look up the location of the school?",
        "Do you know the name of the location of the school?",
        "location of the school",
    ],
    "How many people live in Lenn?": ["I would like to know how many people live in Lenn."],
}
AS_THEY_ARE = [
    "Give Me Love was sung by whom?",
    "Find Me was written by which author?",
    "Can the director of The Copper Gate be older than that of Night Ferry?",
    "Which town lies on the Sune?",
]
PERIODS = {
    "Which coach comes from Lenn and was born between 1959 and 1963?": Period(1959, 1963, "birth"),
    "Which film was released in the second half of the 1970s?": Period(1975, 1979, "release"),
    "Who died before 1950?": Period(0, 1949, "death"),
    "Which club was founded in the early 19th century?": Period(1801, 1850, "found"),
    "Which film was directed by Marta Oslin?": None,
}


@pytest.mark.parametrize(("plain", "asked"), [(plain, asked) for plain, all_ in SAME.items() for asked in all_])
def test_a_polite_opening_changes_nothing(plain: str, asked: str) -> None:
    assert plainly(asked) == plain
    one, two = analyse(plain), analyse(asked)
    assert (one.kind, one.head, one.form, one.weights) == (two.kind, two.head, two.form, two.weights)


@pytest.mark.parametrize("asked", AS_THEY_ARE)
def test_a_question_that_only_looks_like_a_request_stays(asked: str) -> None:
    assert plainly(asked) == asked


@pytest.mark.parametrize("asked", PERIODS)
def test_the_time_that_a_question_sets_is_read(asked: str) -> None:
    assert asked_period(analyse(asked)) == PERIODS[asked]
