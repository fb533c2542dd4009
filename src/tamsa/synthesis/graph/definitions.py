"""Facts of a definition: `NAME (born 2 May 1916) was a Polish tennis player and coach` states a birth, a nationality
and two occupations; `is a 1999 American drama film` a year, an origin and a kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from tamsa.synthesis.graph.facts import Found
from tamsa.synthesis.graph.kinds import kind_of_phrase
from tamsa.synthesis.graph.profile import Definition
from tamsa.synthesis.graph.values import TypedSpan, spans_in
from tamsa.types import Document

_BRACKET = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_APPROXIMATE = re.compile(
    r"(?:\bc\.|\bca\.?|\bcirca|\babout|\bbefore|\bafter|\bafl\.|\bfl\.|\breigned|\br\.|\?|\bor\b|\bprobably)\s*$",
    re.IGNORECASE,
)
_LATIN = re.compile(r"\(([A-Z][a-z]+ [a-z]{3,}(?: [a-z]{3,})?)\)")
_TO = re.compile(r"\s*[-–—]\s*|\s+to\s+")
_BORN = re.compile(r"(?:^|[;,]\s*|\s)(?:born|b\.)(?:\s(?P<as>[^;,()\d]{0,60}))?[,;]?\s*(?:on\s)?$", re.IGNORECASE)
_DIED = re.compile(r"(?:^|[;,]\s*|\s)(?:died|d\.)\s*(?:on\s)?$", re.IGNORECASE)
_ADJECTIVE = re.compile(
    r"(?:(?:South|North|West|East|New|Northern|Southern|Western|Eastern|Central|Sri|Saudi|Costa|Puerto|San|Cape|Hong|Papua|"
    r"El|Sierra|Dominican|Ivory|Trinidad|Bosnian|Equatorial|Burkina)\s)?"
    r"(?:[A-ZÀ-Þ][\w'’]*(?:an|ian|ish|ese|ch|ss|eek|rdic|ois|ari|aqi|eli|ali|ani|aiti|isi|epali|uwaiti|indi|aki|meni|abi|ati"
    r"|udi|ngi)|Thai|Turk|Kiwi|Czech|Slovak|Serb|Croat|Greek|Dutch|Scots|Manx|Zealand|Kong|Rican|Lankan|Soviet|Kurdish"
    r"|Qatari|Omani|Emirati|Icelandic|Basque|Monegasque|Malagasy|Argentine|Philippine|Filipino|Filipina|Faroese"
    r"|Uzbek|Tajik|Kazakh|Kyrgyz|Turkmen|Afghan|Uyghur|Tibetan|Motswana|Basotho|Swazi|Salvadoran|Faso|Leonean|Arabian"
    r"|Verdean|Marinese|British|Mexican|Métis|Québécois|Quebecois|Herzegovinian|Latvian|Spanish|Danish|Polish|Irish)"
)
_NOT_NATIONAL = frozenset(
    "Christian Catholic Anglican Lutheran Jewish Muslim Methodist Presbyterian Baptist Episcopalian Unitarian Mormon "
    "Republican Democratic Labour Olympic Paralympic Victorian Italianate Georgian Edwardian Parisian Augustinian "
    "Dominican Franciscan Benedictine Carthusian Freudian Marxian Elizabethan Norman Martian Roman Canadian-Football "
    "Human Urban German-Shepherd Batman Veteran Librarian Guardian Titan Indian-Premier Sunni Shia Orthodox "
    "Protestant Evangelical Pentecostal English-language Zoroastrian Buddhist Hindu Sikh Ocean Median Caucasian "
    "Woman Chairman Congresswoman Congressman Guitarist Egyptian-Premier African Asian European Oceanian Australasian "
    "Asian-American Ethiopian-Orthodox Cuban-heel Latin Pan Caribbean Mediterranean Scandinavian Balkan Arabic Arab "
    "Romani Samaritan Carmelite Wesleyan Trappist Cistercian American-Football English-style Arian Calvinist".split()
)
_LEADING = re.compile(
    r"^(?:(?:former|retired|professional|late|leading|prominent|noted|notable|renowned|famous|famed|influential|popular|"
    r"well-known|prolific|award-winning|acclaimed|contemporary|early|young|first|veteran|expatriate|independent|"
    r"\d{4}(?:[-–]\d{2,4})?|upcoming|historic|controversial|successful|distinguished|celebrated|independent|short-lived|"
    r"bestselling|best-selling|naturalised|naturalized|self-taught|active|current)[\s,]+)*"
)
_NOISE = re.compile(
    r"^(?:(?:former|retired|professional|late|leading|prominent|noted|notable|renowned|famous|famed|influential|popular|"
    r"well-known|prolific|award-winning|acclaimed|contemporary|early|young|veteran|expatriate|successful|active|current|"
    r"distinguished|celebrated|controversial|multi-instrumentalist and|naturalised|naturalized|self-taught|"
    r"ex|now-retired|semi-retired|and|an?|the|one-time|recording|male|female|native|born|senior|international)\b[\s,-]*)+"
)
_JOIN = re.compile(r"\s*,\s*(?:and\s+)?(?:an?\s+|the\s+)?|\s+and\s+(?:an?\s+|the\s+)?|\s*&\s*")


def definition_facts(document: Document, number: int, definition: Definition, kind: str) -> Iterator[Found]:
    """Yield what the first sentence of a document says of its subject.

    Args:
        document: the document.
        number: its entity number.
        definition: its definition.
        kind: the kind of the subject.
    """
    sentence = definition.sentence
    where = (sentence.start, sentence.end)

    def fact(relation: str, start: int, end: int, span: TypedSpan | None = None) -> Found:
        value = document.text[start:end]
        type_ = span.type if span else "text"
        return Found(number, "", relation, value, type_, span.normal if span else "", -1, *where)

    if kind == "person":
        yield from life_facts(document, number, definition)
    phrase, start = definition.phrase, definition.phrase_start
    nationality = nationality_in(phrase)
    if nationality is not None:
        relation = "nationality" if kind == "person" else "origin"
        yield fact(relation, start + nationality[0], start + nationality[1])
    if definition.definite:
        return
    if kind == "person":
        for left, right in occupations_in(document.text[start : sentence.end], phrase, nationality):
            yield fact("occupation", start + left, start + right)
        return
    years = re.match(r"(\d{4})\s(?!in\b|to\b)", phrase)
    if years and kind == "work":
        span = TypedSpan(0, 4, "year", years[1])
        yield fact("released", start, start + 4, span)
    if kind == "species":
        latin = _LATIN.search(document.text, sentence.start, definition.name_end)
        if latin:
            yield fact("scientific_name", *latin.span(1))
    if kind_of_phrase(phrase):
        left = (nationality[1] if nationality else 0) or _LEADING.match(phrase).end()  # type: ignore[union-attr]
        while left < len(phrase) and not phrase[left].isalnum():
            left += 1
        if phrase[left:].strip() and not phrase[left:].isdigit():
            yield fact("instance_of", start + left, start + len(phrase))


def life_facts(document: Document, number: int, definition: Definition) -> Iterator[Found]:
    """Yield birth and death from the brackets behind a person's name."""
    sentence = definition.sentence
    for match in _BRACKET.finditer(sentence.text, 0, max(0, definition.name_end - sentence.start)):
        inner = match[1]
        spans = [span for span in spans_in(inner) if span.type in ("date", "year")]
        for relation, span in _life(inner, spans):
            value = inner[span.start : span.end]
            yield Found(number, "", relation, value, span.type, span.normal, -1, sentence.start, sentence.end)


def _life(inner: str, spans: list[TypedSpan]) -> Iterator[tuple[str, TypedSpan]]:
    certain = [span for span in spans if not _APPROXIMATE.search(inner[: span.start])]
    for span in certain:
        before = inner[: span.start]
        if _BORN.search(before):
            yield "born_on", span
        elif _DIED.search(before):
            yield "died_on", span
    for first, second in pairwise(spans):
        between = inner[first.end : second.start]
        lead = inner[: first.start].rpartition(";")[2]
        if not _TO.fullmatch(between) or re.search(r"\b(?:reign|ruled|active|fl|in office|r\.|years|served)", lead):
            continue
        if first.normal[:4] >= second.normal[:4] or int(second.normal[:4]) - int(first.normal[:4]) > 115:
            continue
        if first in certain and not _BORN.search(inner[: first.start]):
            yield "born_on", first
        if second in certain:
            yield "died_on", second
        return


def nationality_in(phrase: str) -> tuple[int, int] | None:
    """Return where a noun phrase names a people: `[start, end)`, or None."""
    left = _LEADING.match(phrase).end()  # type: ignore[union-attr]
    match = re.compile(rf"{_ADJECTIVE.pattern}(?:[-–/\s]{_ADJECTIVE.pattern})?(?=[\s,-])").match(phrase, left)
    if match is None or any(word in _NOT_NATIONAL for word in re.split(r"[-–/\s]", match.group())):
        return None
    following = phrase[match.end() :].lstrip()
    if following.startswith(("football", "rules", "Rules")) and match.group() in ("American", "Canadian", "Australian"):
        return None  # a kind of football
    if not following or following[0].isupper() or phrase[match.end()] == "-":
        return None  # part of a longer name: "American League", "Australian-born"
    return match.span()


def is_national(name: str) -> bool:
    """Tell whether a name is the adjective of a people: `Argentine`, `South Korean`."""
    return _ADJECTIVE.fullmatch(name) is not None


def occupations_in(text: str, phrase: str, nationality: tuple[int, int] | None) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a definition that name what a person does, each by a noun for a person."""
    end = len(phrase)
    # "politician, writer and painter": the phrase ends at the first comma, the list does not
    more = re.compile(
        r"(?:,\s(?:and\s)?(?:an?\s)?[a-z][\w' -]{2,40}?(?=,|\sand\s|\s(?:who|from|for|of|in|best|known|with)\b|[.;(]))*"
        r"(?:,?\sand\s(?:an?\s)?[a-z][\w' -]{2,40}?(?=,|\s(?:who|from|for|of|in|best|known|with|at|whose)\b|[.;(]|$))?"
    )
    match = more.match(text, end)
    stop = match.end() if match else end
    place = nationality[1] if nationality else 0
    for piece in _split(text, place, stop):
        left, right = piece
        noise = _NOISE.match(text[left:right])
        if noise:
            left += noise.end()
        again = nationality_in(text[left:right])
        if again:
            left += again[1]
            while left < right and not text[left].isalnum():
                left += 1
            noise = _NOISE.match(text[left:right])
            if noise:
                left += noise.end()
        words = text[left:right].strip()
        if words and kind_of_phrase(words) == "person" and len(words.split()) <= 5 and not words[0].isupper():
            yield left, left + len(words)


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    place = start
    for match in _JOIN.finditer(text, start, end):
        if match.start() > place:
            yield _trim(text, place, match.start())
        place = match.end()
    if place < end:
        yield _trim(text, place, end)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return start, end
