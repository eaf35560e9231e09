"""`kpi audit-disclosure`: clean reports pass, a leak is found, and one label stands for all that is withheld."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.vocabulary import Privacy
from kpi_pipeline.pipeline.audit_disclosure import audit_reports
from kpi_pipeline.report.build import build_report_and_tables
from kpi_pipeline.report.forms.pdf import report_file_stem
from tests.report.invented_report import READMISSION, report_inputs

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
    with pytest.raises(InputError, match="is no model"):
        audit_reports([tmp_path / "x.pdf"], threshold=11)
