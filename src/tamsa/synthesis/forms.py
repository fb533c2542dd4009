"""The set-theoretic form of a question and its evaluator (arXiv 2510.24701, section 3.4.1; WebShaper, 2507.15061).

A form is plain JSON: `{"op": …, …}`. Every form evaluates to a set of items over the edges of a graph, in a fixed
order, so that an answer can be recomputed at any time by anyone who holds the graph:

    entity   id, title                 the set of one entity
    value    type, text[, normal]      the set of one value
    follow   of, relation              values of the relation for members of `of` (projection)
    back     of, relation[, table]     subjects whose value is a member of `of` (inverse projection)
    both     of: [form, …]             intersection
    either   of: [form, …]             union
    without  of: [form, form]          difference
    where    of, relation, test, value members whose single value of the relation passes the test
    rows     table                     all rows of a table
    best     of, relation, want        the member with the largest ("max") or smallest ("min") value
    count    of                        the number of members
    pick     of: [form, …], by: [form, …], want    the set among `of` whose companion among `by` is largest or smallest
    same     of: [form, form]          yes where two single values are the same, else no
    before   of: [form, form]          yes where the first single value is smaller or earlier, else no
    holds    of, relation, value: form yes where the relation leads from `of` into `value`, else no
    gap      of: [form, form]          years between two dates
    settled  of, relation, winner      the disputed value that the document `winner` states

Rows of a table are members of sets too; their relations are columns, `#0`, `#1`, …. `table` of `back` names the
table for such a relation. Tests are `=`, `<`, `>`, `between` (`[low, high]`, years or numbers, inclusive), `is` (the
last words of one value equal the text) and `in` (one value is among a list of ids).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from tamsa.synthesis.graph.store import Cell, Entity, GraphTable
from tamsa.synthesis.records import Edge
from tamsa.synthesis.values import (
    Item,
    clean_cell,
    comparable,
    day_of,
    entity_item,
    fold,
    item_of,
    make_item,
    merged,
    number_of,
    order_of,
    read_day,
    row_item,
    row_of,
    subject_of,
)
from tamsa.synthesis.wording.nouns import noun_of

Form = Mapping[str, Any]
IS = "is"
"""Relation of a thing to the noun that its definition calls it by: `film`, `tennis player`."""
YES, NO = Item("b:yes", "yes", "text"), Item("b:no", "no", "text")


class FormError(ValueError):
    """A form that has no value: an unknown operation, a missing part, or a comparison of what cannot be compared."""


class Facts(Protocol):
    """What the evaluator needs of a graph."""

    def entity(self, entity_id: str) -> Entity | None:
        """Return the entity that stands for a document, or None."""
        ...

    def edges_of(self, subject_id: str, relation: str | None = None) -> Sequence[Edge]:
        """Return the edges from an entity; of one relation if it is named."""
        ...

    def edges_to(self, object_id: str, relation: str | None = None) -> Sequence[Edge]:
        """Return the edges to an entity; of one relation if it is named."""
        ...

    def table(self, number: int) -> GraphTable:
        """Return the table of a number."""
        ...


def evaluate(form: Form, facts: Facts) -> tuple[Item, ...]:
    """Compute the set that a form stands for.

    Raises:
        FormError: the form has no value over these facts.
    """
    try:
        operation = _OPERATIONS[form["op"]]
    except (KeyError, TypeError):
        raise FormError(f"unknown form {form!r}") from None
    try:
        return operation(form, facts)
    except KeyError as missing:
        raise FormError(f"form {form['op']!r} lacks {missing}") from None


def values_of(item: Item, relation: str, facts: Facts) -> list[Item]:
    """Return the distinct values of a relation for one entity or row; dates that say the same count once."""
    if (place := row_of(item)) is not None:
        return cell_items(facts.table(place[0]).rows[place[1]][_column(relation)])
    if item.id is None:
        return []
    if relation == IS:
        entity = facts.entity(item.id)
        noun = noun_of(entity.description, entity.kind) if entity is not None else ""
        return [make_item(noun, "text")] if noun else []
    return merged(list(dict.fromkeys(item_of(edge) for edge in facts.edges_of(item.id, relation))))


def subjects_of(item: Item, relation: str, facts: Facts, table: int | None = None) -> list[Item]:
    """Return the distinct subjects (or rows of a table) for which a relation has this value."""
    if table is not None:
        source, column = facts.table(table), _column(relation)
        return [row for at, row in enumerate(table_rows(source)) if item in cell_items(source.rows[at][column])]
    if item.id is None:
        return []
    return list(dict.fromkeys(subject_of(edge) for edge in facts.edges_to(item.id, relation)))


def cell_items(cell: Cell) -> list[Item]:
    """Return what a cell holds: one item, or none where it is blank."""
    if not fold(cell.text):
        return []
    return [make_item(clean_cell(cell.text), cell.type, cell.object, cell.normal)]


def table_rows(table: GraphTable) -> list[Item]:
    """Return the rows of a table as items."""
    subjects = [table.subject(at) for at in range(len(table.rows))]
    return [row_item(table.number, at, cell.text if cell else f"row {at + 1}") for at, cell in enumerate(subjects)]


def _column(relation: str) -> int:
    if not (relation.startswith("#") and relation[1:].isdecimal()):
        raise FormError(f"{relation!r} is no column of a table")
    return int(relation[1:])


def _sorted(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(sorted(dict.fromkeys(items), key=lambda item: item.key))


def _entity(form: Form, facts: Facts) -> tuple[Item, ...]:
    return (entity_item(form["title"], form.get("id")),)


def _value(form: Form, facts: Facts) -> tuple[Item, ...]:
    return (make_item(form["text"], form["type"], None, form.get("normal", "")),)


def _follow(form: Form, facts: Facts) -> tuple[Item, ...]:
    return _sorted(value for item in evaluate(form["of"], facts) for value in values_of(item, form["relation"], facts))


def _back(form: Form, facts: Facts) -> tuple[Item, ...]:
    relation, table = form["relation"], form.get("table")
    return _sorted(found for item in evaluate(form["of"], facts) for found in subjects_of(item, relation, facts, table))


def _parts(form: Form, facts: Facts, name: str = "of") -> list[tuple[Item, ...]]:
    parts = form[name]
    if not isinstance(parts, Sequence) or not parts:
        raise FormError(f"form {form['op']!r} needs a list of forms")
    return [evaluate(part, facts) for part in parts]


def _both(form: Form, facts: Facts) -> tuple[Item, ...]:
    first, *others = _parts(form, facts)
    return tuple(item for item in first if all(item in other for other in others))


def _either(form: Form, facts: Facts) -> tuple[Item, ...]:
    return _sorted(item for part in _parts(form, facts) for item in part)


def _without(form: Form, facts: Facts) -> tuple[Item, ...]:
    first, *others = _parts(form, facts)
    return tuple(item for item in first if not any(item in other for other in others))


def passes(item: Item, test: str, value: Any) -> bool:
    """Whether a value passes a test; what cannot be compared does not."""
    if test == "is":
        words = fold(item.text).split()
        wanted = fold(str(value)).split()
        return bool(wanted) and words[-len(wanted) :] == wanted
    if test == "in":
        return item.id is not None and item.id in value
    if test == "=":
        day, wanted_day = day_of(item), read_day(str(value))
        if day is not None and wanted_day is not None:
            return wanted_day.covers(day)
        return item == make_item(str(value), item.type, item.id)
    day, number = day_of(item), number_of(item)
    size = float(day.year) if day is not None else number
    if size is None:
        return False
    if test == "<":
        return bool(size < value)
    if test == ">":
        return bool(size > value)
    if test == "between":
        return bool(value[0] <= size <= value[1])
    raise FormError(f"unknown test {test!r}")


def _where(form: Form, facts: Facts) -> tuple[Item, ...]:
    relation, test, wanted = form["relation"], form["test"], form["value"]
    kept = []
    for item in evaluate(form["of"], facts):
        values = values_of(item, relation, facts)
        if (test in ("is", "in") and any(passes(value, test, wanted) for value in values)) or (
            len(values) == 1 and passes(values[0], test, wanted)
        ):
            kept.append(item)
    return tuple(kept)


def _rows(form: Form, facts: Facts) -> tuple[Item, ...]:
    return tuple(table_rows(facts.table(form["table"])))


def _extreme(pairs: list[tuple[Item, Item]], want: str) -> tuple[Item, ...]:
    """Return the first of the pair whose second is the extreme; nothing where two share it or cannot be compared."""
    if not pairs:
        return ()
    sign = {"max": 1, "min": -1}.get(want)
    if sign is None:
        raise FormError(f"unknown want {want!r}")
    top, value = pairs[0]
    for item, other in pairs[1:]:
        larger, smaller = order_of(other), order_of(value)
        if larger is not None and smaller is not None and (larger > smaller) == (sign > 0) and larger != smaller:
            top, value = item, other
    if all(comparable(value, other) for item, other in pairs if item != top):
        return (top,)
    return ()


def _best(form: Form, facts: Facts) -> tuple[Item, ...]:
    pairs = []
    for item in evaluate(form["of"], facts):
        values = values_of(item, form["relation"], facts)
        if len(values) != 1 or order_of(values[0]) is None:
            return ()
        pairs.append((item, values[0]))
    return _extreme(pairs, form["want"])


def _pick(form: Form, facts: Facts) -> tuple[Item, ...]:
    sets, by = _parts(form, facts), _parts(form, facts, "by")
    if len(sets) != len(by) or any(len(part) != 1 for part in (*sets, *by)):
        return ()
    return _extreme([(a[0], b[0]) for a, b in zip(sets, by, strict=True)], form["want"])


def _count(form: Form, facts: Facts) -> tuple[Item, ...]:
    return (make_item(str(len(evaluate(form["of"], facts))), "quantity"),)


def _pair(form: Form, facts: Facts) -> tuple[Item, Item]:
    parts = _parts(form, facts)
    if len(parts) != 2 or any(len(part) != 1 for part in parts):
        raise FormError(f"form {form['op']!r} needs two single values")
    return parts[0][0], parts[1][0]


def _same(form: Form, facts: Facts) -> tuple[Item, ...]:
    first, second = _pair(form, facts)
    a, b = day_of(first), day_of(second)
    if a is not None and b is not None and a != b and (a.covers(b) or b.covers(a)):
        raise FormError("two dates of which one is vaguer than the other")
    return (YES if first == second else NO,)


def _before(form: Form, facts: Facts) -> tuple[Item, ...]:
    first, second = _pair(form, facts)
    if not comparable(first, second):
        raise FormError("two values that cannot be ordered")
    a, b = order_of(first), order_of(second)
    assert a is not None and b is not None
    return (YES if a < b else NO,)


def _holds(form: Form, facts: Facts) -> tuple[Item, ...]:
    values = {value for item in evaluate(form["of"], facts) for value in values_of(item, form["relation"], facts)}
    if not values:
        raise FormError("a relation that is not stated can be neither affirmed nor denied")
    return (YES if values & set(evaluate(form["value"], facts)) else NO,)


def _gap(form: Form, facts: Facts) -> tuple[Item, ...]:
    first, second = (day_of(item) for item in _pair(form, facts))
    if first is None or second is None:
        raise FormError("a gap needs two dates")
    return (make_item(str(abs(first.year - second.year)), "quantity"),)


def _settled(form: Form, facts: Facts) -> tuple[Item, ...]:
    found = []
    for item in evaluate(form["of"], facts):
        if item.id is not None:
            found += [
                item_of(edge)
                for edge in facts.edges_of(item.id)
                if edge.relation == form["relation"] and edge.evidence.document == form["winner"]
            ]
    return _sorted(merged(found))


_OPERATIONS: dict[str, Callable[[Form, Facts], tuple[Item, ...]]] = {
    "entity": _entity,
    "value": _value,
    "follow": _follow,
    "back": _back,
    "both": _both,
    "either": _either,
    "without": _without,
    "where": _where,
    "rows": _rows,
    "best": _best,
    "pick": _pick,
    "count": _count,
    "same": _same,
    "before": _before,
    "holds": _holds,
    "gap": _gap,
    "settled": _settled,
}


# --------------------------------------------------------------------------- builders


def entity(title: str, identity: str | None) -> Form:
    """The set of one entity."""
    return {"op": "entity", "id": identity, "title": title}


def follow(of: Form, relation: str) -> Form:
    """The values of a relation."""
    return {"op": "follow", "of": of, "relation": relation}


def back(of: Form, relation: str, table: int | None = None) -> Form:
    """The subjects of a relation, or the rows of a table."""
    form = {"op": "back", "of": of, "relation": relation}
    return form if table is None else {**form, "table": table}


def where(of: Form, relation: str, test: str, value: Any) -> Form:
    """The members whose value passes a test."""
    return {"op": "where", "of": of, "relation": relation, "test": test, "value": value}


def both(*of: Form) -> Form:
    """The intersection."""
    return of[0] if len(of) == 1 else {"op": "both", "of": list(of)}


def size(form: Form) -> int:
    """Count the operations of a form."""
    inner = [form[name] for name in ("of", "value", "by") if name in form]
    parts = [part for one in inner for part in (one if isinstance(one, list) else [one]) if isinstance(part, Mapping)]
    return 1 + sum(size(part) for part in parts if "op" in part)


def constants(form: Form) -> list[Form]:
    """Return the entities and values that a form names, in order."""
    if form["op"] in ("entity", "value"):
        return [form]
    found: list[Form] = []
    for name in ("of", "by", "value"):
        part = form.get(name)
        for one in part if isinstance(part, list) else [part]:
            if isinstance(one, Mapping) and "op" in one:
                found += constants(one)
    return found
