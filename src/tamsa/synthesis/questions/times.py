"""Questions of time: the years between two events."""

from __future__ import annotations

from random import Random

from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import Form, follow
from tamsa.synthesis.questions.comparisons import event_clause, pair, related, told_by_name
from tamsa.synthesis.questions.draft import Draft, Relations, random_edge
from tamsa.synthesis.records import Edge
from tamsa.synthesis.things import Thing, hop_of, refer
from tamsa.synthesis.values import day_of, item_of, make_item
from tamsa.synthesis.wording.frames import fill, fitting, upper_first
from tamsa.synthesis.wording.lexicon import SAYINGS

_BETWEEN = (
    "How many years passed between the year when {A} and the year when {B}?",
    "How many years lie between the year in which {A} and the year in which {B}?",
    "How many years separate the year when {A} from the year when {B}?",
)
_BETWEEN_NOUNS = (
    "How many years lie between the year of {A} and that of {B}?",
    "How many years passed from the year of {A} to that of {B}?",
    "Counted in calendar years, how far apart are {A} and {B}?",
    "By how many calendar years does {B} come after {A}?",
)


def temporal(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    """Draw a question for the years between two events that have something to do with each other, or that have not."""
    if not relations.dated:
        return None
    first = random_edge(domain, str(relations.draw(random, relations.dated)), random)
    if first is None or not domain.single(first):
        return None
    second = related(domain, first, random)
    if second is None or (second.subject == first.subject and random.random() < 0.7):
        found = pair(domain, first.relation, random)
        first, second = found or (first, None)
    if second is not None and second.subject == first.subject:
        return None
    if second is None or second.id == first.id or not domain.single(second):
        return None
    if told_by_name(first) or told_by_name(second):
        return None
    days = [day_of(item_of(edge)) for edge in (first, second)]
    if days[0] is None or days[1] is None:
        return None
    if days[0].year > days[1].year:
        first, second, days = second, first, days[::-1]
    assert days[0] is not None and days[1] is not None
    if not 0 < days[1].year - days[0].year <= 400:
        return None
    depth = random.choice((0, 0, 1))
    a = refer(domain, first.subject, depth, random)
    b = refer(domain, second.subject, 0, random)
    if a is None or b is None or (a.seen & b.seen and first.subject != second.subject):
        return None
    question = _between(first, a, second, b, random)
    form: Form = {"op": "gap", "of": [follow(a.form, first.relation), follow(b.form, second.relation)]}
    answer = make_item(str(days[1].year - days[0].year), "quantity")
    hops = (*a.hops, hop_of(first), *b.hops, hop_of(second))
    return Draft("temporal", question, form, answer, hops, (), (*a.relations, first.relation, second.relation))


def _after_of(templates: tuple[str, ...], frame: str) -> tuple[str, ...]:
    """Keep the nouns that read well in a frame: not `that of Ann Lee's birth`."""
    return tuple(one for one in templates if "{X's}" not in one) if "of {" in frame else templates


def _between(first: Edge, a: Thing, second: Edge, b: Thing, random: Random) -> str:
    nouns = [SAYINGS[edge.relation].happenings for edge in (first, second)]
    if all(nouns) and random.random() < 0.5:
        template = random.choice(_BETWEEN_NOUNS)
        choices = [_after_of(fitting(said, thing.phrase), template) for said, thing in zip(nouns, (a, b), strict=True)]
        shared = [one for one in choices[0] if one in choices[1]] if first.relation == second.relation else []
        if shared:  # not `Ann Lee's birth after the birth of Bob Ray`
            choices = [(random.choice(shared),)] * 2
        left, right = (fill(random.choice(said), one.phrase) for said, one in zip(choices, (a, b), strict=True))
    else:
        left, right = event_clause(first.relation, a.phrase, random), event_clause(second.relation, b.phrase, random)
        template = random.choice(_BETWEEN)
    return upper_first(template.replace("{A}", left).replace("{B}", right))
