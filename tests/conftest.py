"""Shared fixtures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.library import Library, make_library


@pytest.fixture
def library() -> Library:
    return make_library()


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of evaluation data, named by TAMSA_DATA; tests that need it skip where it is absent."""
    folder = os.environ.get("TAMSA_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("TAMSA_DATA names no folder of evaluation data")
    return Path(folder)
