"""Writing the answer: the short answer, then a finding with an exact quote for each hop."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tamsa.agent.baseline.conflicts import Settlement
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.react import NOT_FOUND

MAX_QUOTE_CHARS = 600
MIN_QUOTE_CHARS = 8
MAX_FINDINGS = 8
MAX_CLAIM_CHARS = 260
MIN_CLAIM_CHARS = 24
_UNSAFE = re.compile(r"[<>‹›{}\[\]|]|https?:")
"""Marks of a sentence that is not said in our own words."""
_CLAUSE_END = re.compile(r"[;:]\s|,\s|\s(?:and|but|while|whereas|before|after)\s|\.$")
_FULL_VERB = re.compile(
    r"\s(?:is|was|are|were|has|had|have|rises|stands|lies|flows|[a-z]{2,}ed|won|wrote|led|made|took|gave|built|held)\s",
    re.I,
)
_PRONOUN = re.compile(r"(He|She|It|They|His|Her|Its|Their)\b")
_OPENERS = frozenset("The A An In On At Its His Her Their This That It He She They As For From By With".split())
_TAG = re.compile(
    r"<\s*/?\s*(?:think|tool_call|tool_response|answer|finding|quote|settlement)\b[^<>]*>?", re.IGNORECASE
)


def render(answer: str, chain: Sequence[Reading], settlement: Settlement | None = None) -> str:
    """Write an answer turn.

    Args:
        answer: the short answer, or the empty string where nothing answers.
        chain: the readings that it rests on, first hop first.
        settlement: how a disagreement was settled; its winner is the last reading.
    """
    short = plain(answer) or NOT_FOUND
    parts = [f"<answer>{short}"]
    seen: set[tuple[str, str]] = set()
    readings = [reading for reading in chain if settlement is None or reading is not settlement.winner]
    for reading in readings[:MAX_FINDINGS]:
        words = quote(reading)
        if words and (reading.page.id, words) not in seen:
            seen.add((reading.page.id, words))
            parts.append(f"<finding>{claim(reading)}\n{quote_tag(reading.page, words)}\n</finding>")
    if settlement is not None:
        parts.append(_disputed(settlement))
    return "\n".join(parts) + "</answer>"


def _disputed(settlement: Settlement) -> str:
    lines = [f"<finding>{claim(settlement.winner)}"]
    shown: set[str] = set()
    for side, tag in ((settlement.carrying, False), (settlement.against, True)):
        for reading in side[:4]:
            words = quote(reading)
            if words and words not in shown:
                shown.add(words)
                lines.append(quote_tag(reading.page, words, against=tag))
    lines.append(f"<settlement>{plain(settlement.reason)}</settlement>")
    return "\n".join(lines) + "\n</finding>"


def claim(reading: Reading) -> str:
    """State in a sentence what a reading says, in the words of its page with the subject put in."""
    title, text = plain(reading.page.title), plain(reading.text)
    stated = _row_statement(reading) if reading.sentence.row else _statement(reading)
    if stated:
        return plain(stated)
    if reading.is_title or title == text:
        return f"“{title}” fits what is asked."
    return f"According to “{title}”, the answer is {text}."


def _statement(reading: Reading) -> str:
    """Cut the clause that holds a reading out of its sentence and name its subject; empty where that cannot be done."""
    sentence, page = reading.sentence, reading.page
    body = sentence.text
    if _UNSAFE.search(body) or "\n" in body:
        return ""
    held = 0 if reading.is_title else reading.end - sentence.start
    if not 0 <= held <= MAX_CLAIM_CHARS:
        return ""
    stop = len(body)
    for cut in _CLAUSE_END.finditer(body, max(held, MIN_CLAIM_CHARS)):
        before = body[: cut.start()]
        if before.count("(") == before.count(")") and _FULL_VERB.search(re.sub(r"\([^()]*\)", "", before)):
            stop = cut.start()
            break
    if stop > MAX_CLAIM_CHARS:
        return ""
    piece = body[:stop].rstrip(" .,;:")
    bullet = re.match(r"[-*•]\s+", piece)
    piece = piece[bullet.end() :] if bullet else piece
    pronoun = _PRONOUN.match(piece)
    if pronoun:
        name = page.name + ("’s" if pronoun[1].casefold() in ("his", "her", "its", "their") else "")
        piece = f"{name}{piece[pronoun.end(1) :]}"
    elif not _names_subject(piece, page):
        first = piece.split(" ", 1)[0]
        piece = f"According to “{page.title}”, {piece[0].lower() if first in _OPENERS else piece[0]}{piece[1:]}"
    return f"{piece[0].upper()}{piece[1:]}."


def _row_statement(reading: Reading) -> str:
    """Read a row of a table out: its first cell, then what the other columns say of it."""
    page = reading.page
    for table in page.tables:
        for cells, (start, end) in zip(table.rows, table.spans, strict=True):
            if start <= reading.start < end and cells:
                named = [f"{head} {cell}" for head, cell in zip(table.header[1:], cells[1:], strict=False) if cell]
                told = f"“{page.title}” lists {cells[0]}" + (f" with {', '.join(named[:4])}" if named else "")
                return "" if _UNSAFE.search(told) or len(told) > MAX_CLAIM_CHARS else f"{told}."
    return ""


def _names_subject(piece: str, page: Page) -> bool:
    """Tell whether a clause opens with the subject of its page, by its name or a part of it."""
    opening = piece[: MIN_CLAIM_CHARS + len(page.name)]
    return any(len(word) > 2 and word[:1].isupper() and word in opening for word in page.name.split())


def quote(reading: Reading) -> str:
    """Cut an exact quote out of the page around a reading; control tags are left out of it."""
    page = reading.page
    sentence = reading.sentence
    start, end = min(sentence.start, reading.start), max(sentence.end, reading.end)
    start, end = max(0, start), min(len(page.text), end)
    if end - start > MAX_QUOTE_CHARS:
        start = max(start, min(reading.start - MAX_QUOTE_CHARS // 3, end - MAX_QUOTE_CHARS))
        start = max(0, start)
        end = min(end, start + MAX_QUOTE_CHARS)
        if (space := page.text.rfind(" ", start, end)) > start and end < len(page.text):
            end = max(space, min(reading.end, end))
    pieces: list[tuple[int, int]] = []
    position = start
    for tag in _TAG.finditer(page.text, start, end):
        pieces.append((position, tag.start()))
        position = tag.end()
    pieces.append((position, end))
    best = next(
        (piece for piece in pieces if piece[0] <= reading.start < piece[1]), max(pieces, key=lambda p: p[1] - p[0])
    )
    words = page.text[best[0] : best[1]].strip()
    return words if len(words) >= MIN_QUOTE_CHARS and any(char.isalnum() for char in words) else ""


def quote_tag(page: Page, words: str, *, against: bool = False) -> str:
    """Write a quote with the id of its document."""
    key = page.id
    mark = "'" if '"' in key else '"'
    if "<" in key or ">" in key or mark in key:
        key = ""
    stance = ' stance="against"' if against else ""
    return f"<quote doc={mark}{key}{mark}{stance}>{words}</quote>"


def plain(text: str) -> str:
    """Make a text safe to stand between tags, on one line."""
    return " ".join(text.replace("<", "‹").replace(">", "›").split())
