"""How well a span of a page serves as what is asked for: its kind, its noun, and whether it is one name."""

from __future__ import annotations

import re

from tamsa.agent.baseline.lexicon import terms
from tamsa.agent.baseline.names import is_full_name
from tamsa.agent.baseline.nouns import COUNTRIES, Kind, noun_fit, noun_of_name
from tamsa.agent.baseline.passages import Page, Span
from tamsa.agent.baseline.state import State, fold_title

TITLE_FIT = 0.4
"""Fit to a work of what its words call a place or an event: a title is made of any words, "Sin City"."""
_JOINT = re.compile(r"\s(?:in|on|at|to|for|with)\s")
_OWNER = re.compile(r"([^'’]{2,60})['’]s\s")
_BELONGS = re.compile(r"(\S{1,30}(?:\s\S{1,30}){1,2})\sof\s")
_ONE_NAME: frozenset[Kind] = frozenset(("name", "person", "place", "org", "event", "award", "any"))
_PLACE_PREPOSITION = re.compile(
    r"\b(?:in|at|near|from|of|on|around|outside)\s+(?:the\s+)?(?:[a-z]+\s+(?:of|city|town|village)\s+)?"
    r"(?:(?:[A-Z][\w.'’-]+\s?){1,3}(?<=\w),\s+)?$"
)


def compatible(state: State, want: Kind, head: str, span: Span, page: Page) -> float:
    """Say how well a span fits the wanted kind, in [0, 1]."""
    kind, noun = span.kind, ""
    known_kind: Kind = "any"
    target = span.target or next(iter(state.by_title(span.text)), "")
    if target and _trustworthy(state, target, span, page):
        known_kind, noun = state.kind_of(target)
    if want in ("date", "year"):
        if kind == "date":
            return 1.0 if want == "date" or (span.when is not None and span.when.year) else 0.4
        return 0.0 if kind != "year" else (1.0 if want == "year" else 0.75)
    if want == "number":
        if kind != "number":
            return 0.12 if kind == "year" and head in ("number", "") else 0.0
        if head.startswith("percent"):
            return 1.0 if "%" in span.text or "percent" in page.text[span.start : span.end + 10] else 0.2
        return 1.0
    if want == "description":
        if kind == "number" and head == "position":
            return 1.0
        return 1.0 if kind == "description" else 0.2 if kind in ("name", "work", "org", "any") else 0.0
    if kind in ("date", "year", "number"):
        if kind == "year" and head in ("season", "edition"):
            return 0.8
        return 0.0 if want not in ("any", "name") else 0.25
    if want == "nationality":
        return 1.0 if kind == "nationality" else (0.35 if span.text in COUNTRIES else 0.0)
    if want == "language":
        return 0.9 if kind == "nationality" else 0.4
    if kind == "nationality":
        return 0.3 if want in ("any",) or head in ("country", "nation") else 0.05
    if want == "place" and head in ("country", "nation") and span.text in COUNTRIES:
        return 1.2
    if known_kind != "any":
        if want in ("any", "name"):
            return 0.6
        if known_kind == want:
            return noun_fit(head, noun)
        near = {("org", "place"), ("place", "org"), ("event", "award"), ("award", "event"), ("person", "org"),
                ("work", "org"), ("org", "work"), ("place", "event")}  # fmt: skip
        return 0.25 if (want, known_kind) in near else 0.06
    if kind not in ("name", "any"):
        if want in ("any", "name"):
            return 0.6
        if kind == want:
            return 0.95 * noun_fit(head, noun_of_name(span.text))
        return TITLE_FIT if want == "work" else 0.12
    before = page.text[max(0, span.start - 40) : span.start]
    num_words = len(span.text.split())
    shape = looks_like_person(span.text)
    if want == "person":
        if any(char.isdigit() for char in span.text):
            return 0.05
        return (0.8 if shape and num_words > 1 else 0.45) * (0.6 if _PLACE_PREPOSITION.search(before) else 1.0)
    if want == "place":
        return 0.8 if _PLACE_PREPOSITION.search(before) else 0.45
    return 0.6 if want in ("any", "name") else 0.5


def _trustworthy(state: State, target: str, span: Span, page: Page) -> bool:
    """Refuse a link from a common word to a title that only shares it ("patrick" to a parish)."""
    known = state.known.get(target)
    if known is None:
        return False
    if fold_title(known.title) != fold_title(span.text):
        return True  # a link that the document itself makes
    inner = re.search(r"\(([^()]*)\)$", known.title)
    if not inner:
        return " " in span.text or len(span.text) > 3
    return any(term in page.term_set for term in terms(inner[1])) or " " in span.text


def looks_like_person(text: str) -> bool:
    """Tell whether a name has the shape of a person's name."""
    tokens = text.split()
    if not 1 <= len(tokens) <= 5 or tokens[0] in ("The", "A", "An"):
        return False
    return all(token[:1].isupper() or token.casefold() in ("de", "von", "van", "der", "da", "al", "bin", "ibn", "el",
               "la", "le", "di", "du", "of", "dos", "del") for token in tokens)  # fmt: skip


def wholeness(state: State, span: Span, want: Kind) -> float:
    """Say how far a span is one name, in [0, 1]: not two names joined, nor a name with whom or what it belongs to."""
    text = span.text
    if " and " in text and want != "org":
        return 0.75
    owner = _OWNER.match(text)
    if owner and (want not in ("work", "any", "name") or is_full_name(owner[1]) or state.by_title(owner[1])):
        return 0.6  # "Albion's Parla" as the name of a label
    belongs = want == "person" and _BELONGS.match(text)
    return 0.3 if belongs and is_full_name(belongs[1]) else 1.0  # "Ada Rinn of Velda"


def is_run_on(span: Span) -> bool:
    """Tell whether a span is two names: "Summer Olympics in Mexico City"."""
    return not span.target and span.kind in _ONE_NAME and _JOINT.search(span.text) is not None
