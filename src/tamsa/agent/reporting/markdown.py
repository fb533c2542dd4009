"""The report as Markdown."""

from __future__ import annotations

import re

from tamsa.agent.confidence import in_words
from tamsa.types import Finding, Report

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|!~&])")
ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that a viewer acts on instead of showing them: control characters, and those that turn the direction."""
STATUS_LINES = {
    "answered": "",
    "forced": "A limit was reached first; this is the best answer so far.",
    "not_found": "The documents do not say.",
}


def escape(text: str) -> str:
    """Make text literal in Markdown and keep it on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(ORDERS.sub(" ", text).split()))


def code(text: str) -> str:
    """Show text as it is between backticks, on one line."""
    return f"`{' '.join(ORDERS.sub(' ', text).replace('`', ' ').split())}`"


def carriers(finding: Finding) -> str:
    """Say in words how well a finding is carried."""
    if not finding.supported:
        return "unsupported: no verified quote"
    sources = "1 source" if finding.num_sources == 1 else f"{finding.num_sources} independent sources"
    return f"{sources}, disputed" if finding.disputed else sources


def totals(report: Report) -> str:
    """Say what the run cost, in one line."""
    usage = report.usage
    cost = "" if usage.cost is None else f" · ${usage.cost:.4f}"
    return (
        f"{report.num_steps} steps · {report.num_calls} tool calls · {len(report.visited)} documents opened · "
        f"{usage.total_tokens:,} tokens ({usage.prompt_tokens:,} read, {usage.completion_tokens:,} written) · "
        f"{report.seconds:.1f} s{cost}"
    )


def to_markdown(report: Report) -> str:
    """Write a report as Markdown: answer, findings, contradictions, numbered citations, totals."""
    lines = [f"# {escape(report.question)}", "", f"**{escape(report.answer)}**", ""]
    if STATUS_LINES[report.status]:
        lines += [f"*{STATUS_LINES[report.status]}*", ""]
    if report.confidence is not None:
        lines += [f"*{in_words(report.confidence)}*", ""]
    if report.findings:
        lines += ["## Findings", ""]
        for finding in report.findings:
            marks = "".join(f"[{number}]" for number in finding.citations)
            lines.append(f"- {escape(finding.claim)} {marks} *({carriers(finding)})*")
        lines.append("")
    disputed = [finding for finding in report.findings if finding.disputed]
    if disputed:
        lines += ["## Contradictions", ""]
        for finding in disputed:
            against = "".join(f"[{number}]" for number in finding.against)
            lines.append(f"- {escape(finding.claim)}: contradicted by {against}.")
            lines.append(f"  {escape(finding.settlement) if finding.settlement else 'Not settled.'}")
        lines.append("")
    if report.plan:
        lines += ["## Plan", "", *(f"- *{item.status}*: {escape(item.text)}" for item in report.plan), ""]
    if report.citations:
        lines += ["## Citations", ""]
        for citation in report.citations:
            where = f", {escape(citation.anchor)}" if citation.anchor else ""
            lines.append(
                f"{citation.number}. **{escape(citation.title)}**{where} "
                f"({code(citation.document)}, characters {citation.start}–{citation.end}):"
            )
            lines.append(f"   > {escape(citation.quote)}")
        lines.append("")
    if report.notes:
        lines += ["## Notes", "", *(f"- {escape(note)}" for note in report.notes), ""]
    lines += ["---", f"{escape(report.model)} · {totals(report)}", ""]
    return "\n".join(lines)
