"""Documents tied to a subject: unopened ones whose snippets say that a relation may stand there."""

from __future__ import annotations

from tamsa.agent.baseline.direction import without_contrary
from tamsa.agent.baseline.lexicon import concept, forms, relation_terms
from tamsa.agent.baseline.nouns import noun_fit
from tamsa.agent.baseline.rivals import Rivals
from tamsa.agent.baseline.state import fold_title
from tamsa.agent.baseline.steps import Step
from tamsa.agent.baseline.wishes import Value

STATED = 0.5
"""Worth of a snippet whose one sentence states the whole relation with its subject."""
MEETING = 1.0
"""Worth of a snippet that names all that the value is tied to: where two conditions meet."""
MAX_FORMS_ASKED = 8


class Ties(Rivals):
    """Wishes for what other documents say of a subject."""

    def _inverse(self, step: Step, about: list[str], subject: Value) -> None:
        """Wish for documents whose snippet ties the subject to the relation, and for a search that finds them."""
        cues = set(step.cues)
        name = about[-1] if "(" not in about[-1] else about[0]
        conditions = conditions_of(step, about)
        others = " ".join(conditions[:2])
        if step.head and step.kind not in ("any", "name"):
            self.wishes.query(f"{name} {step.head}", 0.75 * subject.score)
        spaced = [f" {fold_title(item)} " for item in about]
        self.wishes.query(f"{name} {others} {' '.join(self._surface(step))}", 0.8 * subject.score)
        if others:
            self.wishes.query(f"{name} {others}", 0.78 * subject.score)
        said = [word for cue in step.cues for word in forms(cue)][:MAX_FORMS_ASKED]
        if said:
            self.wishes.query(f"{name} {others} {' '.join(said)}", 0.72 * subject.score)
        for key, known in self.state.known.items():
            if self.state.is_open(key) or not known.snippets:
                continue
            low = known.folded
            if not any(item in low for item in spaced):
                continue
            present = self.state.terms_of(key)
            coverage = len(cues & present) / len(cues) if cues else 0.0
            kind, noun = self.state.kind_of(key)
            fits = step.kind in ("any", kind) or kind == "any"
            exact = bool(step.head and noun) and kind == step.kind and noun_fit(step.head, noun) >= 0.95
            floor = 0.5 if exact else 0.28 if kind == step.kind and kind != "any" else 0.0
            stated = self._stated(key, spaced, cues, step.head)
            worth = max(floor + 0.65 * coverage if exact else coverage, floor) + STATED * stated
            worth *= (1.0 if fits or stated else 0.4) * subject.score
            if conditions:
                there = sum(f" {fold_title(item)} " in low for item in conditions) / len(conditions)
                worth *= 0.7 + 0.8 * there
                if there == 1.0 and fits:
                    worth = max(worth, MEETING * subject.score)
            if step.head and noun and concept(noun) == concept(step.head):
                worth *= 1.3
            if worth > 0.25:
                self.wishes.page(key, 1.5 * worth)

    def _stated(self, key: str, names: list[str], cues: set[str], head: str) -> float:
        """Say how much of a relation one sentence of a snippet states together with its subject, in [0, 1]."""
        best = 0.0
        page = self.state.preview(key)
        for sentence in page.sentences if cues else ():
            low = f" {fold_title(sentence.text)} "
            if any(name in low for name in names):
                best = max(best, len(cues & said_in(sentence.text, head)) / len(cues))
        return best

    def _surface(self, step: Step) -> list[str]:
        cues = set(step.cues) | ({concept(step.head)} if step.head else set())
        words = [word for word in self.question.text.replace("?", " ").split() if concept(word.strip("'\",.")) in cues]
        return list(dict.fromkeys(word.strip("'\",.") for word in words))[:6]


def conditions_of(step: Step, about: list[str]) -> tuple[str, ...]:
    """Return the names that a value is tied to besides the subject at hand."""
    assert step.of is not None
    own = {fold_title(name) for name in about}
    named = (step.of.name, *step.names) if step.of.name and step.names else step.names
    return tuple(name for name in named if fold_title(name) not in own)


def said_in(sentence: str, head: str) -> set[str]:
    """Return the relations that a sentence of another page states."""
    return set(relation_terms(without_contrary(head, sentence, own=False)))
