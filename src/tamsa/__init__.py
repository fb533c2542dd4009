"""Tamsa: trains, decodes and runs deep-research language models on a person's own documents."""

from importlib.metadata import version

__version__ = version("tamsa")
