"""The parts of the page: each is run or measured once, kept as a file, and read from there ever after."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from tamsa.config import from_mapping
from tamsa.errors import InputError
from tamsa.reproduce.autodeco.conditions import conditions, in_words
from tamsa.reproduce.autodeco.costs.epoch import Epoch, epoch_table, measure_epoch
from tamsa.reproduce.autodeco.costs.generation import (
    Generation,
    Large,
    generation_table,
    large_table,
    measure_generation,
    measure_large,
)
from tamsa.reproduce.autodeco.costs.memory import Memory, measure_memory, memory_table
from tamsa.reproduce.autodeco.costs.step import Step, measure_step, step_table
from tamsa.reproduce.autodeco.markup import Section, Table, picture
from tamsa.reproduce.autodeco.study import Study, run_study, study_conditions
from tamsa.reproduce.autodeco.tables import claims_table, make_claims, make_lines, methods_table, plot
from tamsa.reproduce.autodeco.texts import colour_texts
from tamsa.reproduce.autodeco.wishes import run_wishes, wishes_table
from tamsa.store import make_folder, read_json, write_json
from tamsa.types import SCHEMA_VERSION

Part = Literal["study", "wishes", "texts", "step", "generation", "large", "epoch", "memory"]
PARTS: tuple[Part, ...] = ("study", "wishes", "texts", "step", "generation", "large", "epoch", "memory")
OnNote = Callable[[str], None]


BLOCKS: dict[Part, tuple[str, ...]] = {"study": ("methods", "differences"), "texts": ()}
"""The tables of a part, where not one of its own name."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What `tamsa reproduce autodeco` makes, and how large."""

    out: Path = Path("runs/autodeco")
    page: Path | None = None
    """A Markdown page whose tables and pictures are brought up to date."""
    parts: tuple[Part, ...] = PARTS
    """Those to run; what the others left in `out` is shown too."""
    study: Study = field(default_factory=Study)
    step: Step = field(default_factory=Step)
    generation: Generation = field(default_factory=Generation)
    large: Large = field(default_factory=Large)
    epoch: Epoch = field(default_factory=Epoch)
    memory: Memory = field(default_factory=Memory)


@dataclass(slots=True)
class Shown:
    """What the parts come to."""

    blocks: dict[str, str] = field(default_factory=dict)
    """Markdown of each table, by its name."""
    pictures: dict[str, bytes] = field(default_factory=dict)
    """PNG files by name."""
    sections: list[Section] = field(default_factory=list)
    """Of the page for a browser."""
    records: dict[str, Any] = field(default_factory=dict)
    """What the tables were made of."""

    def add(self, name: str, title: str, text: str, table: Table, before: str = "", behind: str = "") -> None:
        """Add a table, with HTML before and behind it."""
        self.blocks[name] = table.markdown()
        self.sections.append(Section(title, text, before + table.html() + behind))


@dataclass(frozen=True, slots=True)
class _Cost:
    """A part that is measured: its settings' class, how, and how it is shown."""

    settings: type[Any]
    measure: Callable[[Any], list[dict[str, Any]]]
    table: Callable[[Any, list[dict[str, Any]], str], Table]
    title: str
    text: str


_COSTS: dict[Part, _Cost] = {
    "step": _Cost(
        Step,
        measure_step,
        step_table,
        "What a decode step costs",
        "Heads and sampler, from hidden state and logits to the token, against transformers' temperature and top-p "
        "with softmax and multinomial (static) and a draw at T = 1 (plain), on the same logits.",
    ),
    "generation": _Cost(
        Generation,
        measure_generation,
        generation_table,
        "Whole models",
        "One model greedy, with a static temperature and top-p, and with heads; small backbones are the hard case.",
    ),
    "large": _Cost(
        Large,
        measure_large,
        large_table,
        "A model of 8B",
        "A few layers of that size, measured, and all of them by arithmetic: a layer costs what it costs greedy "
        "decoding.",
    ),
    "epoch": _Cost(
        Epoch,
        measure_epoch,
        epoch_table,
        "An epoch over the heads",
        "With the frozen backbone in the loop, and from its cached states.",
    ),
    "memory": _Cost(
        Memory,
        measure_memory,
        memory_table,
        "Memory of the heads' loss",
        "A loss and backward pass over many positions of a large vocabulary, beyond its inputs.",
    ),
}


def _measured(part: Part, cost: _Cost, recipe: Recipe, on_note: OnNote) -> dict[str, Any] | None:
    """Return the record of a part: read, or measured where it is asked for and missing or of other settings."""
    path = recipe.out / f"{part}.json"
    found: dict[str, Any] | None = read_json(path) if path.exists() else None
    if part not in recipe.parts:
        return found
    settings = getattr(recipe, part)
    values = json.loads(json.dumps(asdict(settings)))
    if found is not None and found["settings"] == values:
        return found
    on_note(f"{part}: measuring" if found is None else f"{part}: measuring anew, its settings have changed")
    before, start = conditions(), time.perf_counter()
    made = {
        "schema_version": SCHEMA_VERSION,
        "part": part,
        "settings": values,
        "conditions": before,
        "records": cost.measure(settings),
    }
    write_json(path, made)
    on_note(f"{part}: done in {time.perf_counter() - start:.0f} s")
    return made


def _made(recipe: Recipe, name: str) -> bool:
    """Tell whether every seed of the study has left a file of that name."""
    seeds = range(recipe.study.num_seeds)
    return all((recipe.out / "study" / f"seed-{seed}" / name).is_file() for seed in seeds)


def _add_study(recipe: Recipe, shown: Shown, on_note: OnNote) -> None:
    folder = recipe.out / "study"
    scores = run_study(recipe.study, folder, on_note)
    lines, claims = make_lines(scores), make_claims(scores)
    shown.pictures["study.png"] = plot(lines)
    where = study_conditions(folder)
    shown.add(
        "methods",
        "The controlled study",
        f"{len(scores)} seeds, each everything anew; percent with 95% intervals over seeds and problems.",
        methods_table(lines, in_words(where) if where else ""),
        before=picture("study.png", "pass@1 and pass@8 of every method, with intervals"),
    )
    shown.add(
        "differences",
        "Differences",
        "In points, problem by problem; ✓ and ✗ where the interval excludes 0.",
        claims_table(claims),
    )
    shown.records["claims"] = [claim.record() for claim in claims]


def _add_wishes(recipe: Recipe, shown: Shown, on_note: OnNote) -> None:
    wishes = []
    for seed in range(recipe.study.num_seeds):
        if not _made(recipe, "wishes-test.json"):
            on_note(f"control in words: seed {seed}")
        wishes.append(run_wishes(recipe.study, recipe.out / "study", seed))
    shown.add(
        "wishes",
        "Control in words",
        "Prompts that ask for certainty or variety, in unseen words: how often T and P move as asked.",
        wishes_table(wishes),
    )
    shown.records["wishes"] = wishes


def _add_texts(recipe: Recipe, shown: Shown, on_note: OnNote) -> None:
    on_note("coloured texts")
    texts = colour_texts(recipe.study, recipe.out / "study", 0, "reward1")
    shown.pictures["texts.png"] = texts.png
    shown.sections.insert(
        0,
        Section(
            "What the heads do",
            "Three answers, each token on the temperature that it was drawn at; T and P under the pointer. Blue: one "
            "word is right. Red: many are, and the likeliest is a poor choice.",
            texts.html,
        ),
    )


def run_parts(recipe: Recipe, on_note: OnNote) -> Shown:
    """Run what is left of the recipe's parts and return everything that is there.

    Raises:
        InputError: the folder holds a study with other settings, or none where a part needs one.
        TamsaError: a measurement found a wrong result.
    """
    make_folder(recipe.out)
    shown = Shown()
    if "study" in recipe.parts or _made(recipe, "scores.json"):
        _add_study(recipe, shown, on_note)
    elif {"wishes", "texts"} & set(recipe.parts):
        raise InputError(f"parts: {', '.join(recipe.parts)}, but {recipe.out} holds no whole study; add 'study'")
    if "wishes" in recipe.parts or _made(recipe, "wishes-test.json"):
        _add_wishes(recipe, shown, on_note)
    if "texts" in recipe.parts:
        _add_texts(recipe, shown, on_note)
    for part, cost in _COSTS.items():
        record = _measured(part, cost, recipe, on_note)
        if record is not None:
            settings = from_mapping(cost.settings, record["settings"], f"{recipe.out / part}.json")
            table = cost.table(settings, record["records"], in_words(record["conditions"]))
            shown.add(part, cost.title, cost.text, table)
            shown.records[part] = record
    return shown
