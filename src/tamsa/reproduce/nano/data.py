"""The data of the bundled model: worlds and libraries, and trajectories of the teacher in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tamsa.corpus import SearchIndex, open_documents
from tamsa.errors import ConfigError
from tamsa.reproduce.nano.recipe import Library, Worlds
from tamsa.synthesis.pipeline import synthesize
from tamsa.synthesis.plan import Plan
from tamsa.world import build_world

RECURRING = "recurring"
"""Name of the readings in the documents' own words among the ways of research."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Documents with questions about them, and what was made from them."""

    name: str
    """Of this one alone, such as `world-2001`."""
    group: str
    seed: int
    docs: tuple[Path, ...]
    questions: Path
    index: Path
    """Folder of the index of the documents; made when it is first opened."""
    trajectories: Mapping[str, Path] = field(default_factory=dict)
    """Conversations for fine-tuning, by mode, and single readings under `RECURRING`; none where worlds evaluate."""
    tasks: Path | None = None
    """Tasks for mid-training: extraction, restructuring, planning and the like; None where none were made."""

    def open(self) -> SearchIndex:
        """Open the index of the documents."""
        return open_documents(self.docs, out=self.index)


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
        if explore and worlds.modes:
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
        tasks = data / "mid_tasks.parquet" if modes and worlds.tasks else None
        trajectories = _trajectories(data, modes)
        name = f"world-{seed}"
        made.append(Ground(name, worlds.name, seed, (pages,), questions, data / "index", trajectories, tasks))
    return made


def make_library(library: Library, out: Path, *, workers: int, on_note: Callable[[str], None]) -> list[Ground]:
    """Make questions of given documents and let the teacher explore them; what is there, or was made before, is kept.

    Args:
        library: the documents.
        out: a folder for the library goes here.
        workers: processes.
        on_note: receives a line.
    """
    if library.made:
        return [_made(library, folder) for folder in library.made]
    name = f"library-{library.name}"
    data = out / name
    plan = Plan(
        tuple(map(str, library.docs)),
        seed=library.seed,
        num_questions=library.questions,
        modes=library.modes,
        midtraining=False,
        habits=library.habits,
        recurring=library.recurring,
        decontaminate=tuple(map(str, library.decontaminate)),
    )
    _explore(plan, data, f"library {library.name}", workers, on_note)
    trajectories = _trajectories(data, (*library.modes, RECURRING) if library.recurring else library.modes)
    questions = data / "questions.jsonl"
    return [Ground(name, library.name, library.seed, library.docs, questions, data / "index", trajectories)]


def _made(library: Library, folder: Path) -> Ground:
    """Take what `tamsa synthesize` has left in a folder: index, questions, and trajectories where there are any.

    Raises:
        ConfigError: index or questions are missing.
    """
    index, questions = folder / "index", folder / "questions.jsonl"
    for path in (index, questions):
        if not path.exists():
            raise ConfigError(f"libraries.made: {path} is missing; name a folder that tamsa synthesize wrote")
    modes = (*library.modes, RECURRING)
    found = {mode: path for mode, path in _trajectories(folder, modes).items() if path.is_file()}
    return Ground(f"{library.name}-{folder.name}", library.name, library.seed, (index,), questions, index, found)


def _explore(plan: Plan, data: Path, name: str, workers: int, on_note: Callable[[str], None]) -> None:
    summary = synthesize(plan, data, workers=workers)
    on_note(f"{name}: {summary.num_questions:,} questions, {sum(summary.trajectories.values()):,} kept")


def _trajectories(data: Path, modes: tuple[str, ...]) -> dict[str, Path]:
    return {mode: data / f"sft_{mode}.parquet" for mode in modes}
