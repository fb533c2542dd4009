"""A training run of heads on disk: weights and optimizer at a step, and a journal of what was measured.

A run that is killed goes on from its last checkpoint and comes to the same heads, bit for bit, since what a step does
depends on the seed and its number alone.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch import nn

from tamsa.decoding import DecodingHeads
from tamsa.errors import CorruptError
from tamsa.store import Journal, make_folder, read_json, write_atomic, write_json
from tamsa.train.heads.recipe import Optimizer


def step_seed(seed: int, step: int, salt: int = 0) -> int:
    """Return the seed of a step's random numbers."""
    return (seed * 1_000_003 + step * 7_919 + salt * 104_729) % (2**63 - 1)


class HeadsTrainer:
    """Step the heads, write checkpoints, resume."""

    def __init__(self, folder: Path, heads: DecodingHeads, config: Optimizer) -> None:
        self.folder, self.heads, self.config = make_folder(folder), heads, config
        self.optimizer = torch.optim.AdamW(heads.parameters(), lr=config.learning_rate, weight_decay=0.0)
        self.step = 0
        """Steps done."""
        self._journal: Journal | None = None

    def __enter__(self) -> HeadsTrainer:
        """Open the journal and go back to the last checkpoint, if there is one."""
        path = self.folder / "checkpoint.pt"
        if path.exists():
            try:
                state = torch.load(path, weights_only=True, map_location="cpu")
                self.heads.load_state_dict(state["heads"])
                self.optimizer.load_state_dict(state["optimizer"])
                self.step = int(state["step"])
            except (RuntimeError, KeyError, ValueError, EOFError) as error:
                reason = str(error).splitlines()[0]
                raise CorruptError(f"{path}: damaged ({reason}); delete {self.folder} and start anew") from error
        self._journal = Journal(self.folder / "metrics.jsonl")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def metrics(self) -> list[dict[str, Any]]:
        """Return the journal's last record of each step, in order."""
        assert self._journal is not None
        by_step = {record["step"]: record for record in self._journal.records}
        return [by_step[step] for step in sorted(by_step)]

    def update(self, loss: torch.Tensor) -> float:
        """Take one optimizer step; returns the norm of the gradient before clipping."""
        self.optimizer.zero_grad()
        loss.backward()
        norm = float(nn.utils.clip_grad_norm_(self.heads.parameters(), self.config.clip_norm))
        warm = min(1.0, (self.step + 1) / max(1, self.config.warmup_steps))
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * warm
        self.optimizer.step()
        self.step += 1
        return norm

    def log(self, record: Mapping[str, Any]) -> None:
        """Append one record of the present step to the journal."""
        assert self._journal is not None
        whole = {"step": self.step, **record}
        self._journal.append(whole)
        self._journal.records.append(whole)

    def save(self) -> None:
        """Write a checkpoint, whole or not at all."""
        buffer = io.BytesIO()
        torch.save(
            {"heads": self.heads.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step}, buffer
        )
        write_atomic(self.folder / "checkpoint.pt", buffer.getvalue())


def claim(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the run's manifest, or check that the folder belongs to the same run.

    Raises:
        CorruptError: it holds another run.
    """
    make_folder(folder)
    path = folder / "run.json"
    if path.exists():
        found = read_json(path)
        different = sorted(key for key in manifest if found.get(key) != manifest[key])
        if different:
            key = different[0]
            raise CorruptError(
                f"{folder}: holds a run with {key} = {found.get(key)!r}, now {manifest[key]!r}; choose another out"
            )
        return
    write_json(path, dict(manifest))
