"""Sets without dates, whole years or a hospital, mapped as a hospital's own sources: what is invented is said.

The mappings lie in `public_sets/`, a folder as hospitals keep one (`--project`), with samples of our own in the form of
the sets. The sets themselves lie beside the repository; without them those tests are skipped.
"""

from __future__ import annotations

import csv
import io
import statistics
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.core.project import Project, in_force
from kpi_pipeline.metrics.cases import query_cases
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.checking.check_project import check_project
from kpi_pipeline.warehouse.connection import open_warehouse
from tests.support.landings import Files, refused_rows, tables_of, take_in

PROJECT = Path(__file__).parent / "public_sets"
DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
UCI, MIMIC, LABEL = "uci_diabetes", "mimic_demo", "labelled_readmitted_under_30"


@pytest.fixture(autouse=True)
def _project() -> Iterator[None]:
    with in_force(PROJECT):
        yield


def sample(name: str) -> Files:
    return {path.name: path.read_bytes() for path in sorted((PROJECT / "samples" / name).iterdir())}


# ---- samples of our own ----


def test_stays_without_dates_get_days_of_our_making_and_keep_their_length(tmp_path: Path) -> None:
    with tables_of(tmp_path, sample("uci"), source=UCI) as connection:
        stays = connection.execute(
            "SELECT stay_id, person_id, CAST(admitted_on AS VARCHAR), length_of_stay_days, discharge_disposition_code, "
            "payer, race FROM stays ORDER BY person_id, admitted_on"
        ).fetchall()
        labels = query_cases(connection, load_metrics()[LABEL])
    assert stays == [
        ("9", "11", "1999-01-12", 1, "03", "MC", "Caucasian"),  # the smallest id comes first, on day 11 % 91
        ("101", "11", "1999-04-13", 3, "01", "MC", "Caucasian"),  # 91 days later
        ("102", "11", "1999-07-13", 5, "06", "MC", "Caucasian"),
        ("103", "12", "1999-01-13", 14, "20", None, None),
        ("104", "13", "1999-01-14", 4, None, "HM", "AfricanAmerican"),  # what the set calls NULL is not known
    ]
    assert (labels["numerator"].sum(), labels["denominator"].sum()) == (2, 5)


def test_the_century_is_that_nearest_to_the_patients_anchor_year(tmp_path: Path) -> None:
    with tables_of(tmp_path, sample("mimic"), source=MIMIC) as connection:
        found = connection.execute(
            "SELECT encounter_id, encounter_type, STRFTIME(admitted_at, '%Y-%m-%d %H:%M'), "
            "STRFTIME(discharged_at, '%Y-%m-%d %H:%M'), discharge_disposition_code, primary_diagnosis_code, race, "
            "language FROM encounters ORDER BY encounter_id"
        ).fetchall()
        codes = connection.execute("SELECT encounter_id, code, code_type FROM diagnoses ORDER BY ALL").fetchall()
    assert found == [
        ("11", "acute inpatient", "2196-02-24 14:38", "2196-03-04 14:02", "03", "41401", "WHITE", "ENGLISH"),
        ("12", "observation", "2199-12-31 23:50", "2200-01-02 01:15", None, None, None, None),
        (
            "13",
            "acute inpatient",
            "2153-09-17 17:08",
            "2153-09-25 13:20",
            "20",
            "I5033",
            "LATINO",
            "ENGLISH",
        ),
        ("14", "acute inpatient", "2110-05-01 08:00", "2110-05-03 09:00", "HOSPICE", None, "OTHER", "ENGLISH"),
    ]
    assert codes == [("11", "41401", "icd-9-cm"), ("11", "V707", "icd-9-cm"), ("13", "I5033", "icd-10-cm")]


def test_a_patient_without_an_anchor_year_has_no_day_and_is_set_aside(tmp_path: Path) -> None:
    intake = take_in(tmp_path, sample("mimic"), source=MIMIC)
    (row,) = refused_rows(intake)
    assert (row[1], row[3]["hadm_id"]) == (6, "15")


def test_a_set_of_a_few_stays_over_many_years_is_no_feed_with_gaps(tmp_path: Path) -> None:
    """Whoever has twelve stays in twelve years has most months without a row, and is told so by nobody each time."""
    files = dict(sample("mimic"))
    rows = [f"1,{at},2/24/{at} 14:38,3/4/{at} 14:02,,URGENT,EMERGENCY ROOM,HOME,Medicaid,ENGLISH,WHITE,0"
            for at in range(84, 96)]  # fmt: skip
    codes = [f"1,{at},{line},41401,9" for at in range(84, 96) for line in range(1, 17)]
    for name, more in (("admissions.csv", rows), ("diagnoses_icd.csv", codes)):
        files[name] = bytes(files[name]) + "".join(f"{line}\n" for line in more).encode()
    with tables_of(tmp_path, files, source=MIMIC) as connection:
        thin = connection.execute(
            "SELECT kind FROM build_notices WHERE kind IN ('month_thin', 'months_thin', 'kind_thin')"
        ).fetchall()
    assert thin == []


def test_the_folder_is_sound_and_its_measure_has_its_proof() -> None:
    check_project(Project(PROJECT))


def test_what_is_invented_is_printed_with_every_report() -> None:
    for source, words in ((UCI, "every day is invented"), (MIMIC, "the century is that which lies nearest")):
        text = (PROJECT / "sources" / source / "source.yaml").read_text(encoding="utf-8")
        assert words in text.partition("caveats:")[2]


# ---- the sets themselves ----


def landed(tmp: Path, folder: str) -> Path:
    """The set's files in a landing folder of their own."""
    path = DATA / folder
    if not path.is_dir():
        pytest.skip(f"the public data are not here: ../shared/data/{folder} does not exist")
    landing = tmp / "landing"
    landing.mkdir()
    for file in path.iterdir():
        if file.suffix == ".zip":
            with zipfile.ZipFile(file) as packed:
                content = packed.read("dataset_diabetes/diabetic_data.csv")
            (landing / "diabetic_data.csv").write_bytes(content)
        else:
            (landing / file.name).write_bytes(file.read_bytes())
    return landing


def plain_rows(landing: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((landing / name).read_text(encoding="utf-8"))))


def rows_of(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    with open_warehouse(warehouse) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.long
def test_uci_has_its_101_766_stays_their_mean_and_median_and_its_own_label(tmp_path: Path) -> None:
    landing, warehouse = landed(tmp_path, "uci_diabetes"), tmp_path / "kpi.duckdb"
    build_warehouse(landing, warehouse, source=UCI)
    plain = plain_rows(landing, "diabetic_data.csv")
    days = [int(row["time_in_hospital"]) for row in plain]
    (counted,) = rows_of(
        warehouse, "SELECT COUNT(*), COUNT(DISTINCT person_id), MEDIAN(length_of_stay_days) FROM stays"
    )
    assert (
        counted
        == (101_766, 71_518, 4.0)
        == (len(plain), len({row["patient_nbr"] for row in plain}), statistics.median(days))
    )
    values = read_values(warehouse).values
    system = values[values["facility_id"] == "all"].groupby("metric")[["numerator", "denominator", "n_cases"]].sum()
    stay, label = system.loc["length_of_stay_days"], system.loc[LABEL]
    assert stay["denominator"] == 101_766
    assert round(stay["numerator"] / stay["denominator"], 6) == 4.395987
    assert label["denominator"] == 101_766
    assert round(100 * label["numerator"] / label["denominator"], 4) == 11.1599
    races = dict(rows_of(warehouse, "SELECT race, COUNT(*) FROM stays GROUP BY ALL"))
    assert races == {None if race == "?" else race: n for race, n in Counter(row["race"] for row in plain).items()}
    # Returns by invented days would be our invention: they are not computed, and not 0.
    returns = values[values["metric"].str.startswith("readmission_")]
    assert set(returns["status"]) == {"not_computable"}


def test_mimic_has_its_275_admissions_and_each_ties_to_its_row(tmp_path: Path) -> None:
    landing = landed(tmp_path, "mimic4_demo")
    files = {path.name: path.read_bytes() for path in landing.iterdir()}
    plain = {row["hadm_id"]: row for row in plain_rows(landing, "admissions.csv")}
    assert len(plain) == 275
    with tables_of(tmp_path / "built", files, source=MIMIC) as connection:
        found = connection.execute(
            "SELECT encounter_id, encounter_type, admitted_at, discharged_at, race FROM encounters"
        ).fetchall()
        (n_codes,) = connection.execute("SELECT COUNT(*) FROM diagnoses").fetchone() or (0,)
        (n_thin,) = connection.execute("SELECT COUNT(*) FROM build_notices WHERE kind LIKE '%_thin'").fetchone() or (1,)
        (n_refused,) = connection.execute("SELECT SUM(quarantined) FROM row_ledger").fetchone() or (0,)
    assert len(found) == 275
    assert n_codes == 4_506
    assert n_refused == 0
    assert n_thin == 0  # its stays lie a hundred years apart: no feed with gaps
    kinds = Counter(
        "OBSERVATION" in row["admission_type"] and row["admission_type"] != "OBSERVATION ADMIT"
        for row in plain.values()
    )
    assert Counter(kind == "observation" for _, kind, *_ in found) == kinds == {False: 233, True: 42}
    for encounter, _, admitted, discharged, _ in found:
        row = plain[encounter]
        for moment, text in ((admitted, row["admittime"]), (discharged, row["dischtime"])):
            read = datetime.strptime(text, "%m/%d/%y %H:%M")
            assert (moment.month, moment.day, moment.hour, moment.minute, moment.year % 100) == (
                read.month, read.day, read.hour, read.minute, read.year % 100,
            )  # fmt: skip
        assert admitted < discharged
