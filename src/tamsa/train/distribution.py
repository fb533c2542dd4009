"""Several processes of one run: FSDP2 shards the weights, every process reads its share of each step's batches.

Start them with `torchrun --nproc-per-node N -m tamsa train …` or `accelerate launch`. Every process packs the whole
step and keeps every N-th batch, so that the data, its order and the loss are those of one process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.distributed as dist
from accelerate import PartialState
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard


@dataclass(frozen=True, slots=True)
class Group:
    """The processes of a run."""

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @classmethod
    def join(cls) -> Group:
        """Join the processes that the environment names (torchrun, accelerate); alone where it names none."""
        gpu = torch.cuda.is_available()
        if int(os.environ.get("WORLD_SIZE", "1")) <= 1:
            return cls(device=torch.device("cuda" if gpu else "cpu"))
        state: Any = PartialState(cpu=not gpu)
        return cls(int(state.process_index), int(state.num_processes), torch.device(state.device))

    @property
    def is_first(self) -> bool:
        """Whether this process writes the run's files."""
        return self.rank == 0

    @contextmanager
    def first_goes_first(self) -> Iterator[None]:
        """Let the first process do something, then the others (who find its files)."""
        if self.size > 1 and not self.is_first:
            dist.barrier()
        yield
        if self.size > 1 and self.is_first:
            dist.barrier()

    def agree(self, value: float) -> float:
        """Return the first process's value."""
        return self._reduce(value if self.is_first else 0.0)

    def total(self, value: float) -> float:
        """Return the sum over the processes."""
        return self._reduce(value)

    def _reduce(self, value: float) -> float:
        if self.size == 1:
            return value
        tensor = torch.tensor(value, dtype=torch.float64, device=self.device)
        dist.all_reduce(tensor)
        return float(tensor)

    def leave(self) -> None:
        """Close the connections between the processes."""
        if self.size > 1 and dist.is_initialized():
            dist.destroy_process_group()


def shard(objective: nn.Module, layers: list[nn.Module], group: Group, dtype: torch.dtype) -> None:
    """Split every weight over the processes; a layer's are gathered when it computes.

    Args:
        objective: the outermost module.
        layers: modules gathered one at a time.
        group: the processes.
        dtype: of the computation; weights, and gradients as they are summed, stay fp32.
    """
    mesh = init_device_mesh(group.device.type, (group.size,))
    policy = MixedPrecisionPolicy(param_dtype=None if dtype == torch.float32 else dtype, reduce_dtype=torch.float32)
    for module in (*layers, objective):
        fully_shard(module, mesh=mesh, mp_policy=policy)


def repeated_layers(model: Any) -> list[nn.Module]:
    """Find the layers of a transformers model: the modules whose classes it names as never to be split."""
    names = set(getattr(model, "_no_split_modules", None) or ())
    return [module for module in model.modules() if type(module).__name__ in names]
