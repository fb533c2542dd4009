"""Synthesis: from documents to training data, with no human label (arXiv 2510.24701, sections 3 and 4)."""
