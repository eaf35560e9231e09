"""Every command of `kpi`: what it prints, in which form, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
import typer
from typer.main import get_command

from kpi_pipeline import cli
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics import values as metric_values
from kpi_pipeline.metrics.compute import VALUE_COLUMNS
from kpi_pipeline.metrics.declaration import CASE_COLUMNS, load_metrics
from kpi_pipeline.pipeline import build_warehouse
from kpi_pipeline.warehouse.connection import SCHEMA_VERSION, build_and_swap
from tests.unit.trial_landings import GOOD, HEADER, encounters, land, line

SECRET = "Q7731"
"""A patient's number in a refused row: only --show-rows may print it."""


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


class Terminal:
    """Runs commands as `kpi` does: through `main`, with its own arguments."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str | Path) -> Ran:
        self._monkeypatch.setattr(sys, "argv", ["kpi", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        shown = self._capsys.readouterr()
        return Ran(code, shown.out, shown.err)


@pytest.fixture
def kpi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KPI_SETTINGS", raising=False)
    monkeypatch.delenv("KPI_DEBUG", raising=False)
    return Terminal(monkeypatch, capsys)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 discharges in October at F1 and one in September at F2, two refused rows, a duplicate, a column too many."""
    rows = [line(f"E{number:02}", person_id=f"P{number}", discharged_at="2026-10-05") for number in range(30)]
    rows += [
        line("S1", person_id="P90", facility_id="F2", admitted_at="2026-09-01", discharged_at="2026-09-03"),
        rows[0],
        line("BAD", person_id=SECRET, admitted_at="10/01/2026"),
        line("", person_id=SECRET, discharged_at="2026-09-05"),
    ]
    content = HEADER.replace("\n", ",remark\n") + "".join(rows).replace("\n", ",x\n")
    folder = tmp_path_factory.mktemp("site") / "landing"
    return land(folder, {"encounters.csv": content, "landing.yaml": "complete_through: 2026-10-31\n"})


@pytest.fixture(scope="module")
def warehouse(landing: Path) -> Path:
    path = landing.parent / "kpi.duckdb"
    build_warehouse(landing, path)
    return path


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


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


@pytest.mark.xfail(strict=True, reason="the build opens the file it replaces as a reader would, who refuses it")
def test_build_makes_a_warehouse_of_an_older_version_anew(kpi: Terminal, landing: Path, tmp_path: Path) -> None:
    path = tmp_path / "kpi.duckdb"
    with build_and_swap(path, settings=Settings()) as connection:
        connection.execute(
            f"CREATE TABLE build_info AS SELECT 'old' AS snapshot_id, {SCHEMA_VERSION - 1} AS schema_version"
        )
    assert kpi("values", "--warehouse", path).code == 5
    assert kpi("build", "--landing", landing, "--warehouse", path).code == 0
    assert kpi("values", "--warehouse", path).code == 0


# ---- values and cases ----


def test_values_as_csv_have_every_column_and_row(kpi: Terminal, warehouse: Path) -> None:
    ran = kpi("values", "discharges", "length_of_stay_days", "--warehouse", warehouse, "--format", "csv")
    rows = rows_of(ran.out)
    assert ran.code == 0
    assert tuple(rows[0]) == VALUE_COLUMNS
    assert {(row["metric"], row["facility_id"], row["month"]): row["value"] for row in rows} == {
        ("discharges", "all", "2026-09"): "1.0",
        ("discharges", "all", "2026-10"): "30.0",
        ("discharges", "F1", "2026-10"): "30.0",
        ("discharges", "F2", "2026-09"): "1.0",
        ("length_of_stay_days", "all", "2026-09"): "",
        ("length_of_stay_days", "all", "2026-10"): "4.0",
        ("length_of_stay_days", "F1", "2026-10"): "4.0",
        ("length_of_stay_days", "F2", "2026-09"): "",
    }


def test_values_as_json_are_one_object_a_line(kpi: Terminal, warehouse: Path) -> None:
    ran = kpi("values", "--warehouse", warehouse, "--format", "json")
    rows = [json.loads(text) for text in ran.out.splitlines()]
    assert {row["metric"] for row in rows} == load_metrics().keys()
    few = next(row for row in rows if row["metric"] == "length_of_stay_days" and row["facility_id"] == "F2")
    assert (few["value"], few["numerator"], few["status_reason"]) == (None, 2.0, "fewer than 25 cases")
    missing = next(row for row in rows if row["metric"] == "denials_per_100_discharges")
    assert (missing["status"], missing["status_reason"]) == ("not_supplied", "denials")


def test_values_as_a_table_are_one_line_a_row(kpi: Terminal, warehouse: Path) -> None:
    ran = kpi("values", "discharges", "--warehouse", warehouse)
    lines = [text.split() for text in ran.out.splitlines() if text.startswith(" discharges")]
    assert lines == [
        ["discharges", "all", "2026-09", "1", "–", "1", "final", "ok"],
        ["discharges", "all", "2026-10", "30", "–", "30", "final", "ok"],
        ["discharges", "F1", "2026-10", "30", "–", "30", "final", "ok"],
        ["discharges", "F2", "2026-09", "1", "–", "1", "final", "ok"],
    ]


def test_a_long_table_says_how_much_it_leaves_out(
    kpi: Terminal, warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kpi_pipeline.console.ROWS_SHOWN", 3)
    ran = kpi("cases", "discharges", "--warehouse", warehouse)
    assert ran.out.splitlines()[-1] == "… and 28 more rows; --format csv prints them all."
    assert len(rows_of(kpi("cases", "discharges", "--warehouse", warehouse, "--format", "csv").out)) == 31


@pytest.mark.parametrize("command", ["values", "cases"])
def test_an_unknown_metric_lists_the_known_ones(command: str, kpi: Terminal, warehouse: Path) -> None:
    ran = kpi(command, "readmissions", "--warehouse", warehouse)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (f"Error: metric: 'readmissions' is not a metric. Choose one of: {', '.join(load_metrics())}.\n")


def test_cases_can_be_cut_to_a_month_and_a_facility(kpi: Terminal, warehouse: Path) -> None:
    def listed(*options: str) -> list[str]:
        ran = kpi("cases", "discharges", "--warehouse", warehouse, "--format", "csv", *options)
        assert ran.code == 0
        return [row["case_id"] for row in rows_of(ran.out)]

    assert len(listed()) == 31
    assert listed("--month", "2026-09") == ["S1"]
    assert listed("--facility", "F2") == ["S1"]
    assert listed("--month", "2026-10", "--facility", "F2") == []


def test_cases_have_the_fixed_columns_first_and_dates_as_dates(kpi: Terminal, warehouse: Path) -> None:
    ran = kpi("cases", "length_of_stay_days", "--warehouse", warehouse, "--format", "csv", "--month", "2026-09")
    (row,) = rows_of(ran.out)
    assert tuple(row)[: len(CASE_COLUMNS)] == CASE_COLUMNS
    assert row | {} == {
        **dict.fromkeys(row, ""),
        "case_id": "S1",
        "facility_id": "F2",
        "event_date": "2026-09-03",
        "numerator": "2",
        "denominator": "1",
    }
    table = kpi("cases", "length_of_stay_days", "--warehouse", warehouse, "--month", "2026-09").out
    assert "2026-09-03" in table
    assert "drg_code" not in table  # the screen shows the fixed columns only


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--month", "2026-1"], "month: must look like 2026-10, got '2026-1'. Write the year and month."),
        (["--facility", "f2"], "facility: 'f2' is not in the data. Choose one of: F1, F2."),
    ],
)
def test_a_month_or_facility_that_is_none_says_so(
    options: list[str], message: str, kpi: Terminal, warehouse: Path
) -> None:
    ran = kpi("cases", "discharges", "--warehouse", warehouse, *options)
    assert (ran.code, ran.out, ran.err) == (3, "", f"Error: {message}\n")


@pytest.mark.parametrize(
    "command", [["values"], ["cases", "discharges"], ["quarantine"], ["report", "2026-10", "--out", "reports"]]
)
def test_a_warehouse_that_is_not_there_ends_with_5(command: list[str], kpi: Terminal, tmp_path: Path) -> None:
    ran = kpi(*command, "--warehouse", tmp_path / "none.duckdb")
    assert (ran.code, ran.out) == (5, "")
    assert ran.err == (
        f"Error: {tmp_path / 'none.duckdb'}: there is no warehouse. "
        "Build one: kpi build --landing DIR --warehouse FILE.\n"
    )


def test_values_that_were_not_computed_for_this_snapshot_are_missed(
    kpi: Terminal, warehouse: Path, tmp_path: Path
) -> None:
    (tmp_path / "moved.duckdb").write_bytes(warehouse.read_bytes())  # without its store
    ran = kpi("values", "discharges", "case_mix_index", "--warehouse", tmp_path / "moved.duckdb")
    assert ran.code == 5
    assert ran.err == (
        f"Error: {tmp_path / 'moved.duckdb'}: has no values for discharges, case_mix_index as declared now. "
        "Run kpi build again.\n"
    )


# ---- quarantine ----


def test_quarantine_lists_file_line_and_reasons_and_no_row(kpi: Terminal, warehouse: Path) -> None:
    ran = kpi("quarantine", "--warehouse", warehouse, "--format", "csv")
    assert ran.code == 0
    assert [tuple(row.values()) for row in rows_of(ran.out)] == [
        (
            "encounters",
            "encounters.csv",
            "34",
            "invalid_admitted_at",
            "admitted_at cannot be read as an ISO date or time.",
        ),
        (
            "encounters",
            "encounters.csv",
            "35",
            "missing_encounter_id, discharge_before_admit",
            "encounter_id is empty. The discharge lies before the admission.",
        ),
    ]
    for output in ("table", "csv", "json"):
        shown = kpi("quarantine", "--warehouse", warehouse, "--format", output).out
        assert "34" in shown
        assert SECRET not in shown


def test_quarantine_shows_the_rows_to_those_who_ask(kpi: Terminal, warehouse: Path) -> None:
    ran = kpi("quarantine", "--warehouse", warehouse, "--show-rows", "--format", "json")
    rows = [json.loads(json.loads(text)["original_row"]) for text in ran.out.splitlines()]
    assert [(row["person_id"], row["admitted_at"]) for row in rows] == [
        (SECRET, "10/01/2026"),
        (SECRET, "2026-10-01 08:00"),
    ]


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
    assert ran.out.splitlines()[1:] == [
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["2026-13"], "month: must look like 2026-10, got '2026-13'. Write the year and month."),
        (["2026-08"], "month: there are no figures for 2026-08. Choose between 2026-09 and 2026-10."),
        (["2026-10", "--facility", "F9"], "facility: 'F9' is not in the data. Choose one of: F1, F2."),
    ],
)
def test_a_report_on_what_the_data_do_not_have_ends_with_3(
    arguments: list[str], message: str, kpi: Terminal, warehouse: Path, tmp_path: Path
) -> None:
    ran = kpi("report", *arguments, "--warehouse", warehouse, "--out", tmp_path / "reports")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"Error: {message}")
    assert not (tmp_path / "reports").exists()


def test_new_metric_writes_two_files_and_never_over_one(kpi: Terminal, tmp_path: Path) -> None:
    for folder in ("sql/metrics", "tests/metrics"):
        (tmp_path / folder).mkdir(parents=True)
    ran = kpi("new-metric", "weekend_discharges")
    assert ran.code == 0
    written = [tmp_path / "sql/metrics/weekend_discharges.sql", tmp_path / "tests/metrics/weekend_discharges.spec.yaml"]
    assert ran.out.splitlines() == [f"Wrote {path}" for path in written]
    assert all(path.is_file() for path in written)
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


# ---- what nobody foresaw ----


def test_an_unexpected_error_prints_neither_a_traceback_nor_data(
    kpi: Terminal, warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(f"cannot convert {SECRET}")

    monkeypatch.setattr(metric_values, "read_values", fail)
    ran = kpi("values", "--warehouse", warehouse)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "Error: the program failed unexpectedly (ValueError). Nothing was published. "
        "Run it again with KPI_DEBUG=1 to see where; that output can hold data.\n"
    )
    monkeypatch.setenv("KPI_DEBUG", "1")
    debugged = kpi("values", "--warehouse", warehouse)
    assert debugged.code == 1
    assert SECRET in debugged.err
    assert "Traceback" in debugged.err


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
