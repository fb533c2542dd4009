"""The curriculum: prompts that the model solves sometimes are in use, the others wait or are retired.

The pool of arXiv 2510.24701, section 3.4: always-solved and never-solved prompts teach nothing, since all their runs
have the same reward. They are exchanged for waiting ones during the run.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from tamsa.train.rl.prompts import Prompt
from tamsa.train.rl.recipe import PoolSettings


class Pool:
    """Draws prompts; the same seed and rewards give the same prompts.

    Args:
        prompts: all of them.
        settings: how many are in use, and when one leaves.
        seed: of the order.
    """

    def __init__(self, prompts: Sequence[Prompt], settings: PoolSettings, seed: int) -> None:
        self._prompts = {prompt.id: prompt for prompt in prompts}
        self._settings = settings
        self._random = random.Random(seed)
        order = list(self._prompts)
        self._random.shuffle(order)
        self._active: deque[str] = deque(order[: settings.active])
        self._waiting: deque[str] = deque(order[settings.active :])
        self._retired: list[str] = []
        self._results: dict[str, list[float]] = {}

    @property
    def num_active(self) -> int:
        """Prompts in use."""
        return len(self._active)

    @property
    def num_retired(self) -> int:
        """Prompts that are always solved."""
        return len(self._retired)

    def draw(self, count: int) -> list[Prompt]:
        """Take the next prompts in turn; none twice in one draw."""
        taken = [self._active.popleft() for _ in range(min(count, len(self._active)))]
        self._active.extend(taken)
        return [self._prompts[key] for key in taken]

    def report(self, prompt: Prompt, rewards: Sequence[float]) -> None:
        """Take in the rewards of a prompt's runs, and exchange it if it teaches nothing any more.

        A prompt that is never solved goes to the end of those that wait, and comes again when the model is better;
        one that is always solved is retired while others wait.
        """
        s = self._settings
        kept = [*self._results.get(prompt.id, []), *rewards][-max(s.min_tries, len(rewards)) :]
        self._results[prompt.id] = kept
        if len(kept) < s.min_tries or prompt.id not in self._active or not self._waiting:
            return
        rate = sum(kept) / len(kept)
        if s.retire_low < rate < s.retire_high:
            return
        self._active.remove(prompt.id)
        self._results.pop(prompt.id)
        if rate >= s.retire_high:
            self._retired.append(prompt.id)
        else:
            self._waiting.append(prompt.id)
        self._active.append(self._waiting.popleft())

    def state(self) -> dict[str, Any]:
        """Return the state as JSON values."""
        return {
            "active": list(self._active),
            "waiting": list(self._waiting),
            "retired": list(self._retired),
            "results": self._results,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; prompts that are new since then wait, those that are gone are dropped."""
        known = self._prompts
        self._active = deque(key for key in state["active"] if key in known)
        self._waiting = deque(key for key in state["waiting"] if key in known)
        self._retired = [key for key in state["retired"] if key in known]
        self._results = {key: list(value) for key, value in state["results"].items() if key in known}
        seen = {*self._active, *self._waiting, *self._retired}
        self._waiting.extend(key for key in known if key not in seen)
        while len(self._active) < self._settings.active and self._waiting:
            self._active.append(self._waiting.popleft())
