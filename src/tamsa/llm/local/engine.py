"""The engine: one thread that decodes many completions together.

Completions join and leave between steps. A prompt is read in chunks, all but its last token; that token is the row's
first step in the batch, so a prefill computes no logits and the state before it can serve the same prompt again.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from tamsa.decoding import DecodingHeads
from tamsa.errors import ModelError, TamsaError
from tamsa.llm.local.desk import Desk
from tamsa.llm.local.memory import Rows, Step
from tamsa.llm.local.requests import Outcome, Request, Sampling
from tamsa.llm.local.row import Row
from tamsa.llm.local.rows import rows_for
from tamsa.llm.local.sampler import draw, held
from tamsa.types import FinishReason

log = logging.getLogger(__name__)
READ_CHUNK = 1024
"""Tokens of prompts read between two steps while other rows are decoding."""
WORTH_READING = 4
"""Certain tokens in a row from which on they are read at once instead of step by step."""


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
        batch_size: rows decoded together; further requests wait.
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
        self._batch_size, self._max_bytes, self._threads = batch_size, max_bytes, threads
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
        return len(self._waiting) + len(self._reading) + len(self._decoding)

    # ------------------------------------------------------------------ the thread

    def _work(self) -> None:
        try:
            if self._threads is not None:
                torch.set_num_threads(self._threads)
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
            while self._waiting and not self._forget and len(self._reading) + len(self._decoding) < self._batch_size:
                request = self._waiting.popleft()
                if not request.cancelled:
                    self._reading.append(Row(request))
        return True

    def _fail(self, error: BaseException, *, waiting: bool = True) -> None:
        rows = [*self._reading, *self._decoding]
        self._reading.clear()
        self._decoding.clear()
        requests = [row.request for row in rows]
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
                row.request.on_done(ModelError(f"{self._name}: the prompt could not be read ({one_line(error)})"))
                continue
            if row.position == row.length - 1:
                self._join()
        if self._decoding:
            self._step()

    def _drop_cancelled(self) -> None:
        assert self._rows is not None
        for row in [row for row in self._reading if row.request.cancelled]:
            self._reading.remove(row)
        for index in reversed(range(len(self._decoding))):
            if self._decoding[index].request.cancelled:
                self._leave(index, keep=False)

    def _read(self, row: Row) -> int:
        """Read a chunk of what a row knows, all but the last token; returns how many tokens."""
        rows = self._rows
        assert rows is not None
        prompt = row.request.prompt_ids
        if row.state is None:
            row.state, row.reused, row.mark = rows.open(prompt)
            row.position = row.reused
            self.num_reused += row.reused
        end = min(row.length - 1, row.position + READ_CHUNK)
        if row.position < row.mark < end:
            end = row.mark
        count = end - row.position
        if count:
            row.state = rows.read(row.state, row.known(row.position, end))
            row.position = end
            if not row.ids:
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

    def _step(self) -> None:
        rows, network = self._rows, self._network
        assert rows is not None and network is not None
        tokens = [row.known(row.position, row.position + 1)[0] for row in self._decoding]
        step = self._without_broken(rows.step(tokens, hidden=network.heads is not None))
        for row in self._decoding:
            row.position += 1
        drawing = [index for index, row in enumerate(self._decoding) if row.position == row.length]
        self.num_steps += 1
        finished = self._draw(step, drawing) if drawing else []
        for index, reason in reversed(finished):
            row, state = self._leave(index, keep=True)
            rows.keep(row.known(0, row.position), state)
            row.request.on_done(row.outcome(reason))
        for index in reversed(range(len(self._decoding))):
            if self._decoding[index].length - self._decoding[index].position > WORTH_READING:
                row, row.state = self._leave(index, keep=True)
                self._reading.appendleft(row)

    def _draw(self, step: Step, drawing: Sequence[int]) -> list[tuple[int, FinishReason]]:
        """Draw the next token of the rows that have read all they know; return which rows have ended, and how."""
        assert self._network is not None
        chosen = [self._decoding[index] for index in drawing]
        if len(drawing) < len(self._decoding):
            at = list(drawing)
            step = Step(step.logits[at], step.hidden[at] if step.hidden is not None else None)
        allowed = [row.may_draw() for row in chosen]
        sampling = [row.request.sampling for row in chosen]
        drawn = draw(held(step.logits, allowed), step.hidden, self._network.heads, sampling)
        self.num_drawn += len(chosen)
        finished: list[tuple[int, FinishReason]] = []
        for n, (index, row) in enumerate(zip(drawing, chosen, strict=True)):
            row.take(drawn.tokens[n], drawn.logprobs[n], drawn.model_logprobs[n], allowed[n])
            if drawn.chosen[n]:
                row.temperatures.append(drawn.temperatures[n])
                row.top_ps.append(drawn.top_ps[n])
            reason = row.ending()
            while reason is None and (certain := row.may_draw()) is not None and len(certain) == 1:
                row.take(certain[0], 0.0, 0.0, certain)
                if drawn.chosen[n]:
                    row.temperatures.append(1.0)
                    row.top_ps.append(1.0)
                self.num_certain += 1
                reason = row.ending()
            if reason is not None:
                finished.append((index, reason))
        return finished

    def _without_broken(self, step: Step) -> Step:
        """Fail the rows whose numbers are not finite; return the step of the others."""
        fine = torch.isfinite(step.logits.amax(-1))  # -inf rules a token out; as the largest it is a fault too
        if step.hidden is not None:
            fine &= torch.isfinite(step.hidden).all(-1)
        if bool(fine.all()):
            return step
        places = list(range(len(fine)))
        for index in reversed((~fine).nonzero()[:, 0].tolist()):
            row, _ = self._leave(index, keep=False)
            last = places.pop()
            if index < len(places):
                places[index] = last
            row.request.on_done(
                ModelError(
                    f"{self._name}: its output for this conversation is not finite (NaN or infinity); are the weights "
                    "damaged, or is dtype = float16 too narrow for them?"
                )
            )
        self.forget()  # what was kept of the prompt may be broken too, and serves others
        return Step(step.logits[places], step.hidden[places] if step.hidden is not None else None)

    def _leave(self, index: int, *, keep: bool) -> tuple[Row, Any]:
        """Take a row out of the batch; the last one takes its place, here and there."""
        assert self._rows is not None
        state = self._rows.leave(index, keep=keep)
        row, last = self._decoding[index], self._decoding.pop()
        if index < len(self._decoding):
            self._decoding[index] = last
        return row, state


def one_line(error: BaseException) -> str:
    """Name an error of a library, with its kind, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


__all__ = ["Engine", "Network", "Outcome", "Request", "Sampling", "one_line"]
