"""Question files: JSONL with `id`, `question`, `answers`, and optionally `supporting_titles` and `kind` or `type`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tamsa.corpus.documents import clean
from tamsa.errors import InputError

MAX_QUESTION_CHARACTERS = 100_000
_SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its gold answers."""

    id: str
    question: str
    answers: tuple[str, ...]
    supporting_titles: tuple[str, ...] = ()
    """Titles of the documents that an answer must rest on; empty where not known."""
    kind: str | None = None
    """The file's own `kind` or `type`, by which scores are broken down."""


def read_questions(path: Path) -> list[Question]:
    """Read and check a question file. Fields that are not ours are ignored.

    Raises:
        InputError: the file cannot be read, holds no question, or a line is wrong (named by its
            number, the field and what to write instead).
    """
    questions: list[Question] = []
    lines_by_id: dict[str, int] = {}
    try:
        with open(path, encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                where = f"{path}: line {number}"
                question = _read_line(line, where)
                if question.id in lines_by_id:
                    raise InputError(
                        f"{where}: id {question.id[:100]!r} was used in line {lines_by_id[question.id]}; "
                        "give each question its own id"
                    )
                lines_by_id[question.id] = number
                questions.append(question)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); give a UTF-8 JSONL file of questions") from error
    if not questions:
        raise InputError(f'{path}: holds no question; write one JSON object a line: {{"id", "question", "answers"}}')
    return questions


def _read_line(line: str, where: str) -> Question:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON ({error}); write one JSON object a line") from error
    if not isinstance(record, dict):
        raise InputError(f"{where}: not a JSON object but {type(record).__name__}; write one JSON object a line")
    text = _text(record, "question", where)
    if len(text) > MAX_QUESTION_CHARACTERS:
        raise InputError(f"{where}: question has {len(text):,} characters; at most {MAX_QUESTION_CHARACTERS:,}")
    answers = _texts(record, "answers", where)
    if not answers:
        raise InputError(f'{where}: answers is empty; write at least one gold answer, or ["NOT FOUND"]')
    titles = _texts(record, "supporting_titles", where) if record.get("supporting_titles") is not None else ()
    kind = next((name for name in ("kind", "type") if record.get(name) is not None), None)
    return Question(
        id=_text(record, "id", where),
        question=text,
        answers=answers,
        supporting_titles=titles,
        kind=_text(record, kind, where) if kind else None,
    )


def _text(record: Mapping[str, Any], field: str, where: str) -> str:
    if field not in record:
        raise InputError(f"{where}: {field} is missing; write a string")
    value = record[field]
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where}: {field} = {_shown(value)}; write a string that is not empty")
    return clean(value)


def _texts(record: Mapping[str, Any], field: str, where: str) -> tuple[str, ...]:
    if field not in record:
        raise InputError(f"{where}: {field} is missing; write a list of strings")
    value = record[field]
    if not isinstance(value, list):
        raise InputError(f"{where}: {field} = {_shown(value)}; write a list of strings")
    for item in value:
        if not isinstance(item, str) or not item.strip():
            raise InputError(f"{where}: {field} holds {_shown(item)}; write strings that are not empty")
    return tuple(map(clean, value))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def digest(questions: Iterable[Question]) -> str:
    """Hash all that scores depend on, so that a resumed evaluation can tell its own questions."""
    hasher = hashlib.sha256()
    for q in questions:
        fields = [q.id, q.question, q.answers, q.supporting_titles, q.kind]
        hasher.update(json.dumps(fields).encode() + b"\n")
    return hasher.hexdigest()


def folder_names(questions: Sequence[Question]) -> dict[str, str]:
    """Name a folder for each question id: the id itself where it is plain, else a slug with a hash.

    Ids come from files of strangers: whatever they hold, the name is one harmless path component,
    and no two ids share one, not even where file names ignore case.
    """
    names: dict[str, str] = {}
    for question in questions:
        name = question.id
        if not _SAFE_NAME.fullmatch(name):
            slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:48]
            mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
            name = f"{slug}.{mark}" if slug else f"question.{mark}"
        names[question.id] = name
    return names
