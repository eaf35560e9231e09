"""The files for running it as services name what there is, and hold no password."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import typer
import yaml
from dagster._cli import create_dagster_cli
from dagster._daemon.cli import create_dagster_daemon_cli
from dagster_webserver.cli import dagster_webserver

from kpi_pipeline.cli.main import app
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


def test_dagster_tells_its_maker_nothing_on_any_road() -> None:
    """The settings of every road turn it off, and so does the environment of every process of Dagster's."""
    root = DEPLOY.parent
    for settings in (DEPLOY / "dagster.yaml", root / "tools" / "dagster.yaml"):
        assert yaml.safe_load(settings.read_text(encoding="utf-8"))["telemetry"] == {"enabled": False}, settings
    off = re.compile(
        r"^(?:export |ENV .*)?DAGSTER_DISABLE_TELEMETRY=1|^ENV .* DAGSTER_DISABLE_TELEMETRY=1", re.MULTILINE
    )
    for environment in (DEPLOY / "Containerfile", DEPLOY / "systemd" / "kpi.env", root / "tools" / "ui.sh"):
        assert off.search(environment.read_text(encoding="utf-8")), environment
    assert "cp tools/dagster.yaml" in (root / "tools" / "ui.sh").read_text(encoding="utf-8")
    assert "./dagster.yaml:/var/lib/kpi/dagster/dagster.yaml:ro" in (DEPLOY / "compose.yaml").read_text(
        encoding="utf-8"
    )
    starts = re.compile(r"dagster(?:-webserver|-daemon| dev| code-server| job| asset)\b")
    described = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    commands = [
        f"{file.name}: {line.strip()}"
        for file in described
        for block in re.findall(r"^```.*?^```", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
        if starts.search(line)
    ]
    assert commands == [], "a road of its own: turn the telemetry off there, too, and say so here"


def test_the_services_share_one_image_and_no_password_stands_in_a_file() -> None:
    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert set(compose["services"]) == {"postgresql", "code", "webserver", "daemon"}
    assert all("healthcheck" in one for one in compose["services"].values())
    assert compose["services"]["webserver"]["ports"] == ["127.0.0.1:3000:3000"]
    environment = compose["x-kpi"]["environment"] | compose["services"]["postgresql"]["environment"]
    assert [name for name in environment if "PASSWORD" in name and not name.endswith("_FILE")] == []
    mounted = [one.split(":")[0] for one in compose["services"]["postgresql"]["volumes"] if one.startswith("./")]
    assert all((DEPLOY / one).is_file() for one in mounted)


def test_the_parts_of_the_composition_fit_together() -> None:
    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    services, kpi = compose["services"], compose["x-kpi"]
    for one in services.values():
        assert set(one["secrets"]) <= set(compose["secrets"])
        for volume in one["volumes"]:
            source = volume.split(":")[0]
            is_there = source in compose["volumes"] or source.startswith("${") or (DEPLOY / source).is_file()
            assert is_there, source
        waits_for = one.get("depends_on", {})
        assert set(waits_for) <= set(services)
        assert {waited["condition"] for waited in waits_for.values()} <= {"service_healthy"}
        script = one.get("command", [""])[0]
        assert not script.endswith(".sh") or os.access(DEPLOY.parent / script, os.X_OK)
    mounts = [volume.rsplit("}")[-1].split(":") for volume in kpi["volumes"]]
    written = {target for _, target, *how in mounts if not how}  # the rest of the container is read-only
    assert written == {"/var/lib/kpi"}
    for name in ("KPI_WAREHOUSE", "KPI_REPORTS"):
        assert kpi["environment"][name].startswith("/var/lib/kpi/")
    (home,) = re.findall(r"DAGSTER_HOME=(\S+)", (DEPLOY / "Containerfile").read_text(encoding="utf-8"))
    assert f"{home}/dagster.yaml" in {target for _, target, *_ in mounts}
    assert {kpi["environment"][f"KPI_{one}"] for one in ("LANDING",)} | {"/etc/kpi"} <= {one for _, one, *_ in mounts}
    assert kpi["environment"]["KPI_PG_HOST"] in services
    assert kpi["environment"]["KPI_PG_USER"] == services["postgresql"]["environment"]["POSTGRES_USER"]
    workspace = yaml.safe_load((DEPLOY / "workspace-compose.yaml").read_text(encoding="utf-8"))
    (server,) = [one["grpc_server"] for one in workspace["load_from"]]
    assert str(server["port"]) in services[server["host"]]["command"]
    assert str(server["port"]) in services[server["host"]]["healthcheck"]["test"]


def test_compose_itself_takes_the_file(tmp_path: Path) -> None:
    """Debian's docker-compose reads and checks a file without Docker; `name` alone is younger than it."""
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed")
    (tmp_path / "deploy").mkdir()
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8").replace("name: kpi\n", "", 1)
    (tmp_path / "deploy" / "compose.yaml").write_text(text, encoding="utf-8")
    command = [program, "-f", str(tmp_path / "deploy" / "compose.yaml"), "config"]
    given = os.environ | {"LANDING": "/srv/a", "CONFIG": "/srv/b"}
    done = subprocess.run(command, capture_output=True, text=True, env=given)
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == {"postgresql", "code", "webserver", "daemon"}
    lacking = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"LANDING": "/srv/a"})
    assert "the folder with kpi.yaml" in lacking.stderr


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


def _commands() -> list[list[str]]:
    """Every command that the units and the containers run, as words."""
    starts = [re.findall(r"^ExecStart=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)[0] for unit in UNITS]
    units = [shlex.split(start) for start in starts]
    units = [shlex.split(one[2].removeprefix("exec ")) if one[:2] == ["/bin/sh", "-c"] else one for one in units]
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"].values()
    given = [one["command"] for one in services if "command" in one] + [one["healthcheck"]["test"] for one in services]
    words = [[word for word in one if word not in ("CMD", "deploy/with-password.sh")] for one in given]
    return units + [one for one in words if one[0] not in ("python", "pg_isready")]


@pytest.mark.parametrize("words", _commands(), ids=lambda words: Path(words[0]).name + " " + words[1])
def test_every_command_is_one_that_the_program_takes(words: list[str]) -> None:
    programs: dict[str, click.Command] = {
        "dagster": create_dagster_cli(), "dagster-daemon": create_dagster_daemon_cli(),
        "dagster-webserver": dagster_webserver, "kpi": typer.main.get_command(app),
    }  # fmt: skip
    command, name, left = programs[Path(words[0]).name], Path(words[0]).name, words[1:]
    while isinstance(command, click.Group):
        command, name, left = command.commands[left[0]], left[0], left[1:]
    command.make_context(name, left)  # parses and checks, runs nothing
    named = [word for word in left if word.startswith("deploy/")]
    assert all((DEPLOY.parent / one).is_file() for one in named)


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    for file in (DEPLOY / "systemd").glob("kpi-*"):
        content = re.sub(r"=/opt/kpi/.venv/bin/\S+", "=/bin/true", file.read_text(encoding="utf-8"))
        (tmp_path / file.name).write_text(content, encoding="utf-8")
    units = [str(file) for file in sorted(tmp_path.glob("kpi-*"))]
    done = subprocess.run([analyze, "verify", "--man=no", *units], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
