"""Questions kept for evaluation: no data set of their synthesis sees them."""

from __future__ import annotations

from collections.abc import Sequence

from tamsa.synthesis.records import GoldQuestion

HELD_OUT = "held_out.jsonl"


def hold_out(questions: Sequence[GoldQuestion], number: int) -> tuple[list[GoldQuestion], list[GoldQuestion], int]:
    """Part questions: those that are trained on, and `number` for evaluation, evenly spread over their order.

    A question that rests on the very facts of one held out, whatever its wording, is trained on by nobody either.

    Returns:
        The questions to train on, those held out, and how many were dropped for their facts.
    """
    number = min(number, len(questions))
    chosen = {index * len(questions) // number for index in range(number)} if number else set()
    held = [questions[index] for index in sorted(chosen)]
    facts = {_facts(question) for question in held if question.chain}
    others = [question for index, question in enumerate(questions) if index not in chosen]
    kept = [question for question in others if not question.chain or _facts(question) not in facts]
    return kept, held, len(others) - len(kept)


def _facts(question: GoldQuestion) -> frozenset[tuple[str, str, str]]:
    return frozenset((hop.subject, hop.relation, hop.value) for hop in question.chain)
