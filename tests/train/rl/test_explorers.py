"""Rollouts in this process and on the workers of a Ray cluster: the same runs from the same weights and step."""

import gc
import os
import signal
import sys
import warnings

import pytest

pytest.importorskip("transformers")

import torch

from tamsa.cluster import connected
from tamsa.config import load_config
from tamsa.errors import ConfigError, InputError
from tamsa.store import read_jsonl
from tamsa.train.optimisers import Optimisers
from tamsa.train.rl.explorers import LocalExplorers
from tamsa.train.rl.policy import Policy
from tamsa.train.rl.prompts import read_prompts
from tamsa.train.rl.ray_explorers import RayExplorers, _Worker
from tamsa.train.rl.recipe import RlRecipe
from tamsa.train.stages import run_stage
from tests.train.rl.test_trainer import steps_of, world  # noqa: F401  (a fixture)

ON_RAY = ["workers.ray=local", "workers.count=2"]


def recipe_of(world, *overrides):  # noqa: F811
    return load_config(RlRecipe, world / "rl.toml", list(overrides))


def drawn_by(explorers, recipe, step):
    prompts = read_prompts(recipe.environments)[:5]
    groups = explorers.explore(prompts, 3, step)
    assert [group[0].prompt for group in groups] == prompts and all(len(group) == 3 for group in groups)
    return [sorted(group, key=lambda run: [d.ids for d in run.drawn]) for group in groups]


def assert_same(some, others):
    """The same runs; log-probabilities up to rounding, since what is decoded together differs."""
    for group, other in zip(some, others, strict=True):
        for run, twin in zip(group, other, strict=True):
            assert (run.prompt, run.reward, run.answer, run.visited) == (
                twin.prompt,
                twin.reward,
                twin.answer,
                twin.visited,
            )
            for drawn, same in zip(run.drawn, twin.drawn, strict=True):
                assert (drawn.ids, drawn.positions) == (same.ids, same.positions)
                assert drawn.logprobs == pytest.approx(same.logprobs, abs=1e-4)


def test_what_is_drawn_depends_on_the_weights_and_the_step_alone(world):  # noqa: F811
    recipe = recipe_of(world)
    policy = Policy(recipe, torch.device("cpu"))
    explorers = LocalExplorers(recipe, policy)
    first, second = drawn_by(explorers, recipe, 7), drawn_by(explorers, recipe, 8)
    assert_same(first, drawn_by(explorers, recipe, 7))
    assert [run.drawn for group in first for run in group] != [run.drawn for group in second for run in group]
    explorers.close()


def test_a_resumed_run_draws_what_one_in_one_go_draws(world):  # noqa: F811
    def lines():
        return sorted(read_jsonl(world / "run" / "rollouts.jsonl"), key=lambda r: (r["step"], r["prompt"], r["answer"]))

    run_stage("rl", world / "rl.toml", ["steps=3"], on_note=lambda _: None)
    whole = lines()
    (world / "run").rename(world / "whole")
    for steps, resume in ((1, False), (3, True)):
        run_stage("rl", world / "rl.toml", [f"steps={steps}"], resume=resume, on_note=lambda _: None)
    assert lines() == whole


@pytest.mark.parametrize("adapters", [[], ["lora.rank=4"]])
def test_a_worker_computes_in_what_the_learner_computes_in(world, adapters):  # noqa: F811
    recipe = recipe_of(world, "precision=bfloat16", *adapters)
    policy = Policy(recipe, torch.device("cpu"))
    Optimisers(policy.learning, recipe.optimiser, torch.bfloat16)
    worker = _Worker(recipe)
    worker.open(1, policy.weights())
    made, explorers = worker._made
    explorers.close()
    ours, theirs = (dict(p.model.named_parameters()) for p in (policy, made))
    assert {name: p.dtype for name, p in ours.items()} == {name: p.dtype for name, p in theirs.items()}
    assert all(torch.equal(p, theirs[name]) for name, p in ours.items())
    assert torch.bfloat16 in {p.dtype for p in ours.values()}


@pytest.fixture(scope="class")
def cluster():
    """A cluster that the runs of a class join: to start one takes seconds."""
    pytest.importorskip("ray")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with connected("local", 2) as ray:
            yield ray
        gc.collect()


@pytest.mark.filterwarnings("ignore")  # Ray's own, of files and processes that it leaves open
@pytest.mark.usefixtures("cluster")
class TestRay:
    @pytest.fixture(autouse=True)
    def tidy(self):
        yield
        gc.collect()  # what Ray leaves open is found now and in no other test

    def test_workers_draw_what_this_process_draws_and_go_on_after_one_has_died(self, world):  # noqa: F811
        here, there = recipe_of(world), recipe_of(world, *ON_RAY)
        policy = Policy(here, torch.device("cpu"))
        local = LocalExplorers(here, policy)
        ray = RayExplorers(there, policy)
        try:
            held_out = read_prompts(here.held_out)
            for step in range(2):
                assert_same(drawn_by(local, here, step), drawn_by(ray, there, step))
                assert ray.decode_s > 0
                assert_same([local.measure(held_out)], [ray.measure(held_out)])
                with torch.no_grad():
                    for param in policy.model.parameters():
                        param.mul_(0.97)
                ray.renew()
            pid = ray._ray.get(ray._workers[0].__ray_call__.remote(lambda _: os.getpid()))
            os.kill(pid, signal.SIGKILL)
            assert_same(drawn_by(local, here, 9), drawn_by(ray, there, 9))
        finally:
            ray.close()
            local.close()

    def test_a_run_on_workers_writes_what_a_run_here_writes(self, world):  # noqa: F811
        run_stage("rl", world / "rl.toml", ["steps=2", "workers.ray=local"], on_note=lambda _: None)
        assert steps_of(world, "reward") == [1, 2]
        assert steps_of(world, "held_out") == [0, 2]
        assert len(list(read_jsonl(world / "run" / "rollouts.jsonl"))) == 2 * 2 * 2
        assert (world / "run" / "model" / "model.safetensors").is_file()

    def test_what_is_wrong_at_a_worker_is_one_line_before_anything_is_written(self, world):  # noqa: F811
        missing = f"environments=[{{docs=['{world}/gone'], prompts='{world}/prompts.jsonl'}}]"
        for overrides, kind, named in (
            (["workers.ray=local", missing], InputError, "gone"),
            ([*ON_RAY, "workers.gpus=1"], ConfigError, "0 GPUs"),
        ):
            with pytest.raises(kind, match=named) as caught:
                run_stage("rl", world / "rl.toml", overrides, on_note=lambda _: None)
            assert "\n" not in str(caught.value)
            assert not (world / "run").exists()


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        (["workers.count=2"], "need a cluster"),
        (["workers.count=0"], "workers.count = 0"),
        (["workers.engine=vllm", "learn=heads", "objective.heads=cross_entropy"], "engine = local"),
        (["workers.engine=other"], "engine"),
    ],
)
def test_workers_that_cannot_be_are_refused(world, overrides, named):  # noqa: F811
    with pytest.raises(ConfigError, match=named):
        run_stage("rl", world / "rl.toml", overrides, on_note=lambda _: None)


def test_without_vllm_its_absence_is_one_line(world, monkeypatch):  # noqa: F811
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(ConfigError, match="vLLM is not installed") as caught:
        run_stage("rl", world / "rl.toml", ["workers.engine=vllm"], on_note=lambda _: None)
    assert "\n" not in str(caught.value)
    assert not (world / "run").exists()


def test_a_wrong_address_is_one_line_before_anything_is_written(world):  # noqa: F811
    pytest.importorskip("ray")
    with pytest.raises(ConfigError, match="HOST:PORT"):
        run_stage("rl", world / "rl.toml", ["workers.ray=somewhere"], on_note=lambda _: None)
    assert not (world / "run").exists()
