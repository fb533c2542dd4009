"""A small corpus of our own, and a loop that runs the policy on it through the real tools."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tamsa.agent.baseline import BaselinePolicy
from tamsa.agent.react import parse_turn
from tamsa.corpus import Index
from tamsa.errors import ToolError
from tamsa.tools.corpus import CorpusTools
from tamsa.types import Message, ToolResult

TEXTS = {
    "The Copper Gate": "The Copper Gate is a 1931 Veldan drama film directed by Marta Oslin and produced by Harbour "
    "Pictures. It stars Jon Fell.",
    "Marta Oslin": "Marta Oslin (3 May 1898 - 12 June 1971) was a Veldan film director and screenwriter. She was born "
    "in Torva and studied at the Academy of Lenn.",
    "Torva": "Torva is a town in the county of Hald, on the River Sune. It had a population of 14,250 in 2010.",
    "Hald": "Hald is a county of Velda. Its capital is Brenn, and it covers an area of 2,310 km².",
    "River Sune": "The River Sune is a river in Velda. It is 214 km long and has its source on Mount Orrin.",
    "Jon Fell": "Jon Fell (born 9 August 1902) was a Danish actor, best known for The Copper Gate.",
    "Night Ferry": "Night Ferry is a 1940 film directed by Paul Erding. It was produced by Harbour Pictures.",
    "Paul Erding": "Paul Erding (born 17 January 1911) was a Swedish film director. He lived in Brenn.",
    "Harbour Pictures": "Harbour Pictures was a film company founded in 1925 by Ada Rinn. It was based in Brenn.",
    "Ada Rinn": "Ada Rinn was a Veldan businesswoman. She married the painter Otto Lasch in 1930.",
    "Otto Lasch": "Otto Lasch was a painter. He painted The Grey Window and taught at the Academy of Lenn.",
    "List of rivers of Velda": "The rivers of Velda are listed here.\n\n"
    "| River | Length (km) | Source |\n| --- | --- | --- |\n"
    "| River Sune | 214 | Mount Orrin |\n| River Aske | 87 | unknown |\n| River Tolm | 402 | Mount Bragg |\n"
    "| River Neth | 95 | Mount Orrin |",
    "Mount Bragg": "Mount Bragg is a mountain in the county of Hald. It was first climbed by Ada Rinn.",
    "Gazetteer of Velda": "The Gazetteer of Velda, printed in 1890, follows older travellers and adds no new "
    "observations.\n\n- Mount Kell is 1,204 m high.\n- Mount Brisk is 900 m high.",
    "National Survey of Velda": "The National Survey of Velda is the official survey of 1950 and rests on original "
    "measurements.\n\n- Mount Kell is 1,187 m high.\n- Mount Brisk is 911 m high.",
    "Mount Kell": "Mount Kell is a mountain in Velda, popular with walkers.",
    "Velda": "Velda is a country in the north. Its capital is Lenn and its official language is Veldish.",
    "Lenn Rovers": "Lenn Rovers are a football club from Lenn. They play in green.",
}


@dataclass
class Run:
    """One finished run: the messages, what was opened and the answer as written."""

    messages: list[Message]
    turns: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    answer: str = ""


def run_policy(index: Index, question: str, max_turns: int = 40) -> Run:
    """Drive the policy with the real tools until it answers."""
    policy, tools = BaselinePolicy(), CorpusTools(index)
    run = Run([Message("system", "rules"), Message("user", question)])
    for _ in range(max_turns):
        text = policy.decide(run.messages)
        run.turns.append(text)
        turn = parse_turn(text)
        assert not turn.problems
        run.messages.append(Message("assistant", text))
        if turn.answer is not None:
            assert not turn.calls
            run.answer = turn.answer
            return run
        assert turn.calls
        for number, call in enumerate(turn.calls):
            try:
                done = getattr(tools, call.name)(**call.arguments)
                result = asyncio.run(done) if inspect.isawaitable(done) else done
            except ToolError as error:
                result = ToolResult(str(error), None, True)
            if call.name == "visit" and result.data:
                for page in result.data["pages"]:
                    if not page["error"] and page["id"] not in run.opened:
                        run.opened.append(page["id"])
            key = f"call_{len(run.turns)}_{number}"
            run.messages.append(Message("tool", result.text, tool_call_id=key, name=call.name, data=result.data))
    raise AssertionError("the policy never answered")


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("baseline") / "index"
    index = Index.build(({"id": title, "title": title, "text": text} for title, text in TEXTS.items()), folder)
    yield index
    index.close()
