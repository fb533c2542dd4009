"""Questions on what documents disagree about, settled by what the documents say of themselves; else left out."""

from __future__ import annotations

from random import Random

import numpy as np

from tamsa.agent.baseline.conflicts import is_source
from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import Form
from tamsa.synthesis.questions.draft import Draft
from tamsa.synthesis.records import Edge, Settlement
from tamsa.synthesis.things import hop_of, refer
from tamsa.synthesis.values import Item, item_of, merged
from tamsa.synthesis.wording.frames import ask, fitted
from tamsa.synthesis.wording.lexicon import SAYINGS

_REMINDERS = (
    "", "", "", " The sources disagree.", " Settle the disagreement between the sources.",
    " Weigh the sources against each other.", " Say which source is to be believed.",
)  # fmt: skip


_MADE_BY = frozenset("designed_by painter inventor author described_by discovered_by composer".split())
"""Relations to people that have one value by their nature."""


def disputes(domain: Domain) -> list[tuple[str, str]]:
    """Return every subject and relation with more than one value, where the relation has one by its nature."""
    graph = domain.graph
    found: list[tuple[str, str]] = []
    for relation, saying in SAYINGS.items():
        if not saying.single or (saying.asked not in ("date", "number") and relation not in _MADE_BY):
            continue
        numbers = graph.by_relation(relation)
        subjects = graph.subject_numbers[numbers]
        values, counts = np.unique(subjects[subjects >= 0], return_counts=True)
        for subject in values[counts > 1].tolist():
            entity = graph.entity_at(int(subject))
            if len(domain.values(entity.id, relation)) > 1:
                found.append((entity.id, relation))
    return found


def claims_of(domain: Domain, subject: str, relation: str) -> dict[Item, list[Edge]]:
    """Return what is said of a subject, by value, vaguer forms of a date left out."""
    claims: dict[Item, list[Edge]] = {}
    for edge in domain.edges_of(subject, relation):
        claims.setdefault(item_of(edge), []).append(edge)
    kept = merged(list(claims))
    return {item: edges for item, edges in claims.items() if item in kept}


def settle(domain: Domain, subject: str, relation: str) -> Settlement | None:
    """Decide a dispute, None where nothing in the documents decides it.

    A value wins where one document that states it has, by its own account of itself, more authority than every
    document that states another: a correction over what it corrects, an official record over the rest. Age alone and
    numbers alone decide nothing, since one work may have been copied from another. Where a document that does not say
    what it rests on takes part, nothing is decided.
    """
    claims = claims_of(domain, subject, relation)
    edges = [edge for held in claims.values() for edge in held]
    documents = {edge.evidence.document for edge in edges}
    if len(claims) < 2 or len(documents) < 2:
        return None
    if not all(is_source(edge.evidence.title) or domain.authority(edge.evidence.document)[0] != 0 for edge in edges):
        return None
    weights: dict[Item, tuple[float, str, Edge]] = {}
    for item, held in claims.items():
        ranked = [(*domain.authority(edge.evidence.document), edge) for edge in held]
        weights[item] = max(ranked, key=lambda one: (one[0], one[2].id))
    ordered = sorted(weights.items(), key=lambda pair: -pair[1][0])
    (_, (best, reason, edge)), (_, (second, _, _)) = ordered[0], ordered[1]
    if best <= max(second, 0.0) or not reason:
        return None
    losers = [pair[1][2].evidence for pair in ordered[1:]]
    if any(loser.document == edge.evidence.document for loser in losers):
        return None
    return Settlement(
        f"{edge.evidence.title}: {reason}.",
        edge.evidence,
        tuple(losers),
        tuple(item.text for item, _ in ordered[1:]),
    )


def conflict(domain: Domain, random: Random, found: list[tuple[str, str]]) -> Draft | None:
    """Draw a question about a disputed value that the documents themselves decide."""
    if not found:
        return None
    subject, relation = random.choice(found)
    settlement = settle(domain, subject, relation)
    if settlement is None:
        return None
    edges = [
        edge
        for edge in domain.edges_of(subject, relation)
        if edge.evidence.document == settlement.winner.document and domain.askable(edge)
    ]
    thing = refer(domain, subject, random.choice((0, 0, 0, 1)), random)
    if not edges or thing is None:
        return None
    form: Form = {
        "op": "settled", "of": thing.form, "relation": relation, "winner": settlement.winner.document,
    }  # fmt: skip
    losers = [edge for edge in domain.edges_of(subject, relation) if edge.evidence in settlement.losers]
    question = ask(fitted(SAYINGS[relation], item_of(edges[0])), thing.phrase, random) + random.choice(_REMINDERS)
    hops = (*thing.hops, hop_of(edges[0]), *(hop_of(edge) for edge in losers))
    return Draft(
        "conflict",
        question,
        form,
        item_of(edges[0]),
        hops,
        thing.operations,
        (*thing.relations, relation),
        settlement,
    )
