"""Rollouts by vLLM: what is learned from is what vLLM drew, with the weights of the step before: `make test-vllm`."""

import pytest
import torch

pytest.importorskip("vllm", reason="vLLM is not installed; run `make test-vllm`")
pytestmark = pytest.mark.vllm

from tamsa.config import load_config  # noqa: E402
from tamsa.llm.local.folder import HEADS  # noqa: E402
from tamsa.store import read_jsonl  # noqa: E402
from tamsa.train.rl.recipe import RlRecipe  # noqa: E402
from tamsa.train.rl.trainer import RlTrainer  # noqa: E402
from tests.llm.local.test_vllm_engine import network_of  # noqa: E402
from tests.llm.local.tiny import with_heads  # noqa: E402
from tests.train.rl.test_trainer import some_right, world  # noqa: E402, F401  (world is a fixture)

VLLM = ["workers.engine=vllm", "workers.vllm.enforce_eager=true", "workers.vllm.max_model_len=2048"]


def write_llama(folder, *, heads):
    network = network_of()
    network.save_pretrained(folder)
    if heads:
        with_heads(network).save_pretrained(folder / HEADS, dtype=torch.float32)


@pytest.mark.parametrize(
    ("learn", "heads", "mode"),
    [
        ("weights", False, "react"),
        ("weights", False, "guided"),
        ("weights", True, "react"),
        ("heads", True, "react"),
        ("lora", False, "react"),
    ],
)
def test_every_step_learns_from_what_was_drawn_with_the_weights_before_it(world, learn, heads, mode):  # noqa: F811
    """The ratio of the learner's probabilities to vLLM's is 1: of weights that move far at every step."""
    write_llama(world / "model", heads=heads)
    moved = ["lora.rank=4"] if learn == "lora" else [f"learn={learn}"]
    changes = [*moved, f"rollouts.heads={str(heads).lower()}", f"rollouts.mode={mode}", "optimiser.lr=0.01"]
    recipe = load_config(RlRecipe, world / "rl.toml", [*VLLM, *changes, "rollouts.temperature=0.9", "rollouts.group=3"])
    trainer = RlTrainer(recipe, resume=False, on_note=lambda _: None)
    before = {name: p.detach().clone() for name, p in trainer.policy.learning.named_parameters()}
    some_right(trainer._explorers)
    trainer.run()
    steps = [record for record in read_jsonl(world / "run" / "metrics.jsonl") if "reward" in record]
    assert len(steps) == 3 and all(step["num_tokens"] > 10 for step in steps)
    assert max((p - before[name]).abs().max().item() for name, p in trainer.policy.learning.named_parameters()) > 0.01
    if learn != "heads":  # with heads two of 408 tokens tell T and P and cannot be drawn, 0.4% of an untrained model
        assert max(step["ratio_error"] for step in steps) < (8e-3 if heads else 2e-3)


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_workers_of_a_cluster_decode_with_vllm(world):  # noqa: F811
    pytest.importorskip("ray")
    write_llama(world / "model", heads=False)
    changes = ["workers.ray=local", "workers.count=2", "optimiser.lr=0.01", "rollouts.group=3"]
    trainer = RlTrainer(
        load_config(RlRecipe, world / "rl.toml", [*VLLM, *changes]), resume=False, on_note=lambda _: None
    )
    some_right(trainer._explorers)
    trainer.run()
    steps = [record for record in read_jsonl(world / "run" / "metrics.jsonl") if "reward" in record]
    assert len(steps) == 3 and max(step["ratio_error"] for step in steps) < 2e-3
