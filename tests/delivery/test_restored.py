"""Everything is lost but a backup, the landing folder and the settings: by the command line, on both databases."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from kpi_pipeline.cli.main import app
from tests.support.delivery import AUDIENCES

pytestmark = pytest.mark.long
MONTH = "2026-10"
TO_EXECUTIVES = ("--audience", "executives")


def command(folder: Path, *words: str) -> list[str]:
    """Runs `kpi` on the hospital in a folder; the lines it prints."""
    options = ["--warehouse", str(folder / "hospital.duckdb"), "--settings", str(folder / "kpi.yaml")]
    done = CliRunner().invoke(app, [*words, *options])
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def issue(folder: Path, *more: str) -> list[str]:
    """Drafts, approves and publishes the month; what publishing said."""
    command(folder, "issue", "draft", MONTH, "--by", "Analyst", *TO_EXECUTIVES, *more)
    command(folder, "issue", "approve", MONTH, "--by", "Director")
    return command(folder, "issue", "publish", MONTH, "--by", "Analyst")


def test_a_restored_hospital_makes_its_issue_again_and_goes_on(
    built_hospital: Path, tmp_path: Path, state_url: str, request: pytest.FixtureRequest
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    shutil.copytree(built_hospital, old)
    settings = {
        "delivery": {"audiences": "audiences.yaml", "gate": {"min_coded_pct": 0, "min_costed_pct": 0}},
        "state_url": state_url,
    }
    (old / "audiences.yaml").write_text(AUDIENCES, encoding="utf-8")
    (old / "kpi.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    command(old, "build", "--landing", str(old / "landing"))
    assert "issue 1, 2 mails queued" in issue(old)[0]
    told = len(command(old, "audit", "--format", "csv"))
    command(old, "backup", str(tmp_path / "backup.zip"))

    new.mkdir()
    for kept in ("landing", "audiences.yaml", "kpi.yaml"):
        (old / kept).rename(new / kept)
    for folder in [old, *(one for one in old.rglob("*") if one.is_dir())]:
        folder.chmod(0o700)
    shutil.rmtree(old)
    settings["state_url"] = f"sqlite:///{new / 'other.sqlite'}"
    if "postgresql" in state_url:
        settings["state_url"] = request.getfixturevalue("state_server").create_database("restored_whole")
    (new / "kpi.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    command(new, "restore", str(tmp_path / "backup.zip"))
    command(new, "build", "--landing", str(new / "landing"))
    made = command(new, "issue", "reproduce", MONTH, *TO_EXECUTIVES, "--landing", str(new / "landing"))
    assert "agree, byte for byte" in made[-1]
    assert len(command(new, "audit", "--format", "csv")) == told
    assert "The chain of events is unbroken." in command(new, "audit")
    assert [line.split()[0:2] for line in command(new, "doctor") if "chain" in line] == [["well", "chain"]]
    assert "issue 2, 2 mails queued" in issue(new, "--why", "The first was restored")[0]
    assert "superseded 1" in "\n".join(command(new, "issue", "show", MONTH))
