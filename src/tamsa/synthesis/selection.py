"""Which files a synthesis reads: evaluation material among the documents is left out, and said to be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tamsa.corpus.sources import list_files
from tamsa.corpus.writer import is_index
from tamsa.errors import InputError

_QUESTION_FIELDS = ({"question", "answers"}, {"question", "answer"})


def select_documents(paths: Sequence[str]) -> tuple[list[Path], list[tuple[str, str]]]:
    """Return the paths to read and what was left out, with reasons.

    A folder is read whole unless it holds question files (JSONL whose records have `question` and `answers`): those
    are evaluation material, as are the corpora named after them (`x.jsonl` and `x_corpus.jsonl`), and are left out.

    Raises:
        InputError: a path does not exist.
    """
    kept: list[Path] = []
    left_out: list[tuple[str, str]] = []
    for name in paths:
        path = Path(name)
        if not path.exists():
            raise InputError(f"{path}: no such file or folder")
        if not path.is_dir() or is_index(path):
            kept.append(path)
            continue
        files = [file.path for file in list_files([path]).files]
        questions = {file for file in files if is_question_file(file)}
        if not questions:
            kept.append(path)
            continue
        stems = {file.stem for file in questions}
        for file in files:
            if file in questions:
                left_out.append((file.name, "evaluation questions"))
            elif file.stem.removesuffix("_corpus") in stems and file.stem.endswith("_corpus"):
                left_out.append((file.name, "corpus of evaluation questions"))
            elif file.name.casefold().startswith("readme"):
                left_out.append((file.name, "read-me of a data folder"))
            else:
                kept.append(file)
    return kept, left_out


def is_question_file(path: Path) -> bool:
    """Say whether a file holds questions with answers, judging by its first record."""
    if path.suffix.lower() not in (".jsonl", ".json"):
        return False
    try:
        with open(path, encoding="utf-8-sig") as file:
            record = json.loads(file.readline())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(record, dict) and any(fields <= set(record) for fields in _QUESTION_FIELDS)
