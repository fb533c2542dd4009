"""Cross-entropy of a language model's head without the whole table of logits.

Shapes: N tokens, D hidden size, V vocabulary.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from tamsa.errors import InputError
from tamsa.kernels.gates import entropy_rows

IGNORE = -100
"""Label of tokens that do not count."""
CHUNK = {"cpu": 512, "cuda": 16_384}
"""Tokens at a time: on a CPU a chunk's logits stay in the cache, on a GPU they should fill it."""


class _LinearCrossEntropy(torch.autograd.Function):
    """Sum of -log softmax(h W^T)[label] in chunks of tokens; gradients are made in the forward pass.

    The logits of a chunk live just long enough to become their own gradient, so that memory is one chunk's
    and every logit is computed once.
    """

    @staticmethod
    def forward(ctx, hidden, weight, labels, chunk):  # type: ignore[no-untyped-def]
        need_hidden, need_weight = ctx.needs_input_grad[:2]
        total = hidden.new_zeros((), dtype=torch.float32)
        d_hidden = torch.empty_like(hidden) if need_hidden else None
        d_weight = torch.zeros_like(weight, dtype=torch.float32) if need_weight else None
        for start in range(0, hidden.shape[0], chunk):
            part, target = hidden[start : start + chunk], labels[start : start + chunk]
            slope = part @ weight.t()
            total += entropy_rows(slope, target).sum()
            if not need_hidden and not need_weight:
                continue
            if d_hidden is not None:
                torch.mm(slope, weight, out=d_hidden[start : start + chunk])
            if d_weight is not None:
                if d_weight.dtype == slope.dtype:
                    d_weight.addmm_(slope.t(), part)
                else:
                    d_weight += slope.t() @ part
        ctx.save_for_backward(d_hidden, d_weight)
        ctx.dtype = weight.dtype
        return total

    @staticmethod
    def backward(ctx, grad):  # type: ignore[no-untyped-def]
        d_hidden, d_weight = ctx.saved_tensors
        d_hidden = None if d_hidden is None else d_hidden * grad.to(d_hidden.dtype)
        d_weight = None if d_weight is None else (d_weight * grad).to(ctx.dtype)
        return d_hidden, d_weight, None, None


def linear_cross_entropy(
    hidden: torch.Tensor, weight: torch.Tensor, labels: torch.Tensor, *, chunk_size: int | None = None
) -> torch.Tensor:
    """Return the summed cross-entropy (natural log, fp32 scalar) of `softmax(hidden weight^T)` against labels.

    Args:
        hidden: `[N, D]`.
        weight: `[V, D]`.
        labels: `[N]` integers in [0, V); -100 where a token does not count.
        chunk_size: tokens whose logits exist at a time; None for what suits the device.

    Raises:
        InputError: a label is out of range (looked at on a CPU alone; a GPU would wait).
    """
    chunk_size = chunk_size or CHUNK.get(hidden.device.type, 512)
    if torch.is_autocast_enabled(hidden.device.type):
        dtype = torch.get_autocast_dtype(hidden.device.type)
        hidden, weight = hidden.to(dtype), weight.to(dtype)
    counted = None if torch.compiler.is_compiling() else labels != IGNORE
    if counted is not None and not bool(counted.all()):  # no product for a token that does not count
        rows = counted.nonzero().squeeze(1)
        hidden, labels = hidden.index_select(0, rows), labels.index_select(0, rows)
    if counted is not None and labels.device.type == "cpu":  # the compiled rows write at the label
        wrong = labels[(labels < 0) | (labels >= weight.shape[0])]
        if wrong.numel():
            raise InputError(f"labels: token {int(wrong[0])}, the vocabulary has {weight.shape[0]} entries")
    labels = labels.long()
    with torch.autocast(hidden.device.type, enabled=False):
        return _LinearCrossEntropy.apply(hidden, weight.to(hidden.dtype), labels, chunk_size)


def next_token_labels(labels: torch.Tensor) -> torch.Tensor:
    """Shift `[B, T]` labels so that position t holds what follows it; the last one does not count."""
    return F.pad(labels[:, 1:], (0, 1), value=IGNORE)
