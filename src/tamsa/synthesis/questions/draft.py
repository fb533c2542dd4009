"""A question before it is checked, and the record made of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import Form, FormError, evaluate
from tamsa.synthesis.obfuscation import difficulty
from tamsa.synthesis.questions.reach import Reach
from tamsa.synthesis.records import Edge, GoldQuestion, Hop, QuestionKind, Settlement
from tamsa.synthesis.values import Item, answer_forms, count_forms, entity_item, fold, number_of
from tamsa.synthesis.wording.lexicon import SAYINGS

NOT_FOUND = "NOT FOUND"
_FLAT = frozenset({"nationality", "occupation", "genre"})
"""Relations that make for flat questions."""
_DRAWS = 24
"""Edges looked at for one that can be led back."""


@dataclass(slots=True)
class Draft:
    """A question with the form that gives its answer. `answer` is None for one without."""

    kind: QuestionKind
    question: str
    form: Form
    answer: Item | None
    hops: tuple[Hop, ...]
    operations: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    settlement: Settlement | None = None
    extra: tuple[str, ...] = field(default=())
    """More accepted answers."""


Drawer = Callable[[Domain, Random], Draft | None]


def finish(draft: Draft, domain: Domain) -> GoldQuestion | str:
    """Make the record of a draft, its answer recomputed from its form; else return why it is refused."""
    try:
        found = evaluate(draft.form, domain)
    except FormError:
        return "no_value"
    answers: tuple[str, ...] = (NOT_FOUND,)
    kind = "none"
    if draft.answer is None:
        if found:
            return "answerable"
    else:
        if len(found) != 1:
            return "ambiguous" if found else "no_value"
        if found[0] != draft.answer:
            return "other_answer"
        answers, kind = answers_of(draft.answer, domain, draft.kind), draft.answer.type
        answers = tuple(dict.fromkeys((*answers, *draft.extra)))
        if draft.answer.key.startswith("b:"):
            kind = "yes_no"
    hops = tuple(dict.fromkeys(draft.hops))
    return GoldQuestion(
        id=identify(domain.graph.id, draft.question, draft.form),
        question=draft.question,
        answers=answers,
        kind=draft.kind,
        hops=len(hops),
        answer_type=kind,  # type: ignore[arg-type]
        chain=hops,
        supporting_titles=tuple(dict.fromkeys(hop.evidence.title for hop in hops)),
        relations=tuple(dict.fromkeys((*draft.relations, *(hop.relation for hop in hops)))),
        operations=draft.operations,
        difficulty=difficulty(max(1, len(hops)), draft.operations),
        form=draft.form,
        settlement=draft.settlement,
        parent=domain.graph.id,
    )


def identify(graph: str, question: str, form: Form) -> str:
    """Return the id of a question: a hash of the graph, the words and the form."""
    text = json.dumps([graph, question, form], sort_keys=True)
    return "q" + hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def answers_of(answer: Item, domain: Domain, kind: str) -> tuple[str, ...]:
    """Return the accepted forms of an answer."""
    number = number_of(answer)
    if number is not None and kind in ("counting", "temporal") and number == int(number):
        more = (
            tuple(f"{form} year{'s' if number != 1 else ''}" for form in count_forms(int(number)))
            if kind == "temporal"
            else ()
        )
        return (*count_forms(int(number)), *more)
    entity = domain.entity(answer.id) if answer.id is not None else None
    if entity is None:
        return answer_forms(answer)
    titled = answer_forms(entity_item(entity.title, entity.id), domain.aliases(answer))
    words, title = set(fold(answer.text).split()), set(fold(titled[0]).split())
    if words == title or (entity.kind == "person" and words & title):
        return titled
    written = answer_forms(answer)
    return tuple(dict.fromkeys((*written, *titled))) if words <= title or title <= words else written


def random_edge(domain: Domain, relation: str, random: Random, tries: int = 6) -> Edge | None:
    """Draw an askable edge of a relation, None where chance finds none."""
    numbers = domain.graph.by_relation(relation)
    for _ in range(tries if len(numbers) else 0):
        edge = domain.graph.edge(int(numbers[random.randrange(len(numbers))]))
        if domain.askable(edge):
            return edge
    return None


class Relations:
    """The relations of a graph that can be asked about, drawn by damped frequency so that none crowds out others."""

    def __init__(self, domain: Domain, factors: Mapping[str, float] | None = None) -> None:
        factors = factors or {}
        counts = domain.graph.relations()
        self.names = [name for name in SAYINGS if counts.get(name, 0) > 0 and factors.get(name, 1) > 0]
        self._weights = {
            name: counts[name] ** 0.5 * factors.get(name, 1.0) * (0.15 if name in _FLAT else 1.0) for name in self.names
        }
        self._sums = list(accumulate(self._weights.values()))
        self.ordered = [name for name in self.names if SAYINGS[name].later[0] and SAYINGS[name].single]
        self.dated = [name for name in self.names if SAYINGS[name].events and SAYINGS[name].single]

        self.reach = Reach(domain)

    def draw(self, random: Random, among: Sequence[str] | None = None) -> str | None:
        """Draw the name of a relation, of the given ones if they are given; None where there is none."""
        if among is None:
            return random.choices(self.names, cum_weights=self._sums)[0] if self.names else None
        return random.choices(among, [self._weights[name] for name in among])[0] if among else None

    def leading_back(self, domain: Domain, steps: int, random: Random) -> Edge | None:
        """Draw an askable edge whose subject may be referred to over so many steps, None where chance finds none."""
        for _ in range(_DRAWS):
            relation = self.draw(random)
            among = self.reach.edges(relation, steps) if relation else ()
            edge = domain.graph.edge(int(among[random.randrange(len(among))])) if len(among) else None
            if edge is not None and domain.leads(edge.subject, steps) and domain.askable(edge):
                return edge
        return None
