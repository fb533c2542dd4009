"""Whether a fact can be true of such things: by their kinds, their trades and the times they lived in.

A graph that is read without a model takes some names for those of others: a general for the writer of a film, an
electoral district for its town. What comes of it is seldom possible, and is not asked about.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

import numpy as np

from tamsa.synthesis.graph.store import Entity, Graph
from tamsa.synthesis.records import Edge
from tamsa.synthesis.values import day_of, fold, item_of, plain_title
from tamsa.synthesis.wording.lexicon import PERSON_RELATIONS, SAYINGS, WORK_RELATIONS
from tamsa.synthesis.wording.nouns import SETTLEMENTS, call, noun_of

_OF_ORGANISATIONS = frozenset({"worked_for", "party", "acquired_by", "sponsor", "league", "plays_in"})
"""Relations whose value is a body and no building that is named as one."""
KINDS = {
    "person": ("person",),
    "place": ("place", "building"),
    "organisation": ("organization", "", "building"),
    "work": ("work", ""),
}
"""Kinds of thing that a relation asks for."""
_ELECTS = re.compile(r"\((?:[^()]* )?(?:constituency|electoral district|riding|ward)\)$")
"""Titles of constituencies, to which lists of members link where a town is meant."""
_TAKEN_BY = {
    "winner": ("event",),
    "part_of": ("place",),
    "located_in": ("place", "building", "organization"),
    "diet": ("species",),
    "theme": ("event",),
    "sponsor": ("event", "award", "organization"),
    "listed_on": ("building", "place"),
    "discovered": ("place", "substance", "species", "product"),
    "discovered_by": ("place", "substance", "species", "product"),
}
"""Kinds of subject of relations that say too little, or too much, of others."""
_FOUGHT = frozenset({"battle", "war", "siege"})
_BUILT = frozenset("dam bridge tunnel tower lighthouse house mansion skyscraper stadium arena road highway".split())
_MADE_BY = frozenset({"director", "producer", "screenwriter", "writer", "composer", "creator"})
_MADE_ON = "released published premiered painted recorded founded built completed opened launched invented".split()
"""Relations that say when a thing was made."""
_MAKERS = _MADE_BY | frozenset(
    """author starring artist performer editor songwriter written_by painter inventor founder architect
    designed_by""".split()
)
"""Relations between a thing and people who had a hand in it, and so were alive."""
_KIN = frozenset({"spouse", "sibling", "father", "mother", "child", "child_of", "student_of"})
_OUTLIVED = {"author": 150, "composer": 150, "songwriter": 150, "writer": 80, "written_by": 80, "artist": 60,
             "performer": 60, "architect": 40, "designed_by": 40}  # fmt: skip
"""Years after a maker's death in which a thing may still come out."""
_RUN_BY = frozenset({"network", "distributor", "publisher", "studio", "owner", "operator", "manufacturer", "developer"})
_OTHER_TRADES = frozenset(
    """general admiral soldier footballer cricketer golfer boxer swimmer sprinter cyclist skier bishop archbishop
    cardinal pope king queen prince princess emperor astronaut mathematician chemist biologist botanist
    physicist""".split()
)
_PLAYER = re.compile(
    r"\b(?:rugby|football|soccer|hockey|basketball|baseball|cricket|volleyball|handball|lacrosse|softball|tennis|"
    r"badminton|snooker|darts|polo|curling)\b.*\bplayer$",
    re.IGNORECASE,
)
"""Definitions of people who play a game."""
_OF_BUILDINGS = frozenset({"built", "completed", "opened", "closed", "architect", "designed_by", "builder"})
_OF_FILMS = frozenset({"director", "screenwriter", "starring", "studio", "running_time", "distributor"})
_TEAM = re.compile(
    r"(?:team|club|company|corporation|manufacturer|airline|studio|bank|brewery|league|university|college|school|"
    r"hall of fame)$"
)
_ALONE = frozenset("golfer boxer wrestler swimmer cyclist runner sprinter skier".split()) | {"racing driver"}
"""Trades of people who are in no club that they would be named by."""
_HIGH = frozenset("mountain volcano hill peak waterfall glacier island range summit dune cliff".split())
"""Nouns of places that have a height; others lie at one."""
_LONG = frozenset({"river", "stream", "creek", "road", "street", "highway", "canal"})
_STREAMS = frozenset({"river", "stream", "creek", "lake", "canal"})
_WIDE = frozenset("county region province state district country prefecture".split())
_TOWNS = frozenset("city town village municipality hamlet borough township".split())
_SENT = ("expedition", "mission", "fleet")
_UNAIRED = frozenset({"film", "movie", "novel", "book", "play", "short film", "video game", "album", "song"})
_OF_RECORDS = frozenset({"label", "artist", "performer", "recorded_in"})
_FILMS = frozenset({"film", "movie", "documentary", "television series", "novel", "book", "sitcom", "video game"})
_NO_FILMS = frozenset(
    "novel book poem album song single painting sculpture magazine newspaper journal manga sitcom".split()
) | {"studio album", "live album", "compilation album", "comic book", "graphic novel", "short story", "extended play"}
_NO_PERSON = re.compile(
    r"(?:murder|death|killing|assassination|disappearance|suicide|trial|execution|shooting|kidnapping|lynching) of ",
    re.IGNORECASE,
)
"""Titles of events that are told as a person's life."""
_CACHE = 1 << 15


def said_of(relation: str, subject: Entity) -> bool:
    """Whether a relation is one that things of a kind and noun have."""
    if relation in PERSON_RELATIONS:
        return subject.kind == "person" and not _NO_PERSON.match(subject.title)
    if relation in _TAKEN_BY:
        return subject.kind in _TAKEN_BY[relation]
    noun = noun_of(subject.description, subject.kind)
    if relation in ("held_on", "held_in") and noun in _FOUGHT:
        return False
    if relation == "founded" and noun in _BUILT:
        return False
    if relation in _OF_BUILDINGS and noun in (*SETTLEMENTS, "place"):
        return False
    if relation in ("set_out", "destination"):
        return noun in _SENT
    if relation in ("flows_into", "source"):
        return noun in _STREAMS
    if relation in ("designed_by", "architect") and noun in _STREAMS:
        return False
    if relation == "area" and noun in _LONG:
        return False
    if relation == "height" and subject.kind == "place":
        return noun in _HIGH
    if relation in WORK_RELATIONS:
        if relation == "network" and noun in _UNAIRED:
            return False
        if (relation in _OF_FILMS and noun in _NO_FILMS) or (relation in _OF_RECORDS and noun in _FILMS):
            return False
        return subject.kind in ("work", "product")
    return subject.kind not in ("person", "")


class Plausible:
    """Looks at facts of one graph.

    Args:
        graph: the graph.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.noun_at = lru_cache(_CACHE)(self._noun)
        """Return the noun of the entity of a number."""
        self._years = lru_cache(_CACHE)(self._years_of)

    def takes(self, relation: str, value: Entity) -> bool:
        """Whether a value is of a kind that a relation leads to."""
        kinds = ("organization", "") if relation in _OF_ORGANISATIONS else KINDS.get(SAYINGS[relation].asked)
        return kinds is None or value.kind in kinds

    def holds(self, edge: Edge, subject: Entity, value: Entity) -> bool:
        """Whether a fact between two things can be true."""
        return not (
            _ELECTS.search(value.title)
            or _ELECTS.search(subject.title)
            or self._other_trade(edge.relation, value)
            or self._out_of_time(edge, value)
            or self._strange(edge, subject, value)
        )

    def _noun(self, number: int) -> str:
        entity = self._graph.entity_at(number)
        return call(entity.title, entity.description, entity.kind).noun

    @cached_property
    def _demonyms(self) -> frozenset[str]:
        """Words by which the graph says what nation people are of: `canadian`, which is no birthplace."""
        numbers = self._graph.by_relation("nationality")
        return frozenset(fold(self._graph.edge(int(number)).value) for number in numbers[:: len(numbers) // 2000 + 1])

    def _other_trade(self, relation: str, value: Entity) -> bool:
        """Whether a value is a namesake in all likelihood: a general who wrote a film, a band that broadcast it."""
        noun = self.noun_at(value.number)
        if relation == "starring" and " " not in plain_title(value.title) and not noun.startswith("act"):
            return True  # whose page is found by a first name alone
        if relation in _MADE_BY or relation == "starring":
            return noun in _OTHER_TRADES or noun.endswith(" player") or bool(_PLAYER.search(value.description))
        return relation in _RUN_BY and noun in ("band", "rock band", "orchestra", "choir")

    def _out_of_time(self, edge: Edge, value: Entity) -> bool:
        """Whether a value is a namesake since a person of that name lived at another time than the thing was made."""
        if value.kind != "person" or edge.relation not in _MAKERS | _KIN:
            return False
        if edge.relation in _KIN:
            return self._apart(edge.subject, value.id) or self._apart(value.id, edge.subject)
        made = self._years(edge.subject, "made")
        born, died = self._years(value.id, "born"), self._years(value.id, "died")
        if made and born and max(made) < min(born) + 4:
            return True
        return bool(made and died) and min(made) > max(died) + _OUTLIVED.get(edge.relation, 25)

    def _apart(self, first: str, second: str) -> bool:
        """Whether a person was born a generation after another one had died."""
        born, died = self._years(first, "born"), self._years(second, "died")
        return bool(born and died) and min(born) > max(died) + 30

    def _years_of(self, identity: str, of: str) -> tuple[int, ...]:
        """Return the years in which a thing was made, or a person was born or died, as far as the graph has them."""
        numbers = self._graph.numbers_of(self._graph.number(identity))
        kept = numbers[np.isin(self._graph.relation_numbers[numbers], self._dated[of])]
        days = (day_of(item_of(self._graph.edge(number))) for number in kept.tolist())
        return tuple(day.year for day in days if day is not None)

    @cached_property
    def _dated(self) -> dict[str, list[int]]:
        """Numbers of the graph's relations that say when a thing was made, or a person was born or died."""
        names = {"made": _MADE_ON, "born": ["born_on"], "died": ["died_on"]}
        known = list(enumerate(self._graph.relation_names))
        return {of: [number for number, name in known if name in said] for of, said in names.items()}

    def _strange(self, edge: Edge, subject: Entity, value: Entity) -> bool:
        """Whether a fact is one that nobody would state of such things: it comes from a name that was misread."""
        if edge.relation in ("born_in", "died_in", "located_in") and fold(edge.value) in self._demonyms:
            return True
        if edge.relation == "based_on":  # a sequel is not based on the film whose name it goes on with
            return fold(plain_title(subject.title)).startswith(fold(plain_title(value.title)))
        if edge.relation in ("located_in", "headquarters") and subject.kind == "organization":
            return value.kind == "building" or self.noun_at(subject.number).endswith("party")
        if edge.relation in ("located_in", "part_of", "in_region"):  # a town lies in its county
            return self.noun_at(subject.number) in _WIDE and self.noun_at(value.number) in _TOWNS
        if edge.relation == "named_after":
            return value.kind in ("", "substance", "product")
        if edge.relation == "member_of":  # one plays for a team and works for a company
            said = (self.noun_at(value.number), value.description, value.title)
            return any(_TEAM.search(one.casefold()) for one in said)
        if edge.relation == "plays_for":
            return self.noun_at(subject.number) in _ALONE
        if edge.relation == "winner" and edge.evidence.document == edge.object:  # a cup is won every year anew
            return not any(char.isdigit() for char in subject.title)
        return False
