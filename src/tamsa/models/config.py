"""The configuration: transformers' own, with the checkpoint's layer layout as default and a parameter count."""

from __future__ import annotations

from typing import Any

from huggingface_hub.dataclasses import strict
from transformers.models.kimi_linear.configuration_kimi_linear import KimiLinearConfig as _KimiLinearConfig

from tamsa.errors import ConfigError

LINEAR = "linear_attention"
FULL = "full_attention"


def default_layer_types(num_layers: int) -> list[str]:
    """Place MLA at every fourth layer and at the last, as the 48B checkpoint does (0-based 3, 7, …, last)."""
    return [FULL if i % 4 == 3 or i == num_layers - 1 else LINEAR for i in range(num_layers)]


@strict
class KimiLinearConfig(_KimiLinearConfig):
    """Describe a Kimi Linear model (arXiv 2510.26692).

    All fields of transformers' `KimiLinearConfig` keep their meaning, and the official `linear_attn_config`
    is understood. Differences: `layer_types` defaults to the checkpoint's layout, `num_local_experts=0` makes
    every layer dense, `gate_lower_bound` selects the bounded forget gate, and impossible values are refused.

    Raises:
        ConfigError: a field contradicts another or is out of range.
    """

    num_key_value_heads: int | None = None
    gate_lower_bound: float | None = None
    """None: g = -exp(A_log) softplus(z + dt_bias); in [-5, 0): g = bound * sigmoid(exp(A_log) (z + dt_bias))."""

    def __post_init__(self, **kwargs: Any) -> None:
        linear = kwargs.get("linear_attn_config") or {}
        if self.layer_types is None and "full_attn_layers" not in linear:
            self.layer_types = default_layer_types(self.num_hidden_layers)
        if self.gate_lower_bound is None:
            self.gate_lower_bound = linear.get("gate_lower_bound")
        if self.mlp_layer_types is None and self.num_local_experts == 0:
            self.mlp_layer_types = ["dense"] * self.num_hidden_layers
        for name, official in (("pad_token_id", 163839), ("bos_token_id", 163584), ("eos_token_id", 163586)):
            if getattr(self, name) == official and self.vocab_size <= official:
                setattr(self, name, None)  # the 48B model's special tokens mean nothing in a smaller vocabulary
        super().__post_init__(**kwargs)
        self._refuse_impossible()

    def _refuse_impossible(self) -> None:
        for name in ("layer_types", "mlp_layer_types"):
            known = {FULL, LINEAR} if name == "layer_types" else {"dense", "sparse"}
            values = getattr(self, name)
            if len(values) != self.num_hidden_layers:
                raise ConfigError(
                    f"{name} has {len(values)} entries, num_hidden_layers = {self.num_hidden_layers}; give one a layer"
                )
            for value in values:
                if value not in known:
                    raise ConfigError(f"{name} contains {value!r}; known: {', '.join(sorted(known))}")
        if self.gate_lower_bound is not None and not -5.0 <= self.gate_lower_bound < 0.0:
            raise ConfigError(f"gate_lower_bound = {self.gate_lower_bound}; give a value in [-5, 0) or None")
        positive: tuple[str, ...] = (
            "vocab_size",
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "kv_lora_rank",
        )
        positive += ("qk_nope_head_dim", "v_head_dim", "linear_num_heads", "linear_head_dim", "linear_conv_kernel_dim")
        for name in positive:
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} = {getattr(self, name)}; it must be at least 1")
        if "sparse" in self.mlp_kinds:
            experts, chosen = self.num_local_experts, self.num_experts_per_tok or 0
            if not 1 <= chosen <= experts:
                raise ConfigError(f"num_experts_per_tok = {chosen}; give a value in [1, num_local_experts = {experts}]")
            groups, kept = self.n_group, self.topk_group or 1
            if groups > 1 and (experts % groups or experts // groups < 2 or not 1 <= kept <= groups):
                raise ConfigError(
                    f"n_group = {groups}, topk_group = {kept}: groups must split {experts} experts evenly"
                )
            if groups > 1 and chosen > kept * (experts // groups):
                raise ConfigError(f"num_experts_per_tok = {chosen} exceeds the experts of topk_group = {kept} groups")
        if self.hidden_act != "silu":
            raise ConfigError(f"hidden_act = {self.hidden_act!r}; Kimi Linear is defined with 'silu' only")

    @property
    def kinds(self) -> list[str]:
        """The kind of every layer's token mixing: `linear_attention` (KDA) or `full_attention` (MLA)."""
        return self.layer_types or []

    @property
    def mlp_kinds(self) -> list[str]:
        """The kind of every layer's MLP: `dense` or `sparse`."""
        return self.mlp_layer_types or []

    @property
    def value_dim(self) -> int:
        """Width of a value head of MLA."""
        return self.v_head_dim or self.qk_nope_head_dim

    def _attention_params(self, kind: str) -> int:
        D = self.hidden_size
        if kind == LINEAR:
            H, K = self.linear_num_heads, self.linear_head_dim
            HK = H * K
            projections = 4 * D * HK + D * H + 2 * (D * K + K * HK)
            return projections + 3 * HK * self.linear_conv_kernel_dim + HK + H + K
        heads, bias = self.num_attention_heads, int(self.attention_bias)
        query = heads * (self.qk_nope_head_dim + self.qk_rope_head_dim)
        if self.q_lora_rank is None:
            count = D * query
        else:
            count = (D + bias) * self.q_lora_rank + self.q_lora_rank + self.q_lora_rank * query
        count += (D + bias) * (self.kv_lora_rank + self.qk_rope_head_dim) + self.kv_lora_rank
        count += self.kv_lora_rank * heads * (self.qk_nope_head_dim + self.value_dim)
        return count + heads * self.value_dim * D + bias * D

    def num_params(self, *, active: bool = False) -> int:
        """Count the parameters without building the model.

        Args:
            active: count only the chosen and shared experts of each sparse layer (3.48B for the 48B model).
        """
        D = self.hidden_size
        expert = 3 * D * self.moe_intermediate_size
        total = self.vocab_size * D * (1 if self.tie_word_embeddings else 2) + D
        for kind, mlp in zip(self.kinds, self.mlp_kinds, strict=True):
            total += 2 * D + self._attention_params(kind)
            if mlp == "dense":
                total += 3 * D * self.intermediate_size
            else:
                routed = (self.num_experts_per_tok or 0) if active else self.num_local_experts
                total += self.num_local_experts * D + (routed + self.n_shared_experts) * expert
        return int(total)

    def fingerprint(self) -> dict[str, Any]:
        """Return the fields that decide whether a saved state fits a model."""
        fields: tuple[str, ...] = (
            "hidden_size",
            "num_hidden_layers",
            "layer_types",
            "linear_num_heads",
            "linear_head_dim",
        )
        fields += ("linear_conv_kernel_dim", "kv_lora_rank", "qk_rope_head_dim")
        return {name: getattr(self, name) for name in fields}
