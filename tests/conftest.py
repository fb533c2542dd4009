"""Shared fixtures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.library import Library, make_library


@pytest.fixture(scope="session", autouse=True)
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep keys that commands make for a person out of the home folder of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("configuration")))
        yield


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
