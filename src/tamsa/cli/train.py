"""`tamsa train`: the stages of training, each from a recipe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tamsa.train.stages import run_stage

app = typer.Typer(
    help="Train a model: tokenizer, pretraining, mid-training, fine-tuning, reinforcement, heads, growing, merging "
    "(extra `train`).",
    no_args_is_help=True,
    add_completion=False,
)

Recipe = Annotated[Path | None, typer.Argument(help="TOML file; see recipes/.")]
Overrides = Annotated[
    list[str] | None, typer.Argument(help="key=value in TOML syntax, such as optimiser.lr=2e-3 or out=runs/two.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the latest checkpoint in the recipe's out folder.")]
Minutes = Annotated[
    float | None, typer.Option("--minutes", min=0.01, help="Budget of wall clock, in place of the recipe's.")
]
Init = Annotated[
    Path | None, typer.Option("--init", help="Folder of a model to begin from, or nano, with a fresh optimiser.")
]


def _given(recipe: Path | None, overrides: list[str] | None) -> tuple[Path | None, list[str]]:
    """Take a first argument with `=` for an override: a recipe may be left out."""
    given = list(overrides or ())
    if recipe is not None and "=" in str(recipe) and not recipe.exists():
        return None, [str(recipe), *given]
    return recipe, given


def _stage(name: str, doc: str, minutes_field: str = "schedule.minutes") -> Callable[..., None]:
    def command(
        recipe: Recipe = None,
        overrides: Overrides = None,
        resume: Resume = False,
        minutes: Minutes = None,
        init: Init = None,
    ) -> None:
        path, given = _given(recipe, overrides)
        if minutes is not None:
            given.append(f"{minutes_field}={minutes}")
        if init is not None:
            given.append(f"init={str(init)!r}")
        run_stage(name, path, given, resume=resume, on_note=typer.echo)

    command.__doc__ = doc
    return command


def _plain(name: str, doc: str) -> Callable[..., None]:
    def command(recipe: Recipe = None, overrides: Overrides = None) -> None:
        path, given = _given(recipe, overrides)
        run_stage(name, path, given, on_note=typer.echo)

    command.__doc__ = doc
    return command


def _examples(*lines: str) -> str:
    """Return what stands below a command's options."""
    return "\n\n".join(("[bold]Examples[/bold]", *(escape(line) for line in lines)))


app.command("tokenizer", epilog=_examples("tamsa train tokenizer recipes/tokenizer.toml"))(
    _plain("tokenizer", "Learn a byte-level BPE that knows the agent's format.")
)
app.command("pretrain", epilog=_examples("tamsa train pretrain recipes/pretrain.toml --minutes 30"))(
    _stage("pretrain", "Pretrain a Kimi Linear from scratch on packed texts.")
)
app.command("mid", epilog=_examples("tamsa train mid recipes/mid.toml --init runs/pretrain/model"))(
    _stage("mid", "Continue pretraining on texts and agent data, at rising context lengths.")
)
app.command(
    "sft",
    epilog=_examples(
        "tamsa train sft recipes/own/sft.toml",
        "tamsa train sft recipes/own/sft.toml --resume --minutes 60",
        "tamsa train sft recipes/sft.toml --init Qwen3-0.6B/ lora.rank=16 out=runs/qwen",
    ),
)(_stage("sft", "Fine-tune on conversations: loss on what the model writes."))
app.command(
    "rl",
    epilog=_examples(
        "tamsa train rl recipes/own/rl.toml",
        "tamsa train rl recipes/own/rl.toml workers.ray=local workers.count=2",
        "tamsa train rl recipes/rl.toml --init Qwen3-0.6B/ lora.rank=16 workers.engine=vllm",
    ),
)(_stage("rl", "Reinforce a model in environments of documents and prompts, by verifiable rewards.", "minutes"))
app.command("grow", epilog=_examples("tamsa train grow init=nano out=runs/wider model.intermediate_size=2048"))(
    _plain("grow", "Make a larger Kimi Linear that computes what a trained one does.")
)
app.command(
    "merge", epilog=_examples('tamsa train merge \'variants=[{path="a/model"}, {path="b/model", weight=2}]\' out=ab')
)(_plain("merge", "Average variants of one model."))
app.command(
    "heads",
    epilog=_examples("tamsa train heads model=Qwen/Qwen3-0.6B out=runs/heads source=own data.path=problems.jsonl"),
)(_plain("heads", "Train decoding heads of a frozen model: on data, its own right answers, by reward, for control."))
