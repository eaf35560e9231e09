"""The made-up hospital's folder: what is written, its faults, and that the same arguments give the same bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest
import yaml

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.synthetic import Truth, generate_hospital
from kpi_pipeline.synthetic.care.faults import CORRECTIONS_FILE, KINDS, LATE_FILE, FaultKind

COLUMNS = {
    "encounters": "encounter_id person_id facility_id encounter_type admitted_at discharged_at"
    " discharge_disposition_code primary_diagnosis_code drg_code service_line unit_id payer admit_type_code"
    " admit_source_code attending_provider_id birth_date sex language race condition_codes total_cost"
    " direct_cost variable_direct_cost total_charges allowed_amount paid_amount updated_at",
    "diagnoses": "encounter_id sequence code code_type present_on_admission",
    "procedures": "encounter_id procedure_code sequence performed_on",
    "facilities": "facility_id facility_name time_zone opened_on closed_on licensed_beds",
    "units": "unit_id facility_id unit_name service_line",
    "cm_cases": "cm_case_id encounter_id case_manager_id opened_at first_assessed_at closed_at close_reason",
    "cm_tasks": "task_id cm_case_id task_type due_at done_at",
    "avoidable_days": "encounter_id starts_on ends_on reason_code responsible_party",
    "reviews": "review_id encounter_id review_type due_at done_at outcome",
    "denials": "denial_id encounter_id payer denied_on denied_amount reason_code appealed_on decided_on outcome"
    " peer_to_peer_on peer_to_peer_outcome",
    "notices": "encounter_id notice_type delivered_at",
    "staffing": "facility_id unit_id shift_on case_manager_id paid_hours overtime_hours",
    "budget": "facility_id month account budget_usd actual_usd planned_volume actual_volume",
    "census": "facility_id unit_id census_on patients",
    "training": "case_manager_id course due_on completed_on",
    "licences": "case_manager_id licence expires_on",
    "surveys": "facility_id month item n_answers n_top_box",
}
MOMENTS = {
    "encounters": ["admitted_at", "discharged_at"],
    "cm_cases": ["opened_at", "first_assessed_at", "closed_at"],
    "cm_tasks": ["due_at", "done_at"],
    "notices": ["delivered_at"],
}
KEYS = {
    "units": ["unit_id"],
    "cm_cases": ["cm_case_id"],
    "cm_tasks": ["task_id"],
    "avoidable_days": ["encounter_id", "starts_on", "reason_code"],
    "reviews": ["review_id"],
    "denials": ["denial_id"],
    "notices": ["encounter_id", "notice_type", "delivered_at"],
    "diagnoses": ["encounter_id", "code", "sequence"],
    "procedures": ["encounter_id", "procedure_code", "sequence", "performed_on"],
    "staffing": ["facility_id", "unit_id", "shift_on", "case_manager_id"],
    "census": ["facility_id", "unit_id", "census_on"],
    "budget": ["facility_id", "month", "account"],
    "training": ["case_manager_id", "course", "due_on"],
    "licences": ["case_manager_id", "licence"],
    "surveys": ["facility_id", "month", "item"],
}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("hospital") / "landing"
    return folder, generate_hospital(folder, scale=0.02)


@pytest.fixture(scope="module")
def rows(hospital: tuple[Path, Truth]) -> pd.DataFrame:
    """All encounter rows as text, with the file they are in."""
    folder, _ = hospital
    files = sorted(folder.glob("encounters*.csv"))
    return pd.concat([read_text(file).assign(file=file.name) for file in files], ignore_index=True)


def read_text(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""])


def read_table(folder: Path, table: str) -> pd.DataFrame:
    return pd.concat([read_text(file) for file in sorted(folder.glob(f"{table}*.csv"))])


def file_hashes(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.rglob("*") if file.is_file()}


def test_every_canonical_table_has_exactly_its_columns(hospital: tuple[Path, Truth]) -> None:
    folder, _ = hospital
    for table, columns in COLUMNS.items():
        files = sorted(folder.glob(f"{table}*.csv"))
        assert files, table
        for file in files:
            assert pd.read_csv(file, nrows=0).columns.tolist() == columns.split(), file.name


def test_volumes_are_the_rows_of_the_files(hospital: tuple[Path, Truth]) -> None:
    folder, truth = hospital
    assert set(truth.volumes) == {file.name for file in folder.glob("*.csv")}
    for name, n_rows in truth.volumes.items():
        assert len((folder / name).read_text(encoding="utf-8").splitlines()) == n_rows + 1, name


def test_keys_are_unique_and_children_have_their_parents(hospital: tuple[Path, Truth], rows: pd.DataFrame) -> None:
    folder, _ = hospital
    known = set(rows["encounter_id"])
    for table, key in KEYS.items():
        found = read_table(folder, table)
        assert not found.duplicated(key).any(), table
        if "encounter_id" in found:
            assert set(found["encounter_id"]) <= known, table
    cases = set(read_table(folder, "cm_cases")["cm_case_id"])
    assert set(read_table(folder, "cm_tasks")["cm_case_id"]) <= cases
    assert set(rows["unit_id"].dropna()) <= set(read_table(folder, "units")["unit_id"])


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path, hospital: tuple[Path, Truth]) -> None:
    folder, _ = hospital
    generate_hospital(tmp_path / "landing", scale=0.02)
    assert file_hashes(tmp_path) == file_hashes(folder.parent)


def test_another_seed_gives_another_hospital(tmp_path: Path, hospital: tuple[Path, Truth]) -> None:
    folder, _ = hospital
    generate_hospital(tmp_path / "landing", scale=0.02, seed=1)
    assert file_hashes(tmp_path)["encounters_2025.csv"] != file_hashes(folder)["encounters_2025.csv"]


def test_scale_multiplies_the_discharges(tmp_path: Path, hospital: tuple[Path, Truth]) -> None:
    _, small = hospital
    large = generate_hospital(tmp_path / "landing", scale=0.08)
    n_small, n_large = (sum(month.discharges for month in truth.months) for truth in (small, large))
    assert n_small == pytest.approx(0.02 * 36 * 3600, rel=0.08)
    assert n_large == pytest.approx(4 * n_small, rel=0.10)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_fault_is_there_as_often_as_stated(
    kind: FaultKind, hospital: tuple[Path, Truth], rows: pd.DataFrame
) -> None:
    _, truth = hospital
    fault = truth.fault(kind.name)
    assert fault.rows >= 3
    times = readable(rows["admitted_at"]) & readable(rows["discharged_at"])
    expected = {
        "exact_duplicate": rows.duplicated(keep="first"),
        "same_stay_other_number": rows["encounter_id"].isin(fault.encounter_ids),
        "discharge_before_admit": times & (rows["discharged_at"] < rows["admitted_at"]),
        "missing_encounter_id": rows["encounter_id"].isna(),
        "missing_person_id": rows["person_id"].isna(),
        "missing_facility_id": rows["facility_id"].isna(),
        "missing_admitted_at": rows["admitted_at"].isna(),
        "unreadable_admission": ~readable(rows["admitted_at"]) & rows["admitted_at"].notna(),
        "unreadable_discharge": ~readable(rows["discharged_at"]) & rows["discharged_at"].notna(),
        "future_date": times & (rows["admitted_at"].str.slice(0, 4) >= "2030"),
        "mangled_id": rows["encounter_id"].str.fullmatch(r"\d\.\d\dE\+11", na=False),
        "missing_disposition": rows["discharge_disposition_code"].isna() & rows["discharged_at"].notna(),
        "invalid_disposition": rows["discharge_disposition_code"].isin(["99", "1", "ZZ"]),
        "missing_principal_diagnosis": rows["primary_diagnosis_code"].isna(),
        "unknown_drg": rows["drg_code"].isin(["048", "049", "050", "051"]),
        "negative_cost": rows["total_cost"].str.startswith("-", na=False),
        "unreadable_cost": rows["total_cost"].isin(["pending", "n/a"]),
        "corrected_resend": rows["encounter_id"].isin(rows.loc[rows["file"] == CORRECTIONS_FILE, "encounter_id"])
        & (rows["file"] != CORRECTIONS_FILE),
        "late_arrival": rows["file"] == LATE_FILE,
        "overlapping_rows": rows["encounter_id"].isin(fault.encounter_ids),
        "same_day_continuation": rows["encounter_id"].isin(fault.encounter_ids),
    }[fault.name]
    assert int(expected.sum()) == fault.rows
    assert set(rows.loc[expected, "file"]) == set(fault.files)
    assert set(rows.loc[expected, "encounter_id"].dropna()) == set(fault.encounter_ids)


def readable(texts: pd.Series) -> pd.Series:
    return pd.to_datetime(texts, format="%Y-%m-%d %H:%M:%S", errors="coerce").notna()


def test_faults_lie_on_different_rows(hospital: tuple[Path, Truth]) -> None:
    _, truth = hospital
    ids = [encounter_id for fault in truth.faults for encounter_id in fault.encounter_ids]
    assert len(ids) == len(set(ids))


def test_corrections_are_later_and_say_something_else(rows: pd.DataFrame) -> None:
    right = rows[rows["file"] == CORRECTIONS_FILE].set_index("encounter_id")
    wrong = rows[(rows["file"] != CORRECTIONS_FILE) & rows["encounter_id"].isin(right.index)].set_index("encounter_id")
    wrong = wrong.loc[right.index]
    assert (right["updated_at"] > wrong["updated_at"]).all()
    assert (right["discharge_disposition_code"] != wrong["discharge_disposition_code"]).all()
    assert (right["total_cost"] != wrong["total_cost"]).all()


def test_split_stays_overlap_or_go_on_the_same_day(hospital: tuple[Path, Truth], rows: pd.DataFrame) -> None:
    _, truth = hospital
    overlapping, same_day = (
        rows[rows["encounter_id"].isin(truth.fault(name).encounter_ids)].merge(
            rows[rows["discharge_disposition_code"] == "30"], on=["person_id", "facility_id"], suffixes=("", "_first")
        )
        for name in ("overlapping_rows", "same_day_continuation")
    )
    assert (overlapping["admitted_at"] < overlapping["discharged_at_first"]).all()
    assert (same_day["admitted_at"] >= same_day["discharged_at_first"]).all()
    assert (same_day["admitted_at"].str.slice(0, 10) == same_day["discharged_at_first"].str.slice(0, 10)).all()
    assert (same_day["primary_diagnosis_code"] == same_day["primary_diagnosis_code_first"]).all()


def test_a_lost_diagnosis_is_not_in_the_diagnoses_either(hospital: tuple[Path, Truth]) -> None:
    folder, truth = hospital
    lost = set(truth.fault("missing_principal_diagnosis").encounter_ids)
    assert not lost & set(read_table(folder, "diagnoses")["encounter_id"])


def test_without_faults_there_are_none(tmp_path: Path) -> None:
    truth = generate_hospital(tmp_path / "landing", scale=0.02, faults=False)
    rows = read_table(tmp_path / "landing", "encounters")
    assert truth.faults == ()
    assert not rows["encounter_id"].duplicated().any()
    required = rows[["encounter_id", "person_id", "facility_id", "admitted_at", "primary_diagnosis_code"]]
    assert required.notna().to_numpy().all()
    assert not list((tmp_path / "landing").glob("encounters_[cl]*.csv"))


def test_without_changes_there_are_none(tmp_path: Path) -> None:
    truth = generate_hospital(tmp_path / "landing", scale=0.02, changes=False)
    assert truth.changes == ()


def test_a_change_after_the_last_month_is_not_made(tmp_path: Path) -> None:
    truth = generate_hospital(tmp_path / "landing", scale=0.02, months=25, faults=False)
    assert [change.metric for change in truth.changes] == ["length_of_stay_days"]


def test_landing_yaml_declares_the_last_complete_day_of_each_facility(hospital: tuple[Path, Truth]) -> None:
    folder, truth = hospital
    declared = yaml.safe_load((folder / "landing.yaml").read_text(encoding="utf-8"))
    assert declared["source"] == "canonical"
    assert declared["complete_through"] == {
        facility.facility_id: truth.complete_through for facility in truth.facilities
    }
    assert declared["plausible_until"] > truth.complete_through


def test_nothing_happens_after_the_last_day(hospital: tuple[Path, Truth], rows: pd.DataFrame) -> None:
    folder, truth = hospital
    end = f"{truth.complete_through} 23:59:59"
    ahead = rows["encounter_id"].isin(truth.fault("future_date").encounter_ids)
    plausible = rows[~ahead & readable(rows["admitted_at"])]
    assert plausible["admitted_at"].max() <= end
    assert plausible.loc[readable(plausible["discharged_at"]), "discharged_at"].max() <= end
    done = {
        "cm_cases": "closed_at",
        "cm_tasks": "done_at",
        "reviews": "done_at",
        "denials": "decided_on",
        "notices": "delivered_at",
        "procedures": "performed_on",
    }
    for table, column in done.items():
        assert read_table(folder, table)[column].dropna().max() <= end, table


def test_costs_lie_within_each_other(rows: pd.DataFrame) -> None:
    amounts = rows[["variable_direct_cost", "direct_cost", "total_cost", "total_charges"]].apply(
        pd.to_numeric, errors="coerce"
    )
    amounts = amounts.dropna()[lambda frame: frame["total_cost"] > 0]
    assert (amounts["variable_direct_cost"] < amounts["direct_cost"]).all()
    assert (amounts["direct_cost"] < amounts["total_cost"]).all()
    assert (amounts["total_cost"] < amounts["total_charges"]).all()


def test_no_time_lies_in_the_hour_that_spring_skips(tmp_path: Path) -> None:
    generate_hospital(tmp_path / "landing", scale=0.3, months=8, last_month=Month(2026, 6), faults=False)
    rows = read_table(tmp_path / "landing", "encounters")
    assert rows["admitted_at"].str.startswith("2026-03-08 03").any()
    for table, columns in MOMENTS.items():
        for column in columns:
            written = read_table(tmp_path / "landing", table)[column]
            assert not written.str.startswith("2026-03-08 02", na=False).any(), column


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("keep me", encoding="utf-8")
    with pytest.raises(InputError, match="not an empty folder"):
        generate_hospital(tmp_path, scale=0.02)
    assert (tmp_path / "mine.csv").read_text(encoding="utf-8") == "keep me"


def test_the_truth_goes_where_it_is_told(tmp_path: Path) -> None:
    generate_hospital(tmp_path / "landing", scale=0.02, truth_path=tmp_path / "elsewhere" / "known.json")
    assert (tmp_path / "elsewhere" / "known.json").is_file()
    assert not (tmp_path / "truth.json").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"months": 0}, "must be 1 or more"),
        ({"scale": 0}, "must be from"),
        ({"months": 1}, "settled enough"),
    ],
)
def test_arguments_out_of_range_are_input_errors(tmp_path: Path, arguments: dict[str, int], words: str) -> None:
    with pytest.raises(InputError, match=words):
        generate_hospital(tmp_path / "landing", **{"scale": 0.02, **arguments})
