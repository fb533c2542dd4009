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
    """State in words what a reading says."""
    title, text = plain(reading.page.title), plain(reading.text)
    if reading.is_title or title == text:
        return f"“{title}” fits what is asked."
    return f"“{title}” gives {text}."


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
