"""Queries for what the question's own words do not find."""

from __future__ import annotations

import re
from random import Random

from tamsa.corpus.stopwords import STOP_WORDS
from tamsa.synthesis.teacher.needs import Need, found, known
from tamsa.synthesis.teacher.sight import Sight
from tamsa.synthesis.teacher.wording import base_name, wording

MAX_WORDS = 12
_OPENING = 300
"""Characters of a page that say what it is about."""
_WORD = re.compile(r"[^\W_][\w'’-]*")


def vague_query(need: Need, random: Random) -> str:
    """Write a query that leaves out what would find the page."""
    words = wording(need.facts[0].relation)
    name = base_name(known(need.facts[0])).split()
    return f"{random.choice(name)} {words.key}" if len(name) > 1 and random.random() < 0.5 else words.key


def reworded_queries(need: Need, sight: Sight) -> list[str]:
    """Write queries in the words that pages use for such a thing, for when the question's words find nothing.

    The words are common ones of the pages that state what is needed; no name, number or end of a step that was not
    shown.
    """
    shown = set(_WORD.findall(sight.context))
    hidden: set[str] = set()
    for name in (base_name(end) for hop in sight.question.chain for end in (hop.subject, hop.value)):
        if not sight.knows(name):
            hidden |= _words(name)
    for hop in need.facts:
        hidden |= _words(found(hop)) - _words(known(hop))
    hidden -= _words(sight.question.question)
    queries = []
    for hop in need.facts[:2]:
        document = sight.document(hop.evidence.document)
        if document is None:
            continue
        start = _plain(base_name(known(hop)), shown, hidden)
        opening = document.text[:_OPENING].rpartition(" ")[0] if len(document.text) > _OPENING else document.text
        for text in (f"{sight.text(hop.evidence)} {opening}", sight.text(hop.evidence), opening):
            queries.append(" ".join(dict.fromkeys((*start, *_plain(text, shown, hidden)[:MAX_WORDS]))))
    return [query for query in dict.fromkeys(queries) if query]


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _plain(text: str, shown: set[str], hidden: set[str]) -> list[str]:
    """Return the words of a text that are no names or numbers, or were shown, each once."""
    words = [word for word in _WORD.findall(text) if len(word) > 2 and word.casefold() not in STOP_WORDS | hidden]
    kept = (word for word in words if word.casefold() in shown or (word.isalpha() and word.islower()))
    return list(dict.fromkeys(kept))
