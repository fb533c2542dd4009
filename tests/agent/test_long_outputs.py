"""Text made to keep a regular expression busy takes work that grows with its length, not with its square."""

import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from tamsa.agent.plan import parse_plan
from tamsa.agent.react import parse_answer, parse_turn
from tamsa.corpus.quotes import locate
from tamsa.llm.failures import Endpoint, failure
from tamsa.tools.corpus import CorpusTools
from tamsa.tools.fencing import neutralise
from tamsa.types import Document
from tests.library import Library

N = 300_000
PROCESSOR_S = 30.0
"""A pass over `N` characters takes a fraction of a second of the processor; the square of them, many minutes."""


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """End a test by the time of the processor alone, which a busy machine does not use up."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"more than {PROCESSOR_S:g} s of the processor for {N:,} characters")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, PROCESSOR_S)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


PIECES = ["a", " ", "=", '"', "'", "<", ">", "< ", "</", "<quote ", "a=", "a='", "<think>", "</think>", "<tool_call>"]
PIECES += [
    "<finding>",
    "<quote doc='x'>",
    "[",
    "[ ",
    "[open] ",
    "`",
    "``` ",
    ".",
    "…",
    "\n",
    "exceed",
    "<fold steps=1>",
]


@pytest.mark.parametrize("piece", PIECES)
def test_model_output_is_read_in_linear_work(piece: str) -> None:
    long = piece * (N // len(piece))
    for text in (
        long,
        f"<answer>{long}</answer>",
        f"<answer>x<finding>y<quote {long}>z",
        f"<tool_call>{long}</tool_call>",
    ):
        turn = parse_turn(text)
        parse_answer(turn.answer or "")
    parse_plan(f"<plan>{long}</plan>")
    assert locate(long, "some text " * 100) is None
    assert locate(f"x{long}x", "some text " * 100) is None


@pytest.mark.parametrize("piece", PIECES)
def test_foreign_text_is_fenced_in_linear_work(piece: str) -> None:
    long = piece * (N // len(piece))
    assert len(neutralise(f"<{long}", ("[x]",))) == 1 + len(long)
    assert failure(Endpoint("openai:m", "http://x"), 400, {"error": {"message": long}})


def test_long_text_is_not_looked_for_over_and_over() -> None:
    tools = CorpusTools(Library([Document("a", "A", "a " * N)]))  # type: ignore[arg-type]
    assert tools.find("a " * N + "b", id="a").data["total"] == 2 * N // 200
    tools._nearest("x" * N)
