"""One question's outcome, scored from its report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tamsa.agent.react import NOT_FOUND
from tamsa.eval.questions import Question
from tamsa.scoring.metrics import check_citations, exact_match, f1_score, recall, recall_at_k
from tamsa.types import Confidence, Document, Likelihood

MAX_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge said of one answer; `correct` is None where it could not be read."""

    correct: bool | None
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """Scores and costs of one question. A run that failed has zeros for scores and None for costs."""

    id: str
    question: str
    answers: tuple[str, ...]
    kind: str | None
    answer: str
    status: str
    failure: str | None
    """Why the run failed, where it did."""
    em: float
    f1: float
    recall_at_2: float | None
    recall_at_5: float | None
    visited_recall: float | None
    num_citations: int
    num_correct_citations: int
    citation_problems: tuple[str, ...]
    visited: tuple[str, ...]
    """Ids of the documents opened."""
    steps: int | None
    calls: int | None
    tokens: int | None
    seconds: float | None
    cost: float | None
    confidence: Confidence | None
    run_id: str
    judge: Verdict | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the line of `predictions.jsonl`."""
        return asdict(self)


def is_unanswerable(question: Question) -> bool:
    """Say whether the gold answer is that the documents do not tell."""
    return NOT_FOUND in question.answers


def score(
    question: Question,
    report: Mapping[str, Any] | None,
    failure: str | None,
    ranked_titles: Sequence[str],
    get_document: Callable[[str], Document | None],
) -> Result:
    """Score one question.

    Args:
        question: with its gold answers.
        report: the run's `report.json`; None where the run failed without one.
        failure: why it failed; None where it did not.
        ranked_titles: titles that a search for the question itself returned, best first.
        get_document: finds documents of the index by id, for visited titles and citations.
    """
    supporting = question.supporting_titles
    report = report or {}
    status = str(report.get("status", "failed"))
    if status == "failed" and failure is None:
        failure = "; ".join(map(str, report.get("notes", ()))) or "the run failed"
    answer = str(report.get("answer", "")) if failure is None else ""
    if is_unanswerable(question) and status == "not_found":
        em = f1 = 1.0
    elif answer.strip():
        em, f1 = exact_match(answer, question.answers), f1_score(answer, question.answers)
    else:
        em = f1 = 0.0
    visited = tuple(str(doc_id) for doc_id in report.get("visited", ()))
    opened = [document.title for doc_id in visited if (document := get_document(doc_id)) is not None]

    def text_of(doc_id: str) -> str | None:
        document = get_document(doc_id)
        return None if document is None else document.text

    citations = check_citations(report, text_of)
    usage = report.get("usage", {})
    return Result(
        id=question.id,
        question=question.question,
        answers=question.answers,
        kind=question.kind,
        answer=answer,
        status="failed" if failure is not None else status,
        failure=failure,
        em=em,
        f1=f1,
        recall_at_2=recall_at_k(supporting, ranked_titles, 2),
        recall_at_5=recall_at_k(supporting, ranked_titles, 5),
        visited_recall=recall(supporting, opened),
        num_citations=citations.num_citations,
        num_correct_citations=citations.num_correct,
        citation_problems=citations.problems[:MAX_PROBLEMS],
        visited=visited,
        steps=usage.get("num_steps"),
        calls=usage.get("num_calls"),
        tokens=usage.get("total_tokens"),
        seconds=usage.get("seconds"),
        cost=usage.get("cost"),
        confidence=_read_confidence(report.get("confidence")) if failure is None else None,
        run_id=str(report.get("run_id", "")),
    )


def _read_confidence(value: object) -> Confidence | None:
    """Read the confidence of a `report.json`; None where it has none that can be read."""
    if not isinstance(value, Mapping):
        return None
    try:
        likelihood = Likelihood(**value["likelihood"])
        return Confidence(float(value["probability"]), bool(value["calibrated"]), likelihood)
    except (KeyError, TypeError, ValueError):
        return None
