"""Decontamination: no synthesised question may overlap with an evaluation file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tamsa.agent.baseline.lexicon import STOP_WORDS
from tamsa.errors import InputError
from tamsa.scoring.metrics import fold_title, normalize_answer
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.values import fold

NGRAM = 8
"""Words in a row that two questions may not share."""
SHARED_WORDS = 0.5
"""Share of an evaluation question's content words at which the same answer counts as the same question."""
_CLOSED = frozenset({"yes", "no", "noanswer", "not found"})


@dataclass(frozen=True, slots=True)
class _Evaluation:
    name: str
    answers: frozenset[str]
    pages: frozenset[str]
    words: frozenset[str]


class Evaluations:
    """Evaluation questions, indexed by n-grams, answers and source pages.

    A question overlaps with one of them if it shares eight words in a row with it (or holds it whole, where it is
    shorter); if it has the same answer and a page in common (two pages, where the answer is yes or no); if it has the
    same answer and at least half of its content words; or if a step rests on one of its tables.
    """

    def __init__(self, records: Iterable[Mapping[str, Any]]) -> None:
        self._grams: dict[int, str] = {}
        self._short: dict[int, dict[int, str]] = {}
        self._by_answer: dict[str, list[_Evaluation]] = {}
        self._tables: set[str] = set()
        self.num_questions = 0
        for number, record in enumerate(records, start=1):
            self._add(record, number)

    @classmethod
    def read(cls, *paths: Path | str) -> Evaluations:
        """Read evaluation files: JSONL with `question` and, where known, `answers`, `supporting_titles`, `table_id`.

        Raises:
            InputError: a file cannot be read, or a line is no question.
        """
        records: list[Mapping[str, Any]] = []
        for path in map(Path, paths):
            try:
                lines = path.read_text("utf-8-sig").split("\n")
            except (OSError, UnicodeDecodeError) as error:
                raise InputError(f"{path}: cannot be read as an evaluation file ({error})") from error
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise InputError(f"{path}:{number}: no JSON ({error})") from error
                if not isinstance(record, dict) or not isinstance(record.get("question"), str):
                    raise InputError(f"{path}:{number}: no question; each line needs a `question`")
                for name in ("answers", "answer", "supporting_titles"):
                    if not isinstance(record.get(name), str | list | None):
                        raise InputError(f"{path}:{number}: {name} is neither a text nor a list")
                records.append({"id": f"{path.name}:{number}", **record})
        return cls(records)

    def _add(self, record: Mapping[str, Any], number: int) -> None:
        self.num_questions += 1
        name = str(record.get("id", number))
        words = fold(str(record["question"])).split()
        if len(words) >= NGRAM:
            for gram in _grams(words, NGRAM):
                self._grams.setdefault(gram, name)
        elif len(words) >= 3:
            for gram in _grams(words, len(words)):
                self._short.setdefault(len(words), {}).setdefault(gram, name)
        answers = _listed(record.get("answers", record.get("answer")))
        titles = _listed(record.get("supporting_titles"))
        evaluation = _Evaluation(
            name,
            frozenset(normalize_answer(str(answer)) for answer in answers),
            frozenset(fold_title(str(title)) for title in titles),
            _content(words),
        )
        for answer in evaluation.answers:
            self._by_answer.setdefault(answer, []).append(evaluation)
        if record.get("table_id"):
            self._tables.add(str(record["table_id"]))

    def overlap(self, question: GoldQuestion) -> str | None:
        """Return the id of an evaluation question that a question overlaps with, or None."""
        words = fold(question.question).split()
        for size, known in ((NGRAM, self._grams), *self._short.items()):
            for gram in _grams(words, size):
                if gram in known:
                    return known[gram]
        for hop in question.chain:
            name = hop.evidence.document
            if name in self._tables or name.rpartition("/")[2] in self._tables:
                return name
        content = _content(words)
        pages = {fold_title(title) for title in question.supporting_titles}
        for answer in {normalize_answer(text) for text in question.answers}:
            for other in self._by_answer.get(answer, ()):
                common = len(pages & other.pages)
                if common >= (2 if answer in _CLOSED else 1):
                    return other.name
                shared = len(content & other.words)
                if answer not in _CLOSED and other.words and shared >= SHARED_WORDS * len(other.words) and shared >= 3:
                    return other.name
        return None


def _listed(value: str | list[Any] | None) -> list[Any]:
    return [value] if isinstance(value, str) else value or []


def _grams(words: list[str], size: int) -> Iterable[int]:
    return (_hash(" ".join(words[at : at + size])) for at in range(len(words) - size + 1))


def _content(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word for word in words if word not in STOP_WORDS and re.search(r"\w", word))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())
