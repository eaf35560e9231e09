"""Commands of `kpi` that show results: values, cases, refused rows, reports; as tables, CSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.metrics import values as metric_values
from kpi_pipeline.metrics.compute import VALUE_COLUMNS
from kpi_pipeline.metrics.declaration import CASE_COLUMNS, load_metrics
from kpi_pipeline.pipeline import reports
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.report import WrittenReport
from tests.support.terminal import SECRET, Terminal, land_site, open_terminal, rows_of


@pytest.fixture
def kpi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Terminal:
    return open_terminal(tmp_path, monkeypatch, capsys)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    landing = land_site(tmp_path_factory.mktemp("site"))
    build_warehouse(landing, landing.parent / "kpi.duckdb")
    return landing.parent / "kpi.duckdb"


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
    without = load_metrics().keys() - {row["metric"] for row in rows}
    assert all(name.endswith("_in_house") for name in without)  # these few days hold no month's end
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
    monkeypatch.setattr("kpi_pipeline.cli.console.ROWS_SHOWN", 3)
    ran = kpi("cases", "discharges", "--warehouse", warehouse)
    assert ran.out.splitlines()[-1] == "… and 28 more rows; --format csv prints them all."
    assert len(rows_of(kpi("cases", "discharges", "--warehouse", warehouse, "--format", "csv").out)) == 31


@pytest.mark.parametrize("command", ["values", "cases"])
def test_an_unknown_metric_names_those_most_like_it(command: str, kpi: Terminal, warehouse: Path) -> None:
    ran = kpi(command, "readmissions", "--warehouse", warehouse)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "Error: metric: 'readmissions' is not a metric. Choose one of: readmission_7d, readmission_90d, "
        "readmission_30d. All are in docs/metrics.md, and in kpi values.\n"
    )


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


# ---- report ----


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


def written(folder: Path, month: str, owed: tuple[str, ...] = ()) -> WrittenReport:
    stem = folder / f"kpi-report-{month}"
    return WrittenReport(*(Path(f"{stem}.{end}") for end in ("pdf", "model.json", "figures.csv", "json")), 1, owed)


def test_from_writes_every_month_up_to_the_reporting_month_and_names_its_pdf(
    kpi: Terminal, warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def noted(file: Path, months: list[Month], out: Path, **more: object) -> Iterator[tuple[Month, WrittenReport]]:
        asked.append((file, months, more["facility"], more["privacy"]))
        yield from ((month, written(out, str(month))) for month in months)

    monkeypatch.setattr(reports, "write_reports", noted)
    out = ("--warehouse", warehouse, "--out", tmp_path)
    ran = kpi("report", "2026-10", "--from", "2026-08", "--facility", "F1", "--privacy", "board", *out)
    months = [Month(2026, number) for number in (8, 9, 10)]
    assert ran.code == 0
    assert asked == [(warehouse, months, "F1", "board")]
    assert ran.out.splitlines() == [str(tmp_path / f"kpi-report-{month}.pdf") for month in months]
    alone = kpi("report", "2026-10", *out).out.splitlines()
    assert [Path(line).suffixes[-1] for line in alone] == [".pdf", ".json", ".csv"]


def test_from_after_the_reporting_month_is_refused(kpi: Terminal, warehouse: Path, tmp_path: Path) -> None:
    ran = kpi("report", "2026-09", "--from", "2026-10", "--warehouse", warehouse, "--out", tmp_path / "reports")
    assert (ran.code, ran.out) == (3, "")
    assert "--from: 2026-10 is after the reporting month 2026-09. Give the earlier month to --from." in ran.err


def test_what_the_director_has_not_answered_is_asked_before_issue(
    kpi: Terminal, warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owed = ("Denials per 100 discharges: why and when it will be back",)
    monkeypatch.setattr(
        reports, "write_reports", lambda _, months, out, **__: [(one, written(out, str(one), owed)) for one in months]
    )
    ran = kpi("report", "2026-10", "--warehouse", warehouse, "--out", tmp_path)
    assert ran.out.splitlines()[-2:] == [
        "Before this is issued, please answer in the commentary file:",
        "  Denials per 100 discharges: why and when it will be back",
    ]


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


# ---- the figures of pages ----


def test_the_figures_of_the_drivers_page_are_printed_with_their_units(kpi: Terminal, tmp_path: Path) -> None:
    """Thirty stays with 20 days waited for a bed, on 10 stays two each, and 10 for a payer: 30 different days."""
    landing = land_site(tmp_path)
    waits = "".join(f"E{at:02},2026-10-02,2026-10-04,BED,hospital\n" for at in range(10))
    waits += "".join(f"E{at:02},2026-10-02,2026-10-03,PAY,payer\n" for at in range(10, 20))
    header = "encounter_id,starts_on,ends_on,reason_code,responsible_party\n"
    (landing / "avoidable_days.csv").write_text(header + waits, encoding="utf-8")
    build_warehouse(landing, tmp_path / "waits.duckdb")
    ran = kpi("drivers", "2026-10", "--warehouse", tmp_path / "waits.duckdb", "--format", "csv")
    found = {(row["part"], row["item"], row["figure"]): (row["value"], row["unit"]) for row in rows_of(ran.out)}
    assert ran.code == 0
    assert found["avoidable_days", "BED", "days"] == ("20.0", "days")
    assert found["avoidable_days", "PAY", "days"] == ("10.0", "days")
    assert found["avoidable_days", "PAY", "running_share"] == ("100.0", "percent")
    assert found["avoidable_days", "all", "different_days"] == ("30.0", "days")
    table = kpi("drivers", "2026-10", "--warehouse", tmp_path / "waits.duckdb")
    assert "Drivers, 2026-10: 95% intervals from lower to upper" in table.out


def test_a_page_without_figures_says_so(kpi: Terminal, warehouse: Path) -> None:
    ran = kpi("effects", "2026-10", "--warehouse", warehouse)
    assert (ran.code, ran.out) == (0, "The report of 2026-10 has no figures on this page.\n")
    assert kpi("effects", "2026-13", "--warehouse", warehouse).code == 3
