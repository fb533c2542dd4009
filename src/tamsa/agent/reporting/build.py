"""From an answer as a model wrote it to a report in which every citation is verified."""

from __future__ import annotations

import re
from collections.abc import Callable

from tamsa.agent.citations import verify
from tamsa.agent.react import NOT_FOUND, Claim, parse_answer
from tamsa.agent.transcript import Transcript
from tamsa.types import Confidence, Document, Report, RunStatus

_NOT_FOUND = re.compile(r"\W*not[ _-]found\W*", re.IGNORECASE)


def build_report(
    state: Transcript,
    *,
    question: str,
    model: str,
    run_id: str,
    get_document: Callable[[str], Document | None],
    confidence: Confidence | None = None,
) -> Report:
    """Make the report of a finished run.

    Args:
        state: the transcript; its answer is set.
        question: as asked.
        model: the model's spec.
        run_id: id of the run folder, or the empty string.
        get_document: finds a document by id, to verify the quotes.
        confidence: how sure the model is of the answer.
    """
    answer = parse_answer(state.answer or "")
    claims = tuple(claim for claim in answer.claims if claim.text)
    short = answer.text
    not_found = bool(_NOT_FOUND.fullmatch(short)) or not (short or claims)
    if not_found:
        short = NOT_FOUND
    elif not claims:
        claims = (Claim(short, ()),)
    elif not short:
        short = claims[0].text
    verified = verify(claims, get_document, state.visited)
    notes = [*state.notes, *verified.notes]
    if not not_found and not any(finding.supported for finding in verified.findings):
        notes.append("no verified quote carries this answer; treat it as unsupported")
    status: RunStatus = "not_found" if not_found else "forced" if state.forced else "answered"
    return Report(
        question=question,
        answer=short,
        status=status,
        findings=tuple(verified.findings),
        citations=tuple(verified.citations),
        usage=state.spent.usage,
        seconds=state.seconds,
        num_steps=state.spent.steps,
        num_calls=state.spent.calls,
        visited=tuple(state.visited),
        model=model,
        plan=state.plan,
        run_id=run_id,
        confidence=confidence,
        notes=tuple(notes),
    )
