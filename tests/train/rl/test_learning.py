"""From rollouts to weights: exact bookkeeping, and a bandit whose optimum is known."""

import asyncio
import random
from dataclasses import replace

import pytest
import torch

pytest.importorskip("transformers")

from tamsa.llm import ModelSettings
from tamsa.llm.about import About
from tamsa.llm.local import LocalModel
from tamsa.scoring.rewards import UNANSWERED, Reward
from tamsa.tools import corpus_toolset
from tamsa.train.optimisers import Optimisers, OptimiserSettings
from tamsa.train.rl.learner import Learner
from tamsa.train.rl.lessons import Lesson, lessons_of
from tamsa.train.rl.objective import surrogate
from tamsa.train.rl.prompts import Prompt
from tamsa.train.rl.recipe import ObjectiveSettings, RolloutSettings
from tamsa.train.rl.rollouts import Drawn, Explorer, Rollout, join
from tamsa.types import Message, Profile, Sampled
from tests.library import make_library
from tests.llm.local.tiny import make_network, make_tokenizer, with_heads

PROMPT = Prompt("p", "Who is the king of Ostrand?", ("Carl IV",), 0)


def rollout(reward, drawn=(Drawn((1, 2, 3), (2,), (-1.0,), (), ()),), outcome="wrong"):
    return Rollout(PROMPT, drawn, Reward(reward, "right" if reward else outcome), "", 0, ())


def learner_of(model, micro_tokens=4_096, lr=1e-3, **rollouts):
    settings = OptimiserSettings(name="adamw", lr=lr, weight_decay=0.0)
    return Learner(model, Optimisers(model, settings), ObjectiveSettings(), RolloutSettings(**rollouts), micro_tokens)


def test_turns_are_joined_token_for_token():
    turns = [
        Sampled((1, 2), (3, 4), (-0.1, -0.2)),
        Sampled((1, 2, 3, 4, 5), (6,), (-0.3,)),
        Sampled((9,), (7,), (-0.4,)),
    ]
    first, second = join(turns)
    assert first == Drawn((1, 2, 3, 4, 5, 6), (2, 3, 5), (-0.1, -0.2, -0.3), (), ())
    assert second == Drawn((9, 7), (1,), (-0.4,), (), ())


def test_equal_rewards_teach_nothing_and_cut_off_runs_are_left_out():
    settings = ObjectiveSettings()
    assert lessons_of([[rollout(1.0), rollout(1.0)]], settings, 100) == ([], 0)
    lessons, left_out = lessons_of([[rollout(1.0), rollout(0.0, outcome=UNANSWERED), rollout(0.0)]], settings, 100)
    assert [lesson.advantage for lesson in lessons] == [1.0, -0.5]
    assert left_out == 1
    assert lessons_of([[rollout(1.0), rollout(0.0)]], settings, 2) == ([], 2)


def drawn_of(random_, ids):
    at = tuple(sorted(random_.sample(range(len(ids) // 2, len(ids)), 7)))
    return Drawn(tuple(ids), at, tuple(random_.uniform(-6, -5) for _ in at), (), ())


def make_groups(seed):
    """Make groups of runs of different prompts with mixed rewards, one of them of one turn more than the others."""
    random_ = random.Random(seed)

    def draw(count):
        return [random_.randrange(10, 300) for _ in range(count)]

    groups = []
    for shared in (150, 40, 90):
        prompt = draw(shared)
        runs = [[*prompt, *draw(random_.randint(8, 60))] for _ in range(5)]
        runs.append([*runs[0], *draw(70)])
        groups.append([rollout(float(n % 3 == 0), (drawn_of(random_, ids),)) for n, ids in enumerate(runs)])
    return groups


@pytest.mark.parametrize("kind", ["kimi", "llama"])
def test_a_step_on_all_runs_together_equals_one_on_each_alone(kind):
    """Log-probabilities and gradients, where prompts are read once (Kimi Linear) and where rows are packed (Llama)."""
    found = []
    for apart in (False, True):
        model = make_network(kind, 300)
        learner = learner_of(model, temperature=0.8)
        lessons, _ = lessons_of(make_groups(1), ObjectiveSettings(), 10_000)
        random.Random(0).shuffle(lessons)
        rows = [
            row for part in ([[lesson] for lesson in lessons] if apart else [lessons]) for row in learner.rows(part)
        ]
        assert len(rows) == (len(lessons) if apart else 1)
        logprobs = torch.cat([learner.logprobs(row) for row in rows])
        drawn, advantages = torch.cat([row.logprobs for row in rows]), torch.cat([row.advantages for row in rows])
        surrogate(logprobs, drawn, advantages, 0.9, 1e9)[0].sum().backward()
        logprobs = logprobs[drawn.argsort()]  # rows have an order of their own
        found.append((logprobs.detach(), torch.cat([p.grad.flatten() for p in model.parameters()])))
    torch.testing.assert_close(found[0][0], found[1][0], rtol=1e-5, atol=1e-5)
    assert (found[0][1] - found[1][1]).norm() <= 1e-5 * found[1][1].norm()


@pytest.mark.parametrize("kind", ["kimi", "llama"])
def test_the_size_of_rows_changes_no_step_and_sharing_reads_less(kind):
    steps = []
    for micro_tokens in (300, 10_000):
        model = make_network(kind, 300)
        learned = learner_of(model, micro_tokens=micro_tokens, temperature=0.8).learn(make_groups(2))
        steps.append((learned, [p.detach().clone() for p in model.parameters()]))
    (few, few_weights), (all_, weights) = steps
    assert few.grad_norm == pytest.approx(all_.grad_norm, rel=1e-4)
    for a, b in zip(few_weights, weights, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)
    groups = make_groups(2)
    lessons, _ = lessons_of(groups, ObjectiveSettings(), 10_000)
    whole = sum(len(lesson.drawn.ids) for lesson in lessons)
    assert all_.num_read < whole / 2 if kind == "kimi" else all_.num_read == whole


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("kind", ["kimi", "llama"])
def test_a_step_on_a_gpu_is_the_step_on_a_cpu(kind):
    steps = []
    for device in ("cpu", "cuda"):
        model = make_network(kind, 300).to(device)
        learned = learner_of(model, temperature=0.8).learn(make_groups(2))
        steps.append((learned, torch.cat([p.detach().cpu().flatten() for p in model.parameters()])))
    (cpu, weights), (gpu, moved) = steps
    assert (gpu.num_lessons, gpu.num_tokens, gpu.num_read) == (cpu.num_lessons, cpu.num_tokens, cpu.num_read)
    assert gpu.grad_norm == pytest.approx(cpu.grad_norm, rel=0.02)
    assert gpu.entropy == pytest.approx(cpu.entropy, rel=0.01)
    torch.testing.assert_close(moved, weights, rtol=1e-2, atol=3e-3)


@pytest.mark.parametrize("heads", [False, True])
def test_the_learner_reads_the_very_distribution_that_the_engine_drew_from(heads):
    tokenizer = make_tokenizer()
    network = make_network("kimi", len(tokenizer))
    served = with_heads(network) if heads else network
    settings = ModelSettings(temperature=0.9, top_p=0.8, seed=5, max_tokens=24, threads=1)
    model = LocalModel.of(served, tokenizer, settings, about=About(profile=Profile(brief=True)))
    rollouts = RolloutSettings(temperature=0.9, top_p=0.8, max_completion_tokens=24, max_calls=3)
    explorer = Explorer(model, lambda _: corpus_toolset(make_library(), page_chars=400), rollouts)
    group = explorer.explore([PROMPT], 4)[0]
    model.engine.close()
    learner = learner_of(network, temperature=0.9, top_p=0.8)
    assert all(run.num_drawn for run in group)
    assert bool(group[0].drawn[0].temperatures) is heads
    [row] = learner.rows([Lesson(drawn, 1.0) for run in group for drawn in run.drawn])
    now, then = learner.logprobs(row), row.logprobs
    torch.testing.assert_close(now.detach(), then, rtol=1e-3, atol=1e-3)
    learned = learner.learn([[rollout(float(n == 0), run.drawn) for n, run in enumerate(group)]])
    assert learned.ratio_error < 1e-3
    assert learned.clipped == 0.0


@pytest.mark.parametrize("heads", [False, True])
def test_runs_held_to_a_form_are_learned_from_as_they_were_drawn(heads):
    """What had no alternative is none of the drawn tokens; the others have the probabilities among those allowed."""
    tokenizer = make_tokenizer()
    network = make_network("kimi", len(tokenizer))
    settings = ModelSettings(temperature=0.9, top_p=0.9, seed=5, max_tokens=60, threads=1)
    model = LocalModel.of(with_heads(network) if heads else network, tokenizer, settings)
    texts = [f"the {word} rises in the northern hills to the {end}" for word in ("sea", "river") for end in "xyz"]

    def grammar(encode, ends):
        paths = [(*encode(text)[0], min(ends)) for text in texts]
        return lambda drawn: sorted({path[len(drawn)] for path in paths if path[: len(drawn)] == tuple(drawn)})

    async def complete():
        asked = [Message("user", PROMPT.question)]
        return await asyncio.gather(*(model.complete(asked, grammar=grammar) for _ in range(8)))

    stretches = [join([completion.sampled])[0] for completion in asyncio.run(complete())]
    model.engine.close()
    assert all(1 <= len(drawn.positions) <= 5 < len(drawn.ids) for drawn in stretches)
    assert all(len(drawn.logprobs) == len(drawn.allowed) == len(drawn.positions) for drawn in stretches)
    assert all(len(drawn.temperatures) == len(drawn.positions) * heads for drawn in stretches)
    learner = learner_of(network, temperature=0.9, top_p=0.9)
    [row] = learner.rows([Lesson(drawn, 1.0) for drawn in stretches])
    now, then = learner.logprobs(row), row.logprobs
    torch.testing.assert_close(now.detach(), then, rtol=1e-3, atol=1e-3)
    free = replace(row, allowed=((),) * len(row.allowed))
    assert (learner.logprobs(free) - then).abs().max() > 0.1


def test_a_bandit_is_solved():
    """Three arms that pay with probability .2, .8 and .5: the policy must come to pull the second."""
    torch.manual_seed(0)
    random_ = random.Random(0)
    model = make_network("kimi", 64)
    pay = {10: 0.2, 11: 0.8, 12: 0.5}
    question = (1, 5, 7)
    learner = learner_of(model, lr=3e-3)

    def policy():
        with torch.no_grad():
            return model(torch.tensor([question])).logits[0, -1].log_softmax(-1)

    for _ in range(80):
        logprobs = policy()
        arms = torch.multinomial(logprobs.exp(), 16, replacement=True).tolist()
        group = []
        for arm in arms:
            pulled = Drawn((*question, arm), (3,), (logprobs[arm].item(),), (), ())
            group.append(rollout(float(random_.random() < pay.get(arm, 0.0)), (pulled,)))
        learner.learn([group])
    assert policy().exp()[11] > 0.9
