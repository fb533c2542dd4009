"""Feed-forward layers: dense SwiGLU, and a mixture of experts with a sigmoid router.

Shapes: N tokens, D hidden size, I expert width, E experts, k experts per token.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tamsa.backbone.config import Architecture
from tamsa.backbone.projections import Projections, linear
from tamsa.kernels.gates import swiglu


class MLP(nn.Module):
    """Transform `[..., D]` by a SwiGLU layer."""

    def __init__(self, hidden_size: int, intermediate_size: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(hidden_size, intermediate_size, bias=False)
        self.up_proj = nn.Linear(hidden_size, intermediate_size, bias=False)
        self.down_proj = nn.Linear(intermediate_size, hidden_size, bias=False)

    def projections(self) -> Projections:
        """Return the projections of the layer's input as one."""
        inputs: Projections | None = self.__dict__.get("_inputs")
        if inputs is None or inputs.layers[0] is not self.gate_proj or inputs.layers[1] is not self.up_proj:
            inputs = self.__dict__["_inputs"] = Projections(self.gate_proj, self.up_proj)
        return inputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Transform each position of `[..., D]`."""
        return linear(self.down_proj, swiglu(*self.projections()(x, joined=2)))


class _GroupedProduct(torch.autograd.Function):
    """Multiply groups of rows, each by its own expert's matrix: `[N, in]`, `[E, out, in]` -> `[N, out]`."""

    @staticmethod
    def forward(x: torch.Tensor, weight: torch.Tensor, ends: list[int]) -> torch.Tensor:
        out = x.new_empty(x.shape[0], weight.shape[1])
        start = 0
        for expert, end in enumerate(ends):
            if end > start:
                torch.mm(x[start:end], weight[expert].t(), out=out[start:end])
            start = end
        return out

    @staticmethod
    def setup_context(ctx, inputs, output) -> None:  # type: ignore[no-untyped-def]
        x, weight, ctx.ends = inputs
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx, grad):  # type: ignore[no-untyped-def]
        x, weight = ctx.saved_tensors
        grad = grad.contiguous()
        dx, dw = torch.empty_like(x), torch.zeros_like(weight)
        start = 0
        for expert, end in enumerate(ctx.ends):
            if end > start:
                torch.mm(grad[start:end], weight[expert], out=dx[start:end])
                torch.mm(grad[start:end].t(), x[start:end], out=dw[expert])
            start = end
        return dx, dw, None


def grouped_product(x: torch.Tensor, weight: torch.Tensor, ends: list[int]) -> torch.Tensor:
    """Multiply rows `[N, in]`, sorted by expert, by each expert's `[E, out, in]`; `ends[e]` closes group e."""
    if torch.is_autocast_enabled(x.device.type):
        dtype = torch.get_autocast_dtype(x.device.type)
        x, weight = x.to(dtype), weight.to(dtype)
    if x.device.type == "cuda" and x.dtype == torch.bfloat16:
        offsets = torch.tensor(ends, dtype=torch.int32, device=x.device)
        return F.grouped_mm(x, weight.transpose(1, 2), offs=offsets)
    return _GroupedProduct.apply(x, weight, ends)


class Experts(nn.Module):
    """Hold the experts' weights, gate and up fused: `[E, 2I, D]` and `[E, D, I]`."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        E, D, size = config.num_local_experts, config.hidden_size, config.moe_intermediate_size
        self.gate_up_proj = nn.Parameter(torch.empty(E, 2 * size, D))
        self.down_proj = nn.Parameter(torch.empty(E, D, size))

    def forward(self, x: torch.Tensor, chosen: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Sum the chosen experts' outputs.

        Args:
            x: `[N, D]`.
            chosen: `[N, k]` expert indices.
            weights: `[N, k]` fp32.
        """
        flat = chosen.flatten()
        order = flat.argsort(stable=True)
        ends = torch.bincount(flat, minlength=self.gate_up_proj.shape[0]).cumsum(0).tolist()
        tokens = order // chosen.shape[1]
        y = grouped_product(swiglu(grouped_product(x[tokens], self.gate_up_proj, ends)), self.down_proj, ends)
        # back to token order, so that each token's k outputs are summed in a fixed order
        y = torch.empty_like(y).index_copy(0, order, y) if torch.is_grad_enabled() else y[order.argsort()]
        return (y.view(*chosen.shape, -1) * weights[..., None].to(y.dtype)).sum(1)


class Router(nn.Module):
    """Score experts by a sigmoid and choose the best k; a bias steers the choice but not the weights."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        E = config.num_local_experts
        self.num_experts, self.top_k = E, config.num_experts_per_tok or 1
        self.num_groups, self.kept_groups = config.n_group, config.topk_group or 1
        self.renormalise, self.factor = config.norm_topk_prob, config.routed_scaling_factor
        self.weight = nn.Parameter(torch.empty(E, config.hidden_size))
        self.register_buffer("e_score_correction_bias", torch.zeros(E))
        self.register_buffer("load", torch.zeros(E), persistent=False)
        """Tokens sent to each expert in training since the last bias update."""
        self.e_score_correction_bias: torch.Tensor
        self.load: torch.Tensor

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return logits `[N, E]` (fp32), weights `[N, k]` (fp32) and chosen experts `[N, k]` for `[N, D]`."""
        with torch.autocast(x.device.type, enabled=False):
            logits = F.linear(x.float(), self.weight.float())
        scores = logits.sigmoid()
        choice = scores.detach() + self.e_score_correction_bias
        if self.num_groups > 1:
            groups = choice.unflatten(-1, (self.num_groups, -1))
            best = groups.topk(2, -1).values.sum(-1).topk(self.kept_groups, -1, sorted=False).indices
            keep = torch.zeros_like(groups[..., 0], dtype=torch.bool).scatter(-1, best, True)
            choice = groups.masked_fill(~keep[..., None], float("-inf")).flatten(-2)
        chosen = choice.topk(self.top_k, -1, sorted=False).indices
        weights = scores.gather(1, chosen)
        if self.renormalise:
            weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
        if self.training:
            self.load += torch.bincount(chosen.detach().flatten(), minlength=self.num_experts).to(self.load)
        return logits, weights * self.factor, chosen

    @torch.no_grad()
    def update_bias(self, rate: float) -> None:
        """Raise the bias of experts below the mean load and lower it above, then count anew (no auxiliary loss)."""
        self.e_score_correction_bias += rate * torch.sign(self.load.mean() - self.load)
        self.load.zero_()


class MoE(nn.Module):
    """Send each token to k experts and to the shared ones."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        self.gate = Router(config)
        self.experts = Experts(config)
        self.shared_experts = MLP(config.hidden_size, config.moe_intermediate_size * config.n_shared_experts)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Transform each position of `[..., D]`."""
        flat = x.reshape(-1, x.shape[-1])
        _, weights, chosen = self.gate(flat)
        return self.experts(flat, chosen, weights).view_as(x) + self.shared_experts(x)
