"""What is compared, and on which questions: one TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tamsa.errors import ConfigError
from tamsa.train.recipe import begin_from
from tamsa.train.rl.recipe import Environment


@dataclass(frozen=True, slots=True)
class DecodingsRecipe:
    """The comparison of decodings of one model.

    Raises:
        ConfigError: a number is out of range, or there is nothing to compare on.
    """

    out: Path
    """Folder of the results; what was measured is not measured again."""
    development: tuple[Environment, ...]
    """Documents with the questions that the static setting is chosen on."""
    test: tuple[Environment, ...]
    """Documents with the questions that everything is compared on; no training saw them."""
    model: Path = Path("nano")
    """Folder of the model, or `nano`."""
    heads: Mapping[str, Path] = field(default_factory=dict)
    """Folders of AutoDeco heads, each by the name of how they were trained."""
    temperatures: tuple[float, ...] = (0.5, 0.8, 1.0)
    """Of the static grid."""
    top_ps: tuple[float, ...] = (0.7, 0.9, 1.0)
    num_development: int = 40
    """Questions drawn from all development environments; each setting answers each once per sample."""
    num_test: int = 200
    num_samples: int = 8
    """Answers of each method to each question; greedy gives one."""
    ks: tuple[int, ...] = (1, 4, 8)
    """Of pass@k."""
    concurrency: int = 64
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", begin_from(self.model))
        if not self.development or not self.test:
            raise ConfigError("development, test: give at least one table of each, with docs and prompts")
        if not self.ks or min(self.ks) < 1 or max(self.ks) > self.num_samples:
            raise ConfigError(f"ks = {list(self.ks)}; give numbers from 1 to num_samples = {self.num_samples}")
        if not self.temperatures or not all(0 < T <= 2 for T in self.temperatures):
            raise ConfigError(f"temperatures = {list(self.temperatures)}; give numbers in (0, 2]")
        if not self.top_ps or not all(0 < p <= 1 for p in self.top_ps):
            raise ConfigError(f"top_ps = {list(self.top_ps)}; give numbers in (0, 1]")
        if min(self.num_development, self.num_test, self.concurrency) < 1:
            raise ConfigError("num_development, num_test, concurrency: give at least 1")
