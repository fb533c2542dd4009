"""Scores over many questions, as in `scores.json`, and their table for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from tamsa.eval.results import Result
from tamsa.scoring.metrics import estimate


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

    @classmethod
    def of(cls, results: Sequence[Result], about: Mapping[str, Any]) -> Scores:
        """Summarize all results, and those of each kind."""
        kinds = sorted({r.kind for r in results if r.kind is not None})
        return cls(summarize(results), {k: summarize([r for r in results if r.kind == k]) for k in kinds}, about)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            **self.about,
            **asdict(self.overall),
            "by_kind": {kind: asdict(summary) for kind, summary in self.by_kind.items()},
        }


def format_table(scores: Scores) -> Table:
    """Lay scores out for the terminal: accuracies in percent with standard errors, kinds below the whole."""
    about = scores.about
    title = " · ".join(str(about[name]) for name in ("model", "corpus") if about.get(name))
    table = Table(title=title.replace("[", "\\[") or None, title_style="bold", caption_style="dim")
    judged = scores.overall.judge_n + scores.overall.judge_unparsed > 0
    for name in _columns(judged):
        table.add_column(name, justify="left" if name == "questions" else "right", no_wrap=True)
    table.add_row(*_row("all", scores.overall, judged), style="bold", end_section=bool(scores.by_kind))
    for kind, summary in scores.by_kind.items():
        table.add_row(*_row(kind.replace("[", "\\["), summary, judged))
    notes = []
    if scores.overall.failed:
        failed = scores.overall.failed
        notes.append(f"{failed} {'run' if failed == 1 else 'runs'} failed and count as wrong")
    if scores.overall.judge_unparsed:
        notes.append(f"{scores.overall.judge_unparsed} verdicts could not be read")
    table.caption = "; ".join(notes) or None
    return table


def _columns(judged: bool) -> Iterable[str]:
    yield from ("questions", "n", "EM", "F1")
    if judged:
        yield "judge"
    yield from ("R@2", "R@5", "visited", "citations", "pages", "steps", "tokens", "seconds")


def _row(name: str, summary: Summary, judged: bool) -> list[str]:
    row = [name, str(summary.n), _percent(summary.em, summary.em_se), _percent(summary.f1, summary.f1_se)]
    if judged:
        row.append(_percent(summary.judge, summary.judge_se))
    row += [
        _percent(summary.recall_at_2, summary.recall_at_2_se),
        _percent(summary.recall_at_5, summary.recall_at_5_se),
        _percent(summary.visited_recall, summary.visited_recall_se),
        "–" if summary.citation_precision is None else f"{summary.citation_precision:.3f}",
        "–" if summary.pages_mean is None else f"{summary.pages_mean:.1f} (max {summary.pages_max})",
    ]
    for value, form in ((summary.steps_mean, ".1f"), (summary.tokens_mean, ",.0f"), (summary.seconds_mean, ".2f")):
        row.append("–" if value is None else format(value, form))
    return row


def _percent(value: float | None, error: float | None) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f}" + ("" if error is None else f" ± {100 * error:.1f}")
