"""The data of the bundled model: worlds and libraries, and trajectories of the teacher in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tamsa.reproduce.nano.recipe import Library, Worlds
from tamsa.synthesis.pipeline import synthesize
from tamsa.synthesis.plan import Plan
from tamsa.world import build_world


@dataclass(frozen=True, slots=True)
class Ground:
    """Documents with questions about them, and what was made from them."""

    group: str
    seed: int
    docs: tuple[Path, ...]
    questions: Path
    trajectories: Mapping[str, Path] = field(default_factory=dict)
    """Conversations for fine-tuning, by mode; none for a world to evaluate on."""
    tasks: Path | None = None
    """Tasks for mid-training: extraction, restructuring, planning and the like; None where none were made."""


def make_worlds(
    worlds: Worlds, out: Path, *, explore: bool, workers: int, on_note: Callable[[str], None]
) -> list[Ground]:
    """Build worlds and, to train on, let the teacher explore their questions; what is there is kept.

    Args:
        worlds: a group of them.
        out: a folder for each world goes here.
        explore: whether to make trajectories.
        workers: processes of the exploration.
        on_note: receives a line a world.
    """
    made = []
    for seed in worlds.seeds:
        folder = out / f"world-{seed}"
        build_world(folder, num_pages=worlds.pages, seed=seed, num_questions=worlds.questions)
        pages, questions = folder / "pages.jsonl", folder / "questions.jsonl"
        data = out / f"data-{seed}"
        if explore:
            plan = Plan(
                (str(pages),),
                seed=seed,
                questions=str(questions),
                num_questions=10**6,
                modes=worlds.modes,
                midtraining=worlds.tasks,
                habits=worlds.habits,
            )
            _explore(plan, data, f"world {seed}", workers, on_note)
        modes = worlds.modes if explore else ()
        tasks = data / "mid_tasks.parquet" if explore and worlds.tasks else None
        made.append(Ground(worlds.name, seed, (pages,), questions, _trajectories(data, modes), tasks))
    return made


def make_library(library: Library, out: Path, *, workers: int, on_note: Callable[[str], None]) -> Ground:
    """Make questions of given documents and let the teacher explore them; what is there is kept.

    Args:
        library: the documents.
        out: a folder for the library goes here.
        workers: processes.
        on_note: receives a line.
    """
    data = out / f"library-{library.name}"
    plan = Plan(
        tuple(map(str, library.docs)),
        seed=library.seed,
        num_questions=library.questions,
        modes=library.modes,
        midtraining=False,
        habits=library.habits,
        decontaminate=tuple(map(str, library.decontaminate)),
    )
    _explore(plan, data, f"library {library.name}", workers, on_note)
    trajectories = _trajectories(data, library.modes)
    return Ground(library.name, library.seed, library.docs, data / "questions.jsonl", trajectories)


def _explore(plan: Plan, data: Path, name: str, workers: int, on_note: Callable[[str], None]) -> None:
    summary = synthesize(plan, data, workers=workers)
    on_note(f"{name}: {summary.num_questions:,} questions, {sum(summary.trajectories.values()):,} kept")


def _trajectories(data: Path, modes: tuple[str, ...]) -> dict[str, Path]:
    return {mode: data / f"sft_{mode}.parquet" for mode in modes}
