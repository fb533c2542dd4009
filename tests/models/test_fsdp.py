"""One process of FSDP2 computes what the plain model does."""

import pytest
import torch
import torch.distributed as dist


@pytest.mark.filterwarnings("ignore")
def test_fully_shard_changes_no_gradient(model_of, tokens, tmp_path):
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    model, sharded = model_of("moe").train(), model_of("moe").train()
    ids = tokens(2, 12)
    model(ids, labels=ids).loss.backward()
    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'rendezvous'}", rank=0, world_size=1)
    try:
        mesh = init_device_mesh("cpu", (1,))
        for layer in sharded.model.layers:
            fully_shard(layer, mesh=mesh)
        fully_shard(sharded, mesh=mesh)
        sharded(ids, labels=ids).loss.backward()
        for (name, p), (_, q) in zip(model.named_parameters(), sharded.named_parameters(), strict=True):
            assert torch.allclose(p.grad, q.grad.full_tensor(), atol=1e-6), name
        sharded.eval()
        with torch.no_grad():
            assert torch.allclose(sharded(ids).logits, model.eval()(ids).logits, atol=1e-5)
    finally:
        dist.destroy_process_group()
