"""What two pages share, and whether a page bears out what is said of its subject."""

from __future__ import annotations

import re
from collections.abc import Callable

from tamsa.agent.baseline import attributes
from tamsa.agent.baseline.lexicon import STOP_WORDS, concept, relation_terms, terms, words
from tamsa.agent.baseline.nouns import COUNTRIES, COUNTRY_OF, DEMONYM_OF, Kind, kind_of_noun, noun_fit
from tamsa.agent.baseline.passages import Page, Span
from tamsa.agent.baseline.state import fold_title

_SAME = re.compile(r"\bsame\s+((?:[a-z.]+\s+){0,2}[a-z]+)", re.IGNORECASE)
_THINGS = ("place", "org", "person", "award", "event", "work")
_BROAD = frozenset("country nation state city town county place region province area continent island".split())
_NATION = re.compile(r"\b(?:nationality|nationalities|country|countries|nation|citizenship)\b")
_TRADE = re.compile(
    r"\b(?:profession|occupation|job|career|genre|type|kind|field|industry|business|sport|trade|line of work)s?\b"
)
_PLACE = re.compile(
    r"\b(?:city|town|state|county|place|region|area|district|province|continent|borough|neighbou?rhood|island|village|"
    r"location|hometown|birthplace|territory|prefecture)\b"
)
_TIME = re.compile(r"\b(?:year|date|decade|century|month|day)\b")
_LANGUAGE = re.compile(r"\b([A-Z][a-z]+)(?:[- ]language\b|[- ]speaking\b)")
_LYING = re.compile(
    r"(?:\b(?:in|at|from|of|near|to|around)\s+(?:the\s+)?(?:[a-z]+\s+(?:of|in)\s+(?:the\s+)?)?|,\s+)[\"“]?$"
)
_PREFIX = 5
"""Letters that two words must open with to count as forms of one: "congress" and "congressman"."""
ENOUGH = 0.5
"""Share of what is said that a page must say, where no names tell."""


def demonym_terms(page: Page) -> set[str]:
    """Concepts of the countries whose demonyms the lead uses, and the reverse."""
    out: set[str] = set()
    lead = " ".join(s.text for s in page.sentences[:3])
    for word in words(lead):
        if word in COUNTRY_OF:
            out |= set(terms(COUNTRY_OF[word]))
        if word in DEMONYM_OF:
            out |= set(terms(DEMONYM_OF[word]))
    if re.search(r"\b(?:U\.S\.|United States)", lead):
        out |= set(terms("American United States"))
    if re.search(r"\b(?:U\.K\.|UK|United Kingdom)", lead) or out & set(terms("England Scotland Wales")):
        out |= set(terms("British United Kingdom UK"))
    return out


def holds(wanted: dict[str, float], names: tuple[str, ...], page: Page) -> bool:
    """Say whether a page bears out what is said of its subject.

    Args:
        wanted: concepts of the words that say it, with their weights.
        names: the names in it: a page bears it out if it has them all, however it puts the rest.
        page: the page of the subject.
    """
    lead = " ".join(s.text for s in page.sentences[:2])
    near = set(relation_terms(lead)) | demonym_terms(page) | set(terms(page.title))
    everywhere = page.term_set | near | set(relation_terms(page.text[:4_000]))
    for name in names:
        parts = terms(name)
        if parts and not any(_is_said(part, everywhere) for part in parts):
            return False
    if names or not wanted:
        return True
    _, noun = page.definition
    if len(wanted) == 1 and (head := next(iter(wanted))) not in everywhere and kind_of_noun(head) and noun:
        return noun_fit(head, noun) >= 0.95
    score = sum(w * (1.0 if t in near else 0.6) for t, w in wanted.items() if _is_said(t, everywhere))
    return score / sum(wanted.values()) >= ENOUGH


def _is_said(term: str, present: set[str] | frozenset[str]) -> bool:
    if term in present:
        return True
    return len(term) >= _PREFIX and any(
        len(other) >= _PREFIX and (other.startswith(term) or term.startswith(other)) for other in present
    )


def _same_noun(text: str) -> str:
    """Return the noun that a question says is the same: "record label" comes to "label"."""
    match = _SAME.search(text)
    if match is None:
        return ""
    kept: list[str] = []
    for word in match[1].casefold().split():
        if word in STOP_WORDS:
            break
        kept.append(word)
    return next((word for word in reversed(kept) if kind_of_noun(word)), kept[0] if kept else "")


def shared_thing(text: str) -> tuple[Kind, str] | None:
    """Return kind and noun of the thing that two subjects may share, where pages can be found for such things."""
    noun = _same_noun(text)
    kind = kind_of_noun(noun)
    return (kind, noun) if kind in _THINGS and noun not in _BROAD and not _TRADE.fullmatch(noun) else None


def same(text: str, pages: list[Page], measure: Callable[[Page], Span | None]) -> bool | None:
    """Say whether two subjects share what a question asks: country, year, language, trade, place; None if unknown.

    Args:
        text: the question without its names, in lower case.
        pages: the pages of the two.
        measure: the date that the question speaks of.
    """
    if _NATION.search(text):
        countries = [attributes.country_of(page) for page in pages]
        return countries[0] == countries[1] if all(countries) else None
    if "language" in text:
        tongues = [_languages(page) for page in pages]
        return bool(tongues[0] & tongues[1]) if all(tongues) else None
    if period := _TIME.search(text):
        return _same_time(period[0], [measure(page) for page in pages])
    noun = _same_noun(text)
    if noun and (alike := _same_kind_of(noun, pages)) is not None:
        return alike
    if _TRADE.search(text):
        nouns = [_definition_nouns(page) for page in pages]
        return bool(nouns[0] & nouns[1]) if all(nouns) else None
    if _PLACE.search(text):
        places = [_place_names(page, birth="born" in text) for page in pages]
        return bool(places[0] & places[1]) if all(places) else None
    nouns = [_definition_nouns(page) for page in pages]
    return bool(nouns[0] & nouns[1]) if all(nouns) else None


def _same_time(period: str, spans: list[Span | None]) -> bool | None:
    whens = [when for when in map(attributes.year_of, spans) if when is not None]
    if len(whens) < len(spans):
        return None
    one, two = whens
    if period in ("decade", "century"):
        length = 10 if period == "decade" else 100
        return one.year // length == two.year // length
    if period == "month":
        return one.month == two.month
    return one.key == two.key if period in ("date", "day") else one.year == two.year


def _same_kind_of(noun: str, pages: list[Page]) -> bool | None:
    """Compare what stands before a noun on both pages: "the Fifth Generation" here and there."""
    stem = re.escape(noun.removesuffix("s"))
    pattern = re.compile(rf"\b([\w’'.-]{{3,30}})[ -]{stem}", re.IGNORECASE)
    found = [{match[1].casefold() for match in pattern.finditer(page.text[:4_000])} for page in pages]
    found = [{word for word in words_ if terms(word)} for words_ in found]
    return bool(found[0] & found[1]) if all(found) else None


def _languages(page: Page) -> set[str]:
    lead = " ".join(s.text for s in page.sentences[:4])
    named = {match[1] for match in _LANGUAGE.finditer(lead)}
    return named or {word for word in words(lead) if word in COUNTRY_OF}


def _definition_nouns(page: Page) -> set[str]:
    """Return the concepts of the class nouns in a page's lead."""
    out: set[str] = set()
    for sentence in page.sentences[:2]:
        for word in re.findall(r"[a-z-]+", sentence.text):
            if kind_of_noun(word) in ("person", "work", "org", "place", "event"):
                out.add(concept(word))
    return out


def _place_names(page: Page, *, birth: bool = False) -> set[str]:
    """Return the folded names in a page's lead that may be places where its subject lies or was born."""
    out = set()
    for sentence in page.sentences[:4]:
        if birth and not re.search(r"\b(?:born|native|birth)\b", sentence.text):
            continue
        for span in page.spans_in(sentence.start, sentence.end):
            if span.kind not in ("name", "place", "org") or span.when is not None or span.text in COUNTRIES:
                continue
            if span.text.isupper():
                continue
            if birth or _LYING.search(page.text[max(0, span.start - 40) : span.start]):
                out.add(fold_title(span.text))
    return out - {fold_title(page.name), "united states", "united kingdom", "usa", "uk"}


__all__ = ["demonym_terms", "holds", "same", "shared_thing"]
