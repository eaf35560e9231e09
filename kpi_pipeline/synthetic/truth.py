"""The known truth about a made-up hospital: the models of `truth.json`, with reader and writer.

How the figures come about is in `counting`. The truth says what a correct reader of the files must find: faults that
cannot be healed (a disposition never recorded) are in it as faults, not as if they had not happened.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.sql.front_matter import faults_of

Outcome = Literal["quarantined", "duplicate", "superseded", "combined", "excluded", "ordinary"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MonthTruth(_Frozen):
    """One facility in one month.

    Stays count in the month of discharge, admissions in the month of admission, census and shifts by day.
    discharges, los_days: acute stays and their days, a same-day stay being one day.
    index_discharges, unplanned_returns: index stays with 30 days of follow-up, and those that came back unplanned.
    costed_…: stays whose total cost is known and not negative.
    coded_…: stays with a DRG of the table; drg_weight and expected_los_days are sums of Table 5, FY 2026.
    costed_and_coded_…: stays that are both.
    denials: of the month's discharges, all within 60 days. followed_…: of discharges with 60 days of follow-up.
    avoidable_days: of the month's discharges, overlapping waits once.
    assessable_admissions: without those discharged within 24 hours unassessed, with one day of follow-up.
    patients_with_case_manager: midnight patients of unit-days with a case manager on shift; case_manager_shifts: these.
    """

    facility_id: str
    month: str
    discharges: int
    los_days: int
    index_discharges: int
    unplanned_returns: int
    costed_discharges: int
    total_cost_usd: float
    coded_discharges: int
    coded_los_days: int
    drg_weight: float
    expected_los_days: float
    costed_and_coded_discharges: int
    costed_and_coded_cost_usd: float
    costed_and_coded_drg_weight: float
    denials: int
    followed_discharges: int
    followed_denials: int
    avoidable_days: int
    assessable_admissions: int
    assessed_within_24h: int
    patients_with_case_manager: int
    case_manager_shifts: int


class MeasureTruth(_Frozen):
    """One measure of the catalogue at one facility in one month: the sums over its cases, counted from the events.

    value: the median, percentile or geometric mean of the cases, where the measure is one; empty where it is none, and
    where more than half of those waited for were still waiting.
    """

    metric: str
    facility_id: str
    month: str
    numerator: float
    denominator: float
    value: float | None = None


class ExpectationTruth(_Frozen):
    """What the generator itself expects of a stay with this DRG: the mean over the stays of the first twelve months of
    the probability, days or dollars that each was drawn with. An empty code: of any other DRG."""

    metric: str
    drg_code: str
    expected: float


class ChangeTruth(_Frozen):
    """A real change of process. size: the change of the metric that the change alone makes, in its unit.

    also_moves: metrics that change as a consequence, in the same facility.
    """

    name: str
    facility_id: str
    metric: str
    starts_on: date
    first_month: str
    size: float
    unit: str
    means: str
    also_moves: tuple[str, ...] = ()


class FaultTruth(_Frozen):
    """One kind of injected fault in the encounters. rows: faulty rows written.

    reason: the quarantine or exclusion reason the pipeline gives; excluded_from: the metrics that leave the stays out.
    encounter_ids: of the faulty rows, as written (none where the id itself is missing).
    """

    name: str
    rows: int
    outcome: Outcome
    reason: str = ""
    excluded_from: tuple[str, ...] = ()
    files: tuple[str, ...]
    encounter_ids: tuple[str, ...]
    means: str


class FacilityTruth(_Frozen):
    """A facility and the level its patients return at: the stated probability of an unplanned return within 30 days."""

    facility_id: str
    facility_name: str
    return_probability: float
    in_house_at_end: int


class Truth(_Frozen):
    """Everything known about one generated hospital. volumes: rows written by file."""

    seed: int
    scale: float
    system_name: str
    first_month: str
    last_month: str
    complete_through: date
    volumes: dict[str, int]
    facilities: tuple[FacilityTruth, ...]
    months: tuple[MonthTruth, ...]
    measures: tuple[MeasureTruth, ...] = ()
    expectations: tuple[ExpectationTruth, ...] = ()
    changes: tuple[ChangeTruth, ...]
    faults: tuple[FaultTruth, ...]

    def fault(self, name: str) -> FaultTruth:
        """The fault of this name; an unknown name is a KeyError."""
        return {fault.name: fault for fault in self.faults}[name]


def write_truth(truth: Truth, path: Path) -> None:
    """Writes the truth as indented JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(truth.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_truth(path: Path) -> Truth:
    """Reads a `truth.json`; a missing or damaged file is an InputError."""
    if not path.is_file():
        raise InputError(Fault(str(path), "there is no such truth file.", "Generate the hospital again."))
    try:
        return Truth.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise InputError(faults_of(str(path), error)) from error
