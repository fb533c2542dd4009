"""Sentences of a document, with offsets; table lines, headings and code are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_SENTENCE_CHARS = 1200
"""A longer one is no sentence (a list run together, a page without points) and is left out."""
_BREAK = re.compile(
    r"[.!?][\"'”’)\]]*(?:\s?\[[^\]\s]{1,20}(?:\s\w+)?\])*\s+(?=[\"'“‘(\[]?[^\W_a-zß-öø-ÿ])|\n+|[。！？]"
)
_SHORT = re.compile(
    r"(?:^|[\s(\[.])(?:Mr|Mrs|Ms|Dr|St|Ste|Sr|Jr|Prof|Gen|Col|Lt|Capt|Cpt|Rev|Hon|vs|v|No|Nos|Vol|approx|ca|c|b|d|r|cf"
    r"|al|etc|Inc|Ltd|Corp|Mt|Ft|Sgt|Gov|Sen|Rep|Bros|lit|transl|fl|op|ed|eds|pop|est|Fr|Adm|Maj|Brig|Cmdr|Pres|Sta"
    r"|e\.g|i\.e|[A-Z]|[A-Z]\.[A-Z]|U\.S|Ph\.D|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)\.$"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence at `[start, end)` of its document's text."""

    text: str
    start: int
    end: int
    opens: bool
    """True: the first of its paragraph."""


def split_sentences(text: str, limit: int = 400) -> Iterator[Sentence]:
    """Cut a text into sentences, at most `limit` of them; a line break always ends one."""
    start, opens, count = 0, True, 0
    for match in _BREAK.finditer(text):
        is_line = "\n" in match.group()
        if not is_line and _SHORT.search(text, max(0, match.start() - 9), match.start() + 1):
            continue
        sentence = _sentence(text, start, match.end(), opens)
        opens = is_line
        start = match.end()
        if sentence is not None:
            yield sentence
            count += 1
            if count >= limit:
                return
    sentence = _sentence(text, start, len(text), opens)
    if sentence is not None:
        yield sentence


def _sentence(text: str, start: int, end: int, opens: bool) -> Sentence | None:
    piece = text[start:end]
    body = piece.strip()
    if len(body) < 8 or len(body) > MAX_SENTENCE_CHARS or body[0] in "|#" or body.startswith("```"):
        return None
    at = start + len(piece) - len(piece.lstrip())
    return Sentence(body, at, at + len(body), opens)
