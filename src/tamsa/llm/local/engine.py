"""The engine: one thread that decodes many completions together.

Completions join and leave between steps. A prompt is read in chunks, all but its last token; that token is the row's
first step in the batch, so a prefill computes no logits and the state before it can serve the same prompt again.
Completions of one prompt share a row until they draw different tokens: what eight votes have in common is computed
once.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from tamsa.decoding import DecodingHeads
from tamsa.errors import ModelError, TamsaError
from tamsa.llm.local.desk import Desk
from tamsa.llm.local.memory import Rows, Step
from tamsa.llm.local.requests import Outcome, Request, Sampling
from tamsa.llm.local.row import Draft, Row
from tamsa.llm.local.rows import rows_for
from tamsa.llm.local.sampler import draw, held
from tamsa.types import FinishReason

log = logging.getLogger(__name__)
READ_CHUNK = 1024
"""Tokens of prompts read between two steps while other rows are decoding."""


@dataclass(frozen=True, slots=True)
class Network:
    """What decodes: the model and, if it has them, its AutoDeco heads."""

    model: Any
    heads: DecodingHeads | None = None


class Engine(Desk):
    """Decode requests in a thread of its own, which starts with the first request.

    Args:
        load: makes the model; called once, in the engine's thread.
        name: the model's spec, for errors.
        batch_size: completions decoded together; further requests wait.
        max_bytes: memory that states kept between turns may hold.
        threads: torch threads of the engine; None leaves torch's number.
    """

    takes_grammar = True

    def __init__(
        self,
        load: Callable[[], Network],
        *,
        name: str = "local model",
        batch_size: int = 32,
        max_bytes: int = 2**30,
        threads: int | None = None,
    ) -> None:
        super().__init__(name)
        self._load = load
        self._batch_size, self._max_bytes = batch_size, max_bytes
        self.threads = threads
        """Heeded when the thread starts."""
        self._thread: threading.Thread | None = None
        self._network: Network | None = None
        self._rows: Rows | None = None
        self._reading: deque[Row] = deque()
        self._decoding: list[Row] = []
        self.num_steps = 0
        """Decoding steps made."""
        self.num_read = 0
        """Prompt tokens read."""
        self.num_reused = 0
        """Prompt tokens whose state was kept from earlier."""
        self.num_drawn = 0
        """Tokens drawn."""
        self.num_certain = 0
        """Tokens that a form left no choice about: read, not drawn."""

    # ------------------------------------------------------------------ from any thread

    def start(self) -> None:
        """Begin to load the model, if that has not begun."""
        with self._wake:
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._work, name=f"tamsa {self._name}", daemon=True)
                self._thread.start()
                atexit.register(self.close)  # a process that ends while weights are loaded would be aborted

    def close(self) -> None:
        """End the thread after the present step and wait for it; open requests fail."""
        atexit.unregister(self.close)
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    @property
    def num_active(self) -> int:
        """Requests that are waiting, read or decoded."""
        return len(self._waiting) + self._num_drafts()

    def _num_drafts(self) -> int:
        return sum(len(row.drafts) for row in (*self._reading, *self._decoding))

    # ------------------------------------------------------------------ the thread

    def _work(self) -> None:
        try:
            if self.threads is not None:
                torch.set_num_threads(self.threads)
            self._network = self._load()
            self._rows = rows_for(self._network.model, self._max_bytes, self._batch_size)
        except BaseException as error:
            known = isinstance(error, TamsaError)
            reason = error if known else ModelError(f"{self._name}: cannot be loaded ({one_line(error)})")
            if not known:
                log.debug("%s: loading failed", self._name, exc_info=error)
            with self._wake:
                self._failure = reason
            self._fail(reason)
            return
        while self._wait():
            began = time.monotonic()
            try:
                with torch.inference_mode():
                    self._turn()
            except Exception as error:
                log.debug("%s: a step failed", self._name, exc_info=error)
                self._fail(ModelError(f"{self._name}: decoding failed ({one_line(error)})"), waiting=False)
                self._rows.forget()
            self.busy_s += time.monotonic() - began
        self._fail(ModelError(f"{self._name}: closed"))
        self._rows = self._network = None

    def _wait(self) -> bool:
        """Sleep until there is something to do; False when the engine is closed."""
        with self._wake:
            while not (self._closing or self._waiting or self._reading or self._decoding):
                self._wake.wait()
            if self._closing:
                return False
            if self._forget and not self._reading and not self._decoding:
                assert self._rows is not None
                self._rows.forget()
                self._forget = False
            while self._waiting and not self._forget and self._num_drafts() < self._batch_size:
                request = self._waiting.popleft()
                if not request.cancelled:
                    self._admit(Draft(request))
        return True

    def _admit(self, draft: Draft) -> None:
        """Begin a completion, beside others whose prompt is the same and still being read where there are any."""
        for row in self._reading:
            if row.prompt == draft.request.prompt_ids:
                row.drafts.append(draft)
                return
        self._reading.append(Row([draft]))

    def _fail(self, error: BaseException, *, waiting: bool = True) -> None:
        requests = [draft.request for row in (*self._reading, *self._decoding) for draft in row.drafts]
        self._reading.clear()
        self._decoding.clear()
        if waiting:
            with self._wake:
                requests += self._waiting
                self._waiting.clear()
        for request in requests:
            if not request.cancelled:
                request.on_done(error)

    def _turn(self) -> None:
        """Read some of the new prompts, then make one step."""
        assert self._network is not None and self._rows is not None
        if self._network.model.training:
            self._network.model.eval()
        self._drop_cancelled()
        budget = READ_CHUNK
        while self._reading and (budget > 0 or not self._decoding):
            row = self._reading[0]
            try:
                budget -= self._read(row)
            except Exception as error:  # a row that is being read stands apart: the others go on
                log.debug("%s: a prompt could not be read", self._name, exc_info=error)
                self._reading.popleft()
                reason = f"{self._name}: the prompt could not be read ({one_line(error)})"
                for draft in row.drafts:
                    draft.request.on_done(ModelError(reason))
                continue
            if row.position == row.length - 1:
                self._join()
        if self._decoding:
            self._step()

    def _drop_cancelled(self) -> None:
        for row in (*self._reading, *self._decoding):
            row.drafts = [draft for draft in row.drafts if not draft.request.cancelled]
        for row in [row for row in self._reading if not row.drafts]:
            self._reading.remove(row)
        for index in reversed(range(len(self._decoding))):
            if not self._decoding[index].drafts:
                self._leave(index)

    def _read(self, row: Row) -> int:
        """Read a chunk of a row's prompt, all but the last token; returns how many tokens."""
        rows = self._rows
        assert rows is not None
        prompt = row.prompt
        if row.state is None:
            row.state, row.position, row.mark = rows.open(prompt)
            row.drafts[0].reused = row.position
            self.num_reused += row.position
        end = min(len(prompt) - 1, row.position + READ_CHUNK)
        if row.position < row.mark < end:
            end = row.mark
        count = end - row.position
        if count:
            row.state = rows.read(row.state, prompt[row.position : end])
            row.position = end
            self.num_read += count
            if end in (row.mark, len(prompt) - 1):
                rows.keep(prompt[:end], row.state)
        return count

    def _join(self) -> None:
        """Put the row that is read into the batch."""
        assert self._rows is not None
        row = self._reading.popleft()
        self._rows.join(row.state)
        row.state = None
        self._decoding.append(row)
        for draft in row.drafts[1:]:
            draft.reused = row.position
            self.num_reused += row.position

    def _step(self) -> None:
        """Feed every row what it knows and has not read, draw the next token of every completion, and part those that
        drew different ones."""
        rows, network = self._rows, self._network
        assert rows is not None and network is not None
        new = [row.known(row.position, row.length) for row in self._decoding]
        step = self._without_broken(rows.step(new, hidden=network.heads is not None))
        for row in self._decoding:
            row.position = row.length
        self.num_steps += 1
        reasons = self._draw(step)
        for index in reversed(range(len(self._decoding))):
            row = self._decoding[index]
            finished = [draft for draft in row.drafts if draft in reasons]
            groups = row.parted(draft for draft in row.drafts if draft not in reasons)
            for group in groups[1:]:
                rows.join(rows.copy(index))
                self._decoding.append(Row(group, position=row.position))
            if finished:
                rows.keep(row.known(0, row.position), rows.copy(index))
            if groups:
                row.drafts = groups[0]
            else:
                self._leave(index)
            for draft in finished:
                draft.request.on_done(draft.outcome(reasons[draft]))

    def _draw(self, step: Step) -> dict[Draft, FinishReason]:
        """Draw the next token of every completion; return which have ended, and how."""
        assert self._network is not None
        drafts = [draft for row in self._decoding for draft in row.drafts]
        if len(drafts) > len(self._decoding):
            at = [index for index, row in enumerate(self._decoding) for _ in row.drafts]
            step = Step(step.logits[at], step.hidden[at] if step.hidden is not None else None)
        allowed = [draft.may_draw() for draft in drafts]
        sampling = [draft.request.sampling for draft in drafts]
        drawn = draw(held(step.logits, allowed), step.hidden, self._network.heads, sampling)
        self.num_drawn += len(drafts)
        reasons: dict[Draft, FinishReason] = {}
        for n, draft in enumerate(drafts):
            draft.take(drawn.tokens[n], drawn.logprobs[n], drawn.model_logprobs[n], allowed[n])
            if drawn.chosen[n]:
                draft.temperatures.append(drawn.temperatures[n])
                draft.top_ps.append(drawn.top_ps[n])
            reason = draft.ending()
            while reason is None and (certain := draft.may_draw()) is not None and len(certain) == 1:
                draft.take(certain[0], 0.0, 0.0, certain)
                if drawn.chosen[n]:
                    draft.temperatures.append(1.0)
                    draft.top_ps.append(1.0)
                self.num_certain += 1
                reason = draft.ending()
            if reason is not None:
                reasons[draft] = reason
        return reasons

    def _without_broken(self, step: Step) -> Step:
        """Fail the rows whose numbers are not finite; return the step of the others."""
        fine = torch.isfinite(step.logits.amax(-1))  # -inf rules a token out; as the largest it is a fault too
        if step.hidden is not None:
            fine &= torch.isfinite(step.hidden).all(-1)
        if bool(fine.all()):
            return step
        places = list(range(len(fine)))
        for index in reversed((~fine).nonzero()[:, 0].tolist()):
            row = self._leave(index)
            last = places.pop()
            if index < len(places):
                places[index] = last
            for draft in row.drafts:
                draft.request.on_done(
                    ModelError(
                        f"{self._name}: its output for this conversation is not finite (NaN or infinity); are the "
                        "weights damaged, or is dtype = float16 too narrow for them?"
                    )
                )
        self.forget()  # what was kept of the prompt may be broken too, and serves others
        return Step(step.logits[places], step.hidden[places] if step.hidden is not None else None)

    def _leave(self, index: int) -> Row:
        """Take a row out of the batch; the last one takes its place, here and there."""
        assert self._rows is not None
        self._rows.leave(index)
        row, last = self._decoding[index], self._decoding.pop()
        if index < len(self._decoding):
            self._decoding[index] = last
        return row


def one_line(error: BaseException) -> str:
    """Name an error of a library, with its kind, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


__all__ = ["Engine", "Network", "Outcome", "Request", "Sampling", "one_line"]
