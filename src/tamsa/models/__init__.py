"""Kimi Linear on transformers; importing this package registers it with the Auto classes."""

import sys

from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

from tamsa.backbone.cache import KimiLinearCache, Snapshot
from tamsa.backbone.prefix_cache import PrefixCache
from tamsa.backbone.row_batch import RowBatch
from tamsa.models.config import KimiLinearConfig
from tamsa.models.forest import Forest
from tamsa.models.kimi_linear import KimiLinearForCausalLM, KimiLinearModel
from tamsa.models.loss import linear_cross_entropy
from tamsa.models.precision import MasterWeights
from tamsa.models.pretrained import register_conversion

register_conversion()
AutoConfig.register("kimi_linear", KimiLinearConfig, exist_ok=True)
AutoModel.register(KimiLinearConfig, KimiLinearModel, exist_ok=True)
AutoModelForCausalLM.register(KimiLinearConfig, KimiLinearForCausalLM, exist_ok=True)
# TRL finds a checkpoint's class by its name in transformers' namespace. The module that `import transformers` gives at
# the top may be another one: transformers.processing_utils, which the imports above load, makes it anew.
for model_class in (KimiLinearModel, KimiLinearForCausalLM):
    setattr(sys.modules["transformers"], model_class.__name__, model_class)

__all__ = [
    "Forest",
    "KimiLinearCache",
    "KimiLinearConfig",
    "KimiLinearForCausalLM",
    "KimiLinearModel",
    "MasterWeights",
    "PrefixCache",
    "RowBatch",
    "Snapshot",
    "linear_cross_entropy",
]
