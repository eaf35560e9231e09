"""Options and folders every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["tests.support.state_fixtures"]

REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden",
        type=Path,
        default=REPOSITORY.parent / "shared" / "golden",
        help="Folder with golden cases (searched recursively); default: ../shared/golden.",
    )


@pytest.fixture(scope="session")
def golden_dir(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.config.getoption("--golden")
    if not folder.is_dir():
        pytest.skip(f"golden cases are not here: {folder} does not exist (give --golden DIR)")
    return folder


@pytest.fixture(scope="session")
def terminology_dir() -> Path:
    folder = REPOSITORY.parent / "shared" / "data" / "terminology"
    if not folder.is_dir():
        pytest.skip("the full value sets are not here: ../shared/data/terminology does not exist")
    return folder
