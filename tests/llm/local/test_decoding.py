"""Many completions at once give what each would give alone; states kept between turns change nothing."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tamsa.errors import ContextLengthError, ModelError
from tamsa.kernels import sampling
from tamsa.llm import ModelSettings
from tamsa.llm.local import LocalModel, Request, Sampling
from tamsa.llm.local.requests import LOOP_SPAN, is_looping
from tamsa.types import Message

QUESTIONS = [
    [Message("system", "You answer."), Message("user", text)]
    for text in ("a", "Which town?" * 9, "river " * 40, "1 2 3", "탐사 探査 é", "The sea. " * 25, "x" * 100)
]


def close(a, b, bound=1e-5):
    return len(a) == len(b) and bool(np.abs(np.subtract(a, b)).max() < bound)


async def test_a_batch_gives_what_each_gives_alone(local, kind):
    alone = [await local(kind).complete(question) for question in QUESTIONS]
    model = local(kind, batch_size=3)  # so that rows wait, join and leave
    together = await asyncio.gather(
        *(model.complete(question, max_tokens=24 - 3 * n) for n, question in enumerate(QUESTIONS))
    )
    for n, (one, other) in enumerate(zip(alone, together, strict=True)):
        count = 24 - 3 * n
        assert other.sampled.completion_ids == one.sampled.completion_ids[:count]
        assert close(other.sampled.model_logprobs, one.sampled.model_logprobs[:count])
        assert set(other.sampled.logprobs) == {0.0}  # greedy: a point mass


async def test_log_probabilities_are_those_of_a_plain_forward_pass(local, kind):
    model = local(kind, greedy=False, temperature=0.7, top_p=0.8, seed=1)
    completion = await model.complete(QUESTIONS[1])
    network = model.engine._network.model
    sampled = completion.sampled
    ids = torch.tensor([[*sampled.prompt_ids, *sampled.completion_ids]])
    start = len(sampled.prompt_ids)
    with torch.no_grad():
        logits = network(ids, use_cache=False).logits[0, start - 1 : -1].float()
    drawn = torch.tensor(sampled.completion_ids)[:, None]
    assert close(logits.log_softmax(-1).gather(1, drawn)[:, 0].tolist(), sampled.model_logprobs)
    kept = sampling.kept(logits, sampling.nucleus(logits, 0.7, 0.8))
    cut = (logits / 0.7).masked_fill(~kept, float("-inf")).log_softmax(-1).gather(1, drawn)[:, 0]
    assert close(cut.tolist(), sampled.logprobs)
    assert sampled.temperatures == () and sampled.top_ps == ()


@pytest.mark.parametrize("kind", ["kimi", "llama"])
async def test_heads_choose_and_the_log_probabilities_are_under_their_choice(local, kind):
    model = local(kind, heads=True, seed=3)
    completions = await asyncio.gather(*(model.complete(question) for question in QUESTIONS))
    for completion in completions:
        s = completion.sampled
        T, P = torch.tensor(s.temperatures), torch.tensor(s.top_ps)
        assert len(T) == len(P) == len(s.completion_ids) and T.min() > 0 and T.max() < 2 and P.max() < 1
        assert T.std() > 1e-4
        network = model.engine._network.model
        ids = torch.tensor([[*s.prompt_ids, *s.completion_ids]])
        with torch.no_grad():
            logits = network(ids, use_cache=False).logits[0, len(s.prompt_ids) - 1 : -1].float()
        drawn = torch.tensor(s.completion_ids)[:, None]
        kept = sampling.kept(logits, sampling.nucleus(logits, T, P))
        expected = (logits / T[:, None]).masked_fill(~kept, float("-inf")).log_softmax(-1).gather(1, drawn)[:, 0]
        assert close(expected.tolist(), s.logprobs, 2e-5)
    greedy = local(kind, heads=True, greedy=True)
    plain = local(kind)
    one, other = await greedy.complete(QUESTIONS[0]), await plain.complete(QUESTIONS[0])
    assert one.sampled.completion_ids == other.sampled.completion_ids and one.sampled.temperatures == ()


async def converse(model, question, turns=4):
    messages, said = list(question), []
    for turn in range(turns):
        completion = await model.complete(messages, max_tokens=12)
        said.append(completion)
        messages += [Message("assistant", completion.text), Message("user", f"go on, turn {turn} " * 5)]
    return said


async def test_kept_states_give_what_reading_anew_gives(local, kind):
    model, fresh = local(kind), local(kind)
    said = await converse(model, QUESTIONS[1])
    assert model.engine.num_reused > 0
    for completion in said:
        again = await fresh.complete([Message("user", "other")], max_tokens=1)
        assert again.usage.completion_tokens == 1
        fresh.forget()
        # the same ids, read from nothing
        done = asyncio.get_running_loop().create_future()
        request = Request(
            list(completion.sampled.prompt_ids),
            12,
            Sampling(temperature=0.0),
            fresh._end_ids,
            lambda result, done=done: done.get_loop().call_soon_threadsafe(done.set_result, result),
        )
        fresh.engine.submit(request)
        outcome = await done
        assert outcome.num_reused == 0
        assert tuple(outcome.ids) == completion.sampled.completion_ids
        assert close(outcome.model_logprobs, completion.sampled.model_logprobs)


async def test_a_later_turn_reads_only_what_is_new(local, kind):
    model = local(kind)
    said = await converse(model, QUESTIONS[2])
    drawn = sum(len(completion.sampled.completion_ids) for completion in said[:-1])
    assert model.engine.num_read == len(said[-1].sampled.prompt_ids) - 1 - drawn


async def test_the_same_prompt_is_read_once(local, kind):
    model = local(kind, greedy=False, temperature=1.0, seed=5)
    many = await asyncio.gather(*(model.complete(QUESTIONS[2]) for _ in range(6)))
    assert model.engine.num_read == len(many[0].sampled.prompt_ids) - 1
    assert len({completion.sampled.completion_ids for completion in many}) > 1  # each has a stream of its own


class Watched:
    """The memory of a model, and how many rows each step had."""

    def __init__(self, model):
        self.rows, self.steps = model.engine._rows, []
        step = self.rows.step

        def watched(new, *, hidden):
            self.steps.append(len(new))
            return step(new, hidden=hidden)

        self.rows.step = watched


@pytest.mark.parametrize("kind", ["kimi", "llama", "qwen3", "lfm2"])  # the last: a memory that nothing is known of
async def test_completions_share_a_row_for_as_long_as_they_agree(local, kind):
    expected = await local(kind).complete(QUESTIONS[1])
    model = local(kind)
    await model.complete(QUESTIONS[0], max_tokens=1)
    watched = Watched(model)
    greedy = [Sampling(temperature=0.0) for _ in range(6)]
    same = await model._answers(QUESTIONS[1], greedy)
    assert {c.sampled.completion_ids for c in same} == {expected.sampled.completion_ids}
    assert all(close(c.sampled.model_logprobs, expected.sampled.model_logprobs) for c in same)
    assert set(watched.steps) == {1}
    assert [c.usage for c in same] == [expected.usage] * 6

    watched.steps.clear()
    drawn = await model.draw(QUESTIONS[2], 8)
    ids = [c.sampled.completion_ids for c in drawn]
    states = {ids_[:count] for ids_ in ids for count in range(len(ids_))}  # each is fed once, whoever said it
    assert sum(watched.steps) == len(states) < sum(map(len, ids))
    alone = local(kind)
    for number in range(8):  # each has its own stream of random numbers, shared row or not
        again = (await alone.draw(QUESTIONS[2], number + 1))[-1]
        assert again.sampled.completion_ids == ids[number]
        assert close(again.sampled.model_logprobs, drawn[number].sampled.model_logprobs)
        alone.forget()


async def test_one_that_is_cancelled_leaves_the_row_to_the_others(local, kind):
    expected = await local(kind).complete(QUESTIONS[1])
    model = local(kind)
    await model.complete(QUESTIONS[0], max_tokens=1)
    tasks = [asyncio.create_task(model.complete(QUESTIONS[1], on_text=lambda _: None)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert [c.sampled.completion_ids for c in results[1:]] == [expected.sampled.completion_ids] * 2
    assert model.engine.num_active == 0


class GivenUp(Request):
    """A request that another thread gives up just after the engine has looked at it so many times."""

    looks = 0

    @property
    def cancelled(self):
        self.looks -= 1
        return self.looks < 0

    @cancelled.setter
    def cancelled(self, value):
        pass


@pytest.mark.parametrize("looks", range(1, 9))
async def test_whenever_one_is_given_up_the_others_in_its_row_go_on(local, looks):
    model = local("kimi")
    expected = await model.complete(QUESTIONS[1], max_tokens=6)
    loop, done = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()
    arguments = (list(expected.sampled.prompt_ids), 6, Sampling(temperature=0.0), model._end_ids)
    given_up = GivenUp(*arguments, lambda result: None)
    given_up.looks = looks
    model.engine.submit(given_up, Request(*arguments, lambda out: loop.call_soon_threadsafe(done.set_result, out)))
    outcome = await asyncio.wait_for(done, 30)
    assert tuple(outcome.ids) == expected.sampled.completion_ids


async def test_completions_of_one_prompt_may_end_at_different_lengths(local, kind):
    whole = await local(kind).complete(QUESTIONS[1])
    model = local(kind)
    counts = (3, 9, 24, 9)
    several = await asyncio.gather(*(model.complete(QUESTIONS[1], max_tokens=n) for n in counts))
    for count, completion in zip(counts, several, strict=True):
        assert completion.sampled.completion_ids == whole.sampled.completion_ids[:count]
    messages = [*QUESTIONS[1], Message("assistant", several[0].text), Message("user", "go on")]
    read = model.engine.num_read
    await model.complete(messages, max_tokens=2)  # the state of the one that ended first was kept
    assert model.engine.num_read - read < 40


async def test_a_beginning_that_prompts_share_is_read_once(local, kind):
    model = local(kind)
    system = Message("system", "You answer questions about the river Tamsa. " * 10)
    texts = ["a", "bb", "ccc", "Which town?"]
    for text in texts:  # the second shows what is shared, the third profits
        await model.complete([system, Message("user", text)], max_tokens=2)
    reused = model.engine.num_reused
    common = len(model._tokenizer.encode(system.content))
    assert reused >= (len(texts) - 2) * common
    fresh = await local(kind).complete([system, Message("user", texts[-1])])
    assert (await model.complete([system, Message("user", texts[-1])])).text == fresh.text


@pytest.mark.parametrize("kind", ["kimi", "llama"])
async def test_a_seed_decides_whatever_is_decoded_beside(local, kind):
    settings = {"greedy": False, "temperature": 1.0, "top_p": 0.9, "seed": 11}
    alone = [await local(kind, **settings).complete(question) for question in QUESTIONS]
    model = local(kind, **settings)
    together = await asyncio.gather(*(model.complete(question) for question in reversed(QUESTIONS)))
    assert [c.sampled.completion_ids for c in reversed(together)] == [c.sampled.completion_ids for c in alone]
    other = await local(kind, **(settings | {"seed": 12})).complete(QUESTIONS[1])
    assert other.sampled.completion_ids != alone[1].sampled.completion_ids


async def test_streamed_text_is_the_final_text(local, kind):
    model = local(kind)
    for question in QUESTIONS:
        pieces: list[str] = []
        completion = await model.complete(question, on_text=pieces.append)
        assert "".join(pieces) == completion.text and len(pieces) > 1


async def test_a_stop_string_ends_the_completion_and_is_not_part_of_it(local, kind):
    model = local(kind)
    whole = await model.complete(QUESTIONS[1])
    text = whole.text
    for stop in (text[7:9], text[4:10], text[:1], text[-1:]):
        pieces: list[str] = []
        completion = await model.complete(QUESTIONS[1], stop=["never there", stop], on_text=pieces.append)
        assert completion.text == text[: text.index(stop)] == "".join(pieces)
        assert completion.finish_reason == "stop"
        ids = completion.sampled.completion_ids
        assert ids == whole.sampled.completion_ids[: len(ids)]


async def test_max_tokens_and_the_context_bound_a_completion(local):
    model = local("kimi", context_length=256)
    completion = await model.complete(QUESTIONS[0], max_tokens=5)
    assert completion.finish_reason == "length" and completion.usage.completion_tokens == 5
    assert completion.usage.prompt_tokens == len(completion.sampled.prompt_ids)
    with pytest.raises(ContextLengthError, match=r"has \d+ tokens.*context of 256"):
        await model.complete([Message("user", "word " * 300)])
    tight = await model.complete([Message("user", "x " * 108)], max_tokens=200)
    assert tight.usage.total_tokens <= 256


async def test_a_cancelled_completion_gives_its_place_up(local, kind):
    model = local(kind, batch_size=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await model.complete([Message("user", "a")], max_tokens=1_500)
    completion = await asyncio.wait_for(model.complete(QUESTIONS[0], max_tokens=3), 60)
    assert completion.usage.completion_tokens <= 3
    assert model.engine.num_active == 0


async def test_a_failing_step_is_a_model_error_and_the_engine_goes_on(local):
    model = local("kimi")
    before = await model.complete(QUESTIONS[0])
    rows = model.engine._rows
    step, calls = rows.step, []

    def failing(new, *, hidden):
        calls.append(len(new))
        if len(calls) == 3:
            raise RuntimeError("out of memory")
        return step(new, hidden=hidden)

    rows.step = failing
    results = await asyncio.gather(*(model.complete(q) for q in QUESTIONS[1:3]), return_exceptions=True)
    assert [type(r) for r in results] == [ModelError, ModelError]
    assert all("out of memory" in str(r) and "\n" not in str(r) for r in results)
    again = await model.complete(QUESTIONS[0])
    assert again.sampled.completion_ids == before.sampled.completion_ids


@pytest.mark.parametrize("place", ["prompt", "drawn"])
@pytest.mark.parametrize("heads", [False, True])
async def test_one_row_that_is_not_finite_fails_alone(local, kind, heads, place):
    settings = {"greedy": not heads, "temperature": 1.0, "seed": 2, "heads": heads}
    source = local(kind, **settings)
    expected = await asyncio.gather(*(source.complete(question) for question in QUESTIONS))
    read = [set(c.sampled.prompt_ids) for c in expected]
    drawn = [set(c.sampled.completion_ids[:-1]) for c in expected]

    def elsewhere(row: int) -> set[int]:
        return {t for n in range(len(QUESTIONS)) for t in expected[n].sampled.completion_ids if n != row} | {
            t for n in range(len(QUESTIONS)) for t in read[n] if n != row
        }

    own = [(drawn[n] - read[n] if place == "drawn" else read[n]) - elsewhere(n) for n in range(len(QUESTIONS))]
    broken = next(n for n in (4, 3, 2, 1, 0, 5, 6) if own[n])
    model = local(kind, **settings)
    await model.complete([Message("user", "0")], max_tokens=1)
    network = model.engine._network.model
    assert not network.config.tie_word_embeddings
    with torch.no_grad():  # a damaged weight that this conversation alone meets
        network.get_input_embeddings().weight[min(own[broken])] = float("nan")
    results = await asyncio.gather(*(model.complete(q) for q in QUESTIONS), return_exceptions=True)
    for n, (one, other) in enumerate(zip(expected, results, strict=True)):
        if n == broken:
            assert isinstance(other, ModelError) and ("not finite" in str(other) or "holds NaN" in str(other))
        else:
            assert other.sampled.completion_ids == one.sampled.completion_ids
    again = await model.complete(QUESTIONS[broken - 1], max_tokens=1)
    assert again.usage.completion_tokens == 1 and model.engine.num_active == 0


async def test_a_prompt_that_cannot_be_read_fails_alone(local):
    expected = await local("kimi").complete(QUESTIONS[1])
    model = local("kimi")
    await model.complete(QUESTIONS[0], max_tokens=1)
    rows = model.engine._rows
    read = rows.read

    def failing(row, ids):
        if len(ids) > 100:
            raise RuntimeError("out of memory")
        return read(row, ids)

    rows.read = failing
    long = [Message("user", "탐사 " * 200)]
    results = await asyncio.gather(model.complete(QUESTIONS[1]), model.complete(long), return_exceptions=True)
    assert results[0].sampled.completion_ids == expected.sampled.completion_ids
    assert isinstance(results[1], ModelError) and "could not be read (RuntimeError: out of memory)" in str(results[1])
    assert model.engine.num_active == 0


async def test_each_token_says_where_its_text_ends(local, kind):
    model = local(kind, greedy=False, temperature=1.0, seed=8)
    for question in QUESTIONS:
        completion = await model.complete(question)
        sampled, text = completion.sampled, completion.text
        assert len(sampled.text_ends) == len(sampled.completion_ids)
        assert sampled.text_ends[-1] <= len(text) and list(sampled.text_ends) == sorted(sampled.text_ends)
        for count, end in enumerate(sampled.text_ends, start=1):
            shown = model._tokenizer.decode(sampled.completion_ids[:count], skip_special_tokens=False)
            assert shown.startswith(text[:end]) and len(shown.rstrip("\ufffd")) <= end + len("<|im_end|>")


async def test_a_processor_is_left_to_others_unless_the_settings_say_how_many(local, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    for threads, expected in ((None, 5), (2, 2)):
        model = local("kimi", threads=threads)
        model.leave_a_processor()
        assert model.engine.threads == expected
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    model = local("kimi", threads=None)
    model.leave_a_processor()
    assert model.engine.threads == 1


async def test_a_closed_model_says_so(local):
    model = local("kimi")
    waiting = asyncio.create_task(model.complete(QUESTIONS[0], max_tokens=1_500))
    await asyncio.sleep(0)  # it is submitted, and not finished: the weights are not even there
    await model.aclose()
    with pytest.raises(ModelError, match="closed"):
        await waiting
    with pytest.raises(ModelError, match="closed"):
        await model.complete(QUESTIONS[0])


async def test_forget_follows_new_weights(local):
    model = local("kimi")
    said = await converse(model, QUESTIONS[1], turns=2)
    network = model.engine._network.model
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1.3)
    model.forget()
    ids = list(said[1].sampled.prompt_ids)
    messages = [*QUESTIONS[1], Message("assistant", said[0].text), Message("user", "go on, turn 0 " * 5)]
    again = await model.complete(messages, max_tokens=12)
    assert list(again.sampled.prompt_ids) == ids
    fresh = LocalModel.of(network, model._tokenizer, ModelSettings(greedy=True, threads=1))
    anew = await fresh.complete([Message("user", "x")], max_tokens=1)
    assert anew.sampled is not None
    await fresh.aclose()
    with torch.no_grad():
        logits = network(torch.tensor([[*ids, *again.sampled.completion_ids]]), use_cache=False).logits[0]
    own = logits[len(ids) - 1 : -1].float().log_softmax(-1)
    drawn = torch.tensor(again.sampled.completion_ids)[:, None]
    assert close(own.gather(1, drawn)[:, 0].tolist(), again.sampled.model_logprobs)


async def test_completion_that_only_repeats_itself_is_given_up(local):
    model = local("kimi", max_tokens=1000)
    await model.complete(QUESTIONS[0], max_tokens=1)
    with torch.no_grad():
        model.engine._network.model.lm_head.weight.zero_()  # every token is the same now
    completion = await model.complete(QUESTIONS[0])
    assert completion.finish_reason == "length"
    assert len(completion.sampled.completion_ids) == LOOP_SPAN


@given(st.lists(st.integers(0, 3), max_size=24), st.integers(1, 24), st.integers(0, 40))
def test_loops_are_told_from_texts_that_still_change(start, period, seed):
    draw = np.random.default_rng(seed)
    piece = draw.integers(0, 1000, period).tolist()
    looping = (start + piece * 2 * LOOP_SPAN)[: LOOP_SPAN + 32]
    assert is_looping(looping)
    changing = [*looping]
    changing[-LOOP_SPAN // 2] = 1001  # in the middle of what would be the loop
    assert not is_looping(changing)


async def test_a_row_held_to_a_form_draws_only_what_it_may_and_disturbs_no_other(local, kind):
    model = local(kind, greedy=False, temperature=1.3, top_p=1.0, seed=4)
    alone = await model.complete(QUESTIONS[0])
    words = ["the river", "the sea"]

    def grammar(encode, ends):
        paths = [(*encode(word)[0], *ends) for word in words]
        return lambda drawn: sorted({path[len(drawn)] for path in paths if path[: len(drawn)] == tuple(drawn)})

    other = local(kind, greedy=False, temperature=1.3, top_p=1.0, seed=4)
    free, *held = await asyncio.gather(
        other.complete(QUESTIONS[0]), *(other.complete(QUESTIONS[2], grammar=grammar) for _ in range(12))
    )
    assert free.sampled.completion_ids == alone.sampled.completion_ids
    assert {completion.text for completion in held} == set(words)
    for completion in held:  # where there is one way to go on, it is certain
        assert min(completion.sampled.logprobs) < 0.0
        assert len(completion.sampled.logprobs) == len(completion.sampled.completion_ids)
        assert completion.sampled.model_logprobs[-1] == pytest.approx(0.0, abs=1e-6)


async def test_what_is_certain_is_read_at_once_and_probabilities_are_those_among_the_allowed(local, kind):
    texts = [f"the {word} rises in the northern hills and reaches the sea at {end}" for word in "abcd" for end in "xy"]

    def grammar(encode, ends):
        paths = [(*encode(text)[0], min(ends)) for text in texts]
        return lambda drawn: sorted({path[len(drawn)] for path in paths if path[: len(drawn)] == tuple(drawn)})

    settings = {"greedy": False, "temperature": 0.8, "top_p": 0.95, "seed": 2}
    model = local(kind, **settings, batch_size=3)  # rows leave to read and come back while others wait
    others = [model.complete(question) for question in QUESTIONS[:3]]
    held = await asyncio.gather(*(model.complete(QUESTIONS[4], grammar=grammar) for _ in range(9)), *others)
    plain = await asyncio.gather(*(local(kind, **settings).complete(question) for question in QUESTIONS[:3]))
    assert [c.sampled.completion_ids for c in held[9:]] == [c.sampled.completion_ids for c in plain]
    assert len({completion.text for completion in held[:9]}) > 2
    network = model.engine._network.model
    for completion in held[:9]:
        sampled = completion.sampled
        assert completion.text in texts
        count = len(sampled.completion_ids)
        ids = torch.tensor([[*sampled.prompt_ids, *sampled.completion_ids]])
        with torch.no_grad():
            logits = network(ids, use_cache=False).logits[0, len(sampled.prompt_ids) - 1 : -1].float()
        among = torch.full_like(logits, float("-inf"))
        for row, allowed in enumerate(sampled.allowed):
            among[row, list(allowed)] = logits[row, list(allowed)]
        drawn = torch.tensor(sampled.completion_ids)[:, None]
        assert close(among.log_softmax(-1).gather(1, drawn)[:, 0].tolist(), sampled.model_logprobs)
        cut = among.div(0.8).masked_fill(~sampling.kept(among, sampling.nucleus(among, 0.8, 0.95)), float("-inf"))
        assert close(cut.log_softmax(-1).gather(1, drawn)[:, 0].tolist(), sampled.logprobs)
        assert sum(len(allowed) > 1 for allowed in sampled.allowed) <= 3 < count - 15
        assert len(sampled.logprobs) == len(sampled.allowed) == count
    assert model.engine.num_certain > 9 * 15
    assert model.engine.num_drawn < 9 * 4 + sum(len(c.sampled.completion_ids) for c in plain)
