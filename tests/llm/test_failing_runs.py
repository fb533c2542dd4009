"""Whole runs against an endpoint that fails in every way a fifth of the time."""

import asyncio
import random

import pytest

from tamsa.agent import research
from tamsa.errors import ModelError
from tamsa.llm import ModelSettings, open_model
from tamsa.store import RunFolder, read_jsonl
from tamsa.tools import corpus_toolset
from tests.library import make_library

TURNS = (
    '<think>Look.</think><tool_call>{"name": "search", "arguments": {"queries": ["king Ostrand"]}}</tool_call>',
    '<tool_call>{"name": "visit", "arguments": {"ids": ["ostrand.md"]}}</tool_call>',
    "<answer>Ostrand<finding>It is Ostrand.</finding></answer>",
)


def misbehave(endpoint, replies, seed):
    """Serve the turns, but one request in five badly; return the number of failures of each kind so far."""
    random_ = random.Random(seed)
    half = replies.sse({"choices": [{"delta": {"content": "<think>I beg"}}]}, done=False)
    ways = {
        "500": replies.status(500, {"error": "broken"}),
        "429": replies.status(429, {"error": "slow down"}, {"Retry-After": "0"}),
        "silence": replies.silent(),
        "cut stream": replies.raw(half),
        "dropped": replies.reset(),
        "broken JSON": replies.raw(b'data: {"choices": [{"delta"\n\n'),
        "web page": replies.status(200, "<html>login</html>", kind="text/html"),
        "hung stream": replies.raw(half, hang=True),
    }
    seen = dict.fromkeys(ways, 0)

    async def reply(writer):
        if random_.random() < 0.2:
            way = random_.choice(list(ways))
            seen[way] += 1
            return await ways[way](writer)
        said = sum(m["role"] == "assistant" for m in endpoint.requests[-1].body["messages"])
        return await replies.text(TURNS[min(said, 2)])(writer)

    endpoint.replies = [reply]
    return seen


async def run_all(endpoint, replies, tmp_path, count):
    seen = misbehave(endpoint, replies, seed=count)
    # silence must be told from a machine that is busy: the endpoint answers out of this very process
    settings = ModelSettings(
        base_url=endpoint.url + "/v1", timeout_s=4.0, backoff_s=0.001, max_retries=1, concurrency=32
    )
    library, broken = make_library(), 0

    async def one(number):
        nonlocal broken
        folder = RunFolder.create(tmp_path / str(number), {"question": "Who is the king?"})
        for _ in range(20):
            model = open_model("openai:m", settings)
            try:
                report = await research("Who is the king?", model=model, tools=corpus_toolset(library), folder=folder)
                return report, folder
            except ModelError:
                broken += 1
                folder.close()
                folder = RunFolder.resume(tmp_path / str(number))
            finally:
                await model.aclose()
        raise AssertionError("20 resumptions did not end the run")

    gate = asyncio.Semaphore(16)

    async def gated(number):
        async with gate:
            return await one(number)

    for report, folder in await asyncio.gather(*(gated(number) for number in range(count))):
        assert (report.answer, report.status) == ("Ostrand", "answered")
        kinds = [record["kind"] for record in read_jsonl(folder.path / "steps.jsonl")]
        assert kinds.count("observation") == 2, "a finished call was made again"
        folder.close()
    return seen, broken


async def test_every_run_ends_with_a_report_or_a_resumable_state(endpoint, replies, tmp_path):
    await run_all(endpoint, replies, tmp_path, 12)


@pytest.mark.soak
async def test_five_hundred_runs_end_with_a_report_or_a_resumable_state(endpoint, replies, tmp_path):
    seen, broken = await run_all(endpoint, replies, tmp_path, 500)
    assert all(seen.values()), f"a way to fail did not occur: {seen}"
    assert broken, "no run broke off, so nothing was resumed"
    print(f"\n500 runs, {sum(seen.values())} failed requests: {seen}; {broken} resumptions")
