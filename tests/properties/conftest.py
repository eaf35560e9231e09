"""One big landing folder of random hospitals, built once for all properties that read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.hospitals import Hospital, many_hospitals
from tests.support.oracle import Options, Stay, build_stays
from tests.support.pipeline import build_hospital
from tests.support.value_sets import SMALL


@dataclass(frozen=True)
class BuiltHospital:
    """Random hospitals, the warehouse built from them, and the stays the oracle sees in them."""

    hospital: Hospital
    warehouse: Path
    options: Options
    stays: list[Stay]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltHospital:
    hospital = many_hospitals(20260401, count=250)
    options = hospital.oracle_options()
    return BuiltHospital(
        hospital=hospital,
        warehouse=build_hospital(tmp_path_factory.mktemp("hospitals"), hospital),
        options=options,
        stays=build_stays(hospital.encounters, hospital.procedures, SMALL, options),
    )
