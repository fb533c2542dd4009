"""What a Kimi Linear model remembers of the tokens it has read: KDA states, convolution windows, MLA latents."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from tamsa.backbone.config import LINEAR, Architecture
from tamsa.backbone.latents import Latents, Lengths
from tamsa.backbone.layout import Layout
from tamsa.backbone.recurrent import Recurrent
from tamsa.errors import CorruptError, InputError, StorageError
from tamsa.kernels.kda.arguments import state_dtype
from tamsa.types import SCHEMA_VERSION


class Snapshot:
    """A frozen copy of a cache: restore it as often as you like. Latents are shared, KDA states copied."""

    def __init__(
        self, layers: list[Recurrent | Latents], columns: int, lengths: Lengths, fingerprint: dict[str, Any]
    ) -> None:
        self.layers = layers
        self.columns = columns
        self.lengths = lengths
        self.fingerprint = fingerprint

    def memory(self) -> dict[int, int]:
        """Return bytes by the identity of the memory block, so that shared latents can be counted once."""
        blocks: dict[int, int] = {}
        for layer in self.layers:
            if isinstance(layer, Recurrent):
                blocks[id(layer)] = layer.nbytes()
            else:
                identity, size = layer.memory()
                blocks[identity] = max(size, blocks.get(identity, 0))
        return blocks

    def nbytes(self) -> int:
        """Bytes held, shared ones included."""
        return sum(self.memory().values())


class KimiLinearCache:
    """Hold the state of a batch of sequences between calls; pass it as `past_key_values`.

    `snapshot`/`restore` and `fork` are bitwise; `rollback(k)` takes the last k tokens back as if they had never
    been fed, within the window given to `record`. Rows may have been padded on either side: padding is never stored.

    To transformers it is a cache by its methods alone: importing it imports nothing of that.

    Args:
        config: of the model that will use it.
    """

    is_compileable = False

    def __init__(self, config: Architecture) -> None:
        self.config = config
        window = config.linear_conv_kernel_dim - 1
        self.states: list[Recurrent | Latents] = [
            Recurrent(window) if kind == LINEAR else Latents() for kind in config.kinds
        ]
        self.columns = 0
        """Tokens fed a row, padding included: what transformers calls the sequence length."""
        self.lengths: Lengths = ()
        """Real tokens fed, by row; empty before the first call."""
        self.undo_window = 0
        self._floor = 0
        self._busy = False

    # ------------------------------------------------------------------ the model's side

    def begin(self, batch: int) -> None:
        """Open a call; called by the model.

        Raises:
            InputError: the batch differs from the cached one, or an earlier call failed half-way.
        """
        if self._busy:
            raise InputError("past_key_values: an earlier call failed half-way; restore() a snapshot or reset() it")
        if self.lengths and len(self.lengths) != batch:
            raise InputError(f"past_key_values holds {len(self.lengths)} sequences, input_ids has {batch}")
        if not self.lengths:
            self.lengths = (0,) * batch
        self._busy = True

    def finish(self, layout: Layout) -> None:
        """Close a call: count its tokens."""
        self._busy = False
        self.columns += layout.shape[1]
        if layout.bounds is None:
            self.lengths = tuple(length + layout.shape[1] for length in self.lengths)
            return
        lengths = list(self.lengths)
        assert layout.rows is not None
        for row, start, end in zip(layout.rows, layout.bounds[:-1], layout.bounds[1:], strict=True):
            lengths[row] += end - start
        self.lengths = tuple(lengths)
        self._floor = self.columns
        for state in self.states:
            if isinstance(state, Recurrent):
                state.forget()

    # ------------------------------------------------------------------ the person's side

    def snapshot(self) -> Snapshot:
        """Freeze the present state; costs one copy of the KDA states and nothing for the latents."""
        self._refuse_busy()
        return Snapshot([s.copy() for s in self.states], self.columns, self.lengths, self.config.fingerprint())

    def restore(self, snapshot: Snapshot) -> None:
        """Return to a snapshot, bitwise.

        Raises:
            InputError: it was taken of a model with another configuration.
        """
        _refuse_other(snapshot.fingerprint, self.config.fingerprint(), "snapshot")
        for mine, theirs in zip(self.states, snapshot.layers, strict=True):
            mine.take(theirs)  # type: ignore[arg-type]
        self.columns, self.lengths = snapshot.columns, snapshot.lengths
        self._floor, self._busy = self.columns, False

    @classmethod
    def from_snapshot(cls, config: Architecture, snapshot: Snapshot) -> KimiLinearCache:
        """Make a new cache that continues a snapshot."""
        cache = cls(config)
        cache.restore(snapshot)
        return cache

    def fork(self, n: int) -> list[KimiLinearCache]:
        """Return n independent caches that continue from here, bitwise; this one stays as it is.

        For one batch of n rows instead, use `batch_repeat_interleave`.

        Raises:
            InputError: n is not positive.
        """
        if n < 1:
            raise InputError(f"fork: n = {n}; give at least 1")
        snapshot = self.snapshot()
        return [self.from_snapshot(self.config, snapshot) for _ in range(n)]

    def record(self, window: int) -> None:
        """Keep what `rollback` needs for the last `window` tokens from now on; 0 stops recording.

        A call with padding cannot be taken back, nor what was before it.
        Costs two more KDA states and the recurrence's inputs of up to twice the window.

        Raises:
            InputError: the window is negative.
        """
        if window < 0:
            raise InputError(f"record: window = {window}; give the number of tokens to be able to take back")
        if window != self.undo_window:
            self._forget()
        self.undo_window = window

    def rollback(self, k: int) -> None:
        """Take the last k tokens of every row back, as if they had never been fed.

        Raises:
            InputError: k is negative, or more than was recorded (see `record`).
        """
        self._refuse_busy()
        if k == 0:
            return
        target = self.columns - k
        if k < 0 or target < self.earliest:
            possible = self.columns - self.earliest
            hint = "call record(window) before feeding them"
            if self.undo_window:
                hint = f"window = {self.undo_window}; a call with padding cannot be taken back"
            raise InputError(f"rollback: k = {k}; {possible} tokens can be taken back ({hint})")
        self.lengths = tuple(length - k for length in self.lengths)
        self.columns = target
        for state in self.states:
            if isinstance(state, Recurrent):
                state.rewind(target)
            else:
                state.truncate(self.lengths)

    @property
    def earliest(self) -> int:
        """The smallest number of columns that `rollback` can return to."""
        if not any(isinstance(s, Recurrent) for s in self.states):
            return 0 if set(self.lengths) <= {self.columns} else self._floor  # padding cannot be told from tokens
        known = [s.earliest for s in self.states if isinstance(s, Recurrent)]
        if not self.undo_window or None in known:
            return self.columns
        return max(self._floor, *(p for p in known if p is not None))

    def _forget(self) -> None:
        self._floor = self.columns
        for state in self.states:
            if isinstance(state, Recurrent):
                state.forget()

    def nbytes(self) -> int:
        """Bytes of the states, windows and valid latents."""
        return sum(s.nbytes() if isinstance(s, Recurrent) else s.memory()[1] for s in self.states)

    def reserve(self, length: int, batch: int, like: torch.Tensor) -> None:
        """Allocate the latents for `length` tokens a row at once instead of by doubling."""
        width = self.config.kv_lora_rank + self.config.qk_rope_head_dim
        for state in self.states:
            if isinstance(state, Latents):
                state.reserve(like.new_empty(0, width), batch, length)

    def save(self, path: Path | str) -> None:
        """Write the state to one safetensors file, by rename.

        Raises:
            StorageError: it cannot be written.
        """
        self._refuse_busy()
        tensors: dict[str, torch.Tensor] = {}
        for i, state in enumerate(self.states):
            if isinstance(state, Latents):
                if not state.is_empty:
                    tensors[f"layers.{i}.latents"] = state.view().contiguous()
            elif state.state is not None and state.window is not None:
                tensors[f"layers.{i}.state"] = state.state.contiguous()
                tensors[f"layers.{i}.window"] = state.window.contiguous()
        about = {
            "schema_version": SCHEMA_VERSION,
            "kind": "kimi_linear_state",
            "columns": self.columns,
            "lengths": list(self.lengths),
            "config": self.config.fingerprint(),
        }
        path = Path(path)
        temporary = path.with_name(f".{path.name}.tmp")
        try:
            save_file(tensors, temporary, metadata={"tamsa": json.dumps(about)})
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        except (OSError, SafetensorError) as error:
            temporary.unlink(missing_ok=True)
            raise StorageError(f"{path}: cannot write the state ({error})") from error

    @classmethod
    def load(cls, path: Path | str, config: Architecture) -> KimiLinearCache:
        """Read a state written by `save`.

        Raises:
            InputError: it belongs to another configuration; the message names both.
            CorruptError: the file is missing, damaged or not a state.
        """
        cache = cls(config)
        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads((file.metadata() or {})["tamsa"])
                _refuse_other(about["config"], config.fingerprint(), str(path))
                lengths = tuple(int(n) for n in about["lengths"])
                for i, state in enumerate(cache.states):
                    if not any(lengths):
                        continue
                    if isinstance(state, Latents):
                        state.load(file.get_tensor(f"layers.{i}.latents"), lengths)
                    else:
                        state.state = file.get_tensor(f"layers.{i}.state")
                        state.window = file.get_tensor(f"layers.{i}.window")
                    _refuse_misshapen(state, lengths, config)
        except InputError:
            raise
        except (OSError, KeyError, ValueError, TypeError, SafetensorError) as error:
            raise CorruptError(f"{path}: not a saved state, or damaged ({error!r}); feed the tokens again") from error
        cache.columns, cache.lengths = int(about["columns"]), lengths
        cache._floor = cache.columns
        return cache

    def _refuse_busy(self) -> None:
        if self._busy:
            raise InputError("past_key_values: an earlier call failed half-way; restore() a snapshot or reset() it")

    # ------------------------------------------------------------------ transformers' protocol

    def __len__(self) -> int:
        return len(self.states)

    def __repr__(self) -> str:
        return f"KimiLinearCache(columns={self.columns}, sequences={len(self.lengths)}, bytes={self.nbytes()})"

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Return the tokens fed a row, padding included."""
        return self.columns

    def get_max_length(self, layer_idx: int | None = None) -> int:
        """Return -1: there is no maximum."""
        return -1

    def get_mask_sizes(self, query_length: int, layer_idx: int = 0) -> tuple[int, int]:
        """Return the length and offset that a mask of the next call would have."""
        return self.columns + query_length, 0

    def has_previous_state(self, layer_idx: int | None = None, state_idx: int | None = None) -> bool:
        """True after the first call."""
        return self.columns > 0

    def reset(self) -> None:
        """Forget everything."""
        for state in self.states:
            state.clear()
        self.columns, self.lengths, self._floor, self._busy = 0, (), 0, False

    def reorder_cache(self, beam_idx: torch.Tensor) -> None:
        """Reorder the rows, for beam search."""
        self.batch_select_indices(beam_idx)

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep (and repeat) the given rows."""
        self._refuse_busy()
        if not self.lengths:
            return
        if indices.dtype == torch.bool:
            indices = indices.nonzero().squeeze(1)
        for state in self.states:
            state.select(indices)
        self.lengths = tuple(self.lengths[row] for row in indices.tolist())

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Repeat every row."""
        rows = torch.arange(len(self.lengths)).repeat_interleave(repeats)
        self.batch_select_indices(rows)

    def crop(self, tokens_to_remove: int) -> None:
        """Take tokens back: negative, how many; positive, the length to keep."""
        self.rollback(-tokens_to_remove if tokens_to_remove <= 0 else max(0, self.columns - tokens_to_remove))

    def activate_past_recording(self) -> None:
        """Record enough for assisted generation to take its drafts back."""
        self.record(max(self.undo_window, 64))

    @property
    def batch_size(self) -> int:
        """Rows held; -1 before the first call."""
        return len(self.lengths) or -1

    @property
    def is_initialized(self) -> bool:
        """True after the first call."""
        return bool(self.lengths)

    @property
    def is_croppable(self) -> bool:
        """True while `rollback` is possible."""
        return self.undo_window > 0

    @property
    def is_sliding(self) -> list[bool]:
        """No layer has a sliding window."""
        return [False] * len(self.states)


def _refuse_misshapen(state: Recurrent | Latents, lengths: Lengths, config: Architecture) -> None:
    """Raise ValueError for a layer's tensors that compiled code would read beyond the end of."""
    B, H, K = len(lengths), config.linear_num_heads, config.linear_head_dim
    width = config.kv_lora_rank + config.qk_rope_head_dim
    if isinstance(state, Latents):
        fits = min(lengths) >= 0 and state.data.shape == (B, max(lengths), width)
    else:
        assert state.state is not None and state.window is not None
        fits = state.state.shape == (B, H, K, K) and state.window.shape == (B, state.window_length, 3 * H * K)
        fits = fits and state.state.dtype == state_dtype(state.window)
    if not fits:
        raise ValueError(f"a tensor's shape or type is not that of {B} sequences of {list(lengths)[:8]} tokens")


def _refuse_other(theirs: Mapping[str, Any], ours: Mapping[str, Any], where: str) -> None:
    if theirs != ours:
        names = [name for name in ours if theirs.get(name) != ours[name]]
        differences = "; ".join(f"{name} {theirs.get(name)} there, {ours[name]} here" for name in names)
        raise InputError(f"{where}: the state belongs to another configuration ({differences}); use that model's")
