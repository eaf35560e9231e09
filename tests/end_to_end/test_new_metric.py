"""A metric is one SQL file and one spec: in a copy of the project a new one passes, nothing else touched."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import write_words

ROOT = Path(__file__).parent.parent.parent
LEFT_BEHIND = (".git", ".venv*", "__pycache__", "*.pyc", ".*_cache")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT, tmp_path / "project", ignore=shutil.ignore_patterns(*LEFT_BEHIND)))


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs Python on the copy's own package."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(project), "LANG": "C.UTF-8", "PYTHONPATH": str(project)}
    return subprocess.run(
        [sys.executable, *command], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def kpi(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(project, "-c", "from kpi_pipeline.cli.main import main; main()", *arguments)


@pytest.mark.slow
def test_a_new_metric_is_green_in_two_files(project: Path) -> None:
    written = kpi(project, "new-metric", "long_stays_trial")
    assert written.returncode == 0, written.stderr
    declaration = project / "sql/metrics/long_stays_trial.sql"

    refused = kpi(project, "check")
    assert refused.returncode == 4
    assert len(re.findall(r"long_stays_trial\.sql:\d+: \w+: still holds the skeleton's words", refused.stderr)) == 5

    write_words(declaration)
    checked = kpi(project, "check")
    assert checked.returncode == 0, checked.stderr
    assert run(project, "tools/generate_docs.py").returncode == 0

    tests = [
        "tests/metrics/test_metric_specs.py",
        "tests/properties/test_every_measure.py",
        "tests/docs/test_documents.py",
        "tests/report/test_build_report.py",
        "tests/orchestration/test_definitions.py",
    ]
    chosen = "long_stays_trial or not (test_spec or test_cases_are or test_values_follow or test_every_spec)"
    result = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", chosen, *tests)
    assert result.returncode == 0, result.stdout[-3000:]
    assert " passed" in result.stdout
