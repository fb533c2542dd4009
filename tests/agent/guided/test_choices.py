"""Which tokens of a reply were a choice: the grammar of replies, walked token by token, is the oracle."""

from __future__ import annotations

import pytest

from tamsa.agent.guided.choices import chosen, shown_lines
from tamsa.agent.guided.grammar import ReplyForm
from tamsa.agent.guided.prompt import reading_prompt, shown_sentence
from tests.agent.guided.test_grammar import END, encode, write
from tests.agent.guided.test_prompt import passages

PROMPT = reading_prompt("How many people live in Torva?", passages(), (), brief=True)[-1].content


@pytest.mark.parametrize("seed", range(40))
def test_a_token_of_a_copied_line_was_chosen_where_the_grammar_allowed_another(seed: int) -> None:
    reply = write(seed, ())
    ids, ends = encode(reply)
    grammar = ReplyForm(passages(), (), brief=True)(encode, (END,))
    could_be = [len(set(grammar(ids[:place]))) for place in range(len(ids))]
    marks = chosen(PROMPT, reply, ends)
    answer = next(place for place, end in enumerate(ends) if end > reply.index("Answer:"))
    assert marks[answer:] == [True] * (len(ids) - answer)
    assert marks[:answer] == [number > 1 for number in could_be[:answer]]


def test_the_lines_of_the_passages_are_read_back() -> None:
    shown = [shown_sentence(sentence) for passage in passages() for sentence in passage.sentences]
    found = [line for _, line in shown_lines(PROMPT)]
    assert [line for line in found if line in shown] == shown


def test_what_copies_no_shown_line_is_chosen_up_to_where_it_differs_from_all() -> None:
    text = "Torva (town): It was never shown.\nAnswer: 7"
    marks = chosen(PROMPT, text, range(1, len(text) + 1))
    assert marks[0] and marks[-1] and not marks[text.index("shown")]
    assert chosen(PROMPT, "", []) == []
