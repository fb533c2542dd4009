"""Language models behind one protocol: specs, endpoints, and the scripted model for tests."""

from tamsa.llm.about import write_calibration
from tamsa.llm.assembly import MALFORMED_ARGUMENTS
from tamsa.llm.ollama import OllamaModel
from tamsa.llm.openai_chat import OpenAIModel
from tamsa.llm.pool import ModelPool
from tamsa.llm.scripted import ScriptedCompletion, ScriptedModel
from tamsa.llm.settings import ModelSettings
from tamsa.llm.specs import ModelSpec, model_folder, open_model

__all__ = [
    "MALFORMED_ARGUMENTS",
    "ModelPool",
    "ModelSettings",
    "ModelSpec",
    "OllamaModel",
    "OpenAIModel",
    "ScriptedCompletion",
    "ScriptedModel",
    "model_folder",
    "open_model",
    "write_calibration",
]
