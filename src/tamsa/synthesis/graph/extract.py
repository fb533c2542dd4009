"""Extraction: the edges and tables of one document, each with the sentence or row that states it.

Everything is read from the document's text, title and links by general patterns; nothing is known of any corpus.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tamsa.synthesis.graph.definitions import definition_facts, is_national
from tamsa.synthesis.graph.facts import Found
from tamsa.synthesis.graph.kinds import kind_of_noun
from tamsa.synthesis.graph.linking import Entities, Linker
from tamsa.synthesis.graph.markup import Plain, without_marks
from tamsa.synthesis.graph.masks import NAME, Atom
from tamsa.synthesis.graph.memory import Statement, typed
from tamsa.synthesis.graph.profile import definition_of, words_of
from tamsa.synthesis.graph.reading import Reader
from tamsa.synthesis.graph.sentences import split_sentences
from tamsa.synthesis.graph.store import SOURCES, VALUE_TYPES
from tamsa.synthesis.graph.tables import (
    CellSpan,
    cell_type,
    column_name,
    find_tables,
    is_empty,
    says_nothing,
    shape_of,
    subject_column,
    value_of,
)
from tamsa.synthesis.graph.values import read_value
from tamsa.types import Document

MAX_LINK_EDGES = 40
"""Most `links_to` edges of one document."""
MAX_MENTION_SENTENCES = 60
MAX_VALUE_CHARS = 160
"""A longer cell is prose, not a value."""
PART_OF_NAME = re.compile(r"[^\W\d_a-z][\w'’-]* of (?:the )?$")
WHERE = re.compile(r"\b(?:in|at|from|near|to|through|across|around|outside|of|via|into|over) (?:the )?$")
NAME_ENDS = re.compile(
    r"$|[.,;:)!?]|['’]s?\b|\s\(|\s(?:in|on|at|by|to|for|with|and|as|from|of|or|but|under|since|until|where|who|which|when|"
    r"while|after|before|during|between|near|is|was|were|are|has|had|that)\b"
)
_TYPE_PLACES = {name: place for place, name in enumerate(VALUE_TYPES)}
_SOURCE_PLACES = {name: place for place, name in enumerate(SOURCES)}


def _row(found: Found, document: int) -> dict[str, Any]:
    return {
        "subject": found.subject,
        "subject_title": "" if found.subject >= 0 else found.subject_title,
        "relation": found.relation,
        "value": found.value,
        "type": _TYPE_PLACES[found.type],
        "normal": found.normal,
        "object": found.object,
        "document": document,
        "start": found.start,
        "end": found.end,
        "source": _SOURCE_PLACES[found.source],
        "table": found.table,
        "row": found.row,
    }


@dataclass(slots=True)
class Extracted:
    """What one document gives."""

    edges: list[dict[str, Any]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    left: str = ""
    """Why the document gave nothing, or empty."""


def _why_nothing(document: Document, has_tables: bool) -> str:
    text = document.text.strip()
    if not text:
        return "no text"
    if has_tables:
        return "tables without a column that names things, and no statement about one"
    letters = [char for char in text[:4000] if char.isalpha()]
    if letters and sum(char.isascii() for char in letters) < 0.5 * len(letters):
        return "not in a script whose sentences are read, and no link or known title in it"
    return "no statement in a form that is read, and no link or known title in it"


class Extractor:
    """Extracts documents one by one."""

    def __init__(self, entities: Entities, memory: Mapping[str, Sequence[Statement]] | None = None) -> None:
        self._entities = entities
        self._memory = memory or {}
        self._reader = Reader(entities)

    def extract(self, document: Document, number: int) -> Extracted:
        """Return the edges and tables of a document. A duplicate gives nothing: its twin said it all."""
        out = Extracted()
        if int(self._entities.same_as[number]) != number:
            return out
        marked = without_marks(document)
        document = marked.document
        linker = Linker(self._entities, document)
        seen: set[tuple[Any, ...]] = set()
        linked: set[int] = set()
        for found in self._found(document, number, linker):
            key = (
                found.subject,
                found.subject_title,
                found.relation,
                found.object,
                found.value if found.object < 0 else "",
            )
            if key in seen:
                continue
            seen.add(key)
            linked |= {found.object, found.subject}
            out.edges.append(_row(found, number))
        for statement in self._memory.get(document.id, ()):
            statement = replace(statement, start=marked.plain(statement.start), end=marked.plain(statement.end - 1) + 1)
            out.edges.append(_row(self._remembered(statement, linker), number))
        self._read_tables(document, number, linker, marked, out)
        for found in self._links(document, number, linker, linked | {row["object"] for row in out.edges}):
            out.edges.append(_row(found, number))
        if not document.links and not any(row["object"] >= 0 and row["object"] != number for row in out.edges):
            for found in self._mentions(document, number, linker):
                out.edges.append(_row(found, number))
        for row in out.edges:
            row["start"], row["end"] = marked.raw(row["start"], row["end"])
        if not out.edges:
            out.left = _why_nothing(document, bool(out.tables))
        return out

    def _remembered(self, statement: Statement, linker: Linker) -> Found:
        kind, normal = typed(statement.value)
        target = linker.link(statement.value, statement.start, statement.end) if kind == "entity" else -1
        subject = self._entities.resolve(statement.subject)
        return Found(
            subject, statement.subject, statement.relation, statement.value, kind, normal, target,
            statement.start, statement.end, "llm",
        )  # fmt: skip

    def _found(self, document: Document, number: int, linker: Linker) -> Iterator[Found]:
        definition = definition_of(document)
        yield from self._reader.read(document, number, definition, linker)
        if definition is not None:
            yield from definition_facts(document, number, definition, self._entities.kind(number))

    def _read_tables(self, document: Document, number: int, linker: Linker, marked: Plain, out: Extracted) -> None:
        def object_of(cell: CellSpan) -> int:
            for left, right, target in linker.links_within(cell.start, cell.end):
                rest = document.text[right : cell.end].strip()
                if left == cell.start and (right - left >= 0.5 * len(cell.text) or rest[:1] in "(,"):
                    return target if read_value(cell.text)[0] == "text" else -1
            return -1

        for found in find_tables(document.text):
            place = subject_column(found, lambda cell: object_of(cell) >= 0)
            table = len(out.tables)
            names = [column_name(head.text) for head in found.header]
            rows = []
            for row, whole in enumerate(found.rows):
                cells = [value_of(cell) for cell in whole]
                objects = [object_of(cell) for cell in cells]
                typed = [cell_type(cell.text, target >= 0) for cell, target in zip(cells, objects, strict=True)]
                rows.append(
                    [
                        [cell.text, *marked.raw(cell.start, cell.end), target, _TYPE_PLACES[kind], normal]
                        for cell, target, (kind, normal) in zip(cells, objects, typed, strict=True)
                    ]
                )
                if place < 0 or is_empty(cells[place].text):
                    continue
                start, end = found.lines[row]
                subject = objects[place] if self._is_named(cells[place].text, objects[place]) else -1
                for column, cell in enumerate(cells):
                    name = column_name(found.header[column].text)
                    if column == place or not name or says_nothing(name) or is_empty(cell.text):
                        continue
                    if names.count(name) > 1:  # two columns of one name: which of two things they speak of is not said
                        continue
                    if len(cell.text) > MAX_VALUE_CHARS or cell.text.casefold() == cells[place].text.casefold():
                        continue
                    if objects[column] >= 0 and objects[column] == objects[place]:
                        continue
                    kind, normal = typed[column]
                    edge = Found(
                        subject, cells[place].text, f"column:{name}", cell.text, kind, normal, objects[column],
                        start, end, "table", table, row,
                    )  # fmt: skip
                    out.edges.append(_row(edge, number))
            out.tables.append(
                {
                    "document": number,
                    "caption": found.caption,
                    "shape": shape_of(found.header),
                    "subject_column": place,
                    "header": json.dumps([cell.text for cell in found.header], ensure_ascii=False),
                    "rows": json.dumps(rows, ensure_ascii=False, separators=(",", ":")),
                }
            )

    def _is_named(self, name: str, entity: int) -> bool:
        """Tell whether a name and the title or an alias of its link's target have a word in common."""
        if entity < 0:
            return False
        words = {word[:5] for word in words_of(name)}
        titles = [self._entities.title(entity), *self._entities.aliases(entity)]
        return any(words & {word[:5] for word in words_of(title)} for title in titles)

    def _is_mention(self, document: Document, atom: Atom, target: int) -> bool:
        """Tell whether a name stands alone: no part of a longer one, no adjective, no common word for a place."""
        text = document.text
        if PART_OF_NAME.search(text, max(0, atom.start - 40), atom.start) or is_national(atom.text):
            return False
        if " " in atom.text:
            return True
        if not NAME_ENDS.match(text, atom.end) or kind_of_noun(atom.text.lower()):
            return False
        if not self._entities.kind(target) or len(words_of(self._entities.title(target))) > 1:
            return False
        return self._entities.kind(target) != "place" or bool(WHERE.search(text, max(0, atom.start - 16), atom.start))

    def _mentions(self, document: Document, number: int, linker: Linker) -> Iterator[Found]:
        """Yield the titles that a text without links names, where it states no fact about another thing."""
        masker = self._reader.masker(document, number, None)
        known: set[int] = {number}
        for sentence in split_sentences(document.text, MAX_MENTION_SENTENCES):
            for atom in masker.mask(sentence, linker, self._entities, None).atoms:
                if atom.mark != NAME or (" " not in atom.text and atom.start == sentence.start):
                    continue
                target = self._entities.resolve(atom.text)
                if target >= 0 and target not in known and self._is_mention(document, atom, target):
                    known.add(target)
                    yield Found(
                        number, "", "mentions", atom.text, "entity", "", target, sentence.start, sentence.end, "mention"
                    )  # fmt: skip
                    if len(known) > MAX_LINK_EDGES:
                        return

    def _links(self, document: Document, number: int, linker: Linker, known: set[int]) -> Iterator[Found]:
        count = 0
        if not document.links:
            return
        for sentence in split_sentences(document.text):
            for start, end, target in linker.links_within(sentence.start, sentence.end):
                if target < 0 or target == number or target in known:
                    continue
                known.add(target)
                value = document.text[start:end]
                yield Found(number, "", "links_to", value, "entity", "", target, sentence.start, sentence.end, "link")
                count += 1
                if count >= MAX_LINK_EDGES:
                    return
