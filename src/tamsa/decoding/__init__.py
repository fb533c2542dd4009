"""Decoding: heads that predict temperature and top-p for every token, on top of any causal language model."""

from tamsa.decoding.autodeco import AutoDecoForCausalLM
from tamsa.decoding.config import AutoDecoConfig, BaseIdentity
from tamsa.decoding.heads import DecodingHeads
from tamsa.decoding.losses import HeadsLoss, LossConfig, heads_loss, position_losses
from tamsa.decoding.soft_top_p import soft_top_p
from tamsa.decoding.strategy import Strategy, apply_strategy, predict

__all__ = [
    "AutoDecoConfig",
    "AutoDecoForCausalLM",
    "BaseIdentity",
    "DecodingHeads",
    "HeadsLoss",
    "LossConfig",
    "Strategy",
    "apply_strategy",
    "heads_loss",
    "position_losses",
    "predict",
    "soft_top_p",
]
