"""Tokens a second of the training loop against transformers' `Trainer`: same model, same texts, same tokens a step.

    python benchmarks/train_against_trainer.py [--tokens 8192] [--steps 3] [--out DIR]

`Trainer` is given the same Kimi Linear twice: padded rows (its default) and rows laid end to end, described by
positions that restart (its flattening collator). AdamW everywhere, one thread unless said. Each way runs in processes
of its own and they take turns; CPU seconds, so that neighbours on a shared machine weigh less. Tokens of padding are
not counted. The peak of resident memory is that of the whole process, libraries included.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch starts its threads

import torch
import transformers
from train_throughput import MODEL
from transformers import DataCollatorForLanguageModeling, DataCollatorWithFlattening, TrainerCallback, TrainingArguments

import tamsa.models  # noqa: F401 - registers Kimi Linear
from tamsa.config import from_mapping
from tamsa.train.building import build_tokenizer, new_model
from tamsa.train.loop import Trainer
from tamsa.train.recipe import TrainRecipe
from tamsa.train.tokenizer import train_tokenizer
from tamsa.world import build_world

WAYS = ("ours", "ours, fp32", "Trainer, padded", "Trainer, flattened", "Trainer, flattened, fp32")
WARM = 2
"""Steps that are not counted."""


def prepare(folder: Path) -> None:
    """Write a tokenizer and the pages of a small simulated encyclopedia, which differ in length."""
    build_world(folder / "world", num_pages=2_000, seed=5, num_questions=0)
    texts = [json.loads(line)["text"] for line in (folder / "world" / "pages.jsonl").read_text().splitlines()]
    train_tokenizer(texts, vocab_size=4096).save_pretrained(folder / "tokenizer")


def ours(folder: Path, tokens: int, steps: int, precision: str) -> list[float]:
    """Return tokens a CPU second of each step of our loop."""
    values = {
        "out": folder / f"run-{precision}",
        "tokenizer": folder / "tokenizer",
        "sources": [{"path": folder / "world" / "pages.jsonl", "held_out": 0.0}],
        "model": {**MODEL, "vocab_size": 4096},
        "stages": [{"context": 1024}],
        "batch": {"tokens": tokens, "micro_tokens": tokens},
        "schedule": {"steps": 1000, "warmup": 0},
        "optimiser": {"name": "adamw", "lr": 1e-3},
        "precision": precision,
        "cache": folder / "cache",
    }
    trainer = Trainer("pretrain", from_mapping(TrainRecipe, values, "benchmark"), resume=False, on_note=lambda _: None)
    rates = []
    for _ in range(steps + WARM):
        began = time.process_time()
        _, _, count = trainer._step()
        trainer.step += 1
        rates.append(count / (time.process_time() - began))
    return rates[WARM:]


class Clock(TrainerCallback):  # type: ignore[misc]
    """CPU seconds of each step of `Trainer`."""

    def __init__(self) -> None:
        self.marks: list[float] = []

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Note when a step begins."""
        self.marks.append(time.process_time())

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """Note when the last step has ended."""
        self.marks.append(time.process_time())


def theirs(folder: Path, tokens: int, steps: int, flatten: bool, bf16: bool) -> list[float]:
    """Return tokens a CPU second of each step of `Trainer`."""
    tokenizer = build_tokenizer(folder / "tokenizer", None)
    tokenizer.pad_token = tokenizer.eos_token
    lines = (folder / "world" / "pages.jsonl").read_text().splitlines()
    rows = [tokenizer(json.loads(line)["text"], truncation=True, max_length=1024)["input_ids"] for line in lines]
    mean = statistics.fmean(map(len, rows))
    size = max(1, round(tokens / mean))
    counts: list[int] = []
    inner: Any = (
        DataCollatorWithFlattening(return_position_ids=True)
        if flatten
        else DataCollatorForLanguageModeling(tokenizer, mlm=False)
    )

    def collate(items: list[dict[str, Any]]) -> Any:
        counts.append(sum(len(item["input_ids"]) for item in items))
        return inner(items)

    clock = Clock()
    arguments = TrainingArguments(
        output_dir=str(folder / "theirs"),
        per_device_train_batch_size=size,
        max_steps=steps + WARM,
        learning_rate=1e-3,
        warmup_steps=0,
        bf16=bf16,
        use_cpu=True,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        dataloader_num_workers=0,
    )
    model = new_model({**MODEL, "vocab_size": 4096}, tokenizer).train()
    trainer = transformers.Trainer(
        model=model,
        args=arguments,
        train_dataset=[{"input_ids": row} for row in rows],
        data_collator=collate,
        callbacks=[clock],
    )
    trainer.train()
    spans = [after - before for before, after in zip(clock.marks, clock.marks[1:], strict=False)]
    return [count / span for count, span in zip(counts, spans, strict=False)][WARM:]


def measure(way: str, folder: Path, tokens: int, steps: int) -> dict[str, Any]:
    """Measure one way in this process."""
    if way.startswith("ours"):
        rates = ours(folder, tokens, steps, "float32" if "fp32" in way else "bfloat16")
    else:
        rates = theirs(folder, tokens, steps, "flattened" in way, "fp32" not in way)
    return {"tokens_per_cpu_s": rates, "peak_mib": peak_mib()}


def peak_mib() -> float | None:
    """Return the peak of this process's resident memory in MiB; None where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=8192, help="of one step")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2, help="how often the ways take turns")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.way:
        print("RESULT " + json.dumps(measure(options.way, options.folder, options.tokens, options.steps)))
        return
    found: dict[str, dict[str, Any]] = {way: {"rates": [], "peak_mib": 0.0} for way in WAYS}
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        for turn in range(options.rounds):
            for way in WAYS:
                work = Path(name) / f"{turn}-{WAYS.index(way)}"
                work.mkdir()
                for part in ("world", "tokenizer"):
                    (work / part).symlink_to(Path(name) / part)
                own = ["--way", way, "--folder", str(work), "--tokens", str(options.tokens)]
                own += ["--steps", str(options.steps), "--threads", str(options.threads)]
                answer = subprocess.run(
                    [sys.executable, __file__, *own], check=True, stdout=subprocess.PIPE, text=True
                ).stdout
                result = json.loads(next(line for line in answer.splitlines() if line.startswith("RESULT "))[7:])
                found[way]["rates"] += result["tokens_per_cpu_s"]
                found[way]["peak_mib"] = max(found[way]["peak_mib"], result["peak_mib"] or 0.0)
    rows = {
        way: {"tokens_per_cpu_s": statistics.median(one["rates"]), "peak_mib": one["peak_mib"]}
        for way, one in found.items()
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "train_against_trainer.json").write_text(json.dumps(rows, indent=1) + "\n")
    for way, row in rows.items():
        print(f"{way:28} {row['tokens_per_cpu_s']:8,.0f} tokens/CPU s   {row['peak_mib']:7,.0f} MiB")


if __name__ == "__main__":
    main()
