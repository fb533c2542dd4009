"""Scores over many questions, as in `scores.json`, and their table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from tamsa.eval.results import Result
from tamsa.scoring.calibration import calibrate, expected_calibration_error, ranking_accuracy
from tamsa.scoring.metrics import estimate
from tamsa.types import Calibration


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures over one set of questions. Accuracies are fractions in [0, 1], each with its standard error.

    None stands where a figure does not exist: no supporting titles, no citations, no judge, or too
    few values for a standard error.
    """

    n: int
    failed: int
    """Runs that failed; they score zero and have no costs."""
    em: float | None
    em_se: float | None
    f1: float | None
    f1_se: float | None
    recall_at_2: float | None
    recall_at_2_se: float | None
    recall_at_5: float | None
    recall_at_5_se: float | None
    visited_recall: float | None
    visited_recall_se: float | None
    citation_precision: float | None
    """Correct citations among all citations of all reports."""
    citation_precision_se: float | None
    num_citations: int
    steps_mean: float | None
    tokens_mean: float | None
    seconds_mean: float | None
    pages_mean: float | None
    """Documents opened in a run that did not fail."""
    pages_max: int | None
    cost_total: float | None
    confidence_n: int
    """Answers with a confidence; they alone are in the next two."""
    ece: float | None
    """Expected calibration error of the reports' confidence over ten bins, in [0, 1]."""
    ranking: float | None
    """How often, of a right answer and a wrong one, the right has the higher confidence (area under the ROC curve)."""
    judge: float | None
    """Share that the judge found correct, of those with a verdict; failed runs count as wrong."""
    judge_se: float | None
    judge_n: int
    judge_unparsed: int
    """Answers that got no readable verdict after all tries; they are in no other judge figure."""


def summarize(results: Sequence[Result]) -> Summary:
    """Summarize results."""
    em, f1 = estimate(r.em for r in results), estimate(r.f1 for r in results)
    at_2, at_5 = estimate(r.recall_at_2 for r in results), estimate(r.recall_at_5 for r in results)
    visited = estimate(r.visited_recall for r in results)
    cited = estimate(float(number < r.num_correct_citations) for r in results for number in range(r.num_citations))
    finished = [r for r in results if r.failure is None]
    pages = [len(r.visited) for r in finished]
    costs = [r.cost for r in results if r.cost is not None]
    verdicts = [r.judge for r in results if r.judge is not None]
    sure = [(r.confidence.probability, r.em) for r in results if r.confidence is not None]
    said, right = [p for p, _ in sure], [em for _, em in sure]
    judged = estimate(float(v.correct) for v in verdicts if v.correct is not None)
    return Summary(
        n=len(results),
        failed=len(results) - len(finished),
        em=em.mean,
        em_se=em.standard_error,
        f1=f1.mean,
        f1_se=f1.standard_error,
        recall_at_2=at_2.mean,
        recall_at_2_se=at_2.standard_error,
        recall_at_5=at_5.mean,
        recall_at_5_se=at_5.standard_error,
        visited_recall=visited.mean,
        visited_recall_se=visited.standard_error,
        citation_precision=cited.mean,
        citation_precision_se=cited.standard_error,
        num_citations=cited.n,
        steps_mean=estimate(r.steps for r in finished).mean,
        tokens_mean=estimate(r.tokens for r in finished).mean,
        seconds_mean=estimate(r.seconds for r in finished).mean,
        pages_mean=estimate(pages).mean,
        pages_max=max(pages, default=None),
        cost_total=sum(costs) if costs else None,
        confidence_n=len(sure),
        ece=expected_calibration_error(said, right) if sure else None,
        ranking=ranking_accuracy(said, right) if sure else None,
        judge=judged.mean,
        judge_se=judged.standard_error,
        judge_n=judged.n,
        judge_unparsed=sum(v.correct is None for v in verdicts),
    )


@dataclass(frozen=True, slots=True)
class Scores:
    """The outcome of an evaluation. `scores.json` is `to_json()`: the overall figures at the top level."""

    overall: Summary
    by_kind: Mapping[str, Summary]
    """Empty where the questions have no kinds."""
    about: Mapping[str, Any]
    """What was measured, by which version, with what."""
    results: Sequence[Result] = field(repr=False)

    @classmethod
    def of(cls, results: Sequence[Result], about: Mapping[str, Any]) -> Scores:
        """Summarize all results, and those of each kind."""
        kinds = sorted({r.kind for r in results if r.kind is not None})
        by_kind = {kind: summarize([r for r in results if r.kind == kind]) for kind in kinds}
        return cls(summarize(results), by_kind, about, results)

    def calibration(self) -> Calibration:
        """Fit a calibration of the model to the answers that came with probabilities; right is what matches exactly.

        Raises:
            InputError: they are too few.
        """
        known = [(r.confidence.likelihood, r.em == 1.0) for r in self.results if r.confidence is not None]
        return calibrate([likely for likely, _ in known], [right for _, right in known], self.about["questions"])

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            **self.about,
            **asdict(self.overall),
            "by_kind": {kind: asdict(summary) for kind, summary in self.by_kind.items()},
        }


def format_table(scores: Scores) -> Table:
    """Lay scores out for the terminal, in 80 columns: percent, standard errors below, kinds below the whole."""
    about = scores.about
    title = " · ".join(str(about[name]) for name in ("model", "corpus") if about.get(name))
    overall = scores.overall
    columns = [c for c in _COLUMNS if c[0] != "judge" or overall.judge_n + overall.judge_unparsed > 0]
    table = Table(
        title=Text(title) if title else None,
        caption=Text(_caption(overall)),
        caption_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        padding=0,
        pad_edge=False,
    )
    table.add_column("kind", overflow="fold")
    table.add_column("n", justify="right", no_wrap=True)
    for heading, _, _ in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, summary in (("all", overall), *scores.by_kind.items()):
        values = [_shown(getattr(summary, field), form) for _, field, form in columns]
        table.add_row(Text(name), str(summary.n), *values, style="bold" if summary is overall else None)
        errors = [
            _shown(getattr(summary, field + "_se", None), form) if form == "%" else "" for _, field, form in columns
        ]
        if any(error.strip("–") for error in errors):
            table.add_row(Text("  ±"), "", *(error.replace("–", "") for error in errors), style="dim")
    return table


_COLUMNS = (
    ("EM", "em", "%"),
    ("F1", "f1", "%"),
    ("judge", "judge", "%"),
    ("R@2", "recall_at_2", "%"),
    ("R@5", "recall_at_5", "%"),
    ("visited", "visited_recall", "%"),
    ("cited", "citation_precision", ".3f"),
    ("pages", "pages_mean", ".1f"),
    ("steps", "steps_mean", ".1f"),
    ("tokens", "tokens_mean", ",.0f"),
    ("sec", "seconds_mean", ".2f"),
)


def _shown(value: float | None, form: str) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f}" if form == "%" else format(value, form)


def _caption(summary: Summary) -> str:
    notes = []
    if summary.pages_max is not None:
        notes.append(f"at most {summary.pages_max} pages opened")
    notes.append(f"{summary.num_citations:,} citations checked")
    if summary.cost_total is not None:
        notes.append(f"${summary.cost_total:.4f} spent")
    if summary.ece is not None:
        notes.append(f"confidence off by {100 * summary.ece:.1f} points (ECE)")
    if summary.failed:
        notes.append(f"{summary.failed} {'run' if summary.failed == 1 else 'runs'} failed and count as wrong")
    if summary.judge_unparsed:
        notes.append(f"{summary.judge_unparsed} answers without a readable verdict")
    return "; ".join(notes)
