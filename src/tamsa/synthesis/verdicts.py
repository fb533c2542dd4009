"""Verdicts on trajectories: what can be checked mechanically is, each check with its reason.

Sources: arXiv 2510.24701, section 3 (rejection sampling on correctness, coverage and logical consistency; format and
length filters). A judge model may be asked about the answer where the exact match says no; it is read strictly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tamsa.agent.guided import MODE, has_answer
from tamsa.agent.react import NOT_FOUND, parse_turn
from tamsa.errors import ModelError
from tamsa.scoring.judge import Judge
from tamsa.scoring.metrics import exact_match, normalize_answer
from tamsa.synthesis.exploration import Exploration
from tamsa.synthesis.records import Evidence, GoldQuestion
from tamsa.synthesis.teacher.needs import places
from tamsa.synthesis.teacher.rehearsal import DERIVED
from tamsa.synthesis.teacher.wording import base_name
from tamsa.types import SCHEMA_VERSION

CHECKS = ("answer", "coverage", "citations", "consistency", "format", "waste")
"""Mechanical checks, in the order in which a rejection is named."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a trajectory must reach to be kept."""

    coverage: float = 1.0
    """Least share of the chain's facts whose page was opened, in [0, 1]."""
    cited: float = 0.5
    """Least share of the chain's facts that a verified citation carries, in [0, 1]."""
    calls_per_hop: float = 8.0
    """Most calls for each hop, and as many again for the whole."""
    repeated: float = 0.2
    """Largest share of calls that repeat an earlier one, in [0, 1]."""
    failed: float = 0.5
    """Largest share of calls that end in an error, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: passed or not, how far in [0, 1], and why."""

    name: str
    passed: bool
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is thought of one trajectory."""

    trajectory: str
    question_id: str
    checks: tuple[Check, ...]
    schema_version: int = SCHEMA_VERSION

    @property
    def accepted(self) -> bool:
        """Whether every check is passed."""
        return all(check.passed for check in self.checks)

    @property
    def correct(self) -> bool:
        """Whether the answer is right, whatever else is wrong."""
        return self["answer"].passed

    @property
    def score(self) -> float:
        """Mean of the checks, in [0, 1]; 0 where the answer is wrong."""
        return sum(check.score for check in self.checks) / len(self.checks) if self.correct else 0.0

    @property
    def reason(self) -> str:
        """The first check that is not passed, or the empty string."""
        return next((check.name for check in self.checks if not check.passed), "")

    def __getitem__(self, name: str) -> Check:
        return next(check for check in self.checks if check.name == name)

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return {**asdict(self), "accepted": self.accepted, "reason": self.reason, "score": round(self.score, 4)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Verdict:
        """Read the plain JSON form."""
        checks = tuple(Check(**check) for check in record["checks"])
        return cls(record["trajectory"], record["question_id"], checks, record["schema_version"])


def judge_trajectory(question: GoldQuestion, exploration: Exploration, limits: Limits | None = None) -> Verdict:
    """Check a trajectory against its gold question, without any model."""
    limits = limits or Limits()
    checks = (
        _answer(question, exploration),
        _coverage(question, exploration, limits),
        _citations(question, exploration, limits),
        _consistency(question, exploration),
        _format(exploration),
        _waste(question, exploration, limits),
    )
    return Verdict(exploration.id, question.id, checks)


async def ask_judge(question: GoldQuestion, exploration: Exploration, verdict: Verdict, judge: Judge) -> Verdict:
    """Let a model decide on an answer that the exact match refused.

    A reply that cannot be read leaves the verdict as it was and is named in its reason: it is never a "no" of the
    judge, and never a "yes".
    """
    if verdict.correct or not exploration.report:
        return verdict
    try:
        judgement = await judge.judge(question.question, question.answers, str(exploration.report["answer"]))
    except ModelError as error:
        check = Check("answer", False, 0.0, f"{verdict['answer'].reason}; the judge gave no verdict: {error}")
    else:
        said = "right" if judgement.correct else "wrong"
        check = Check("answer", judgement.correct, float(judgement.correct), f"{said}, says {judge.name}")
    rest = tuple(check if item.name == "answer" else item for item in verdict.checks)
    return Verdict(verdict.trajectory, verdict.question_id, rest)


def _answer(question: GoldQuestion, exploration: Exploration) -> Check:
    if exploration.failure:
        return Check("answer", False, 0.0, f"broken off: {exploration.failure}")
    if exploration.mode == MODE and _unread(exploration):
        return Check("answer", False, 0.0, "the reader gave none, the rules did")
    given = str(exploration.report.get("answer", ""))
    if exact_match(given, question.answers):
        return Check("answer", True, 1.0, "equal to an accepted answer")
    shown = given if len(given) <= 80 else given[:79] + "…"
    return Check("answer", False, 0.0, f"{shown!r} is not {question.answers[0]!r}")


def _unread(exploration: Exploration) -> int:
    """Count the replies of a reader that hold no answer."""
    return sum(not has_answer(item.messages[-1].content) for item in exploration.conversations)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _coverage(question: GoldQuestion, exploration: Exploration, limits: Limits) -> Check:
    visited = set(exploration.report.get("visited", ()))
    if not visited:
        return Check("coverage", False, 0.0, "no page was opened")
    missing = [hop for hop in question.chain if not any(place.document in visited for place in places(hop))]
    score = 1 - _share(len(missing), len(question.chain)) if question.chain else 1.0
    if score >= limits.coverage:
        return Check(
            "coverage", True, score, f"{len(question.chain)} facts, all on opened pages" if not missing else ""
        )
    names = "; ".join(f"{hop.relation} of {hop.subject}" for hop in missing[:3])
    return Check("coverage", False, score, f"no page was opened that states {names}")


def _overlaps(citation: Mapping[str, Any], place: Evidence) -> bool:
    same = citation["document"] == place.document
    return bool(same and citation["start"] < place.end and citation["end"] > place.start)


def _citations(question: GoldQuestion, exploration: Exploration, limits: Limits) -> Check:
    report = exploration.report
    citations = report.get("citations", ())
    dropped = sum(str(note).startswith("quote dropped") for note in report.get("notes", ()))
    if dropped:
        share = _share(len(citations), len(citations) + dropped)
        return Check("citations", False, share, f"{dropped} quotes do not stand in the documents")
    unsupported = [finding for finding in report.get("findings", ()) if not finding["supported"]]
    if unsupported:
        share = 1 - _share(len(unsupported), len(report["findings"]))
        return Check("citations", False, share, f"no quote carries “{unsupported[0]['claim'][:80]}”")
    carried = [hop for hop in question.chain if any(_overlaps(c, place) for c in citations for place in places(hop))]
    score = _share(len(carried), len(question.chain))
    if question.kind != "unanswerable" and not citations:
        return Check("citations", False, 0.0, "the answer has no citation")
    if score < limits.cited:
        return Check("citations", False, score, f"{len(carried)} of {len(question.chain)} facts are cited")
    return Check("citations", True, score, f"{len(citations)} citations, {len(carried)} facts of the chain")


def _consistency(question: GoldQuestion, exploration: Exploration) -> Check:
    """Check that names are used after they are seen, and that the answer was seen."""
    unseen: list[str] = []
    names = {base_name(end) for hop in question.chain for end in (hop.subject, hop.value)}
    names = {name.casefold() for name in names if len(name) > 3}
    seen = question.question.casefold()
    read: set[str] = set()
    for conversation in exploration.conversations:
        for message in conversation.messages:
            text = message.content.casefold()
            if message.role == "assistant":
                unseen += [name for name in names - read if name in text and name not in seen and name not in unseen]
            elif message.role != "system":
                seen += "\n" + text
        read = {name for name in names if name in seen}
    if unseen:
        return Check("consistency", False, 0.0, f"“{unseen[0]}” is used before any document named it")
    answer = str(exploration.report.get("answer", ""))
    derived = question.kind in DERIVED or answer == NOT_FOUND
    if not derived and normalize_answer(answer) not in normalize_answer(seen):
        return Check("consistency", False, 0.5, "the answer stands in no document that was read")
    return Check("consistency", True, 1.0, "each name was read before it was used")


def _format(exploration: Exploration) -> Check:
    if not exploration.report:
        return Check("format", False, 0.0, "there is no report")
    if exploration.report["status"] == "forced":
        return Check("format", False, 0.0, "the answer was forced")
    if exploration.mode == MODE:
        unread = _unread(exploration)
        return Check("format", not unread, float(not unread), f"{unread} replies without an answer" if unread else "")
    for conversation in exploration.conversations:
        said = conversation.messages[-1] if exploration.mode == "iter" else None
        for message in [said] if said else [m for m in conversation.messages if m.role == "assistant"]:
            if message.tool_calls:
                continue
            turn = parse_turn(message.content)
            rest = turn.rest if exploration.mode == "react" else ""
            if turn.problems or rest or not (turn.calls or turn.answer):
                what = (
                    turn.problems[0]
                    if turn.problems
                    else "text outside the tags"
                    if rest
                    else "neither call nor answer"
                )
                return Check("format", False, 0.0, what)
    return Check("format", True, 1.0, "every turn is readable")


def _waste(question: GoldQuestion, exploration: Exploration, limits: Limits) -> Check:
    steps = exploration.steps
    if not steps:
        return Check("waste", exploration.report.get("answer") == NOT_FOUND, 0.0, "nothing was looked up")
    repeated = sum(bool(step["repeated"]) for step in steps) / len(steps)
    failed = sum(bool(step["error"]) for step in steps) / len(steps)
    allowed = limits.calls_per_hop * (1 + max(1, question.hops))
    score = max(0.0, 1 - max(repeated, failed, len(steps) / (2 * allowed)))
    tests: tuple[tuple[bool, Callable[[], str]], ...] = (
        (repeated > limits.repeated, lambda: f"{repeated:.0%} of the calls repeat an earlier one"),
        (failed > limits.failed, lambda: f"{failed:.0%} of the calls failed"),
        (len(steps) > allowed, lambda: f"{len(steps)} calls for {question.hops} hops"),
    )
    for wrong, say in tests:
        if wrong:
            return Check("waste", False, score, say())
    return Check("waste", True, score, f"{len(steps)} calls, {repeated:.0%} repeated, {failed:.0%} failed")
