"""A real PostgreSQL server for the tests of extracts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.state_server import StateServer, running_server

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateServer]:
    with running_server(tmp_path_factory.mktemp("postgresql")) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        path = tmp_path / "hospital.sqlite"
        path.touch()
        return f"sqlite:///{path}"
    server: StateServer = request.getfixturevalue("postgres")
    return server.create_database(f"hospital_{next(_NUMBERS)}")
