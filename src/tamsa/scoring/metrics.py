"""Metrics of answers, retrieval and citations.

Answer metrics follow the published definitions: normalisation and the maximum over gold answers of
SQuAD (arXiv 1606.05250, section 6.1 and its evaluation script), token F1 with HotpotQA's rule for
yes, no and noanswer (arXiv 1809.09600, section 5 and its evaluation script).

All metrics are fractions in [0, 1].
"""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_CLOSED = frozenset({"yes", "no", "noanswer"})


def normalize_answer(text: str) -> str:
    """Lower the case, drop ASCII punctuation and the words a, an, the, and join words by one space."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """Return 1.0 if the prediction equals one of the answers after normalisation, else 0.0."""
    normalized = normalize_answer(prediction)
    return float(any(normalized == normalize_answer(answer) for answer in answers))


def f1_score(prediction: str, answers: Sequence[str]) -> float:
    """Return the best token F1 over the answers; yes, no and noanswer earn nothing unless equal."""
    return max((_f1(normalize_answer(prediction), normalize_answer(answer)) for answer in answers), default=0.0)


def _f1(prediction: str, answer: str) -> float:
    if prediction != answer and (prediction in _CLOSED or answer in _CLOSED):
        return 0.0
    predicted, wanted = prediction.split(), answer.split()
    common = sum((Counter(predicted) & Counter(wanted)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(predicted), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


def fold_title(title: str) -> str:
    """Fold a title for comparison: composed form, case, underscores and runs of spaces."""
    return " ".join(unicodedata.normalize("NFC", title).replace("_", " ").casefold().split())


def recall(supporting: Iterable[str], found: Iterable[str]) -> float | None:
    """Return the share of supporting titles among those found; None where nothing supports."""
    wanted = {fold_title(title) for title in supporting}
    if not wanted:
        return None
    return len(wanted & {fold_title(title) for title in found}) / len(wanted)


def recall_at_k(supporting: Iterable[str], ranked: Sequence[str], k: int) -> float | None:
    """Return the share of supporting titles among the first `k` titles of a search."""
    return recall(supporting, ranked[:k])


@dataclass(frozen=True, slots=True)
class CitationCheck:
    """How many citations of a report stand up, and what is wrong with the others."""

    num_citations: int
    num_correct: int
    problems: tuple[str, ...] = ()

    @property
    def precision(self) -> float | None:
        """Share of correct citations; None where there are none."""
        return self.num_correct / self.num_citations if self.num_citations else None


def check_citations(report: Mapping[str, Any], text_of: Callable[[str], str | None]) -> CitationCheck:
    """Check the citations of a `report.json` against the documents, sharing no code with its writer.

    A citation is correct when its document exists, its quote is not blank and equals the text between
    its offsets, and its number is its own. A number that a finding refers to and no citation bears
    counts as a citation that is wrong.

    Args:
        report: the report's JSON.
        text_of: finds the indexed text of a document by id; None where there is no such document.
    """
    citations = report.get("citations")
    citations = citations if isinstance(citations, list) else []
    problems: list[str] = []
    seen: set[int] = set()
    correct = 0
    for position, citation in enumerate(citations, start=1):
        problem = _citation_problem(citation, seen, text_of)
        if problem is None:
            correct += 1
        else:
            problems.append(f"citation {position}: {problem}")
    dangling: set[str] = set()
    findings = report.get("findings")
    for finding in findings if isinstance(findings, list) else ():
        if not isinstance(finding, Mapping):
            continue
        for name in ("citations", "against"):
            numbers = finding.get(name)
            for number in numbers if isinstance(numbers, list | tuple) else ():
                if not (isinstance(number, int) and number in seen):
                    dangling.add(repr(number))
    problems += [f"a finding refers to citation {number}, which does not exist" for number in sorted(dangling)]
    return CitationCheck(len(citations) + len(dangling), correct, tuple(problems))


def _citation_problem(citation: object, seen: set[int], text_of: Callable[[str], str | None]) -> str | None:
    if not isinstance(citation, Mapping):
        return "not an object"
    number, document, quote = citation.get("number"), citation.get("document"), citation.get("quote")
    start, end = citation.get("start"), citation.get("end")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return f"number {number!r} is no positive integer"
    if number in seen:
        return f"number {number} is given twice"
    seen.add(number)
    if not isinstance(document, str) or not isinstance(quote, str) or not quote.strip():
        return "document or quote is missing"
    if not isinstance(start, int) or not isinstance(end, int) or isinstance(start, bool) or isinstance(end, bool):
        return "start or end is missing"
    text = text_of(document)
    if text is None:
        return f"there is no document {document!r}"
    if not 0 <= start < end <= len(text):
        return f"[{start}, {end}) lies outside the document"
    return None if text[start:end] == quote else "the quote is not the text at its offsets"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its standard error. Both None for no values; the error None for a single one."""

    mean: float | None
    standard_error: float | None
    n: int


def estimate(values: Iterable[float | None]) -> Estimate:
    """Average the values that exist; the standard error is the sample deviation over the root of their number."""
    known = [value for value in values if value is not None]
    n = len(known)
    if n == 0:
        return Estimate(None, None, 0)
    mean = math.fsum(known) / n
    if n == 1:
        return Estimate(mean, None, 1)
    variance = math.fsum((value - mean) ** 2 for value in known) / (n - 1)
    return Estimate(mean, math.sqrt(variance / n), n)


def bootstrap_interval(
    values: Sequence[float], *, confidence: float = 0.95, num_resamples: int = 2_000, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean.

    Args:
        values: at least one value.
        confidence: in (0, 1).
        num_resamples: resamples drawn with replacement.
        seed: of the generator; the same seed gives the same interval.

    Raises:
        ValueError: no values, or a confidence outside (0, 1).
    """
    if not len(values) or not 0 < confidence < 1:
        raise ValueError("bootstrap_interval needs values and a confidence in (0, 1)")
    data = np.asarray(values, dtype=np.float64)
    generator = np.random.default_rng(seed)
    means = np.empty(num_resamples)
    for at in range(num_resamples):  # one resample at a time: memory stays that of the data
        means[at] = data[generator.integers(0, len(data), len(data))].mean()
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
