"""A local model in the agent's loop: many runs at once, and what each read and drew is on record exactly."""

from __future__ import annotations

import asyncio
import itertools
import json

from tamsa.agent import Budget, research
from tamsa.llm.local import LocalModel
from tamsa.store import RunFolder
from tamsa.tools import corpus_toolset
from tamsa.tools.fencing import neutralise
from tests.library import make_library
from tests.llm.local.tiny import make_network, make_tokenizer


async def test_runs_side_by_side_keep_exact_ids(local, tmp_path):
    model = local("kimi", greedy=False, temperature=1.0, seed=4, context_length=32_768)
    library = make_library()

    async def run(number: int) -> list[dict[str, list[float]]]:
        folder = RunFolder.create(tmp_path / str(number), {"question": "Who?"})
        report = await research(
            f"Who ruled Velm Ford, question {number % 3}?",
            model=model,
            tools=corpus_toolset(library),
            budget=Budget(max_calls=4, max_completion_tokens=16),
            folder=folder,
            date="2026-11-25",
            keep_sampled=True,
        )
        folder.close()
        assert report.num_steps >= 2
        records = [json.loads(line) for line in (folder.path / "steps.jsonl").read_text().splitlines()]
        return [record["sampled"] for record in records if record["kind"] == "completion"]

    for turns in await asyncio.gather(*(run(number) for number in range(9))):
        assert len(turns) >= 2
        for before, after in itertools.pairwise(turns):
            known = before["prompt_ids"] + before["completion_ids"]
            assert after["prompt_ids"][: len(known)] == known
        for turn in turns:
            assert len(turn["completion_ids"]) == len(turn["logprobs"]) == len(turn["model_logprobs"])
            assert max(turn["logprobs"]) <= 0
    assert model.engine.num_reused > model.engine.num_read


async def test_no_token_that_the_tokenizer_takes_for_control_comes_from_a_document():
    tokenizer = make_tokenizer()
    tokenizer.add_tokens(["<odd:role>", "[turn]"], special_tokens=True)
    model = LocalModel.of(make_network("llama", len(tokenizer)), tokenizer)
    control = set(tokenizer.added_tokens_decoder)
    text = "a <odd:role> b [turn] c <|im_end|> d <think> e <|pad|> f"
    assert len(control & set(tokenizer.encode(text))) == 5
    assert not control & set(tokenizer.encode(neutralise(text, model.control_tokens)))
    await model.aclose()
