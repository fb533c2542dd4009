"""The memory of transformers' models: ordinary key-value caches, left-padded, or one row at a time."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from tamsa.decoding import base as base_model
from tamsa.llm.local.memory import Opened, Step, common_length


class _Kept(NamedTuple):
    """Keys and values of a kept row, a pair `[1, H, L, d]` a layer."""

    ids: np.ndarray[Any, Any]
    layers: list[tuple[Tensor, Tensor]]
    nbytes: int


class AttentionRows:
    """Rows of a model with an ordinary key-value cache; any prefix of a kept row can be continued."""

    def __init__(self, model: Any, max_bytes: int) -> None:
        self._model, self._max_bytes = model, max_bytes
        self._device = model.get_input_embeddings().weight.device
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._next, self._held = 0, 0
        self._cache: Any = _cache_of(())
        self._lengths: list[int] = []

    def open(self, ids: Sequence[int]) -> Opened:
        """See `Rows`."""
        wanted = np.asarray(ids[:-1], dtype=np.int32)
        best, found = -1, 0
        for name, entry in self._kept.items():
            common = common_length(entry.ids, wanted)
            if common > found:
                best, found = name, common
        if best < 0:
            return Opened(_cache_of(()), 0)
        self._kept.move_to_end(best)
        return Opened(_cache_of([(k[:, :, :found], v[:, :, :found]) for k, v in self._kept[best].layers]), found)

    def read(self, row: Any, ids: Sequence[int]) -> Any:
        """See `Rows`."""
        start = row.get_seq_length()
        self._model(
            input_ids=torch.tensor([ids], device=self._device),
            position_ids=torch.arange(start, start + len(ids), device=self._device)[None],
            past_key_values=row,
            use_cache=True,
            logits_to_keep=1,
        )
        return row

    def keep(self, ids: Sequence[int], row: Any) -> None:
        """See `Rows`."""
        layers = [(layer.keys, layer.values) for layer in row.layers]
        size = sum(k.nbytes + v.nbytes for k, v in layers)
        array = np.asarray(ids, dtype=np.int32)
        if not layers or size > self._max_bytes:
            return
        for name, entry in list(self._kept.items()):  # what the new row begins with is of no further use
            if len(entry.ids) <= len(array) and (entry.ids == array[: len(entry.ids)]).all():
                self._held -= self._kept.pop(name).nbytes
        self._kept[self._next] = _Kept(array, layers, size)
        self._next += 1
        self._held += size
        while self._held > self._max_bytes:
            self._held -= self._kept.popitem(last=False)[1].nbytes

    def join(self, row: Any) -> None:
        """See `Rows`."""
        length = row.get_seq_length()
        width = max([length, *self._lengths])
        new = [(_padded(layer.keys, width), _padded(layer.values, width)) for layer in row.layers]
        if self._lengths:
            old = [(_padded(layer.keys, width), _padded(layer.values, width)) for layer in self._cache.layers]
            new = [(torch.cat([a, c]), torch.cat([b, d])) for (a, b), (c, d) in zip(old, new, strict=True)]
        self._cache = _cache_of(new)
        self._lengths.append(length)

    def copy(self, index: int) -> Any:
        """See `Rows`."""
        length = self._lengths[index]
        parts = [(layer.keys, layer.values) for layer in self._cache.layers]
        return _cache_of(
            [(k[index : index + 1, :, k.shape[2] - length :].clone(),
              v[index : index + 1, :, v.shape[2] - length :].clone()) for k, v in parts]
        )  # fmt: skip

    def leave(self, index: int) -> None:
        """See `Rows`."""
        last = len(self._lengths) - 1
        self._lengths[index] = self._lengths[last]
        self._lengths.pop()
        if not self._lengths:
            self._cache = _cache_of(())
            return
        order = list(range(last))
        if index < last:
            order[index] = last
        chosen = torch.tensor(order, device=self._device)
        width = max(self._lengths)
        self._cache = _cache_of(
            [(layer.keys[chosen, :, layer.keys.shape[2] - width :], layer.values[chosen, :, -width:])
             for layer in self._cache.layers]
        )  # fmt: skip

    def step(self, new: Sequence[Sequence[int]], *, hidden: bool) -> Step:
        """See `Rows`."""
        self._read_ahead(new)
        lengths = torch.tensor(self._lengths, device=self._device)
        width = max(self._lengths)
        arguments: dict[str, Any] = {}
        if min(self._lengths) != width:
            columns = torch.arange(width + 1, device=self._device)
            arguments["attention_mask"] = (columns >= width - lengths[:, None]).long()
        with base_model.capturing() as states:
            outputs = self._model(
                input_ids=torch.tensor([tokens[-1:] for tokens in new], device=self._device),
                position_ids=lengths[:, None],
                past_key_values=self._cache,
                use_cache=True,
                **arguments,
            )
        self._lengths = [length + 1 for length in self._lengths]
        return Step(outputs.logits[:, -1], states[-1][:, -1] if hidden else None)

    def _read_ahead(self, new: Sequence[Sequence[int]]) -> None:
        """Feed each row all of its new tokens but the last, one row at a time: padding inside a row would shift the
        windows of sliding attention."""
        if all(len(tokens) == 1 for tokens in new):
            return
        rows = [self.copy(index) for index in range(len(new))]
        self._cache, self._lengths = _cache_of(()), []
        for row, tokens in zip(rows, new, strict=True):
            self.join(self.read(row, tokens[:-1]) if len(tokens) > 1 else row)

    def forget(self) -> None:
        """See `Rows`."""
        self._kept.clear()
        self._held = 0
        self._cache, self._lengths = _cache_of(()), []


def _cache_of(layers: Sequence[tuple[Tensor, Tensor]]) -> Any:
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    cache: Any = DynamicCache()
    new_layer: Any = DynamicLayer
    for keys, values in layers:
        layer = new_layer()
        layer.lazy_initialization(keys, values)
        layer.keys, layer.values = keys, values
        cache.layers.append(layer)
    return cache


def _padded(x: Tensor, width: int) -> Tensor:
    """Pad `[B, H, L, d]` on the left to `width` positions."""
    missing = width - x.shape[2]
    return x if not missing else torch.nn.functional.pad(x, (0, 0, missing, 0))


class SingleRows:
    """Rows of a model whose memory is not known here: each is fed on its own, and nothing is kept between turns."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._device = model.get_input_embeddings().weight.device
        self._batch: list[dict[str, Any]] = []

    def open(self, ids: Sequence[int]) -> Opened:
        """See `Rows`."""
        return Opened({}, 0)

    def read(self, row: dict[str, Any], ids: Sequence[int]) -> dict[str, Any]:
        """See `Rows`."""
        outputs = self._model(
            input_ids=torch.tensor([ids], device=self._device), past_key_values=row.get("cache"), use_cache=True
        )
        row["cache"] = outputs.get("past_key_values", outputs.get("cache_params"))
        row["logits"] = outputs.logits[:, -1]
        return row

    def keep(self, ids: Sequence[int], row: dict[str, Any]) -> None:
        """See `Rows`."""

    def join(self, row: dict[str, Any]) -> None:
        """See `Rows`."""
        self._batch.append(row)

    def copy(self, index: int) -> dict[str, Any]:
        """See `Rows`."""
        return copy.deepcopy(self._batch[index])

    def leave(self, index: int) -> None:
        """See `Rows`."""
        last = self._batch.pop()
        if index < len(self._batch):
            self._batch[index] = last

    def step(self, new: Sequence[Sequence[int]], *, hidden: bool) -> Step:
        """See `Rows`."""
        states = []
        for row, tokens in zip(self._batch, new, strict=True):
            with base_model.capturing() as captured:
                self.read(row, tokens)
            states.append(captured[-1][:, -1])
        return Step(torch.cat([row["logits"] for row in self._batch]), torch.cat(states) if hidden else None)

    def forget(self) -> None:
        """See `Rows`."""
        self._batch.clear()
