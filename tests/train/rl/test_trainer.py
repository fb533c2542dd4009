"""Whole runs of the stage: what is written, and that a run goes on where it stood."""

import json
import shutil

import pytest

pytest.importorskip("transformers")

import torch

from tamsa.config import load_config
from tamsa.errors import ConfigError, InputError
from tamsa.scoring.rewards import Reward
from tamsa.store import read_jsonl
from tamsa.train.building import load_model
from tamsa.train.rl.prompts import read_prompts
from tamsa.train.rl.recipe import Environment, RlRecipe
from tamsa.train.rl.trainer import RlTrainer
from tamsa.train.stages import run_stage
from tests.llm.local.tiny import make_network, make_tokenizer


@pytest.fixture
def world(tmp_path):
    """A model folder, a corpus and prompts that a random model answers now and then: never."""
    tokenizer = make_tokenizer()
    make_network("kimi", len(tokenizer)).save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    about = {"schema_version": 1, "profile": {"brief": True}}  # with what is usual its context would be full
    (tmp_path / "model" / "tamsa.json").write_text(json.dumps(about))
    pages = [{"id": f"p{n}", "title": f"Page {n}", "text": f"Page {n} speaks of river {n}."} for n in range(6)]
    (tmp_path / "pages.jsonl").write_text("".join(json.dumps(page) + "\n" for page in pages))
    prompts = [{"id": n, "question": f"Which page speaks of river {n}?", "answers": [f"Page {n}"]} for n in range(6)]
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps(prompt) + "\n" for prompt in prompts))
    (tmp_path / "rl.toml").write_text(
        f'''
out = "{tmp_path}/run"
init = "{tmp_path}/model"
steps = 3
threads = 1
[[environments]]
docs = ["{tmp_path}/pages.jsonl"]
prompts = "{tmp_path}/prompts.jsonl"
[[held_out]]
docs = ["{tmp_path}/pages.jsonl"]
prompts = "{tmp_path}/prompts.jsonl"
limit = 2
[rollouts]
group = 2
prompts = 2
max_calls = 2
max_completion_tokens = 12
[pool]
active = 4
min_tries = 2
[track]
save_every = 1
evaluate_every = 2
'''
    )
    return tmp_path


def steps_of(folder, name):
    return [record["step"] for record in read_jsonl(folder / "run" / "metrics.jsonl") if name in record]


def some_right(explorers):
    """Let the first run of every group be right: a random model earns nothing by itself."""
    explore = explorers.explore

    def rewarded(*arguments):
        groups = explore(*arguments)
        for group in groups:
            for number, rollout in enumerate(group):
                object.__setattr__(rollout, "reward", Reward(float(number == 0), "right" if number == 0 else "wrong"))
        return groups

    explorers.explore = rewarded


def test_a_run_writes_its_model_curve_and_rollouts(world):
    run_stage("rl", world / "rl.toml", on_note=lambda _: None)
    assert steps_of(world, "reward") == [1, 2, 3]
    assert steps_of(world, "held_out") == [0, 2, 3]
    rollouts = list(read_jsonl(world / "run" / "rollouts.jsonl"))
    assert len(rollouts) == 3 * 2 * 2
    assert all(rollout["num_drawn"] for rollout in rollouts)
    assert {"prompt", "answer", "reward", "outcome"} <= set(rollouts[0])
    assert (world / "run" / "reward.png").stat().st_size > 1_000
    assert (world / "run" / "model" / "model.safetensors").is_file()
    assert json.loads((world / "run" / "model" / "training.json").read_text())["stage"] == "rl"


def test_a_run_goes_on_where_it_stood(world):
    run_stage("rl", world / "rl.toml", ["steps=1"], on_note=lambda _: None)
    notes = []
    run_stage("rl", world / "rl.toml", ["steps=2"], resume=True, on_note=notes.append)
    assert notes[0] == "resumed at step 1"
    assert steps_of(world, "reward") == [1, 2]
    with pytest.raises(InputError, match="holds a run already"):
        run_stage("rl", world / "rl.toml")
    with pytest.raises(InputError, match="seed"):
        run_stage("rl", world / "rl.toml", ["seed=4"], resume=True)


@pytest.mark.parametrize(
    ("line", "named"),
    [('{"question": "x"}', "answers"), ('{"answers": ["x"]}', "question"), ("", "no prompts")],
)
def test_a_wrong_prompt_is_named_before_anything_is_written(world, line, named):
    (world / "prompts.jsonl").write_text(line + "\n")
    with pytest.raises(InputError, match=named):
        run_stage("rl", world / "rl.toml")
    assert not (world / "run").exists()


@pytest.mark.parametrize(
    ("record", "named"),
    [
        ({"id": "a"}, "id = a"),
        ({"id": "b", "question": "river " * 5_000}, "record 2: the question has"),
    ],
)
def test_a_prompt_that_cannot_be_asked_or_told_apart_is_named(world, record, named):
    first = {"id": "a", "question": "Which?", "answers": ["x"]}
    (world / "prompts.jsonl").write_text(json.dumps(first) + "\n" + json.dumps({**first, **record}) + "\n")
    with pytest.raises(InputError, match=named):
        run_stage("rl", world / "rl.toml")
    assert not (world / "run").exists()


def test_prompts_without_ids_are_told_apart_by_their_lines(tmp_path):
    records = [{"id": None, "question": f"Which of {n}?", "answers": ["x"]} for n in range(3)]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    assert [prompt.id for prompt in read_prompts((Environment((), tmp_path / "p.jsonl"),))] == ["0/1", "0/2", "0/3"]


def test_damaged_prompts_are_named(tmp_path):
    (tmp_path / "p.parquet").write_bytes(b"PAR1, cut short")
    with pytest.raises(InputError, match=r"p\.parquet: not a readable parquet file"):
        read_prompts((Environment((), tmp_path / "p.parquet"),))


@pytest.mark.parametrize(
    "wrong", ["rollouts.mode=heavy", "minutes=0.0", "device=nothing", "threads=0", "objective.clip_high=nan"]
)
def test_a_wrong_value_is_named_before_anything_is_written(world, wrong):
    with pytest.raises(ConfigError, match=wrong.partition("=")[0].rpartition(".")[2]):
        run_stage("rl", world / "rl.toml", [wrong])
    assert not (world / "run").exists()


def test_runs_of_steps_that_were_lost_are_dropped(world):
    run_stage("rl", world / "rl.toml", ["steps=2", "track.save_every=0"], on_note=lambda _: None)
    shutil.rmtree(world / "run" / "checkpoints")
    run_stage("rl", world / "rl.toml", ["steps=1"], resume=True, on_note=lambda _: None)
    assert [rollout["step"] for rollout in read_jsonl(world / "run" / "rollouts.jsonl")] == [1] * 4


def test_a_model_with_dropout_learns_as_it_drew(world):
    config = world / "model" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "attention_dropout": 0.3}))
    trainer = RlTrainer(load_config(RlRecipe, world / "rl.toml", ["steps=1"]), resume=False, on_note=lambda _: None)
    some_right(trainer._explorers)
    trainer.run()
    (error,) = [record["ratio_error"] for record in trainer.metrics.records if "ratio_error" in record]
    assert error < 1e-4


def test_bf16_computes_in_bf16_and_moves_fp32_masters(world):
    recipe = load_config(RlRecipe, world / "rl.toml", ["precision='bfloat16'"])
    trainer = RlTrainer(recipe, resume=False, on_note=lambda _: None)
    trainer._explorers.close()
    dtypes = {name: p.dtype for name, p in trainer.policy.model.named_parameters()}
    assert dtypes["model.layers.0.mlp.gate_proj.weight"] == torch.bfloat16
    assert dtypes["model.norm.weight"] == torch.float32
    assert {weight.dtype for weight in trainer.optimisers.weights().values()} == {torch.float32}
    trainer.metrics.close()
    trainer.rollouts.close()


def test_adapters_learn_from_what_they_drew_and_the_weights_stay(world):
    recipe = load_config(RlRecipe, world / "rl.toml", ["lora.rank=4", "optimiser.lr=0.02", "rollouts.group=3"])
    trainer = RlTrainer(recipe, resume=False, on_note=lambda _: None)
    before = {name: p.detach().clone() for name, p in trainer.policy.learning.named_parameters()}
    some_right(trainer._explorers)
    trainer.run()
    steps = [record for record in read_jsonl(world / "run" / "metrics.jsonl") if "num_tokens" in record]
    assert len(steps) == 3 and max(step["ratio_error"] for step in steps) < 1e-3
    for name, param in trainer.policy.learning.named_parameters():
        assert ("lora_" in name) is not torch.equal(param, before[name]), name
    assert (world / "run" / "model" / "adapter" / "adapter_config.json").is_file()
    merged = load_model(world / "run" / "model", trainer.policy.tokenizer)
    ids = torch.arange(10, 40)[None]
    torch.testing.assert_close(merged(ids).logits, trainer.policy.model.eval()(ids).logits, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("wrong", [["lora.dropout=0.1"], ["lora.rank=4", "learn=heads", "rollouts.heads=true"]])
def test_adapters_that_cannot_be_are_refused(world, wrong):
    with pytest.raises(ConfigError, match="lora"):
        run_stage("rl", world / "rl.toml", wrong)
