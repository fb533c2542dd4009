"""Natural-language control on the study's base: heads that follow a wish for certainty or for variety."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from tamsa.decoding import AutoDecoForCausalLM
from tamsa.reproduce.autodeco.base import encode
from tamsa.reproduce.autodeco.markup import Table
from tamsa.reproduce.autodeco.methods import MAX_NEW_TOKENS
from tamsa.reproduce.autodeco.study import Study
from tamsa.reproduce.autodeco.tasks import CERTAIN, VARIED, Problem, Tasks, asking_pairs
from tamsa.store import read_json, write_atomic, write_json
from tamsa.train.heads import HeadsRecipe, train_heads
from tamsa.train.heads.control import control_scores, read_answers
from tamsa.train.heads.examples import ControlPrompt
from tamsa.train.heads.recipe import Control, Data, Optimizer, Sampling
from tamsa.types import SCHEMA_VERSION

_MOVES = (("certain", "T falls"), ("certain", "P falls"), ("varied", "T rises"), ("varied", "P rises"))


def _wordings(problems: list[Problem], held_out: bool, seed: int) -> list[dict[str, str]]:
    """Return each problem in three wordings, the pairs of words that ask drawn at random."""
    draw = random.Random(f"wishes {seed} {held_out}")
    certain, varied = (asking_pairs(words, held_out=held_out) for words in (CERTAIN, VARIED))
    return [
        {
            "prompt": problem.prompt,
            "certain": f"{' '.join(draw.choice(certain))} {problem.prompt}",
            "varied": f"{' '.join(draw.choice(varied))} {problem.prompt}",
        }
        for problem in problems
    ]


def run_wishes(study: Study, out: Path, seed: int, split: str = "test") -> dict[str, Any]:
    """Train the reward heads of a seed for control, and measure on unseen problems asked for in unseen words.

    Args:
        study: the study, run.
        out: its folder.
        seed: of its seeds.
        split: the problems of the measurement.

    Returns:
        `before` and `after`, as `ControlScores`.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = out / f"seed-{seed}"
    done = folder / f"wishes-{split}.json"
    if done.exists():
        found: dict[str, Any] = read_json(done)
        return found
    tasks = Tasks(seed, study.habits)
    path = folder / f"wishes-{split}.jsonl"
    seen = tasks.problems("train", study.num_train)
    if split == "test":  # people are few: those of the validation problems help too
        seen += tasks.problems("validation", study.num_train // 3)
    asked = _wordings(seen, False, seed)
    write_atomic(path, "".join(json.dumps(record) + "\n" for record in asked))
    recipe = HeadsRecipe(
        model=str(folder / "base"),
        out=folder / f"wishes-{split}",
        source="control",
        heads=str(folder / "reward8" / "heads"),
        seed=seed,
        data=Data(path=path),
        sampling=Sampling(max_new_tokens=MAX_NEW_TOKENS),
        optimizer=Optimizer(5e-3, epochs=70, save_every=1000),
        control=Control(margin_temperature=0.25, margin_top_p=0.08, anchor=3.0, held_out=0.1),
    )
    run = train_heads(recipe)
    base = AutoModelForCausalLM.from_pretrained(folder / "base").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder / "base")
    unseen = [
        ControlPrompt(*(encode(record[field].split()) for field in ("prompt", "certain", "varied")))
        for record in _wordings(tasks.problems(split, 40), True, seed)
    ]
    scores: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "seed": seed}
    for name, heads in (("before", Path(recipe.heads or "")), ("after", run.heads)):
        model = AutoDecoForCausalLM.from_pretrained(heads, base)
        scores[name] = control_scores(model, read_answers(model, tokenizer, unseen, recipe)).record()
    write_json(done, scores)
    return scores


def wishes_table(scores: list[dict[str, Any]]) -> Table:
    """Return the table: shares of prompts that move as asked, over all seeds, before and after training."""
    head = ["", "prompts", *(f"{wish}: {what}" for wish, what in _MOVES), "mean T", "mean P"]
    rows = []
    for name in ("before", "after"):
        parts = [s[name] for s in scores]
        count = sum(part["num_prompts"] for part in parts)

        def share(field: str, parts: list[dict[str, Any]] = parts, count: int = count) -> str:
            return f"{100 * sum(part[field] * part['num_prompts'] for part in parts) / count:.1f}%"

        def means(field: str, parts: list[dict[str, Any]] = parts) -> str:
            plain, certain, varied = (sum(part[field][i] for part in parts) / len(parts) for i in range(3))
            return f"{plain:.2f} → {certain:.2f} / {varied:.2f}"

        fields = ("certain_temperature", "certain_top_p", "varied_temperature", "varied_top_p")
        rows.append([name, str(count), *(share(f) for f in fields), means("mean_temperature"), means("mean_top_p")])
    return Table(head, rows)
