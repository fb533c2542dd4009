"""Data sets for every stage of training, as parquet."""

from tamsa.synthesis.datasets.files import write_parquet
from tamsa.synthesis.datasets.sft import SFT_SCHEMA, sft_rows

__all__ = ["SFT_SCHEMA", "sft_rows", "write_parquet"]
