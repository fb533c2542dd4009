"""Typed extractive reading: the best span of a page for a relation, by cues, distance and kind."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from tamsa.agent.baseline.attributes import attribute_spans
from tamsa.agent.baseline.direction import contrary
from tamsa.agent.baseline.fitness import compatible, is_run_on, wholeness
from tamsa.agent.baseline.lexicon import STOP_WORDS, concept, phrase_concepts
from tamsa.agent.baseline.nouns import COUNTRIES, COUNTRY_OF, ROLES, Kind, noun_fit, noun_of_name
from tamsa.agent.baseline.passages import Page, Sentence, Span
from tamsa.agent.baseline.relatives import KIN_CONCEPTS, kin_spans
from tamsa.agent.baseline.state import State, fold_title
from tamsa.agent.baseline.values import unit_after

_COMPLEMENT = re.compile(
    r"\b(?:is|are|was|were|as|in|of|called|for|include[sd]?|includes|up of)\s+(?:an?\s+|the\s+)?"
    r"(?P<np>[a-z][a-z-]*(?:,?\s+(?:and\s+|of\s+)?[a-z][a-z-]*){0,4})"
)
MAX_ENTRY_WORDS = 14
KIN_BOOST = 1.2
"""Score of a person whom a page states to be the kin asked for."""
_COUNTED = frozenset("people inhabitants students seats years months weeks days hours minutes seconds percent".split())
_ENTITIES: frozenset[Kind] = frozenset(("person", "place", "org", "work", "award", "event"))
_COPULA = re.compile(
    r"\s+(?:of|for|to)\s+(?:(?:the|its|his|her|their|this)\s+)?[\w’'-]+(?:\s[\w’'-]+)?\s+(?:is|was|are|were)\s+(?:the\s+)?[\"“‘]?"
)
"""What may stand between a role and its holder: "the seat of the region is X"."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A candidate answer with where it stands and how much speaks for it."""

    text: str
    score: float
    page: Page
    start: int
    end: int
    """Page offsets of the span; for the page's own title, of the sentence that proves it."""
    target: str = ""
    """Id of the document that it names, if known."""
    kind: Kind = "any"
    is_title: bool = False
    fit: float = 1.0
    """How well it fits the wanted kind."""
    stated: bool = True
    """Whether words for the relation stand with it, not only the right kind of thing."""

    @property
    def sentence(self) -> Sentence:
        """The sentence that holds it."""
        for sentence in self.page.sentences:
            if sentence.start <= self.start < sentence.end:
                return sentence
        return Sentence(self.start, self.end, self.page.text[self.start : self.end])


def read(
    state: State,
    page: Page,
    *,
    cues: Collection[str],
    want: Kind,
    head: str = "",
    about: Collection[str] = (),
    near: Collection[str] = (),
    exclude: Collection[str] = (),
    subject: str = "",
) -> list[Reading]:
    """Find what a page says for a relation.

    Args:
        state: what is known.
        page: an opened page.
        cues: concepts of the words that state the relation.
        want: kind of the value.
        head: noun that the value is an instance of.
        about: names of the subject; a sentence of another page must mention one of them.
        near: further concepts that make a sentence likelier.
        exclude: folded names that cannot be the value.
        subject: id of the subject's own page, if known; else its title tells.

    Returns:
        Candidates, best first.
    """
    cues = set(cues)
    own = page.id == subject if subject else _is_about(page, about)
    folded_about = {fold_title(name) for name in about}
    found: dict[tuple[int, int], Reading] = {}
    strong = attribute_spans(page, frozenset(cues), want, head) if own else {}
    others = (cues & KIN_CONCEPTS) - {concept(head)}  # "the cousin whom X married": it is the marriage that tells
    kin = kin_spans(page, head, about, own=own) if want == "person" and not others else {}
    strong |= {span: KIN_BOOST * fit for span, fit in kin.items() if fit > 0.0}
    for index, sentence in enumerate(page.sentences):
        in_sentence = page.spans_by_sentence[sentence.start]
        if not in_sentence:
            continue
        if not own and about and not _mentions(sentence.text, about):
            continue
        tokens = page.tokens[sentence.start]
        cue_at = [(start, end, term) for start, end, term in tokens if term in cues]
        for start, end, term in phrase_concepts(sentence.text):
            if term in cues:
                cue_at.append((start + sentence.start, end + sentence.start, term))
        for start, end in contrary(head, sentence.text, own=own) if cue_at else ():
            start, end = start + sentence.start, end + sentence.start
            cue_at = [cue for cue in cue_at if cue[1] <= start or end <= cue[0]]
        for start, end, name in page.asides if cue_at else ():
            if fold_title(name) not in folded_about:  # said of another than the subject
                cue_at = [cue for cue in cue_at if not start <= cue[0] < end]
        present = {term for _, _, term in tokens}
        coverage = len({term for _, _, term in cue_at}) / len(cues) if cues else 0.3
        support = sum(1 for term in near if term in present) / (len(near) + 1) if near else 0.0
        position = 0.15 if index == 0 and own else 0.0
        if want == "description" and (cue_at or (own and index == 0)):
            in_sentence = [*in_sentence, *describing_spans(page, sentence, own and index == 0)]
        for span in in_sentence:
            boost = strong.get((span.start, span.end), 0.0)
            if kin.get((span.start, span.end), 0.0) < 0.0:
                continue  # the mother where the daughter is asked for
            classed = _of_class(state, span, want, head) if own else _entry(sentence, in_sentence, span, want, about)
            if not boost and not cue_at and not support and not classed and not (own and index < 2):
                continue
            folded = fold_title(span.text)
            if (
                not folded
                or (folded in exclude and not _other_of_that_name(state, span, page, head))
                or (
                    own
                    and not (boost and want == "name")
                    and _same_name(folded, fold_title(page.name), span, page.kind)
                    and not _other_of_that_name(state, span, page, head)
                )
            ):
                continue
            if not span.target and any(f" {folded} " in f" {other} " for other in exclude) and span.kind == "name":
                continue
            fit = compatible(state, want, head, span, page)
            if fit <= 0.0:
                continue
            closeness = _closeness(page, span, cue_at, want)
            if is_run_on(span):
                continue
            if not span.target:
                fit *= wholeness(state, span, want)
            if not span.target and " of " in span.text and _opens_with_link(in_sentence, span):
                fit *= 0.5  # "the Observer of Trurnovo": the link is the name
            if closeness >= 0.95 and span.kind == "name" and 0.3 < fit < 0.85:
                fit = 0.85  # "its capital is X" says itself what X is
            if (
                head
                and " and " not in span.text
                and span.kind not in ("number", "date", "year")
                and head in (words := span.text.casefold().split())[:1] + words[-1:]
            ):
                fit = max(fit, 1.15)
            if want == "number" and head and counts(page.text, span.end, head):
                boost += 0.6
            score = fit * (0.15 + 0.9 * coverage * (0.4 + 0.6 * closeness) + 0.5 * support + position + boost + classed)
            if not own:
                score *= 0.6
            old = found.get((span.start, span.end))
            if old is None or score > old.score:
                text, start, end = as_answered(page, span, want, head)
                found[(span.start, span.end)] = Reading(
                    text, score, page, start, end, span.target or next(iter(state.by_title(span.text)), ""), span.kind,
                    fit=fit, stated=boost > 0.0 or any(cue[0] < span.start or cue[1] > span.end for cue in cue_at),
                )  # fmt: skip
    return sorted(found.values(), key=lambda reading: (-reading.score, reading.start))


def _other_of_that_name(state: State, span: Span, page: Page, head: str) -> bool:
    """Tell whether a link leads to another document of the subject's name: the novel behind the film."""
    if not span.target or span.target == page.id or not head:
        return False
    noun = state.kind_of(span.target)[1]
    return bool(noun) and concept(noun) == concept(head) and concept(page.definition[1]) != concept(head)


def _opens_with_link(spans: list[Span], span: Span) -> bool:
    return any(other.target and other.start == span.start and other.end < span.end for other in spans)


def _of_class(state: State, span: Span, want: Kind, head: str) -> float:
    """Say how far a span names just the class of thing asked for: a river where a river is sought."""
    if span.kind in ("date", "year", "number", "nationality") or want not in _ENTITIES:
        return 0.0
    kind, noun = state.kind_of(span.target) if span.target else ("any", "")
    noun = noun_of_name(span.text) or noun
    if head and noun and head not in _VAGUE and want != "person" and noun_fit(head, noun) >= 0.95 and head not in ROLES:
        return 0.45
    if kind == want and (not head or noun_fit(head, noun) >= 0.8):
        return 0.25
    return 0.0


def _entry(sentence: Sentence, spans: list[Span], span: Span, want: Kind, about: Collection[str]) -> float:
    """Say how far a line is an entry on the subject: "- Mount Kell rises to 1,187 m." has one value, and that is it."""
    if not about or want not in ("date", "year", "number") or len(sentence.text.split()) > MAX_ENTRY_WORDS:
        return 0.0
    values = [other for other in spans if other.when is not None or other.kind == "number"]
    return 0.5 if values == [span] else 0.0


def describing_spans(page: Page, sentence: Sentence, defining: bool) -> list[Span]:
    """Find the common noun phrases of a sentence that may describe: "the colours are green", "active in mining"."""
    out = []
    for match in _COMPLEMENT.finditer(sentence.text):
        phrase = re.split(r"\s+(?:by|in|at|from|with|for|that|which|who|to|on|during|since|until)\b", match["np"])[
            0
        ].strip(" ,")
        phrase = re.sub(r",?\s+(?:and|of)$", "", phrase)
        start = sentence.start + match.start("np")
        if phrase and phrase.split()[0] not in STOP_WORDS:
            out.append(Span(start, start + len(phrase), phrase, "description"))
    if defining and page.definition[1]:
        at = page.text.find(page.definition[1], sentence.start, sentence.end)
        if at >= 0:
            out.append(Span(at, at + len(page.definition[1]), page.definition[1], "description"))
    return out


_VAGUE = frozenset(
    "place location birthplace hometown home site venue work event capital seat member part setting destination "
    "body".split()
)


def _same_name(folded: str, title: str, span: Span, kind: Kind) -> bool:
    """Tell whether a span is the subject's own name, in another order or length."""
    if folded == title:
        return True
    if span.kind not in ("name", "any"):
        return False
    one, two = set(folded.split()), set(title.split())
    if kind == "person" and one < two and not span.target:
        return True
    return one == two or (len(two) > 1 and two < one and len(one) <= len(two) + 2)


def counts(text: str, end: int, noun: str) -> bool:
    """Tell whether a number that ends at an offset is followed by the noun that it counts."""
    return re.match(rf"\s(?:[\w-]+\s){{0,3}}{re.escape(noun.rstrip('s'))}", text[end : end + 60], re.I) is not None


def _is_about(page: Page, about: Collection[str]) -> bool:
    if not about:
        return True
    title = fold_title(page.name)
    return any(fold_title(name) == title for name in about)


def _mentions(text: str, names: Collection[str]) -> bool:
    low = f" {fold_title(text)} "
    return any(f" {fold_title(name)} " in low for name in names if name)


def _closeness(page: Page, span: Span, cue_at: list[tuple[int, int, str]], want: Kind) -> float:
    """Say how near a span stands to a cue, in [0, 1]; "directed by X" is nearest."""
    best = 0.0
    for start, end, _ in cue_at:
        if start >= span.start and end <= span.end:
            continue
        if span.start >= end:
            gap = page.text[end : span.start]
            distance = len(gap.split())
            value = math.exp(-distance / 6)
            if re.fullmatch(
                r"[\s,:]*(?:(?:by|in|on|at|as|of|from|is|was|are|were|the|a|an|to|for|with|and)\s+){0,3}[\"“‘]?", gap
            ) or _COPULA.fullmatch(gap):
                value = 1.0
            elif want == "person" and not re.search(r"\bby\b|\bis\b|\bwas\b|,|:", gap):
                value *= 0.75
        else:
            gap = page.text[span.end : start]
            value = 0.85 * math.exp(-len(gap.split()) / 6)
            if re.fullmatch(
                r"[\"”’]?\s+(?:(?:is|was|are|were|has|had|also|later|first|the|an?|its|their|'s|’s)\s+){0,4}", gap
            ):
                value = 0.95
            elif re.fullmatch(r"['’]s\s+(?:\w+\s+){0,2}", gap):
                value = 0.9
        if ";" in gap or len(gap) > 160:
            value *= 0.5
        best = max(best, value)
    return best


def as_answered(page: Page, span: Span, want: Kind, head: str) -> tuple[str, int, int]:
    """Return a span as it is answered, with its offsets: the year of a date, a number with its unit."""
    if want == "year" and span.kind == "date" and span.when is not None and span.when.year:
        at = span.text.find(str(span.when.year))
        if at >= 0:
            return str(span.when.year), span.start + at, span.start + at + len(str(span.when.year))
    if want == "number" and head not in ("population", "number", "count"):
        unit = unit_after(page.text, span.end)
        noun = unit.strip(" -").casefold()
        if unit and (noun not in _COUNTED or head == "ago") and not noun.startswith(head.rstrip("s") or "\0"):
            return page.text[span.start : span.end + len(unit)], span.start, span.end + len(unit)
    if want == "nationality" and span.text in COUNTRIES:
        return next((d for d, c in COUNTRY_OF.items() if c == span.text), span.text), span.start, span.end
    return span.text, span.start, span.end
