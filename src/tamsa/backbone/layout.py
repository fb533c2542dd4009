"""How the tokens of a call are laid out: a dense batch, or sequences laid end to end without padding."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from tamsa.backbone.branches import Branches
from tamsa.errors import InputError


@dataclass(frozen=True, slots=True)
class Layout:
    """The geometry of one forward pass.

    With `bounds` None the hidden states are `[B, T, D]`, each row one sequence. Otherwise they are `[1, N, D]`
    and sequence i occupies `bounds[i]:bounds[i+1]`; `rows[i]` is the batch row (of the cache) it belongs to.
    """

    bounds: tuple[int, ...] | None = None
    rows: tuple[int, ...] | None = None
    cu_seqlens: torch.Tensor | None = None
    gather: torch.Tensor | None = None
    """Positions `[N]` of the kept tokens in the flattened batch; None when nothing was left out."""
    shape: tuple[int, int] = (0, 0)
    """Batch and length of the input before packing."""
    positions: torch.Tensor | None = None
    """`[N]` int32, of each token in its packed sequence; on a GPU alone, where loops over sequences are slow."""
    branches: Branches | None = None
    """Where packed sequences go on from one another; None when each stands alone."""

    @property
    def longest(self) -> int:
        """Tokens of the longest sequence in the call."""
        return self.shape[1] if self.bounds is None else max(b - a for a, b in itertools.pairwise(self.bounds))

    @property
    def num_sequences(self) -> int:
        """Sequences in the call."""
        return self.shape[0] if self.bounds is None else len(self.bounds) - 1

    def pack(self, hidden: torch.Tensor) -> torch.Tensor:
        """Bring `[B, T, D]` into the layout's form."""
        if self.bounds is None:
            return hidden
        flat = hidden.reshape(1, -1, hidden.shape[-1])
        return flat if self.gather is None else flat[:, self.gather]

    def unpack(self, hidden: torch.Tensor) -> torch.Tensor:
        """Bring the layout's form back to `[B, T, D]`; left-out positions are zero."""
        if self.bounds is None:
            return hidden
        B, T = self.shape
        if self.gather is None:
            return hidden.reshape(B, T, -1)
        flat = hidden.new_zeros(B * T, hidden.shape[-1]).index_copy(0, self.gather, hidden[0])
        return flat.view(B, T, -1)


def _packed(
    bounds: Sequence[int],
    rows: Sequence[int] | None,
    shape: tuple[int, int],
    device: torch.device,
    gather: torch.Tensor | None = None,
) -> Layout:
    cu_seqlens = torch.tensor(bounds, dtype=torch.int32, device=device)
    positions = None
    if device.type == "cuda":
        starts = torch.repeat_interleave(cu_seqlens[:-1], cu_seqlens.diff(), output_size=bounds[-1])
        positions = torch.arange(bounds[-1], dtype=torch.int32, device=device) - starts
    return Layout(tuple(bounds), None if rows is None else tuple(rows), cu_seqlens, gather, shape, positions)


def _check_cu_seqlens(cu_seqlens: torch.Tensor, shape: tuple[int, int]) -> list[int]:
    B, T = shape
    if B != 1:
        raise InputError(f"cu_seqlens needs a batch of 1 with all sequences end to end, got batch {B}")
    if cu_seqlens.ndim != 1 or cu_seqlens.numel() < 2 or cu_seqlens.dtype not in (torch.int32, torch.int64):
        raise InputError(
            f"cu_seqlens must be integers of shape [num_sequences + 1], got {cu_seqlens.dtype} {list(cu_seqlens.shape)}"
        )
    bounds: list[int] = cu_seqlens.tolist()
    if bounds[0] != 0 or bounds[-1] != T or any(a >= b for a, b in itertools.pairwise(bounds)):
        raise InputError(f"cu_seqlens must rise strictly from 0 to the {T} tokens given, got {bounds[:8]}")
    return bounds


def _restarts(positions: torch.Tensor) -> torch.Tensor:
    """Mark `[B, T]` where a position does not follow the one before it; row starts are marked."""
    starts = torch.ones_like(positions, dtype=torch.bool)
    starts[:, 1:] = positions[:, 1:] != positions[:, :-1] + 1
    return starts


def plan(
    shape: tuple[int, int],
    device: torch.device,
    *,
    mask: torch.Tensor | None = None,
    position_ids: torch.Tensor | None = None,
    cu_seqlens: torch.Tensor | None = None,
    parents: Sequence[int] | None = None,
    cached: bool = False,
) -> Layout:
    """Find the layout of a call.

    Args:
        shape: batch and length of the input.
        mask: `[B, T]` of the new columns, nonzero where a token is real; None when all are.
        position_ids: `[B, T]` or `[1, T]`; a restart begins a new packed sequence (only without a cache).
        cu_seqlens: offsets of packed sequences, batch 1.
        parents: by packed sequence: the one that it goes on from, -1 for none; see `Branches`.
        cached: the call continues a cache, so that every row is one sequence.

    Raises:
        InputError: a shape does not fit, packing is combined with padding or a cache, or parents are no tree.
    """
    B, T = shape
    if parents is not None and cu_seqlens is None:
        raise InputError("parents needs cu_seqlens: the bounds of the segments that go on from one another")
    if cu_seqlens is not None:
        if cached:
            raise InputError("cu_seqlens cannot be combined with use_cache; pass use_cache=False or one row a sequence")
        if mask is not None:
            raise InputError("cu_seqlens cannot be combined with padding in attention_mask; leave the padding out")
        bounds = _check_cu_seqlens(cu_seqlens, shape)
        branches = Branches(bounds, parents, device) if parents is not None and any(p >= 0 for p in parents) else None
        return (
            Layout(shape=shape)
            if len(bounds) == 2
            else replace(_packed(bounds, None, shape, device), branches=branches)
        )
    if position_ids is not None and not cached and tuple(position_ids.shape) not in ((1, T), (B, T)):
        raise InputError(f"position_ids must have shape [{B}, {T}], got {list(position_ids.shape)}")
    if mask is not None:
        keep = mask.bool()
        gather = keep.flatten().nonzero().squeeze(1)
        lengths = keep.sum(1).tolist()
        rows = [row for row, length in enumerate(lengths) if length]
        bounds = [0]
        for row in rows:
            bounds.append(bounds[-1] + lengths[row])
        if position_ids is not None and not cached and len(rows):
            inner = _restarts(position_ids.expand(B, T).flatten()[gather][None])[0]
            inner[torch.tensor(bounds[:-1], device=device)] = True
            begins = inner.nonzero().squeeze(1).tolist()
            if len(begins) > len(rows):  # else the restarts are those of the padding, and a row is one sequence
                return _packed([*begins, bounds[-1]], None, shape, device, gather)
        return _packed(bounds, rows, shape, device, gather)
    if position_ids is not None and not cached:
        starts = _restarts(position_ids)
        if bool(starts[:, 1:].any()):
            starts = starts.expand(B, T).flatten()
            return _packed([*starts.nonzero().squeeze(1).tolist(), B * T], None, shape, device)
    return Layout(shape=shape)
