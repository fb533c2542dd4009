"""A model as writer (`--generator llm`): free wording, and questions made harder through tools, answers kept.

Nothing that a model says is believed. A new wording must hold every name, number and date of the old one and no other,
must not name the answer, and must be one question. A harder question is not written by the model at all: it looks facts
up and says which of them shall stand for a name; the replacement is made and proven like any other obfuscation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tamsa.corpus.documents import clean
from tamsa.synthesis.checks.checker import leaks
from tamsa.synthesis.descriptions import described_by
from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import Form, constants, evaluate
from tamsa.synthesis.questions.draft import Draft, finish, identify
from tamsa.synthesis.records import Edge, GoldQuestion
from tamsa.synthesis.things import Thing, name_thing, step_to
from tamsa.synthesis.values import fold, plain_title
from tamsa.synthesis.wording.frames import upper_first
from tamsa.synthesis.wording.lexicon import SAYINGS
from tamsa.types import Message, Model, Usage

MAX_WORDS = 90
MAX_FACTS = 12
STEM = 4
"""Letters by which words are compared; shorter words do not count."""
MIN_KEPT = 0.3
"""Share of the old wording's words that a new one keeps: a question without names has nothing else to hold it."""
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_NAME = re.compile(r"(?<![.?!:] )(?<!^)(?<![“\"])\b[A-Z][\w'’.-]*")
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")
_SMALL = frozenset("I I'd I'm I'll I've".split())

_REWORD = """You reword questions for a data set. Say the question below in other words, as a curious person might \
ask it: another sentence structure, other verbs, the same meaning. Keep every name, number and date exactly as it is \
written, add no fact and no name, and do not hint at the answer. Reply with one JSON object and nothing else: \
{"question": "..."}"""
_ESCALATE = """You make research questions harder without changing their answers. One of the names in the question \
can be replaced by facts that single the thing out. Use one tool a turn, as one JSON object and nothing else:
{"tool": "facts", "name": "..."}   lists facts of a named thing, each with an id
{"tool": "describe", "name": "...", "facts": ["id", "id"], "vague": true}   replaces the name by two facts: the first \
must lead to another thing, the second may be a date or number, which "vague": true makes vague
{"tool": "bridge", "name": "...", "fact": "id"}   replaces the name by a fact of another thing that leads to it
{"tool": "done"}   ends the work
A replacement that does not single the thing out is refused, and you may try another."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a question: the new one, or the old one with the reason why none was accepted."""

    question: GoldQuestion
    reason: str
    """Empty where the writer succeeded."""
    usage: Usage = field(default_factory=Usage)


class Writer:
    """Rewords questions and makes them harder with a model.

    Args:
        model: the model.
        domain: the graph that the questions were drawn from.
        max_retries: replies that may be unusable before the old question is kept.
        max_turns: turns of the tool-using writer.
    """

    def __init__(self, model: Model, domain: Domain, *, max_retries: int = 2, max_turns: int = 8) -> None:
        self._model = model
        self._domain = domain
        self._max_retries = max_retries
        self._max_turns = max_turns

    async def reword(self, question: GoldQuestion) -> Written:
        """Ask for another wording until one keeps everything that the form rests on.

        Raises:
            ModelError: the model failed.
        """
        messages = [Message("system", _REWORD), Message("user", question.question)]
        usage, reason = Usage(), ""
        for _ in range(self._max_retries + 1):
            completion = await self._model.complete(messages, max_tokens=1024)
            usage += completion.usage
            reply = read_object(completion.text)
            text = reply.get("question") if reply is not None else None
            if not isinstance(text, str):
                reason = "the reply is not one JSON object with a question"
            else:
                text = " ".join(clean(text).split())
                reason = altered(question, text)
                if not reason:
                    return Written(reworded(question, text), "", usage)
            messages += [Message("assistant", completion.text or "(nothing)"), Message("user", f"Refused: {reason}.")]
        return Written(question, reason, usage)

    async def escalate(self, question: GoldQuestion, random: Random) -> Written:
        """Let the model replace a name of the question by facts, through tools; every replacement is proven.

        Raises:
            ModelError: the model failed.
        """
        names = self._names(question)
        if not names:
            return Written(question, "no name in the question can be replaced")
        start = f"Question: {question.question}\nNames: {'; '.join(names)}"
        messages = [Message("system", _ESCALATE), Message("user", start)]
        usage, current, reason = Usage(), question, "nothing was replaced"
        for _ in range(self._max_turns):
            completion = await self._model.complete(messages, max_tokens=1024)
            usage += completion.usage
            action = read_object(completion.text)
            if action is not None and action.get("tool") == "done":
                break
            observation, harder = self._act(current, action, random)
            if harder is not None:
                current, reason = harder, ""
            messages += [Message("assistant", completion.text or "(nothing)"), Message("user", observation)]
        return Written(current, reason, usage)

    # ------------------------------------------------------------------ the tools

    def _names(self, question: GoldQuestion) -> dict[str, Form]:
        """Return the entities that stand once in the question under their plain name."""
        text = question.question
        found = {plain_title(part["title"]): part for part in constants(question.form) if part["op"] == "entity"}
        return {name: part for name, part in found.items() if part.get("id") and text.count(name) == 1}

    def _act(
        self, question: GoldQuestion, action: Mapping[str, Any] | None, random: Random
    ) -> tuple[str, GoldQuestion | None]:
        """Carry out one action: what the model is told, and the harder question if there is one."""
        if action is None:
            return "Refused: the reply is not one JSON object.", None
        names = self._names(question)
        part = names.get(str(action.get("name")))
        if part is None:
            return f"Refused: the name must be one of: {'; '.join(names)}.", None
        tool = action.get("tool")
        if tool == "facts":
            return self._facts(part["id"]), None
        thing = None
        if tool == "describe":
            edges = [self._edge(part["id"], one) for one in _listed(action.get("facts"))]
            if len(edges) == 2 and edges[0] is not None and edges[1] is not None:
                thing = described_by(self._domain, edges[0], edges[1], random, vague=action.get("vague") is True)
        elif tool == "bridge":
            edge = self._edge(part["id"], action.get("fact"))
            start = name_thing(self._domain, edge.subject, random) if edge is not None else None
            if edge is not None and start is not None and edge.object == part["id"]:
                thing = step_to(self._domain, start, edge, random)
                thing = replace(thing, operations=("bridge",)) if thing is not None else None
        else:
            return "Refused: there is no such tool.", None
        if thing is None or not thing.proven(self._domain):
            return "Refused: these facts do not single the thing out.", None
        harder = substitute(question, part, thing, self._domain)
        if isinstance(harder, str):
            return f"Refused: {harder}.", None
        return f"Replaced. Question: {harder.question}", harder

    def _facts(self, identity: str) -> str:
        own = list(self._domain.facts_of(identity))
        into = [
            edge
            for edge in self._domain.facts_to(identity)
            if SAYINGS[edge.relation].single and self._domain.single(edge)
        ]
        lines = [f"{e.id}: {e.subject_title} | {e.relation} | {e.value}" for e in (*own[:MAX_FACTS], *into[:MAX_FACTS])]
        return "\n".join(lines) or "No facts."

    def _edge(self, identity: str, name: object) -> Edge | None:
        edges = (*self._domain.facts_of(identity), *self._domain.facts_to(identity))
        return next((edge for edge in edges if edge.id == name), None)


def read_object(text: str) -> dict[str, Any] | None:
    """Read the one JSON object of a reply, None where there is none or more than one."""
    found = _OBJECT.search(re.sub(r"<think>.*?</think>", "", text, flags=re.DOTALL))
    if found is None:
        return None
    try:
        value = json.loads(found[0])
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def altered(question: GoldQuestion, text: str) -> str:
    """Say what a new wording changed that it must not; the empty string where all is kept."""
    old = question.question
    if not text or text[-1] not in "?." or len(text.split()) > MAX_WORDS:
        return "the wording must be one question of at most 90 words that ends with ? or ."
    if fold(text) == fold(old):
        return "the wording is the old one"
    if sorted(_NUMBER.findall(old)) != sorted(_NUMBER.findall(text)):
        return "numbers and dates must stay as they are"
    for part in constants(question.form):
        name = plain_title(part.get("title", part.get("text", "")))
        if name and name in old and name not in text:
            return f"the name {name!r} is missing"
    known = set(re.findall(r"[^\W\d_]+", old))
    new = [name for name in _NAME.findall(text) if name not in _SMALL]
    if extra := [name for name in new if not set(re.findall(r"[^\W\d_]+", name)) <= known]:
        return f"the name {extra[0]!r} is new"
    if leaks(replace(question, question=text)) and not leaks(question):
        return "the wording names the answer"
    if len(_stems(old) & _stems(text)) < MIN_KEPT * len(_stems(old)):
        return "the wording says too little of what the old one says"
    return ""


def _stems(text: str) -> set[str]:
    """Return the beginnings of the words that carry a meaning, as far as their length tells."""
    return {word[:STEM] for word in re.findall(r"[^\W\d_]+", fold(text)) if len(word) >= STEM}


def reworded(question: GoldQuestion, text: str) -> GoldQuestion:
    """Return a question in another wording, under an id of its own."""
    return replace(question, id=identify(question.parent, text, question.form), question=text)


def substitute(question: GoldQuestion, part: Form, thing: Thing, domain: Domain) -> GoldQuestion | str:
    """Put a thing's phrase and form in the place of a name; the new question, or why it is refused."""
    if set(thing.relations) & set(question.relations):
        return "the question asks for one of these facts itself"
    text = question.question
    name = plain_title(part["title"])
    named = domain.named(part["id"])
    for written in (named.introduced, named.name, f"the {name}", name) if named is not None else (name,):
        if written in text:
            text = text.replace(written, thing.phrase, 1)
            break
    text = upper_first(re.sub(r"\b([Tt]he) the\b", r"\1", text))
    if name in text:
        return "the name would still stand in the question"
    found = evaluate(question.form, domain)
    made = finish(
        Draft(
            question.kind,
            text,
            _exchanged(question.form, part, thing.form),
            found[0] if found else None,
            (*thing.hops, *question.chain),
            (*question.operations, *thing.operations),
            (*thing.relations, *question.relations),
            question.settlement,
        ),
        domain,
    )
    if isinstance(made, str):
        return made
    return made if made.answers == question.answers else "the answer would change"


def _exchanged(form: Any, part: Form, new: Form) -> Any:
    if form == part:
        return new
    if isinstance(form, Mapping):
        return {name: _exchanged(value, part, new) for name, value in form.items()}
    if isinstance(form, list):
        return [_exchanged(one, part, new) for one in form]
    return form


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
