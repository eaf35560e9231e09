"""One big landing folder of random hospitals, built once for all properties that read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kpi_pipeline.reference.importer import import_reference
from tests.support.hospitals import Hospital, many_hospitals
from tests.support.oracle import Options, Stay, build_stays
from tests.support.pipeline import build_hospital
from tests.support.value_sets import SMALL

RISK_MODELS = Path(__file__).parent.parent / "metrics" / "risk"


@dataclass(frozen=True)
class BuiltHospital:
    """Random hospitals, the warehouse built from them, and the stays the oracle sees in them."""

    hospital: Hospital
    warehouse: Path
    options: Options
    stays: list[Stay]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltHospital:
    folder = tmp_path_factory.mktemp("hospitals")
    for model in sorted(RISK_MODELS.glob("*.yaml")):
        import_reference("risk-model", model, folder / "reference", imported_at=datetime(2026, 11, 1, tzinfo=UTC))
    hospital = many_hospitals(20260401, count=250)
    options = hospital.oracle_options()
    return BuiltHospital(
        hospital=hospital,
        warehouse=build_hospital(folder, hospital, reference=folder / "reference"),
        options=options,
        stays=build_stays(hospital.encounters, hospital.procedures, SMALL, options),
    )
