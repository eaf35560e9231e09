"""The state on SQLite and on a real PostgreSQL server: one suite for both."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_pipeline.state.database import Database
from tests.support.state_server import StateServer, running_server

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def state_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateServer]:
    with running_server(tmp_path_factory.mktemp("postgresql")) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hospital.state.sqlite'}"
    server: StateServer = request.getfixturevalue("state_server")
    return server.create_database(f"state_{next(_NUMBERS)}")


@pytest.fixture
def database(state_url: str) -> Iterator[Database]:
    opened = Database(state_url)
    yield opened
    opened.close()
