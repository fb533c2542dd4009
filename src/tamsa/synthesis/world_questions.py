"""Gold questions of a simulated world as records of synthesis."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tamsa.synthesis.records import Evidence, FindDocument, GoldQuestion, Hop, QuestionKind, Settlement, ValueType
from tamsa.synthesis.teacher.wording import base_name
from tamsa.types import Document
from tamsa.world.schema import RELATIONS

_SENTENCE = re.compile(r"[^\n]+?(?:[.!?](?=\s|$)|(?=\n)|$)")
_TYPES: Mapping[str, ValueType] = {"date": "date", "year": "year", "number": "quantity", "text": "text"}


def is_world_question(record: Mapping[str, Any]) -> bool:
    """Say whether a question record is of a world: its chain has lists, its query an operation."""
    chain = record.get("chain")
    return isinstance(record.get("query"), Mapping) and isinstance(chain, Sequence)


def from_world(record: Mapping[str, Any], find: FindDocument) -> GoldQuestion:
    """Make a gold question of a world's question record.

    Args:
        record: a line of a world's `questions.jsonl`.
        find: finds a page by its title.
    """
    query = record["query"]
    text = record["question"].casefold()
    known = {name for name in _names(query) if base_name(name).casefold() in text}
    hops: list[Hop] = []
    joint = query["where"] if record["kind"] == "intersection" else []
    stated_at = record.get("stated_at") or [[] for _ in record["chain"]]
    rows = zip(record["chain"], record["evidence"], record["stated_on"], stated_at, strict=True)
    for link, place, titles, spots in rows:
        subject, relation, value, _ = link
        pages = find(subject), find(value)
        inverse = subject not in known and (value in known or base_name(value).casefold() in text)
        if inverse and base_name(subject).casefold() in text:
            inverse = False
        inverse = inverse or [relation, value] in joint
        evidence = _evidence(place, find)
        found = (
            [_evidence(spot, find) for spot in spots]
            if spots
            else [spot for title in titles if (spot := locate(find(title), subject, value)) is not None]
        )
        others = tuple(spot for spot in dict.fromkeys(found) if spot != evidence)
        entity = relation not in RELATIONS or not RELATIONS[relation].literal
        hops.append(
            Hop(
                subject,
                pages[0].id if pages[0] else None,
                relation,
                value,
                pages[1].id if entity and pages[1] else None,
                evidence,
                inverse,
                others,
            )
        )
        known |= {subject, value}
    kind: QuestionKind = record["kind"]
    return GoldQuestion(
        id=record["id"],
        question=record["question"],
        answers=tuple(record["answers"]),
        kind=kind,
        hops=record["hops"],
        answer_type=_answer_type(kind, record["answers"], hops),
        chain=tuple(hops),
        supporting_titles=tuple(record["supporting_titles"]),
        relations=tuple(dict.fromkeys(hop.relation for hop in hops)),
        difficulty=record["hops"],
        form=query,
        settlement=_settlement(record.get("settlement"), find),
        parent="world",
    )


def locate(page: Document | None, subject: str, value: str) -> Evidence | None:
    """Find the one sentence or row of a page that states a fact; None where it is not certain which one does."""
    if page is None:
        return None
    names = [base_name(name).casefold() for name in (subject, value)]
    wanted = [name for name in names if name not in page.title.casefold()]
    found = [
        (match.start() + len(match[0]) - len(match[0].lstrip()), match.end())
        for match in _SENTENCE.finditer(page.text)
        if all(name in match[0].casefold() for name in wanted)
    ]
    return Evidence(page.id, page.title, *found[0]) if len(found) == 1 else None


def _names(query: Mapping[str, Any]) -> Iterator[str]:
    """Yield the titles that a formal query begins from."""
    for key in ("start", "maker", "work", "award", "country", "person"):
        if isinstance(query.get(key), str):
            yield query[key]
    if query.get("anchor"):
        yield query["anchor"][0][0]
    for entity in query.get("entities", ()):
        yield entity if isinstance(entity, str) else entity[0]
    if isinstance(query.get("where"), list) and query["where"] and isinstance(query["where"][0], list):
        yield from (value for _, value in query["where"])
    if isinstance(query.get("when"), list):
        yield query["when"][0]


def _evidence(place: Mapping[str, Any], find: FindDocument) -> Evidence:
    page = find(place["title"])
    return Evidence(page.id if page else place["title"], place["title"], place["start"], place["end"])


def _settlement(record: Mapping[str, Any] | None, find: FindDocument) -> Settlement | None:
    if record is None:
        return None
    claims = record["claims"]
    losing = [claim for claim in claims if not claim["wins"]]
    winner = next(claim for claim in claims if claim["wins"])
    return Settlement(
        reason=record["reason"],
        winner=_evidence(winner, find),
        losers=tuple(_evidence(claim, find) for claim in losing),
        losing_values=tuple(claim["value"] for claim in losing),
    )


def _answer_type(kind: str, answers: Sequence[str], hops: Sequence[Hop]) -> Any:
    if kind == "unanswerable":
        return "none"
    if answers[0] in ("yes", "no"):
        return "yes_no"
    if kind == "counting":
        return "quantity"
    final = hops[-1]
    relation = RELATIONS.get(final.relation)
    if relation is not None and relation.literal and answers[0] == final.value:
        return _TYPES[relation.range]
    return "entity" if not answers[0].isdigit() else "quantity"
