"""All sayings by relation, and what can be told from them: cue words, asking words."""

from __future__ import annotations

import re

from tamsa.synthesis.wording.events import EVENTS
from tamsa.synthesis.wording.landmarks import LANDMARKS
from tamsa.synthesis.wording.nature import NATURE
from tamsa.synthesis.wording.nouns import stem
from tamsa.synthesis.wording.organisations import ORGANISATIONS
from tamsa.synthesis.wording.people import PEOPLE
from tamsa.synthesis.wording.places import PLACES
from tamsa.synthesis.wording.saying import Saying
from tamsa.synthesis.wording.works import WORKS

_GROUPS = (PEOPLE, WORKS, ORGANISATIONS, PLACES, LANDMARKS, NATURE, EVENTS)
SAYINGS: dict[str, Saying] = {saying.relation: saying for group in _GROUPS for saying in group}
"""Sayings by relation. A relation without one is never asked about."""

_EMPTY_WORDS = frozenset(
    "the a an of in on at to by from for with and or is was were are did does do has have had what which who whom "
    "whose when where how that it its one name person place thing date day year time first other can people what into "
    "under film company body institution town city school organisation group club team work part person's".split()
)


def cue_words(saying: Saying) -> frozenset[str]:
    """Return stems of the words by which a text could state the relation: `born`, `birthplac`, …."""
    lines = (*saying.nouns, *saying.asks, *saying.indirect, *saying.clauses, *saying.events, *saying.happenings)
    words = {word for line in lines for word in re.findall(r"[a-z]+", re.sub(r"\{[^}]*\}", " ", line).casefold())}
    return frozenset(stem(word) for word in words if word not in _EMPTY_WORDS and len(word) > 2)


PERSON_RELATIONS = frozenset(saying.relation for saying in PEOPLE) - {"head_of_state", "mayor"}
"""Relations that only people have."""
WORK_RELATIONS = frozenset(saying.relation for saying in WORKS)
"""Relations that only works have."""
