"""The wall clock of `heavy` with four agents against one agent, at an endpoint that answers in parallel.

A real HTTP server on loopback takes a fixed time for every completion, however many are asked for at once; the models
speak to it through the ordinary client. One agent makes a number of calls and answers. Of four agents either all answer
differently, so that a synthesis follows (the worst case), or all agree, so that the last is stopped.

Usage: python benchmarks/heavy_wall_clock.py [--turns 10] [--delay 2.0] [--repeats 3] [--out DIR]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tamsa.agent import research
from tamsa.agent.heavy import research_heavy
from tamsa.agent.react import render_call
from tamsa.llm import ModelSettings, open_model
from tamsa.store import RunFolder, write_json
from tamsa.tools import FunctionTool, Toolset
from tamsa.types import Document, Model, Report

QUESTION = "When was the bridge opened?"
PAGE = "The bridge was opened in 1911. "
NUM_AGENTS = 4


def look(number: int) -> str:
    """Look.

    Args:
        number: which page.
    """
    return f"Page {number}. {PAGE * 40}"


def make_tools() -> Toolset:
    document = Document("bridge", "Bridge", PAGE)
    return Toolset([FunctionTool(look)], get_document=lambda key: document if key == "bridge" else None)


class Endpoint:
    """Answers every completion after `delay_s`; each agent in its turn gets the next of `answers`."""

    def __init__(self, turns: int, delay_s: float) -> None:
        self.turns, self.delay_s = turns, delay_s
        self.answers: Iterator[str] = iter(())
        self.served = 0

    def say(self, messages: list[dict[str, str]]) -> str:
        """Look once a turn, then answer; settle the reports where they are shown."""
        turn = sum(message["role"] == "assistant" for message in messages)
        if "reports of several researchers" in messages[0]["content"]:
            return self.answer("1911")
        if turn < self.turns - 1:
            return render_call("look", {"number": turn})
        return self.answer(next(self.answers))

    @staticmethod
    def answer(year: str) -> str:
        """Write an answer with a quote."""
        quote = '<quote doc="bridge">The bridge was opened in 1911.</quote>'
        return f"<answer>{year}<finding>opened{quote}</finding></answer>"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.partition("content-length:")[2].split("\r\n")[0])
            messages = json.loads(await reader.readexactly(length))["messages"]
            await asyncio.sleep(self.delay_s)
            message = {"role": "assistant", "content": self.say(messages)}
            data = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n".encode() + data)
            await writer.drain()
            self.served += 1
        finally:
            writer.close()


async def one(model: Model, path: Path) -> Report:
    folder = RunFolder.create(path, {"question": QUESTION})
    try:
        return await research(QUESTION, model=model, tools=make_tools(), folder=folder)
    finally:
        folder.close()


async def heavy(model: Model, path: Path) -> Report:
    folder = RunFolder.create(path, {"question": QUESTION})
    try:
        return await research_heavy(QUESTION, model=model, make_tools=make_tools, num_agents=NUM_AGENTS, folder=folder)
    finally:
        folder.close()


async def measure(turns: int, delay_s: float, repeats: int) -> dict[str, list[float]]:
    """Seconds of each case, taken in turn."""
    endpoint = Endpoint(turns, delay_s)
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    model = open_model("openai:fake", ModelSettings(base_url=f"http://127.0.0.1:{port}/v1", native_tools="no"))
    cases = {
        "one": (one, ["1911"], turns),
        "four, all different": (heavy, ["1911", "1912", "1913", "1914"], NUM_AGENTS * turns + 1),
        "four, all agreeing": (heavy, ["1911"] * NUM_AGENTS, None),
    }
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    with tempfile.TemporaryDirectory() as root:
        endpoint.answers = iter(["1911"])
        await one(model, Path(root) / "warm")  # the client's modules are loaded with its first request
        for repeat in range(repeats):
            for name, (run, answers, expected) in cases.items():
                endpoint.answers, endpoint.served = iter(answers), 0
                started = time.perf_counter()
                report = await run(model, Path(root) / f"{name}-{repeat}")
                seconds[name].append(time.perf_counter() - started)
                if report.answer != "1911" or not report.citations:
                    raise SystemExit(f"{name}: wrong result {report.answer!r}")
                if expected is not None and endpoint.served != expected:
                    raise SystemExit(f"{name}: {endpoint.served} completions, expected {expected}")
    await model.aclose()
    server.close()
    await server.wait_closed()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--delay", type=float, default=2.0, help="seconds of a completion")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    options = parser.parse_args()
    seconds = asyncio.run(measure(options.turns, options.delay, options.repeats))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, value in medians.items():
        print(f"{name}: {value:.2f} s, {value / medians['one']:.3f} times one agent")
    options.out.mkdir(parents=True, exist_ok=True)
    about = {"turns": options.turns, "delay_s": options.delay}
    write_json(options.out / "heavy_wall_clock.json", {**about, "seconds": seconds, "median_s": medians})


if __name__ == "__main__":
    main()
