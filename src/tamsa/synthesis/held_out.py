"""Questions kept for evaluation: no data set of their synthesis sees them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tamsa.synthesis.records import GoldQuestion

HELD_OUT = "held_out.jsonl"
HELD_OUT_RECURRING = "held_out_recurring.jsonl"
"""The same in the documents' own words, where such questions are asked for."""


def hold_out(questions: Sequence[GoldQuestion], number: int) -> tuple[list[GoldQuestion], list[GoldQuestion], int]:
    """Part questions: those that are trained on, and `number` for evaluation, evenly spread over their order.

    A question that rests on the very facts of one held out, whatever its wording, is trained on by nobody either.

    Returns:
        The questions to train on, those held out, and how many were dropped for their facts.
    """
    number = min(number, len(questions))
    chosen = {index * len(questions) // number for index in range(number)} if number else set()
    held = [questions[index] for index in sorted(chosen)]
    others = [question for index, question in enumerate(questions) if index not in chosen]
    kept = apart(others, held)
    return kept, held, len(others) - len(kept)


def apart(questions: Sequence[GoldQuestion], held: Sequence[GoldQuestion]) -> list[GoldQuestion]:
    """Return the questions that are none of those held out and rest on the very facts of none of them.

    A question over sentences alone, whose steps have no value, rests on them whole: on whatever facts they state.
    """
    ids, chained = {question.id for question in held}, [question for question in held if question.chain]
    facts = {_facts(question) for question in chained}
    read = {_places(question) for question in chained}
    told = {_places(question) for question in chained if _is_told(question)}

    def is_shared(question: GoldQuestion) -> bool:
        if _is_told(question):
            return _places(question) in read
        return _facts(question) in facts or _places(question) in told

    return [q for q in questions if q.id not in ids and not (q.chain and is_shared(q))]


def sentences_of(questions: Iterable[GoldQuestion]) -> frozenset[tuple[str, int]]:
    """Return the sentences that questions rest on: ids of documents with offsets."""
    places = (place for question in questions for hop in question.chain for place in (hop.evidence, *hop.others))
    return frozenset((place.document, place.start) for place in places)


def _facts(question: GoldQuestion) -> frozenset[tuple[str, str, str]]:
    return frozenset((hop.subject, hop.relation, hop.value) for hop in question.chain)


def _places(question: GoldQuestion) -> frozenset[tuple[str, int]]:
    return frozenset((hop.evidence.document, hop.evidence.start) for hop in question.chain)


def _is_told(question: GoldQuestion) -> bool:
    return not any(hop.value for hop in question.chain)
