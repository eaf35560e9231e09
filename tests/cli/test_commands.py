"""Commands of `kpi` that build and check: help, usage, exit codes, and what is printed."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import typer
from typer.main import get_command

from kpi_pipeline.cli import main as cli
from kpi_pipeline.core.errors import DefinitionError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.declaration import load_metric, load_metrics
from kpi_pipeline.warehouse.connection import SCHEMA_VERSION, build_and_swap
from tests.support.landings import GOOD, HEADER, encounters, land
from tests.support.terminal import SECRET, Terminal, land_site, open_terminal


@pytest.fixture
def kpi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Terminal:
    return open_terminal(tmp_path, monkeypatch, capsys)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return land_site(tmp_path_factory.mktemp("site"))


# ---- what there is ----


def commands() -> list[list[str]]:
    group = get_command(cli.app)
    assert isinstance(group, typer.core.TyperGroup)
    names = []
    for name, command in group.commands.items():
        subcommands = getattr(command, "commands", {})
        names += [[name], *([name, below] for below in subcommands)]
    return names


@pytest.mark.parametrize("name", commands(), ids=" ".join)
def test_every_command_explains_itself_and_every_option_it_has(name: list[str], kpi: Terminal) -> None:
    ran = kpi(*name, "--help")
    assert ran.code == 0
    assert f"Usage: kpi {' '.join(name)}" in ran.out
    command = get_command(cli.app)
    for part in name:
        command = command.commands[part]  # type: ignore[attr-defined]
    for parameter in command.params:
        if parameter.name != "help":
            assert getattr(parameter, "help", None), f"{parameter.name} has no words"


def test_help_lists_the_commands_each_in_one_whole_sentence(kpi: Terminal) -> None:
    ran = kpi("--help")
    assert ran.code == 0
    described = dict(text.split(maxsplit=1) for text in ran.out.split("Commands:\n")[1].splitlines())
    assert described.keys() == {name[0] for name in commands()}
    for name in ("demo", "build", "cases", "values", "report", "signals", "quarantine", "check", "new-metric"):
        assert described[name].endswith(".")
        assert not described[name].endswith("...")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "--landing", "here"], "Missing option '--warehouse'."),
        (["bulid"], "No such command 'bulid'."),
        (["build", "--landing", "here", "--warehouse", "."], "file '.' is a directory."),
        (["values", "--warehouse", "kpi.duckdb", "--format", "xml"], "'xml' is not one of 'table', 'csv', 'json'."),
        (["report", "2026-10", "--warehouse", "k", "--out", "o", "--privacy", "public"], "'public' is not one of"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], message: str, kpi: Terminal) -> None:
    ran = kpi(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


# ---- build ----


def test_build_prints_what_went_in_what_was_used_and_where_the_rest_is(
    kpi: Terminal, landing: Path, tmp_path: Path
) -> None:
    ran = kpi("build", "--landing", landing, "--warehouse", tmp_path / "new.duckdb")
    assert ran.code == 0
    assert ran.err == "Warning: encounters.csv: the column 'remark' is not in the layout; ignored.\n"
    ledger, stays, computed, hint = ran.out.splitlines()
    assert ledger == "encounters: rows in 34 · used 31 · quarantined 2 · duplicate 1 · superseded 0"
    assert stays == "acute inpatient stays 31"
    assert computed.startswith(f"{len(load_metrics())} measures computed; snapshot ")
    assert computed.endswith(f" is in {tmp_path / 'new.duckdb'}")
    assert hint == f"See the refused rows: kpi quarantine --warehouse {tmp_path / 'new.duckdb'}"
    assert SECRET not in ran.out + ran.err


def test_build_ends_with_6_when_too_many_rows_are_refused(kpi: Terminal, landing: Path, tmp_path: Path) -> None:
    (tmp_path / "kpi.yaml").write_text("quarantine_limit_from_rows: 2\n", encoding="utf-8")
    ran = kpi("build", "--landing", landing, "--warehouse", tmp_path / "new.duckdb")
    assert (ran.code, ran.out) == (6, "")
    assert ran.err == (
        "Error: encounters: 2 of 34 rows were refused, more than the limit of 5%. "
        "See kpi check --landing DIR for the reasons; correct the extract, or raise quarantine_limit_pct.\n"
    )
    assert not (tmp_path / "new.duckdb").exists()


def test_settings_that_are_wrong_end_with_4(kpi: Terminal, landing: Path, tmp_path: Path) -> None:
    (tmp_path / "kpi.yaml").write_text("min_denominator: none\nhospital: x\n", encoding="utf-8")
    ran = kpi("build", "--landing", landing, "--warehouse", tmp_path / "new.duckdb")
    assert (ran.code, ran.out) == (4, "")
    assert len(ran.err.splitlines()) == 2
    assert "Error: kpi.yaml: hospital is not a known field." in ran.err


@pytest.mark.parametrize("command", ["build", "check"])
def test_a_time_zone_of_the_settings_that_nobody_knows_ends_with_4(
    command: str, kpi: Terminal, landing: Path, tmp_path: Path
) -> None:
    (tmp_path / "kpi.yaml").write_text("time_zone: Eastern\n", encoding="utf-8")
    warehouse = ["--warehouse", str(tmp_path / "new.duckdb")] if command == "build" else []
    ran = kpi(command, "--landing", landing, *warehouse)
    assert (ran.code, ran.out) == (4, "")
    assert ran.err == "Error: settings: time_zone: 'Eastern' is not a time zone. Write it like America/New_York.\n"


def test_a_path_that_cannot_be_written_is_named(kpi: Terminal, landing: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    ran = kpi("build", "--landing", landing, "--warehouse", tmp_path / "file" / "kpi.duckdb")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"Error: {tmp_path / 'file'}: File exists. Check the path, your rights to it, and that the disk is not full.\n"
    ) or ran.err.endswith("Not a directory. Check the path, your rights to it, and that the disk is not full.\n")


@pytest.mark.parametrize("is_database", [False, True])
def test_build_never_writes_over_a_file_that_is_not_its_own(
    is_database: bool, kpi: Terminal, landing: Path, tmp_path: Path
) -> None:
    path = tmp_path / "budget.duckdb"
    if is_database:
        with duckdb.connect(str(path)) as connection:
            connection.execute("CREATE TABLE budget AS SELECT 1 AS amount")
    else:
        path.write_text("a letter to my aunt\n" * 500, encoding="utf-8")
    before = path.read_bytes()
    ran = kpi("build", "--landing", landing, "--warehouse", path)
    assert (ran.code, ran.out) == (5, "")
    assert ran.err.startswith(f"Error: {path}: is ")
    assert path.read_bytes() == before


def test_build_makes_a_warehouse_of_an_older_version_anew(kpi: Terminal, landing: Path, tmp_path: Path) -> None:
    path = tmp_path / "kpi.duckdb"
    with build_and_swap(path, settings=Settings()) as connection:
        connection.execute(
            f"CREATE TABLE build_info AS SELECT 'old' AS snapshot_id, {SCHEMA_VERSION - 1} AS schema_version"
        )
    assert kpi("values", "--warehouse", path).code == 5
    assert kpi("build", "--landing", landing, "--warehouse", path).code == 0
    assert kpi("values", "--warehouse", path).code == 0


# ---- check ----


def test_check_counts_the_definitions(kpi: Terminal) -> None:
    ran = kpi("check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Definitions are sound: contracts ")
    assert ran.out.endswith(f" · measures {len(load_metrics())}\n")


def test_check_finds_settings_that_name_no_metric(kpi: Terminal, tmp_path: Path) -> None:
    (tmp_path / "kpi.yaml").write_text("report: {headline_metrics: [readmissions]}\n", encoding="utf-8")
    ran = kpi("check")
    assert ran.code == 4
    assert ran.err == "Error: settings: headline_metrics names 'readmissions', which is not a metric.\n"


def test_a_dry_run_says_what_a_build_would_refuse_and_writes_nothing(
    kpi: Terminal, landing: Path, tmp_path: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in landing.parent.rglob("*")}
    ran = kpi("check", "--landing", landing)
    assert ran.code == 0
    assert ran.out.splitlines()[1:6] == [
        "Source: Canonical layout",
        "encounters.csv → encounters: 34 rows, 2 would be refused",
        "  encounters.csv: discharge_before_admit in 1 row, first on line 35. The discharge lies before the admission.",
        "  encounters.csv: invalid_admitted_at in 1 row, first on line 34. "
        "admitted_at cannot be read as an ISO date or time.",
        "  encounters.csv: missing_encounter_id in 1 row, first on line 35. encounter_id is empty.",
    ]
    assert ran.err == "Warning: encounters.csv: the column 'remark' is not in the layout; ignored.\n"
    assert SECRET not in ran.out + ran.err
    assert {path: path.stat().st_mtime_ns for path in landing.parent.rglob("*")} == before
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_over_a_folder_that_cannot_be_used_ends_with_3(kpi: Terminal, tmp_path: Path) -> None:
    ran = kpi("check", "--landing", tmp_path / "nowhere")
    assert ran.code == 3
    assert ran.err.startswith(f"Error: {tmp_path / 'nowhere'}: there is no such landing folder.")


# ---- the rest ----


def test_new_metric_writes_two_files_and_never_over_one(kpi: Terminal, tmp_path: Path) -> None:
    for folder in ("sql/metrics", "tests/metrics"):
        (tmp_path / folder).mkdir(parents=True)
    ran = kpi("new-metric", "weekend_discharges")
    assert ran.code == 0
    written = [tmp_path / "sql/metrics/weekend_discharges.sql", tmp_path / "tests/metrics/weekend_discharges.spec.yaml"]
    assert ran.out.splitlines() == [f"Wrote {path}" for path in written]
    assert all(path.is_file() for path in written)
    with pytest.raises(DefinitionError) as caught:
        load_metric(written[0])
    places = [str(fault) for fault in caught.value.faults]
    assert len(places) == 5
    assert places[0] == f"{written[0]}:9: follows: still holds the skeleton's words; write your own"
    again = kpi("new-metric", "weekend_discharges")
    assert (again.code, len(again.err.splitlines())) == (3, 2)
    assert kpi("new-metric", "Weekend discharges").code == 3


def test_reference_import_of_an_unknown_kind_lists_the_known_ones(kpi: Terminal, tmp_path: Path) -> None:
    ran = kpi("reference", "import", "icd", tmp_path / "none.csv")
    assert (ran.code, ran.out) == (3, "")
    assert "must be one of readmission-value-sets, ccs-icd10" in ran.err


def test_signals_on_a_file_that_is_not_there_ends_with_3(kpi: Terminal, tmp_path: Path) -> None:
    ran = kpi("signals", tmp_path / "none.csv", "--chart", "pie")
    assert (ran.code, ran.out) == (3, "")
    assert len(ran.err.splitlines()) == 2  # the chart and the file, both at once


def test_brackets_in_names_are_printed_as_they_are(kpi: Terminal, tmp_path: Path) -> None:
    content = HEADER.replace("\n", ",[red]ward[/red]\n") + GOOD.replace("\n", ",x\n")
    landing = land(tmp_path / "landing", {"encounters_[old].csv": content})
    ran = kpi("check", "--landing", landing)
    assert ran.err == ("Warning: encounters_[old].csv: the column '[red]ward[/red]' is not in the layout; ignored.\n")
    assert "encounters_[old].csv → encounters: 1 rows, 0 would be refused" in ran.out


def test_a_folder_of_good_rows_only_is_not_sent_to_the_refused_ones(kpi: Terminal, tmp_path: Path) -> None:
    landing = land(tmp_path / "landing", encounters(GOOD))
    ran = kpi("build", "--landing", landing, "--warehouse", tmp_path / "kpi.duckdb")
    assert ran.code == 0
    assert "kpi quarantine" not in ran.out
