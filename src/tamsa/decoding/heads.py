"""The two heads of AutoDeco (arXiv 2510.26697, Eq. 4 and 5), in fp32 whatever the model's precision.

Module names follow the released checkpoints: `temp_head.mlp.{0,2}` and `top_p_head.mlp.{0,2}`.
Legend of shapes: D width of the model, H width of the heads, V vocabulary.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tamsa.decoding.config import AutoDecoConfig
from tamsa.errors import ConfigError
from tamsa.kernels.sampling import MIN_TEMPERATURE, HeadTensors

NUM_STATISTICS = 4


def _mlp(width: int, head_size: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, head_size), nn.ReLU(), nn.Linear(head_size, 1))


def _layers(mlp: nn.Sequential) -> tuple[nn.Linear, nn.Linear]:
    first, last = mlp[0], mlp[2]
    assert isinstance(first, nn.Linear) and isinstance(last, nn.Linear)
    return first, last


def _start_at(mlp: nn.Sequential, probability: float) -> None:
    """Centre the head's sigmoid: small random output weights around a bias that gives `probability`."""
    last = _layers(mlp)[1]
    with torch.no_grad():
        last.weight.mul_(0.1)
        last.bias.fill_(math.log(probability) - math.log1p(-probability))


class TemperatureHead(nn.Module):
    """Predict T in (0, 2) from the last hidden state: Linear, ReLU, Linear, sigmoid, times 2."""

    def __init__(self, hidden_size: int, head_size: int, initial: float) -> None:
        super().__init__()
        self.mlp = _mlp(hidden_size, head_size)
        _start_at(self.mlp, initial / 2)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return T `[...]` for hidden states `[..., D]`."""
        z = self.mlp(hidden.float()).squeeze(-1)
        return (2 * torch.sigmoid(z)).clamp_min(MIN_TEMPERATURE)


class TopPHead(nn.Module):
    """Predict P in (0, 1) from the last hidden state, T (detached) and, optionally, four statistics."""

    def __init__(self, hidden_size: int, head_size: int, statistics: bool, initial: float) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.statistics = statistics
        self.mlp = _mlp(hidden_size + 1 + (NUM_STATISTICS if statistics else 0), head_size)
        _start_at(self.mlp, initial)

    def forward(self, hidden: Tensor, temperature: Tensor, statistics: Tensor | None = None) -> Tensor:
        """Return P `[...]`.

        Args:
            hidden: `[..., D]`.
            temperature: `[...]`; no gradient flows into it.
            statistics: `[..., 4]`, of `tamsa.kernels.sampling.statistics`; required by heads made with them.
        """
        first = _layers(self.mlp)[0]
        D = self.hidden_size
        # By columns, so that no copy of the hidden states beside T and the statistics is kept for the backward pass.
        z = F.linear(hidden.float(), first.weight[:, :D], first.bias)
        extra = temperature.detach().float().unsqueeze(-1)
        if self.statistics:
            if statistics is None:
                raise ConfigError("statistics: None, but these heads were made with statistics=True")
            extra = torch.cat([extra, statistics.detach().float()], dim=-1)
        z = z + F.linear(extra, first.weight[:, D:])
        return torch.sigmoid(self.mlp[2](torch.relu(z))).squeeze(-1)


class DecodingHeads(nn.Module):
    """Both heads of one model."""

    def __init__(self, config: AutoDecoConfig) -> None:
        super().__init__()
        if config.hidden_size is None:
            raise ConfigError("hidden_size: None, expected the base model's width; use AutoDecoForCausalLM.from_base")
        self.config = config
        self.temp_head = TemperatureHead(config.hidden_size, config.head_size, config.initial_temperature)
        self.top_p_head = TopPHead(config.hidden_size, config.head_size, config.statistics, config.initial_top_p)
        self._packed: tuple[object, HeadTensors] | None = None

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return _layers(self.temp_head.mlp)[0].weight.device

    def temperature(self, hidden: Tensor) -> Tensor:
        """Return T `[...]` for hidden states `[..., D]`; ones where the head is switched off."""
        if self.config.use_temperature:
            return self.temp_head(hidden)
        return torch.ones(hidden.shape[:-1], dtype=torch.float32, device=hidden.device)

    def top_p(self, hidden: Tensor, temperature: Tensor, statistics: Tensor | None) -> Tensor:
        """Return P `[...]`; ones where the head is switched off."""
        if self.config.use_top_p:
            return self.top_p_head(hidden, temperature, statistics)
        return torch.ones(hidden.shape[:-1], dtype=torch.float32, device=hidden.device)

    def packed(self) -> HeadTensors:
        """Return the parameters laid out for `tamsa.kernels.sampling`; rebuilt when a parameter has changed."""
        stamp = tuple(
            (p.data_ptr(), p.device, 0 if p.is_inference() else p._version)
            for mlp in (self.temp_head.mlp, self.top_p_head.mlp)
            for layer in (mlp._modules["0"], mlp._modules["2"])  # every step asks: no walk over the modules
            for p in layer._parameters.values()
            if p is not None
        )
        if self._packed is None or self._packed[0] != stamp:
            self._packed = (stamp, self._pack())
        return self._packed[1]

    @torch.no_grad()
    def _pack(self) -> HeadTensors:
        t_first, t_last = _layers(self.temp_head.mlp)
        p_first, p_last = _layers(self.top_p_head.mlp)
        D = t_first.in_features
        columns = 1 + NUM_STATISTICS
        extra = p_first.weight.new_zeros(p_first.out_features, columns, dtype=torch.float32)
        extra[:, : p_first.in_features - D] = p_first.weight[:, D:]
        t_out, t_bias = t_last.weight[0].detach().float(), t_last.bias.detach().float()
        p_out, p_bias = p_last.weight[0].detach().float(), p_last.bias.detach().float()
        if not self.config.use_temperature:
            t_out, t_bias = torch.zeros_like(t_out), torch.zeros_like(t_bias)  # 2 sigmoid(0) = 1
        if not self.config.use_top_p:
            p_out, p_bias = torch.zeros_like(p_out), torch.full_like(p_bias, 100.0)  # sigmoid(100) = 1 in fp32
        return HeadTensors(
            weight=torch.cat([t_first.weight, p_first.weight[:, :D]]).float().contiguous(),
            bias=torch.cat([t_first.bias, p_first.bias]).float().contiguous(),
            temperature_out=t_out.contiguous(),
            temperature_bias=t_bias.contiguous(),
            top_p_extra=extra.contiguous(),
            top_p_out=p_out.contiguous(),
            top_p_bias=p_bias.contiguous(),
            statistics=self.top_p_head.statistics and self.config.use_top_p,
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_packed": None}
