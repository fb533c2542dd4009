"""The desk: requests come in from any thread, and one thread that decodes takes them."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque

from tamsa.errors import ModelError
from tamsa.llm.local.requests import Request


class Desk(ABC):
    """What decodes the requests of a local model: our `Engine`, or vLLM.

    Args:
        name: the model's spec, for errors.
    """

    takes_grammar: bool
    """Whether `Request.allowed` is heeded."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._wake = threading.Condition()
        self._waiting: deque[Request] = deque()
        self._closing = self._forget = False
        self._failure: BaseException | None = None
        """Why no request can be served."""
        self.busy_s = 0.0
        """Seconds spent reading and drawing."""

    def start(self) -> None:  # noqa: B027 - nothing to do where it is loaded from the first
        """Begin to load the model, if that has not begun."""

    def submit(self, *requests: Request) -> None:
        """Add requests, all at once; the `on_done` of each gets its outcome, or the error that ended it."""
        self.start()
        with self._wake:
            failure = ModelError(f"{self._name}: closed") if self._closing else self._failure
            if failure is None:
                self._waiting.extend(requests)
                self._wake.notify()
                return
        for request in requests:
            request.on_done(failure)

    def cancel(self, request: Request) -> None:
        """Give a request up; its row is free at the next step."""
        request.cancelled = True
        with self._wake:
            self._wake.notify()

    def forget(self) -> None:
        """Drop all kept states before the next request: the model's weights have changed."""
        with self._wake:
            self._forget = True

    @abstractmethod
    def close(self) -> None:
        """End after the present step; open requests fail."""
