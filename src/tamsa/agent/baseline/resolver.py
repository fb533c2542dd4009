"""Carrying out a plan over the opened pages: each step's values, and what must be opened or searched for them."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from tamsa.agent.baseline.conflicts import is_source
from tamsa.agent.baseline.fitness import looks_like_person
from tamsa.agent.baseline.lexicon import STOP_WORDS, concept, stem, terms, words
from tamsa.agent.baseline.nouns import ROLES, kind_of_noun, noun_fit
from tamsa.agent.baseline.passages import name_of
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading, read
from tamsa.agent.baseline.relatives import subject_is
from tamsa.agent.baseline.state import State, fold_title
from tamsa.agent.baseline.steps import Step
from tamsa.agent.baseline.tables import SUPERLATIVE, extreme_row, tables_for
from tamsa.agent.baseline.ties import Ties, conditions_of, said_in
from tamsa.agent.baseline.wishes import Value, folded_text

MAX_VALUES = 3
"""Values of an inner step that are followed."""


FLOORS = (1.5, 1.0)
"""Worth of the best and the second document of an inner step, however weakly it was read."""
MIN_FIT = 0.2
"""How well such a document must fit the kind that is wanted."""
CALLED = 0.6
"""How close a title is at least that has all of a name and is of the class by which the question calls it."""
AGAIN = 1.3
"""How much more a value counts that is read from two of the things it is tied to."""
_LYING = ("locate",)
_HINT = re.compile(r"\(([^()]*)\)$")
_AREAS = frozenset(
    "county district province region state prefecture department canton country nation continent municipality".split()
)


class Resolver(Ties):
    """Evaluates plans over one state."""

    def __init__(self, state: State, question: Question) -> None:
        super().__init__(state, question)
        self._memo: dict[Step, list[Value]] = {}
        self._excluded = frozenset(fold_title(name.text) for name in question.names)

    def values(self, step: Step) -> list[Value]:
        """Return the values of a step, best first."""
        if self._outermost is None:
            self._outermost = step
        if step not in self._memo:
            self._memo[step] = []  # a guard against cycles; plans are trees, so it is never read
            if step.of is not None:
                self._memo[step] = self._related(step)
                if step.whole is not None:
                    self._memo[step] = self._with_whole(step, step.whole)
            elif step.name:
                self._memo[step] = self._named(step.name, step.head)
            else:
                self._memo[step] = self._described(step)
        return self._memo[step]

    # ---------------------------------------------------------------- leaves

    def _named(self, name: str, head: str) -> list[Value]:
        state = self.state
        ids = state.by_title(name)
        exact = [key for key in ids if state.known[key].title.casefold() == name.casefold()]
        if "(" in name and exact:
            ids = exact
        hint = _HINT.search(name) if not exact else None
        hinted = terms(hint[1]) if hint is not None else ()
        scored = []
        for key in ids:
            best = max((known for known in state.known[key].scores.values()), default=0.5)
            fits = self._is_called(key, head) and self._says(key, hinted)
            scored.append(Value(state.known[key].title, key, (1.0 if fits else 0.8) * (0.8 + 0.2 * best)))
        called = kind_of_noun(head)
        if not scored or (called and not any(self.state.kind_of(value.id)[0] in (called, "any") for value in scored)):
            like = self._like(name, head)
            if scored:
                like = [value for value in like if self._is_called(value.id, head)]
            if not like and head:
                self.wishes.query(f"{name_of(name)} {head}", 1.0)
            scored = like + [replace(value, score=value.score / 2) if like else value for value in scored]
        scored.sort(key=lambda value: -value.score)
        for rank, value in enumerate(scored[:2]):
            if value.id and not state.is_open(value.id):
                self.wishes.page(value.id, (3.0 if rank == 0 else 1.2) * value.score)
        return scored[:MAX_VALUES] or [Value(name, "", 0.6)]

    def _is_called(self, key: str, head: str) -> bool:
        """Tell whether a document's subject is called by a noun: by its definition, or in its title."""
        noun = self.state.kind_of(key)[1]
        return not head or concept(noun) == concept(head) or concept(head) in terms(self.state.known[key].title)

    def _says(self, key: str, hint: tuple[str, ...]) -> bool:
        """Tell whether a document bears out what a name has in brackets: "X (1962)"."""
        known = self.state.terms_of(key) | set(terms(self.state.known[key].title))
        return all(term in known for term in hint)

    def _like(self, name: str, head: str) -> list[Value]:
        """Find documents whose title or alias is close to a name."""
        wanted = set(map(stem, fold_title(name).split()))
        owned = set(map(stem, fold_title(re.split(r"['’]s ", name, maxsplit=1)[-1]).split()))  # "the author's Title"
        out = []
        for known in self.state.known.values():
            title = set(map(stem, fold_title(known.title).split()))
            if not title or not wanted:
                continue
            shared = len(title & wanted)
            if shared and (wanted <= title or (title <= wanted and (len(title) > 1 or title == owned))):
                close = 0.85 * shared / max(len(title), len(wanted))
                called = head and wanted <= title and self._is_called(known.id, head)
                out.append(Value(known.title, known.id, max(close, CALLED) if called else close))
            elif known.ranks.get(name) == 0 and _is_alias(name, known.snippet):
                out.append(Value(known.title, known.id, 0.7))
        return [value for value in out if value.score > 0.3]

    def _described(self, step: Step) -> list[Value]:
        state = self.state
        picked = self._superlative(step)
        if picked is not None:  # "the airport with the fewest passengers in the list of airports"
            if picked.id and not state.is_open(picked.id):
                self.wishes.page(picked.id, 2.6)
            return [picked]
        wanted = [term for term in terms(step.phrase) if term != concept(step.head)]
        if not wanted:
            return []
        self.wishes.query(step.phrase, 1.0)
        out = []
        for key, known in state.known.items():
            if not known.snippets and key not in state.pages:
                continue
            if fold_title(known.title) in self._excluded:
                continue
            present = state.terms_of(key)
            coverage = sum(term in present for term in wanted) / len(wanted)
            kind, noun = state.kind_of(key)
            if step.kind != "any" and kind not in ("any", step.kind):
                coverage *= 0.4
            if step.head and noun and concept(noun) == concept(step.head):
                coverage *= 1.15
            if coverage >= 0.5:
                out.append(Value(known.title, key, min(1.0, coverage) * 0.9))
        out.sort(key=lambda value: -value.score)
        for value in out[:2]:
            if not state.is_open(value.id):
                self.wishes.page(value.id, 1.8 * value.score)
        return out[:MAX_VALUES]

    # ---------------------------------------------------------------- relations

    def _related(self, step: Step) -> list[Value]:
        assert step.of is not None
        state = self.state
        picked = self._superlative(step)
        subjects = self.values(step.of)[:MAX_VALUES] if picked is None else [picked]
        if picked is None and step.of.name and step.names and subjects:
            subjects = [*subjects, *(v for name in step.names[:2] for v in self._named(name, "")[:1] if v.id)]
        if picked is not None and _is_picked_whole(step):
            return [picked]
        if picked is not None and picked.id and not state.is_open(picked.id):
            self.wishes.page(picked.id, 2.6)
        found: dict[str, Value] = {}
        via: dict[str, set[str]] = {}
        near = [term for name in step.names for term in terms(name)]
        if step.kind == "place" and step.head and concept(step.head) not in step.cues:
            near.append(concept(step.head))  # "in which region lies X": a sentence that says "region"
        for subject in subjects:
            about = [subject.text]
            if subject.id:
                about.append(state.known[subject.id].title)
                if not state.is_open(subject.id):
                    self.wishes.page(subject.id, 2.4 * subject.score)
            elif subject.text:
                self.wishes.query(subject.text, 0.9 * subject.score)
            conditions = conditions_of(step, about)
            exclude = {fold_title(name) for name in about} | self._chain_titles(subject) | self._excluded
            exclude.add(fold_title(subjects[0].text))
            readings: list[Reading] = []
            for page in state.opened:
                own = page.id == subject.id
                if not own and not self._mentions(page.id, about):
                    continue
                for cues in (step.cues, _LYING) if step.kind == "place" and _only_class(step) else (step.cues,):
                    readings += read(
                        state, page, cues=cues, want=step.kind, head=step.head, about=about,
                        near=near, exclude=exclude, subject=subject.id,
                    )[:6]  # fmt: skip
                if not own:
                    readings += self._title_reading(step, page.id, about)
            if step not in self.readings:
                self.readings[step] = readings
                self._find_rivals(step, about, subject)
            self._inverse(step, about, subject)
            self._look_ahead(readings, subject)
            for reading in readings:
                value = Value(
                    reading.text,
                    self._document(reading),
                    math.sqrt(subject.score) * reading.score,
                    (*subject.chain, reading),
                )
                if conditions and value.id in state.pages:
                    there = sum(self._mentions(value.id, [name]) for name in conditions) / len(conditions)
                    value = replace(value, score=value.score * (0.6 + 0.7 * there))
                key = value.id or fold_title(reading.text)
                old = found.get(key)
                via.setdefault(key, set()).add(subject.text)
                if old is None or value.score > old.score:
                    found[key] = value
        both = [replace(v, score=v.score * AGAIN) if step.names and len(via[k]) > 1 else v for k, v in found.items()]
        values = sorted(both, key=lambda value: -value.score)
        if step.of.of is None and len(values) > 1:
            values = self._weighed(step, values)
        if (step is not self._outermost or step.names) and subjects and subjects[0].id in state.pages:
            self._keep_going(step, values, subjects[0])
        if step.head in _AREAS and step.kind == "place":
            values = sorted(values + self._containing(step, values), key=lambda value: -value.score)
        return values[: MAX_VALUES * 2]

    def _with_whole(self, step: Step, whole: Step) -> list[Value]:
        """Add what pages say of a relation of two steps in one: "the grandson of X"."""
        stated = [value for value in self._related(whole) if value.chain and value.chain[-1].stated]
        return sorted(self._memo[step] + stated, key=lambda value: -value.score)[: MAX_VALUES * 2]

    def _keep_going(self, step: Step, values: list[Value], subject: Value) -> None:
        """Wish for the best documents of an inner step however weakly they were read: the way leads through one."""
        likely = [value for value in values if value.id and value.chain and value.chain[-1].fit >= MIN_FIT]
        for value, floor in zip(likely, FLOORS, strict=False):
            if not self.state.is_open(value.id):
                self.wishes.page(value.id, floor * math.sqrt(subject.score))

    def _containing(self, step: Step, values: list[Value]) -> list[Value]:
        """Where a county is asked for and a town was read, find the county that the town lies in."""
        best = next((value for value in values if value.id), None)
        if best is None or best.score < 0.4:
            return []
        kind, noun = self.state.kind_of(best.id)
        if kind != "place" or not noun or noun_fit(step.head, noun) >= 0.95:
            return []
        if not self.state.is_open(best.id):
            self.wishes.page(best.id, 2.0)
            return []
        out = []
        for page in self.state.pages.get(best.id, ()):
            for reading in read(
                self.state, page, cues=("locate",), want="place", head=step.head, about=[best.text], subject=best.id
            )[:3]:
                if reading.fit >= 0.9:
                    score = best.score * (0.9 + 0.2 * reading.fit)
                    out.append(Value(reading.text, self._document(reading), score, (*best.chain, reading)))
        return out

    def picked(self, step: Step) -> Value | None:
        """Return a step's value where a superlative picks it from a table, and nothing is asked of it beyond that."""
        return self._superlative(step) if step.of is not None and _is_picked_whole(step) else None

    def _superlative(self, step: Step) -> Value | None:
        """Resolve a step that a superlative picks from a table ("the longest river of X")."""
        inner = step.of.phrase if step.of is not None else ""
        own = step.phrase.replace(inner, " ") if inner and inner in step.phrase else step.phrase
        if not SUPERLATIVE.search(own) or (
            step.of is not None and step.of.of is not None and SUPERLATIVE.search(inner)
        ):
            return None
        scope = [name.text for name in self.question.names]
        scope += [value.text for value in self.values(step.of)[:1]] if step.of is not None else []
        wanted = [term for term in self.question.weights if not term.isdigit() or len(term) == 4]
        for name in scope[-1:]:
            self.wishes.query(f"list of {step.head} {name}", 1.0)
            if "population" in self.question.weights:
                self.wishes.query(f"census of {name}", 1.0)
            for word in self._plain_words()[:6]:
                if concept(word) != concept(step.head) and not SUPERLATIVE.fullmatch(word) and word.isalpha():
                    self.wishes.query(f"{word} of {name}", 0.95)
        for found in tables_for(self.state, wanted, scope)[:3]:
            if found.fit < 2.0:
                continue
            reading = extreme_row(found, self.question.text, step.head, wanted)
            if reading is not None:
                key = reading.target or next(iter(self.state.by_title(reading.text)), "")
                return Value(reading.text, key, 1.3, (replace(reading, target=key),))
        return None

    def _plain_words(self) -> list[str]:
        """The content words of the question outside its names."""
        text = self.question.text
        for name in self.question.names:
            text = text.replace(name.text, " ")
        return [word for word in words(text) if word.casefold() not in STOP_WORDS][:12]

    def scope_terms(self) -> frozenset[str]:
        """Concepts of the names that the steps carried out so far came to."""
        return frozenset(term for values in self._memo.values() for value in values[:1] for term in terms(value.text))

    def _look_ahead(self, readings: list[Reading], subject: Value) -> None:
        """Wish to see the snippets of likely values: they tell what kind of thing each is, without opening it."""
        best = sorted(readings, key=lambda reading: -reading.score)[:5]
        if subject.id in self.state.pages and (not best or best[0].score < 0.6):
            page = self.state.pages[subject.id][0]
            self.wishes.query(page.name, 0.85 * subject.score)  # who else speaks of it
            for link in page.sound_links[:8]:
                known = self.state.known.get(str(link["id"]))
                if known is not None and not known.snippets and not self.state.is_open(known.id):
                    self.wishes.query(known.title, 0.7 * subject.score)
        for reading in best:
            if (
                reading.target
                and not self.state.is_open(reading.target)
                and not self.state.known[reading.target].snippets
            ):
                self.wishes.query(self.state.known[reading.target].title, 0.85 * subject.score)

    def _chain_titles(self, subject: Value) -> set[str]:
        return {fold_title(reading.text) for reading in subject.chain}

    def _document(self, reading: Reading) -> str:
        if reading.is_title:
            return reading.page.id
        return reading.target or next(iter(self.state.by_title(reading.text)), "")

    def _mentions(self, key: str, names: list[str]) -> bool:
        return any(
            f" {fold_title(name)} " in f" {folded_text(page.text)} " for page in self.state.pages[key] for name in names
        )

    def _title_reading(self, step: Step, key: str, about: list[str]) -> list[Reading]:
        """Read the page's own subject as the value: "X is a film directed by the subject"."""
        page = self.state.pages[key][0]
        if fold_title(page.name) in self._excluded or step.kind in (
            "date",
            "year",
            "number",
            "nationality",
            "language",
            "description",
        ):
            return []
        kind, noun = self.state.kind_of(key)
        if is_source(page.title) and step.kind in ("person", "place", "org"):
            return []  # a source tells of the subject, it is not the value
        if step.kind not in ("any", "name", kind) and kind != "any":
            return []
        if step.kind == "person" and kind == "any" and not looks_like_person(page.name):
            return []
        best: Reading | None = None
        cues = set(step.cues)
        related = subject_is(page, step.head, about) if step.kind == "person" else 0.0
        if related < 0.0:
            return []  # the mother where the daughter is asked for
        for sentence in page.sentences:
            low = f" {fold_title(sentence.text)} "
            if not any(f" {fold_title(name)} " in low for name in about):
                continue
            present = said_in(sentence.text, step.head) | {concept(noun)}  # "a film director. Her films include X."
            coverage = max(len(cues & present) / len(cues) if cues else 0.3, related)
            exact = bool(step.head and noun) and noun_fit(step.head, noun) >= 0.95 and step.head not in ROLES
            score = (0.4 if exact else 0.15) + 0.9 * coverage
            if step.head:
                score *= 1.1 if noun and concept(noun) == concept(step.head) else 0.8
            if step.head and noun and noun_fit(step.head, noun) <= 0.5:
                score *= 0.5  # a town where a river is asked for
            if best is None or score > best.score:
                best = Reading(
                    page.name, score, page, sentence.start, sentence.end, key, kind, is_title=True, stated=coverage > 0
                )
        return [best] if best else []


def _only_class(step: Step) -> bool:
    """Tell whether a step names nothing but the class of its value: "the town of X" is where X lies."""
    return set(step.cues) == {concept(step.head)}


def _is_alias(name: str, lead: str) -> bool:
    """Tell whether a lead gives a name as another name of its subject: before its verb, or after "known as"."""
    folded = f" {fold_title(name)} "
    head = re.split(r"\b(?:is|was|are|were)\b", lead[:300], maxsplit=1)[0]
    if folded in f" {fold_title(head)} ":
        return True
    known_as = re.search(r"\b(?:known (?:\w+ )?as|called|nicknamed|renamed)\b.{0,60}", lead[:400])
    return known_as is not None and folded in f" {fold_title(known_as[0])} "


def _is_picked_whole(step: Step) -> bool:
    """Tell whether what a superlative picks is what a step asks for, and not what something is asked of."""
    return step.kind not in ("person", "date", "year", "number") or not step.cues
