"""Checks on a question: each refusal has a name.

Those of `Checker` look at one question and can run anywhere; `Alike` keeps what it has seen and takes questions in the
order of their shards, so that the outcome does not depend on the number of workers. `ClosedBook` needs a model.
"""

from tamsa.synthesis.checks.alike import Alike
from tamsa.synthesis.checks.checker import REASONS, Checker, check
from tamsa.synthesis.checks.closed_book import ClosedBook
from tamsa.synthesis.checks.shortcut import takes_shortcut

__all__ = ["REASONS", "Alike", "Checker", "ClosedBook", "check", "takes_shortcut"]
