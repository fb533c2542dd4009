"""vLLM behind a local model, against our engine on the same weights: `make test-vllm`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch

pytest.importorskip("vllm", reason="vLLM is not installed; run `make test-vllm`")
pytestmark = pytest.mark.vllm

from tamsa.errors import ConfigError, ModelError  # noqa: E402
from tamsa.llm import ModelSettings  # noqa: E402
from tamsa.llm.local import LocalModel  # noqa: E402
from tamsa.llm.local.vllm_engine import VllmEngine  # noqa: E402
from tamsa.types import Completion, Message  # noqa: E402
from tests.llm.local.tiny import make_network, make_tokenizer, with_heads  # noqa: E402

SMALL = {"enforce_eager": True, "max_model_len": 2048}
QUESTIONS = [f"Where does river {n} rise?" for n in range(5)]


def network_of(seed: int = 0) -> Any:
    """A Llama whose heads are wide enough for vLLM on a CPU, with ids to spare."""
    return make_network("llama", len(make_tokenizer()) + 8, seed, heads=2)


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "heads"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """An engine of vLLM, and the network that it serves."""
    folder = tmp_path_factory.mktemp("served")
    network = network_of()
    network.save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    heads = None
    if request.param:
        network, heads = with_heads(network), folder / "heads"
        network.save_pretrained(heads, dtype=torch.float32)
    engine = VllmEngine(folder, heads=heads, batch_size=8, dtype="float32", arguments=SMALL)
    yield engine, network
    engine.close()


def base_of(network: Any) -> Any:
    return getattr(network, "base", network)


def model_of(network: Any, engine: Any = None, **settings: Any) -> LocalModel:
    return LocalModel.of(network, make_tokenizer(), ModelSettings(threads=1, max_tokens=24, **settings), engine=engine)


def ask(model: LocalModel, **options: Any) -> list[Completion]:
    """Two turns of every question, side by side."""

    async def two(question: str) -> list[Completion]:
        messages = [Message("user", question)]
        first = await model.complete(messages, **options)
        messages += [Message("assistant", first.text), Message("user", "And then?")]
        return [first, await model.complete(messages, **options)]

    async def all_() -> list[Completion]:
        return [turn for turns in await asyncio.gather(*map(two, QUESTIONS)) for turn in turns]

    return asyncio.run(all_())


def test_greedy_answers_are_those_of_our_engine(served: tuple[Any, Any]) -> None:
    engine, network = served
    ours = model_of(network, greedy=True)
    for ours_, theirs in zip(ask(ours), ask(model_of(network, engine, greedy=True)), strict=True):
        assert theirs.text == ours_.text and theirs.finish_reason == ours_.finish_reason
        assert theirs.sampled.prompt_ids == ours_.sampled.prompt_ids
        assert theirs.sampled.completion_ids == ours_.sampled.completion_ids
        assert set(theirs.sampled.logprobs) == {0.0} and theirs.sampled.temperatures == ()
    ours.engine.close()


def test_what_is_drawn_depends_on_the_seed_alone(served: tuple[Any, Any]) -> None:
    engine, network = served
    drawn = [[turn.sampled.completion_ids for turn in ask(model_of(network, engine, seed=s))] for s in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


@torch.no_grad()
def test_log_probabilities_are_under_the_model_itself_where_nothing_is_cut(served: tuple[Any, Any]) -> None:
    engine, network = served
    if not engine.takes_grammar:
        pytest.skip("heads choose what is cut")
    for turn in ask(model_of(network, engine, seed=3, temperature=1.0, top_p=1.0)):
        sampled = turn.sampled
        ids = torch.tensor([[*sampled.prompt_ids, *sampled.completion_ids]])
        likely = network(ids).logits[0, len(sampled.prompt_ids) - 1 : -1].log_softmax(-1)
        expected = likely.gather(1, torch.tensor(sampled.completion_ids)[:, None])[:, 0].tolist()
        assert sampled.logprobs == pytest.approx(expected, abs=1e-4)
        assert sampled.model_logprobs == sampled.logprobs
    cut = ask(model_of(network, engine, seed=3, temperature=0.9, top_p=0.8))
    assert {turn.sampled.model_logprobs for turn in cut} == {()}


def test_replies_are_held_to_a_form_where_heads_cut_nothing_before(served: tuple[Any, Any]) -> None:
    engine, network = served
    texts = [f"the {word} rises in the northern hills to the {end}" for word in ("sea", "river") for end in "xyz"]

    def grammar(encode: Any, ends: Any) -> Any:
        paths = [(*encode(text)[0], min(ends)) for text in texts]
        return lambda drawn: sorted({path[len(drawn)] for path in paths if path[: len(drawn)] == tuple(drawn)})

    model = model_of(network, engine, seed=4, temperature=0.9, top_p=1.0)
    assert model.takes_grammar is (not hasattr(network, "base"))
    if not model.takes_grammar:
        return
    turns = ask(model, grammar=grammar)
    assert {turn.text for turn in turns} <= set(texts) and len({turn.text for turn in turns}) > 1
    for sampled in (turn.sampled for turn in turns):
        assert len(sampled.allowed) == len(sampled.completion_ids)
        for token, logprob, allowed in zip(sampled.completion_ids, sampled.logprobs, sampled.allowed, strict=True):
            assert token in allowed and (len(allowed) > 1 or logprob == pytest.approx(0.0, abs=1e-6))


def test_an_answer_that_is_given_up_disturbs_no_other(served: tuple[Any, Any]) -> None:
    engine, network = served
    model = model_of(network, engine, greedy=True)
    expected = [turn.text for turn in ask(model)]

    async def giving_up() -> list[str]:
        asked = [asyncio.create_task(model.complete([Message("user", f"No {n}?")], max_tokens=500)) for n in range(3)]
        other = asyncio.create_task(model.complete([Message("user", QUESTIONS[0])]))
        await asyncio.sleep(0.05)
        for task in asked:
            task.cancel()
        return [(await other).text]

    assert asyncio.run(giving_up()) == expected[:1]
    assert [turn.text for turn in ask(model)] == expected


def test_other_weights_are_taken_between_requests(served: tuple[Any, Any], tmp_path: Any) -> None:
    engine, network = served
    base, before = base_of(network), {k: v.clone() for k, v in base_of(network).state_dict().items()}
    base.load_state_dict(network_of(seed=9).state_dict())
    base.save_pretrained(tmp_path)
    engine.renew(tmp_path)
    ours = model_of(network, greedy=True)
    assert [t.text for t in ask(ours)] == [t.text for t in ask(model_of(network, engine, greedy=True))]
    ours.engine.close()
    if hasattr(network, "base"):

        def told() -> list[float]:
            return [T for turn in ask(model_of(network, engine, seed=5)) for T in turn.sampled.temperatures]

        first, heads = told(), network.decoding_heads.state_dict()
        engine.renew(heads={name: value + 0.1 for name, value in heads.items()})
        other = told()
        engine.renew(heads=heads)
        assert told() == pytest.approx(first, abs=1e-4)
        assert other[: len(first)] != pytest.approx(first[: len(other)], abs=1e-2)
    base.load_state_dict(before)
    base.save_pretrained(tmp_path)
    engine.renew(tmp_path)


def refused(wrong: dict[str, Any], folder: Any) -> Sequence[str]:
    with pytest.raises(ConfigError) as caught:
        VllmEngine(folder, name="tiny", dtype="float32", arguments=SMALL | wrong)
    return str(caught.value).splitlines()


def test_what_vllm_refuses_is_one_line_and_a_closed_engine_says_so(tmp_path: Any) -> None:
    assert len(refused({"no_such_argument": 1}, tmp_path)) == 1
    assert len(refused({}, tmp_path)) == 1
    network_of().save_pretrained(tmp_path)
    make_tokenizer().save_pretrained(tmp_path)
    engine = VllmEngine(tmp_path, dtype="float32", arguments=SMALL)
    engine.close()
    with pytest.raises(ModelError, match="closed"):
        ask(model_of(network_of(), engine))
    with pytest.raises(ModelError, match="closed"):
        engine.renew(tmp_path)
