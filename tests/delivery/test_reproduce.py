"""The whole road on a real hospital: drafted, approved, published, and made again after a month of further files."""

from __future__ import annotations

import json
from pathlib import Path

import pypdfium2
import pytest

from kpi_pipeline.core.delivery_settings import DeliverySettings, GateSettings
from kpi_pipeline.core.errors import DeliveryError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.delivery.archive import read_manifest
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.issues import open_desk
from kpi_pipeline.pipeline.reproduce import reproduce_issue
from tests.support.delivery import OCTOBER, issue_month


@pytest.mark.slow
def test_an_issue_is_made_again_byte_for_byte_after_further_files_or_what_is_missing_is_named(hospital: Path) -> None:
    settings = Settings(
        delivery=DeliverySettings(
            audiences=hospital / "audiences.yaml", gate=GateSettings(min_coded_pct=0, min_costed_pct=0)
        )
    )
    warehouse, landing = hospital / "hospital.duckdb", hospital / "landing"
    with open_desk(warehouse, settings=settings) as desk:
        desk.audiences = desk.audiences.model_copy(update={"audiences": desk.audiences.audiences[:1]})
        (earlier,) = issue_month(desk, month=OCTOBER.plus(-1))
        (published,) = issue_month(desk)
        archive = desk.archive
    (pdf,) = published.folder.glob("*.pdf")
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf.read_bytes())]
    assert all("Issue 2" in page and "Draft" not in page for page in pages)

    said = json.loads(next(earlier.folder.glob("*.model.json")).read_bytes())["claims"]
    assert said
    assert json.loads((published.folder / "inputs" / "claims.json").read_bytes()) == said
    model = json.loads(next(published.folder.glob("*.model.json")).read_bytes())
    assert "said_before" in [one["name"] for one in model["further_sections"]]
    assert {one["metric"] for one in said} <= {one["metric"] for one in model["claims"]}

    path = published.folder.relative_to(archive).as_posix()
    lines = (landing / "denials.csv").read_text(encoding="utf-8").splitlines()
    (landing / "denials.csv").rename(landing / "denials_until_october.csv")
    (landing / "denials_november.csv").write_text("\n".join(lines[:20]) + "\n", encoding="utf-8")
    build_warehouse(landing, warehouse, settings=settings)
    made = reproduce_issue(archive, path, landing=landing)
    assert made.differ == ()
    assert {"cases.parquet", pdf.name} <= set(made.agree)
    assert len(made.agree) == len([one for one in read_manifest(archive, path)["files"] if "inputs/" not in one])

    (landing / "denials_until_october.csv").unlink()
    with pytest.raises(DeliveryError, match=r"the landing file denials\.csv .* is not in"):
        reproduce_issue(archive, path, landing=landing)
