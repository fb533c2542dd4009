"""Train a small Kimi Linear on text from scratch, on a CPU, in a few minutes; show its loss curve and samples.

    python examples/train_kimi_linear.py                       the sources of Python's standard library
    python examples/train_kimi_linear.py --text FILE_OR_FOLDER  any text files

Writes the model, its tokenizer, loss.json, loss.png and samples.txt to --out. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sysconfig
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from tamsa.models import KimiLinearConfig, KimiLinearForCausalLM


def read_text(source: Path, max_bytes: int, seed: int) -> list[str]:
    """Read text files in random order up to a number of bytes."""
    files = (
        [source]
        if source.is_file()
        else sorted(p for p in source.rglob("*") if p.suffix in {".py", ".md", ".txt", ".rst"})
    )
    random.Random(seed).shuffle(files)
    texts, total = [], 0
    for file in files:
        if "site-packages" in file.parts or total >= max_bytes:
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError) as error:
            print(f"skipped {file.name}: {error}")
            continue
        texts.append(text[: max_bytes - total])
        total += len(texts[-1])
    if total < 10_000:
        raise SystemExit(f"{source}: {total} characters of text found; name a file or folder with at least 10,000")
    return texts


def train_tokenizer(texts: list[str], vocab_size: int) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=["<|end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>")


def groups(model: torch.nn.Module, decay: float) -> list[dict]:
    """No weight decay on norms, decay rates and embeddings."""
    plain = [p for p in model.parameters() if p.ndim < 2 or getattr(p, "_no_weight_decay", False)]
    known = {id(p) for p in plain}
    return [
        {"params": [p for p in model.parameters() if id(p) not in known], "weight_decay": decay},
        {"params": plain, "weight_decay": 0.0},
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, default=Path(sysconfig.get_path("stdlib")))
    parser.add_argument("--out", type=Path, default=Path("runs/kimi_linear"))
    parser.add_argument("--minutes", type=float, default=4.0, help="training time")
    parser.add_argument("--steps", type=int, default=100_000, help="stop earlier after so many steps")
    parser.add_argument("--max-bytes", type=int, default=6_000_000)
    parser.add_argument("--vocab", type=int, default=2048)
    parser.add_argument("--hidden", type=int, default=192)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)

    texts = read_text(options.text, options.max_bytes, options.seed)
    tokenizer = train_tokenizer(texts, options.vocab)
    end = tokenizer.eos_token_id
    ids = torch.tensor([token for text in texts for token in (*tokenizer(text)["input_ids"], end)])
    split = len(ids) - max(options.length + 1, len(ids) // 50)
    training, held_out = ids[:split], ids[split:]

    heads = max(1, options.hidden // 64)
    config = KimiLinearConfig(
        vocab_size=len(tokenizer),
        hidden_size=options.hidden,
        num_hidden_layers=options.layers,
        intermediate_size=options.hidden * 8 // 3 // 32 * 32,
        num_local_experts=0,
        num_attention_heads=heads,
        linear_num_heads=heads,
        linear_head_dim=64,
        kv_lora_rank=96,
        qk_nope_head_dim=48,
        qk_rope_head_dim=16,
        v_head_dim=64,
        tie_word_embeddings=True,
        eos_token_id=end,
    )
    model = KimiLinearForCausalLM(config).train()
    print(f"{len(ids):,} tokens of text, {model.num_params():,} parameters, layers {config.layer_types}")

    optimizer = torch.optim.AdamW(groups(model, 0.1), betas=(0.9, 0.95), fused=True)
    start, history = time.perf_counter(), []
    limit = options.minutes * 60

    def held_out_loss() -> float:
        model.eval()
        with torch.no_grad():
            rows = held_out[: len(held_out) // options.length * options.length].view(-1, options.length)[:16]
            loss = float(model(rows, labels=rows, skip_logits=True).loss)
        model.train()
        return loss

    for step in range(options.steps):
        elapsed = time.perf_counter() - start
        done = max(elapsed / limit, step / options.steps)
        if done >= 1:
            break
        rate = options.rate * min(1.0, (step + 1) / 30) * (0.05 + 0.95 * (1 + math.cos(math.pi * done)) / 2)
        for group in optimizer.param_groups:
            group["lr"] = rate
        offsets = torch.randint(0, len(training) - options.length, (options.batch,))
        rows = torch.stack([training[o : o + options.length] for o in offsets.tolist()])
        loss = model(rows, labels=rows, skip_logits=True).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        point = {"step": step, "seconds": elapsed, "loss": float(loss.detach())}
        if step % 25 == 0:
            point["held_out"] = held_out_loss()
            speed = (step + 1) * rows.numel() / (time.perf_counter() - start)
            print(
                f"step {step:5d}  loss {loss:.3f}  held out {point['held_out']:.3f}  {speed:,.0f} tokens/s", flush=True
            )
        history.append(point)
    final = held_out_loss()
    print(f"{len(history)} steps in {time.perf_counter() - start:.0f} s; held-out loss {final:.3f} nats/token")

    options.out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(options.out)
    tokenizer.save_pretrained(options.out)
    report = {"history": history, "final_held_out": final, "parameters": model.num_params(), "options": vars(options)}
    (options.out / "loss.json").write_text(json.dumps(report, default=str, indent=1) + "\n")
    plot(history, options.out / "loss.png")
    write_samples(model.eval(), tokenizer, held_out, options.out / "samples.txt")


def plot(history: list[dict], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    axes.plot([p["seconds"] for p in history], [p["loss"] for p in history], lw=0.7, alpha=0.6, label="training")
    points = [p for p in history if "held_out" in p]
    axes.plot([p["seconds"] for p in points], [p["held_out"] for p in points], "o-", ms=3, label="held out")
    axes.set(xlabel="seconds", ylabel="nats per token", title="Kimi Linear from scratch")
    axes.legend()
    figure.savefig(path, dpi=120)


def write_samples(
    model: KimiLinearForCausalLM, tokenizer: PreTrainedTokenizerFast, held_out: torch.Tensor, path: Path
) -> None:
    parts = []
    for start in (0, len(held_out) // 2):
        prompt = held_out[start : start + 48][None]
        out = model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=96,
            do_sample=True,
            temperature=0.7,
            top_p=0.9,
        )
        parts.append(tokenizer.decode(prompt[0]) + "▶▶▶" + tokenizer.decode(out[0, prompt.shape[1] :]))
    text = "\n\n----------\n\n".join(parts)
    path.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
