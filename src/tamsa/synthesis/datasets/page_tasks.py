"""Tasks over single pages and tables: what a page states, said again in other forms."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from random import Random

from tamsa.synthesis.datasets.midtraining import Task, ask_and_reply
from tamsa.synthesis.graph import GraphTable
from tamsa.synthesis.records import Edge, GoldQuestion
from tamsa.synthesis.teacher.wording import base_name
from tamsa.types import Document

MAX_PAGE_CHARS = 6_000
"""Longer pages are shown up to here; facts beyond are left out of their tasks."""
MAX_FACTS = 12
MAX_SUMMARY = 4
MAX_ROWS = 20
_POINTERS = frozenset({"links_to", "mentions"})


def page_tasks(document: Document, edges: Sequence[Edge], random: Random) -> Iterator[Task]:
    """Yield the tasks of one page.

    Args:
        document: the page.
        edges: what the graph has from this page, in any order.
        random: chooses the wording of the prompts.
    """
    shown = document.text[:MAX_PAGE_CHARS]
    facts = [
        edge
        for edge in edges
        if edge.relation not in _POINTERS and edge.evidence.document == document.id and edge.evidence.end <= len(shown)
    ]
    facts = list({(e.subject_title, e.relation, e.value): e for e in sorted(facts, key=_place)}.values())
    if len(facts) < 2:
        return
    page = f"# {document.title}\n\n{shown}"
    yield _extraction(document, facts, page, random)
    summary = _summary(document, facts, page, random)
    if summary is not None:
        yield summary
    yield _restructuring(document, facts, page, random)


def _place(edge: Edge) -> tuple[int, int, str]:
    return edge.evidence.start, edge.evidence.end, edge.relation


def _name(relation: str) -> str:
    return relation.removeprefix("column:").replace("_", " ")


def _sentence(document: Document, edge: Edge) -> str:
    return " ".join(document.text[edge.evidence.start : edge.evidence.end].split())


def _extraction(document: Document, facts: Sequence[Edge], page: str, random: Random) -> Task:
    request = random.choice(
        (
            "Extract the facts of this page, one JSON object a line: subject, relation, value, and the exact sentence.",
            "List every fact that the page states as a JSON line with subject, relation, value and evidence.",
            "Read the page and write down its facts as JSON lines (subject, relation, value, evidence).",
        )
    )
    lines = [
        json.dumps(
            {
                "subject": edge.subject_title,
                "relation": _name(edge.relation),
                "value": edge.value,
                "evidence": _sentence(document, edge),
            },
            ensure_ascii=False,
        )
        for edge in facts[:MAX_FACTS]
    ]
    return Task(
        f"extraction/{document.id}",
        "extraction",
        ask_and_reply(f"{request}\n\n{page}", "\n".join(lines)),
        (document.id,),
    )


def _summary(document: Document, facts: Sequence[Edge], page: str, random: Random) -> Task | None:
    """Summarise a page by the sentences that state most of its facts, in their order."""
    weight: dict[tuple[int, int], int] = {}
    for edge in facts:
        if edge.source != "table":
            key = edge.evidence.start, edge.evidence.end
            weight[key] = weight.get(key, 0) + 1
    if len(weight) < 2 or len(document.text) < 300:
        return None
    chosen = sorted(sorted(weight, key=lambda key: (-weight[key], key))[:MAX_SUMMARY])
    reply = " ".join(" ".join(document.text[start:end].split()) for start, end in chosen)
    if len(reply) > 0.7 * len(document.text):
        return None
    request = random.choice(
        ("Summarise this page in its own sentences.", "Which sentences of the page say what matters most? Copy them.")
    )
    return Task(f"summary/{document.id}", "summary", ask_and_reply(f"{request}\n\n{page}", reply), (document.id,))


def _restructuring(document: Document, facts: Sequence[Edge], page: str, random: Random) -> Task:
    about = [edge for edge in facts if edge.subject == document.id] or list(facts)
    request = random.choice(
        (
            "Turn the page into a table of attributes and values.",
            "Restructure what the page says as a two-column table.",
        )
    )
    rows = [f"| {_name(edge.relation)} | {_cell(edge.value)} |" for edge in about[:MAX_FACTS]]
    reply = "\n".join([f"| {_cell(about[0].subject_title)} | |", "| --- | --- |", *rows])
    return Task(
        f"restructuring/{document.id}",
        "restructuring",
        ask_and_reply(f"{request}\n\n{page}", reply),
        (document.id,),
    )


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def table_tasks(table: GraphTable, random: Random) -> Iterator[Task]:
    """Yield tasks over one table: rows said as sentences, and rows found by a value."""
    if table.subject_column < 0 or len(table.rows) < 2 or len(table.header) < 2:
        return
    caption = table.caption or table.title
    shown = table.rows[:MAX_ROWS]
    lines = [
        "| " + " | ".join(map(_cell, table.header)) + " |",
        "|" + " --- |" * len(table.header),
        *("| " + " | ".join(_cell(cell.text) for cell in row) + " |" for row in shown),
    ]
    said = []
    for row in shown:
        name = row[table.subject_column].text
        values = [
            f"{head} {cell.text}"
            for column, (head, cell) in enumerate(zip(table.header, row, strict=True))
            if column != table.subject_column and cell.text.strip()
        ]
        if name.strip() and values:
            said.append(f"{name}: {', '.join(values)}.")
    prompt = f"Say each row of the table as one line of text.\n\n{caption}\n" + "\n".join(lines)
    yield Task(
        f"restructuring/{table.document}/t{table.number}",
        "restructuring",
        ask_and_reply(prompt, "\n".join(said)),
        (table.document,),
    )


def statement_task(question: GoldQuestion, statements: Sequence[tuple[str, str]]) -> Task | None:
    """Make the task of writing a question from an entity's statements; None where they are fewer than two.

    Args:
        question: what the statements lead to.
        statements: (title of the page, sentence) of each fact of its chain, and of others about the same things.
    """
    listed = list(dict.fromkeys(statements))
    if len(listed) < 2 or question.kind == "unanswerable":
        return None
    lines = [f"{number}. [{title}] {text}" for number, (title, text) in enumerate(listed, start=1)]
    about = base_name(question.chain[0].subject)
    prompt = (
        f"Statements about {about} and what is connected with it:\n" + "\n".join(lines) + "\n\n"
        f"Write a question that needs {min(question.hops, len(listed))} of these statements, and its answer."
    )
    reply = f"Question: {question.question}\nAnswer: {question.answers[0]}"
    documents = tuple(dict.fromkeys(hop.evidence.document for hop in question.chain))
    return Task(f"statements/{question.id}", "statements", ask_and_reply(prompt, reply), documents)
