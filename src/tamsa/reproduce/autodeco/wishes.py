"""Natural-language control on the study's base: heads that follow a wish for certainty or for variety."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tamsa.decoding import AutoDecoForCausalLM
from tamsa.reproduce.autodeco.base import encode
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


def _wordings(problems: list[Problem], held_out: bool) -> list[dict[str, str]]:
    """Return each problem in three wordings, the pairs of words that ask taken in turn."""
    certain, varied = (asking_pairs(words, held_out=held_out) for words in (CERTAIN, VARIED))
    return [
        {
            "prompt": problem.prompt,
            "certain": f"{' '.join(certain[i % len(certain)])} {problem.prompt}",
            "varied": f"{' '.join(varied[i % len(varied)])} {problem.prompt}",
        }
        for i, problem in enumerate(problems)
    ]


def run_wishes(study: Study, seed: int) -> dict[str, Any]:
    """Train the reward heads of a seed for control, and measure on unseen problems asked for in unseen words.

    Returns:
        `before` and `after`, as `ControlScores`.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder: Path = study.out / f"seed-{seed}"
    done = folder / "wishes.json"
    if done.exists():
        found: dict[str, Any] = read_json(done)
        return found
    tasks = Tasks(seed, study.habits)
    path = folder / "wishes.jsonl"
    asked = _wordings(tasks.problems("train", 80), held_out=False)
    write_atomic(path, "".join(json.dumps(record) + "\n" for record in asked))
    recipe = HeadsRecipe(
        model=str(folder / "base"),
        out=folder / "wishes",
        source="control",
        heads=str(folder / "reward8" / "heads"),
        seed=seed,
        data=Data(path=path),
        sampling=Sampling(max_new_tokens=MAX_NEW_TOKENS),
        optimizer=Optimizer(3e-3, epochs=60, save_every=1000),
        control=Control(held_out=0.1),
    )
    run = train_heads(recipe)
    base = AutoModelForCausalLM.from_pretrained(folder / "base").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder / "base")
    unseen = [
        ControlPrompt(*(encode(record[field].split()) for field in ("prompt", "certain", "varied")))
        for record in _wordings(tasks.problems("test", 40), held_out=True)
    ]
    scores: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "seed": seed}
    for name, heads in (("before", Path(recipe.heads or "")), ("after", run.heads)):
        model = AutoDecoForCausalLM.from_pretrained(heads, base)
        scores[name] = control_scores(model, read_answers(model, tokenizer, unseen, recipe)).record()
    write_json(done, scores)
    return scores


def wishes_markdown(scores: list[dict[str, Any]]) -> str:
    """Return the table: shares of prompts that move as asked, over all seeds, before and after training."""
    rows = [
        ["", "prompts", *(f"{wish}: {what}" for wish, what in _MOVES), "mean T", "mean P"],
        ["---"] * 8,
    ]
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
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"
