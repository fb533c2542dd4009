"""Tokens a second of the training loop against its matrix products alone.

    python benchmarks/train_throughput.py [--precision bfloat16] [--threads 1] [--out DIR]

Both are timed in one process in CPU seconds, which neighbours on a shared machine disturb less than wall clock. The
products are those of every linear layer and the head, forward and backward, at the sizes of one micro-batch; attention,
the recurrence, the optimiser and the data are what the loop adds. Refuses to time a loop whose loss does not fall.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch starts its threads

import torch
from torch import nn

from tamsa.config import from_mapping
from tamsa.train.loop import Trainer
from tamsa.train.recipe import TrainRecipe
from tamsa.train.tokenizer import train_tokenizer

MODEL: dict[str, Any] = {
    "hidden_size": 320,
    "num_hidden_layers": 8,
    "intermediate_size": 864,
    "num_local_experts": 0,
    "num_attention_heads": 5,
    "linear_num_heads": 5,
    "linear_head_dim": 64,
    "kv_lora_rank": 96,
    "qk_nope_head_dim": 48,
    "qk_rope_head_dim": 16,
    "v_head_dim": 64,
    "tie_word_embeddings": True,
    "vocab_size": 8192,
}


def prepare(folder: Path) -> None:
    """Write a tokenizer and regular texts."""
    texts = [f"Page {i} tells of the year {i * 37 % 2000} and the town number {i * 11 % 97}. " * 6 for i in range(400)]
    train_tokenizer(texts, vocab_size=320).save_pretrained(folder / "tokenizer")
    (folder / "texts.jsonl").write_text("".join(json.dumps({"title": "T", "text": text}) + "\n" for text in texts))


def measure_loop(trainer: Trainer, steps: int) -> tuple[list[float], list[float], int]:
    """Return CPU and wall seconds of each step, and the tokens of one."""
    cpu, wall, losses = [], [], []
    tokens = 0
    for _ in range(steps + 2):
        began, clock = time.process_time(), time.perf_counter()
        loss, _, tokens = trainer._step()
        trainer.step += 1
        cpu.append(time.process_time() - began)
        wall.append(time.perf_counter() - clock)
        losses.append(loss)
    if not losses[-1] < losses[0]:
        raise SystemExit(f"the loss does not fall ({losses}); nothing is timed")
    return cpu[2:], wall[2:], tokens


def measure_products(model: nn.Module, tokens: int, dtype: torch.dtype, repeats: int) -> tuple[float, float]:
    """Return CPU and wall seconds of all products of one step, forward and backward."""
    shapes: dict[tuple[int, int], int] = {}
    for module in model.modules():
        if isinstance(module, nn.Linear):
            size = (module.out_features, module.in_features)
            shapes[size] = shapes.get(size, 0) + 1
    total_cpu = total_wall = 0.0
    for (rows, columns), count in shapes.items():
        x, g = torch.randn(tokens, columns).to(dtype), torch.randn(tokens, rows).to(dtype)
        w = torch.randn(rows, columns).to(dtype)
        seconds = []
        for _ in range(repeats + 1):
            began, clock = time.process_time(), time.perf_counter()
            x @ w.t()
            g @ w
            g.t() @ x
            seconds.append((time.process_time() - began, time.perf_counter() - clock))
        total_cpu += count * statistics.median(s[0] for s in seconds[1:])
        total_wall += count * statistics.median(s[1] for s in seconds[1:])
    return total_cpu, total_wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", choices=("float32", "bfloat16", "autocast"), default="bfloat16")
    parser.add_argument("--optimiser", choices=("muon", "adamw"), default="muon")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=16_384, help="of one step")
    parser.add_argument("--context", type=int, default=512)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    options = parser.parse_args()
    micro = min(options.tokens, 8192)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        values = {
            "out": folder / "run",
            "tokenizer": folder / "tokenizer",
            "sources": [{"path": folder / "texts.jsonl", "join": True, "held_out": 0.0}],
            "model": MODEL,
            "stages": [{"context": options.context}],
            "batch": {"tokens": options.tokens, "micro_tokens": micro},
            "schedule": {"steps": 1000, "warmup": 0},
            "optimiser": {"name": options.optimiser},
            "precision": options.precision,
            "threads": options.threads,
            "cache": folder / "cache",
        }
        trainer = Trainer("pretrain", from_mapping(TrainRecipe, values, "benchmark"), resume=False, on_note=print)
        cpu, wall, tokens = measure_loop(trainer, options.steps)
        dtype = torch.float32 if options.precision == "float32" else torch.bfloat16
        with torch.no_grad():
            floor_cpu, floor_wall = measure_products(trainer.model, micro, dtype, options.steps)
    scale = tokens / micro
    result = {
        "parameters": trainer.model.num_params(),
        "tokens": tokens,
        "precision": options.precision,
        "optimiser": options.optimiser,
        "threads": options.threads,
        "step_cpu_s": statistics.median(cpu),
        "step_wall_s": statistics.median(wall),
        "products_cpu_s": floor_cpu * scale,
        "products_wall_s": floor_wall * scale,
        "tokens_per_cpu_s": tokens / statistics.median(cpu),
        "tokens_per_wall_s": tokens / statistics.median(wall),
        "share_of_products_cpu": floor_cpu * scale / statistics.median(cpu),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"train_throughput_{options.precision}_{options.optimiser}_{options.threads}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
