"""What two pages share, and whether a page bears out what is said of its subject."""

from __future__ import annotations

import re

from tamsa.agent.baseline import attributes
from tamsa.agent.baseline.lexicon import concept, terms, words
from tamsa.agent.baseline.nouns import COUNTRY_OF, DEMONYM_OF, Kind, kind_of_noun, noun_fit
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.state import fold_title

_SAME = re.compile(r"\bsame\s+(?:[a-z]+\s+)?([a-z]+)")
_THINGS = ("place", "org", "person", "award", "event")
_BROAD = frozenset("country nation state city town county place region area province continent island".split())


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
    return out


def holds(wanted: dict[str, float], page: Page) -> bool:
    """Say whether a page bears out what is said of its subject."""
    lead = " ".join(s.text for s in page.sentences[:2])
    present = set(terms(lead)) | demonym_terms(page) | set(terms(page.title))
    everywhere = page.term_set | present
    if not wanted:
        return True
    heads = [t for t in wanted if kind_of_noun(t)]
    _, noun = page.definition
    score = sum(w for t, w in wanted.items() if t in present) + 0.6 * sum(
        w for t, w in wanted.items() if t in everywhere and t not in present
    )
    total = sum(wanted.values())
    if len(wanted) == 1 and heads and noun and heads[0] not in everywhere:
        return noun_fit(heads[0], noun) >= 0.95
    return score / total >= 0.6


def shared_thing(text: str) -> tuple[Kind, str] | None:
    """Return kind and noun of the thing that two subjects may share, where pages can be found for such things."""
    noun = _SAME.search(text)
    kind = kind_of_noun(noun[1]) if noun else None
    return (kind, noun[1]) if noun and kind in _THINGS and noun[1] not in _BROAD else None


def same(text: str, pages: list[Page]) -> bool | None:
    """Say whether two subjects share what a question asks: country, year, trade, place; None if unknown."""
    if re.search(r"\b(?:nationality|nationalities|country|nation)\b", text):
        countries = [attributes.country_of(page) for page in pages]
        if all(countries):
            return countries[0] == countries[1]
        return None
    if re.search(r"\byear\b|\bdate\b|\bdecade\b", text):
        measure = attributes.birth_span if "born" in text else attributes.founding_span
        whens = [attributes.year_of(measure(page)) for page in pages]
        if all(whens):
            return whens[0].year == whens[1].year  # type: ignore[union-attr]
    if re.search(r"\b(?:profession|occupation|job|career|genre|type|kind|field|industry)\b", text):
        nouns = [definition_nouns(page) for page in pages]
        return bool(nouns[0] & nouns[1]) if all(nouns) else None
    if re.search(
        r"\b(?:city|town|state|county|place|region|area|district|province|continent|borough|neighborhood|neighbourhood|island|village)\b",
        text,
    ):
        names = [place_names(page) for page in pages]
        return bool(names[0] & names[1]) if all(names) else None
    nouns = [definition_nouns(page) for page in pages]
    return bool(nouns[0] & nouns[1]) if all(nouns) else None


def definition_nouns(page: Page) -> set[str]:
    """Return the concepts of the class nouns in a page's lead."""
    out: set[str] = set()
    for sentence in page.sentences[:2]:
        for word in re.findall(r"[a-z-]+", sentence.text):
            if kind_of_noun(word) in ("person", "work", "org", "place", "event"):
                out.add(concept(word))
    return out


def place_names(page: Page) -> set[str]:
    """Return the folded names in a page's lead that may be places, countries left out."""
    out = set()
    for sentence in page.sentences[:3]:
        for span in page.spans_in(sentence.start, sentence.end):
            if span.kind in ("name", "place", "org") and span.when is None:
                out.add(fold_title(span.text))
    own = fold_title(page.name)
    return {name for name in out if name != own and COUNTRY_OF.get(name.title()) is None} - {
        "united states",
        "united kingdom",
    }
