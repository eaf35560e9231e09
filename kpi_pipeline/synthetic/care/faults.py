"""Faults as real extracts have them, injected into the encounters in stated numbers, on disjoint rows.

Two kinds. Added rows are faulty copies with their own ids, or true copies: a correct reader takes none of them for
a stay. Spoilt stays are true stays whose record is damaged or split: they stay stays, and where the damage cannot be
healed the truth leaves them out of the measures that need the lost field.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.synthetic.care.endings import FRESH, NOTHING
from kpi_pipeline.synthetic.care.money import MONEY_COLUMNS
from kpi_pipeline.synthetic.ground import arrays
from kpi_pipeline.synthetic.ground.archetypes import UNKNOWN_DRG_CODES
from kpi_pipeline.synthetic.ground.plan import NEVER, Ints, Plan
from kpi_pipeline.synthetic.truth import FaultTruth, Outcome

LATE_FILE = "encounters_late_arrivals.csv"
CORRECTIONS_FILE = "encounters_corrections.csv"
_SETTLED_DAYS = 75
"""Spoilt stays ended this long before the last day: coded, costed and with full follow-up."""
_FEWEST = 3
_CASE_MIX = ("case_mix_index", "length_of_stay_index", "case_mix_adjusted_cost_per_case_usd")
_COST = ("total_cost_per_case_usd", "case_mix_adjusted_cost_per_case_usd")
_READMISSION = ("readmission_30d",)

Spoiler = Callable[[np.random.Generator, pd.DataFrame, "Ids"], pd.DataFrame]


@dataclass(slots=True)
class Ids:
    """Hands out encounter and person ids that nobody has."""

    encounter: int
    person: int

    def encounters(self, n: int) -> list[str]:
        """n new encounter ids, larger than all there are."""
        self.encounter += n
        return [f"{3100000000 + number:012d}" for number in range(self.encounter - n + 1, self.encounter + 1)]

    def persons(self, n: int) -> list[str]:
        """n new person ids."""
        self.person += n
        return [f"P{number:07d}" for number in range(self.person - n + 1, self.person + 1)]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault: how many at full size, what becomes of it, and how it is written.

    write takes the true rows as text and gives the rows to write; replaces: whether they stand instead of the true
    rows (spoilt stays) or beside them (added rows). faulty: which of the written rows carry the fault (all by default).
    """

    name: str
    at_full_size: int
    outcome: Outcome
    reason: str
    means: str
    write: Spoiler
    replaces: bool = False
    excluded_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenFaults:
    """Rows to write as text (with `file` and `position`), encounter numbers they replace, and the truth about them."""

    rows: pd.DataFrame
    replaced: Ints
    truths: tuple[FaultTruth, ...]


def choose_stays(plan: Plan, stays: pd.DataFrame) -> dict[str, Ints]:
    """Per fault the rows of `stays` it works on, disjoint: settled, uneventful stays of five days or more."""
    if not plan.faults:
        return {}
    rng = plan.stream("faults")
    settled = (stays["discharged"].to_numpy() != NEVER) & (stays["discharged_on"] <= plan.last_day - _SETTLED_DAYS)
    uneventful = (stays["kind"] == FRESH) & (stays["next_kind"] == NOTHING) & (stays["los_days"] >= 5)
    uneventful &= stays["disposition"].isin(["01", "03", "06"])
    known = arrays.MAY_BE_INDEX[stays["archetype"].to_numpy()] & (arrays.CCS_OF[stays["diagnosis"].to_numpy()] > 0)
    pool = rng.permutation(np.flatnonzero(settled & uneventful & known))
    numbers = {kind.name: fault_count(plan, kind) for kind in KINDS}
    if sum(numbers.values()) > len(pool):
        what = f"only {len(pool)} stays are settled enough to carry {sum(numbers.values())} faults."
        raise InputError(Fault("faults", what, "Generate six months or more, a larger scale, or no faults."))
    # a late row belongs to a month of the last year
    recent = stays["discharged_on"].to_numpy()[pool] > plan.last_day - 365
    pool = np.concatenate([pool[recent], pool[~recent]])
    chosen, taken = {}, 0
    for kind in sorted(KINDS, key=lambda kind: kind.name != "late_arrival"):
        chosen[kind.name] = pool[taken : taken + numbers[kind.name]]
        taken += numbers[kind.name]
        if kind.name == "late_arrival":
            pool = np.concatenate([pool[:taken], rng.permutation(pool[taken:])])
    return chosen


def fault_count(plan: Plan, kind: FaultKind) -> int:
    """How many of a kind: in proportion to size and length, but at least three."""
    return max(_FEWEST, round(kind.at_full_size * plan.scale * plan.months / 36))


def write_faults(plan: Plan, true_rows: dict[str, pd.DataFrame], *, ids: Ids) -> WrittenFaults:
    """Turns the true rows of each fault (text, with `encounter`, `file`, `position`) into what is written."""
    rng = plan.stream("fault rows")
    parts, truths, replaced = [], [], []
    for kind in KINDS:
        true = true_rows[kind.name].reset_index(drop=True)
        written = kind.write(rng, true.copy(), ids)
        parts.append(written)
        if kind.replaces:
            replaced.append(true["encounter"].to_numpy())
        faulty = written[written["is_faulty"]]
        truths.append(
            FaultTruth(
                name=kind.name,
                rows=len(faulty),
                outcome=kind.outcome,
                reason=kind.reason,
                excluded_from=kind.excluded_from,
                files=tuple(sorted(set(faulty["file"]))),
                encounter_ids=tuple(faulty["encounter_id"].dropna()),
                means=kind.means,
            )
        )
    return WrittenFaults(pd.concat(parts, ignore_index=True), np.concatenate(replaced), tuple(truths))


def _strangers(rows: pd.DataFrame, ids: Ids) -> pd.DataFrame:
    """The rows as those of other encounters of other people, next to the originals."""
    return rows.assign(
        encounter_id=ids.encounters(len(rows)),
        person_id=ids.persons(len(rows)),
        position=rows["position"] + 0.5,
        is_faulty=True,
    )


def _added(column: str, values: tuple[str | None, ...]) -> Spoiler:
    """Added rows with a bad value in one column."""

    def write(rng: np.random.Generator, rows: pd.DataFrame, ids: Ids) -> pd.DataFrame:
        rows = _strangers(rows, ids)
        rows[column] = [values[place % len(values)] for place in range(len(rows))]
        return rows

    return write


def _spoilt(column: str, values: tuple[str | None, ...]) -> Spoiler:
    """The stay's own row with a bad value in one column."""

    def write(rng: np.random.Generator, rows: pd.DataFrame, ids: Ids) -> pd.DataFrame:
        rows[column] = [values[place % len(values)] for place in range(len(rows))]
        return rows.assign(is_faulty=True)

    return write


def _exact_duplicates(rng: np.random.Generator, rows: pd.DataFrame, ids: Ids) -> pd.DataFrame:
    return rows.assign(position=rows["position"] + 0.5, is_faulty=True)


def _other_numbers(rng: np.random.Generator, rows: pd.DataFrame, ids: Ids) -> pd.DataFrame:
    return rows.assign(encounter_id=ids.encounters(len(rows)), position=rows["position"] + 0.5, is_faulty=True)


def _swapped_dates(rng: np.random.Generator, rows: pd.DataFrame, ids: Ids) -> pd.DataFrame:
    return _strangers(rows.assign(admitted_at=rows["discharged_at"], discharged_at=rows["admitted_at"]), ids)


def _future_dates(rng: np.random.Generator, rows: pd.DataFrame, ids: Ids) -> pd.DataFrame:
    """A mistyped year: the stay seems to lie ten years ahead."""
    rows = _strangers(rows, ids)
    for column in ("admitted_at", "discharged_at"):
        later = pd.to_datetime(rows[column]) + pd.DateOffset(years=10)
        rows[column] = later.dt.strftime("%Y-%m-%d %H:%M:%S")
    return rows


def _mangled_ids(rng: np.random.Generator, rows: pd.DataFrame, ids: Ids) -> pd.DataFrame:
    """What a spreadsheet makes of a twelve-digit number."""
    rows = _strangers(rows, ids)
    leading = rng.permutation(900)[: len(rows)] + 100
    return rows.assign(encounter_id=[f"{number / 100:.2f}E+11" for number in leading])


def _negative_cost(rng: np.random.Generator, rows: pd.DataFrame, ids: Ids) -> pd.DataFrame:
    return rows.assign(total_cost="-" + rows["total_cost"], is_faulty=True)


def _late_arrivals(rng: np.random.Generator, rows: pd.DataFrame, ids: Ids) -> pd.DataFrame:
    return rows.assign(file=LATE_FILE, is_faulty=True)


def _corrected(rng: np.random.Generator, rows: pd.DataFrame, ids: Ids) -> pd.DataFrame:
    """First sent with another disposition and cost, then again, later and right. The first version is the fault."""
    first = rows.assign(
        discharge_disposition_code=np.where(rows["discharge_disposition_code"] == "01", "06", "01"),
        total_cost=[f"{float(cost) * 0.8:.2f}" for cost in rows["total_cost"]],
        is_faulty=True,
    )
    later = pd.to_datetime(rows["updated_at"]) + pd.to_timedelta(rng.integers(20, 60, len(rows)), unit="D")
    again = rows.assign(updated_at=later.dt.strftime("%Y-%m-%d %H:%M:%S"), file=CORRECTIONS_FILE, is_faulty=False)
    return pd.concat([first, again], ignore_index=True)


def _split(hours_apart: tuple[int, int]) -> Spoiler:
    """One stay written as two rows: the second begins some hours before (negative) or after the first one ends.

    The first ends at noon of the third day, still a patient (30); the amounts are divided between the two.
    """

    def write(rng: np.random.Generator, rows: pd.DataFrame, ids: Ids) -> pd.DataFrame:
        noon = pd.to_datetime(rows["admitted_at"].str.slice(0, 10)) + pd.Timedelta(days=2, hours=12)
        begins = noon + pd.to_timedelta(rng.integers(*hours_apart, len(rows)), unit="h")
        first = rows.assign(discharged_at=noon.dt.strftime("%Y-%m-%d %H:%M:%S"), discharge_disposition_code="30")
        second = rows.assign(
            encounter_id=ids.encounters(len(rows)),
            admitted_at=begins.dt.strftime("%Y-%m-%d %H:%M:%S"),
            position=rows["position"] + 0.5,
        )
        for column in MONEY_COLUMNS:
            cents = (rows[column].astype(float) * 100).round().astype(np.int64)
            first[column] = [f"{part / 100:.2f}" for part in cents * 2 // 5]
            second[column] = [f"{part / 100:.2f}" for part in cents - cents * 2 // 5]
        return pd.concat([first.assign(is_faulty=False), second.assign(is_faulty=True)], ignore_index=True)

    return write


_UNREADABLE_ADMISSION = ("31.02.2026 14:30", "2025-02-30 08:00:00", "unknown", "13/45/2025")
_UNREADABLE_DISCHARGE = ("2025-06-31 11:00:00", "tbd", "00/00/0000")

KINDS: tuple[FaultKind, ...] = (
    FaultKind("exact_duplicate", 120, "duplicate", "", "The same row twice.", _exact_duplicates),
    FaultKind("same_stay_other_number", 30, "duplicate", "duplicate_stay",
              "The same person, facility, admission and discharge under another encounter id.", _other_numbers),
    FaultKind("discharge_before_admit", 40, "quarantined", "discharge_before_admit",
              "Admission and discharge are swapped.", _swapped_dates),
    FaultKind("missing_encounter_id", 6, "quarantined", "missing_encounter_id", "The encounter id is empty.",
              _added("encounter_id", (None,))),
    FaultKind("missing_person_id", 35, "quarantined", "missing_person_id", "The person id is empty.",
              _added("person_id", (None,))),
    FaultKind("missing_facility_id", 6, "quarantined", "missing_facility_id", "The facility id is empty.",
              _added("facility_id", (None,))),
    FaultKind("missing_admitted_at", 25, "quarantined", "missing_admitted_at", "The admission is empty.",
              _added("admitted_at", (None,))),
    FaultKind("unreadable_admission", 20, "quarantined", "invalid_admitted_at", "The admission is no date.",
              _added("admitted_at", _UNREADABLE_ADMISSION)),
    FaultKind("unreadable_discharge", 12, "quarantined", "invalid_discharged_at", "The discharge is no date.",
              _added("discharged_at", _UNREADABLE_DISCHARGE)),
    FaultKind("future_date", 15, "quarantined", "future_date", "The year is mistyped and lies ahead.", _future_dates),
    FaultKind("mangled_id", 18, "quarantined", "mangled_id", "A spreadsheet turned the encounter id into 1.23E+11.",
              _mangled_ids),
    FaultKind("missing_disposition", 90, "excluded", "missing_disposition", "The disposition was never recorded.",
              _spoilt("discharge_disposition_code", (None,)), True, _READMISSION),
    FaultKind("invalid_disposition", 60, "excluded", "invalid_disposition", "The disposition is no UB-04 code.",
              _spoilt("discharge_disposition_code", ("99", "1", "ZZ")), True, _READMISSION),
    FaultKind("missing_principal_diagnosis", 70, "excluded", "missing_principal_dx",
              "There is no diagnosis, neither with the encounter nor in the diagnoses.",
              _spoilt("primary_diagnosis_code", (None,)), True, _READMISSION),
    FaultKind("unknown_drg", 50, "excluded", "unknown_drg", "The DRG is in no table.",
              _spoilt("drg_code", UNKNOWN_DRG_CODES), True, _CASE_MIX),
    FaultKind("negative_cost", 25, "excluded", "negative_cost", "The total cost is below zero.", _negative_cost, True,
              _COST),
    FaultKind("unreadable_cost", 10, "excluded", "not_costed", "The total cost is a word.",
              _spoilt("total_cost", ("pending", "n/a")), True, _COST),
    FaultKind("corrected_resend", 150, "superseded", "",
              "Sent again later with the right disposition and cost; these are the first versions.", _corrected, True),
    FaultKind("late_arrival", 200, "ordinary", "", "Rows of old months that arrive in a later file.", _late_arrivals,
              True),
    FaultKind("overlapping_rows", 60, "combined", "combined_into_previous_stay",
              "The second of two overlapping rows of one stay.", _split((-9, -3)), True),
    FaultKind("same_day_continuation", 40, "combined", "combined_into_previous_stay",
              "The second row of a stay, begun on the day the first row ended, with the same condition.",
              _split((2, 9)), True),
)  # fmt: skip
