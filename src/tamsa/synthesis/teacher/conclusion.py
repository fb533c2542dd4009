"""How the teacher gets from facts to the answer, and how it writes the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

from tamsa.agent.react import NOT_FOUND
from tamsa.synthesis.records import Evidence, GoldQuestion, Settlement
from tamsa.synthesis.teacher.facts import Read
from tamsa.synthesis.teacher.needs import find_form, stages
from tamsa.synthesis.teacher.wording import base_name
from tamsa.tools.fencing import neutralise
from tamsa.types import Document

MAX_LISTED = 4
"""Rows of a table that are named beside the best one."""
_NUMBER = re.compile(r"-?\d[\d,. ]*")
_MONTHS = "January February March April May June July August September October November December".split()
_DATE = re.compile(rf"(?:(\d{{1,2}}) )?({'|'.join(_MONTHS)}) (?:(\d{{1,2}}), )?(\d{{3,4}})")


def measure(text: str) -> float | None:
    """Put a date, a year or a quantity on a scale; None where there is none."""
    if match := _DATE.search(text):
        return int(match[4]) + (_MONTHS.index(match[2]) * 31 + int(match[1] or match[3] or 1)) / 400
    if match := _NUMBER.search(text):
        digits = match[0].replace(",", "").replace(" ", "").rstrip(".")
        try:
            return float(digits)
        except ValueError:
            return None
    return None


def short_answer(question: GoldQuestion, facts: Sequence[Read]) -> str:
    """Return the accepted answer as the sources write it, where they do."""
    if question.kind == "unanswerable":
        return NOT_FOUND
    read = " ".join(fact.sentence for fact in facts)
    return next((answer for answer in question.answers if answer in read), question.answers[0])


def conclude(question: GoldQuestion, facts: Sequence[Read], read: str) -> str:
    """Say how the answer follows from the facts; empty where the last fact is the answer.

    Args:
        question: the question.
        facts: what was read for it.
        read: the text of all opened pages, white space folded.
    """
    answer = short_answer(question, facts)
    match question.kind:
        case "unanswerable":
            needs = stages(question)[-1][0]
            return f"No document read says {needs.label}."
        case "counting":
            rows = [f"{number}. {_row(fact)}" for number, fact in enumerate(_counted(facts), start=1)]
            where = question.form.get("where")
            test = f"{' '.join(map(str, where)).replace('_', ' ')}: " if _simple(where) else ""
            return f"{test}{'; '.join(rows)}. Count: {answer}."
        case "comparison" | "temporal" | "yes_no":
            return _compare(question, facts, answer)
    return ""


def settling(settlement: Settlement) -> str:
    """Give the reason of a settlement, the winner as `It`: its title stands before."""
    title = re.escape(settlement.winner.title)
    return re.sub(rf"^{title}(?: \(\d+\))?", "It", settlement.reason)


def _simple(where: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(where, list | tuple) and len(where) == 3 and not isinstance(where[0], list | tuple)


def _row(fact: Read) -> str:
    value = base_name(fact.hop.value)
    return f"{base_name(fact.hop.subject)} {value}"


def _counted(facts: Sequence[Read]) -> list[Read]:
    """Return the facts that are counted: one for each thing, those of the last relation."""
    relation = facts[-1].hop.relation
    return sorted((fact for fact in facts if fact.hop.relation == relation), key=lambda fact: fact.place.start)


def _compare(question: GoldQuestion, facts: Sequence[Read], answer: str) -> str:
    op = question.form.get("op")
    ends = [base_name(fact.hop.value) for fact in facts][-2:]
    if op == "before" and len(ends) == 2:
        first, second = (measure(end) or 0.0 for end in ends)
        return f"{ends[0]} {'<' if first < second else '>'} {ends[1]}."
    if op == "same" or (answer in ("yes", "no") and len(facts) >= 2):
        return f" {'=' if answer == 'yes' else '≠'} ".join(ends) + "."
    valued = [(measure(fact.hop.value), base_name(fact.hop.value), base_name(fact.hop.subject)) for fact in facts]
    known = [item for item in valued if item[0] is not None]
    if op in ("years_between", "gap") and len(known) == 2:
        low, high = sorted(known, key=lambda item: item[0] or 0)
        return f"{_year(high[1])} - {_year(low[1])} = {answer}."
    if question.kind == "comparison" and len(known) >= 2:
        ordered = sorted(known[-2:] if len(known) > 2 else known, key=lambda item: item[0] or 0)
        return " < ".join(f"{value} ({name})" for _, value, name in ordered) + "."
    return ""


def _year(text: str) -> str:
    match = re.search(r"\b\d{3,4}\b", text)
    return match[0] if match else text


def rank(question: GoldQuestion, row: Read, get_document: Callable[[str], Document | None]) -> str:
    """Name the best rows of the table that a row stands in, the winner first: `Lowest Points: A 14; B 16; C 20.`"""
    document = get_document(row.place.document)
    named = f"{base_name(row.hop.subject)}: {base_name(row.hop.value)}."
    if document is None or "|" not in row.sentence:
        return row.claim
    start = document.text.rfind("\n\n", 0, row.place.start)
    end = document.text.find("\n\n", row.place.end)
    lines = document.text[start + 2 if start >= 0 else 0 : end if end > 0 else None].splitlines()
    cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines if line.startswith("|")]
    if lines and not any(line.startswith("|") for line in lines):
        cells = [[cell.strip() for cell in line.split("|")] for line in lines if "|" in line]
    own = [cell.strip() for cell in row.sentence.strip().strip("|").split("|")]
    columns = [i for i, cell in enumerate(own) if cell == row.hop.value]
    names = [i for i, cell in enumerate(own) if cell == base_name(row.hop.subject) or cell == row.hop.subject]
    if len(cells) < 3 or not names or not columns:
        return named
    year = str(question.form.get("year") or "")
    column = next((i for i in columns if year and cells[0][i] == year), columns[-1])
    want = (find_form(question.form, "best") or question.form).get("want", "max")
    low = want == "min"
    best = sorted(
        ((value, line[names[0]], line[column]) for line in cells[1:] if len(line) == len(own)
         and (value := measure(line[column])) is not None),
        key=lambda item: item[0] if low else -item[0],
    )  # fmt: skip
    if not best or best[0][1] != own[names[0]]:
        return named
    listed = "; ".join(f"{name} {text}" for _, name, text in best[: MAX_LISTED - 1])
    return f"{'Lowest' if low else 'Highest'} {cells[0][column]}: {listed}."


def write_answer(
    question: GoldQuestion, facts: Sequence[Read], against: Sequence[tuple[Evidence, str]]
) -> tuple[str, str]:
    """Write the short answer and the content of `<answer>`: one finding for each stretch of text, with its quote."""
    short = short_answer(question, facts)
    parts = [short]
    if question.kind == "counting" and facts:
        counted = _counted(facts)
        for fact in facts:
            if fact.place not in {item.place for item in counted}:
                parts.append(_finding(fact.claim, [(fact.place, fact.sentence)]))
        names = ", ".join(base_name(fact.hop.subject) for fact in counted)
        parts.append(_finding(f"{short}: {names}.", [(fact.place, fact.sentence) for fact in counted]))
        return short, "".join(parts)
    merged: dict[Evidence, list[Read]] = {}
    for fact in facts:
        merged.setdefault(fact.place, []).append(fact)
    for index, (place, group) in enumerate(merged.items()):
        claim = " ".join(dict.fromkeys(fact.claim for fact in group))
        contested = against if index == 0 and question.kind == "conflict" else ()
        reason = settling(question.settlement) if contested and question.settlement else ""
        parts.append(_finding(claim, [(place, group[0].sentence)], contested, reason))
    return short, "".join(parts)


def _finding(
    claim: str,
    quotes: Sequence[tuple[Evidence, str]],
    against: Sequence[tuple[Evidence, str]] = (),
    reason: str = "",
) -> str:
    seen = dict.fromkeys(quotes)
    body = "".join(f'<quote doc="{_attribute(place)}">{sentence}</quote>' for place, sentence in seen)
    body += "".join(
        f'<quote doc="{_attribute(place)}" stance="against">{sentence}</quote>' for place, sentence in against
    )
    settled = f"<settlement>{reason}</settlement>" if reason else ""
    return f"<finding>{claim}{body}{settled}</finding>"


def _attribute(place: Evidence) -> str:
    return neutralise(place.title).replace('"', "'").replace("<", "‹").replace(">", "›")
