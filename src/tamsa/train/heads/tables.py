"""What trained heads do, for people: a table of T and P by token, and plots of their distributions.

Legend of shapes: N positions.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tamsa.store import write_atomic


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token of the vocabulary, over all positions where it was drawn or learned."""

    token: str
    count: int
    temperature: float
    """Mean T of the positions."""
    temperature_sd: float
    top_p: float
    """Mean P."""
    top_p_sd: float


def token_table(tokenizer: Any, tokens: Tensor, temperature: Tensor, top_p: Tensor) -> list[TokenRow]:
    """Average T and P by the token that came next, the most frequent token first.

    Args:
        tokenizer: names the tokens.
        tokens: `[N]`.
        temperature: `[N]`.
        top_p: `[N]`.
    """
    ids, place, counts = torch.unique(tokens, return_inverse=True, return_counts=True)

    def moments(values: Tensor) -> tuple[Tensor, Tensor]:
        wide = values.double()
        mean = torch.zeros(len(ids), dtype=torch.float64).index_add(0, place, wide) / counts
        square = torch.zeros(len(ids), dtype=torch.float64).index_add(0, place, (wide - mean[place]) ** 2) / counts
        return mean, square.sqrt()

    (T, T_sd), (P, P_sd) = moments(temperature), moments(top_p)
    names = tokenizer.convert_ids_to_tokens(ids.tolist())
    rows = [
        TokenRow(str(name), int(n), float(t), float(t_sd), float(p), float(p_sd))
        for name, n, t, t_sd, p, p_sd in zip(names, counts, T, T_sd, P, P_sd, strict=True)
    ]
    return sorted(rows, key=lambda row: (-row.count, row.token))


def write_token_table(path: Path, rows: Sequence[TokenRow]) -> None:
    """Write the table as CSV.

    Raises:
        StorageError: it cannot be written.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(TokenRow.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: round(v, 5) if isinstance(v, float) else v for k, v in asdict(row).items()})
    write_atomic(path, buffer.getvalue())


def plot_distributions(path: Path, temperature: Tensor, top_p: Tensor) -> bool:
    """Draw histograms of T and P as a PNG; returns False where matplotlib is not installed.

    Raises:
        StorageError: it cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(7, 2.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 2)
    for ax, values, high, name in ((axes[0], temperature, 2.0, "temperature"), (axes[1], top_p, 1.0, "top-p")):
        ax.hist(values.numpy(), bins=40, range=(0, high), color="#356a8a")
        ax.axvline(float(values.mean()), color="#b5482a", linewidth=1)
        ax.set_xlabel(f"predicted {name} (mean {float(values.mean()):.2f})")
        ax.set_ylabel("tokens")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
    write_atomic(path, buffer.getvalue())
    return True
