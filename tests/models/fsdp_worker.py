"""One process of `test_two_processes_train_as_one`: trains a sharded tiny model and writes its losses.

python fsdp_worker.py RANK RENDEZVOUS RESULT CONFIG.json
"""

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from tamsa.models import KimiLinearConfig, KimiLinearForCausalLM

STEPS = 4
BATCH = 4


def train(model, ids, *, reduce=None):
    """Return the losses of a few steps; `reduce` averages a number over the processes."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(STEPS):
        loss = model(ids, labels=ids, skip_logits=True).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item() if reduce is None else reduce(loss.detach()).item())
    return losses


def build(fields):
    """Make the model, the same in every process."""
    torch.manual_seed(0)
    return KimiLinearForCausalLM(KimiLinearConfig(**fields)).train()


def batch(vocab):
    """Draw the batch that every step trains on."""
    return torch.randint(0, vocab, (BATCH, 24), generator=torch.Generator().manual_seed(3))


def main() -> None:
    rank, rendezvous, result, fields = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), json.loads(sys.argv[4])
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=2)
    mesh = init_device_mesh("cpu", (2,))
    model = build(fields)
    for layer in model.model.layers:
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    held = sum(p.to_local().numel() for p in model.parameters())

    def mean(x):
        dist.all_reduce(x)
        return x / 2

    half = batch(fields["vocab_size"]).chunk(2)[rank]
    losses = train(model, half, reduce=mean)
    if rank == 0:
        result.write_text(json.dumps({"losses": losses, "held": held}))
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
