"""What to open next: each known document's signs of being needed, weighed together."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from tamsa.agent.baseline.lexicon import STOP_WORDS, concept, terms, words
from tamsa.agent.baseline.nouns import kind_of_noun
from tamsa.agent.baseline.question import Question, name_terms
from tamsa.agent.baseline.rows import Rows
from tamsa.agent.baseline.state import Known, State, fold_title
from tamsa.agent.baseline.tables import SUPERLATIVE
from tamsa.agent.baseline.wishes import Wishes, folded_text

WEIGHTS = {
    "found": 2.20,
    "names": 1.57,
    "echo": -1.17,
    "bridge": 3.14,
    "listed": 1.02,
    "table": 4.18,
    "year": -1.51,
    "wish": 1.73,
    "sentence": 2.89,
    "linked": 2.49,
    "back": 0.97,
    "noun": 0.45,
    "covers": 2.34,
    "inside": 1.49,
    "adds": 5.33,
    "repeats": -1.59,
    "row": 5.98,
    "titled": 7.23,
    "headed": 2.42,
    "joins": 2.21,
}
"""What each sign counts, in log odds against the other known documents: `benchmarks/opening_order.py` fits them."""
NUM_BRIDGES = 4
"""Opened documents, from the first, whose ties are looked at."""
MAX_LACKING = 10
MIN_NAME = 4
"""Letters of a name from which on it is looked for in a text."""
FEW_LINKS = 7.0
"""Links of a page from which on each of them tells less."""
MOST_TELLING = 1.7
LEAST_TELLING = 0.6
DOUBTFUL = 0.3
"""Share that a link from one common word to a title in brackets keeps: "Arena" to "Arena (band)"."""
_YEAR = re.compile(r"\b(?:1[0-9]{3}|20[0-9]{2})\b")


@dataclass(frozen=True)
class Candidate:
    """A document that is not open yet, with the signs that speak for it or against it."""

    id: str
    signs: dict[str, float]

    @property
    def worth(self) -> float:
        """The signs weighed together: the higher, the likelier the document is needed."""
        return sum(WEIGHTS[name] * value for name, value in self.signs.items())


def rank(
    state: State,
    question: Question,
    wishes: Wishes,
    scope: frozenset[str] = frozenset(),
    *,
    bridging: bool = True,
) -> list[Candidate]:
    """Return the documents that are not open yet, best first.

    Args:
        state: what is known.
        question: what is asked.
        wishes: what the plan asks for.
        scope: concepts of the names found so far.
        bridging: whether what ties a document to an opened one counts; a long plan knows its own way.
    """
    view = _View(state, question)
    candidates = []
    for known in state.known.values():
        if not state.is_open(known.id):
            signs = view.signs(known, scope)
            signs["wish"] = wishes.pages.get(known.id, 0.0)
            signs["bridge"] = _bridged(state, question, known) if bridging else 0.0
            candidates.append(Candidate(known.id, signs))
    return sorted(candidates, key=lambda candidate: (-candidate.worth, candidate.id))


class _View:
    """What all candidates of one turn are measured against: how telling each word is, and what was opened."""

    def __init__(self, state: State, question: Question) -> None:
        self.state = state
        self.question = question
        self.tabled = question.form == "count" or bool(SUPERLATIVE.search(question.text))
        self.years = set(_YEAR.findall(question.text))
        self.telling = telling(state, question)
        self.total = sum(self.telling.values()) or 1.0
        covered = _covered(state, question)
        self.rest = {term: weight for term, weight in question.weights.items() if term not in covered}
        self.shares = {key: self._share(state.terms_of(key)) for key in state.pages}
        self.read = frozenset().union(*(state.terms_of(key) for key in state.pages))
        self.texts = [
            (share, f" {folded_text(page.text)} {fold_title(page.title)} ")
            for key, share in sorted(self.shares.items(), key=lambda item: -item[1])
            for page in state.pages[key]
        ]
        """Share and text of the opened pages, those that speak most of the question first."""
        self.best = max(self.shares, key=lambda key: self.shares[key], default="")
        self.rows = Rows(state, question)
        self.best_name = fold_title(state.pages[self.best][0].name) if self.best else ""

    def _share(self, present: frozenset[str]) -> float:
        """Say how much of the question some words make up, rare ones more, in [0, 1]."""
        return sum(value for term, value in self.telling.items() if term in present) / self.total

    def signs(self, known: Known, scope: frozenset[str]) -> dict[str, float]:
        """Return the signs of one document, most of them in [0, 1].

        found: its score for the question itself, of the best hit's, squared.
        names: its snippet names what the question names and has a page of its own.
        echo: how far its title only repeats the question.
        listed: its title is made of the question's words and the names found ("List of rivers of X");
        table: the same where the most, the least or a number is asked for.
        year: its title opens with another year than the question's.
        covers: how much of the question its snippets say; adds: of what no opened page says; repeats: of the rest.
        inside: an opened page names it; linked: links to it, one of few; sentence: in one that speaks of what is asked.
        back: its snippets name the opened page that says most of the question.
        noun: it is an instance of the noun that is asked for.
        row: a row of an opened table that stands out links to it; titled, headed, joins: a table that agrees.
        """
        question = self.question
        title = terms(re.sub(r"\([^()]*\)$", "", known.title))
        listed = _listed(question, known, scope)
        present = self.state.terms_of(known.id) if known.snippets else frozenset()
        added = self._share(present - self.read)
        kind, noun = self.state.kind_of(known.id)
        same = kind == question.kind and question.head and noun and concept(noun) == concept(question.head)
        linked, sentence = self._links(known)
        tied = len(self.best_name) >= MIN_NAME and f" {self.best_name} " in known.folded
        return {
            "found": known.scores.get(question.text, 0.0) ** 2,
            "names": _mentions(question, known),
            "echo": sum(term in question.weights for term in title) / (len(title) + 1) if title else 0.0,
            "listed": listed,
            "table": listed if self.tabled else 0.0,
            "year": 1.0 if _of_other_year(question, known, self.years) else 0.0,
            "covers": question.share(present),
            "adds": added,
            "repeats": self._share(present) - added,
            "inside": self._inside(known),
            "linked": linked,
            "sentence": sentence,
            "back": self.shares[self.best] if tied and known.snippets else 0.0,
            "noun": 1.0 if same and question.kind not in ("any", "name") else 0.0,
            "row": self.rows.points_to.get(known.id, 0.0),
            **self._tabular(known),
        }

    def _tabular(self, known: Known) -> dict[str, float]:
        """Say how a table agrees with the question: its title, the heads of its columns, and an opened page in a row.

        titled: share of the question that its title says; headed: a column is headed by what is asked for.
        joins: what title and heads add to the opened page that one of its rows names.
        """
        if not known.is_table:
            return {"titled": 0.0, "headed": 0.0, "joins": 0.0}
        question = self.question
        title = set(terms(known.title))
        heads = {term for cell in known.header for term in terms(cell)}
        kinds = {kind_of_noun(cell.split()[-1]) for cell in known.header if cell} - {None, "any", "name"}
        joins = 0.0
        for page in self.state.opened:
            name = fold_title(page.name)
            if len(name) >= MIN_NAME and f" {name} " in known.folded and not page.tables:
                alone = question.share(page.term_set)
                joins = max(joins, 4.0 * alone * (question.share(page.term_set | title | heads) - alone))
        return {
            "titled": question.share(title),
            "headed": 1.0 if question.head and concept(question.head) in heads else 0.5 * (question.kind in kinds),
            "joins": joins,
        }

    def _inside(self, known: Known) -> float:
        """Return the share of the best opened page whose text has the title, whatever it is part of there."""
        title = fold_title(known.title)
        if len(title) < MIN_NAME:
            return 0.0
        return next((share for share, text in self.texts if f" {title} " in text), 0.0)

    def _links(self, known: Known) -> tuple[float, float]:
        """Say how telling the links to a document are: by their page and their number, and by their sentence."""
        linked = sentence = 0.0
        total = max(sum(self.rest.values()), 3.0)
        for source, start, end in known.linked_from:
            for page in self.state.pages.get(source, ()):
                within = next((s for s in page.sentences if s.start <= start < s.end), None)
                if within is None or not start < end <= len(page.text):
                    continue
                here = set(terms(within.text))
                value = sum(weight for term, weight in self.rest.items() if term in here) / total
                share = self.shares[source]
                if _doubtful(self.question, known, page.text[start:end]):
                    value, share = DOUBTFUL * value, DOUBTFUL * share
                targets = len({str(link["id"]) for link in page.sound_links})
                few = min(MOST_TELLING, max(LEAST_TELLING, FEW_LINKS / (targets + 2)))
                linked, sentence = max(linked, share * few), max(sentence, value)
        return linked, sentence


def telling(state: State, question: Question) -> dict[str, float]:
    """Weigh each word of the question by how few of the known documents have it."""
    known = [state.terms_of(key) for key, item in state.known.items() if item.snippets or key in state.pages]
    most = math.log(max(len(known), 1) + 2)
    return {
        term: weight * (most - math.log(1 + sum(term in present for present in known))) / most
        for term, weight in question.weights.items()
    }


def _doubtful(question: Question, known: Known, anchor: str) -> bool:
    """Tell whether a link leads from one word to a title whose brackets say what the question does not."""
    inner = re.search(r"\(([^()]*)\)$", known.title)
    if not inner or " " in anchor or any(term in question.weights for term in terms(inner[1])):
        return False
    return fold_title(anchor) == fold_title(known.title)


def _of_other_year(question: Question, known: Known, years: set[str]) -> bool:
    titled = set(_YEAR.findall(known.title[:5]))
    return bool(years and titled and not titled & years) and question.text not in known.named_in


def _listed(question: Question, known: Known, scope: frozenset[str]) -> float:
    title = set(terms(known.title)) - {"list"}
    if len(title) < 2 or not title & (scope | name_terms(question.names)):
        return 0.0
    asked = set(question.weights) - name_terms(question.names)
    if not title & asked:
        return 0.0
    covered = len(title & (asked | scope | set(question.weights))) / len(title)
    return 1.0 if covered == 1.0 else 0.5 if covered >= 0.6 and title & scope else 0.0


def _covered(state: State, question: Question) -> set[str]:
    """Concepts of the question that are settled: those of names whose page is open."""
    out: set[str] = set()
    titles = {fold_title(page.title) for page in state.opened}
    for name in question.names:
        if fold_title(name.text) in titles:
            out |= set(terms(name.text))
    return out


def _mentions(question: Question, known: Known) -> float:
    if question.form in ("polar", "choice"):
        return 0.0  # what is compared has pages of its own
    own = fold_title(known.title)
    for name in question.names:
        folded = fold_title(name.text)
        if len(folded) > MIN_NAME and folded not in own and any(name.text in snippet for snippet in known.snippets):
            return 1.0
    return 0.0


def _bridged(state: State, question: Question, known: Known) -> float:
    """Say how much of the question a document adds to one of the first opened that it mentions, in [0, 1]."""
    if question.form in ("polar", "choice") or not known.snippets:
        return 0.0
    best = 0.0
    present = state.terms_of(known.id)
    for page in state.opened[:NUM_BRIDGES]:
        name = fold_title(page.name)
        if len(name) < MIN_NAME or f" {name} " not in known.folded:
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
