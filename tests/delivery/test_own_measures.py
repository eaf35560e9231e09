"""An issue with measures of the hospital's own is made again with those it was made from, whatever they are now."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.core.delivery_settings import DeliverySettings, GateSettings
from kpi_pipeline.core.project import in_force
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.issuing.issues import open_desk
from kpi_pipeline.pipeline.tracing.reproduce import reproduce_issue
from tests.support.delivery import issue_month
from tests.support.projects import write_own_measure


@pytest.mark.long
def test_an_issue_is_made_again_with_the_hospitals_measures_as_they_then_were(hospital: Path) -> None:
    settings = Settings(
        delivery=DeliverySettings(
            audiences=hospital / "audiences.yaml", gate=GateSettings(min_coded_pct=0, min_costed_pct=0)
        )
    )
    warehouse, landing, ours = hospital / "hospital.duckdb", hospital / "landing", hospital / "ours"
    own = write_own_measure(ours)
    with in_force(ours):
        build_warehouse(landing, warehouse, settings=settings)
        with open_desk(warehouse, settings=settings) as desk:
            desk.audiences = desk.audiences.model_copy(update={"audiences": desk.audiences.audiences[:1]})
            (published,) = issue_month(desk)
            archive = desk.archive
    kept = published.folder / "inputs" / "project" / "metrics" / own.name
    assert kept.read_bytes() == own.read_bytes()
    own.write_text(own.read_text("utf-8").replace("length_of_stay_days > 7", "length_of_stay_days > 9"), "utf-8")
    made = reproduce_issue(archive, published.folder.relative_to(archive).as_posix(), landing=landing)
    assert made.differ == ()
    assert "cases.parquet" in made.agree
