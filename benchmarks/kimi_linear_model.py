"""Kimi Linear against transformers' own, on the same weights, in turn in one process.

    python benchmarks/kimi_linear_model.py train   --out DIR     training tokens/s and where a step's time goes
    python benchmarks/kimi_linear_model.py prefill --out DIR     time to read a prompt
    python benchmarks/kimi_linear_model.py decode  --out DIR     greedy decode, batch 1 and 32
    python benchmarks/kimi_linear_model.py context --out DIR     time per token against the context, and the peer at one
    python benchmarks/kimi_linear_model.py million --out DIR     hybrid 3:1 against all-MLA at a million tokens
    python benchmarks/kimi_linear_model.py read    --out DIR     memory and time to really read a long prompt, in chunks

Several may be named at once; `decode context million prefill train` take about ten minutes of two idle cores.

Wall-clock medians and, beside them, the CPU time of the process: on a shared machine the latter says what the
programs cost, the former what the neighbours let through. A result that is wrong is not timed.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers.models.kimi_linear.modeling_kimi_linear import KimiLinearForCausalLM as Peer

from tamsa.backbone.latents import Latents
from tamsa.models import KimiLinearCache, KimiLinearConfig, KimiLinearForCausalLM, MasterWeights

logging.disable(logging.WARNING)
TOLERANCE = 1e-4


def config_21m(**changes: Any) -> KimiLinearConfig:
    """The 21M-parameter model: 8 layers, hidden 384, vocabulary 8,192."""
    fields: dict[str, Any] = {
        "vocab_size": 8192,
        "hidden_size": 384,
        "num_hidden_layers": 8,
        "intermediate_size": 1024,
        "num_local_experts": 0,
        "num_attention_heads": 6,
        "linear_num_heads": 6,
        "linear_head_dim": 64,
        "kv_lora_rank": 128,
        "qk_nope_head_dim": 64,
        "qk_rope_head_dim": 32,
        "v_head_dim": 64,
    }
    return KimiLinearConfig(**(fields | changes))


def pair(dtype: torch.dtype = torch.float32) -> tuple[KimiLinearForCausalLM, Peer]:
    torch.manual_seed(0)
    ours = KimiLinearForCausalLM(config_21m()).eval()
    peer = Peer(ours.config).eval()
    peer.load_state_dict(ours.state_dict())
    ids = torch.randint(0, 8192, (2, 130))
    with torch.no_grad():
        worst = float((ours(ids).logits - peer(ids).logits).abs().max())
    if worst > TOLERANCE:
        raise SystemExit(f"wrong result: logits differ by {worst}")
    return ours.to(dtype), peer.to(dtype)


def measure(body: Callable[[], Any], repeats: int, warm: int = 1) -> dict[str, float]:
    """Return the median wall-clock and CPU seconds of a call."""
    for _ in range(warm):
        body()
    wall, cpu = [], []
    for _ in range(repeats):
        start, used = time.perf_counter(), time.process_time()
        body()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    return {"wall_s": statistics.median(wall), "cpu_s": statistics.median(cpu), "wall_min_s": min(wall)}


def compare(ours: dict[str, float], peer: dict[str, float], tokens: int) -> dict[str, Any]:
    return {
        "ours": ours | {"tokens_per_s": tokens / ours["wall_s"]},
        "peer": peer | {"tokens_per_s": tokens / peer["wall_s"]},
        "ratio": {key: peer[key] / ours[key] for key in ours},
    }


def train(options: argparse.Namespace) -> dict[str, Any]:
    """Forward and backward in fp32 and with bf16 matrices; each side is judged by its faster one."""
    ids = torch.randint(0, 8192, (options.batch, options.length))
    runs: dict[str, Any] = {}
    for dtype in (torch.float32, torch.bfloat16):
        name = str(dtype).removeprefix("torch.")
        ours, peer = (m.train() for m in pair())
        masters = MasterWeights(ours, dtype)
        peer.to(dtype)

        def step(model: Any = ours, held: Any = masters) -> None:
            model(ids, labels=ids, skip_logits=True).loss.backward()
            held.collect()  # gradients in fp32 and weights for the next step belong to the price of bf16
            held.publish()
            for p in held.parameters():
                p.grad = None

        def their_step(model: Any = peer) -> None:
            model.zero_grad()
            model(ids, labels=ids).loss.backward()

        mine = measure(step, options.repeats)
        theirs = measure(their_step, max(1, options.repeats // 3))
        x, w = torch.randn(ids.numel(), 384).to(dtype), torch.randn(384, 2048).to(dtype)
        product = measure(lambda x=x, w=w: x @ w, 10, 3)
        flops = 6 * (ours.num_params() - 8192 * 384) * ids.numel()
        runs[name] = compare(mine, theirs, ids.numel())
        runs[name]["matrix_products_alone"] = {k: flops * s / (2 * x.numel() * 2048) for k, s in product.items()}
        runs[name]["share_of_step"] = shares(step)
        print(name, json.dumps(runs[name]), flush=True)
    best = {
        side: {key: min(run[side][key] for run in runs.values()) for key in ("wall_s", "cpu_s", "wall_min_s")}
        for side in ("ours", "peer")
    }
    return runs | {"best": compare(best["ours"], best["peer"], ids.numel())}


def shares(step: Callable[[], None]) -> dict[str, float]:
    """Return where a training step's time goes."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        step()
    found: dict[str, float] = {}
    for event in profile.key_averages():
        name = event.key.lower()
        kind = "other"
        if "kda" in name:
            kind = "kda"
        elif name in ("aten::mm", "aten::addmm_", "aten::addmm", "aten::linear"):
            kind = "matrix products"
        elif "attention" in name or name == "aten::bmm":
            kind = "mla attention"
        elif any(part in name for part in ("shortconv", "swiglu", "rmsnorm", "logdecay", "crossentropy")):
            kind = "pointwise kernels"
        found[kind] = found.get(kind, 0.0) + event.self_cpu_time_total
    whole = sum(found.values())
    return {kind: value / whole for kind, value in sorted(found.items(), key=lambda x: -x[1])}


def prefill(options: argparse.Namespace) -> dict[str, Any]:
    ids = torch.randint(0, 8192, (1, options.length))
    runs: dict[str, Any] = {}
    for dtype in (torch.float32, torch.bfloat16):
        ours, peer = pair(dtype)
        with torch.inference_mode():
            mine = measure(lambda m=ours: m(ids, use_cache=True, logits_to_keep=1), options.repeats)
            theirs = measure(lambda m=peer: m(ids, use_cache=True, logits_to_keep=1), 1, 0)
        name = str(dtype).removeprefix("torch.")
        runs[name] = compare(mine, theirs, options.length)
        print(name, json.dumps(runs[name]), flush=True)
    return runs


def decode(options: argparse.Namespace) -> dict[str, Any]:
    """Greedy decode; `weights_s` is what reading the weights once takes at the speed at which this machine reads."""
    result: dict[str, Any] = {}
    memory = torch.ones(1 << 26)
    speed = memory.nbytes / measure(memory.sum, 5)["wall_min_s"]
    result["memory_gb_per_s"] = speed / 1e9
    del memory
    for dtype in (torch.float32, torch.bfloat16):
        ours, peer = pair(dtype)
        weights = sum(p.nbytes for p in ours.parameters()) - ours.model.embed_tokens.weight.nbytes
        for batch in (1, 32):
            ids = torch.randint(0, 8192, (batch, 64))
            runs = []
            with torch.inference_mode():
                for model, repeats in ((ours, options.repeats * 4), (peer, options.repeats * 2)):
                    cache = model(ids, use_cache=True).past_key_values
                    token = ids[:, :1]
                    call = lambda m=model, c=cache, t=token: m(t, past_key_values=c, use_cache=True)  # noqa: E731
                    runs.append(measure(call, repeats, 3))
            name = f"batch {batch}, {str(dtype).removeprefix('torch.')}"
            result[name] = compare(*runs, batch)
            result[name]["weights_s"] = weights / speed
            if batch == 1:
                sides = {"ours": ours, "peer": peer}
                result[name]["generate_wall_s"] = {side: generated(model, ids) for side, model in sides.items()}
            print(name, json.dumps(result[name]), flush=True)
    return result


def generated(model: Any, ids: torch.Tensor) -> float:
    """Return the seconds of a further step of `generate`, greedy: its own loop is part of them."""
    took = []
    for count in (8, 40):
        options = {"max_new_tokens": count, "min_new_tokens": count, "do_sample": False}
        call = lambda o=options: model.generate(ids, attention_mask=torch.ones_like(ids), **o)  # noqa: E731
        took.append(measure(call, 3)["wall_min_s"])
    return (took[1] - took[0]) / 32


def fill(cache: KimiLinearCache, model: KimiLinearForCausalLM, length: int, batch: int = 1) -> None:
    """Pretend to have read `length` tokens: random latents beside the real recurrent state of a few tokens."""
    config = model.config
    model(torch.randint(0, config.vocab_size, (batch, 4)), past_key_values=cache, use_cache=True)
    width = config.kv_lora_rank + config.qk_rope_head_dim
    for state in cache.states:
        if isinstance(state, Latents):
            data = torch.empty(batch, length + 64, width).uniform_(-1, 1)
            state.load(data, (length,) * batch)
    cache.columns, cache.lengths = length, (length,) * batch


def context(options: argparse.Namespace) -> dict[str, Any]:
    """Time per token against the context; the peer at the largest of `--lengths` up to 131,072."""
    ours, peer = pair()
    token = torch.ones(1, 1, dtype=torch.long)
    result: dict[str, Any] = {"per_token": {}}
    layers = KimiLinearForCausalLM(config_21m(layer_types=["linear_attention"] * 8)).eval().model
    for length in options.lengths:
        with torch.inference_mode():
            cache = ours.new_cache()
            fill(cache, ours, length)
            whole = measure(lambda c=cache: ours(token, past_key_values=c, use_cache=True), options.repeats, 3)
            states = layers(torch.randint(0, 8192, (1, 64)), use_cache=True).past_key_values
            states.columns, states.lengths = length, (length,)
            alone = measure(lambda c=states: layers(token, past_key_values=c, use_cache=True), options.repeats * 4, 3)
        alone = {name: seconds / 8 for name, seconds in alone.items()}
        result["per_token"][length] = {"model": whole, "kda_layer": alone, "cache_bytes": cache.nbytes()}
        print(length, whole, alone, flush=True)
    length = max(n for n in options.lengths if n <= 131072)
    with torch.inference_mode():
        theirs = peer(torch.randint(0, 8192, (1, 4)), use_cache=True).past_key_values
        for i, kind in enumerate(peer.config.layer_types):
            if kind == "full_attention":
                theirs.layers[i].keys = torch.empty(1, 1, length, 128).uniform_(-1, 1)
                theirs.layers[i].values = torch.empty(1, 1, length, 32).uniform_(-1, 1)
        slow = measure(lambda: peer(token, past_key_values=theirs, use_cache=True), 3, 1)
    result["against_peer"] = {"length": length} | compare(result["per_token"][length]["model"], slow, 1)
    per_layer = [v["kda_layer"]["cpu_s"] for v in result["per_token"].values()]
    result["kda_layer_last_over_first"] = per_layer[-1] / per_layer[0]
    return result


def million(options: argparse.Namespace) -> dict[str, Any]:
    torch.manual_seed(0)
    length = options.million
    result: dict[str, Any] = {"length": length}
    kinds = {"hybrid": None, "all_mla": ["full_attention"] * 8}
    for name, layer_types in kinds.items():
        model = KimiLinearForCausalLM(config_21m(layer_types=layer_types)).eval()
        for batch in (1, 4) if name == "hybrid" else (1,):
            with torch.inference_mode():
                cache = model.new_cache()
                fill(cache, model, length, batch)
                token = torch.ones(batch, 1, dtype=torch.long)
                timing = measure(
                    lambda m=model, c=cache, t=token: m(t, past_key_values=c, use_cache=True), options.repeats, 2
                )
            result[f"{name}, batch {batch}"] = timing | {
                "cache_bytes": cache.nbytes(),
                "cpu_s_per_token": timing["cpu_s"] / batch,
                "wall_s_per_token": timing["wall_s"] / batch,
            }
            print(name, batch, result[f"{name}, batch {batch}"], flush=True)
            del cache
    hybrid, full = result["hybrid, batch 1"], result["all_mla, batch 1"]
    result["ratio_batch_1"] = {k: full[k] / hybrid[k] for k in ("wall_s", "cpu_s", "wall_min_s")}
    wide = result["hybrid, batch 4"]
    result["ratio_equal_memory"] = {k: full[k] / wide[k] for k in ("wall_s_per_token", "cpu_s_per_token")}
    result["cache_saved"] = 1 - hybrid["cache_bytes"] / full["cache_bytes"]
    return result


def read(options: argparse.Namespace) -> dict[str, Any]:
    """Read a real prompt of `--length` tokens with a tiny model (4 layers, one MLA head) and report peak memory."""
    torch.manual_seed(0)
    changes: dict[str, Any] = {"hidden_size": 64, "num_hidden_layers": 4, "intermediate_size": 128, "vocab_size": 512}
    changes |= {"num_attention_heads": 1, "linear_num_heads": 1, "linear_head_dim": 32, "kv_lora_rank": 32}
    changes |= {"qk_nope_head_dim": 16, "qk_rope_head_dim": 16, "v_head_dim": 32}
    model = KimiLinearForCausalLM(config_21m(**changes)).eval().to(getattr(torch, options.dtype))
    ids = torch.randint(0, 512, (1, options.length))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    start, used = time.perf_counter(), time.process_time()
    _, cache = model.prefill(ids)
    seconds, used = time.perf_counter() - start, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    memory = {"peak_gib": peak, "before_gib": before, "cache": repr(cache)}
    return {"length": options.length, "dtype": options.dtype, "seconds": seconds, "cpu_s": used} | memory


def plot_context(result: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    lengths = [int(n) for n in result["per_token"]]
    rows = list(result["per_token"].values())
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    left.plot(lengths, [1e3 * r["model"]["cpu_s"] for r in rows], "o-", label="whole model")
    left.plot(lengths, [1e3 * r["kda_layer"]["cpu_s"] for r in rows], "o-", label="one KDA layer")
    peer = result["against_peer"]
    left.plot([peer["length"]], [1e3 * peer["peer"]["cpu_s"]], "s", label="transformers")
    left.set(xscale="log", yscale="log", xlabel="tokens of context", ylabel="CPU ms per token", title="Time")
    left.legend()
    right.plot(lengths, [r["cache_bytes"] / 2**20 for r in rows], "o-")
    right.set(xscale="log", yscale="log", xlabel="tokens of context", ylabel="MiB", title="State of one sequence")
    figure.savefig(path, dpi=120)


def main() -> None:
    runs = {f.__name__: f for f in (train, prefill, decode, context, million, read)}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=runs, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--length", type=int)
    parser.add_argument("--lengths", type=int, nargs="+", default=[1024, 8192, 32768, 131072])
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32", help="of read")
    parser.add_argument("--million", type=int, default=1_000_000)
    options = parser.parse_args()
    length = options.length
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    for what in options.what:
        options.length = length or {"train": 512, "prefill": 8192, "read": 1_000_000}.get(what)
        result = runs[what](options)
        result["machine"] = {
            "processor": platform.processor() or platform.machine(),
            "capability": torch.backends.cpu.get_cpu_capability(),
            "threads": options.threads,
            "torch": torch.__version__,
        }
        path = options.out / f"kimi_linear_{what}.json"
        path.write_text(json.dumps(result, indent=2) + "\n")
        if what == "context":
            plot_context(result, options.out / "kimi_linear_context.png")
        print(what, json.dumps(result, indent=2), flush=True)


if __name__ == "__main__":
    main()
