"""The facts typed into the generator, against the published tables and against each other."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from kpi_pipeline.synthetic.ground.archetypes import (
    ARCHETYPES,
    CCS_UNMAPPED,
    DRG_NUMBER,
    EMERGENCY_DIAGNOSES,
    LEAVING,
    OBSERVATION_DIAGNOSES,
    REHABILITATION_DIAGNOSES,
    REHABILITATION_DRGS,
    SECONDARY_DIAGNOSES,
    UNKNOWN_DRG_CODES,
)
from kpi_pipeline.synthetic.ground.arrays import ACUTE_UNITS
from kpi_pipeline.synthetic.ground.places import PAYERS

UB04 = {
    "00", "01", "02", "03", "04", "05", "06", "07", "09", "20", "21", "30", "40", "41", "42", "43", "50", "51", "61",
    "62", "63", "64", "65", "66", "69", "70",
}  # fmt: skip


def read_column(folder: Path, file: str, key: str, value: str) -> dict[str, str]:
    table = pd.read_csv(folder / file, dtype=str, keep_default_na=False)
    return dict(zip(table[key], table[value], strict=True))


def test_weights_and_expected_days_are_those_of_table_5(terminology_dir: Path) -> None:
    file = "cms_ipps_fy2026_table5.csv"
    for column, attribute in [("weight", "weight"), ("gmlos", "gmlos"), ("amlos", "amlos")]:
        published = read_column(terminology_dir, file, "ms_drg", column)
        typed = {archetype.drg_code: getattr(archetype, attribute) for archetype in ARCHETYPES}
        assert typed == {code: float(published[code]) for code in typed}
    assert not set(UNKNOWN_DRG_CODES) & set(published)
    assert set(REHABILITATION_DRGS) <= set(published)


def test_diagnoses_have_the_ccs_of_the_published_map(terminology_dir: Path) -> None:
    published = read_column(terminology_dir, "ahrq_ccs2019_icd_10_cm_to_ccs.csv", "icd_10_cm", "ccs_diagnosis_category")
    typed = {code: ccs for archetype in ARCHETYPES for code, ccs in archetype.diagnoses}
    assert typed == {code: int(published.get(code, CCS_UNMAPPED)) for code in typed}
    others = {*SECONDARY_DIAGNOSES, *OBSERVATION_DIAGNOSES, *EMERGENCY_DIAGNOSES, *REHABILITATION_DIAGNOSES}
    assert others <= set(published)


def test_procedures_are_in_the_published_map(terminology_dir: Path) -> None:
    published = read_column(
        terminology_dir, "ahrq_ccs2019_icd_10_pcs_to_ccs.csv", "icd_10_pcs", "ccs_procedure_category"
    )
    assert {code for archetype in ARCHETYPES for code in archetype.procedures} <= set(published)


def test_unplanned_returns_are_unplanned_by_every_published_list(terminology_dir: Path) -> None:
    """And planned ones planned: by category and by single code, so that importing the full lists changes nothing."""
    procedure_ccs = read_column(
        terminology_dir, "ahrq_ccs2019_icd_10_pcs_to_ccs.csv", "icd_10_pcs", "ccs_procedure_category"
    )
    potentially_ccs = set(
        read_column(terminology_dir, "readmissions__potentially_planned_ccs_procedure_category.csv",
                    "ccs_procedure_category", "description")
    )  # fmt: skip
    potentially = set(
        read_column(terminology_dir, "readmissions__potentially_planned_icd_10_pcs.csv", "icd_10_pcs", "description")
    )
    acute_ccs = set(
        read_column(terminology_dir, "readmissions__acute_diagnosis_ccs.csv", "ccs_diagnosis_category", "description")
    )
    acute = set(read_column(terminology_dir, "readmissions__acute_diagnosis_icd_10_cm.csv", "icd_10_cm", "description"))

    def is_planned(code: str, ccs: int, procedures: tuple[str, ...]) -> bool:
        chosen = any(each in potentially or procedure_ccs[each] in potentially_ccs for each in procedures)
        return ccs in (45, 254) or (chosen and code not in acute and str(ccs) not in acute_ccs)

    followers = {archetype.followed_by[0] for archetype in ARCHETYPES if archetype.followed_by}
    for archetype in ARCHETYPES:
        planned = {is_planned(code, ccs, archetype.procedures) for code, ccs in archetype.diagnoses}
        if archetype.return_share:
            assert planned == {False}, archetype.drg_code
        if archetype.drg_code in followers:
            assert planned == {True}, archetype.drg_code


def test_each_drg_is_there_once_and_what_follows_it_too() -> None:
    assert len(DRG_NUMBER) == len(ARCHETYPES)
    for archetype in ARCHETYPES:
        if archetype.followed_by:
            follower = ARCHETYPES[DRG_NUMBER[archetype.followed_by[0]]]
            assert follower.procedure_share == 1.0, "a planned return must show its procedure"


def test_shares_add_up_and_dispositions_are_ub04_codes() -> None:
    for kind, shares in LEAVING.items():
        assert sum(shares.values()) == pytest.approx(1.0), kind
        assert set(shares) <= UB04
    assert {archetype.leaving for archetype in ARCHETYPES} == set(LEAVING)
    assert sum(payer.share_under_65 for payer in PAYERS) == pytest.approx(1.0)
    assert sum(payer.share_over_65 for payer in PAYERS) == pytest.approx(1.0)


def test_arithmetic_mean_stays_are_longer_than_geometric_ones() -> None:
    assert all(archetype.amlos > archetype.gmlos > 0 for archetype in ARCHETYPES)


def test_unit_ids_are_unique_and_named() -> None:
    ids = [unit_id for _, unit_id, *_ in ACUTE_UNITS]
    assert len(set(ids)) == len(ids)
    assert all(name for _, _, name, _ in ACUTE_UNITS)
