"""The encounters table: acute stays and other encounters together, numbered by admission, as typed columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kpi_pipeline.synthetic.care.columns import days, dollars, moments, names, texts
from kpi_pipeline.synthetic.care.endings import TRANSFER
from kpi_pipeline.synthetic.care.money import MONEY_COLUMNS
from kpi_pipeline.synthetic.care.people import People
from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.places import BACKGROUNDS, FACILITY_IDS
from kpi_pipeline.synthetic.ground.plan import MINUTES_PER_DAY, NEVER, Bools, Ints, Plan

_PROVIDERS_PER_LINE = 12
_EXTRACTED_MINUTES = 4 * 60
"""The extract is taken at four in the morning after the last day."""
_NOT_ASKED = 0.02

# column -> SQL that turns the typed column into the text that is written
ENCOUNTER_TEXT: dict[str, str] = {
    "encounter_id": "printf('%012d', 3100000000 + encounter)",
    "person_id": "printf('P%07d', person + 1)",
    "facility_id": "CAST(facility_id AS VARCHAR)",
    "encounter_type": "CAST(encounter_type AS VARCHAR)",
    "admitted_at": "CAST(admitted_at AS VARCHAR)",
    "discharged_at": "CAST(discharged_at AS VARCHAR)",
    "discharge_disposition_code": "CAST(discharge_disposition_code AS VARCHAR)",
    "primary_diagnosis_code": "CAST(primary_diagnosis_code AS VARCHAR)",
    "drg_code": "CAST(drg_code AS VARCHAR)",
    "service_line": "CAST(service_line AS VARCHAR)",
    "unit_id": "CAST(unit_id AS VARCHAR)",
    "payer": "CAST(payer AS VARCHAR)",
    "admit_type_code": "CAST(admit_type AS VARCHAR)",
    "admit_source_code": "CAST(admit_source AS VARCHAR)",
    "attending_provider_id": "printf('DR%04d', provider)",
    "birth_date": "CAST(CAST(birth_date AS DATE) AS VARCHAR)",
    "sex": "CASE WHEN is_female THEN 'F' ELSE 'M' END",
    "language": "CAST(language AS VARCHAR)",
    "race": "CAST(race AS VARCHAR)",
    "condition_codes": "CAST(condition_codes AS VARCHAR)",
    **{column: f"CAST(CAST({column} AS DECIMAL(14, 2)) AS VARCHAR)" for column in MONEY_COLUMNS},
    "updated_at": "CAST(updated_at AS VARCHAR)",
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """The encounter number of each acute stay and of each other encounter, counted from 1 in order of admission."""

    stays: Ints
    others: Ints


def build_encounters(
    plan: Plan,
    stays: pd.DataFrame,
    *,
    others: pd.DataFrame,
    person: Ints,
    people: People,
    unit: Ints,
    money: pd.DataFrame,
    other_money: pd.DataFrame,
    changed: Bools,
) -> tuple[pd.DataFrame, Numbers]:
    """All encounters in order of admission with the columns `ENCOUNTER_TEXT` reads and `year`, and their numbers.

    changed: which of `others` were ordered inpatient first.
    """
    rng = plan.stream("encounters")
    who = np.concatenate([person, others["person"].to_numpy()])
    facility = np.concatenate([stays["facility"].to_numpy(), others["facility"].to_numpy()])
    admitted = np.concatenate([stays["admitted"].to_numpy(), others["admitted"].to_numpy()])
    discharged = np.concatenate([stays["discharged"].to_numpy(), others["discharged"].to_numpy()])
    archetype = stays["archetype"].to_numpy()
    amounts = {
        column: dollars(np.concatenate([money[column].to_numpy(), other_money[column].to_numpy()]))
        for column in MONEY_COLUMNS
    }
    frame = pd.DataFrame(
        {
            "person": who,
            "facility_id": names(facility, FACILITY_IDS),
            "encounter_type": _join(np.full(len(stays), "acute inpatient"), others["encounter_type"]),
            "admitted_at": moments(admitted),
            "discharged_at": moments(discharged),
            "discharge_disposition_code": _join(stays["disposition"], others["disposition"]),
            "primary_diagnosis_code": _join(
                np.array(arrays.DIAGNOSIS_CODES)[stays["diagnosis"]], others["diagnosis_code"]
            ),
            "drg_code": _join(
                np.where(money["is_coded"], np.array(arrays.DRG_CODES)[archetype], ""), others["drg_code"]
            ),
            "service_line": _join(
                np.array(arrays.SERVICE_LINES)[arrays.SERVICE_LINE_OF[archetype]], _other_lines(others)
            ),
            "unit_id": _join(np.array([unit_id for _, unit_id, *_ in arrays.ACUTE_UNITS])[unit], _other_units(others)),
            "payer": names(people.payer[who], arrays.PAYER_NAMES),
            **_admission_codes(rng, stays, len(others)),
            "provider": facility * 200 + _provider(rng, stays, len(others)),
            "birth_date": days(people.born_on[who]),
            "is_female": people.is_female[who],
            **draw_backgrounds(plan, len(people), who),
            "condition_codes": _condition_codes(plan, len(stays), changed),
            **amounts,
            "updated_at": moments(_updated(rng, plan, discharged)),
            "year": np.where(discharged == NEVER, plan.last_month.year, _year(discharged)),
        }
    )
    order = np.argsort(admitted, kind="stable")
    number = np.empty(len(frame), dtype=np.int64)
    number[order] = np.arange(1, len(frame) + 1)
    frame.insert(0, "encounter", number)
    return frame.iloc[order].reset_index(drop=True), Numbers(number[: len(stays)], number[len(stays) :])


def draw_backgrounds(plan: Plan, n_people: int, who: Ints) -> dict[str, pd.Categorical[str]]:
    """Language and race of each encounter's person; one in fifty was not asked. They change nothing else."""
    rng = plan.stream("backgrounds")
    found = {}
    for column, shares in BACKGROUNDS.items():
        of_person = rng.choice(len(shares), size=n_people, p=list(shares.values()))
        of_person[rng.random(n_people) < _NOT_ASKED] = -1
        found[column] = names(of_person[who], list(shares))
    return found


def _condition_codes(plan: Plan, n_stays: int, changed: Bools) -> pd.Categorical[str]:
    """UB-04 condition codes: 09 and C5 here and there, 44 where an inpatient order was changed to outpatient."""
    rng = plan.stream("other condition codes")
    usual = rng.choice(["", "09", "C5", "09 C5"], size=n_stays + len(changed), p=[0.86, 0.08, 0.05, 0.01]).astype(
        object
    )
    usual[n_stays:][changed] = np.where(usual[n_stays:][changed] == "", "44", "44 " + usual[n_stays:][changed])
    return texts(usual)


def _join(first: object, second: object) -> pd.Categorical[str]:
    """Both columns of text as one."""
    return texts(np.concatenate([np.asarray(first, dtype=object), np.asarray(second, dtype=object)]))


def _other_lines(others: pd.DataFrame) -> pd.Series:
    return others["unit"].map({"OBS": "observation", "ED": "emergency", "REH": "rehabilitation"})


def _other_units(others: pd.DataFrame) -> pd.Series:
    return pd.Series(np.array(FACILITY_IDS)[others["facility"]], dtype=object) + "-" + others["unit"].astype(object)


def _admission_codes(rng: np.random.Generator, stays: pd.DataFrame, n_others: int) -> dict[str, Ints]:
    """UB-04 FL 14 and 15: emergency 1, urgent 2, elective 3; home 1, clinic 2, hospital 4, nursing home 5."""
    n = len(stays)
    elective = arrays.IS_ELECTIVE[stays["archetype"].to_numpy()]
    kind = np.where(elective, 3, np.where(rng.random(n) < 0.85, 1, 2))
    source = np.where(stays["kind"].to_numpy() == TRANSFER, 4, rng.choice([1, 2, 5], size=n, p=[0.82, 0.11, 0.07]))
    one = np.ones(n_others, dtype=np.int64)
    return {"admit_type": np.concatenate([kind, one]), "admit_source": np.concatenate([source, one])}


def _provider(rng: np.random.Generator, stays: pd.DataFrame, n_others: int) -> Ints:
    line = arrays.SERVICE_LINE_OF[stays["archetype"].to_numpy()]
    line = np.concatenate([line, np.full(n_others, len(arrays.SERVICE_LINES))])
    return line * _PROVIDERS_PER_LINE + rng.integers(0, _PROVIDERS_PER_LINE, len(line))


def _updated(rng: np.random.Generator, plan: Plan, discharged: Ints) -> Ints:
    extracted = plan.end_minute + _EXTRACTED_MINUTES
    settled = discharged + rng.integers(MINUTES_PER_DAY, 6 * MINUTES_PER_DAY, len(discharged))
    return np.where(discharged == NEVER, extracted, np.minimum(settled, extracted))


def _year(minutes: Ints) -> Ints:
    return minutes.astype("datetime64[m]").astype("datetime64[Y]").astype(np.int64) + 1970
