"""Naive second opinions on the measures other than readmission; loops over the oracle's stays.

`stays` are ended stays unless said otherwise.

An answer is case_id → (numerator, denominator) for a counted case, or the exclusion reason for one that is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.support.oracle import Options, Row, Stay, local_moment, text

Cases = dict[str, tuple[float, float] | str]


def discharges(stays: Sequence[Stay]) -> Cases:
    """Every discharged acute stay, dead or alive."""
    return {stay.stay_id: (1.0, 1.0) for stay in stays}


def length_of_stay(stays: Sequence[Stay]) -> Cases:
    """Calendar days, at least one."""
    return {stay.stay_id: (float(stay.length_of_stay_days), 1.0) for stay in stays}


def length_of_stay_index(stays: Sequence[Stay], expected_days: Mapping[str, float]) -> Cases:
    """Observed days against the DRG's arithmetic mean."""
    cases: Cases = {}
    for stay in stays:
        drg = drg_of(stay)
        days = float(stay.length_of_stay_days)
        cases[stay.stay_id] = _no_drg(drg, expected_days) or (days, expected_days[drg])
    return cases


def case_mix_index(stays: Sequence[Stay], weights: Mapping[str, float]) -> Cases:
    """The DRG's weight."""
    return {stay.stay_id: _no_drg(drg_of(stay), weights) or (weights[drg_of(stay)], 1.0) for stay in stays}


def cost_per_case(stays: Sequence[Stay]) -> Cases:
    """Total cost of the stay; not yet costed is not zero."""
    return {stay.stay_id: _no_cost(stay) or (cost_of(stay), 1.0) for stay in stays}


def case_mix_adjusted_cost(stays: Sequence[Stay], weights: Mapping[str, float]) -> Cases:
    """Cost and weight of stays that have both."""
    cases: Cases = {}
    for stay in stays:
        reason = _no_cost(stay) or _no_drg(drg_of(stay), weights)
        cases[stay.stay_id] = reason or (cost_of(stay), weights[drg_of(stay)])
    return cases


def drg_of(stay: Stay) -> str:
    """The first DRG known of the stay's encounters, in their order."""
    known = [text(member, "drg_code") for member in stay.members if text(member, "drg_code")]
    return known[0] if known else ""


def cost_of(stay: Stay) -> float:
    """The sum over the stay's encounters, each counted once."""
    return sum(float(text(member, "total_cost")) for member in stay.members)


def _no_drg(drg: str, known: Mapping[str, float]) -> str:
    if not drg:
        return "missing_drg"
    return "" if drg in known else "unknown_drg"


def _no_cost(stay: Stay) -> str:
    if not all(float(text(member, "total_cost") or 0) for member in stay.members):
        return "not_costed"  # a cost of 0 is one not known yet
    return "negative_cost" if cost_of(stay) < 0 else ""


def avoidable_days(stays: Sequence[Stay], rows: Iterable[Row]) -> Cases:
    """Days covered by any interval of any encounter of the stay; a same-day interval is one day."""
    covered: dict[str, set[date]] = {}
    for row in rows:
        day = date.fromisoformat(text(row, "starts_on"))
        last = max(date.fromisoformat(text(row, "ends_on")), day + timedelta(days=1))
        while day < last:
            covered.setdefault(text(row, "encounter_id"), set()).add(day)
            day += timedelta(days=1)
    return {
        stay.stay_id: (float(len(set().union(*(covered.get(member, set()) for member in ids(stay))))), 1.0)
        for stay in stays
    }


def denials(stays: Sequence[Stay], rows: Iterable[Row]) -> Cases:
    """Distinct denials of any encounter of the stay, dated at most 60 days after its discharge."""
    listed = list(rows)
    cases: Cases = {}
    for stay in stays:
        latest = stay.discharged_on + timedelta(days=60)
        own = [row for row in listed if text(row, "encounter_id") in ids(stay) and text(row, "denied_on")]
        counted = {text(row, "denial_id") for row in own if date.fromisoformat(text(row, "denied_on")) <= latest}
        cases[stay.stay_id] = (float(len(counted)), 1.0)
    return cases


def ids(stay: Stay) -> list[str]:
    """The encounter ids of a stay, those sent twice under another number among them."""
    return [*(text(member, "encounter_id") for member in stay.members), *stay.twins]


def assessment_within_24h(stays: Sequence[Stay], cm_cases: Iterable[Row], options: Options) -> Cases:
    """First assessment at most 24 elapsed hours after admission; open stays too, for they were admitted."""
    assessed: dict[str, list[str]] = {}
    for row in cm_cases:
        if text(row, "first_assessed_at"):
            assessed.setdefault(text(row, "encounter_id"), []).append(text(row, "first_assessed_at"))
    cases: Cases = {}
    for stay in stays:
        zone = options.zone(stay.facility_id)
        deadline = _instant(stay.admitted_at, zone) + timedelta(hours=24)
        times = [local_moment(value, zone) for member in ids(stay) for value in assessed.get(member, [])]
        moments = [_instant(moment, zone) for moment in times if moment is not None]
        if not stay.has_admission_time:
            cases[stay.stay_id] = "no_admission_time"
        elif not moments and stay.discharged_at and _instant(stay.discharged_at, zone) < deadline:
            cases[stay.stay_id] = "shorter_than_24_hours"
        else:
            cases[stay.stay_id] = (float(any(moment <= deadline for moment in moments)), 1.0)
    return cases


def _instant(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=zone).astimezone(UTC)


def caseload(census: Iterable[Row], staffing: Iterable[Row]) -> Cases:
    """Patients at census per case manager who was paid that day on that unit."""
    on_shift: dict[str, set[str]] = {}
    for row in staffing:
        if float(text(row, "paid_hours") or 0) > 0:
            key = "|".join((text(row, "facility_id"), text(row, "unit_id"), text(row, "shift_on")))
            on_shift.setdefault(key, set()).add(text(row, "case_manager_id"))
    cases: Cases = {}
    for row in census:
        key = "|".join((text(row, "facility_id"), text(row, "unit_id"), text(row, "census_on")))
        managers = len(on_shift.get(key, set()))
        cases[key] = (float(text(row, "patients")), float(managers)) if managers else "no_case_manager_on_shift"
    return cases


def with_followup(
    cases: Cases, events: Mapping[str, tuple[str, date]], options: Options, *, matures_after_days: int
) -> Cases:
    """The cases with those set aside whose follow-up is not over; `events` is case_id → (facility, day).

    Other exclusions come first. Without follow-up the case must still lie in the complete part of the feed; a
    facility without a watermark sets nothing aside.
    """
    judged: Cases = {}
    for case_id, case in cases.items():
        facility, day = events[case_id]
        complete_through = options.complete_through.get(facility, date.max)
        too_young = day + timedelta(days=matures_after_days) > complete_through
        judged[case_id] = "insufficient_followup" if too_young and not isinstance(case, str) else case
    return judged
