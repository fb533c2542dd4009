"""One decoding step with heads: from hidden state and logits to the drawn token, or to the logits divided and cut.

Legend of shapes: N rows, V vocabulary, D width of the model, H width of the heads.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tamsa.errors import InputError
from tamsa.kernels.sampling import backends, reference
from tamsa.kernels.sampling.arguments import (
    MAX_VOCABULARY,
    as_logits,
    as_uniforms,
    check_factors,
    check_heads,
    check_shift,
    check_status,
    row_status,
)
from tamsa.kernels.sampling.backends import choose_backend
from tamsa.kernels.sampling.definition import Array, Decoded, HeadTensors, Strategy


class Step:
    """The step of `decode` and `apply` for one pair of heads and N rows, prepared once for a loop over tokens.

    What it returns lies in memory of its own that the next call overwrites, the logits of `apply` excepted: clone T,
    P and tokens that are to be kept. Not for several threads at a time.
    """

    def __init__(
        self,
        heads: HeadTensors,
        num_rows: int,
        *,
        temperature_scale: float = 1.0,
        top_p_scale: float = 1.0,
        cut_shift: float = 1000.0,
        backend: str = "auto",
    ) -> None:
        """Prepare.

        Args:
            heads: parameters of both heads, fp32.
            num_rows: N, at least 1.
            temperature_scale: factor of the predicted temperature, >= 0; at 0 decoding is greedy.
            top_p_scale: factor of the predicted top-p, >= 0; the product is capped at 1.
            cut_shift: how far `apply` lowers cut logits, at least 100; `inf` sets them to -inf.
            backend: see `choose_backend`.

        Raises:
            InputError: a factor or the shift is out of range.
            ConfigError: the backend is unknown, or cannot run where the heads are.
        """
        check_factors(temperature_scale, top_p_scale)
        check_shift(cut_shift)
        self.heads, self.num_rows = heads, num_rows
        self._factors, self._cut_shift = (temperature_scale, top_p_scale), cut_shift
        self._states, self._rows = (num_rows, heads.weight.shape[1]), (num_rows,)
        self._backend = choose_backend(heads.weight.device, backend)
        if self._backend == "cpu":
            self._prepare()

    @property
    def device(self) -> torch.device:
        """Where the heads are, and hidden states and logits must be."""
        return self.heads.weight.device

    def _prepare(self) -> None:
        heads, N = self.heads, self.num_rows
        self._weight, self._bias = heads.weight.detach().T, heads.bias.detach()
        self._first = torch.empty(N, heads.weight.shape[0])
        self._temperature, self._top_p = torch.empty(N), torch.empty(N)
        self._tokens = torch.empty(N, dtype=torch.int64)
        self._uniforms = torch.empty(N, dtype=torch.float64)
        self._prepared = backends.cpu.Prepared(
            self._temperature.numpy(),
            self._top_p.numpy(),
            first_layers=self._first.numpy(),
            heads=heads.last_layers,
            use_statistics=heads.statistics,
            temperature_scale=self._factors[0],
            top_p_scale=self._factors[1],
            tokens=self._tokens.numpy(),
            cut_shift=self._cut_shift,
        )

    def _readable(self, hidden: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Return hidden states and logits as contiguous fp32 without a graph, checked."""
        hidden = hidden.detach()
        if logits.dtype is not torch.float32 or logits.requires_grad or not logits.is_contiguous():
            logits = as_logits(logits)
        fits = hidden.shape == self._states and logits.shape[:-1] == self._rows
        if not (fits and 0 < logits.shape[-1] <= MAX_VOCABULARY and hidden.device == logits.device == self.device):
            logits = as_logits(logits)
            check_heads(hidden, logits, self.heads)
            if logits.shape[0] != self.num_rows:
                raise InputError(f"logits: {logits.shape[0]} rows, the step was prepared for {self.num_rows}")
        return hidden.float(), logits

    def _run(self, hidden: Tensor, logits: Tensor, **arrays: Array) -> None:
        torch.addmm(self._bias, hidden, self._weight, out=self._first)
        if not self._prepared.run(logits.numpy(), torch.get_num_threads(), **arrays):
            check_status(torch.from_numpy(self._prepared.status))

    def _check_rows(self, hidden: Tensor, logits: Tensor) -> None:
        """Check rows of logits, then those of hidden states by what the first layers make of them."""
        check_status(row_status(logits))
        finite = torch.isfinite(reference.first_layers(hidden, self.heads)).all(-1)
        check_status(torch.where(finite, 0, 4))

    def decode(
        self,
        hidden: Tensor,
        logits: Tensor,
        *,
        generator: torch.Generator | None = None,
        uniforms: Tensor | None = None,
    ) -> Decoded:
        """Draw one token a row; arguments and errors as of the function `decode`."""
        hidden, logits = self._readable(hidden, logits)
        if self._backend == "cpu" and uniforms is None:
            torch.rand(self.num_rows, dtype=torch.float64, generator=generator, out=self._uniforms)
            self._run(hidden, logits, uniforms=self._uniforms.numpy())
            return Decoded(self._tokens, self._temperature, self._top_p)
        u = as_uniforms(uniforms, generator, logits)
        if self._backend == "cpu":
            self._run(hidden, logits, uniforms=u.numpy())
            return Decoded(self._tokens, self._temperature, self._top_p)
        with torch.no_grad():
            if self._backend == "gpu":
                return backends.gpu.decode(hidden, logits, self.heads, *self._factors, u)
            self._check_rows(hidden, logits)
            return reference.decode(hidden, logits, self.heads, *self._factors, u)

    def apply(self, hidden: Tensor, logits: Tensor) -> Strategy:
        """Divide and cut the logits of every row; arguments and errors as of the function `apply`."""
        hidden, logits = self._readable(hidden, logits)
        if self._backend == "cpu":
            shaped = torch.empty_like(logits)
            self._run(hidden, logits, shaped=shaped.numpy())
            return Strategy(shaped, self._temperature, self._top_p)
        with torch.no_grad():
            if self._backend == "gpu":
                return backends.gpu.apply(hidden, logits, self.heads, *self._factors, self._cut_shift)
            self._check_rows(hidden, logits)
            T, P = reference.predict(hidden, logits, self.heads, *self._factors)
            return Strategy(reference.shape(logits, T, P, self._cut_shift), T, P)


def decode(
    hidden: Tensor,
    logits: Tensor,
    heads: HeadTensors,
    *,
    temperature_scale: float = 1.0,
    top_p_scale: float = 1.0,
    generator: torch.Generator | None = None,
    uniforms: Tensor | None = None,
    backend: str = "auto",
) -> Decoded:
    """Go from hidden state and logits to the drawn token: heads, statistics, T, P, cut and draw.

    Args:
        hidden: `[N, D]` last hidden states after the final norm.
        logits: `[N, V]`, of the same positions; -inf marks forbidden tokens.
        heads: parameters of both heads, fp32, on the same device.
        temperature_scale: factor of the predicted temperature, >= 0; 0 is greedy.
        top_p_scale: factor of the predicted top-p, >= 0; the product is capped at 1.
        generator: source of one fp64 uniform number a row; torch's default where None.
        uniforms: `[N]` in [0, 1), in place of a generator.
        backend: see `choose_backend`.

    Raises:
        InputError: a shape, range or device is wrong, or a row of logits is bad, naming both sides or the row.
    """
    factors = {"temperature_scale": temperature_scale, "top_p_scale": top_p_scale}
    logits = as_logits(logits)
    check_heads(hidden, logits, heads)
    step = Step(heads, logits.shape[0], **factors, backend=backend)
    return step.decode(hidden, logits, generator=generator, uniforms=uniforms)


def apply(
    hidden: Tensor,
    logits: Tensor,
    heads: HeadTensors,
    *,
    temperature_scale: float = 1.0,
    top_p_scale: float = 1.0,
    cut_shift: float = 1000.0,
    backend: str = "auto",
) -> Strategy:
    """Go from hidden state and logits to the logits that carry out the strategy: heads, statistics, T, P, cut.

    A softmax of the result is the distribution that `decode` draws from; its argmax is that of the logits.

    Args:
        hidden: `[N, D]` last hidden states after the final norm.
        logits: `[N, V]`, of the same positions; -inf marks forbidden tokens and stays.
        heads: parameters of both heads, fp32, on the same device.
        temperature_scale: factor of the predicted temperature, >= 0; at 0 nothing is divided and the first of the
            largest logits alone is kept.
        top_p_scale: factor of the predicted top-p, >= 0; the product is capped at 1.
        cut_shift: how far cut logits are lowered, at least 100; `inf` sets them to -inf.
        backend: see `choose_backend`.

    Raises:
        InputError: a shape, range or device is wrong, or a row of logits is bad, naming both sides or the row.
    """
    factors = {"temperature_scale": temperature_scale, "top_p_scale": top_p_scale}
    logits = as_logits(logits)
    check_heads(hidden, logits, heads)
    step = Step(heads, logits.shape[0], **factors, cut_shift=cut_shift, backend=backend)
    return step.apply(hidden, logits)
