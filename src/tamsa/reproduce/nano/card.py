"""The model card: what the bundled model is, what it was trained on, and every figure measured on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tamsa.agent.guided import MODE as GUIDED
from tamsa.llm.about import ABOUT
from tamsa.reproduce.nano.recipe import NanoRecipe
from tamsa.store import read_json, write_atomic, write_json

_USE = {
    True: "In the agent it reads: rules search and open, it copies the sentences that carry the answer, and answers "
    "(`--mode guided`).",
    False: "In the agent it searches, opens, reads and answers by itself.",
}
COLUMNS = ("em", "f1", "visited_recall", "citation_precision", "steps_mean")


def write_card(
    package: Path,
    recipe: NanoRecipe,
    scores: Mapping[str, Mapping[str, Any]],
    stages: Mapping[str, Any],
    rounds: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write `README.md` and `scores.json` into the package.

    Args:
        package: folder of the model.
        recipe: how it was made.
        scores: `scores.json` by evaluation and model.
        stages: `training.json` by stage.
        rounds: records of the rounds, by stage.
    """
    config = read_json(package / "config.json")
    kinds = config.get("layer_types", [])
    lines = [
        "# nano",
        "",
        "The model that Tamsa ships: a small Kimi Linear, trained from nothing by Tamsa's own pipeline, without any "
        "human label. It speaks the formats of Tamsa's agent and nothing else; it is no chat model. "
        + _USE[read_json(package / ABOUT)["profile"]["mode"] == GUIDED],
        "",
        f"- {config['num_hidden_layers']} layers ({kinds.count('linear_attention')} KDA, "
        f"{kinds.count('full_attention')} MLA), hidden size {config['hidden_size']}, vocabulary "
        f"{config['vocab_size']:,}, context {recipe.context_length:,}.",
        *(
            f"- Trained in {len(group.seeds)} simulated encyclopedias (seeds {_span(group.seeds)}, {group.pages:,} "
            f"pages and up to {group.questions:,} questions each), "
            + ("on trajectories of the oracle teacher in them" if group.modes else "about which rounds asked")
            + (" and on tasks made from their pages." if group.tasks and group.modes else ".")
            for group in recipe.worlds
        ),
        *([f"- Begun from `{recipe.init.parent.name}/{recipe.init.name}`."] if recipe.init is not None else []),
        *(
            (f"- Trained on up to {library.questions:,} questions made from " if library.docs else "- Trained on what ")
            + ", ".join(f"`{path.name}`" for path in (*library.docs, *library.made))
            + ("." if library.docs else " hold.")
            for library in recipe.libraries
        ),
        *(f"- The tokenizer also learned from passages of `{path.name}`." for path in recipe.corpora),
        "- Made by `tamsa reproduce nano recipes/nano.toml`; training can go on from the weights with "
        "`tamsa train sft` and `tamsa train rl`.",
        "",
        "## Stages",
        "",
        "| stage | kind | steps | tokens | minutes |",
        "|---|---|---|---|---|",
    ]
    for name, about in stages.items():
        tokens = f"{about['tokens']:,}" if "tokens" in about else "–"
        kind = "round" if name in rounds else about["stage"]
        lines.append(f"| {name} | {kind} | {about['steps']:,} | {tokens} | {about['seconds'] / 60:.0f} |")
    lines += _rounds(rounds)
    if scores:
        lines += ["", "## Measured", ""]
        lines += ["Each figure with its standard error; questions and pages that nothing saw.", ""]
        lines += ["| questions | model | n | EM | F1 | pages found | citations right | steps |"]
        lines += ["|---|---|---|---|---|---|---|---|"]
    for part, models in scores.items():
        for name, record in models.items():
            cells = " | ".join(_cell(record, column) for column in COLUMNS)
            lines.append(f"| {part} | {name} | {record['n']} | {cells} |")
    named = {
        part: {name: {**record, "model": name, "corpus": part} for name, record in models.items()}
        for part, models in scores.items()
    }
    write_json(package / "scores.json", named)  # by these names, not by the folders of the machine
    write_atomic(package / "README.md", "\n".join(lines) + "\n")


def _rounds(rounds: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Write what the rounds did: one table of the rounds, one of the kinds of questions."""
    if not rounds:
        return []
    lines = [
        "",
        "## Rounds",
        "",
        "The model tries questions; its own good answers, the teacher's where it has none, and fresh questions of the "
        "kinds it fails at are what it learns next. Good: the answer is right and rests on what was copied. Probe: "
        "questions that no round trains on, greedily, before → after, in percent.",
        "",
        "| round | tried | tries right | tries good | lessons: own | teacher's | fresh | probe | right | good |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, record in rounds.items():
        change = record["change"]
        lines.append(
            f"| {name} | {record['asked']} × {record['settings']['tries']} | {100 * record['right']:.1f} | "
            f"{100 * record['good']:.1f} | {record['own']} | {record['oracle']} | {record['fresh']} | "
            f"{change['good']['n']} | {_step(change['right'])} | {_step(change['good'])} |"
        )
    kinds = sorted({kind for record in rounds.values() for kind in record["kinds"]})
    lines += ["", "Tries good, of each kind of question (in brackets: questions tried, own and teacher's lessons):", ""]
    lines += [f"| kind | {' | '.join(rounds)} |", "|---" * (1 + len(rounds)) + "|"]
    for kind in kinds:
        cells = (_tried(record["kinds"].get(kind)) for record in rounds.values())
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return lines


def _step(change: Mapping[str, float]) -> str:
    before, after = 100 * change["before"], 100 * change["after"]
    return f"{before:.1f} → {after:.1f} ({100 * change['difference']:+.1f} ± {100 * change['difference_se']:.1f})"


def _tried(kind: Mapping[str, Any] | None) -> str:
    if not kind or not kind["asked"]:
        return "–"
    return f"{100 * kind['good']:.1f} ({kind['asked']}; {kind['own']}, {kind['oracle']})"


def _cell(record: Mapping[str, Any], column: str) -> str:
    value = record.get(column)
    if value is None:
        return "–"
    if column == "steps_mean":
        return f"{value:.1f}"
    error = record.get(f"{column}_se")
    return f"{100 * value:.1f}" + (f" ± {100 * error:.1f}" if error is not None else "")


def _span(seeds: tuple[int, ...]) -> str:
    ordered = sorted(seeds)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}–{ordered[-1]}"
    return ", ".join(map(str, ordered))
