"""Training of decoding heads: from data, from the model's own right answers, by reward, and for control in words."""

from tamsa.train.heads.policy import advantages, policy_loss
from tamsa.train.heads.recipe import HeadsRecipe
from tamsa.train.heads.run import HeadsRun, train_heads
from tamsa.train.heads.states import StateCache, build_cache

__all__ = ["HeadsRecipe", "HeadsRun", "StateCache", "advantages", "build_cache", "policy_loss", "train_heads"]
