"""Two audiences may be given the same bytes: the PDF is then held against the archive of both."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.pipeline.tracing.verify import verify_report
from tests.support.delivery import StubDesk, issue_month


def test_a_pdf_that_two_audiences_were_given_is_held_against_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = StubDesk(tmp_path, f"sqlite:///{tmp_path / 'hospital.state.sqlite'}", monkeypatch)
    first = desk.audiences.audiences[0].model_copy(update={"scope": "all", "forms": ()})
    both = [first, first.model_copy(update={"name": "other"})]
    desk.audiences = desk.audiences.model_copy(update={"audiences": tuple(both)})
    folders = {one.issue.audience: one.folder for one in issue_month(desk)}
    pdfs = {(folder / "kpi-report.pdf").read_bytes() for folder in folders.values()}
    assert len(folders) == 2
    assert len(pdfs) == 1

    def faults() -> list[str]:
        found = verify_report(
            folders[first.name] / "kpi-report.pdf",
            archive=desk.archive,
            database=desk.database,
            progress=lambda _: None,
        )
        assert "the same PDF was issued to other" in found.notes
        return [one for one in found.faults if one.startswith("archive of")]

    assert faults() == []
    cases = folders["other"] / "cases.parquet"
    cases.chmod(0o600)
    cases.write_bytes(b"other cases")
    assert faults() == ["archive of other: cases.parquet was changed"]
    desk.close()
