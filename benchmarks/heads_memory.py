"""Memory and time of one loss and backward pass of the heads over many positions of a large vocabulary.

    python benchmarks/heads_memory.py [--positions 12000] [--vocab 152000] [--width 64] [--out heads_memory.json]

Hidden states and the output layer are the inputs; logits exist chunk by chunk alone. The figure is the growth of the
process's peak resident memory beyond them. (Only the width of the inputs depends on the model: the loss's own memory
does not, but for 2 * 256 floats a position.)
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import torch

from tamsa.decoding import AutoDecoConfig, DecodingHeads, LossConfig, heads_loss


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--positions", type=int, default=12_000)
    parser.add_argument("--vocab", type=int, default=152_000)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--out", type=Path, default=Path("heads_memory.json"))
    options = parser.parse_args()
    g = torch.Generator().manual_seed(0)
    hidden = torch.randn(options.positions, options.width, generator=g)
    layer = torch.randn(options.vocab, options.width, generator=g) / options.width**0.5 * 2
    labels = torch.randint(0, options.vocab, (options.positions,), generator=g)
    heads = DecodingHeads(AutoDecoConfig(hidden_size=options.width, vocab_size=options.vocab))

    def run(n: int) -> float:
        start = time.perf_counter()
        result = heads_loss(heads, hidden[:n], labels[:n], lambda h: h @ layer.T, LossConfig(), generator=g)
        result.loss.backward()
        assert all(p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in heads.parameters())
        return time.perf_counter() - start

    inputs = peak_mib()
    seconds = run(options.positions)
    record = {
        "benchmark": "heads_memory",
        "positions": options.positions,
        "vocab": options.vocab,
        "width": options.width,
        "beyond_inputs_mib": round(peak_mib() - inputs, 1),
        "logits_would_be_mib": round(options.positions * options.vocab * 4 / 2**20, 1),
        "seconds": round(seconds, 2),
        "threads": torch.get_num_threads(),
    }
    print(json.dumps(record, indent=2))
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
