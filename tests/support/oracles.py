"""The plain-Python second opinion on each metric: what a spec's `oracle:` line may name.

An oracle takes the rows of a random hospital and the stays a naive reader sees in them, and gives every case the metric
must list: case_id → facility, day, and (numerator, denominator) or the reason why it is left out. A simple one is
written in the spec itself: `of_discharges(numerator=lambda stay: stay.length_of_stay_days > 7, died=lambda stay: …)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from tests.support import oracle_measures as measures
from tests.support.hospitals import Hospital
from tests.support.oracle import Judgement, Options, Stay, ended, judge_readmissions
from tests.support.oracle_measures import Cases
from tests.support.value_sets import SMALL

# CMS IPPS FY2026 Table 5, the DRGs the random hospitals use.
AMLOS = {"291": 5.0, "470": 2.2, "193": 4.9, "871": 6.4, "885": 9.8}
WEIGHT = {"291": 1.2838, "470": 1.9289, "193": 1.3144, "871": 1.9425, "885": 1.3968}


class World(Protocol):
    """What an oracle may look at."""

    @property
    def hospital(self) -> Hospital:
        """The rows as they were written."""

    @property
    def options(self) -> Options:
        """What the landing folder declares."""

    @property
    def stays(self) -> list[Stay]:
        """The stays a naive reader sees, open ones included."""


@dataclass(frozen=True)
class Listed:
    """One case a metric must list: where and when it counts, and what it adds or why it is left out."""

    facility_id: str
    on: date
    case: tuple[float, float] | str


Oracle = Callable[[World], dict[str, Listed]]
OfStay = Callable[[Stay], float]


def find_oracle(expression: str) -> Oracle:
    """The oracle a spec names: a name of this module, or a call of one."""
    oracle: Oracle = eval(expression, dict(globals()))  # noqa: S307  the project's own specs, in tests only
    return oracle


def of_discharges(
    numerator: OfStay = lambda stay: 1, denominator: OfStay = lambda stay: 1, **left_out: Callable[[Stay], bool]
) -> Oracle:
    """Every discharged stay on its day of discharge; the first reason that applies leaves it out."""

    def listed(world: World) -> dict[str, Listed]:
        return {stay.stay_id: Listed(stay.facility_id, stay.discharged_on, judged(stay)) for stay in ended(world.stays)}

    def judged(stay: Stay) -> tuple[float, float] | str:
        reason = next((reason for reason, applies in left_out.items() if applies(stay)), "")
        return reason or (float(numerator(stay)), float(denominator(stay)))

    return listed


def _by_discharge(cases_of: Callable[[World], Cases]) -> Oracle:
    def listed(world: World) -> dict[str, Listed]:
        cases = cases_of(world)
        return {
            stay.stay_id: Listed(stay.facility_id, stay.discharged_on, cases[stay.stay_id])
            for stay in ended(world.stays)
        }

    return listed


def readmission(
    days: int, *, counts: Callable[[Judgement], bool] = lambda found: found.planned_rule_of_return is None
) -> Oracle:
    """Index stays whose first return begins within so many days and counts: unless said otherwise, an unplanned one."""

    def outcome(found: Judgement) -> tuple[float, float] | str:
        if found.exclusion_reason and found.exclusion_reason != "insufficient_followup":
            return found.exclusion_reason
        returned = found.days_to_return is not None and found.days_to_return <= days
        return float(returned and counts(found)), 1.0

    def listed(world: World) -> dict[str, Listed]:
        return {
            found.stay.stay_id: Listed(found.stay.facility_id, found.stay.discharged_on, outcome(found))
            for found in judge_readmissions(world.stays, SMALL, world.options)
        }

    return listed


length_of_stay_index = _by_discharge(lambda world: measures.length_of_stay_index(ended(world.stays), AMLOS))
case_mix_index = _by_discharge(lambda world: measures.case_mix_index(ended(world.stays), WEIGHT))
cost_per_case = _by_discharge(lambda world: measures.cost_per_case(ended(world.stays)))
case_mix_adjusted_cost = _by_discharge(lambda world: measures.case_mix_adjusted_cost(ended(world.stays), WEIGHT))
avoidable_days = _by_discharge(lambda world: measures.avoidable_days(ended(world.stays), world.hospital.avoidable_days))
denials = _by_discharge(lambda world: measures.denials(ended(world.stays), world.hospital.denials))


def assessment_within_24h(world: World) -> dict[str, Listed]:
    """All stays, by the day of admission."""
    cases = measures.assessment_within_24h(world.stays, world.hospital.cm_cases, world.options)
    return {stay.stay_id: Listed(stay.facility_id, stay.admitted_on, cases[stay.stay_id]) for stay in world.stays}


def caseload(world: World) -> dict[str, Listed]:
    """Unit-days, by their day."""
    cases = measures.caseload(world.hospital.census, world.hospital.staffing)
    return {key: Listed(key.split("|")[0], date.fromisoformat(key.split("|")[2]), case) for key, case in cases.items()}


def with_followup(listed: Mapping[str, Listed], options: Options, *, matures_after_days: int) -> dict[str, Listed]:
    """The cases with those set aside whose follow-up is not over; other exclusions come first."""
    cases = measures.with_followup(
        {case_id: one.case for case_id, one in listed.items()},
        {case_id: (one.facility_id, one.on) for case_id, one in listed.items()},
        options,
        matures_after_days=matures_after_days,
    )
    return {case_id: Listed(one.facility_id, one.on, cases[case_id]) for case_id, one in listed.items()}


def counted_values(listed: Iterable[Listed]) -> list[tuple[float, float]]:
    """Numerator and denominator of the cases that count."""
    return [one.case for one in listed if not isinstance(one.case, str)]
