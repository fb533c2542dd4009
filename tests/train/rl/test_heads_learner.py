"""AutoDeco heads learn from runs: exactly as the runs were drawn, by reward and from the right ones."""

import asyncio
from collections import Counter

import pytest
import torch

pytest.importorskip("transformers")

from tamsa.config import load_config
from tamsa.decoding import AutoDecoConfig, AutoDecoForCausalLM
from tamsa.errors import ConfigError
from tamsa.llm import ModelSettings
from tamsa.llm.local import LocalModel
from tamsa.scoring.rewards import Reward
from tamsa.store import read_jsonl
from tamsa.train.heads.policy import predict
from tamsa.train.optimisers import Optimisers, OptimiserSettings
from tamsa.train.rl.heads_learner import HeadsLearner
from tamsa.train.rl.lessons import Lesson, right_ones, rows_of
from tamsa.train.rl.prompts import Prompt
from tamsa.train.rl.recipe import ObjectiveSettings, RlRecipe, RolloutSettings
from tamsa.train.rl.rollouts import Rollout, join
from tamsa.train.stages import run_stage
from tamsa.types import Message
from tests.llm.local.tiny import make_network, make_tokenizer, with_heads
from tests.train.rl.test_trainer import world  # noqa: F401  (a fixture)

PROMPT = Prompt("p", "Which word?", ("sea",), 0)
TEXTS = [f"the {word} rises in the {end}" for word in ("sea", "river", "hill", "town") for end in "xyz"]


def grammar(encode, ends):
    paths = [(*encode(text)[0], min(ends)) for text in TEXTS]
    return lambda drawn: sorted({path[len(drawn)] for path in paths if path[: len(drawn)] == tuple(drawn)})


def draw(model, count):
    async def complete():
        asked = [Message("user", PROMPT.question)]
        return await asyncio.gather(*(model.complete(asked, grammar=grammar) for _ in range(count)))

    return asyncio.run(complete())


def group_of(completions, right):
    rewards = [Reward(float(c.text == right), "right" if c.text == right else "wrong") for c in completions]
    pairs = zip(completions, rewards, strict=True)
    return [Rollout(PROMPT, join([c.sampled]), reward, c.text, 0, ()) for c, reward in pairs]


def opened(served, tokenizer, seed):
    settings = ModelSettings(temperature=1.0, top_p=1.0, seed=seed, max_tokens=40, threads=1)
    return LocalModel.of(served, tokenizer, settings)


@pytest.mark.parametrize("kind", ["kimi", "llama"])
def test_heads_predict_for_a_run_what_it_was_drawn_with(kind):
    tokenizer = make_tokenizer()
    served = with_heads(make_network(kind, len(tokenizer)))
    model = opened(served, tokenizer, 3)
    group = group_of(draw(model, 8), TEXTS[0])
    model.engine.close()
    optimisers = Optimisers(served.freeze_base().decoding_heads, OptimiserSettings(name="adamw"))
    learner = HeadsLearner(served, optimisers, ObjectiveSettings(), RolloutSettings(heads=True), 4_096)
    lessons = [Lesson(drawn, 1.0) for rollout in group for drawn in rollout.drawn]
    [row] = rows_of(lessons, RolloutSettings(), 4_096, served.device, is_shared=kind == "kimi")
    [part] = learner._choices(row)
    T, P = predict(served.decoding_heads, part.hidden, part.logits)
    assert len(T) == len(row.T) and row.T.std() > 0.05
    torch.testing.assert_close(T, row.T, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(P, row.P, rtol=1e-3, atol=1e-3)
    assert (part.logits > -9e3).sum(1).tolist() == [len(allowed) for allowed in row.allowed]


@pytest.mark.parametrize("by", ["reward", "cross_entropy"])
def test_heads_become_sure_where_the_likeliest_is_right(by):
    tokenizer = make_tokenizer()
    network = make_network("kimi", len(tokenizer))
    torch.manual_seed(0)
    served = AutoDecoForCausalLM.from_base(network, AutoDecoConfig(head_size=16)).freeze_base().eval()
    optimisers = Optimisers(served.decoding_heads, OptimiserSettings(name="adamw", lr=1e-2, weight_decay=0.0))
    settings = RolloutSettings(heads=by == "reward")
    learner = HeadsLearner(served, optimisers, ObjectiveSettings(heads=by), settings, 4_096)
    before = {name: p.clone() for name, p in network.named_parameters()}
    right = Counter(c.text for c in draw(opened(network, tokenizer, 9), 64)).most_common(1)[0][0]
    shares = []
    for step in range(20):
        model = opened(served if by == "reward" else network, tokenizer, step)
        learned = learner.learn([group_of(draw(model, 32), right)])
        model.engine.close()
        assert learned is None or learned.num_tokens > 0
        judge = opened(served, tokenizer, 100 + step) if step in (0, 19) else None
        if judge is not None:
            shares.append(sum(c.text == right for c in draw(judge, 64)) / 64)
            judge.engine.close()
    assert shares[-1] > max(2 * shares[0], 0.7) if by == "reward" else shares[-1] > shares[0]
    assert all(torch.equal(p, before[name]) for name, p in network.named_parameters())


def test_right_runs_weigh_alike_whatever_their_group():
    tokenizer = make_tokenizer()
    model = opened(make_network("kimi", len(tokenizer)), tokenizer, 1)
    completions = draw(model, 4)
    model.engine.close()
    texts = [completion.text for completion in completions]
    found = right_ones([group_of(completions, texts[0])], 4_096)
    assert [lesson.advantage for lesson in found] == [1.0] * texts.count(texts[0])


@pytest.mark.parametrize("by", ["reward", "cross_entropy"])
def test_a_run_moves_the_heads_alone_and_goes_on(world, by):  # noqa: F811
    drawing = "true" if by == "reward" else "false"
    wanted = ["learn='heads'", "rollouts.mode='guided'", f"objective.heads='{by}'", f"rollouts.heads={drawing}"]
    run_stage("rl", world / "rl.toml", [*wanted, "steps=1"], on_note=lambda _: None)
    notes = []
    run_stage("rl", world / "rl.toml", [*wanted, "steps=2"], resume=True, on_note=notes.append)
    assert notes[0] == "resumed at step 1"
    steps = [record for record in read_jsonl(world / "run" / "metrics.jsonl") if "reward" in record]
    assert [record["step"] for record in steps] == [1, 2]
    model = LocalModel(world / "run" / "model")
    draw(model, 1)
    assert model.engine._network.heads is not None
    model.engine.close()


def test_heads_that_learn_by_reward_must_draw(world):  # noqa: F811
    with pytest.raises(ConfigError, match=r"rollouts\.heads"):
        load_config(RlRecipe, world / "rl.toml", ["learn='heads'"]).check()
