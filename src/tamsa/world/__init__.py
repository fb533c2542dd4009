"""A simulated encyclopedia: a dated knowledge graph, pages in prose, and gold questions, all made from a seed."""

from tamsa.world.build import GENERATOR, WorldSummary, build_world
from tamsa.world.schema import MIN_PAGES

__all__ = ["GENERATOR", "MIN_PAGES", "WorldSummary", "build_world"]
