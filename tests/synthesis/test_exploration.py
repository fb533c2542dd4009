"""Explorers of every family leave conversations in one format."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tamsa.agent.react import parse_turn
from tamsa.errors import ConfigError, ModelError
from tamsa.llm import ModelSettings, ScriptedModel
from tamsa.synthesis.exploration import Conversation, check_mode, explore
from tamsa.synthesis.teacher import PROFILE
from tamsa.synthesis.verdicts import judge_trajectory
from tamsa.tools import corpus_toolset
from tamsa.types import Completion, Message, Sampled, ToolCall
from tests.synthesis.conftest import Studied


def test_what_was_drawn_survives_its_file() -> None:
    drawn = Sampled((1, 2), (3, 4), (-0.5, 0.0), model_logprobs=(-0.7, -0.1), text_ends=(1, 3), allowed=((3, 9), (4,)))
    talk = Conversation((Message("user", "a"), Message("assistant", "bcd")), (drawn,))
    assert Conversation.from_json(json.loads(json.dumps(talk.to_json()))) == talk


async def test_native_calls_are_kept_as_the_text_that_the_data_sets_hold(world: Studied) -> None:
    question, known = next(
        (q, e) for q, e in world.pairs() if judge_trajectory(q, e).accepted and len(e.conversations) == 1
    )
    said = [message.content for message in known.conversations[0].messages if message.role == "assistant"]

    def native(messages: Any) -> Completion:
        """Say what the teacher says, with its calls as structured data."""
        text = said[sum(message.role == "assistant" for message in messages)]
        turn = parse_turn(text)
        calls = tuple(ToolCall(f"call_{n}", call.name, call.arguments) for n, call in enumerate(turn.calls))
        drawn = Sampled((1,), (2,), (-0.1,))
        return Completion(text.partition("<tool_call>")[0] if calls else text, calls, sampled=drawn)

    model = ScriptedModel(native, ModelSettings(native_tools="yes"), profile=PROFILE)
    tools = corpus_toolset(world.index, page_chars=PROFILE.page_chars or 0, profile=PROFILE)
    exploration = await explore(question, model=model, tools=tools)
    assert exploration.correct and judge_trajectory(question, exploration).accepted
    messages = exploration.conversations[0].messages
    assert [(m.role, "".join(m.content.split())) for m in messages] == [
        (m.role, "".join(m.content.split())) for m in known.conversations[0].messages
    ]
    kept = exploration.conversations[0].sampled
    assert kept[0] is None and kept[-1] is not None  # where the calls were written out, nothing was drawn as it stands


@pytest.mark.parametrize("error", ["auth", "unavailable"])
async def test_an_endpoint_that_answers_nobody_is_no_wrong_answer(world: Studied, error: str) -> None:
    model = ScriptedModel([{"error": error, "repeat": True}])
    with pytest.raises(ModelError):
        await explore(world.questions[0], model=model, tools=corpus_toolset(world.index))
    broken = ScriptedModel([{"error": "model", "repeat": True}])
    assert (await explore(world.questions[0], model=broken, tools=corpus_toolset(world.index))).failure


def test_a_mode_that_does_not_exist_is_told_those_that_do() -> None:
    assert check_mode("guided") == "guided"
    for mode in ("heavy", "fold", ""):
        with pytest.raises(ConfigError, match="react, iter, guided"):
            check_mode(mode)
