"""KDA on the CPU: ours against the chunk form of transformers, in one process, in turn.

    python benchmarks/kda_kernels.py OUT_FOLDER [--quick] [--repeats N]

Checks both against an fp64 recurrence first and times nothing that is wrong. Prints medians, ratios and memory beyond
the inputs; writes kda_kernels.json and kda_kernels.png. Memory is the growth of the peak resident size in a process
of its own. The peer's forward + backward at H=32, K=128 needs some 20 GB; where less is free it runs on fewer heads
and its time is scaled up (both are linear in heads), which the output says.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tamsa.kernels.kda import kda

SHAPES = {"small heads": (1, 8192, 6, 64, 64), "large heads": (1, 2048, 32, 128, 128)}
REGIMES = ("mild", "lower_bound", "A16", "resets")
LENGTHS = (256, 512, 1024, 2048, 4096, 8192)
LONG = (16384, 32768, 65536)
PEER_BYTES_PER_ELEMENT = 80  # of [H, T, 64, K] for forward + backward, observed


def peer() -> Callable[..., Any]:
    """transformers' chunk form, without its lookup of GPU kernels."""
    from transformers.models.kimi_linear.modeling_kimi_linear import chunk_kimi_delta_attention

    return getattr(chunk_kimi_delta_attention, "__wrapped__", chunk_kimi_delta_attention)


def make_inputs(B: int, T: int, H: int, K: int, V: int, regime: str = "mild") -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(T + H)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    q, k = (torch.nn.functional.normalize(normal(B, T, H, K), dim=-1) for _ in range(2))
    z = normal(B, T, H, K)
    g = {
        "mild": lambda: -0.1 * torch.nn.functional.softplus(z),
        "lower_bound": lambda: -5.0 * torch.sigmoid(3.0 * z),
        "A16": lambda: -16.0 * torch.nn.functional.softplus(z),
        "resets": lambda: torch.where(torch.rand(z.shape, generator=generator) < 0.1, -1000.0, -0.1 * z.abs()),
    }[regime]()
    return {"q": q, "k": k, "v": normal(B, T, H, V), "g": g, "beta": torch.sigmoid(normal(B, T, H))}


def call(who: str, inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    if who == "ours":
        return kda(**inputs, output_final_state=True, backend="cpu")  # type: ignore[return-value]
    names = {"q": "query", "k": "key", "v": "value"}
    return peer()(**{names.get(n, n): x for n, x in inputs.items()}, initial_state=None, output_final_state=True)


def train(who: str, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    leaves = {name: x.requires_grad_() for name, x in inputs.items()}
    o, _ = call(who, leaves)
    slopes = torch.autograd.grad(o, list(leaves.values()), grad_outputs=torch.ones_like(o))
    return dict(zip(leaves, slopes, strict=True))


def work(who: str, what: str, inputs: dict[str, Tensor]) -> Any:
    if what == "forward":
        with torch.no_grad():
            return call(who, inputs)
    return train(who, inputs)


def relative(x: Tensor, reference: Tensor) -> float:
    return float((x.double() - reference).norm() / reference.norm())


def recurrence(inputs: dict[str, Tensor]) -> Tensor:
    """The fp64 recurrence, written apart from the package."""
    q, k, v, g, beta = (x.double() for x in inputs.values())
    S = torch.zeros(*q.shape[:1], *q.shape[2:], v.shape[3], dtype=torch.float64)
    o = torch.empty_like(v)
    for t in range(q.shape[1]):
        S = g[:, t].exp()[..., None] * S
        r = v[:, t] - torch.einsum("bhkv,bhk->bhv", S, k[:, t])
        S = S + torch.einsum("bhk,bhv->bhkv", k[:, t], beta[:, t][..., None] * r)
        o[:, t] = torch.einsum("bhkv,bhk->bhv", S, q[:, t]) * q.shape[3] ** -0.5
    return o


def check() -> dict[str, Any]:
    """Errors against fp64; stops where ours is above 1e-6."""
    errors: dict[str, Any] = {"forward": {}, "gradients": {}}
    for regime in REGIMES:
        inputs = make_inputs(1, 1024, 2, 64, 64, regime)
        expected = recurrence(inputs)
        errors["forward"][regime] = {w: relative(work(w, "forward", inputs)[0], expected) for w in ("ours", "peer")}
        inputs = make_inputs(1, 256, 2, 64, 64, regime)
        leaves = [x.double().requires_grad_() for x in inputs.values()]
        slopes = torch.autograd.grad(recurrence(dict(zip(inputs, leaves, strict=True))).sum(), leaves)
        for who in ("ours", "peer"):
            got = train(who, dict(inputs)).values()
            worst = max(relative(x.detach(), y) for x, y in zip(got, slopes, strict=True))
            errors["gradients"].setdefault(regime, {})[who] = worst
    print("relative RMS error against fp64     ours      transformers")
    for kind, by_regime in errors.items():
        for regime, e in by_regime.items():
            print(f"  {kind:10} {regime:12}            {e['ours']:.1e}   {e['peer']:.1e}")
            if not e["ours"] <= 1e-6:
                raise SystemExit(f"{kind}, {regime}: error {e['ours']:.1e} is above 1e-6; nothing is timed")
    return errors


def median_times(what: str, inputs: dict[str, dict[str, Tensor]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each, in turn."""
    times: dict[str, list[float]] = {who: [] for who in inputs}
    for who, x in inputs.items():
        small = {name: t.detach()[:, :128].contiguous() for name, t in x.items()}
        work(who, what, small)
    for _ in range(repeats):
        for who, x in inputs.items():
            for _ in range(5 if who == "ours" else 1):
                start = time.perf_counter()
                work(who, what, x)
                times[who].append(time.perf_counter() - start)
    return times


def memory(who: str, what: str, shape: tuple[int, ...]) -> float:
    """Growth of the peak resident size, in MB, measured in a process of its own."""
    command = [sys.executable, __file__, "--probe", who, what, *map(str, shape)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return float("nan")
    return float(done.stdout.split()[-1])


def probe(who: str, what: str, shape: tuple[int, ...]) -> None:
    B, T, H, K, V = shape
    work(who, what, make_inputs(B, min(T, 64), H, K, V))
    inputs = make_inputs(B, T, H, K, V)
    ctypes.CDLL(None).malloc_trim(0)  # memory freed before must not serve the run
    Path("/proc/self/clear_refs").write_text("5")  # sets the peak back to the present size
    before = status("/proc/self/status", "VmRSS")
    result = work(who, what, inputs)
    print((status("/proc/self/status", "VmHWM") - before) / 1e6)
    del result


def status(path: str, key: str) -> int:
    """Read a size in bytes from one of the kernel's tables (Linux)."""
    with open(path) as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key + ":"))


def compare(name: str, what: str, repeats: int) -> dict[str, Any]:
    B, T, H, K, V = SHAPES[name]
    heads = H
    if what != "forward":
        while heads > 1 and heads * T * 64 * K * PEER_BYTES_PER_ELEMENT > 0.7 * status("/proc/meminfo", "MemAvailable"):
            heads //= 2
    ours, theirs = make_inputs(B, T, H, K, V), make_inputs(B, T, heads, K, V)
    times = median_times(what, {"ours": ours, "peer": theirs}, repeats)
    ours_s = statistics.median(times["ours"])
    peer_s = statistics.median(times["peer"]) * H / heads
    megabytes = {who: memory(who, what, (B, T, h, K, V)) * H / h for who, h in (("ours", H), ("peer", heads))}
    result = {
        "shape": {"B": B, "T": T, "H": H, "K": K, "V": V},
        "what": what,
        "peer_heads": heads,
        "ours_s": ours_s,
        "peer_s": peer_s,
        "ratio": peer_s / ours_s,
        "ours_mb": megabytes["ours"],
        "peer_mb": megabytes["peer"],
        "all_s": times,
    }
    note = "" if heads == H else f"  (peer on {heads} of {H} heads, scaled)"
    print(
        f"{name}, {what}: ours {1e3 * ours_s:.1f} ms (best {1e3 * min(times['ours']):.1f}), transformers "
        f"{1e3 * peer_s:.0f} ms, ratio {result['ratio']:.0f}; memory {megabytes['ours']:.0f} MB against "
        f"{megabytes['peer']:.0f} MB, ratio {megabytes['peer'] / megabytes['ours']:.0f}{note}",
        flush=True,
    )
    return result


def by_length(quick: bool) -> list[dict[str, Any]]:
    rows = []
    for T in LENGTHS[:3] if quick else LENGTHS + LONG:
        row: dict[str, Any] = {"T": T}
        for what in ("forward", "forward + backward"):
            who = ("ours", "peer") if LENGTHS[-1] >= T else ("ours",)
            times = median_times(what, {w: make_inputs(1, T, 2, 64, 64) for w in who}, 3)
            for w in who:
                row[f"{w} {what} s"] = statistics.median(times[w])
                row[f"{w} {what} mb"] = memory(w, what, (1, T, 2, 64, 64))
        rows.append(row)
        print(" ".join(f"{k}={v:.4g}" for k, v in row.items()), flush=True)
    return rows


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), constrained_layout=True)
    for axis, unit, label in ((axes[0], "s", "seconds"), (axes[1], "mb", "MB beyond the inputs")):
        for who, name, colour in (("ours", "tamsa", "tab:blue"), ("peer", "transformers", "tab:red")):
            for what, style in (("forward", "-"), ("forward + backward", "--")):
                points = [(r["T"], r[f"{who} {what} {unit}"]) for r in rows if f"{who} {what} {unit}" in r]
                axis.plot(*zip(*points, strict=True), style, marker="o", color=colour, label=f"{name}, {what}")
        axis.set(xscale="log", yscale="log", xlabel="tokens", ylabel=label)
        axis.set_xticks([r["T"] for r in rows], [str(r["T"]) for r in rows], rotation=45)
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    figure.suptitle("KDA, one layer, B=1, H=2, K=V=64, fp32")
    figure.savefig(path, dpi=120)


def decoding() -> dict[str, float]:
    """Microseconds of one token of one layer, ours against the peer's recurrent form."""
    from transformers.models.kimi_linear.modeling_kimi_linear import recurrent_kimi_delta_attention as recurrent

    recurrent = getattr(recurrent, "__wrapped__", recurrent)
    result = {}
    for B in (1, 32):
        inputs, state = make_inputs(B, 1, 6, 64, 64), torch.zeros(B, 6, 64, 64)
        names = {"q": "query", "k": "key", "v": "value"}
        theirs = {names.get(n, n): x for n, x in inputs.items()}
        times: dict[str, list[float]] = {"ours": [], "peer": []}
        with torch.no_grad():
            for _ in range(7):
                start = time.perf_counter()
                for _ in range(200):
                    kda(**inputs, initial_state=state, output_final_state=True)
                times["ours"].append((time.perf_counter() - start) / 200)
                start = time.perf_counter()
                for _ in range(50):
                    recurrent(**theirs, initial_state=state, output_final_state=True)
                times["peer"].append((time.perf_counter() - start) / 50)
        for who, x in times.items():
            result[f"B={B} {who} us"] = 1e6 * statistics.median(x)
        ratio = result[f"B={B} peer us"] / result[f"B={B} ours us"]
        print(f"one token, B={B}, H=6: ours {result[f'B={B} ours us']:.0f} us, peer {ratio:.1f} times that")
    return result


def main() -> None:
    if "--probe" in sys.argv:
        who, what, *shape = sys.argv[2:]
        probe(who, what, tuple(map(int, shape)))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder for kda_kernels.json and kda_kernels.png")
    parser.add_argument("--quick", action="store_true", help="short lengths only")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    tiny = make_inputs(1, 2, 1, 8, 8)
    work("ours", "forward", tiny)
    forward_s = time.perf_counter() - start
    work("ours", "forward + backward", tiny)
    first_s = time.perf_counter() - start
    print(
        f"first call: forward {forward_s:.1f} s, with backward {first_s:.1f} s (compiling, or reading the disk cache)"
    )
    results: dict[str, Any] = {
        "schema_version": 1,
        "hardware": {"processor": platform.processor() or platform.machine(), "threads": torch.get_num_threads()},
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
        "first_call_s": {"forward": forward_s, "forward + backward": first_s},
        "errors": check(),
        "decoding": decoding(),
        "comparisons": [],
    }
    if not options.quick:
        for name in SHAPES:
            for what in ("forward", "forward + backward"):
                results["comparisons"].append(compare(name, what, options.repeats))
    results["by_length"] = by_length(options.quick)
    (options.out / "kda_kernels.json").write_text(json.dumps(results, indent=2) + "\n")
    plot(results["by_length"], options.out / "kda_kernels.png")


if __name__ == "__main__":
    main()
