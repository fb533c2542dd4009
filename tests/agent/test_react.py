from hypothesis import given
from hypothesis import strategies as st

from tamsa.agent.react import MAX_CALLS_PER_TURN, parse_answer, parse_turn, render_call
from tests.garbled import garbled


def call(name: str, **arguments: object) -> str:
    return render_call(name, arguments)


def test_rendered_call_is_read_back() -> None:
    text = call("search", queries=["a </tool_call> b", "<think>"], goal="ümlaut")
    turn = parse_turn(text)
    assert turn.problems == ()
    assert turn.calls[0].name == "search"
    assert turn.calls[0].arguments == {"queries": ["a </tool_call> b", "<think>"], "goal": "ümlaut"}


def test_several_calls_in_one_turn_are_all_read() -> None:
    turn = parse_turn("<think>two</think>" + call("search", queries=["x"]) + "\n" + call("visit", ids=["y"]))
    assert [item.name for item in turn.calls] == ["search", "visit"]
    assert turn.thought == "two"


def test_answer_beside_a_call_is_kept() -> None:
    turn = parse_turn(call("search", queries=["x"]) + "<answer>Carl IV</answer>")
    assert len(turn.calls) == 1
    assert turn.answer == "Carl IV"


def test_tags_inside_a_thought_are_text() -> None:
    turn = parse_turn("<think>I could write " + call("search", queries=["x"]) + "</think><answer>yes</answer>")
    assert turn.calls == ()
    assert turn.answer == "yes"


def test_thought_opened_by_the_template_is_a_thought() -> None:
    turn = parse_turn("I wonder.</think>" + call("search", queries=["x"]))
    assert turn.thought == "I wonder."
    assert len(turn.calls) == 1


def test_unclosed_thought_ends_at_the_call() -> None:
    turn = parse_turn("<think>hm " + call("search", queries=["x"]))
    assert turn.thought == "hm"
    assert len(turn.calls) == 1


def test_call_that_mentions_python_goes_to_its_own_tool() -> None:
    assert parse_turn(call("search", queries=["python interpreter"])).calls[0].name == "search"


def test_sloppy_json_is_read() -> None:
    for body in (
        '```json\n{"name": "find", "arguments": {"text": "a"}}\n```',
        "{'name': 'find', 'arguments': {'text': 'a'},}",
        '{"name": "find", "arguments": "{\\"text\\": \\"a\\"}"}',
        '{"name": "find", "parameters": {"text": "a"}}',
        '{"type": "function", "function": {"name": "find", "arguments": {"text": "a"}}}',
        '[{"name": "find", "arguments": {"text": "a"}}]',
        '{"name": "find", "arguments": {"text": "a"}}}',
    ):
        turn = parse_turn(f"<tool_call>{body}</tool_call>")
        assert turn.problems == (), body
        assert [(item.name, dict(item.arguments)) for item in turn.calls] == [("find", {"text": "a"})], body


def test_unreadable_calls_are_named_not_dropped_silently() -> None:
    for body in ("", "not json", "[1, 2]", '{"arguments": {}}', '{"name": "x", "arguments": [1]}', "[" * 100_000):
        turn = parse_turn(f"<tool_call>{body}</tool_call>")
        assert turn.calls == ()
        assert turn.problems, body


def test_calls_beyond_the_limit_are_reported() -> None:
    turn = parse_turn(call("find", text="a") * (MAX_CALLS_PER_TURN + 5))
    assert len(turn.calls) == MAX_CALLS_PER_TURN
    assert any("only the first" in problem for problem in turn.problems)


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    parse_turn(text)
    parse_answer(text)


def test_garbled_outputs_are_read_without_a_crash() -> None:
    for seed in range(1000):
        turn = parse_turn(garbled(seed))
        if turn.answer is not None:
            parse_answer(turn.answer)


def test_parsing_is_linear_in_the_number_of_marks() -> None:
    """The work is counted by a bound on time only through the size: a quadratic parser would hang here."""
    for piece in ("<think>", "<think><tool_call>", "</answer><answer>", "<tool_call></think>"):
        parse_turn(piece * 50_000)
    parse_answer("<finding><quote>" * 50_000)


def test_answer_is_read_with_findings_quotes_and_settlement() -> None:
    answer = parse_answer(
        'Carl IV\n<finding>He is king\n<quote doc="o">Its king is Carl IV</quote>'
        '<quote doc="p" stance="against">Its king is Carl III</quote>'
        "<settlement>the later source</settlement></finding><finding>Second</finding>"
    )
    assert answer.text == "Carl IV"
    first, second = answer.claims
    assert first.text == "He is king"
    assert [(q.document, q.text, q.against) for q in first.quotes] == [
        ("o", "Its king is Carl IV", False),
        ("p", "Its king is Carl III", True),
    ]
    assert first.settlement == "the later source"
    assert second.text == "Second"
    assert second.quotes == ()


def test_quote_outside_a_finding_carries_the_short_answer() -> None:
    answer = parse_answer('1203 <quote doc="f">founded in 1203</quote>')
    assert answer.text == "1203"
    assert [claim.text for claim in answer.claims] == ["1203"]
