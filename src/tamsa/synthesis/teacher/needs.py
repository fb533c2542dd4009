"""What a researcher must find out, step by step: a gold question taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tamsa.corpus.stopwords import STOP_WORDS
from tamsa.synthesis.records import Evidence, GoldQuestion, Hop
from tamsa.synthesis.teacher.wording import base_name, follow, wording

COLUMN = "column:"
"""Prefix of relations that are columns of tables."""
_TABLES = {"club": "league", "town": "census", "building": "list of notable buildings"}
"""What the tables of some kinds of things are called."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to find out. It is met when every fact has been read at one of its places."""

    label: str
    """`the author of The Glass Orchard`."""
    facts: tuple[Hop, ...]
    queries: tuple[str, ...]
    """What to search for, best first."""
    own: str = ""
    """Title of the known thing's own page; empty where there is none to begin from."""
    search_first: bool = False
    guess: str = ""
    """A title that the page may have."""
    absent: bool = False
    """True: no document says it."""
    every: bool = False
    """True: all places are to be read, not one of them: sources that disagree."""
    table: bool = False
    """True: the facts are rows of a table or list."""


def places(hop: Hop) -> tuple[Evidence, ...]:
    """Return all places that are known to state a fact."""
    return (hop.evidence, *hop.others)


def found(hop: Hop) -> str:
    """Return the end of a hop that is looked for."""
    return hop.subject if hop.inverse else hop.value


def known(hop: Hop) -> str:
    """Return the end of a hop that is known before."""
    return hop.value if hop.inverse else hop.subject


def stages(question: GoldQuestion) -> list[list[Need]]:
    """Return the needs of a question; those of one stage do not depend on one another.

    What the question only describes, without a name, is looked for by the question's own words.
    """
    text = question.question.casefold()
    ends: set[str] = set()
    out: list[list[Need]] = []
    for stage in _stages(question):
        named = []
        for need in stage:
            start = known(need.facts[0]) if need.facts else need.own
            hidden = start not in ends and base_name(start).casefold() not in text
            if need.facts and need.facts[0].relation.startswith(COLUMN):
                named.append(_listed(question, need, known_titles=text))
            else:
                named.append(_described(question, need) if hidden and start and not need.table else need)
        for need in named:
            ends |= {end for hop in need.facts for end in (hop.subject, hop.value)}
        out.append(named)
    return out


def _listed(question: GoldQuestion, need: Need, known_titles: str) -> Need:
    """Return a need for rows of a table: its page is the one that the question names, where it does."""
    title = need.facts[0].evidence.title
    words = _telling(question)
    named = base_name(title).casefold() in known_titles
    label = f"the list of {base_name(title)}" if named else "the list that the question names"
    if named and title.casefold().startswith(("list of", "lists of")):
        label = f"the {title[0].lower()}{title[1:]}"
    if len(need.facts) == 1 and not need.table:
        label = f"{need.label} in {label}" if base_name(known(need.facts[0])).casefold() in known_titles else label
    queries = [base_name(title)] if named else []
    queries += [" ".join(words[:14]), " ".join(word for word in words if word[:1].isupper() or word[:1].isdigit())]
    return Need(
        label,
        need.facts,
        tuple(query for query in dict.fromkeys(queries) if query),
        own=title if named else "",
        search_first=not named,
        table=question.kind in ("counting", "superlative"),
    )


def _telling(question: GoldQuestion) -> list[str]:
    words = [word.strip("?!.,;:\"'()") for word in question.question.split()]
    return [word for word in words if word and word.casefold() not in STOP_WORDS]


def find_form(form: Any, op: str) -> Mapping[str, Any] | None:
    """Return the first part of a set-theoretic form with an operation, the outermost first."""
    if isinstance(form, Mapping):
        if form.get("op") == op:
            return form
        return next((found for part in form.values() if (found := find_form(part, op)) is not None), None)
    if isinstance(form, list | tuple):
        return next((found for part in form if (found := find_form(part, op)) is not None), None)
    return None


def _described(question: GoldQuestion, need: Need) -> Need:
    telling = _telling(question)
    names = [word for word in telling if word[:1].isupper() or word[:1].isdigit()]
    queries = (" ".join(telling[:16]), " ".join(names), " ".join(telling[:6]), " ".join(telling[-6:]))
    label = "what the question describes"
    return Need(label, need.facts, tuple(q for q in dict.fromkeys(queries) if q), search_first=True, every=need.every)


def _stages(question: GoldQuestion) -> list[list[Need]]:
    form = question.form
    match question.kind:
        case "intersection":
            return _intersection(question)
        case "counting" | "superlative":
            return _table(question)
        case "conflict":
            return _conflict(question)
        case "comparison" | "yes_no":
            return _parallel(question.chain)
        case "temporal":
            return _temporal(question)
        case "unanswerable":
            entity = find_form(form, "entity") or {}
            start = str(form.get("start") or entity.get("title") or "")
            end = found(question.chain[-1]) if question.chain else start
            relation = str(form.get("relation", question.relations[-1] if question.relations else ""))
            words = wording(relation)
            label = words.forward.replace("{X}", base_name(end))
            name = base_name(end)
            queries = tuple(dict.fromkeys((f"{name} {words.key}", *(f"{name} {more}" for more in words.others[:1]))))
            need = Need(label, (), queries, own=end, absent=True)
            return [*_chain(question.chain, question.question), [need]]
        case _:
            return _chain(question.chain, question.question)


def plan_line(question: GoldQuestion, steps: Sequence[Sequence[Need]]) -> str:
    """Write the plan in one line: `the author of A -> the birthplace`."""
    parts: list[str] = []
    ends: set[str] = set()
    for stage in steps:
        for need in stage:
            first = need.facts[0] if need.facts else None
            arrow = bool(parts) and (first is None or known(first) in ends)
            text = need.label
            if arrow and need.absent:
                text = follow(wording(str(question.form.get("relation", ""))).forward)
            elif arrow and first is not None and len(need.facts) == 1 and _plain(need, first):
                words = wording(first.relation)
                text = follow(words.backward if first.inverse else words.forward)
            for end in sorted(ends, key=len, reverse=True):
                if base_name(end) not in question.question and base_name(end) in text:
                    text, arrow = text.replace(base_name(end), "that year" if end.isdigit() else "it"), True
            parts.append(f" -> {text}" if arrow else f"; {text}" if parts else text)
            ends |= {end for hop in need.facts for end in ((hop.subject, hop.value) if need.table else (found(hop),))}
    return "".join(parts)


def _plain(need: Need, hop: Hop) -> bool:
    return need.label == _label(hop)


def _label(hop: Hop) -> str:
    words = wording(hop.relation)
    return (words.backward if hop.inverse else words.forward).replace("{X}", base_name(known(hop)))


def _need(hop: Hop) -> Need:
    words, name = wording(hop.relation), base_name(known(hop))
    own = hop.value_id if hop.inverse else hop.subject_id
    plain = hop.relation.removeprefix("column:").replace("_", " ")
    key = words.back_key if hop.inverse else words.key
    queries = tuple(
        dict.fromkeys((f"{name} {key}", *(f"{name} {other}" for other in words.others[:3]), f"{name} {plain}", name))
    )
    return Need(_label(hop), (hop,), queries, own=known(hop) if own else "", search_first=hop.inverse)


def _chain(hops: Sequence[Hop], text: str = "") -> list[list[Need]]:
    """Return a need for each hop; several facts that single out one thing are one need.

    Args:
        hops: in the order in which they are taken.
        text: the question; facts whose known end it does not name are read, but not searched by.
    """
    needs: list[list[Need]] = []
    at = 0
    while at < len(hops):
        end = at + 1
        while hops[at].inverse and end < len(hops) and hops[end].inverse and hops[end].subject == hops[at].subject:
            end += 1
        group = hops[at:end]
        needs.append([_need(group[0]) if len(group) == 1 else _joint(group, text, "")])
        at = end
    return needs


def _joint(group: Sequence[Hop], text: str, kind: str) -> Need:
    """Return the need for the one thing that several facts single out."""
    ends = [hop for hop in group if not text or base_name(hop.value).casefold() in text.casefold()] or list(group)
    conditions = [
        f"is {label}" if (label := _label(hop).removeprefix("what ")).startswith("the ") else label for hop in ends
    ]
    values = [base_name(hop.value) for hop in ends]
    keys = [wording(hop.relation).back_key for hop in ends]
    label = f"the {kind} that {' and '.join(conditions)}" if kind else f"what {' and '.join(conditions)}"
    queries = (
        " ".join([*values, kind]).strip(),
        " ".join(f"{value} {key}" for value, key in zip(values, keys, strict=True)),
        *(f"{value} {key}" for value, key in zip(values, keys, strict=True)),
        *(f"{kind} {value}".strip() for value in values),
    )
    own = next((hop.value for hop in ends if hop.value_id), "")
    facts = (*ends, *(hop for hop in group if hop not in ends))
    return Need(label, facts, tuple(dict.fromkeys(queries)), own=own, search_first=True)


def _parallel(hops: Sequence[Hop]) -> list[list[Need]]:
    """Put hops side by side that begin from different things; a hop that goes on from another comes after it."""
    levels: list[list[Need]] = []
    depth: dict[str, int] = {}
    for hop in hops:
        level = depth.get(known(hop), -1) + 1
        depth.setdefault(found(hop), level)
        while len(levels) <= level:
            levels.append([])
        levels[level].append(_need(hop))
    return levels


def _intersection(question: GoldQuestion) -> list[list[Need]]:
    joint = [hop for hop in question.chain if hop.inverse and hop.subject == question.chain[0].subject]
    rest = [hop for hop in question.chain if hop not in joint]
    if len(joint) < 2:
        return _chain(question.chain, question.question)
    need = _joint(joint, question.question, str(question.form.get("kind", "")))
    return [[need], *_chain(rest, question.question)]


def _table(question: GoldQuestion) -> list[list[Need]]:
    """Take apart a question over a table: what leads to the table, the table, what follows from its best row."""
    chain, form = question.chain, question.form
    if not chain:
        return []
    relation = str(form.get("relation") or (chain[-1].relation if question.kind == "counting" else ""))
    columns = [index for index, hop in enumerate(chain) if hop.relation.startswith(COLUMN)]
    if columns:
        relation, first = "", columns[0]
        last = next((i for i in range(first, len(chain)) if not chain[i].relation.startswith(COLUMN)), len(chain))
    elif question.kind == "counting":
        relation = chain[-1].relation if form.get("op") != "count_made" else ""
        first = next((i for i, hop in enumerate(chain) if hop.relation == relation), 0) if relation else 0
        last = len(chain)
    else:
        first = next((i for i, hop in enumerate(chain) if hop.relation == relation), len(chain) - 1)
        last = first + 1
    rows = chain[first:last]
    anchor = _anchor(form, chain[:first])
    year = str(form.get("year") or "")
    kind = str(form.get("kind") or "")
    thing = _TABLES.get(kind, f"list of {kind}s" if kind else "")
    if form.get("op") == "count_made":
        label, own, guess = f"the works of {base_name(anchor)}", anchor, ""
        queries: tuple[str, ...] = (f"works of {base_name(anchor)}",)
    elif thing:
        head = " ".join(part for part in (year if kind == "club" else "", thing) if part)
        label = f"the {head} of {anchor}"
        guess = f"{head[0].upper()}{head[1:]} of {anchor}"
        queries, own = (f"{head} {anchor}", f"{thing} of {anchor} {question.question}"[:160], anchor), ""
    else:
        label, queries, own, guess = "the table", (question.question[:160],), "", ""
    table = Need(label, tuple(rows), queries, own=own, search_first=not own, guess=guess, table=True)
    text = question.question
    return [*_chain(chain[:first], text), [table], *_chain(chain[last:], text)]


def _anchor(form: Mapping[str, Any], before: Sequence[Hop]) -> str:
    if before:
        return found(before[-1])
    if form.get("anchor"):
        return str(form["anchor"][0][0])
    return str(form.get("maker") or form.get("start") or "")


def _temporal(question: GoldQuestion) -> list[list[Need]]:
    """Take apart a question with a time: offices and prizes are lists, the rest are values side by side."""
    chain, form = question.chain, question.form
    op = form.get("op")
    if op in ("ruler", "winner"):
        *before, last = chain
        when = form.get("when")
        year = (
            str(when)
            if isinstance(when, int)
            else next((h.value for h in before if when and h.relation == when[1]), "")
        )
        name, words = base_name(last.subject), wording(last.relation)
        plain = last.relation.replace("_", " ")
        label = f"the {plain} of {name} in {year}"
        listing = "List of heads of state of" if op == "ruler" else "winners of"
        queries = (f"{listing} {name}", f"{name} {plain} {year}", f"{name} {words.key}")
        own = last.subject if op == "winner" else ""
        final = Need(label, (last,), queries, own=own, search_first=op == "ruler")
        return [*_parallel(before), [final]] if before else [[final]]
    if op == "succession":
        first, second = chain
        side = "after" if form.get("offset", 1) > 0 else "before"
        name = base_name(first.subject)
        start = _need(Hop(**{**_fields(first), "inverse": True}))
        start = Need(
            f"the country of which {base_name(first.value)} was head of state",
            start.facts, (f"head of state {base_name(first.value)}", *start.queries), own=first.value,
        )  # fmt: skip
        label = f"the head of state of {name} {side} {base_name(first.value)}"
        queries = (f"List of heads of state of {name}", f"{name} heads of state", f"head of state {name}")
        return [[start], [Need(label, (second,), queries, search_first=True)]]
    if op == "next_made":
        makers = [hop for hop in chain if hop.subject == form.get("work")]
        others = [hop for hop in chain if hop not in makers]
        maker, words = base_name(str(form["maker"])), wording(str(form["relation"]))
        needs = [_need(Hop(**{**_fields(makers[0]), "inverse": False}))] if makers else []
        side = "next after" if form.get("offset", 1) > 0 else "last before"
        label = f"what {maker} made {side} {base_name(str(form['work']))}"
        queries = (f"{maker} {words.key}", f"{maker} works", f"{words.key} {maker}")
        return [*[[need] for need in needs], [Need(label, (*makers, *others), queries, own=str(form["maker"]))]]
    return _parallel(chain)


def _fields(hop: Hop) -> dict[str, Any]:
    return {name: getattr(hop, name) for name in Hop.__slots__}


def _conflict(question: GoldQuestion) -> list[list[Need]]:
    settled = question.settlement
    if settled is None or not question.chain:
        return _chain(question.chain, question.question)
    first, *rest = question.chain
    words, name = wording(first.relation), base_name(first.subject)
    label = words.forward.replace("{X}", name)
    queries = (
        f"{name} {words.key}",
        *(f"{name} {other}" for other in words.others[:4]),
        f"{name} sources",
        name,
        f"{name} register record survey",
    )
    spots = (settled.winner, *settled.losers)
    fact = Hop(**{**_fields(first), "evidence": settled.winner, "others": tuple(spots[1:])})
    need = Need(label, (fact,), queries, own=first.subject if first.subject_id else "", every=True)
    return [[need], *_chain(rest, question.question)]
