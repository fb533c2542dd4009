"""Tasks cut out of trajectories: plans, conclusions, and decisions among alternatives with their real outcome."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from tamsa.agent.react import parse_turn, render_call
from tamsa.synthesis.datasets.midtraining import Task, ask_and_reply
from tamsa.synthesis.exploration import Exploration
from tamsa.synthesis.records import Evidence, GoldQuestion, Hop
from tamsa.synthesis.teacher.facts import state_claim
from tamsa.synthesis.teacher.needs import places
from tamsa.synthesis.teacher.wording import base_name
from tamsa.types import Document

GetDocument = Callable[[str], Document | None]
NUM_ALTERNATIVES = 4
_RANKED = re.compile(r"^\d+\. (.+?): (.*)$", re.MULTILINE)


def sentence_of(place: Evidence, get_document: GetDocument) -> str:
    """Return the text at a place, white space folded, or the empty string."""
    document = get_document(place.document)
    return " ".join(document.text[place.start : place.end].split()) if document else ""


def action_tasks(
    question: GoldQuestion, exploration: Exploration, get_document: GetDocument, random: Random
) -> Iterator[Task]:
    """Yield the tasks of one accepted `react` trajectory."""
    if exploration.mode != "react" or len(exploration.conversations) != 1:
        return
    messages = exploration.conversations[0].messages
    documents = tuple(exploration.report["visited"])
    first = next(message for message in messages if message.role == "assistant")
    yield Task(
        f"planning/{exploration.id}",
        "planning",
        ask_and_reply(
            f"Plan the research of this question and take the first step.\n\n{question.question}", first.content
        ),
        documents,
    )
    facts = [(hop.evidence.title, sentence_of(hop.evidence, get_document)) for hop in question.chain]
    if question.kind != "unanswerable" and facts and all(text for _, text in facts):
        listed = "\n".join(f"[{title}] {text}" for title, text in dict.fromkeys(facts))
        prompt = f"{question.question}\n\nWhat was read:\n{listed}\n\nConclude and answer."
        thought = parse_turn(messages[-1].content).thought
        claims = " ".join(
            dict.fromkeys(state_claim(hop, sentence_of(hop.evidence, get_document)) for hop in question.chain)
        )
        reply = (
            thought
            if question.kind in ("counting", "comparison")
            else f"{claims} Answer: {exploration.report['answer']}."
        )
        yield Task(f"reasoning/{exploration.id}", "reasoning", ask_and_reply(prompt, reply), documents)
    decision = _decision(question, exploration, get_document, random)
    if decision is not None:
        yield decision


def _decision(
    question: GoldQuestion, exploration: Exploration, get_document: GetDocument, random: Random
) -> Task | None:
    """Make a decision of a step after a search: which result to open, and what opening each would have shown."""
    messages = exploration.conversations[0].messages
    steps = []
    for index in range(2, len(messages) - 2):
        turn = parse_turn(messages[index + 1].content) if messages[index].role == "user" else None
        if turn and len(turn.calls) == 1 and turn.calls[0].name == "visit":
            hits = [match[1] for match in _RANKED.finditer(messages[index].content)]
            wanted = turn.calls[0].arguments.get("ids", [])
            if len(hits) >= 2 and len(wanted) == 1 and wanted[0] in hits:
                steps.append((index, hits[:NUM_ALTERNATIVES], wanted[0]))
    steps = [step for step in steps if step[2] in step[1]]
    if not steps:
        return None
    index, hits, wanted = random.choice(steps)
    hop = _looked_for(question, messages[index + 1].content, wanted)
    if hop is None:
        return None
    snippets = {match[1]: match[2] for match in _RANKED.finditer(messages[index].content)}
    options = "\n".join(
        f"{letter}. Open {title}: {snippets[title]}" for letter, title in zip("ABCDE", hits, strict=False)
    )
    known = parse_turn(messages[index - 1].content).thought if messages[index - 1].role == "assistant" else ""
    prompt = f"{question.question}\n\nSo far: {known}\nThe search gave these. Which one should be opened?\n{options}"
    outcomes = []
    best = None
    for letter, title in zip("ABCDE", hits, strict=False):
        stated = next((p for p in places(hop) if p.title == title), None)
        if stated is not None:
            outcomes.append(f"{letter}: states “{sentence_of(stated, get_document)}” Correct.")
            best = best or letter
        else:
            outcomes.append(f"{letter}: does not say it. Incorrect.")
    if best is None:
        return None
    reply = f"{best}. {render_call('visit', {'ids': [hits['ABCDE'.index(best)]]})}\nOutcome:\n" + "\n".join(outcomes)
    return Task(
        f"decision/{exploration.id}", "decision", ask_and_reply(prompt, reply), tuple(exploration.report["visited"])
    )


def _looked_for(question: GoldQuestion, turn: str, wanted: str) -> Hop | None:
    """Return the fact that a page was opened for: one that it states, or the one named in the thought."""
    for hop in question.chain:
        if any(place.title == wanted for place in places(hop)):
            return hop
    return question.chain[0] if len(question.chain) == 1 else None


def evidence_tasks(
    question: GoldQuestion, others: Mapping[str, Sequence[str]], get_document: GetDocument, random: Random
) -> Iterator[Task]:
    """Yield tasks over several sources: a hypothesis tested, a conflict settled.

    Args:
        question: a question with a chain.
        others: values of each relation elsewhere, for hypotheses that are false.
        get_document: finds the sources.
        random: chooses true or false, and which value.
    """
    if question.settlement is not None:
        yield from _settlement(question, get_document, random)
    elif question.chain and question.kind in ("chain", "comparison", "intersection"):
        hop = random.choice(question.chain)
        sources = [(place.title, sentence_of(place, get_document)) for place in places(hop)][:3]
        wrong = [value for value in others.get(hop.relation, ()) if base_name(value) != base_name(hop.value)]
        truth = random.random() < 0.5 or not wrong
        claim = state_claim(hop, sources[0][1])
        value = hop.value if hop.value in claim else base_name(hop.value)
        tested = claim if truth else claim.replace(value, base_name(random.choice(wrong)))
        if not sources[0][1] or (not truth and tested == claim):
            return
        listed = "\n".join(f"[{title}] {text}" for title, text in sources)
        verdict = "[confirmed]" if truth else "[refuted]"
        reply = f"{verdict} {tested}\nThe sources say: {claim} " + " ".join(
            f"“{text}” ({title})" for title, text in sources
        )
        prompt = f"Hypothesis: {tested}\n\nSources:\n{listed}\n\nTest the hypothesis against the sources."
        documents = tuple(dict.fromkeys(place.document for place in places(hop)))
        yield Task(f"hypothesis/{question.id}", "hypothesis", ask_and_reply(prompt, reply), documents)


def _settlement(question: GoldQuestion, get_document: GetDocument, random: Random) -> Iterator[Task]:
    settled = question.settlement
    assert settled is not None
    hop = question.chain[0]
    spots = [settled.winner, *settled.losers]
    values = [base_name(hop.value), *settled.losing_values]
    order = list(range(len(spots)))
    random.shuffle(order)
    parts = []
    for number in order:
        document = get_document(spots[number].document)
        if document is None:
            return
        opening = document.text.split("\n", 1)[0]
        dated = f", dated {document.date}" if document.date else ""
        parts.append(f"[{document.title}{dated}] {opening} … {sentence_of(spots[number], get_document)}")
    claim = state_claim(hop, sentence_of(settled.winner, get_document))
    against = "; ".join(
        f"{place.title} has {value}" for place, value in zip(settled.losers, settled.losing_values, strict=False)
    )
    documents = tuple(place.document for place in spots)
    report = f"{claim} So says {settled.winner.title}. {against}. {settled.reason}"
    listed = "\n".join(parts)
    prompt = f"The sources disagree. Settle the conflict in one coherent report.\n\n{listed}"
    yield Task(f"settlement/{question.id}", "settlement", ask_and_reply(prompt, report), documents)
    pick = random.randrange(len(values))
    tested = claim.replace(values[0], values[pick]) if values[0] in claim else claim
    verdict = "[confirmed]" if tested == claim else "[refuted]"
    prompt = f"Hypothesis: {tested}\n\nSources:\n{listed}\n\nTest the hypothesis against the sources."
    yield Task(
        f"hypothesis/{question.id}", "hypothesis", ask_and_reply(prompt, f"{verdict} {tested}\n{report}"), documents
    )
