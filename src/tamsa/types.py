"""The vocabulary that every layer shares: documents, hits, messages, calls, runs and reports.

All offsets are character offsets into `Document.text` as it was indexed, half open `[start, end)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

SCHEMA_VERSION = 1
"""Version of every artifact that Tamsa writes."""

# --------------------------------------------------------------------------- documents


@dataclass(frozen=True, slots=True)
class Section:
    """A named stretch of a document: a heading, a page (`p. 3`), a sheet or a slide."""

    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Link:
    """A stretch of a document's text that points at another document.

    `target` is a document id where it is known, else the title or path as written.
    """

    target: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """One document as indexed: its text is what every offset and quote refers to."""

    id: str
    title: str
    text: str
    sections: tuple[Section, ...] = ()
    links: tuple[Link, ...] = ()
    source: str | None = None
    """Path or address the text was read from, for people."""
    date: str | None = None
    """ISO date of publication or last change, if the source says one."""

    def anchor_at(self, position: int) -> str:
        """Name the innermost section that holds a position, or the empty string."""
        inside = [section for section in self.sections if section.start <= position < section.end]
        return max(inside, key=lambda section: section.start).title if inside else ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found by a search, best chunk first."""

    id: str
    title: str
    score: float
    snippet: str
    start: int = 0
    end: int = 0
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A known document title found in a text at `[start, end)`."""

    id: str
    title: str
    start: int
    end: int


# --------------------------------------------------------------------------- conversation

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A request of the model to run one tool."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolSchema:
    """What a model is told of a tool: name, description and JSON schema of the arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Usage:
    """What one or many completions cost. `cost` is in US dollars, None where no price is known."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        known = [c for c in (self.cost, other.cost) if c is not None]
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            sum(known) if known else None,
        )

    @property
    def total_tokens(self) -> int:
        """Tokens of prompts and completions together."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gives back: `text` for the model, `data` (JSON) for programs."""

    text: str
    data: Any = None
    error: bool = False
    usage: Usage | None = None
    """What a model cost that the tool itself asked."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation. `data` travels beside `content` and is never sent to a model."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    data: Any = None


FinishReason = Literal["stop", "length", "tool_calls", "error"]


@dataclass(frozen=True, slots=True)
class Sampled:
    """What a local model read and drew for one completion, exactly: training never tokenises it again.

    All sequences but `prompt_ids` have one entry a drawn token, the end token included.
    """

    prompt_ids: tuple[int, ...]
    """Token ids of the whole prompt; those of an earlier turn of the same conversation are its prefix."""
    completion_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    """Natural logarithms of the probabilities under the distribution drawn from (temperature and top-p applied)."""
    temperatures: tuple[float, ...] = ()
    """In (0, 2), where the model chose its own; else empty."""
    top_ps: tuple[float, ...] = ()
    """In (0, 1), where the model chose its own; else empty."""
    model_logprobs: tuple[float, ...] = ()
    """Natural logarithms under the model's own distribution (temperature 1, nothing cut): what it holds likely itself,
    greedy decoding included."""
    text_ends: tuple[int, ...] = ()
    """Characters of `Completion.text` that were certain after each token; empty where the text was rewritten."""
    allowed: tuple[tuple[int, ...], ...] = ()
    """By token: those that could be drawn, where the reply was held to a form; else empty. A token without an
    alternative has log-probability 0; its temperature and top-p, where given, are 1."""
    answer_logprob: float | None = None
    """Natural logarithm of the probability of the answer, where it was weighed among several; else its tokens tell."""


@dataclass(frozen=True, slots=True)
class Likelihood:
    """How likely a model itself held an answer: natural logarithms under its own distribution, each <= 0."""

    answer: float
    """Of the short answer with the token that ends it, all tokens together."""
    turn: float
    """Mean of a token of the turn that answered."""
    run: float
    """Mean of a token of all turns."""


MAX_LOG_ODDS = 20.0
"""Log-odds of an answer are cut at this, to either side."""
UNSURE_BELOW = 0.5
"""An answer whose calibrated probability is less is more likely wrong than right."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a model's own likelihoods are worth: a logistic model of whether its answer is right.

    Fitted on questions with known answers (`tamsa.scoring.calibration`); it belongs to one set of weights.
    """

    bias: float
    answer: float
    """Weight of the log-odds of the answer."""
    turn: float
    run: float
    num_answers: int
    """Answers that it was fitted to."""
    ece_before: float
    """Expected calibration error of the uncalibrated probability of the answer, in [0, 1]."""
    ece_after: float
    """The same of the calibrated one, each answer judged by a fit to the others."""
    questions: str = ""
    """Digest of the questions."""

    @staticmethod
    def features(likelihood: Likelihood) -> tuple[float, float, float]:
        """Return what the weights apply to: log-odds of the answer, mean of the turn, mean of the run."""
        missing = -math.expm1(likelihood.answer)  # 1 - p, exact where p is nearly 1
        odds = likelihood.answer - math.log(missing) if missing > 0 else MAX_LOG_ODDS
        return max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, odds)), likelihood.turn, likelihood.run

    def probability(self, likelihood: Likelihood) -> float:
        """Return the probability that the answer is right, in (0, 1)."""
        odds, turn, run = self.features(likelihood)
        z = self.bias + self.answer * odds + self.turn * turn + self.run * run
        return 1.0 / (1.0 + math.exp(-z)) if z >= 0 else math.exp(z) / (1.0 + math.exp(z))


@dataclass(frozen=True, slots=True)
class Profile:
    """What an agent should know of a model. One trained on the agent's own format carries one."""

    brief: bool = False
    """True: the format and rules are trained in; the system prompt is one line, and tools show their short form."""
    page_chars: int | None = None
    """Characters of a document shown by one visit; None: by the context length."""
    hits_per_query: int | None = None
    snippet_chars: int | None = None
    max_links: int | None = None
    """Links named below an opened page."""
    mode: str = "react"
    """Strategy the model was trained in most."""
    calibration: Calibration | None = None
    """What its own probabilities are worth, where that was measured."""
    reader_votes: int = 0
    """In guided research: replies that are drawn of one prompt and vote, with the rules, on the answer; 0: it answers
    alone, with one reply."""
    reader_weight: float = 1.0
    """What the votes weigh against the rules, as an exponent."""
    evidence_chars: int | None = None
    """In guided research: characters of evidence that it is shown; None: by the context length."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer of a model. `tool_calls` holds native calls only; calls in text stay in `text`."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = field(default_factory=Usage)
    finish_reason: FinishReason = "stop"
    sampled: Sampled | None = None
    """Token ids and log-probabilities, from local models that keep them."""


class Model(Protocol):
    """What the agent needs of a language model (or of a policy that stands in for one)."""

    name: str
    """The spec it was made from, as written to `run.json`."""
    context_length: int
    """Tokens that prompt and completion may hold together."""
    native_tools: bool
    """True: tools are sent as schemas and calls come back in `Completion.tool_calls`."""
    profile: Profile
    """How an agent is set up for this model."""

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """Answer a conversation.

        Args:
            messages: the conversation, oldest first.
            tools: schemas of the tools on offer; sent natively only where `native_tools` is True.
            max_tokens: bound on the completion.
            stop: strings at which generation ends (not part of the text).
            on_text: receives text as it streams in.

        Raises:
            ContextLengthError: the prompt does not fit.
            ModelAuthError, ModelUnavailableError, ModelError: as named.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """Count (or estimate from above) the tokens of a text."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...


# --------------------------------------------------------------------------- report

RunStatus = Literal["answered", "forced", "not_found"]
"""answered: by the model; forced: a budget ran out first; not_found: the documents do not say."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A verified quote: `quote == document.text[start:end]`, exactly."""

    number: int
    document: str
    title: str
    anchor: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim with the numbers of the citations for and against it."""

    claim: str
    supported: bool
    citations: tuple[int, ...] = ()
    against: tuple[int, ...] = ()
    num_sources: int = 0
    """Independent documents whose quotes carry the claim."""
    settlement: str | None = None
    """How a disagreement between sources was settled, where there is one."""

    @property
    def disputed(self) -> bool:
        """Whether a verified quote speaks against the claim."""
        return bool(self.against)


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure the model is of the answer, by its own probabilities."""

    probability: float
    """In [0, 1]. Calibrated: that the answer is right. Else: that the model would write these very words again."""
    calibrated: bool
    likelihood: Likelihood

    @property
    def unsure(self) -> bool:
        """Whether the answer is, by calibrated probability, more likely wrong than right."""
        return self.calibrated and self.probability < UNSURE_BELOW


PlanStatus = Literal["open", "confirmed", "refuted"]


@dataclass(frozen=True, slots=True)
class PlanItem:
    """A step or hypothesis of the plan and what the evidence says of it."""

    text: str
    status: PlanStatus = "open"


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a run. `report.json` is `to_json()`."""

    question: str
    answer: str
    status: RunStatus
    findings: tuple[Finding, ...] = ()
    citations: tuple[Citation, ...] = ()
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    num_steps: int = 0
    num_calls: int = 0
    visited: tuple[str, ...] = ()
    """Ids of the documents opened, in order of first opening."""
    model: str = ""
    run_id: str = ""
    plan: tuple[PlanItem, ...] = ()
    """The plan as it stood at the end; empty where the model wrote none."""
    confidence: Confidence | None = None
    """None where the model gives no probabilities, or answered in no readable form."""
    notes: tuple[str, ...] = ()
    """What went wrong or was left out, a line each: dropped quotes, exhausted budgets."""

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form, as documented in the format page."""
        findings = [{**asdict(f), "disputed": f.disputed} for f in self.findings]
        return {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.run_id,
            "question": self.question,
            "answer": self.answer,
            "status": self.status,
            "findings": findings,
            "citations": [asdict(c) for c in self.citations],
            "usage": {
                **asdict(self.usage),
                "total_tokens": self.usage.total_tokens,
                "seconds": self.seconds,
                "num_steps": self.num_steps,
                "num_calls": self.num_calls,
            },
            "confidence": asdict(self.confidence) if self.confidence is not None else None,
            "visited": list(self.visited),
            "model": self.model,
            "plan": [asdict(item) for item in self.plan],
            "notes": list(self.notes),
        }
