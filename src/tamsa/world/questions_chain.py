"""Questions along the edges of the graph: chains, intersections, settled conflicts, and what is not to be found."""

from __future__ import annotations

from random import Random

from tamsa.world.drafts import NOT_FOUND, Draft, usable
from tamsa.world.graph import Entity, Fact, show
from tamsa.world.prose import noun
from tamsa.world.realm import Realm
from tamsa.world.relations import Relation
from tamsa.world.schema import RELATIONS
from tamsa.world.wording import PROPERTIES, accepted, fill, fitting, inner, name_forms, reference, that

Step = tuple[Fact, bool]
"""A fact and whether it is followed forward (subject to object)."""
_PLACES = frozenset(
    ("in_region", "region_seat", "capital", "flows_into", "on_river", "source", "area", "length", "height")
)
"""Relations that make chains wander about on the map; drawn less often, since every walk comes by them."""
_DULL = frozenset(("occupation", "citizen_of", "in_country", "currency"))
"""Relations that make for flat questions; used now and then only."""


def forward_steps(entity: Entity) -> list[Step]:
    """Return the facts that lead from an entity to exactly one object."""
    out: list[Step] = []
    for fact in entity.facts:
        relation = fact.relation
        if relation.q and not relation.many and usable(fact) and len(entity.all(relation.name)) == 1:
            out.append((fact, True))
    return out


def backward_steps(entity: Entity) -> list[Step]:
    """Return the facts that lead from an entity to exactly one subject."""
    out: list[Step] = []
    for fact in entity.inverse:
        relation = fact.relation
        if (
            relation.iq
            and not relation.exported
            and usable(fact)
            and sum(f.relation is relation for f in entity.inverse) == 1
        ):
            out.append((fact, False))
    return out


def target(step: Step) -> Entity | None:
    """Return the entity that a step leads to; None for a value."""
    fact, forward = step
    end = fact.object if forward else fact.subject
    return end if isinstance(end, Entity) else None


def walk(realm: Realm, random: Random, hops: int, start: Entity | None = None) -> tuple[Entity, list[Step]] | None:
    """Walk along single-valued facts without going back; the last step may end in a value."""
    entity = start or random.choice(realm.graph.entities)
    if entity.kind in ("list", "source"):
        return None
    first, seen = entity, {id(entity)}
    steps: list[Step] = []
    for hop in range(hops):
        last = hop == hops - 1
        options = [s for s in forward_steps(entity) + backward_steps(entity) if _open(s, seen, last)]
        options = [s for s in options if all(s[0].relation is not done[0].relation for done in steps)]
        if random.random() < 0.85:
            options = [s for s in options if s[0].relation.name not in _DULL] or options
        if not options:
            return None
        step = random.choices(options, [0.3 if s[0].relation.name in _PLACES else 1.0 for s in options])[0]
        steps.append(step)
        following = target(step)
        if following is not None:
            seen.add(id(following))
            entity = following
    return first, steps


def _open(step: Step, seen: set[int], last: bool) -> bool:
    following = target(step)
    if following is None:
        return last
    if id(following) in seen:
        return False
    relation = step[0].relation
    return last or (not following.foreign and bool(relation.np if step[1] else relation.inp))


def phrase(random: Random, start: Entity, steps: list[Step]) -> str:
    """Nest the noun phrases of a walk: `the birthplace of the author of The Glass Orchard`."""
    text = reference(start, random)
    for fact, forward in steps:
        text = inner(fitting(random, fact.relation.np if forward else fact.relation.inp, text), text)
    return text


def ask(random: Random, start: Entity, steps: list[Step]) -> str:
    """Word a walk as a question, nested or in two sentences."""
    fact, forward = steps[-1]
    templates = fact.relation.q if forward else fact.relation.iq
    if len(steps) >= 3 and random.random() < 0.35:
        cut = random.randint(1, len(steps) - 2)
        head = phrase(random, start, steps[:cut])
        middle = target(steps[cut - 1])
        assert middle is not None
        tail = that(middle.kind)
        for step in steps[cut:-1]:
            tail = inner(fitting(random, step[0].relation.np if step[1] else step[0].relation.inp, tail), tail)
        opening = random.choice(("Consider {h}.", "Take {h}.", "Think of {h}.", "I am interested in {h}."))
        return f"{opening.format(h=head)} {fill(fitting(random, templates, tail), tail)}"
    known = phrase(random, start, steps[:-1])
    return fill(fitting(random, templates, known), known)


def step_query(steps: list[Step]) -> list[list[str]]:
    """Write steps in the formal language: relation and direction."""
    return [[fact.relation.name, ">" if forward else "<"] for fact, forward in steps]


def step_answers(step: Step) -> list[str]:
    """Return the accepted answers for the end of a walk."""
    fact, forward = step
    return accepted(fact) if forward else name_forms(fact.subject)


def chain(realm: Realm, random: Random, hops: int) -> Draft | None:
    """Draw a question over a chain of facts."""
    found = walk(realm, random, hops)
    if found is None:
        return None
    start, steps = found
    answers = step_answers(steps[-1])
    question = ask(random, start, steps)
    if answers[0].lower() in question.lower():
        return None  # the question gives the answer away
    query = {"op": "chain", "start": start.title, "steps": step_query(steps)}
    return Draft("chain", question, answers, [f for f, _ in steps], hops, query)


def intersection(realm: Realm, random: Random) -> Draft | None:
    """Draw a question for the one thing that has two properties."""
    entity = random.choice(realm.graph.entities)
    facts = [f for f in entity.facts if usable(f) and f.relation.name in PROPERTIES and isinstance(f.object, Entity)]
    if len(facts) < 2:
        return None
    first, second = random.sample(facts, 2)
    if first.relation is second.relation or (first.relation.exported and second.relation.exported):
        return None
    if first.relation.name == second.relation.name or first.object is second.object:
        return None
    holders = [_holders(fact, entity.kind) for fact in (first, second)]
    if min(len(h) for h in holders) < 2 or [id(e) for e in holders[0] if e in holders[1]] != [id(entity)]:
        return None
    word = (
        noun(entity)
        if entity.kind == "person" and random.random() < 0.5
        else "person"
        if entity.kind == "person"
        else noun(entity)
    )
    if word == entity.sub and entity.kind == "species":
        word = "species"
    parts = []
    for fact in (first, second):
        assert isinstance(fact.object, Entity)
        parts.append(PROPERTIES[fact.relation.name].replace("{X}", reference(fact.object, random)))
    where = [[f.relation.name, f.object.title] for f in (first, second) if isinstance(f.object, Entity)]
    query = {"op": "intersection", "kind": entity.kind, "where": where, "then": []}
    who = "who" if entity.kind == "person" else "that"
    after = forward_steps(entity)
    after = [s for s in after if s[0] not in (first, second) and s[0].relation.name not in _DULL]
    if after and random.random() < 0.45:
        step = random.choice(after)
        subject = f"the {word} {who} {parts[0]} and {parts[1]}"
        question = fill(fitting(random, step[0].relation.q, subject), subject)
        query["then"] = step_query([step])
        draft = Draft("intersection", question, step_answers(step), [first, second, step[0]], 3, query)
    else:
        question = random.choice(
            (f"Which {word} {parts[0]} and {parts[1]}?",
             f"What is the name of the {word} {who} {parts[0]} and {parts[1]}?",
             f"One {word} {parts[0]} and also {parts[1]}. Which one?")
        )  # fmt: skip
        draft = Draft("intersection", question, name_forms(entity), [first, second], 2, query)
    return None if draft.answers[0].lower() in draft.question.lower() else draft


def _holders(fact: Fact, kind: str) -> list[Entity]:
    if not isinstance(fact.object, Entity) or fact.object.foreign:
        return []
    found: list[Entity] = []
    for other in fact.object.inverse:
        # Disputed and refuted holders count too: the question must stay unique whatever a reader believes.
        if other.relation is fact.relation and other.subject.kind == kind and other.subject not in found:
            found.append(other.subject)
    return found


def conflict(realm: Realm, random: Random) -> Draft | None:
    """Draw a question on which sources disagree; the answer is what the better source says."""
    if not realm.disputes:
        return None
    dispute = random.choice(realm.disputes)
    fact = dispute.fact
    name = reference(fact.subject, random)
    claims = [c for c in dispute.claims if c.place is not None]
    winner = next(c for c in claims if c.wins)
    assert winner.place is not None
    settlement = {
        "reason": dispute.reason,
        "winner": winner.source.page.title,
        "claims": [
            {
                "title": c.source.page.title,
                "date": c.source.year,
                "value": show(c.value, fact.relation.range),
                "wins": c.wins,
                "start": c.place.start if c.place else 0,
                "end": c.place.end if c.place else 0,
            }
            for c in claims
        ],
    }
    pages = [c.source.page.title for c in claims]
    query: dict[str, object] = {
        "op": "settled",
        "start": fact.subject.title,
        "relation": fact.relation.name,
        "then": [],
    }
    value = fact.object
    if isinstance(value, Entity) and random.random() < 0.4:
        steps = [s for s in forward_steps(value) if s[0].relation.name not in _DULL]
        if steps:
            step = random.choice(steps)
            best = random.choice(("the ", "the true ", "the actual "))
            head = inner(fact.relation.np[0].replace("the ", best, 1), name)
            query["then"] = step_query([step])
            draft = Draft(
                "conflict",
                fill(fitting(random, step[0].relation.q, head), head),
                step_answers(step),
                [fact, step[0]],
                2,
                query,
            )
            draft.pages, draft.places, draft.settlement = pages, [(fact, winner.place)], settlement
            return draft
    question = fill(random.choice(fact.relation.q), name)
    closing = random.choice(
        ("", "", " The sources disagree.", " Settle the disagreement between the sources.",
         " Weigh the sources against each other.",         " Which statement deserves belief?")
    )  # fmt: skip
    draft = Draft("conflict", question + closing, accepted(fact), [fact], 1, query)
    draft.pages, draft.places, draft.settlement = pages, [(fact, winner.place)], settlement
    return draft


_EXPECTED: tuple[str, ...] = (
    "born_on", "born_in", "died_in", "studied_at", "student_of", "father", "mother", "spouse", "worked_for",
    "buried_at", "author", "published", "publisher", "set_in", "dedicated_to", "director", "screenwriter", "composer",
    "starring", "studio", "released", "based_on", "producer", "label", "recorded_in", "painter", "painted", "held_by",
    "founder", "founded", "led_by", "headquarters", "acquired_by", "mayor", "twin_town", "on_river", "settled_in",
    "source", "flows_into", "first_ascent_by", "designed_by", "opened", "named_after", "shipbuilder", "launched",
    "captain", "home_port", "inventor", "invented", "manufacturer", "grammar_by", "described_by", "diet",
    "discovered_by", "discovered", "fought_on", "defeated", "ended_by", "negotiator", "leader", "set_out",
    "sailed_on", "funded_by", "ground", "plays_for",
)  # fmt: skip


def _absent(realm: Realm, entity: Entity) -> list[Relation]:
    out: list[Relation] = []
    for name in _EXPECTED:
        relation = RELATIONS[name]
        if entity.kind not in relation.domain.split("|") or entity.get(name) is not None:
            continue
        if name in ("spouse", "twin_town") and any(f.relation is relation for f in entity.inverse):
            continue
        if name in ("died_in", "buried_at") and entity.died is None:
            continue
        if name == "plays_for" and entity.sub != "footballer":
            continue
        if name in ("set_in", "headquarters", "named_after") and any(
            word.istitle() for word in entity.name.split()[1:]
        ):
            continue  # a name such as "The Road to Tarvik" would hint at an answer
        out.append(relation)
    return out


def unanswerable(realm: Realm, random: Random) -> Draft | None:
    """Draw a question whose last fact is nowhere: not in the graph and so on no page."""
    hops = random.choice((1, 1, 2, 3))
    found: tuple[Entity, list[Step]] | None
    found = (random.choice(realm.graph.entities), []) if hops == 1 else walk(realm, random, hops - 1)
    if found is None:
        return None
    start, steps = found
    entity = target(steps[-1]) if steps else start
    if entity is None or entity.foreign or entity.kind in ("list", "source"):
        return None
    if any(not (f.relation.np if forward else f.relation.inp) for f, forward in steps):
        return None
    absent = _absent(realm, entity)
    if not absent:
        return None
    relation = random.choice(absent)
    known = phrase(random, start, steps)
    question = fill(fitting(random, relation.q, known), known)
    query = {"op": "absent", "start": start.title, "steps": step_query(steps), "relation": relation.name}
    draft = Draft("unanswerable", question, [NOT_FOUND], [f for f, _ in steps], hops, query)
    draft.pages = [entity.title]
    return draft
