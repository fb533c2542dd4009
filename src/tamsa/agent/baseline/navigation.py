"""What to open next: the worth of every known document, from names, ranks, snippets, links and the plan."""

from __future__ import annotations

import re

from tamsa.agent.baseline.lexicon import STOP_WORDS, concept, terms, words
from tamsa.agent.baseline.question import Question, name_terms
from tamsa.agent.baseline.state import Known, State, fold_title
from tamsa.agent.baseline.wishes import Wishes

_YEAR = re.compile(r"\b(?:1[0-9]{3}|20[0-9]{2})\b")
NAMED = 3.0
RANK = 1.3
SNIPPET = 1.6
LINK = 0.9
LINK_SENTENCE = 1.4
TITLE_WORDS = 0.8
WISH = 1.0
TITLED = 1.6
BRIDGE = 1.0
"""Worth of a document tied to an opened one that has all that the question asks and the opened one lacks."""
NUM_BRIDGES = 4
"""Opened documents, from the first, whose ties are looked at."""
OTHER_YEAR = 1.5
"""What a title with another year than the question's costs: "1989 League" where that of 1981 is asked for."""
MAX_LACKING = 10
MENTION = 0.6
"""Worth of a snippet that mentions, word for word, a name of the question whose own page is open."""


def rank(
    state: State,
    question: Question,
    wishes: Wishes,
    scope: frozenset[str] = frozenset(),
    *,
    bridging: bool = True,
) -> list[tuple[str, float]]:
    """Return the documents that are not open yet with their worth, best first.

    Args:
        state: what is known.
        question: what is asked.
        wishes: what the plan asks for.
        scope: concepts of the names found so far.
        bridging: whether what ties a document to an opened one counts; a long plan knows its own way.
    """
    in_names = name_terms(question.names)
    years = set(_YEAR.findall(question.text))
    covered = _covered(state, question)
    rest = {term: weight for term, weight in question.weights.items() if term not in covered}
    scored = []
    for known in state.known.values():
        if state.is_open(known.id):
            continue
        score = (
            worth(state, question, known, rest, in_names)
            + _titled(question, known, scope)
            + WISH * wishes.pages.get(known.id, 0.0)
            + (BRIDGE * _bridged(state, question, known) if bridging else 0.0)
            - (OTHER_YEAR if _of_other_year(question, known, years) else 0.0)
        )
        scored.append((known.id, score))
    scored.sort(key=lambda item: (-item[1], item[0]))
    return scored


def _of_other_year(question: Question, known: Known, years: set[str]) -> bool:
    """Tell whether a title opens with a year, and not with one that the question names."""
    titled = set(_YEAR.findall(known.title[:5]))
    return bool(years and titled and not titled & years) and question.text not in known.named_in


def _titled(question: Question, known: Known, scope: frozenset[str]) -> float:
    """Reward a title made up of the question's words and the names found so far ("List of rivers of X")."""
    title = set(terms(known.title)) - {"list"}
    if len(title) < 2 or not title & (scope | name_terms(question.names)):
        return 0.0
    asked = set(question.weights) - name_terms(question.names)
    if not title & asked:
        return 0.0
    covered = len(title & (asked | scope | set(question.weights))) / len(title)
    return TITLED if covered == 1.0 else TITLED / 2 if covered >= 0.6 and title & scope else 0.0


def _covered(state: State, question: Question) -> set[str]:
    """Concepts of the question that are settled: those of names whose page is open."""
    out: set[str] = set()
    titles = {fold_title(page.title) for page in state.opened}
    for name in question.names:
        if fold_title(name.text) in titles:
            out |= set(terms(name.text))
    return out


def worth(state: State, question: Question, known: Known, rest: dict[str, float], in_names: frozenset[str]) -> float:
    """Say how much a document promises."""
    title = fold_title(known.title)
    title_terms = terms(re.sub(r"\([^()]*\)$", "", known.title))
    inner = re.search(r"\(([^()]*)\)$", known.title)
    suspicious = bool(inner) and not any(term in question.weights for term in terms(inner[1]))  # type: ignore[index]
    score = 0.0
    # named in the question
    for name in question.names:
        folded = fold_title(name.text)
        if folded == title:
            exact = name.text.casefold() == known.title.casefold()
            weak = suspicious and not exact and " " not in title
            score = max(score, NAMED * (0.35 if weak else 0.8 if suspicious and not exact else 1.0))
        elif folded and (f" {folded} " in f" {title} " or f" {title} " in f" {folded} "):
            shared = min(len(folded.split()), len(title.split())) / max(len(folded.split()), len(title.split()))
            score = max(score, NAMED * 0.5 * shared)
    # found by search
    best = 0.0
    for query, place in known.ranks.items():
        share = 1.0 if query == question.text else 0.55
        best = max(best, share * (0.55 / (1 + place) + 0.45 * known.scores.get(query, 0.0) ** 2))
    score += RANK * best
    # what its snippet says about the question
    present = state.terms_of(known.id)
    total = sum(rest.values())
    if total and known.snippets:
        score += SNIPPET * sum(weight for term, weight in rest.items() if term in present) / max(total, 3.0)
    score += MENTION * _mentions(state, question, known)
    if title_terms:
        score += TITLE_WORDS * sum(term in question.weights for term in title_terms) / (len(title_terms) + 1)
    # linked from an opened page, in a sentence that speaks of what is asked
    score += _links(state, question, known, rest, suspicious)
    kind, noun = state.kind_of(known.id)
    if kind == question.kind and question.kind not in ("any", "name"):
        score += 0.15
        if question.head and noun and concept(noun) == concept(question.head):
            score += 0.25
    return score


def _mentions(state: State, question: Question, known: Known) -> float:
    """Say whether a snippet speaks of something named in the question: the fact may stand on the other side's page."""
    if question.form in ("polar", "choice"):
        return 0.0  # what is compared has pages of its own
    own = fold_title(known.title)
    for name in question.names:
        folded = fold_title(name.text)
        if len(folded) > 4 and folded not in own and any(name.text in snippet for snippet in known.snippets):
            return 1.0
    return 0.0


def _bridged(state: State, question: Question, known: Known) -> float:
    """Say how much of the question a document adds to an opened one that it mentions, in [0, 1]."""
    if question.form in ("polar", "choice") or not known.snippets:
        return 0.0
    best = 0.0
    present = state.terms_of(known.id)
    for page in state.opened[:NUM_BRIDGES]:
        name = fold_title(page.name)
        if len(name) < 4 or f" {name} " not in known.folded:
            continue
        lacking = {term: weight for term, weight in question.weights.items() if term not in page.term_set}
        own = set(terms(page.title))
        added = sum(weight for term, weight in lacking.items() if term in present and term not in own)
        relevant = 1.0 - sum(lacking.values()) / question.total
        best = max(best, relevant * added / max(sum(lacking.values()), 2.0))
    return min(1.0, 2.0 * best)


def reformulations(state: State, question: Question) -> list[str]:
    """Ask for each of the first opened documents with the words of the question that it does not answer."""
    out = []
    for page in state.opened[:NUM_BRIDGES]:
        lacking = [word for word in words(question.text) if _asks(word) and concept(word) not in page.term_set]
        if lacking and len(page.name) > 3:
            out.append(f"{page.name} {' '.join(dict.fromkeys(lacking[:MAX_LACKING]))}")
    return out


def _asks(word: str) -> bool:
    return word.casefold() not in STOP_WORDS and len(word) > 1


def _links(state: State, question: Question, known: Known, rest: dict[str, float], suspicious: bool) -> float:
    best = 0.0
    total = sum(rest.values()) or 1.0
    for source, start, end in known.linked_from:
        for page in state.pages.get(source, ()):
            if not 0 <= start < end <= len(page.text):
                continue
            sentence = next((s for s in page.sentences if s.start <= start < s.end), None)
            if sentence is None:
                continue
            here = set(terms(sentence.text))
            value = sum(weight for term, weight in rest.items() if term in here) / max(total, 3.0)
            relevance = sum(w for t, w in question.weights.items() if t in page.term_set) / question.total
            anchor = page.text[start:end]
            if suspicious and " " not in anchor and fold_title(anchor) == fold_title(known.title):
                value *= 0.3
                relevance *= 0.3
            first = 0.25 if sentence is page.sentences[0] else 0.0
            # a page with few links says more by each of them
            targets = len({str(link["id"]) for link in page.sound_links})
            telling = min(1.7, max(0.6, 7.0 / (targets + 2)))
            best = max(best, LINK * relevance * telling * (0.4 + first) + LINK_SENTENCE * value)
    return best
