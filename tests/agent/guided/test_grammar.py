"""The grammar of a reply: whatever order a model prefers its tokens in, it copies shown sentences and their words."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from tamsa.agent.guided.grammar import ReplyForm
from tamsa.agent.guided.prompt import copied_line, read_reply, shown_sentence
from tamsa.llm.tokens import Encode
from tests.agent.guided.test_prompt import passages

END = 0x110000
PIECES = 3


def encode(text: str) -> tuple[Sequence[int], Sequence[int]]:
    """A tokenizer of pieces of up to three characters, cut at spaces, so that words are made of several tokens."""
    ids, ends, start = [], [], 0
    for at in range(1, len(text) + 1):
        if at == len(text) or at - start == PIECES or text[at] in " \n" or text[at - 1] == "\n":
            ids.append(hash_of(text[start:at]))
            ends.append(at)
            start = at
    return ids, ends


VOCABULARY: dict[int, str] = {}


def hash_of(piece: str) -> int:
    number = sum(ord(char) << (21 * place) for place, char in enumerate(piece)) + (END + 1)
    VOCABULARY[number] = piece
    return number


def write(seed: int, guesses: tuple[str, ...] = ("Velda",)) -> str:
    """Write a reply by taking any allowed token at each step."""
    grammar = ReplyForm(passages(), guesses)(encode, (END,))
    dice, drawn = random.Random(seed), list[int]()
    while len(drawn) < 2_000:
        token = dice.choice(grammar(drawn))
        if token == END:
            return "".join(VOCABULARY[item] for item in drawn)
        drawn.append(token)
    raise AssertionError("the reply does not end")


@pytest.mark.parametrize("seed", range(60))
def test_every_line_is_a_shown_sentence_once_and_the_answer_stands_in_one_of_them(seed: int) -> None:
    text = write(seed)
    reply = read_reply(text, passages())
    *lines, last = text.split("\n")
    assert len(lines) == len(set(lines)) == len(reply.quotes)
    assert [copied_line(page.title, shown_sentence(s)) for page, s in reply.quotes] == lines
    assert last.startswith("Answer: ") and reply.answer
    copied = any(reply.answer in shown_sentence(s) or reply.answer == page.name for page, s in reply.quotes)
    assert copied or reply.answer in ("NOT FOUND", "yes", "no", "Velda") or (reply.answer.isdigit() and reply.quotes)


def test_what_is_wanted_can_be_written() -> None:
    copied = "Torva (town): It had a population of 14,250 in 2010.\nList of rivers: | River Aske | 87 |\n"
    grammar = ReplyForm(passages(), ())(encode, (END,))
    ids = list(encode(f"{copied}Answer:")[0]) + list(encode(" River Aske")[0])
    for place, token in enumerate(ids):
        assert token in grammar(ids[:place]), VOCABULARY[token]
    assert END in grammar(ids)


def test_the_name_of_a_page_that_was_copied_from_may_be_the_answer() -> None:
    first = passages()[0]
    line = f"{copied_line(first.page.title, shown_sentence(first.sentences[0]))}\nAnswer:"
    ids = [*encode(line)[0], *encode(f" {first.page.name}")[0]]
    grammar = ReplyForm(passages(), ())(encode, (END,))
    for place, token in enumerate(ids):
        assert token in grammar(ids[:place]), VOCABULARY[token]
    assert END in grammar(ids)


def test_an_answer_may_end_only_after_a_whole_word() -> None:
    grammar = ReplyForm(passages(), ())(encode, (END,))
    lines = list(encode("Torva (town): Torva is a town in the county of Hald.\nAnswer:")[0])
    first, second = encode(" Torva")[0]
    for place in range(len(lines)):
        grammar(lines[:place])
    assert first in grammar(lines)
    assert grammar([*lines, first]) == (second,)
    assert END in grammar([*lines, first, second])


def test_without_a_copied_sentence_only_guesses_and_refusals_are_answers() -> None:
    answers = {write(seed) for seed in range(200)}
    direct = {text for text in answers if text.startswith("Answer: ")}
    assert direct == {"Answer: NOT FOUND", "Answer: yes", "Answer: no", "Answer: Velda"}


def counting(asked: Counter[str]) -> Encode:
    """Return the tokenizer, which counts what it is asked for."""

    def counted(text: str) -> tuple[Sequence[int], Sequence[int]]:
        asked[text] += 1
        return encode(text)

    return counted


def test_replies_of_one_form_share_what_may_follow_and_do_not_disturb_one_another() -> None:
    together, alone = Counter[str](), Counter[str]()
    form, one = ReplyForm(passages(), ("Velda",)), counting(together)
    several = [form(one, (END,)) for _ in range(6)]
    own = [ReplyForm(passages(), ("Velda",))(counting(alone if n % 2 else Counter()), (END,)) for n in range(6)]
    dice = [random.Random(n // 2) for n in range(6)]  # two by two they say the same
    drawn: list[list[int]] = [[] for _ in several]
    while any(not ids or ids[-1] != END for ids in drawn):
        for n, ids in enumerate(drawn):
            if not ids or ids[-1] != END:
                allowed = several[n](ids)
                assert allowed == own[n](ids)
                ids.append(dice[n].choice(allowed))
    assert drawn[0] == drawn[1] != drawn[2] == drawn[3]
    assert together.total() <= alone.total()  # as often as for three of the six
