"""The graph as the makers of questions see it: names and nouns of things, edges fit to be asked about, rivals."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from tamsa.agent.baseline.conflicts import authority
from tamsa.agent.baseline.passages import Page
from tamsa.synthesis.graph.store import SOURCES, Entity, Graph, GraphTable, Numbers
from tamsa.synthesis.records import Edge
from tamsa.synthesis.values import Item, day_of, fold, item_of, merged, plain_title, read_day
from tamsa.synthesis.wording.lexicon import PERSON_RELATIONS, SAYINGS, WORK_RELATIONS
from tamsa.synthesis.wording.nouns import GENERIC, SETTLEMENTS, Named, call, generic_of, noun_of, sayable
from tamsa.types import Document

MAX_RIVALS = 400
"""An entity that more documents point at is too well known to be described by what points at it."""
MAX_POINTING = 24
"""Edges to a thing up to which `the player who played for it` is believed to be unique where the graph has one."""
_VALUE_TYPES = {"date": ("date", "year"), "number": ("quantity",), "text": ("text",)}
_OF_ORGANISATIONS = frozenset({"worked_for", "party", "acquired_by", "sponsor", "league", "plays_in"})
"""Relations whose value is a body and no building that is named as one."""
_KINDS = {
    "person": ("person",),
    "place": ("place", "building"),
    "organisation": ("organization", "", "building"),
    "work": ("work", ""),
}
LAST_ONLY = frozenset({"located_in", "part_of"})
"""Relations that places have at several levels, so that `the location of X` is no one thing to go on from."""
UNSAYING = frozenset({"", "place", "product", "substance", "building", "organisation", "event", "work"})
"""Nouns that say too little to stand at the head of a description."""
MANY_TO_ONE = frozenset(
    """plays_for member_of located_in in_region in_country part_of born_in died_in buried_at studied_at worked_for
    starring citizen_of party award network label distributor studio publisher operator owner headquarters held_in
    set_in found_in league plays_in on_river""".split()
)
"""Relations of which a thing is the value many times as a rule: going back along them takes a little-known thing."""
ONE_OF_MANY = frozenset(
    """plays_in league party member_of citizen_of award industry plays_for worked_for studied_at network label
    distributor studio publisher songwriter""".split()
)
"""Relations whose value always has many subjects: nobody means one club by the league that it plays in."""
STATED = ("lead", "sentence", "llm")
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
_OUTLIVED = {"author": 150, "writer": 80, "written_by": 80, "composer": 150, "songwriter": 150, "artist": 60, "performer": 60,
             "architect": 40, "designed_by": 40}  # fmt: skip
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
    r"(?:team|club|company|corporation|manufacturer|airline|studio|bank|brewery|league|university|college|school|hall of fame)$"
)
_ALONE = frozenset("golfer boxer wrestler swimmer cyclist runner sprinter racing_driver skier".split())
"""Trades of people who are in no club that they would be named by."""
_HIGH = frozenset("mountain volcano hill peak waterfall glacier island range summit dune cliff".split())
"""Nouns of places that have a height; others lie at one."""
_LONG = frozenset({"river", "stream", "creek", "road", "street", "highway", "canal"})
_STREAMS = frozenset({"river", "stream", "creek", "place", "lake", "canal"})
_SENT = ("expedition", "mission", "fleet")
_CONCEPT = re.compile(r"[A-Z][a-z-]+(?: [a-z-]+)* (?:film|album|song|novel|series|game|bridge|club|team|river)")
_CONCEPT_NOUNS = frozenset("film album song novel series game bridge club team river".split())
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
MAX_WAYS = 60
"""Edges to a well-known entity that are looked at."""
_ELECTS = re.compile(r"\((?:[^()]* )?(?:constituency|electoral district|riding|ward)\)$")
"""Titles of constituencies, to which lists of members link where a town is meant."""
_CACHE = 1 << 15


@dataclass(frozen=True, slots=True)
class Way:
    """A step that leads to an entity and means it alone."""

    edge: Edge
    start: str
    """Document id of the entity at its other end."""
    inverse: bool
    """True: it leads back from the value of the edge to its subject."""


class Domain:
    """A graph with the texts it was read from. Implements `forms.Facts`; keeps what it looked up last.

    Args:
        graph: the graph.
        text_of: finds a document by id, None where there is none.
    """

    def __init__(self, graph: Graph, text_of: Callable[[str], Document | None]) -> None:
        self.graph = graph
        self.text_of = lru_cache(4096)(text_of)
        self.named = lru_cache(_CACHE)(self._named)
        """Return how an entity is called; None where its name cannot stand in a question."""
        self.entity = lru_cache(_CACHE)(graph.entity)
        self.table = lru_cache(512)(graph.table)
        self._years = lru_cache(_CACHE)(self._years_of)
        self._noun_at = lru_cache(_CACHE)(self._noun)
        self.rivals = lru_cache(_CACHE)(self._rivals)
        """Return the ids of all things that a noun may fit and that point at an entity; None for too many."""
        self.authority = lru_cache(_CACHE)(self._authority)
        """Return how far a document is to be believed by its own account, and why (0 and nothing as a rule)."""
        self.ways = lru_cache(1 << 14)(self._ways)
        """Return the steps that lead to an entity."""
        self._leads: dict[tuple[str, int], bool] = {}
        self.facts_of = lru_cache(_CACHE)(self._facts_of)
        """Return the edges from an entity that can be asked about."""
        self.facts_to = lru_cache(1 << 13)(self._facts_to)
        """Return the edges to an entity that can be asked about."""
        self.nameable = lru_cache(_CACHE)(self._nameable)
        """Return whether the name of an entity can stand in a question."""
        self._of = lru_cache(_CACHE)(graph.edges_of)
        self._to = lru_cache(1 << 12)(self._edges_to)

    # ------------------------------------------------------------------ facts

    def edges_of(self, subject_id: str, relation: str | None = None) -> Sequence[Edge]:
        """Return the edges from an entity, of one relation if it is named."""
        return self._of(subject_id, relation)

    def edges_to(self, object_id: str, relation: str | None = None) -> Sequence[Edge]:
        """Return the edges to an entity, of one relation if it is named."""
        if relation is None:
            return self._to(object_id)
        return self.graph.edges_to(object_id, relation)

    def _edges_to(self, object_id: str) -> Sequence[Edge]:
        numbers = self.graph.numbers_to(self.graph.number(object_id))
        return [self.graph.edge(number) for number in numbers[:2000].tolist()]

    def _facts_of(self, subject_id: str) -> tuple[Edge, ...]:
        return self._facts(self.graph.numbers_of(self.graph.number(subject_id)))

    def _facts_to(self, object_id: str) -> tuple[Edge, ...]:
        return self._facts(self.graph.numbers_to(self.graph.number(object_id)))

    def _facts(self, numbers: Numbers) -> tuple[Edge, ...]:
        edges = map(self.graph.edge, numbers[self.worded[numbers]].tolist())
        return tuple(edge for edge in edges if self.askable(edge))

    @cached_property
    def worded(self) -> NDArray[np.bool_]:
        """Whether each edge of the graph is of a relation that there are words for, and stated in a text."""
        said = np.array([name in SAYINGS for name in self.graph.relation_names], bool)
        stated = np.isin(self.graph.source_numbers, [SOURCES.index(name) for name in STATED])
        return stated & said[self.graph.relation_numbers] if len(stated) else stated

    @cached_property
    def demonyms(self) -> frozenset[str]:
        """Words by which the graph says what nation people are of: `canadian`, which is no birthplace."""
        numbers = self.graph.by_relation("nationality")
        return frozenset(fold(self.graph.edge(int(number)).value) for number in numbers[:: len(numbers) // 2000 + 1])

    @cached_property
    def cut_off_at(self) -> int:
        """Number of rows at which the documents cut their tables off, 0 where they do not.

        Tables end where their things end, so no length is common among the longest unless they were cut. Of a table
        that was, nobody can say which row is the last or how many there are.
        """
        total = self.graph.num_tables
        lengths = [len(self.table(number).rows) for number in range(0, total, total // 400 + 1)]
        longest = max(lengths, default=0)
        return longest if len(lengths) >= 40 and lengths.count(longest) >= 0.1 * len(lengths) else 0

    # ------------------------------------------------------------------ names

    def _named(self, identity: str) -> Named | None:
        entity = self.entity(identity)
        if entity is None or not self.nameable(identity):
            return None
        if _CONCEPT.fullmatch(entity.title) and self.noun(identity) in _CONCEPT_NOUNS:
            return None  # `Feature film` is no film
        document = self.text_of(identity) if entity.kind != "person" else None
        return call(entity.title, entity.description, entity.kind, document.text[:200] if document else "")

    def _nameable(self, identity: str) -> bool:
        entity = self.entity(identity)
        return entity is not None and sayable(entity.title)

    def noun(self, identity: str) -> str:
        """Return the noun of an entity; empty for one that is not known."""
        number = self.graph.number(identity)
        return self._noun_at(number) if number >= 0 else ""

    def _noun(self, number: int) -> str:
        entity = self.graph.entity_at(number)
        return call(entity.title, entity.description, entity.kind).noun

    def aliases(self, item: Item) -> tuple[str, ...]:
        """Return other names of an entity that can stand for it: they share its words, and one word is not enough.

        `Bob` is no answer for `Bob Dylan`; `Dylan` alone neither; `EU` is one for `European Union`.
        """
        entity = self.entity(item.id) if item.id else None
        if entity is None:
            return ()
        title = fold(plain_title(entity.title)).split()
        initials = "".join(word[0] for word in title)
        kept = []
        for alias in entity.aliases:
            words = fold(alias).split()
            shared = set(words) & set(title)
            if (shared and len(words) >= min(len(title), 2)) or (len(words) == 1 and initials and words[0] == initials):
                kept.append(alias)
        return tuple(kept)

    # ------------------------------------------------------------------ edges fit to be asked about

    def askable(self, edge: Edge) -> bool:
        """Whether an edge can be put into words and its subject and value are what the relation takes."""
        saying = SAYINGS.get(edge.relation)
        if saying is None or not edge.subject or edge.source not in STATED or not self._reliable(edge):
            return False
        subject = self.entity(edge.subject)
        if subject is None or not self._fits(edge.relation, subject) or not self.nameable(edge.subject):
            return False
        wanted = _VALUE_TYPES.get(saying.asked)
        if wanted is not None:
            return edge.value_type in wanted and self._readable(edge)
        if edge.object is None:
            if edge.relation == "named_after" and " " not in edge.value:  # `an apostle`, of which there are twelve
                return False
            return edge.value_type == "entity" and sayable(edge.value) and len(edge.value) > 4
        value = self.entity(edge.object)
        if saying.asked == "place" and subject.kind != "person" and _ELECTS.search(subject.title):
            return False
        if value is not None and saying.asked == "place" and _ELECTS.search(value.title):
            return False
        kinds = ("organization", "") if edge.relation in _OF_ORGANISATIONS else _KINDS.get(saying.asked)
        if value is not None and (
            self._other_trade(edge.relation, value)
            or self._out_of_time(edge, value)
            or self._strange(edge, subject, value)
        ):
            return False
        return (
            value is not None
            and edge.object != edge.subject
            and (kinds is None or value.kind in kinds)
            and self.nameable(edge.object)
        )

    def _other_trade(self, relation: str, value: Entity) -> bool:
        """Whether a value is a namesake in all likelihood: a general who wrote a film, a band that broadcast it."""
        noun = self._noun_at(value.number)
        if relation in _MADE_BY or relation == "starring":
            return noun in _OTHER_TRADES or noun.endswith(" player") or bool(_PLAYER.search(value.description))
        return relation in _RUN_BY and noun in ("band", "rock band", "orchestra", "choir")

    def _out_of_time(self, edge: Edge, value: Entity) -> bool:
        """Whether a value is a namesake since a person of that name lived at another time than the thing was made."""
        if value.kind != "person" or edge.relation not in _MAKERS | _KIN:
            return False
        if edge.relation in _KIN:
            return self._apart(edge.subject, value.id) or self._apart(value.id, edge.subject)
        made, born, died = (
            self._years(edge.subject, "made"),
            self._years(value.id, "born"),
            self._years(value.id, "died"),
        )
        if made and born and max(made) < min(born) + 4:
            return True
        return bool(made and died) and min(made) > max(died) + _OUTLIVED.get(edge.relation, 25)

    def _apart(self, first: str, second: str) -> bool:
        """Whether a person was born a generation after another one had died."""
        born, died = self._years(first, "born"), self._years(second, "died")
        return bool(born and died) and min(born) > max(died) + 30

    def _years_of(self, identity: str, of: str) -> tuple[int, ...]:
        """Return the years in which a thing was made, or a person was born or died, as far as the graph has them."""
        names = {"made": _MADE_ON, "born": ["born_on"], "died": ["died_on"]}[of]
        wanted = [number for number, name in enumerate(self.graph.relation_names) if name in names]
        numbers = self.graph.numbers_of(self.graph.number(identity))
        kept = numbers[np.isin(self.graph.relation_numbers[numbers], wanted)]
        days = (day_of(item_of(self.graph.edge(number))) for number in kept.tolist())
        return tuple(day.year for day in days if day is not None)

    def _strange(self, edge: Edge, subject: Entity, value: Entity) -> bool:
        """Whether a fact is one that nobody would state of such things: it comes from a name that was misread."""
        if edge.relation in ("born_in", "died_in", "located_in") and fold(edge.value) in self.demonyms:
            return True
        if edge.relation == "based_on":  # a sequel is not based on the film whose name it goes on with
            return fold(plain_title(subject.title)).startswith(fold(plain_title(value.title)))
        if edge.relation in ("located_in", "headquarters") and subject.kind == "organization":
            return value.kind == "building" or self._noun_at(subject.number).endswith("party")
        if edge.relation == "named_after":
            return value.kind in ("", "substance", "product")
        if edge.relation == "member_of":  # one plays for a team and works for a company
            said = (self._noun_at(value.number), value.description, value.title)
            return any(_TEAM.search(one.casefold()) for one in said)
        if edge.relation == "plays_for":
            return self._noun_at(subject.number) in _ALONE
        if edge.relation == "winner" and edge.evidence.document == edge.object:  # a cup is won every year anew
            return not any(char.isdigit() for char in subject.title)
        return False

    def fits(self, relation: str, identity: str) -> bool:
        """Whether a relation can be said of a thing."""
        subject = self.entity(identity)
        return subject is not None and self._fits(relation, subject)

    def _reliable(self, edge: Edge) -> bool:
        """Whether a fact stands on the page of its subject or value, or on one that is an authority by its own account.

        What a guide, an almanac or a newspaper says in passing may be contradicted by what the graph has missed.
        """
        page = edge.evidence.document
        return page in (edge.subject, edge.object) or self.authority(page)[0] > 0

    def _authority(self, identity: str) -> tuple[float, str]:
        document = self.text_of(identity)
        if document is None:
            return 0.0, ""
        return authority(Page(document.id, document.title, document.text[:2000]))

    @staticmethod
    def _readable(edge: Edge) -> bool:
        if edge.value_type in ("date", "year"):
            return read_day(edge.normal or edge.value) is not None
        return 0 < len(edge.value) <= 60

    @staticmethod
    def _fits(relation: str, subject: Entity) -> bool:
        if relation in PERSON_RELATIONS:
            return subject.kind == "person" and not _NO_PERSON.match(subject.title)
        if relation in _TAKEN_BY:
            return subject.kind in _TAKEN_BY[relation]
        if relation in ("held_on", "held_in") and noun_of(subject.description, subject.kind) in _FOUGHT:
            return False
        if relation == "founded" and noun_of(subject.description, subject.kind) in _BUILT:
            return False
        if relation in _OF_BUILDINGS and noun_of(subject.description, subject.kind) in (*SETTLEMENTS, "place"):
            return False
        if relation in ("set_out", "destination"):
            return noun_of(subject.description, subject.kind) in _SENT
        if relation in ("flows_into", "source"):
            return noun_of(subject.description, subject.kind) in _STREAMS
        if relation == "area" and noun_of(subject.description, subject.kind) in _LONG:
            return False
        if relation == "height" and subject.kind == "place":
            return noun_of(subject.description, subject.kind) in _HIGH
        if relation in WORK_RELATIONS:
            noun = noun_of(subject.description, subject.kind)
            if relation == "network" and noun in _UNAIRED:
                return False
            if (relation in _OF_FILMS and noun in _NO_FILMS) or (relation in _OF_RECORDS and noun in _FILMS):
                return False
            return subject.kind in ("work", "product")
        return subject.kind not in ("person", "")

    def single(self, edge: Edge) -> bool:
        """Whether the relation of an edge has this one value alone."""
        return len(self.values(edge.subject, edge.relation)) == 1

    def values(self, subject_id: str, relation: str) -> list[Item]:
        """Return the distinct values of a relation; a date and its vaguer form count once."""
        return merged(list(dict.fromkeys(item_of(edge) for edge in self.edges_of(subject_id, relation))))

    def known_well(self, identity: str) -> bool:
        """Whether more documents point at a thing than a relation of many to one can be trusted to be unique over."""
        return len(self.graph.numbers_to(self.graph.number(identity))) > MAX_POINTING

    def takes(self, asked: str, identity: str) -> bool:
        """Whether a thing is of a kind that is asked for: a person, a place, an organisation, a work."""
        entity, kinds = self.entity(identity), _KINDS.get(asked)
        return entity is not None and kinds is not None and entity.kind in kinds

    # ------------------------------------------------------------------ steps

    def steps_on(self, edge: Edge) -> bool:
        """Whether a relation leads from its subject to this one thing: `the birthplace of …`."""
        saying = SAYINGS[edge.relation]
        return (
            edge.object is not None
            and saying.single
            and edge.relation not in LAST_ONLY
            and (edge.relation != "named_after" or self._is_person(edge.object))
            and self.nameable(edge.object)
            and self.single(edge)
        )

    def _is_person(self, identity: str) -> bool:
        found = self.entity(identity)
        return found is not None and found.kind == "person"

    def leads_back(self, edge: Edge) -> bool:
        """Whether a relation leads back from its value to this one subject: `the film that was directed by …`.

        No other document about a thing of the same noun may point at the value at all, so that a fact which the graph
        missed cannot make the phrase mean two things.
        """
        found, noun = self.entity(edge.subject), self.noun(edge.subject)
        if edge.object is None or found is None or not self.nameable(edge.subject) or noun in UNSAYING:
            return False
        if edge.relation in ONE_OF_MANY or (edge.relation == "winner" and not re.search(r"\d", found.title)):
            return False
        if edge.relation in MANY_TO_ONE and (noun in GENERIC or self.known_well(edge.object)):
            return False  # `the person who was born in Omaha` may be anyone
        return self.rivals(edge.object, noun) == (found.id,)

    def leads(self, identity: str, steps: int) -> bool:
        """Whether an entity can be referred to over a number of steps, as far as each step alone tells."""
        key = (identity, steps)
        if key not in self._leads:
            ways = self.ways(identity) if steps else ()
            self._leads[key] = (
                any(self.leads(way.start, steps - 1) for way in ways) if steps else self.nameable(identity)
            )
        return self._leads[key]

    def _ways(self, identity: str) -> tuple[Way, ...]:
        into = self.facts_to(identity)
        if len(into) > MAX_WAYS:
            into = into[:: len(into) // MAX_WAYS]
        onward = [Way(edge, edge.subject, False) for edge in into if self.steps_on(edge)]
        back = [
            Way(edge, edge.object, True)
            for edge in self.facts_of(identity)
            if edge.object is not None and self.leads_back(edge)
        ]
        return (*onward, *back)

    # ------------------------------------------------------------------ rivals

    def _rivals(self, identity: str, noun: str) -> tuple[str, ...] | None:
        numbers = self.graph.numbers_to(self.graph.number(identity))
        if len(numbers) > 4 * MAX_RIVALS:
            return None
        subjects = sorted({int(number) for number in self.graph.subject_numbers[numbers] if number >= 0})
        if len(subjects) > MAX_RIVALS:
            return None
        nouns = (noun, generic_of(noun))
        return tuple(self.graph.entity_at(number).id for number in subjects if self._noun_at(number) in nouns)

    def tables_of(self, number: int) -> GraphTable:
        """Return a table of the graph."""
        return self.table(number)
