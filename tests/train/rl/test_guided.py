"""Reinforcement of reading: rewards are for what the model drew, never for what rules answered in its place."""

import json
from pathlib import Path

import pytest

pytest.importorskip("transformers")

from tamsa.agent.modes import with_mode
from tamsa.config import load_config
from tamsa.corpus import open_documents
from tamsa.llm.about import read_about
from tamsa.scoring.rewards import UNANSWERED
from tamsa.store import read_jsonl
from tamsa.tools import corpus_toolset
from tamsa.train.rl.prompts import Prompt
from tamsa.train.rl.recipe import RlRecipe, RolloutSettings
from tamsa.train.rl.rollouts import Explorer
from tamsa.train.rl.trainer import RlTrainer
from tamsa.train.stages import run_stage
from tests.agent.baseline.conftest import TEXTS
from tests.agent.guided.test_policy import QUESTION, Reader
from tests.train.rl.test_trainer import world  # noqa: F401  (a fixture)


def explore(folder: Path, text: str, answer: str):
    for title, page in TEXTS.items():
        (folder / f"{title}.md").write_text(f"# {title}\n\n{page}\n")
    index = open_documents([folder])
    policy, strategy = with_mode(Reader(text))
    settings = RolloutSettings(mode=strategy, group=2)
    explorer = Explorer(policy, lambda _: corpus_toolset(index, profile=policy.profile), settings)
    return explorer.explore([Prompt("p", QUESTION, (answer,), 0)], 2)[0]


@pytest.mark.parametrize(("text", "value"), [("Answer: Velda", 1.0), ("Answer: Bregen", 0.0)])
def test_an_answer_that_was_drawn_earns_what_it_is_worth(tmp_path, text, value):
    for rollout in explore(tmp_path, text, "Velda"):
        assert rollout.reward.value == value and rollout.num_drawn == len(text)


def test_a_reply_without_an_answer_earns_nothing_though_the_rules_know_it(tmp_path):
    known = explore(tmp_path, "no answer here", "?")[0].answer
    assert known != "NOT FOUND"
    for rollout in explore(tmp_path, "no answer here", known):
        assert rollout.answer == known
        assert (rollout.reward.value, rollout.reward.outcome) == (0.0, UNANSWERED)


def test_the_floor_below_which_rules_answer_is_off_in_training_and_kept_in_the_model(world):  # noqa: F811
    about = {"schema_version": 1, "profile": {"brief": True, "mode": "guided", "reader_votes": 8}}
    (world / "model" / "tamsa.json").write_text(json.dumps(about))
    recipe = load_config(RlRecipe, world / "rl.toml", ["rollouts.mode='guided'", "steps=1"])
    trainer = RlTrainer(recipe, resume=False, on_note=lambda _: None)
    assert [model.profile.reader_votes for model in trainer._explorers._models] == [0, 0]
    trainer.run()
    assert read_about(world / "run" / "model").profile.reader_votes == 8


def test_a_step_says_where_its_time_went(world):  # noqa: F811
    run_stage("rl", world / "rl.toml", ["rollouts.mode='guided'"], on_note=lambda _: None)
    steps = [record for record in read_jsonl(world / "run" / "metrics.jsonl") if "reward" in record]
    assert len(steps) == 3
    for step in steps:
        assert 0 < step["decode_s"] <= step["explore_s"]
        assert step["explore_s"] + step["learn_s"] <= step["step_s"] + 0.002


def test_rules_are_not_cut_off_by_the_limits_of_a_run_that_the_model_leads(world):  # noqa: F811
    limits = ["rollouts.mode='guided'", "rollouts.max_calls=1", "rollouts.max_tokens=100", "steps=1"]
    run_stage("rl", world / "rl.toml", limits, on_note=lambda _: None)
    rollouts = list(read_jsonl(world / "run" / "rollouts.jsonl"))
    assert min(rollout["num_calls"] for rollout in rollouts) >= 3
    assert "no answer" not in {rollout["outcome"] for rollout in rollouts}
