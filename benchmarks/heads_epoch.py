"""One epoch over the heads from cached states against one with the frozen backbone in the loop, on the same texts.

    python benchmarks/heads_epoch.py [--layers 24] [--width 512] [--vocab 2048] [--rounds 3] [--out heads_epoch.json]

Both take the same optimizer steps on the same positions; processor time, in turn. With the backbone in the loop an
epoch costs B + C, from cached states C: the output layer, the loss and the heads. So the ratio grows with the depth of
the backbone and falls with the vocabulary. Refuses to time where the two losses differ.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from tamsa.decoding import AutoDecoForCausalLM, LossConfig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--vocab", type=int, default=2048)
    parser.add_argument("--texts", type=int, default=8)
    parser.add_argument("--length", type=int, default=129)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("heads_epoch.json"))
    options = parser.parse_args()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=options.vocab,
        hidden_size=options.width,
        intermediate_size=int(options.width * 8 / 3),
        num_hidden_layers=options.layers,
        num_attention_heads=options.width // 64,
        tie_word_embeddings=False,
    )
    model = AutoDecoForCausalLM.from_base(LlamaForCausalLM(config).eval()).eval().freeze_base()
    model.loss_config = LossConfig(easy_mask=0.0)  # no random mask, so that the losses can be compared
    optimizer = torch.optim.AdamW(model.decoding_heads.parameters(), lr=0.0)
    ids = torch.randint(0, options.vocab, (options.texts, options.length))
    hidden = torch.cat([model.hidden_states(text[None])[0, :-1] for text in ids])
    labels = ids[:, 1:].reshape(-1)
    model.project(hidden[:1])  # its check of the output layer is made once

    def step(loss: torch.Tensor) -> float:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    def looped() -> float:
        return sum(step(model(input_ids=text[None], labels=text[None]).loss) for text in ids) / len(ids)

    def cached() -> float:
        size = options.length - 1
        parts = zip(hidden.split(size), labels.split(size), strict=True)
        return sum(step(model.heads_loss(h, y).loss) for h, y in parts) / len(ids)

    first, second = looped(), cached()
    if abs(first - second) > 1e-4 * abs(first):
        raise SystemExit(f"the losses differ: {first} with the backbone, {second} from cached states")
    seconds: dict[str, list[float]] = {"backbone in the loop": [], "cached states": []}
    for _ in range(options.rounds):
        for name, run in (("backbone in the loop", looped), ("cached states", cached)):
            start = time.process_time()
            run()
            seconds[name].append(time.process_time() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    record = {
        "benchmark": "heads_epoch",
        "layers": options.layers,
        "width": options.width,
        "vocab": options.vocab,
        "positions": labels.numel(),
        "threads": torch.get_num_threads(),
        "cpu_seconds": {name: round(value, 4) for name, value in medians.items()},
        "ratio": round(medians["backbone in the loop"] / medians["cached states"], 2),
    }
    print(json.dumps(record, indent=2))
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
