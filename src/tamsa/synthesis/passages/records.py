"""Questions over passages as gold questions: the sentences that answer them are their chain."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from tamsa.agent.baseline.passages import Page, Sentence
from tamsa.synthesis.records import Evidence, FindDocument, GoldQuestion, Hop, QuestionKind
from tamsa.synthesis.values import fold, plain_title

PARENT = "passages"
CLOSED = frozenset({"yes", "no"})


def gold_question(question: str, answers: Sequence[str], places: Sequence[tuple[Page, Sentence]]) -> GoldQuestion:
    """Make a gold question.

    Args:
        question: what is asked.
        answers: accepted forms, the one in the words of the last sentence first.
        places: the sentences that lead to it, in the order of the reasoning.
    """
    spots = [Evidence(page.id, page.title, sentence.start, sentence.end) for page, sentence in dict.fromkeys(places)]
    titles = tuple(dict.fromkeys(spot.title for spot in spots))
    asked = f" {fold(question)} "
    named = [title for title in titles if f" {fold(plain_title(title))} " in asked]
    kind: QuestionKind = "yes_no" if answers[0] in CLOSED else "comparison" if len(named) > 1 else "chain"
    name = "/".join([question, *(spot.document for spot in spots)])
    return GoldQuestion(
        id="p" + hashlib.blake2b(name.encode(), digest_size=8).hexdigest(),
        question=question,
        answers=tuple(answers),
        kind=kind,
        hops=len(spots),
        answer_type="yes_no" if kind == "yes_no" else "text",
        chain=tuple(Hop(spot.title, spot.document, "says", "", None, spot) for spot in spots),
        supporting_titles=titles,
        difficulty=len(spots),
        parent=PARENT,
    )


def is_passage_question(record: Mapping[str, Any]) -> bool:
    """Tell whether a record names its evidence as titles with numbers of sentences."""
    places = record.get("evidence")
    return "chain" not in record and isinstance(places, Sequence) and bool(places) and len(places[0]) == 2


def from_passages(record: Mapping[str, Any], find: FindDocument) -> GoldQuestion:
    """Make a gold question of a record `{"question", "answers", "evidence": [[title, number of sentence], ...]}`.

    Args:
        record: sentences are counted from 1, as the agent cuts the document's text.
        find: finds a document by its title.

    Raises:
        ValueError: a document or a sentence is not there, or the answers are no list of texts.
    """
    places = []
    for title, number in record["evidence"]:
        document = find(title)
        if document is None:
            raise ValueError(f"there is no document {title!r}")
        page = Page(document.id, document.title, document.text)
        if not 1 <= number <= len(page.sentences):
            raise ValueError(f"{title!r} has no sentence {number}")
        places.append((page, page.sentences[number - 1]))
    answers = record["answers"]
    if not isinstance(answers, list) or not answers or not all(isinstance(text, str) and text for text in answers):
        raise ValueError("answers is no list of texts")
    return gold_question(record["question"], answers, places)
