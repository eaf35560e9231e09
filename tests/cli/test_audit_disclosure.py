"""`kpi audit-disclosure`: clean reports pass, a leak is found, and one label stands for all that is withheld."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import duckdb
import openpyxl
import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.vocabulary import Privacy
from kpi_pipeline.judgement.disclosure.earlier import Earlier
from kpi_pipeline.judgement.disclosure.publication import DENOMINATOR, Cell
from kpi_pipeline.judgement.disclosure.shown import shown_in
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.provenance import provenance_json
from kpi_pipeline.pipeline.history.published_words import small_counts_said
from kpi_pipeline.pipeline.history.shown_before import published_in
from kpi_pipeline.pipeline.tracing.audit_disclosure import audit_reports
from kpi_pipeline.report.build import build_report_and_tables
from kpi_pipeline.report.forms.pdf import report_file_stem
from tests.report.invented_report import FACTS, READMISSION, report_inputs

SNAPSHOT = "3fa9c27be1d04455"
EMPTY = '{"appendix": {"definitions": []}, "facility_id": "all", "month": "2026-01", "issue_number": null}'
SIZES = {"A": 900.0, "B": 300.0, "C": 60.0}


def write_copies(folder: Path, privacy: Privacy = "board") -> list[Path]:
    """The board copies of the whole and of each facility, without their PDFs."""
    folder.mkdir(exist_ok=True)
    paths = []
    for facility in ("all", *SIZES):
        inputs = report_inputs(
            {READMISSION: lambda at: 8 / 60},
            facilities="ABC",
            discharges=SIZES,
            months=14,
            facility_id=facility,
            privacy=privacy,
        )
        report, tables = build_report_and_tables(inputs)
        stem = report_file_stem(report)
        (folder / f"{stem}.figures.csv").write_text(tables["figures.csv"], encoding="utf-8", newline="")
        (folder / f"{stem}.model.json").write_text(report.model_dump_json(), encoding="utf-8")
        paths.append(folder / f"{stem}.pdf")
    return paths


def test_copies_that_hold_pass_and_a_number_put_back_is_found(tmp_path: Path) -> None:
    paths = write_copies(tmp_path)
    audit = audit_reports(paths, threshold=11)
    assert (audit.n_reports, audit.findings) == (4, ())
    assert audit.n_withheld > 0
    broken = tmp_path / "kpi-report-2026-10-B-board.figures.csv"
    lines = broken.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.startswith(f"{READMISSION}/B/2026-09,"))
    lines[at] = lines[at].replace("withheld,300,withheld", "40,300,13.3")
    broken.write_text("".join(lines), encoding="utf-8", newline="")
    found = audit_reports(paths, threshold=11).findings
    assert [(one.cell.facility_id, one.cell.month, one.lower, one.upper) for one in found] == [("C", "2026-09", 8, 8)]


def test_one_label_for_all_that_is_withheld(tmp_path: Path) -> None:
    """`fewer than 11` beside `withheld` would tell small counts from those that only protect them."""
    for path in write_copies(tmp_path):
        for suffix in (".figures.csv", ".model.json"):
            text = path.with_suffix("").with_name(path.stem + suffix).read_text(encoding="utf-8")
            assert "fewer than 11" not in text.lower()


def test_what_is_no_report_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no report"):
        audit_reports([tmp_path / "x.txt"], threshold=11)
    with pytest.raises(InputError, match="is missing"):
        audit_reports([tmp_path / "x.pdf"], threshold=11)
    (tmp_path / "x.figures.csv").write_text("a\r\n1\r\n", encoding="utf-8")
    (tmp_path / "x.model.json").write_text(json.dumps([]), encoding="utf-8")
    with pytest.raises(InputError, match=r"lacks metric, facility_id, month, numerator"):
        audit_reports([tmp_path / "x.pdf"], threshold=11)
    head = "metric,facility_id,month,numerator,denominator,value,snapshot\r\n"
    for figures, model, what in (
        (head, "[]", "is no model"),
        (head, "[" * 100_000 + "]" * 100_000, "is no model"),
        ("\ud800", "{}", "is no table of figures"),
        (head + "discharges,all,2026-01,1e999,,,x\r\n", EMPTY, "holds numbers that are none"),
    ):
        (tmp_path / "x.figures.csv").write_bytes(figures.encode("utf-8", "surrogatepass"))
        (tmp_path / "x.model.json").write_text(model, encoding="utf-8")
        with pytest.raises(InputError, match=what):
            audit_reports([tmp_path / "x.pdf"], threshold=11)


def test_what_an_archived_issue_printed_is_read_from_its_files(tmp_path: Path) -> None:
    whole = write_copies(tmp_path / "made")[0]
    (tmp_path / "archived").mkdir()
    for suffix in (".figures.csv", ".model.json"):
        made = whole.with_name(whole.stem + suffix)
        made.rename(tmp_path / "archived" / made.name)
    cell = Cell(READMISSION, "all", "2026-08", DENOMINATOR)
    assert Earlier(shown_in([published_in(tmp_path / "archived")])).printed(cell) == [1260.0]


def test_two_issues_that_differ_by_three_patients_are_told_apart(tmp_path: Path) -> None:
    for name, snapshot in (("one", "a" * 64), ("two", "b" * 64)):
        for path in write_copies(tmp_path / name)[:1]:
            figures = path.with_name(f"{path.stem}.figures.csv")
            text = figures.read_text(encoding="utf-8").replace(SNAPSHOT, snapshot)
            figures.write_text(
                text if name == "one" else text.replace(",1260,", ",1263,"), encoding="utf-8", newline=""
            )
    audit = audit_reports(
        [tmp_path / name / "kpi-report-2026-10-all-board.pdf" for name in ("one", "two")], threshold=11
    )
    assert audit.n_issues == 2
    assert {(one.lower, one.difference_to) for one in audit.findings} == {(3.0, "an issue before")}


def test_a_number_put_back_into_the_workbook_alone_is_found(tmp_path: Path) -> None:
    paths = write_copies(tmp_path)
    for path in paths:
        with path.with_suffix(".figures.csv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines))
        at = next((row for row in rows if row[0] == f"{READMISSION}/B/2026-09"), None)
        if path.name == "kpi-report-2026-10-B-board.pdf":
            assert at is not None
            at[5] = "40"
        book = openpyxl.Workbook()
        assert book.active is not None
        for row in rows:
            book.active.append(row)
        book.save(path.with_suffix(".xlsx"))
    found = audit_reports(paths, threshold=11).findings
    assert [(one.cell.facility_id, one.cell.month, one.lower, one.upper) for one in found] == [("C", "2026-09", 8, 8)]


def test_a_small_count_in_any_form_is_found(tmp_path: Path) -> None:
    """What the page withholds may stand in no other form: model, offline page, workbook, provenance, file name."""
    whole = write_copies(tmp_path)[0]
    stem, metrics = whole.with_suffix(""), load_metrics()
    assert small_counts_said(stem, metrics, threshold=11) == []
    model = whole.with_suffix(".model.json")
    said = json.loads(model.read_text(encoding="utf-8")) | {"note": "4 patients came late."}
    model.write_text(json.dumps(said), encoding="utf-8")
    page = '<style>3 patients</style><p>at least 10 cases<img alt="9 discharges late"></p>'
    whole.with_suffix(".html").write_text(page, encoding="utf-8")
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["2 returns", 40, "fewer than 11 patients"])
    book.save(whole.with_suffix(".xlsx"))
    ledger = {"input_files": [{"table": "encounters", "sha256": "ab", "quarantined": 3}]}
    whole.with_suffix(".provenance.json").write_text(json.dumps(ledger), encoding="utf-8")
    assert [(one.file, one.words) for one in small_counts_said(stem, metrics, threshold=11)] == [
        ("model.json", "4 patients"),
        ("HTML", "9 discharges"),
        ("XLSX", "2 returns"),
        ("provenance.json", "quarantined of encounters: 3"),
    ]


def test_what_words_provenance_and_file_names_told_is_found_with_their_defence_off(tmp_path: Path) -> None:
    """The defence of words is that a copy is made for its audience: an internal one under a board's name has none."""
    notices = (
        Notice("persons_unknown", counts={"rows": 3}),
        Notice("dispositions_invalid", counts={"stays": 1, "one_digit": 0}),
    )
    told: dict[str, list[tuple[str, str]]] = {}
    for privacy in ("internal", "board"):
        made = report_inputs(privacy=privacy, facts=replace(FACTS, warnings=notices))
        report, tables = build_report_and_tables(made)
        folder = tmp_path / privacy
        folder.mkdir()
        stem = folder / "kpi-report-2026-10-board"
        model = json.loads(report.model_dump_json()) | {"privacy": "board"}
        stem.with_suffix(".model.json").write_text(json.dumps(model), encoding="utf-8")
        stem.with_suffix(".figures.csv").write_text(tables["figures.csv"], encoding="utf-8", newline="")
        with duckdb.connect() as connection:
            connection.execute(
                """CREATE TABLE build_info AS SELECT 'a' AS snapshot_id, 1 AS schema_version, '1' AS program_version,
                    'canonical' AS source, '2026-11-06' AS built_at;
                CREATE TABLE row_ledger AS SELECT 'encounters' AS table_name, 'ab' AS file_sha256, 60 AS rows_in,
                    53 AS staged, 4 AS quarantined, 2 AS duplicate, 1 AS superseded;
                CREATE TABLE reference_tables (name TEXT, version TEXT, rows INTEGER, sha256 TEXT)"""
            )
            text = provenance_json(connection, made.metrics.values(), with_counts=privacy == "internal")
        stem.with_suffix(".provenance.json").write_text(text, encoding="utf-8")
        stem.with_suffix(".4-stays-over-30-days.csv" if privacy == "internal" else ".cases.csv").touch()
        told[privacy] = [(one.file, one.words) for one in small_counts_said(stem, load_metrics(), threshold=11)]
    assert told["board"] == []
    assert {
        ("provenance.json", "quarantined of encounters: 4"),
        ("provenance.json", "superseded of encounters: 1"),
    } <= {*told["internal"]}
    assert ("file name", "4 stays") in told["internal"]
    assert {words for file, words in told["internal"] if file == "model.json"} >= {"3 rows", "1 stay"}
