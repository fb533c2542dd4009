"""Who is whose kin, as running text says it: "the son of X and Y", "his wife, Z", "born to X", "married Y"."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from tamsa.agent.baseline.passages import Page, Sentence, Span
from tamsa.agent.baseline.state import fold_title

_CLASSES = {
    "parent": "parent father mother parents",
    "child": "child son daughter children sons daughters stepson stepdaughter",
    "spouse": "spouse husband wife widow widower spouses",
    "sibling": "sibling brother sister brothers sisters siblings half-brother half-sister twin",
    "grandparent": "grandparent grandfather grandmother grandparents",
    "grandchild": "grandchild grandson granddaughter grandchildren grandsons granddaughters",
    "great-grandparent": "great-grandparent great-grandfather great-grandmother great-great-grandfather "
    "great-great-grandmother",
    "great-grandchild": "great-grandchild great-grandson great-granddaughter great-great-grandson "
    "great-great-granddaughter",
    "uncle": "uncle aunt uncles",
    "nephew": "nephew niece nephews nieces",
    "cousin": "cousin cousins",
    "parent-in-law": "parent-in-law father-in-law mother-in-law",
    "child-in-law": "child-in-law son-in-law daughter-in-law",
    "sibling-in-law": "brother-in-law sister-in-law",
}
CLASS_OF = {word: kin for kin, words in _CLASSES.items() for word in words.split()}
"""Word for kin -> the same without the sex."""
KIN_CONCEPTS = frozenset(("parent", "child", "spouse", "sibling"))
"""Relations of kin that have a concept of the same name."""
_INVERSE = {
    "parent": "child", "grandparent": "grandchild", "great-grandparent": "great-grandchild", "uncle": "nephew",
    "parent-in-law": "child-in-law",
}  # fmt: skip
_INVERSE |= {child: parent for parent, child in _INVERSE.items()}
_MALE = re.compile(
    r"(?:^|-)(?:father|son|husband|widower|brother|nephew|uncle|grandfather|grandson)s?(?:-|$)|(?:^|-)(?:actor|king|prince|"
    r"duke|emperor|businessman|baron|count|lord|sir)$"
)
_FEMALE = re.compile(
    r"(?:^|-)(?:mother|daughter|wife|widow|sister|niece|aunt|grandmother|granddaughter)s?(?:-|$)|(?:^|-)(?:actress|queen|"
    r"princess|duchess|empress|businesswoman|baroness|countess|lady|dame|née)$"
)
_KIN = "|".join(sorted(CLASS_OF, key=len, reverse=True))
_OF = re.compile(rf"\b(?P<kin>{_KIN})\s+(?:of|to)\s+", re.IGNORECASE)
_OWN = re.compile(
    rf"\b(?P<of>his|her|their|whose|[\w.-]{{1,40}}['’]s?)\s+(?:(?!(?:{_KIN})\b)[\w-]+\s+){{0,3}}?(?P<kin>{_KIN})\b"
    r"(?:\s*,\s*|\s+(?:is|was|are|were|named)\s+(?:\w+ed\s+(?:as\s+)?)?|\s+)",
    re.IGNORECASE,
)
_WED = re.compile(
    r"\b(?:marri(?:ed|es)(?: to)?|marriage to|divorced|remarried|wed|(?:husband|wife) of|engaged to)\s+", re.IGNORECASE
)
_BORN_TO = re.compile(r"\bborn\b[^.;()]{0,60}?\s(?:to|of)\s+(?=(?:[a-z][\w'’-]*,?\s){0,6}[^\W\da-z])")
_HAD = re.compile(
    rf"\b(?:had|has|have|with)\s+(?:an?|one|two|three|four|five|\d)\s+(?:[\w-]+\s)?(?P<kin>{_KIN})\s*[,:]\s*"
    r"(?:named\s+)?",
    re.IGNORECASE,
)
_ROLES = re.compile(r"(?:(?:[a-z][\w'’-]*|[A-Z][a-z]+(?:ian|ese|ish|an|ch))\b,?\s+(?:&\s+)?){0,8}")
"""What a person is called before the name: "veteran comedians and actors"."""
_STOPPED = re.compile(
    r"\b(?:who|which|when|where|while|in|of|at|with|by|from|after|before|is|was|were|are|had|has)\b", re.IGNORECASE
)
_NEXT = re.compile(r"\s*(?:\([^()]{0,80}\))?\s*(?:,\s*(?:and\s+)?|\s(?:and|&)\s+)")
_JOINT = re.compile(r"\s(?:and|&|in|on|at|to|for|with)\s")
_OTHER_HOLDER = re.compile(r"^,?\s+and\b|\b(?:he|she|they|it|his|her|their)\b", re.IGNORECASE)
"""What follows a name where the kin after it is said of another: "the daughter of X and granddaughter of Y"."""
_HOLDER_GAP = re.compile(r"\s*(?:\([^()]*\))?,?\s*\(?(?:(?:who|which)\s+)?(?:[a-z][\w-]*+\s*+){0,6}")
MAX_RELATIVES = 6
MAX_HOLDER_CHARS = 500
"""Characters before a word for kin within which the name of its holder begins."""


@dataclass(frozen=True, slots=True)
class Kin:
    """One statement: the person of a span, or the page's own subject where there is none, is somebody's kin."""

    span: Span
    """The relative as written."""
    holder: str
    """Whose relative that is; empty for the page's subject."""
    word: str
    """What the relative is to the holder."""
    sex: str = ""
    """m, f, or nothing where that is not said."""
    held_at: Span | None = None
    """The holder as written, where a name right before says who it is."""


def fits(head: str, kin: Kin) -> float:
    """Say how well a statement serves where somebody's `head` ("mother") is asked for; below 0 for another relation."""
    if CLASS_OF.get(head) != kin.word:
        return -1.0
    wanted = _sex(head)
    return 1.0 if not wanted or wanted == kin.sex else 0.7 if not kin.sex else -1.0


def kin_spans(page: Page, head: str, about: Collection[str], *, own: bool) -> dict[tuple[int, int], float]:
    """Find who on a page is the kin asked for of a subject.

    Args:
        page: an opened page.
        head: the word that the kin is asked for by ("mother").
        about: names of the subject.
        own: whether the page is the subject's own.

    Returns:
        `(start, end)` -> how well the person fits, in (0, 1]; below 0 for kin in another relation.
    """
    out: dict[tuple[int, int], float] = {}
    if head not in CLASS_OF:
        return out
    folded = {fold_title(name) for name in about}
    for kin in statements(page):
        if own if not kin.holder else _same(kin.holder, folded):
            key = (kin.span.start, kin.span.end)
            out[key] = max(out.get(key, -1.0), fits(head, kin))
        elif kin.held_at is not None and _same(kin.span.text, folded):  # "X, who married the subject"
            turned = Kin(kin.held_at, kin.span.text, _INVERSE.get(kin.word, kin.word))
            key = (kin.held_at.start, kin.held_at.end)
            out[key] = max(out.get(key, -1.0), fits(head, turned))
    return out


def subject_is(page: Page, head: str, about: Collection[str]) -> float:
    """Say whether a page's own subject is the kin asked for of another: 1 yes, -1 another relation, 0 not said."""
    if head not in CLASS_OF:
        return 0.0
    folded = {fold_title(name) for name in about}
    best = 0.0
    for kin in statements(page):
        if not kin.holder and _same(kin.span.text, folded):  # the other is X to the subject: the subject is its inverse
            inverse = _INVERSE.get(kin.word, kin.word)
            score = 1.0 if inverse == CLASS_OF[head] else -1.0
            best = score if best == 0.0 or score > best else best
    return best


def related(page: Page, head: str, names: Collection[str], span: tuple[int, int] | None) -> float:
    """Say how far a page states that a span, or its own subject, is the kin asked for, in [-1, 1]; 0 if it does not."""
    if not names:
        return 0.0
    if span is None:
        return subject_is(page, head, names)
    own = fold_title(page.name) in {fold_title(name) for name in names}
    return kin_spans(page, head, names, own=own).get(span, 0.0)


@lru_cache(maxsize=256)
def statements(page: Page) -> tuple[Kin, ...]:
    """Find all statements of kin on a page."""
    return tuple(kin for sentence in page.sentences if not sentence.row for kin in _in_sentence(page, sentence))


def _in_sentence(page: Page, sentence: Sentence) -> Iterator[Kin]:
    text = sentence.text
    for match in _OF.finditer(text):  # the holder is the son of X: X is the holder's parent
        word = CLASS_OF[match["kin"].casefold()]
        holder = _holder(page, sentence, match.start())
        yield from _people(page, sentence, match.end(), *holder, _INVERSE.get(word, word), pair=word == "child")
    for match in _OWN.finditer(text):
        owner = match["of"].casefold()
        if owner == "whose":
            continue
        whose = "" if owner in ("his", "her", "their") else re.sub(r"['’]s?$", "", match["of"])
        if fold_title(whose) in fold_title(page.name).split():
            whose = ""
        word = match["kin"].casefold()
        for kin in _people(page, sentence, match.end(), whose, None, CLASS_OF[word], pair=word == "parents"):
            yield Kin(kin.span, kin.holder, kin.word, kin.sex or _sex(word))
    for match in _WED.finditer(text):
        holder = _holder(page, sentence, match.start())
        yield from list(_people(page, sentence, match.end(), *holder, "spouse"))[:1]
    for match in _BORN_TO.finditer(text):
        yield from _people(page, sentence, match.end(), "", None, "parent", pair=True)
    for match in _HAD.finditer(text):
        yield from _people(page, sentence, match.end(), "", None, CLASS_OF[match["kin"].casefold()])


def _people(
    page: Page, sentence: Sentence, at: int, holder: str, held_at: Span | None, kin: str, *, pair: bool = False
) -> Iterator[Kin]:
    """Read the names that a statement goes on with."""
    found: list[tuple[Span, str]] = []
    joint = None
    if page.text.startswith(("and ", "or ", "but "), sentence.start + at):
        return  # "his father and the minister"
    position = sentence.start + at
    while len(found) < MAX_RELATIVES:
        roles = _ROLES.match(page.text, position, sentence.end)
        said = roles[0] if roles else ""
        start = position + len(said)
        near = _starting(page, sentence, position, start)
        spans = [span for span in near if _is_name(span, position, start)]
        if not spans or _STOPPED.search(page.text[position : spans[0].start]):
            break
        first = spans[0].start
        here = [span for span in spans if span.start == first]
        sex = next((s for word in page.text[position:first].casefold().split() if (s := _sex(word.strip(",")))), "")
        single = [span for span in here if span.target or not _JOINT.search(span.text)] or here
        longest = max(single, key=lambda span: span.end)
        found += [(span, sex) for span in single if span.end == longest.end or span.target]
        last, joint = joint, _NEXT.match(page.text, longest.end, sentence.end)
        if joint is None:
            joint = last
            break
        position = joint.end()
    if joint is not None and "and" not in joint[0] and "&" not in joint[0]:
        found = [item for item in found if item[0].start == found[0][0].start]  # what follows the comma is no list
    order = list(dict.fromkeys(span.start for span, _ in found))
    for span, sex in found:
        if pair and not sex and len(order) == 2:  # "the son of X and Y": the father comes first
            sex = "m" if span.start == order[0] else "f"
        yield Kin(span, holder, kin, sex, held_at)


def _starting(page: Page, sentence: Sentence, low: int, high: int) -> list[Span]:
    """Return the spans of a sentence that start at offsets from `low` to `high`."""
    spans = page.spans_by_sentence[sentence.start]
    first = bisect_left(spans, low, key=attrgetter("start"))
    return spans[first : bisect_right(spans, high, lo=first, key=attrgetter("start"))]


def _is_name(span: Span, low: int, high: int) -> bool:
    return low <= span.start <= high and span.when is None and span.number is None and span.kind != "nationality"


def _holder(page: Page, sentence: Sentence, at: int) -> tuple[str, Span | None]:
    """Name who the kin word at `at` is said of: the name right before it, else the page's subject."""
    at += sentence.start
    own = set(fold_title(page.name).split())
    near = _starting(page, sentence, at - MAX_HOLDER_CHARS, at)
    before = [span for span in near if span.end <= at and at - span.end < 120]
    for span in sorted(before, key=lambda span: (-span.end, span.start)):
        if span.when is not None or span.number is not None or span.kind == "nationality":
            continue
        between = page.text[span.end : at]
        if _HOLDER_GAP.fullmatch(between) and not _OTHER_HOLDER.search(between):
            return ("", None) if set(fold_title(span.text).split()) & own else (span.text, span)
        break
    return "", None


def _same(text: str, folded: Collection[str]) -> bool:
    name = fold_title(text)
    return bool(name) and any(name == other or name in other.split() for other in folded)


def _sex(word: str) -> str:
    return "m" if _MALE.search(word) else "f" if _FEMALE.search(word) else ""


__all__ = ["CLASS_OF", "KIN_CONCEPTS", "Kin", "fits", "kin_spans", "related", "statements", "subject_is"]
