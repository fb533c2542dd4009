"""The data of the bundled model: worlds, and trajectories of the teacher in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tamsa.reproduce.nano.recipe import Worlds
from tamsa.synthesis.pipeline import synthesize
from tamsa.synthesis.plan import Plan
from tamsa.world import build_world


@dataclass(frozen=True, slots=True)
class World:
    """One world and what was made from it."""

    group: str
    seed: int
    pages: Path
    questions: Path
    trajectories: Path | None = None
    """Conversations for fine-tuning; None for a world to evaluate on."""
    tasks: Path | None = None
    """Tasks for mid-training: extraction, restructuring, planning and the like; None where none were made."""


def make_worlds(
    worlds: Worlds, out: Path, *, explore: bool, workers: int, on_note: Callable[[str], None]
) -> list[World]:
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
        trajectories = tasks = None
        if explore:
            plan = Plan(
                (str(pages),),
                seed=seed,
                questions=str(questions),
                num_questions=10**6,
                midtraining=worlds.tasks,
                habits=worlds.habits,
            )
            summary = synthesize(plan, out / f"data-{seed}", workers=workers)
            on_note(f"world {seed}: {summary.num_questions:,} questions, {sum(summary.trajectories.values()):,} kept")
            trajectories = out / f"data-{seed}" / "sft_react.parquet"
            tasks = out / f"data-{seed}" / "mid_tasks.parquet" if worlds.tasks else None
        made.append(World(worlds.name, seed, pages, questions, trajectories, tasks))
    return made
