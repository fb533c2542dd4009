"""The checks that look at one question alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from tamsa.scoring.metrics import exact_match, normalize_answer
from tamsa.synthesis.checks.shortcut import takes_shortcut
from tamsa.synthesis.decontamination import Evaluations
from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import FormError, evaluate
from tamsa.synthesis.questions.draft import NOT_FOUND, answers_of
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.values import answer_forms, fold, make_item, plain_title
from tamsa.types import Hit

REASONS = {
    "verifier": "its own answer does not pass the scorer, or an answer is empty",
    "form": "the form does not give the answer",
    "evidence": "a step is not stated where its evidence says",
    "leak": "the question names its answer",
    "shortcut": "one search and one page give the answer",
    "contaminated": "it overlaps with an evaluation file",
    "alike": "another question asks the same",
    "unreachable": "no search and no page that the question leads to shows what a step needs",
    "closed_book": "a model gives the answer without any document",
    "unreadable": "what a model wrote is no question with an answer, or a very long one",
}
"""Why a question is refused."""
_NAMED_IN_QUESTION = frozenset({"comparison", "yes_no", "counting", "temporal"})
"""Kinds whose question may hold the words of the answer: one of two names, yes, a number."""


class Checker:
    """Checks questions of one graph.

    Args:
        domain: the graph and its documents.
        search: plain search, `(query, k) -> hits`; None leaves the shortcut test out.
        evaluations: evaluation questions that must not be overlapped; None for none.
        kept_shortcuts: share of the questions that fail the shortcut test and are kept all the same, marked
            `shortcut`, since a model must learn the easy ones too; in [0, 1], chosen by a hash of the question.
        lost: tells what cannot be reached through the tools (`Rehearsal.lost`); None leaves that out.
    """

    def __init__(
        self,
        domain: Domain,
        search: Callable[[str, int], Sequence[Hit]] | None = None,
        evaluations: Evaluations | None = None,
        *,
        kept_shortcuts: float = 0.1,
        lost: Callable[[GoldQuestion], str] | None = None,
    ) -> None:
        self._domain = domain
        self._search = search
        self._evaluations = evaluations
        self._kept = kept_shortcuts
        self._lost = lost
        self.counts: Counter[str] = Counter()
        """`drawn`, `survived` (of the shortcut test), `passed`, and refusals by reason."""

    def check(self, question: GoldQuestion) -> GoldQuestion | str:
        """Return the question, marked where it takes a shortcut, or the name of the reason why it is refused."""
        self.counts["drawn"] += 1
        outcome = self._outcome(question)
        self.counts[outcome if isinstance(outcome, str) else "passed"] += 1
        return outcome

    def _outcome(self, question: GoldQuestion) -> GoldQuestion | str:
        if not verified(question):
            return "verifier"
        if not recomputed(question, self._domain):
            return "form"
        if leaks(question):
            return "leak"
        if not stated(question, self._domain):
            return "evidence"
        if self._evaluations is not None and self._evaluations.overlap(question) is not None:
            return "contaminated"
        self.counts["tested"] += 1
        if self._search is None or not takes_shortcut(question, self._search):
            self.counts["survived"] += 1
        else:
            digest = hashlib.blake2b(question.id.encode(), digest_size=4).digest()
            if int.from_bytes(digest) / 2**32 >= self._kept:
                return "shortcut"
            question = replace(question, shortcut=True)
        if self._lost is not None and self._lost(question):
            return "unreachable"
        return question


def check(
    question: GoldQuestion,
    domain: Domain,
    search: Callable[[str, int], Sequence[Hit]] | None = None,
    evaluations: Evaluations | None = None,
) -> GoldQuestion | str:
    """Check one question: the question, marked where it takes a shortcut, or the name of a reason in `REASONS`."""
    return Checker(domain, search, evaluations).check(question)


def verified(question: GoldQuestion) -> bool:
    """Whether every accepted answer passes the scorer and none is empty after normalisation."""
    return bool(question.answers) and all(
        normalize_answer(answer) and exact_match(answer, question.answers) == 1.0 for answer in question.answers
    )


def recomputed(question: GoldQuestion, domain: Domain) -> bool:
    """Whether the form, evaluated anew, gives the first answer and no other."""
    try:
        found = evaluate(question.form, domain)
    except FormError:
        return False
    if question.kind == "unanswerable":
        return not found and question.answers == (NOT_FOUND,)
    return len(found) == 1 and exact_match(question.answers[0], answers_of(found[0], domain, question.kind)) == 1.0


def leaks(question: GoldQuestion) -> bool:
    """Whether the question holds its own answer as a phrase."""
    if question.kind in _NAMED_IN_QUESTION or question.answers == (NOT_FOUND,):
        return False
    text = f" {fold(question.question)} "
    return any(f" {fold(answer)} " in text for answer in question.answers if fold(answer))


def stated(question: GoldQuestion, domain: Domain) -> bool:
    """Whether the evidence of every step lies in its document and holds the value of the step.

    On the page of the value itself, which calls it `he` or `the town`, the subject must stand in its place.
    """
    for hop in question.chain:
        document = domain.text_of(hop.evidence.document)
        if document is None or not 0 <= hop.evidence.start < hop.evidence.end <= len(document.text):
            return False
        text = fold(document.text[hop.evidence.start : hop.evidence.end])
        forms = {fold(form) for form in (hop.value, *answer_forms(make_item(hop.value, "date")))}
        if hop.evidence.document == hop.value_id:
            forms.add(fold(plain_title(hop.subject)))
        if not any(form and form in text for form in forms):
            return False
    return True
