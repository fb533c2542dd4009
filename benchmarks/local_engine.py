"""The local engine on a model of nano's size: tokens a second at batch 1, 8 and 32, and what kept states save.

The peer is `generate` of transformers on the same weights, in turn in one process: the batch enters it whole, with
prompts of equal length, which is its best case; the engine gets the requests one by one, as agents send them.

Usage: python benchmarks/local_engine.py [--dtype float32|bfloat16] [--threads N] [--out DIR]
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import queue
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from tamsa.llm.local import Engine, Outcome, Request, Sampling
from tamsa.llm.local.engine import Network
from tamsa.models import KimiLinearConfig, KimiLinearForCausalLM
from tamsa.store import make_folder, write_json

logging.disable(logging.WARNING)
VOCAB = 8192
PROMPT, NEW = 512, 64
TURNS, TAIL, ANSWER = 6, 300, 48


def nano_sized(dtype: torch.dtype) -> KimiLinearForCausalLM:
    """Build a random model of the sizes in recipes/pretrain.toml."""
    torch.manual_seed(0)
    config = KimiLinearConfig(
        vocab_size=VOCAB,
        hidden_size=320,
        num_hidden_layers=8,
        intermediate_size=864,
        num_local_experts=0,
        num_attention_heads=5,
        linear_num_heads=5,
        linear_head_dim=64,
        kv_lora_rank=96,
        qk_nope_head_dim=48,
        qk_rope_head_dim=16,
        v_head_dim=64,
        tie_word_embeddings=True,
        eos_token_id=None,
        pad_token_id=0,
    )
    return KimiLinearForCausalLM(config).to(dtype).eval()


def prompts(count: int, length: int, seed: int = 1) -> list[list[int]]:
    """Draw prompts of one length."""
    ids: list[list[int]] = torch.randint(
        1, VOCAB, (count, length), generator=torch.Generator().manual_seed(seed)
    ).tolist()
    return ids


def through_engine(engine: Engine, asked: Sequence[list[int]], new: int) -> list[list[int]]:
    """Send requests as agents do and wait for all of them."""
    done: queue.Queue[tuple[int, Outcome | BaseException]] = queue.Queue()
    for number, ids in enumerate(asked):

        def answer(outcome: Outcome | BaseException, number: int = number) -> None:
            done.put((number, outcome))

        engine.submit(Request(ids, new, Sampling(temperature=0.0), frozenset(), answer))
    outcomes = dict(done.get(timeout=600) for _ in asked)
    results = [outcomes[number] for number in range(len(asked))]
    for outcome in results:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome.ids for outcome in results if isinstance(outcome, Outcome)]


def through_generate(model: KimiLinearForCausalLM, asked: Sequence[list[int]], new: int) -> list[list[int]]:
    """Let transformers decode the batch."""
    ids = torch.tensor(asked)
    out: Any = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=new, do_sample=False)
    tokens: list[list[int]] = out[:, ids.shape[1] :].tolist()
    return tokens


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall clock and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def decoding(model: KimiLinearForCausalLM, engine: Engine, repeats: int) -> list[dict[str, Any]]:
    """Measure prompts of 512 tokens and 64 new ones, at three batch sizes."""
    rows = []
    for batch in (1, 8, 32):
        check = prompts(batch, PROMPT, seed=99)
        ours, theirs = through_engine(engine, check, 16), through_generate(model, check, 16)
        same = sum(a == b for a, b in zip(ours, theirs, strict=True))
        if model.dtype == torch.float32 and same < batch:
            raise SystemExit(f"wrong result: {batch - same} of {batch} completions differ")
        mine, peers = [], []
        for repeat in range(repeats):
            engine.forget()
            asked = prompts(batch, PROMPT, seed=repeat)
            mine.append(timed(partial(through_engine, engine, asked, NEW)))
            peers.append(timed(partial(through_generate, model, asked, NEW)))
        row = {"batch": batch, "completions_alike": same}
        for name, times in (("engine", mine), ("generate", peers)):
            row[f"{name}_tokens_per_s"] = batch * NEW / statistics.median(wall for wall, _ in times)
            row[f"{name}_tokens_per_cpu_s"] = batch * NEW / statistics.median(cpu for _, cpu in times)
        row["ratio"] = row["engine_tokens_per_s"] / row["generate_tokens_per_s"]
        row["ratio_cpu"] = row["engine_tokens_per_cpu_s"] / row["generate_tokens_per_cpu_s"]
        rows.append(row)
        print(
            f"batch {batch:2d}: engine {row['engine_tokens_per_s']:7.0f} tokens/s, generate "
            f"{row['generate_tokens_per_s']:7.0f}; ratio {row['ratio']:.2f}, of CPU time {row['ratio_cpu']:.2f}",
            flush=True,
        )
    return rows


def converse(engine: Engine, count: int, seed: int, *, keep: bool) -> list[list[int]]:
    """Lead conversations side by side, turn by turn; without `keep` every turn reads everything again."""
    histories = prompts(count, 200, seed=seed)
    for turn in range(TURNS):
        if not keep:
            engine.forget()
        tails = prompts(count, TAIL, seed=1000 * seed + turn)
        asked = [[*history, *tail] for history, tail in zip(histories, tails, strict=True)]
        answers = through_engine(engine, asked, ANSWER)
        histories = [[*ids, *answer] for ids, answer in zip(asked, answers, strict=True)]
    return histories


def turns(engine: Engine, repeats: int) -> list[dict[str, Any]]:
    """Measure conversations of six turns with 300 new tokens each, with and without kept states."""
    rows = []
    for count in (1, 8):
        if converse(engine, count, 7, keep=True) != converse(engine, count, 7, keep=False):
            print(f"note: {count} conversations differ in a greedy choice between kept and fresh states")
        kept, fresh = [], []
        for repeat in range(repeats):
            kept.append(timed(partial(converse, engine, count, repeat, keep=True)))
            fresh.append(timed(partial(converse, engine, count, repeat, keep=False)))
        row: dict[str, Any] = {"conversations": count}
        for name, times in (("kept", kept), ("fresh", fresh)):
            row[f"{name}_s"] = statistics.median(wall for wall, _ in times)
            row[f"{name}_cpu_s"] = statistics.median(cpu for _, cpu in times)
        row["ratio"], row["ratio_cpu"] = row["fresh_s"] / row["kept_s"], row["fresh_cpu_s"] / row["kept_cpu_s"]
        rows.append(row)
        print(
            f"{count} conversations of {TURNS} turns: {row['kept_s']:.2f} s with kept states, {row['fresh_s']:.2f} s "
            f"without; ratio {row['ratio']:.2f}, of CPU time {row['ratio_cpu']:.2f}",
            flush=True,
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    model = nano_sized(getattr(torch, arguments.dtype))
    engine = Engine(lambda: Network(model), threads=arguments.threads)
    print(f"{model.num_params() / 1e6:.1f}M parameters, {arguments.dtype}, {torch.get_num_threads()} threads")
    with torch.no_grad():
        results = {"decoding": decoding(model, engine, arguments.repeats), "turns": turns(engine, arguments.repeats)}
    engine.close()
    if arguments.out is not None:
        make_folder(arguments.out)
        git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
        about = {
            "command": " ".join(sys.argv),
            "commit": git.stdout.strip(),
            "machine": platform.processor() or platform.machine(),
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "parameters": model.num_params(),
        }
        write_json(arguments.out / f"local_engine_{arguments.dtype}.json", {**about, **results})
        print(json.dumps(about))


if __name__ == "__main__":
    main()
