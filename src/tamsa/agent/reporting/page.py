"""The report as one self-contained HTML page: no script, no request, readable on a phone."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tamsa.agent.confidence import in_words
from tamsa.agent.reporting.markdown import ORDERS, STATUS_LINES, carriers, totals
from tamsa.types import Citation, Confidence, Document, Finding, PlanItem, Report

CONTEXT_CHARS = 240
"""Characters of the source shown on either side of a quote."""
MAX_STEP_CHARS = 1_500

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2024;--soft:#5f6b76;--line:#dfe3e8;--paper:#fff;--card:#f6f7f9;--accent:#0b6b57;
--mark:#fff1b8;--bad:#b3261e;--warn:#9a5b00}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#9aa5b1;--line:#343a40;--paper:#15181b;--card:#1e2226;
--accent:#5fd0b5;--mark:#5c4a00;--bad:#ff8a80;--warn:#ffc46b}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.25rem 1rem 3rem;max-width:46rem;font:1.0625rem/1.6 system-ui,sans-serif;color:var(--ink);
background:var(--paper);overflow-wrap:anywhere}
h1{font-size:1.3rem;line-height:1.35;margin:.5rem 0 1rem}h2{font-size:1.05rem;margin:2rem 0 .6rem}
.answer{background:var(--card);border-left:4px solid var(--accent);border-radius:.4rem;padding:.9rem 1.1rem;
font-size:1.35rem;font-weight:600}
.status,.sure{color:var(--warn);font-size:.95rem;margin:.6rem 0 0}.sure{color:var(--soft)}
ul,ol{padding-left:1.3rem;margin:.3rem 0}li{margin:.45rem 0}
.tag{display:inline-block;font-size:.78rem;padding:.05rem .5rem;border-radius:1rem;border:1px solid var(--line);
color:var(--soft);margin-left:.3rem;white-space:nowrap}
.tag.good{color:var(--accent);border-color:var(--accent)}.tag.bad{color:var(--bad);border-color:var(--bad)}
.tag.warn{color:var(--warn);border-color:var(--warn)}
a{color:var(--accent);text-decoration:none}sup a{font-weight:600;padding:0 .1rem}
.cite{background:var(--card);border-radius:.4rem;padding:.7rem .9rem;margin:.6rem 0}
.cite:target{outline:2px solid var(--accent)}
.cite p{margin:.3rem 0}.where{color:var(--soft);font-size:.85rem}
blockquote{margin:.4rem 0;padding-left:.8rem;border-left:3px solid var(--line)}
mark{background:var(--mark);color:inherit;border-radius:.15rem}
details{margin:.4rem 0}summary{cursor:pointer;color:var(--soft);font-size:.92rem}
pre{white-space:pre-wrap;font:.82rem/1.45 ui-monospace,monospace;background:var(--card);padding:.6rem;
border-radius:.4rem;margin:.4rem 0}
footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.8rem;color:var(--soft);font-size:.85rem}
@media print{details:not([open])>*:not(summary){display:none}.cite{break-inside:avoid}}
"""


def escape(text: str) -> str:
    """Make text literal in HTML, in an element or an attribute."""
    return html.escape(ORDERS.sub(" ", text))


def to_html(
    report: Report,
    get_document: Callable[[str], Document | None],
    steps: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Write a report as HTML.

    Args:
        report: the report.
        get_document: finds a document by id, to show each quote where it stands.
        steps: completion and observation records of the journal, shown folded away.
    """
    status = STATUS_LINES[report.status]
    parts = [
        f"<h1>{escape(report.question)}</h1>",
        f'<div class="answer">{escape(report.answer)}</div>',
        f'<p class="status">{escape(status)}</p>' if status else "",
        _confidence(report.confidence) if report.confidence is not None else "",
        _section("Findings", [f"<ul>{''.join(map(_finding, report.findings))}</ul>"] if report.findings else []),
        _section("Contradictions", [_contradiction(f) for f in report.findings if f.disputed]),
        _section("Plan", [f"<ul>{''.join(map(_plan_item, report.plan))}</ul>"] if report.plan else []),
        _section("Citations", [_citation(c, get_document(c.document)) for c in report.citations]),
        _section(
            "Notes", [f"<ul>{''.join(f'<li>{escape(n)}</li>' for n in report.notes)}</ul>"] if report.notes else []
        ),
        _section("How it was found", [_step(record) for record in steps]),
    ]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{escape(report.question[:120])}</title><style>{_STYLE}</style></head><body>"
        + "\n".join(filter(None, parts))
        + f"<footer>{escape(report.model)} · {escape(totals(report))}"
        + (f" · run {escape(report.run_id)}" if report.run_id else "")
        + "</footer></body></html>\n"
    )


def _section(title: str, parts: Sequence[str]) -> str:
    return f"<section><h2>{title}</h2>{''.join(parts)}</section>" if parts else ""


def _confidence(confidence: Confidence) -> str:
    kind = "status" if confidence.unsure else "sure"
    return f'<p class="{kind}">{escape(in_words(confidence))}</p>'


def _numbers(numbers: Sequence[int]) -> str:
    return "".join(f'<sup><a href="#c{number}">[{number}]</a></sup>' for number in numbers)


def _finding(finding: Finding) -> str:
    kind = " bad" if not finding.supported else " warn" if finding.disputed else ""
    return (
        f"<li>{escape(finding.claim)}{_numbers(finding.citations)}"
        f'<span class="tag{kind}">{escape(carriers(finding))}</span></li>'
    )


def _contradiction(finding: Finding) -> str:
    settled = escape(finding.settlement) if finding.settlement else "Not settled."
    return f"<p>{escape(finding.claim)} — contradicted by{_numbers(finding.against)}. {settled}</p>"


def _plan_item(item: PlanItem) -> str:
    kind = {"open": "", "confirmed": " good", "refuted": " bad"}[item.status]
    return f'<li>{escape(item.text)}<span class="tag{kind}">{item.status}</span></li>'


def _citation(citation: Citation, document: Document | None) -> str:
    where = [escape(citation.document), f"characters {citation.start}–{citation.end}"]
    if citation.anchor:
        where.insert(0, escape(citation.anchor))
    if document is not None and document.date:
        where.append(f"dated {escape(document.date)}")
    shown = f"<blockquote>{escape(citation.quote)}</blockquote>"
    if document is not None:
        before = document.text[max(0, citation.start - CONTEXT_CHARS) : citation.start]
        after = document.text[citation.end : citation.end + CONTEXT_CHARS]
        shown += (
            f"<details><summary>in its place</summary><blockquote>…{escape(before)}"
            f"<mark>{escape(citation.quote)}</mark>{escape(after)}…</blockquote></details>"
        )
    return (
        f'<div class="cite" id="c{citation.number}"><p><b>[{citation.number}] {escape(citation.title)}</b></p>'
        f'{shown}<p class="where">{" · ".join(where)}</p></div>'
    )


def _step(record: Mapping[str, Any]) -> str:
    if record["kind"] == "completion":
        calls = ", ".join(f"{call['name']}({_arguments(call['arguments'])})" for call in record["calls"])
        title = f"{record['step']}. {calls or 'answer'}"
        body = record.get("thought") or record["text"]
    else:
        title = f"{record['step']}. result"
        body = record["text"]
    if len(body) > MAX_STEP_CHARS:
        body = body[:MAX_STEP_CHARS] + f"\n… ({len(body):,} characters in all; the whole is in steps.jsonl)"
    return f"<details><summary>{escape(title[:300])}</summary><pre>{escape(body)}</pre></details>"


def _arguments(arguments: Mapping[str, Any]) -> str:
    return ", ".join(json.dumps(value, ensure_ascii=False) for value in arguments.values())
