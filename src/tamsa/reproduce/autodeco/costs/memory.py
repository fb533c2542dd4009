"""Memory of one loss and backward pass of the heads over many positions of a large vocabulary.

Hidden states and the output layer are the inputs; logits exist chunk by chunk alone. The figure is the growth of a
fresh process's peak resident memory beyond them. (Only the width of the inputs depends on the model: the loss's own
memory does not, but for 2 * 256 floats a position.)
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tamsa.decoding import AutoDecoConfig, DecodingHeads, LossConfig, heads_loss
from tamsa.errors import TamsaError
from tamsa.reproduce.autodeco.markup import Table


@dataclass(frozen=True, slots=True)
class Memory:
    """What to measure of the loss's memory."""

    positions: tuple[int, ...] = (300, 12_000)
    vocab_size: int = 152_000
    hidden_size: int = 64


def _peak_mib() -> float:
    """Return this process's peak resident memory so far.

    On Linux `ru_maxrss` begins at the peak of the process that started this one; `VmHWM` begins anew.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 2**10
    except (OSError, StopIteration):
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _measure(positions: int, memory: Memory) -> dict[str, Any]:
    """Run the loss once in this process, which must be a fresh one."""
    g = torch.Generator().manual_seed(0)
    hidden = torch.randn(positions, memory.hidden_size, generator=g)
    layer = torch.randn(memory.vocab_size, memory.hidden_size, generator=g) / memory.hidden_size**0.5 * 2
    labels = torch.randint(0, memory.vocab_size, (positions,), generator=g)
    heads = DecodingHeads(AutoDecoConfig(hidden_size=memory.hidden_size, vocab_size=memory.vocab_size))
    inputs, start = _peak_mib(), time.process_time()
    result = heads_loss(heads, hidden, labels, lambda h: h @ layer.T, LossConfig(), generator=g)
    result.loss.backward()
    assert all(p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in heads.parameters())
    grown = _peak_mib() - inputs
    if grown <= 0:
        raise TamsaError(f"memory: {positions} positions left the peak at {inputs:.0f} MiB, so it says nothing")
    return {
        "positions": positions,
        "beyond_inputs_mib": round(grown, 1),
        "logits_would_be_mib": round(positions * memory.vocab_size * 4 / 2**20, 1),
        "cpu_s": round(time.process_time() - start, 2),
    }


def measure_memory(memory: Memory) -> list[dict[str, Any]]:
    """Measure for every number of positions, each in a process of its own.

    Raises:
        TamsaError: a peak did not rise above the inputs.
    """
    records = []
    for positions in memory.positions:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            records.append(pool.submit(_measure, positions, memory).result())
    return records


def memory_table(memory: Memory, records: list[dict[str, Any]], conditions: str) -> Table:
    """Return the table of memory and processor time."""
    head = ["positions", "beyond the inputs", "the logits alone would be", "processor time"]
    rows = [
        [
            f"{r['positions']:,}",
            f"{r['beyond_inputs_mib']:,.0f} MiB",
            f"{r['logits_would_be_mib']:,.0f} MiB",
            f"{r['cpu_s']:,.0f} s",
        ]
        for r in records
    ]
    return Table(head, rows, f"V = {memory.vocab_size:,}, width {memory.hidden_size}. {conditions}")
