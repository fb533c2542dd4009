"""How long a run lasts and how the learning rate moves: warm up, stay, decay (WSD, arXiv 2404.06395).

A budget in minutes becomes a number of steps only when its decay begins. That decision is part of the state, so a
resumed run repeats it; a budget in steps, tokens or epochs is exact from the start.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tamsa.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """When a run ends; the first budget that is used up ends it."""

    steps: int | None = None
    tokens: int | None = None
    epochs: float | None = None
    """Passes over the tokens of the whole mixture."""
    minutes: float | None = None
    """Wall clock of training, evaluation included, all sessions of the run together."""
    warmup: int = 100
    """Steps of linear warm-up."""
    decay: float = 0.2
    """Share of the run, at its end, in which the learning rate falls, in [0, 1]."""
    final: float = 0.0
    """Learning rate at the end, relative to the peak."""


@dataclass
class Schedule:
    """The state of a schedule.

    Args:
        settings: the budgets.
        num_steps: what the budgets in steps, tokens and epochs come to; None if there is none.

    Raises:
        ConfigError: there is no budget, or a value is out of range.
    """

    settings: ScheduleSettings
    num_steps: int | None
    decay_start: int | None = None
    end: int | None = None
    first_s: float | None = None
    """Seconds of the first step, which may compile: it says nothing of the others."""

    def __post_init__(self) -> None:
        s = self.settings
        if self.num_steps is None and s.minutes is None:
            raise ConfigError("schedule: no budget; give steps, tokens, epochs or minutes")
        if s.minutes is not None and not s.minutes > 0:
            raise ConfigError(f"schedule: minutes = {s.minutes}; give more than 0")
        if not 0.0 <= s.decay <= 1.0 or s.warmup < 0 or not 0.0 <= s.final <= 1.0:
            raise ConfigError(
                f"schedule: warmup = {s.warmup}, decay = {s.decay}, final = {s.final}; give a step count >= 0 and "
                "shares in [0, 1]"
            )
        if self.num_steps is not None and self.end is None:
            self.end = self.num_steps
            self.decay_start = round(self.num_steps * (1 - s.decay))

    def observe(self, step: int, seconds: float) -> None:
        """Take note, before a step, of the time used; a budget in minutes may begin its decay here."""
        s = self.settings
        if s.minutes is None or step == 0:
            return
        if step == 1:
            self.first_s = seconds
        budget = 60 * s.minutes
        begun = self.decay_start is not None and step >= self.decay_start
        if not begun and seconds >= budget * (1 - s.decay):
            if step == 1 and seconds < budget:
                return
            rest, first_s = max(0.0, budget - seconds), self.first_s
            rate = step / seconds if first_s is None or step == 1 else (step - 1) / max(1e-9, seconds - first_s)
            left = max(1 if s.decay else 0, round(rate * rest))
            if self.end is None or step + left < self.end:
                self.decay_start, self.end = step, step + left

    def done(self, step: int) -> bool:
        """Whether the run is over after so many steps."""
        return self.end is not None and step >= self.end

    def progress(self, step: int, seconds: float) -> float:
        """Return the share of the run that is done, in [0, 1]."""
        shares = [0.0]
        if self.end:
            shares.append(step / self.end)
        if self.settings.minutes:
            shares.append(seconds / (60 * self.settings.minutes))
        return min(1.0, max(shares))

    def scale(self, step: int) -> float:
        """Return the learning rate of a step, relative to the peak."""
        scale = min(1.0, (step + 1) / (self.settings.warmup + 1))
        if self.decay_start is not None and self.end is not None and step >= self.decay_start:
            share = (step - self.decay_start + 1) / (self.end - self.decay_start + 1)
            scale *= 1 - share * (1 - self.settings.final)
        return scale

    def state(self) -> dict[str, Any]:
        """Return what was decided, as JSON."""
        decided = {"decay_start": self.decay_start, "end": self.end, "first_s": self.first_s}
        return {**decided, "settings": asdict(self.settings)}

    def restore(self, state: dict[str, Any]) -> None:
        """Repeat the decisions of an earlier session, unless the budgets were changed since."""
        self.first_s = state.get("first_s")
        if state["settings"] == asdict(self.settings):
            self.decay_start, self.end = state["decay_start"], state["end"]
