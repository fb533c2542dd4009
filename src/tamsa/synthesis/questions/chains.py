"""Chains of one to five steps, intersections, and questions whose answer no document holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from tamsa.synthesis.descriptions import describe
from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import follow
from tamsa.synthesis.obfuscation import obscure, obscure_or_name
from tamsa.synthesis.questions.draft import Draft, Relations, random_edge
from tamsa.synthesis.things import Anchor, Thing, hop_of, name_thing, refer
from tamsa.synthesis.values import item_of
from tamsa.synthesis.wording.frames import ask, ask_after, ask_name, fitted, upper_first, which
from tamsa.synthesis.wording.lexicon import SAYINGS, cue_words
from tamsa.synthesis.wording.nouns import GENERIC, same_nouns, stem
from tamsa.synthesis.wording.saying import Saying

_APPEARED = frozenset({"released", "published", "premiered"})
"""Relations of which none is asked where another was said: `released in 2012. When did it come out?`."""
_LONG = 12
"""Words of a phrase beyond which two sentences read better than one."""
_OBSCURED = 0.65
"""Share of the chains that begin at an obscured anchor."""


def chain(domain: Domain, random: Random, relations: Relations, hops: int) -> Draft | None:
    """Draw a chain: the value of a relation of a thing that is found over `hops` - 1 steps."""
    if hops > 1 and random.random() < 0.2:
        return _which(domain, random, relations, hops)
    edge = relations.leading_back(domain, hops - 1, random)
    if edge is None or not SAYINGS[edge.relation].single or not domain.single(edge):
        return None
    answer = item_of(edge)
    anchor = _anchor(hops, random)
    thing = refer(domain, edge.subject, hops - 1, random, frozenset({answer.key}), anchor)
    if thing is None or said_already(edge.relation, thing.relations[-1:]) or answer.key in thing.seen:
        return None
    if edge.relation == "occupation" and thing.hops:  # what the director of a film did is no question
        return None
    return Draft(
        "chain",
        _ask(fitted(SAYINGS[edge.relation], answer), thing, random),
        follow(thing.form, edge.relation),
        answer,
        (*thing.hops, hop_of(edge)),
        thing.operations,
        (*thing.relations, edge.relation),
    )


def said_already(relation: str, said: Sequence[str]) -> bool:
    """Whether a relation, or one that means the same, was said of a thing before it is asked for."""
    return relation in said or (relation in _APPEARED and not _APPEARED.isdisjoint(said))


def _anchor(hops: int, random: Random) -> Anchor:
    """Choose how the thing is referred to at which a chain of so many steps begins."""
    if hops == 1 or random.random() >= _OBSCURED:
        return name_thing
    return obscure if hops == 2 else obscure_or_name


def _ask(saying: Saying, thing: Thing, random: Random) -> str:
    long = len(thing.phrase.split()) > _LONG
    if thing.named.noun and (long or (thing.hops and random.random() < 0.15)):
        return ask_after(saying, thing.phrase, thing.back, random)
    return ask(saying, thing.phrase, random)


def _which(domain: Domain, random: Random, relations: Relations, hops: int) -> Draft | None:
    """Draw a chain whose answer is the thing at its end: `Which film was directed by …?`."""
    edge = relations.leading_back(domain, hops, random)
    if edge is None:
        return None
    anchor = _anchor(hops, random)
    thing = refer(domain, edge.subject, hops, random, frozenset(), anchor)
    if thing is None or not thing.hops:
        return None
    opening = f"the {thing.named.noun} {'who' if thing.named.human else 'that'} "
    question = ask_name(thing.phrase, thing.named.human, random)
    if thing.phrase.startswith(opening) and random.random() < 0.6:
        question = which(thing.named.noun, thing.phrase.removeprefix(opening))
    return Draft("chain", question, thing.form, thing.item, thing.hops, thing.operations, thing.relations)


def intersection(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    """Draw a thing that two facts single out, or the value of a relation of such a thing."""
    relation = relations.draw(random)
    edge = random_edge(domain, relation, random) if relation else None
    if edge is None:
        return None
    thing = describe(domain, edge.subject, random, vague=random.random() < 0.4)
    if thing is None:
        return None
    operations = tuple(operation for operation in thing.operations if operation != "description")
    if not said_already(edge.relation, thing.relations) and SAYINGS[edge.relation].single and domain.single(edge):
        answer = item_of(edge)
        if random.random() < 0.6 and answer.key not in thing.seen:
            question = _ask(fitted(SAYINGS[edge.relation], answer), thing, random)
            form = follow(thing.form, edge.relation)
            steps = (*thing.hops, hop_of(edge))
            return Draft("intersection", question, form, answer, steps, operations, (*thing.relations, edge.relation))
    noun = thing.named.noun
    opening = f"the {noun} {'who' if thing.named.human else 'that'} "
    rest = thing.phrase.removeprefix(opening)
    questions = [which(noun, rest), ask_name(thing.phrase, thing.named.human, random)]
    if " and " in rest and noun != "person":
        questions.append(f"One {noun} {rest}. Which one?")
    question = upper_first(random.choice(questions))
    return Draft("intersection", question, thing.form, thing.item, thing.hops, operations, thing.relations)


def unanswerable(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    """Draw a question that nothing in the documents answers.

    The relation is one that things of the same noun have; the thing has no such edge, and neither its own document
    nor any that points at it holds a word by which the relation could be stated, nor is about a thing that could be the
    answer.
    """
    relation = relations.draw(random)
    known = random_edge(domain, relation, random) if relation else None
    sibling = domain.named(known.subject) if known else None
    if relation is None or sibling is None or not SAYINGS[relation].single:
        return None
    for _ in range(8):
        other = relations.draw(random)
        edge = random_edge(domain, other, random, 2) if other else None
        named = domain.named(edge.subject) if edge else None
        if (
            edge is not None
            and named is not None
            and same_nouns(named.noun, sibling.noun)
            and named.noun not in GENERIC
            and domain.fits(relation, edge.subject)
        ):
            break
    else:
        return None
    if domain.edges_of(edge.subject, relation) or not _silent(domain, edge.subject, SAYINGS[relation]):
        return None
    depth = random.choice((0, 0, 1))
    thing = refer(domain, edge.subject, depth, random)
    if thing is None:
        return None
    form = follow(thing.form, relation)
    question = _ask(SAYINGS[relation], thing, random)
    return Draft("unanswerable", question, form, None, thing.hops, thing.operations, (*thing.relations, relation))


def _silent(domain: Domain, identity: str, saying: Saying) -> bool:
    cues = cue_words(saying)
    near = (*domain.edges_to(identity), *domain.edges_of(identity))
    pages = {edge.evidence.document for edge in near} | {identity}
    if len(pages) > 8 or any(page != identity and domain.takes(saying.asked, page) for page in pages):
        return False
    for page in sorted(pages):
        document = domain.text_of(page)
        if document is None or len(document.text) > 40_000:
            return False
        words = {stem(word) for word in re.findall(r"[a-z]+", document.text.casefold())}
        if cues & words:
            return False
    return True
