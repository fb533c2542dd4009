"""`tamsa reproduce decodings`: which way to decode a model answers most questions.

Greedy, temperature 1, the best static temperature and top-p of a grid (chosen on development questions, for a single
answer), AutoDeco heads, and for each kind of heads its MeanShift: the static setting of the same mean T and P.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tamsa.config import load_config
from tamsa.reproduce.decodings.recipe import DecodingsRecipe
from tamsa.reproduce.decodings.trials import Decoding, Trial, Trials
from tamsa.scoring.passes import Array, pass_at_k
from tamsa.store import Journal, write_atomic, write_json
from tamsa.train.heads.checkpoints import claim
from tamsa.train.recipe import plain
from tamsa.types import SCHEMA_VERSION

GREEDY, PLAIN, STATIC = "greedy", "T = 1", "static, tuned"


def run(path: Path | None, overrides: list[str], on_note: Callable[[str], None]) -> None:
    """Measure what is left and write `results.json` and `table.md` into the recipe's `out`."""
    recipe = load_config(DecodingsRecipe, path, overrides)
    free = {"out": "", "ks": (), "concurrency": 0, "threads": None}  # what may change while a comparison goes on
    claim(recipe.out, {"schema_version": SCHEMA_VERSION, "recipe": plain({**asdict(recipe), **free})})
    journal = Journal(recipe.out / "trials.jsonl")
    try:
        trials = Trials(recipe, journal)
        chosen = _choose(recipe, trials, on_note)
        prompts = trials.prompts(recipe.test, recipe.num_test)
        on_note(f"{len(prompts)} test questions, {len(chosen)} decodings")
        found = trials.run("test", recipe.test, prompts, chosen)
    finally:
        journal.close()
    lines = [_line(recipe, decoding, found) for decoding in chosen]
    table = _table(recipe, lines)
    write_atomic(recipe.out / "table.md", table)
    about = {"schema_version": SCHEMA_VERSION, "model": str(recipe.model), "num_questions": len(prompts)}
    write_json(recipe.out / "results.json", {**about, "num_samples": recipe.num_samples, "decodings": lines})
    on_note(table)


def _choose(recipe: DecodingsRecipe, trials: Trials, on_note: Callable[[str], None]) -> list[Decoding]:
    """Choose the static setting on the development questions, and take the heads' means there."""
    grid = [Decoding(f"T = {T:g}, p = {p:g}", T, p) for T in recipe.temperatures for p in recipe.top_ps]
    heads = [Decoding(f"AutoDeco, {name}", heads=name) for name in recipe.heads]
    prompts = trials.prompts(recipe.development, recipe.num_development)
    on_note(f"{len(prompts)} development questions, {len(grid)} static settings")
    found = trials.run("development", recipe.development, prompts, [*grid, *heads])
    best = max(grid, key=lambda decoding: float(_scores(found[decoding.name], 1).mean()))
    on_note(f"static: {best.name}")
    chosen = [Decoding(GREEDY, 0.0), Decoding(PLAIN), Decoding(STATIC, best.temperature, best.top_p)]
    for decoding in heads:
        T, p = (float(np.mean([getattr(t, name) for t in found[decoding.name]])) for name in ("temperature", "top_p"))
        chosen += [decoding, Decoding(f"MeanShift of {decoding.name}", round(T, 4), round(min(p, 1.0), 4))]
    return chosen


def _scores(trials: Sequence[Trial], k: int) -> Array:
    """Return pass@k of each question; greedy has one answer for every k."""
    return np.array([pass_at_k(t.num_right, t.num_samples, min(k, t.num_samples)) for t in trials], dtype=np.float64)


def _mean(values: Array) -> tuple[float, float]:
    """Return the mean over questions and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def _line(recipe: DecodingsRecipe, decoding: Decoding, found: Mapping[str, Sequence[Trial]]) -> dict[str, Any]:
    trials = found[decoding.name]
    single = _scores(trials, 1)
    return {
        **asdict(decoding),
        "temperature_mean": float(np.mean([t.temperature for t in trials])),
        "top_p_mean": float(np.mean([t.top_p for t in trials])),
        "passes": {str(k): _mean(_scores(trials, k)) for k in recipe.ks},
        "beyond": {
            other: _mean(single - _scores(found[other], 1))
            for other in (GREEDY, PLAIN, STATIC)
            if other != decoding.name
        },
    }


def _table(recipe: DecodingsRecipe, lines: Sequence[Mapping[str, Any]]) -> str:
    """Write the table: means over questions in percent ± standard errors, differences question by question."""

    def shown(pair: Sequence[float] | None, sign: str = "") -> str:
        return "" if pair is None else f"{100 * pair[0]:{sign}.1f} ± {100 * pair[1]:.1f}"

    head = ["decoding", *(f"pass@{k}" for k in recipe.ks), f"less {PLAIN}", f"less {STATIC}", "mean T", "mean p"]
    rows = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for line in lines:
        cells = [line["name"], *(shown(line["passes"][str(k)]) for k in recipe.ks)]
        cells += [shown(line["beyond"].get(other), "+") for other in (PLAIN, STATIC)]
        cells += [f"{line['temperature_mean']:.2f}", f"{line['top_p_mean']:.2f}"]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"
