"""One decode step: AutoDeco's heads and sampler against what transformers does with a static temperature and top-p.

    python benchmarks/decode_step.py [--batch 1 16] [--rounds 25] [--out decode_step.json]

Ours goes from hidden states and raw logits to tokens, heads included. `static` is transformers' temperature and top-p
warpers, softmax and multinomial on the same logits; `plain` is softmax and multinomial at T = 1. All run in turn, round
by round, in one process; ratios are medians over the rounds. Nothing is timed before its result is checked.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor
from transformers.generation.logits_process import TemperatureLogitsWarper, TopPLogitsWarper

from tamsa.kernels import sampling

TEMPERATURE, TOP_P = 0.7, 0.95


def make_logits(kind: str, batch: int, vocab: int) -> Tensor:
    """Draw logits: `peaked` like a language model's (entropy around 1 nat), or `flat` (tens of thousands are kept)."""
    g = torch.Generator().manual_seed(batch)
    logits = torch.randn(batch, vocab, generator=g) * (2.0 if kind == "peaked" else 1.0)
    if kind == "peaked":
        ids = torch.randint(vocab, (batch, 30), generator=g)
        logits.scatter_(1, ids, 14.0 + 2.0 * torch.randn(batch, 30, generator=g))
    return logits


def make_heads(width: int, head_size: int) -> sampling.HeadTensors:
    """Make random heads that predict T and P near the static values."""
    g = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=g)

    return sampling.HeadTensors(
        weight=normal(2 * head_size, width) / width**0.5,
        bias=torch.zeros(2 * head_size),
        temperature_out=normal(head_size) * 0.01,
        temperature_bias=torch.logit(torch.tensor([TEMPERATURE / 2])),
        top_p_extra=normal(head_size, 5) * 0.01,
        top_p_out=normal(head_size) * 0.01,
        top_p_bias=torch.logit(torch.tensor([TOP_P])),
        statistics=True,
    )


def static(logits: Tensor) -> Tensor:
    """Draw as transformers does with one temperature and top-p."""
    scores = TopPLogitsWarper(TOP_P)(None, TemperatureLogitsWarper(TEMPERATURE)(None, logits))
    return torch.multinomial(torch.softmax(scores, dim=-1), num_samples=1).squeeze(1)


def plain(logits: Tensor) -> Tensor:
    """Draw at T = 1."""
    return torch.multinomial(torch.softmax(logits, dim=-1), num_samples=1).squeeze(1)


def check(logits: Tensor, hidden: Tensor, heads: sampling.HeadTensors) -> None:
    """Stop unless kept sets and draws are right.

    Raises:
        SystemExit: they are not; nothing has been timed.
    """
    scores = TopPLogitsWarper(TOP_P)(None, TemperatureLogitsWarper(TEMPERATURE)(None, logits))
    theirs = torch.isfinite(scores)
    ours = sampling.kept(logits, sampling.nucleus(logits, TEMPERATURE, TOP_P))
    p = torch.softmax(logits.double() / TEMPERATURE, -1)
    astray = float((p * (theirs != ours)).sum(-1).max())  # transformers sums in fp32, from the small end
    u = torch.rand(logits.shape[0], dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    fast, slow = (sampling.decode(hidden, logits, heads, uniforms=u, backend=b) for b in ("auto", "reference"))
    exact = sampling.sample(logits, fast.temperature, fast.top_p, uniforms=u, backend="reference")
    close = torch.allclose(fast.temperature, slow.temperature, rtol=1e-5) and torch.allclose(
        fast.top_p, slow.top_p, rtol=1e-4
    )
    if astray > 1e-3 or not torch.equal(fast.tokens, exact) or not close:
        sys.exit(
            f"wrong result, nothing timed: mass astray {astray:.1e}, draws equal {torch.equal(fast.tokens, exact)}"
        )


def measure(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Time the runs in turn; milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 2):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if turn >= 2:
                times[name].append(1e3 * (time.perf_counter() - start))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--vocab", type=int, default=151_936)
    parser.add_argument("--width", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--out", type=Path, default=Path("decode_step.json"))
    options = parser.parse_args()

    start = time.perf_counter()
    sampling.sample(torch.zeros(1, 8))
    first_call_s = time.perf_counter() - start
    heads = make_heads(options.width, 256)
    rows = []
    for kind in ("peaked", "flat"):
        for batch in options.batch:
            logits = make_logits(kind, batch, options.vocab)
            hidden = torch.randn(batch, options.width, generator=torch.Generator().manual_seed(2))
            check(logits, hidden, heads)

            def step(h: Tensor = hidden, x: Tensor = logits) -> object:
                return sampling.decode(h, x, heads)

            def sampler(x: Tensor = logits) -> object:
                return sampling.sample(x, TEMPERATURE, TOP_P)

            def run_static(x: Tensor = logits) -> object:
                return static(x)

            def run_plain(x: Tensor = logits) -> object:
                return plain(x)

            times = measure(
                {"step": step, "sampler": sampler, "static": run_static, "plain": run_plain}, options.rounds
            )
            row = {"logits": kind, "batch": batch}
            row |= {f"{name}_ms": round(statistics.median(t), 3) for name, t in times.items()}
            for peer in ("static", "plain"):
                ratios = [a / b for a, b in zip(times["step"], times[peer], strict=True)]
                row[f"step_over_{peer}"] = round(statistics.median(ratios), 4)
            rows.append(row)
            print(
                f"{kind:>6} batch {batch:>3}: heads + sampler {row['step_ms']:8.2f} ms "
                f"(sampler {row['sampler_ms']:.2f}), static {row['static_ms']:8.2f} ms, "
                f"plain {row['plain_ms']:7.2f} ms; ratio to static {row['step_over_static']:.3f}, "
                f"to plain {row['step_over_plain']:.3f}",
                flush=True,
            )
    record = {
        "benchmark": "decode_step",
        "vocab": options.vocab,
        "width": options.width,
        "rounds": options.rounds,
        "threads": torch.get_num_threads(),
        "first_call_s": round(first_call_s, 2),
        "machine": platform.processor() or platform.machine(),
        "versions": {name: version(name) for name in ("torch", "transformers", "numba")},
        "rows": rows,
    }
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(f"first call {first_call_s:.2f} s (loads or compiles the kernel); wrote {options.out}")


if __name__ == "__main__":
    main()
