"""Cached states of the frozen backbone: one pass over the data, then epochs over the heads without it.

A cache is a folder of safetensors shards and a `cache.json` that says what they came from. A shard appears whole or
not at all, so a killed build goes on where it stopped.

Legend of shapes: n positions of a shard, D width of the model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from tamsa.decoding.base import identify
from tamsa.decoding.rollout import Rollouts
from tamsa.errors import CorruptError, InputError
from tamsa.store import make_folder, read_json, write_atomic, write_json
from tamsa.train.heads.examples import Example
from tamsa.types import SCHEMA_VERSION


class StateCache:
    """States `[n, D]` and the tokens that follow them, shard by shard."""

    def __init__(self, folder: Path, num_shards: int, num_positions: int) -> None:
        self.folder, self.num_shards, self.num_positions = folder, num_shards, num_positions

    def shard(self, index: int) -> tuple[Tensor, Tensor]:
        """Return states `[n, D]` and labels `[n]` of one shard.

        Raises:
            CorruptError: the file is damaged.
        """
        path = _shard_path(self.folder, index)
        try:
            tensors = load_file(path)
        except (SafetensorError, OSError) as error:
            raise CorruptError(f"{path}: damaged ({error}); delete {self.folder} and start anew") from error
        return tensors["hidden"], tensors["labels"]

    def batches(self, size: int, seed: int, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield one epoch of shuffled batches of `size` positions; the same seed and epoch give the same ones.

        Shards are shuffled, and positions within a shard; the last batch of a shard may be smaller.
        """
        g = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        for index in torch.randperm(self.num_shards, generator=g).tolist():
            hidden, labels = self.shard(index)
            order = torch.randperm(labels.shape[0], generator=g)
            for rows in order.split(size):
                yield hidden[rows], labels[rows]

    def num_batches(self, size: int) -> int:
        """Return the batches of one epoch."""
        counts = read_json(self.folder / "cache.json")["positions"]
        return sum(-(-count // size) for count in counts)


def _shard_path(folder: Path, index: int) -> Path:
    return folder / f"states-{index:05d}.safetensors"


def _write_shard(folder: Path, index: int, hidden: Tensor, labels: Tensor) -> None:
    tensors = {"hidden": hidden.detach().cpu().contiguous(), "labels": labels.cpu().contiguous()}
    write_atomic(_shard_path(folder, index), save(tensors))


def _digest(model: Any, examples: Sequence[Example], shard_positions: int) -> str:
    found = hashlib.sha256(f"{identify(model)} {shard_positions}".encode())
    for example in examples:
        found.update(repr((example.ids, example.learned)).encode())
    return found.hexdigest()[:16]


def _groups(examples: Sequence[Example], shard_positions: int) -> list[tuple[list[Example], int]]:
    """Split examples into shards of about that many learned positions."""
    groups: list[tuple[list[Example], int]] = []
    current: list[Example] = []
    count = 0
    for example in examples:
        current.append(example)
        count += sum(example.learned[1:])
        if count >= shard_positions:
            groups.append((current, count))
            current, count = [], 0
    if current:
        groups.append((current, count))
    return groups


def build_cache(
    folder: Path, model: Any, examples: Sequence[Example], shard_positions: int, batch_tokens: int = 8192
) -> StateCache:
    """Run the backbone once over the examples and keep what the heads are trained from.

    A finished cache of the same examples and model is used as it is, an unfinished one finished.

    Args:
        folder: of the cache.
        model: an AutoDeco model; its base is frozen.
        examples: what to read.
        shard_positions: positions of one shard.
        batch_tokens: tokens, padding included, of one pass through the backbone.

    Raises:
        InputError: the folder holds a cache of something else.
        StorageError: it cannot be written.
    """
    make_folder(folder)
    digest = _digest(model, examples, shard_positions)
    groups = _groups(examples, shard_positions)
    counts = [count for _, count in groups]
    if (folder / "cache.json").exists():
        found = read_json(folder / "cache.json").get("digest")
        if found != digest:
            raise InputError(
                f"{folder}: holds states of other data or of another model ({found}, now {digest}); choose another out"
            )
    else:
        write_json(folder / "cache.json", {"schema_version": SCHEMA_VERSION, "digest": digest, "positions": counts})
    for index, (group, _) in enumerate(groups):
        if not _shard_path(folder, index).exists():
            hidden, labels = _states(model, group, batch_tokens)
            _write_shard(folder, index, hidden, labels)
    return StateCache(folder, len(groups), sum(counts))


def example_states(
    model: Any, examples: Sequence[Example], batch_tokens: int = 8192
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield states and labels of the learned positions, example by example in batches of similar length.

    Args:
        model: an AutoDeco model.
        examples: what to read; the order of what is yielded is that of their lengths.
        batch_tokens: tokens, padding included, of one pass.
    """
    device = model.get_output_embeddings().weight.device
    order = sorted(range(len(examples)), key=lambda i: len(examples[i].ids))
    while order:
        longest = len(examples[order[-1]].ids)
        size = max(1, batch_tokens // longest)
        batch = [examples[i] for i in order[-size:]]
        del order[-size:]
        ids = torch.zeros(len(batch), longest, dtype=torch.long)
        mask, learned = torch.zeros_like(ids), torch.zeros_like(ids, dtype=torch.bool)
        for row, example in enumerate(batch):  # padded behind, where causal attention does not look
            n = len(example.ids)
            ids[row, :n], mask[row, :n] = torch.tensor(example.ids), 1
            learned[row, :n] = torch.tensor(example.learned)
        hidden = model.hidden_states(ids.to(device), mask.to(device))
        kept = learned[:, 1:]
        yield hidden[:, :-1][kept.to(device)].cpu(), ids[:, 1:][kept]


def _states(model: Any, examples: Sequence[Example], batch_tokens: int) -> tuple[Tensor, Tensor]:
    parts = list(example_states(model, examples, batch_tokens))
    return torch.cat([h for h, _ in parts]), torch.cat([y for _, y in parts])


def flat(rollouts: Rollouts) -> tuple[Tensor, Tensor]:
    """Return states `[N, D]` and drawn tokens `[N]` of every position of some rollouts.

    Raises:
        InputError: the rollouts were drawn without `keep_hidden`.
    """
    if rollouts.hidden is None:
        raise InputError("rollouts: drawn without keep_hidden=True, expected their states")
    return rollouts.hidden[rollouts.mask], rollouts.tokens[rollouts.mask]
