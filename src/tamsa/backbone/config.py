"""What a Kimi Linear network is built from: the fields of its `config.json`, their checks, what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from tamsa.config import from_mapping
from tamsa.errors import ConfigError

LINEAR = "linear_attention"
FULL = "full_attention"
MODEL_TYPE = "kimi_linear"
_OFFICIAL_TOKENS = {"pad_token_id": 163839, "bos_token_id": 163584, "eos_token_id": 163586}
"""Special tokens of the 48B model, which stand as defaults in its configuration."""
OTHER_NAMES = {
    "model_max_length": "max_position_embeddings",
    "moe_renormalize": "norm_topk_prob",
    "num_expert_group": "n_group",
    "num_experts": "num_local_experts",
    "num_experts_per_token": "num_experts_per_tok",
    "num_shared_experts": "n_shared_experts",
}
"""Names in official files, and ours (transformers')."""


def default_layer_types(num_layers: int) -> list[str]:
    """Place MLA at every fourth layer and at the last, as the 48B checkpoint does (0-based 3, 7, …, last)."""
    return [FULL if i % 4 == 3 or i == num_layers - 1 else LINEAR for i in range(num_layers)]


class Architecture:
    """Name what the network reads of its configuration, whichever class holds it: `NetworkConfig` or transformers'."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    moe_intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    n_shared_experts: int
    routed_scaling_factor: float
    kv_lora_rank: int
    q_lora_rank: int | None
    qk_rope_head_dim: int
    v_head_dim: int | None
    qk_nope_head_dim: int
    n_group: int
    topk_group: int | None
    num_experts_per_tok: int | None
    norm_topk_prob: bool
    hidden_act: str
    rms_norm_eps: float
    pad_token_id: int | None
    bos_token_id: int | None
    eos_token_id: int | list[int] | None
    tie_word_embeddings: bool
    attention_bias: bool
    attention_dropout: float | int | None
    num_local_experts: int
    mlp_layer_types: list[str] | None
    layer_types: list[str] | None
    linear_head_dim: int
    linear_num_heads: int
    linear_conv_kernel_dim: int
    gate_lower_bound: float | None

    def complete(self, extra: Mapping[str, Any]) -> None:
        """Fill in what was left open, from the official sub-table `linear_attn_config` where there is one.

        Args:
            extra: what the file says beside the fields.
        """
        linear = extra.get("linear_attn_config") or {}
        self.linear_head_dim = linear.get("head_dim", self.linear_head_dim)
        self.linear_num_heads = linear.get("num_heads", self.linear_num_heads)
        self.linear_conv_kernel_dim = linear.get("short_conv_kernel_size", self.linear_conv_kernel_dim)
        if self.gate_lower_bound is None:
            self.gate_lower_bound = linear.get("gate_lower_bound")
        if self.layer_types is None:
            full, num_layers = linear.get("full_attn_layers"), self.num_hidden_layers
            if full is None:
                self.layer_types = default_layer_types(num_layers)
            else:  # counted from 1
                self.layer_types = [FULL if i + 1 in full else LINEAR for i in range(num_layers)]
        if self.mlp_layer_types is None:
            dense = self.num_hidden_layers if self.num_local_experts == 0 else extra.get("first_k_dense_replace", 1)
            self.mlp_layer_types = ["dense" if i < dense else "sparse" for i in range(self.num_hidden_layers)]
        for name, official in _OFFICIAL_TOKENS.items():
            if getattr(self, name) == official and self.vocab_size <= official:
                setattr(self, name, None)  # they mean nothing in a smaller vocabulary

    def refuse_impossible(self) -> None:
        """Check that the fields fit together.

        Raises:
            ConfigError: a field contradicts another or is out of range.
        """
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
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{name} = {value}; it must be at least 1")
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
        names: tuple[str, ...] = (
            "hidden_size",
            "num_hidden_layers",
            "layer_types",
            "linear_num_heads",
            "linear_head_dim",
        )
        names += ("linear_conv_kernel_dim", "kv_lora_rank", "qk_rope_head_dim")
        return {name: getattr(self, name) for name in names}


@dataclass
class NetworkConfig(Architecture):
    """The configuration of a network that is loaded without transformers; fields and defaults are those of its class.

    Raises:
        ConfigError: a field contradicts another or is out of range.
    """

    model_type: ClassVar[str] = MODEL_TYPE
    vocab_size: int = 163840
    hidden_size: int = 2304
    intermediate_size: int = 9216
    moe_intermediate_size: int = 1024
    num_hidden_layers: int = 27
    num_attention_heads: int = 32
    n_shared_experts: int = 1
    routed_scaling_factor: float = 2.446
    kv_lora_rank: int = 512
    q_lora_rank: int | None = None
    qk_rope_head_dim: int = 64
    v_head_dim: int | None = 128
    qk_nope_head_dim: int = 128
    n_group: int = 1
    topk_group: int | None = 1
    num_experts_per_tok: int | None = 8
    norm_topk_prob: bool = True
    hidden_act: str = "silu"
    max_position_embeddings: int = 1048576
    rms_norm_eps: float = 1e-5
    pad_token_id: int | None = 163839
    bos_token_id: int | None = 163584
    eos_token_id: int | list[int] | None = 163586
    tie_word_embeddings: bool = False
    attention_bias: bool = False
    attention_dropout: float | int | None = 0.0
    num_local_experts: int = 256
    mlp_layer_types: list[str] | None = None
    layer_types: list[str] | None = None
    linear_head_dim: int = 128
    linear_num_heads: int = 32
    linear_conv_kernel_dim: int = 4
    gate_lower_bound: float | None = None

    @classmethod
    def read(cls, values: Mapping[str, Any], where: str) -> NetworkConfig:
        """Build it from the content of a `config.json`, official or transformers'; what decoding does not need is left.

        Raises:
            ConfigError: a field has the wrong type, contradicts another or is out of range; the message names `where`.
        """
        known = {field.name for field in fields(cls)}
        named = {OTHER_NAMES.get(name, name): value for name, value in values.items()}
        config = from_mapping(cls, {name: value for name, value in named.items() if name in known}, where)
        try:
            config.complete(values)
            config.refuse_impossible()
        except (AttributeError, TypeError) as error:
            raise ConfigError(f"{where}: linear_attn_config cannot be read ({error})") from error
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from error
        return config
