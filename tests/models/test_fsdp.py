"""FSDP2, in one process and in two, computes what the plain model does."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist


def load_worker():
    """Import the script that the processes run."""
    path = Path(__file__).with_name("fsdp_worker.py")
    spec = importlib.util.spec_from_file_location("fsdp_worker", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


@pytest.mark.parametrize("kind", ["dense", "moe"])
def test_two_processes_train_as_one(kind, config_of, tmp_path):
    config = config_of(kind)
    known = ("vocab_size", "hidden_size", "num_hidden_layers", "intermediate_size", "num_attention_heads")
    known += ("linear_num_heads", "linear_head_dim", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim")
    known += ("v_head_dim", "initializer_range", "num_local_experts", "num_experts_per_tok", "moe_intermediate_size")
    fields = {name: getattr(config, name) for name in known}
    worker = load_worker()
    ids = worker.batch(config.vocab_size)
    model = worker.build(fields)
    wanted = worker.train(model, ids)
    commands = [
        [
            sys.executable,
            worker.__file__,
            str(rank),
            str(tmp_path / "meet"),
            str(tmp_path / "result"),
            json.dumps(fields),
        ]
        for rank in range(2)
    ]
    processes = [subprocess.Popen(c, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for c in commands]
    outputs = [p.communicate(timeout=300)[0] for p in processes]
    assert [p.returncode for p in processes] == [0, 0], outputs
    result = json.loads((tmp_path / "result").read_text())
    assert result["held"] < 0.6 * model.num_params()
    assert wanted[-1] < wanted[0]
    assert result["losses"] == pytest.approx(wanted, abs=1e-4)
