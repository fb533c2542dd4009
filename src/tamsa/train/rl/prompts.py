"""Prompts with their gold answers, read from files of questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from tamsa.agent import check_question
from tamsa.errors import InputError
from tamsa.store import read_jsonl
from tamsa.train.rl.recipe import Environment


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question of one environment."""

    id: str
    question: str
    answers: tuple[str, ...]
    environment: int
    """Number of the environment it is asked in."""
    kind: str = ""


def read_prompts(environments: tuple[Environment, ...]) -> list[Prompt]:
    """Read the prompts of all environments, in order.

    Raises:
        InputError: a file is missing, a record lacks a field, or an environment has no prompt.
    """
    prompts = []
    for number, environment in enumerate(environments):
        found = list(_read(environment, number))
        if not found:
            raise InputError(f"{environment.prompts}: holds no prompts; give records with question and answers")
        prompts += found
    return prompts


def _read(environment: Environment, number: int) -> Iterator[Prompt]:
    path = environment.prompts
    seen: set[str] = set()
    for line, record in enumerate(_records(path), start=1):
        if environment.limit is not None and line > environment.limit:
            return
        question, answers = record.get("question"), record.get("answers")
        if not isinstance(question, str):
            raise InputError(f"{path}: record {line}: question is missing")
        if not isinstance(answers, list) or not answers or not all(isinstance(a, str) and a.strip() for a in answers):
            raise InputError(
                f'{path}: record {line}: answers must be a list of texts; ["NOT FOUND"] where there is none'
            )
        try:
            check_question(question)
        except InputError as error:
            raise InputError(f"{path}: record {line}: {error}") from error
        key = str(line if record.get("id") is None else record["id"])
        if key in seen:
            raise InputError(f"{path}: record {line}: id = {key} is that of another record; give each its own, or none")
        seen.add(key)
        yield Prompt(f"{number}/{key}", question, tuple(answers), number, str(record.get("kind") or ""))


def _records(path: Path) -> Iterator[Mapping[str, Any]]:
    if not path.is_file():
        raise InputError(f"{path}: no such file; name prompts in [[environments]] prompts")
    if path.suffix == ".parquet":
        try:
            file = parquet.ParquetFile(path)
            wanted = [name for name in ("id", "question", "answers", "kind") if name in file.schema_arrow.names]
            for batch in file.iter_batches(batch_size=1024, columns=wanted):
                yield from batch.to_pylist()
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: not a readable parquet file ({error})") from error
    else:
        yield from read_jsonl(path)
