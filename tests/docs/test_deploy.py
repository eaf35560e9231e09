"""The files for running it as services name what there is, and hold no password."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kpi_pipeline.core.resources import resource_folder
from kpi_pipeline.orchestration.resources import Hospital

DEPLOY = resource_folder("sql").parent / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
OTHER_VARIABLES = {
    "KPI_LOG_FORMAT", "KPI_SMTP_PASSWORD_FILE", "KPI_IMAP_PASSWORD_FILE", "KPI_PG_HOST", "KPI_PG_USER",
    "KPI_PG_PASSWORD",
}  # fmt: skip


def test_every_variable_named_is_one_that_is_read() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in DEPLOY.rglob("*") if file.is_file())
    known = {f"KPI_{name.upper()}" for name in Hospital.model_fields} | OTHER_VARIABLES
    assert set(re.findall(r"\bKPI_[A-Z_]+\b", text)) <= known


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_runs_as_nobody_special_and_closes_its_files(unit: Path) -> None:
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text(encoding="utf-8"))
    service = parser["Service"]
    assert (service["User"], service["UMask"]) == ("kpi", "0077")
    assert service["EnvironmentFile"] == "/etc/kpi/kpi.env"
    assert "/opt/kpi/.venv/bin/" in service["ExecStart"]


def test_the_services_share_one_image_and_no_password_stands_in_a_file() -> None:
    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert set(compose["services"]) == {"postgresql", "code", "webserver", "daemon"}
    assert all("healthcheck" in one for one in compose["services"].values())
    assert compose["services"]["webserver"]["ports"] == ["127.0.0.1:3000:3000"]
    environment = compose["x-kpi"]["environment"] | compose["services"]["postgresql"]["environment"]
    assert [name for name in environment if "PASSWORD" in name and not name.endswith("_FILE")] == []
    mounted = [one.split(":")[0] for one in compose["services"]["postgresql"]["volumes"] if one.startswith("./")]
    assert all((DEPLOY / one).is_file() for one in mounted)


def test_the_image_can_dump_the_database_it_runs_beside() -> None:
    """pg_dump refuses a server newer than itself."""
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    (client,) = re.findall(r"postgresql-client-(\d+)", (DEPLOY / "Containerfile").read_text(encoding="utf-8"))
    assert compose["services"]["postgresql"]["image"] == f"postgres:{client}"


@pytest.mark.parametrize(
    ("path", "is_in"),
    [
        ("kpi_pipeline/cli/main.py", True), ("sql/metrics/a.sql", True), ("docs/examples/kpi.yaml", True),
        ("report_templates/fonts/a.ttf", True), ("deploy/with-password.sh", True), ("requirements.lock", True),
        ("deploy/secrets/smtp_password", False), ("data/hospital.duckdb", False), ("demo/landing/x.csv", False),
        (".git/config", False), ("kpi.yaml", False), ("landing/x.csv", False), (".env", False),
    ],
)  # fmt: skip
def test_the_image_gets_the_program_and_neither_data_nor_passwords(path: str, is_in: bool) -> None:
    """The last rule that names a path or a folder above it decides."""
    rules = (DEPLOY.parent / ".dockerignore").read_text(encoding="utf-8").splitlines()
    taken = True
    for rule in (one for one in rules if one and not one.startswith("#")):
        name = rule.removeprefix("!")
        if name == "*" or path == name or path.startswith(f"{name}/"):
            taken = rule.startswith("!")
    assert taken is is_in


def test_dagsters_settings_are_those_of_make_ui_on_postgresql() -> None:
    production = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))
    here = yaml.safe_load((DEPLOY.parent / "tools" / "dagster.yaml").read_text(encoding="utf-8"))
    assert "postgres" in production.pop("storage")
    assert production == here
