"""AutoDeco's controlled study: small models, three tasks, every baseline, held-out problems."""

from tamsa.reproduce.autodeco.study import Study, run_study

__all__ = ["Study", "run_study"]
