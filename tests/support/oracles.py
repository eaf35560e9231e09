"""The plain-Python second opinion on each metric: what a spec's `oracle:` line may name.

An oracle takes the rows of a random hospital and the stays a naive reader sees in them, and gives every case the metric
must list: case_id → facility, day, and (numerator, denominator) or the reason why it is left out. A simple one is
written in the spec itself: `of_discharges(numerator=lambda stay: stay.length_of_stay_days > 7, died=lambda stay: …)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from tests.support import oracle_measures as measures
from tests.support.hospitals import Hospital
from tests.support.oracle import (
    DIED,
    VALID_DISPOSITIONS,
    Judgement,
    Options,
    Row,
    Stay,
    ended,
    has_time,
    in_order,
    judge_readmissions,
    judge_rows,
    local_moment,
    newest_versions,
    planned_rule,
    text,
)
from tests.support.oracle_measures import Cases
from tests.support.value_sets import SMALL

# CMS IPPS FY2026 Table 5, the DRGs the random hospitals use.
AMLOS = {"291": 5.0, "470": 2.2, "193": 4.9, "871": 6.4, "885": 9.8, "690": 3.5}
GMLOS = {"291": 3.8, "470": 1.9, "193": 3.9, "871": 4.8, "885": 6.5, "690": 2.8}
WEIGHT = {"291": 1.2838, "470": 1.9289, "193": 1.3144, "871": 1.9425, "885": 1.3968, "690": 0.8095}


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
            found.stay.stay_id: Listed(found.stay.facility_id, found.stay.last_day, outcome(found))
            for found in judge_readmissions(world.stays, SMALL, world.options)
        }

    return listed


# What the risk models of tests/metrics/risk expect.
RETURNS_OF_CCS = {108: 0.5, 122: 0.2}
DAYS_OF_DRG = {"291": 4.0, "470": 1.0}
COST_OF_CCS = {108: 20_000.0, 122: 10_000.0}


def readmission_index(world: World) -> dict[str, Listed]:
    """Unplanned returns within 30 days, and the probability that one was expected."""
    ccs = {stay.stay_id: stay.ccs for stay in world.stays}

    def case_of(stay_id: str, case: tuple[float, float] | str) -> tuple[float, float] | str:
        if isinstance(case, str):
            return "no_index_discharge"
        of_stay = ccs[stay_id]
        return "not_coded" if of_stay is None else (case[0], RETURNS_OF_CCS.get(of_stay, 0.1))

    return {
        stay_id: Listed(one.facility_id, one.on, case_of(stay_id, one.case))
        for stay_id, one in readmission(30)(world).items()
    }


def _expected_days(stay: Stay) -> float | None:
    drg = measures.drg_of(stay)
    if not drg or stay.ccs is None:
        return None
    return DAYS_OF_DRG.get(drg, 6.0) / (2 if stay.ccs == 108 else 1)


def _stay_risk(stay: Stay) -> tuple[float, float] | str:
    expected = _expected_days(stay)
    return "not_coded" if expected is None else (float(stay.length_of_stay_days), expected)


def _cost_risk(case: tuple[float, float] | str, stay: Stay) -> tuple[float, float] | str:
    if isinstance(case, str):
        return case
    return "not_coded" if stay.ccs is None else (case[0], COST_OF_CCS.get(stay.ccs, 5_000.0))


stay_risk_index = _by_discharge(lambda world: {stay.stay_id: _stay_risk(stay) for stay in ended(world.stays)})
cost_risk_index = _by_discharge(
    lambda world: {
        stay.stay_id: _cost_risk(measures.cost_per_case([stay])[stay.stay_id], stay) for stay in ended(world.stays)
    }
)
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


def returns_among_admissions(world: World) -> dict[str, Listed]:
    """All stays by the day of admission; a return is the first later stay of an index stay, unplanned, by day 30."""
    first: dict[str, date] = {}
    for stay in ended(world.stays):
        first[stay.facility_id] = min(first.get(stay.facility_id, date.max), stay.discharged_on)
    returns = {
        found.next_stay.stay_id
        for found in judge_readmissions(world.stays, SMALL, world.options)
        if found.next_stay is not None
        and found.exclusion_reason in (None, "insufficient_followup")
        and found.is_return_within_30_days
        and found.planned_rule_of_return is None
    }
    listed = {}
    for stay in world.stays:
        begins = first.get(stay.facility_id)
        seen = begins is not None and stay.admitted_on >= begins + timedelta(days=30)
        case = (float(stay.stay_id in returns), 1.0) if seen else "no_look_back"
        listed[stay.stay_id] = Listed(stay.facility_id, stay.admitted_on, case)
    return listed


@dataclass(frozen=True)
class _Visit:
    facility_id: str
    at: datetime
    has_time: bool
    utc: datetime


def _emergency_visits(world: World) -> dict[str, list[_Visit]]:
    """person → visits to an emergency department that can be used."""
    statuses = judge_rows(world.hospital.encounters, world.options)
    visits: dict[str, list[_Visit]] = {}
    for row in newest_versions(world.hospital.encounters):
        begins, ends = text(row, "admitted_at"), text(row, "discharged_at")
        usable = begins and (not ends or ends[:10] >= begins[:10])
        is_visit = text(row, "encounter_type") == "emergency department"
        if is_visit and usable and statuses[text(row, "encounter_id")] == "not_acute_inpatient":
            zone = world.options.zone(text(row, "facility_id"))
            at = local_moment(begins, zone)
            assert at is not None
            utc = at.replace(tzinfo=zone).astimezone(UTC)
            visits.setdefault(text(row, "person_id"), []).append(
                _Visit(text(row, "facility_id"), at, has_time(begins), utc)
            )
    return visits


def _after_index(world: World, judge: Callable[[Stay, list[_Visit]], tuple[float, float] | str]) -> dict[str, Listed]:
    visits = _emergency_visits(world)
    listed = {}
    for found in judge_readmissions(world.stays, SMALL, world.options):
        stay, reason = found.stay, found.exclusion_reason
        excluded = reason is not None and reason != "insufficient_followup"
        case = reason if excluded and reason else judge(stay, visits.get(stay.person_id, []))
        listed[stay.stay_id] = Listed(stay.facility_id, stay.last_day, case)
    return listed


def _seconds_since(world: World, stay: Stay, visit: _Visit) -> float | None:
    if not (stay.has_discharge_time and visit.has_time):
        return None
    assert stay.discharged_at is not None
    left = stay.discharged_at.replace(tzinfo=world.options.zone(stay.facility_id)).astimezone(UTC)
    return (visit.utc - left).total_seconds()


def ed_return(days: int) -> Oracle:
    """A visit within so many calendar days; on the day of discharge only one known to come after it."""

    def listed(world: World) -> dict[str, Listed]:
        def judge(stay: Stay, visits: list[_Visit]) -> tuple[float, float] | str:
            for visit in visits:
                gap = (visit.at.date() - stay.last_day).days
                seconds = _seconds_since(world, stay, visit)
                if 0 < gap <= days or (gap == 0 and seconds is not None and seconds >= 0):
                    return 1.0, 1.0
            return 0.0, 1.0

        return _after_index(world, judge)

    return listed


def ed_return_72h(world: World) -> dict[str, Listed]:
    """A visit within 72 hours by the clock; by dates alone days 1 and 2 are certain, days 0 and 3 are not."""

    def judge(stay: Stay, visits: list[_Visit]) -> tuple[float, float] | str:
        doubtful = False
        for visit in visits:
            gap = (visit.at.date() - stay.last_day).days
            seconds = _seconds_since(world, stay, visit)
            if (seconds is not None and 0 <= seconds <= 72 * 3600) or (seconds is None and gap in (1, 2)):
                return 1.0, 1.0
            doubtful = doubtful or (seconds is None and gap in (0, 3))
        return "visit_time_unknown" if doubtful else (0.0, 1.0)

    return _after_index(world, judge)


def return_days(world: World) -> dict[str, Listed]:
    """Days back in acute care in the thirty days after each index discharge, of every return that is not planned."""
    statuses = judge_rows(world.hospital.encounters, world.options)
    visits = [
        row
        for row in newest_versions(world.hospital.encounters)
        if text(row, "encounter_type") in ("emergency department", "observation")
        and (begins := text(row, "admitted_at")[:10])
        and (text(row, "discharged_at") or begins)[:10] >= begins
        and statuses.get(text(row, "encounter_id")) == "not_acute_inpatient"
    ]
    kept = {(stay.person_id, stay.admitted_on) for stay in world.stays}
    kept |= {
        (text(row, "person_id"), _day(row, "admitted_at"))
        for row in visits
        if text(row, "encounter_type") == "observation"
    }

    def of_stays(index: Stay) -> float:
        last = index.last_day + timedelta(days=30)
        total = 0
        for stay in world.stays:
            is_later = stay.person_id == index.person_id and in_order(stay) > in_order(index)
            if is_later and index.last_day <= stay.admitted_on <= last and planned_rule(stay, SMALL) is None:
                ends = last if stay.is_open else min(stay.discharged_on, last)
                total += max((ends - stay.admitted_on).days, 1)
        return float(total)

    def of_visit(index: Stay, row: Row) -> float:
        begins, ends = _day(row, "admitted_at"), _day(row, "discharged_at")
        assert begins is not None
        if text(row, "person_id") != index.person_id or not 0 <= (begins - index.last_day).days <= 30:
            return 0.0
        zone = world.options.zone(text(row, "facility_id"))
        moments = [
            local_moment(text(row, column), zone) if has_time(text(row, column)) else None
            for column in ("admitted_at", "discharged_at")
        ]
        utc = [moment and moment.replace(tzinfo=zone).astimezone(UTC) for moment in moments]
        if begins == index.last_day:
            if utc[0] is None or not index.has_discharge_time or index.discharged_at is None:
                return 0.0
            left = index.discharged_at.replace(tzinfo=world.options.zone(index.facility_id)).astimezone(UTC)
            if utc[0] < left:
                return 0.0
        if text(row, "encounter_type") == "emergency department":
            days = [begins + timedelta(days=step) for step in range(((ends or begins) - begins).days + 1)]
            return 0.0 if any((index.person_id, day) in kept for day in days) else 0.5
        if utc[0] is not None and utc[1] is not None:
            return max(math.ceil((utc[1] - utc[0]).total_seconds() / 43200), 1) / 2
        return float(max(((ends or begins) - begins).days, 0.5))

    listed = {}
    for found in judge_readmissions(world.stays, SMALL, world.options):
        stay, reason = found.stay, found.exclusion_reason
        excluded = reason is not None and reason != "insufficient_followup"
        days = 0.0 if excluded else of_stays(stay) + sum(of_visit(stay, row) for row in visits)
        listed[stay.stay_id] = Listed(stay.facility_id, stay.last_day, reason if excluded and reason else (days, 1.0))
    return listed


def condition_of(stay: Stay) -> str:
    """Which of the six conditions a stay is for; none: ''."""
    done = {SMALL.procedure_ccs.get(code) for code in stay.procedures}
    if 44 in done:
        return "Coronary bypass"
    if done & {152, 153}:
        return "Hip or knee replacement"
    treated = {100: "Heart attack", 108: "Heart failure", 122: "Pneumonia", 127: "COPD"}
    return treated.get(stay.ccs or 0, "")


def readmission_of_conditions(world: World) -> dict[str, Listed]:
    """Index stays of people of 65 and over for six conditions; a return for the same one is no index."""
    listed = {}
    for found in judge_readmissions(world.stays, SMALL, world.options):
        stay, reason, condition = found.stay, found.exclusion_reason, condition_of(found.stay)
        if not condition:
            continue
        before = [
            other
            for other in world.stays
            if other.person_id == stay.person_id
            and condition_of(other) == condition
            and in_order(other) < in_order(stay)
        ]
        latest = max(before, key=in_order, default=None)
        ended_on = None if latest is None or (latest.is_open and not latest.billed_through) else latest.last_day
        born = text(stay.members[0], "birth_date")
        case: tuple[float, float] | str = (float(found.numerator), 1.0)
        if reason is not None and reason != "insufficient_followup":
            case = reason
        elif not born:
            case = "age_unknown"
        elif date.fromisoformat(born).replace(year=int(born[:4]) + 65) > stay.admitted_on:
            case = "under_65"
        elif ended_on is not None and (stay.admitted_on - ended_on).days <= 30:
            case = "repeat_within_30_days"
        listed[stay.stay_id] = Listed(stay.facility_id, stay.last_day, case)
    return listed


def cost_to_expected(*, outlier: bool = False) -> Oracle:
    """Cost beside DRG weight × the cost per weight of all facilities in the year before the month."""

    def listed(world: World) -> dict[str, Listed]:
        cases = measures.case_mix_adjusted_cost(ended(world.stays), WEIGHT)
        month_of = {stay.stay_id: stay.discharged_on.replace(day=1) for stay in ended(world.stays)}
        known = [(month_of[stay_id], case) for stay_id, case in cases.items() if not isinstance(case, str)]
        months = {month for month, _ in known}

        def judged(stay: Stay) -> tuple[float, float] | str:
            case = cases[stay.stay_id]
            if isinstance(case, str):
                return case
            month = month_of[stay.stay_id]
            year_ago = month.replace(year=month.year - 1)
            before = [case for other, case in known if year_ago <= other < month]
            if sum(year_ago <= other < month for other in months) < 12:
                return "no_year_before"
            expected = case[1] * sum(cost for cost, _ in before) / sum(weight for _, weight in before)
            return (float(case[0] > 3 * expected), 1.0) if outlier else (case[0], expected)

        return {stay.stay_id: Listed(stay.facility_id, stay.discharged_on, judged(stay)) for stay in ended(world.stays)}

    return listed


net_excess_days = _by_discharge(
    lambda world: {
        key: case if isinstance(case, str) else (case[0] - case[1], 1.0)
        for key, case in measures.length_of_stay_index(ended(world.stays), AMLOS).items()
    }
)
length_of_stay_geometric_index = _by_discharge(lambda world: measures.length_of_stay_index(ended(world.stays), GMLOS))


def in_house_at_month_end(days: int) -> Oracle:
    """Stays in the house at the last midnight of a month, up to each facility's last complete day."""

    def listed(world: World) -> dict[str, Listed]:
        found = {}
        for stay in world.stays:
            day = stay.admitted_on.replace(day=1)
            while day <= world.options.complete_through[stay.facility_id]:
                following = (day + timedelta(days=31)).replace(day=1)
                last = following - timedelta(days=1)
                is_here = not stay.is_lost and stay.admitted_on <= last and (stay.is_open or stay.discharged_on > last)
                if is_here and last <= world.options.complete_through[stay.facility_id]:
                    long = float((last - stay.admitted_on).days >= days)
                    found[f"{stay.stay_id}|{last}"] = Listed(stay.facility_id, last, (long, 1.0))
                day = following
        return found

    return listed


def is_transferred_out(world: World) -> set[str]:
    """Ended stays that went on to another acute hospital."""
    return {
        found.stay.stay_id
        for found in judge_readmissions(world.stays, SMALL, world.options)
        if found.is_transferred_out
    }


def before_noon(world: World) -> dict[str, Listed]:
    """Live discharges that are no transfers, by the clock on the wall."""
    moved = is_transferred_out(world)
    return of_discharges(
        lambda stay: stay.discharged_at is not None and stay.discharged_at.hour < 12,
        died=lambda stay: stay.disposition in DIED,
        acute_transfer_out=lambda stay: stay.stay_id in moved,
        ama=lambda stay: stay.disposition == "07",
        no_discharge_time=lambda stay: not stay.has_discharge_time,
    )(world)


def disposition_share(*codes: str) -> Oracle:
    """Live discharges that are no transfers: the share with one of these codes."""

    def listed(world: World) -> dict[str, Listed]:
        moved = is_transferred_out(world)
        return of_discharges(
            lambda stay: stay.disposition in codes,
            unknown_disposition=lambda stay: stay.disposition not in VALID_DISPOSITIONS,
            died=lambda stay: stay.disposition in DIED,
            acute_transfer_out=lambda stay: stay.stay_id in moved,
            ama=lambda stay: stay.disposition == "07",
        )(world)

    return listed


def transferred(world: World) -> dict[str, Listed]:
    """Live discharges with a known destination: those that went on to another acute hospital."""
    moved = is_transferred_out(world)
    return of_discharges(
        lambda stay: stay.stay_id in moved,
        unknown_disposition=lambda stay: stay.disposition not in VALID_DISPOSITIONS,
        died=lambda stay: stay.disposition in DIED,
    )(world)


POST_ACUTE = ("03", "06", "61", "62", "63", "64", "83", "86", "89", "90", "91", "92")


def post_acute_waits(world: World) -> dict[str, Listed]:
    """Avoidable days of those who left for post-acute care, and of nobody knows where."""
    moved, waits = is_transferred_out(world), avoidable_days(world)
    listed = {}
    for stay in ended(world.stays):
        is_known = stay.disposition in VALID_DISPOSITIONS
        if stay.disposition in POST_ACUTE or not is_known:
            case = waits[stay.stay_id].case if is_known else "unknown_disposition"
            case = "acute_transfer_out" if is_known and stay.stay_id in moved else case
            listed[stay.stay_id] = Listed(stay.facility_id, stay.discharged_on, case)
    return listed


def _facilities(world: World) -> dict[str, str]:
    """encounter → facility, of the encounters that can be used."""
    statuses = judge_rows(world.hospital.encounters, world.options)
    found = {}
    for row in newest_versions(world.hospital.encounters):
        begins, ends = text(row, "admitted_at"), text(row, "discharged_at")
        usable = text(row, "person_id") and begins and (not ends or ends[:10] >= begins[:10])
        if usable and statuses[text(row, "encounter_id")] != "invalid:missing_person_id":
            found[text(row, "encounter_id")] = text(row, "facility_id")
    return found


def _day(row: Row, column: str) -> date | None:
    return date.fromisoformat(text(row, column)[:10]) if text(row, column) else None


def cm_opened(world: World) -> dict[str, Listed]:
    """Cases whose encounter is known, by the day they were opened."""
    facilities = _facilities(world)
    return {
        text(row, "cm_case_id"): Listed(
            facilities[text(row, "encounter_id")],
            day,
            "closed_before_opened" if (_day(row, "closed_at") or day) < day else (1.0, 1.0),
        )
        for row in world.hospital.cm_cases
        if (day := _day(row, "opened_at")) and text(row, "encounter_id") in facilities
    }


def cm_closed(world: World) -> dict[str, Listed]:
    """Cases whose encounter is known, by the day they were closed."""
    facilities, listed = _facilities(world), {}
    for row in world.hospital.cm_cases:
        opened, closed = _day(row, "opened_at"), _day(row, "closed_at")
        if closed is None or text(row, "encounter_id") not in facilities:
            continue
        reason = "no_opening_date" if opened is None else "closed_before_opened" if closed < opened else ""
        listed[text(row, "cm_case_id")] = Listed(facilities[text(row, "encounter_id")], closed, reason or (1.0, 1.0))
    return listed


def cm_open(*, age: bool = False) -> Oracle:
    """Cases open at the end of a month, one or their age in days."""

    def listed(world: World) -> dict[str, Listed]:
        facilities, found = _facilities(world), {}
        for row in world.hospital.cm_cases:
            opened, closed = _day(row, "opened_at"), _day(row, "closed_at")
            facility = facilities.get(text(row, "encounter_id"))
            if opened is None or facility is None:
                continue
            for last in month_ends(opened, world.options.complete_through[facility]):
                if closed is None or closed > last:
                    number = float((last - opened).days) if age else 1.0
                    found[f"{text(row, 'cm_case_id')}|{last}"] = Listed(facility, last, (number, 1.0))
        return found

    return listed


def month_ends(first: date, through: date) -> list[date]:
    """The last days of the months from that of `first` on, up to and including `through`."""
    ends, day = [], first.replace(day=1)
    while True:
        following = (day + timedelta(days=31)).replace(day=1)
        if following - timedelta(days=1) > through:
            return ends
        ends.append(following - timedelta(days=1))
        day = following


def follow_ups(*, on_time: bool) -> Oracle:
    """Tasks by their due day: done by the due moment, or within seven days of the due day."""

    def listed(world: World) -> dict[str, Listed]:
        facilities = _facilities(world)
        of_case = {
            text(row, "cm_case_id"): facilities[text(row, "encounter_id")]
            for row in world.hospital.cm_cases
            if text(row, "encounter_id") in facilities
        }
        return {
            text(row, "task_id"): Listed(of_case[text(row, "cm_case_id")], due, (float(is_done(row, due)), 1.0))
            for row in world.hospital.cm_tasks
            if (due := _day(row, "due_at")) and text(row, "cm_case_id") in of_case
        }

    def is_done(row: Row, due: date) -> bool:
        done = _day(row, "done_at")
        if done is None:
            return False
        if not on_time:
            return done <= due + timedelta(days=7)
        if has_time(text(row, "due_at")) and has_time(text(row, "done_at")):
            return text(row, "done_at") <= text(row, "due_at")
        return done <= due

    return listed


def _denials_of(world: World) -> list[tuple[Stay, Row]]:
    """Each denial of an ended acute stay, with the stay."""
    by_encounter = {encounter_id: stay for stay in world.stays for encounter_id in measures.ids(stay)}
    newest = {text(row, "denial_id"): row for row in world.hospital.denials}
    return [
        (by_encounter[text(row, "encounter_id")], row)
        for row in newest.values()
        if text(row, "encounter_id") in by_encounter
    ]


def denied_usd(world: World) -> dict[str, Listed]:
    """Dollars of the denials dated within 60 days of the discharge."""
    rows = _denials_of(world)
    listed = {}
    for stay in ended(world.stays):
        last = stay.discharged_on + timedelta(days=60)
        own = [row for of, row in rows if of is stay and (day := _day(row, "denied_on")) and day <= last]
        unknown = any(not text(row, "denied_amount") for row in own)
        case = "amount_unknown" if unknown else (sum(float(text(row, "denied_amount")) for row in own), 1.0)
        listed[stay.stay_id] = Listed(stay.facility_id, stay.discharged_on, case)
    return listed


def appealed(world: World) -> dict[str, Listed]:
    """Denials by their day: appealed within 60 days."""
    listed = {}
    for stay, row in _denials_of(world):
        day, appeal = _day(row, "denied_on"), _day(row, "appealed_on")
        if day:
            case = (float(appeal is not None and appeal <= day + timedelta(days=60)), 1.0)
            listed[text(row, "denial_id")] = Listed(stay.facility_id, day, case)
    return listed


def overturned(world: World) -> dict[str, Listed]:
    """Appeals by their day: overturned within 180 days."""
    listed = {}
    for stay, row in _denials_of(world):
        day, decided = _day(row, "appealed_on"), _day(row, "decided_on")
        if day:
            won = text(row, "outcome").lower() == "overturned" and decided is not None
            case = (float(won and decided is not None and decided <= day + timedelta(days=180)), 1.0)
            listed[text(row, "denial_id")] = Listed(stay.facility_id, day, case)
    return listed


def peer_to_peer_held(world: World) -> dict[str, Listed]:
    """Denials by their day: a peer-to-peer no later than 30 days after."""
    listed = {}
    for stay, row in _denials_of(world):
        day, spoke = _day(row, "denied_on"), _day(row, "peer_to_peer_on")
        if day:
            case = (float(spoke is not None and (spoke - day).days <= 30), 1.0)
            listed[text(row, "denial_id")] = Listed(stay.facility_id, day, case)
    return listed


def peer_to_peer_won(world: World) -> dict[str, Listed]:
    """Peer-to-peers by their day: overturned, out of those whose outcome is known."""
    numerators = {"overturned": 1.0, "upheld": 0.0, "open": 0.0}
    listed = {}
    for stay, row in _denials_of(world):
        outcome = text(row, "peer_to_peer_outcome").lower()
        if spoke := _day(row, "peer_to_peer_on"):
            case = (numerators[outcome], 1.0) if outcome in numerators else "outcome_unknown"
            listed[text(row, "denial_id")] = Listed(stay.facility_id, spoke, case)
    return listed


def changed_to_outpatient(world: World) -> dict[str, Listed]:
    """Ended acute stays, and other ended encounters with condition code 44; those with it are changed."""

    def codes_of(row: Row) -> list[str]:
        return "".join(one if one.isalnum() else " " for one in text(row, "condition_codes")).split()

    codes = {text(row, "encounter_id"): codes_of(row) for row in newest_versions(world.hospital.encounters)}
    listed = {}
    for stay in ended(world.stays):
        changed = any("44" in codes.get(encounter_id, []) for encounter_id in measures.ids(stay))
        listed[f"stay {stay.stay_id}"] = Listed(stay.facility_id, stay.discharged_on, (float(changed), 1.0))
    facilities = _facilities(world)
    for row in newest_versions(world.hospital.encounters):
        encounter_id, ends = text(row, "encounter_id"), _day(row, "discharged_at")
        is_other = text(row, "encounter_type") != "acute inpatient" and encounter_id in facilities
        if is_other and ends and "44" in codes[encounter_id]:
            day = _local_day(world, row, ends)
            listed[f"changed {encounter_id}"] = Listed(facilities[encounter_id], day, (1.0, 1.0))
    return listed


def _local_day(world: World, row: Row, written: date) -> date:
    """The day of the discharge on the facility's clock."""
    at = local_moment(text(row, "discharged_at"), world.options.zone(text(row, "facility_id")))
    return written if at is None else at.date()


def _observations(world: World) -> list[tuple[Row, datetime, datetime]]:
    """Ended observation encounters that can be used, with beginning and end on the wall clock."""
    facilities, found = _facilities(world), []
    for row in newest_versions(world.hospital.encounters):
        if text(row, "encounter_type") != "observation" or text(row, "encounter_id") not in facilities:
            continue
        zone = world.options.zone(text(row, "facility_id"))
        begins, ends = (local_moment(text(row, column), zone) for column in ("admitted_at", "discharged_at"))
        if begins is not None and ends is not None:
            found.append((row, begins, ends))
    return found


def observation_share(world: World) -> dict[str, Listed]:
    """Ended acute stays and ended observation encounters."""
    listed = {
        f"stay {stay.stay_id}": Listed(stay.facility_id, stay.discharged_on, (0.0, 1.0)) for stay in ended(world.stays)
    }
    for row, _, ends in _observations(world):
        listed[f"observation {text(row, 'encounter_id')}"] = Listed(text(row, "facility_id"), ends.date(), (1.0, 1.0))
    return listed


def observation(over: float | None = None) -> Oracle:
    """Hours of each observation encounter, or whether they are more than so many."""

    def listed(world: World) -> dict[str, Listed]:
        found = {}
        for row, begins, ends in _observations(world):
            zone = world.options.zone(text(row, "facility_id"))
            elapsed = ends.replace(tzinfo=zone).astimezone(UTC) - begins.replace(tzinfo=zone).astimezone(UTC)
            hours = elapsed.total_seconds() / 3600
            timed = has_time(text(row, "admitted_at")) and has_time(text(row, "discharged_at"))
            number = hours if over is None else float(hours > over)
            found[text(row, "encounter_id")] = Listed(
                text(row, "facility_id"), ends.date(), (number, 1.0) if timed else "no_time"
            )
        return found

    return listed


def overtime(world: World) -> dict[str, Listed]:
    """Overtime and paid hours of each unit-day on which anybody was paid."""
    days: dict[tuple[str, str, str], list[Row]] = {}
    for row in {tuple(sorted(row.items())): row for row in world.hospital.staffing}.values():
        if float(text(row, "paid_hours") or 0) > 0:
            key = (text(row, "facility_id"), text(row, "unit_id"), text(row, "shift_on"))
            days.setdefault(key, []).append(row)
    listed = {}
    for key, rows in days.items():
        known = all(text(row, "overtime_hours") for row in rows)
        sums = tuple(sum(float(text(row, column) or 0) for row in rows) for column in ("overtime_hours", "paid_hours"))
        listed["|".join(key)] = Listed(
            key[0], date.fromisoformat(key[2]), (sums[0], sums[1]) if known else "overtime_unknown"
        )
    return listed


def reopened(world: World) -> dict[str, Listed]:
    """Closed cases: another of the same stay was opened later than this one, from its closing to 30 days on."""
    stay_of = {encounter_id: stay.stay_id for stay in world.stays for encounter_id in measures.ids(stay)}
    facilities, listed = _facilities(world), {}
    known = [row for row in world.hospital.cm_cases if text(row, "encounter_id") in facilities]
    for row in known:
        opened, closed, encounter_id = _day(row, "opened_at"), _day(row, "closed_at"), text(row, "encounter_id")
        if closed is None:
            continue
        again = False
        for other in known:
            same = stay_of.get(text(other, "encounter_id"), text(other, "encounter_id")) == stay_of.get(
                encounter_id, encounter_id
            )
            day = _day(other, "opened_at")
            if same and other is not row and day and opened and day > opened:
                again = again or closed <= day <= closed + timedelta(days=30)
        reason = "no_opening_date" if opened is None else "closed_before_opened" if closed < opened else ""
        listed[text(row, "cm_case_id")] = Listed(facilities[encounter_id], closed, reason or (float(again), 1.0))
    return listed


def _utc(world: World, facility: str, at: datetime) -> datetime:
    return at.replace(tzinfo=world.options.zone(facility)).astimezone(UTC)


def _hours_between(world: World, facility: str, begins: datetime, ends: datetime) -> float:
    return (_utc(world, facility, ends) - _utc(world, facility, begins)).total_seconds() / 3600


def hours_to_assessment(world: World) -> dict[str, Listed]:
    """All stays: hours to the first assessment, or to discharge or 72 hours without one."""
    listed = {}
    for stay in world.stays:
        zone = world.options.zone(stay.facility_id)
        own = [row for row in world.hospital.cm_cases if text(row, "encounter_id") in measures.ids(stay)]
        texts = [text(row, "first_assessed_at") for row in own if text(row, "first_assessed_at")]
        timed = [local_moment(value, zone) for value in texts if has_time(value)]
        hours = [
            max(0.0, _hours_between(world, stay.facility_id, stay.admitted_at, at)) for at in timed if at is not None
        ]
        watched = 72.0
        if stay.discharged_at is not None and stay.has_discharge_time:
            stayed = _hours_between(world, stay.facility_id, stay.admitted_at, stay.discharged_at)
            watched = min(72.0, max(0.0, stayed))
        soon = stay.admitted_on + timedelta(days=3)
        case: tuple[float, float] | str = (watched, 0.0)
        if hours and min(hours) <= watched:
            case = (min(hours), 1.0)
        if not stay.has_admission_time:
            case = "no_admission_time"
        elif not hours and any(date.fromisoformat(value[:10]) <= soon for value in texts):
            case = "no_assessment_time"
        elif (
            not stay.is_open
            and not stay.has_discharge_time
            and stay.discharged_on <= soon
            and not (hours and min(hours) <= 72)
        ):
            case = "no_discharge_time"
        listed[stay.stay_id] = Listed(stay.facility_id, stay.admitted_on, case)
    return listed


def _is_medicare(row: Row) -> bool:
    return "medicare" in text(row, "payer").lower()


def _notices(world: World, kind: str, encounter_ids: list[str]) -> list[str]:
    return [
        text(row, "delivered_at")
        for row in world.hospital.notices
        if text(row, "notice_type").lower() == kind and text(row, "encounter_id") in encounter_ids
    ]


def message_first(world: World) -> dict[str, Listed]:
    """Medicare stays by admission: an IM from seven days before to two days after."""
    listed = {}
    for stay in world.stays:
        if any(map(_is_medicare, stay.members)):
            days = [
                (date.fromisoformat(at[:10]) - stay.admitted_on).days
                for at in _notices(world, "im", measures.ids(stay))
            ]
            case = (float(any(-7 <= day <= 2 for day in days)), 1.0)
            listed[stay.stay_id] = Listed(stay.facility_id, stay.admitted_on, case)
    return listed


def message_again(world: World) -> dict[str, Listed]:
    """Medicare stays by discharge: a copy in the two days before, four hours before leaving."""
    moved = is_transferred_out(world)

    def in_time(stay: Stay, at: str) -> bool:
        if not 0 <= (stay.discharged_on - date.fromisoformat(at[:10])).days <= 2:
            return False
        if not (has_time(at) and stay.has_discharge_time):
            return True
        assert stay.discharged_at is not None
        return _hours_between(world, stay.facility_id, datetime.fromisoformat(at), stay.discharged_at) >= 4

    listed = {}
    for stay in ended(world.stays):
        if not any(map(_is_medicare, stay.members)):
            continue
        own = measures.ids(stay)
        first = [(stay.discharged_on - date.fromisoformat(at[:10])).days for at in _notices(world, "im", own)]
        case: tuple[float, float] | str = (
            float(any(in_time(stay, at) for at in _notices(world, "im follow-up", own))),
            1.0,
        )
        if stay.disposition in DIED:
            case = "died"
        elif stay.stay_id in moved:
            case = "acute_transfer_out"
        elif stay.disposition == "07":
            case = "ama"
        elif any(day <= 2 for day in first):
            case = "first_notice_recent"
        listed[stay.stay_id] = Listed(stay.facility_id, stay.discharged_on, case)
    return listed


def observation_notice(world: World) -> dict[str, Listed]:
    """Medicare observation over 24 hours by its end: a MOON within 36 hours of its beginning."""
    listed = {}
    for row, begins, ends in _observations(world):
        facility, encounter_id = text(row, "facility_id"), text(row, "encounter_id")
        timed = has_time(text(row, "admitted_at")) and has_time(text(row, "discharged_at"))
        long = _hours_between(world, facility, begins, ends) > 24 if timed else ends.date() > begins.date()
        if not (long and _is_medicare(row)):
            continue
        told = _notices(world, "moon", [encounter_id])
        hours = [_hours_between(world, facility, begins, datetime.fromisoformat(at)) for at in told if has_time(at)]
        days = [(date.fromisoformat(at) - begins.date()).days for at in told if not has_time(at)]
        case: tuple[float, float] | str = (0.0, 1.0)
        if any(hour <= 36 for hour in hours) or any(day <= 0 for day in days):
            case = (1.0, 1.0)
        elif days and 1 <= min(days) <= 2:
            case = "no_notice_time"
        listed[encounter_id] = Listed(facility, ends.date(), case if timed else "no_time")
    return listed


def reviews_on_time(world: World) -> dict[str, Listed]:
    """Reviews by their due day: done by the due moment, or by the due day where a time is missing."""
    facilities, listed = _facilities(world), {}
    for row in world.hospital.reviews:
        due, done = text(row, "due_at"), text(row, "done_at")
        if not due or text(row, "encounter_id") not in facilities:
            continue
        timed = has_time(due) and has_time(done)
        in_time = bool(done) and (done <= due if timed else done[:10] <= due[:10])
        listed[text(row, "review_id")] = Listed(
            facilities[text(row, "encounter_id")], date.fromisoformat(due[:10]), (float(in_time), 1.0)
        )
    return listed


HOME = ("01", "06", "81", "86")


def contact_after_discharge(world: World) -> dict[str, Listed]:
    """Stays discharged home: a call or contact by the end of the second day that is no weekend."""
    moved, listed = is_transferred_out(world), {}
    following = {found.stay.stay_id: found for found in judge_readmissions(world.stays, SMALL, world.options)}
    for stay in ended(world.stays):
        if stay.disposition not in HOME:
            continue
        last, left = stay.discharged_on, 2
        while left:
            last += timedelta(days=1)
            left -= last.weekday() < 5
        own = [
            text(row, "cm_case_id")
            for row in world.hospital.cm_cases
            if text(row, "encounter_id") in measures.ids(stay)
        ]
        done = [
            day
            for row in world.hospital.cm_tasks
            if text(row, "cm_case_id") in own and "post-discharge" in text(row, "task_type").lower()
            if (day := _day(row, "done_at"))
        ]
        reached = any(stay.discharged_on <= day <= last for day in done)
        then = following[stay.stay_id].next_stay
        back = then is not None and then.admitted_on <= last
        case = "returned_first" if back and not reached else (float(reached), 1.0)
        case = "acute_transfer_out" if stay.stay_id in moved else case
        listed[stay.stay_id] = Listed(stay.facility_id, stay.discharged_on, case)
    return listed


def visit_after_discharge(days: int) -> Oracle:
    """Stays discharged home: an outpatient encounter from one to so many days after."""

    def listed(world: World) -> dict[str, Listed]:
        facilities, moved, found = _facilities(world), is_transferred_out(world), {}
        following = {one.stay.stay_id: one for one in judge_readmissions(world.stays, SMALL, world.options)}
        visits = [
            (text(row, "person_id"), day)
            for row in newest_versions(world.hospital.encounters)
            if text(row, "encounter_type") == "outpatient" and text(row, "encounter_id") in facilities
            if (day := _day(row, "admitted_at"))
        ]
        for stay in ended(world.stays):
            if stay.disposition not in HOME:
                continue
            own = [day for who, day in visits if who == stay.person_id and 1 <= (day - stay.discharged_on).days <= days]
            then = following[stay.stay_id].next_stay
            back = then is not None and (then.admitted_on - stay.discharged_on).days <= days
            first = back and then is not None and (not own or then.admitted_on < min(own))
            case = "returned_first" if first else (float(bool(own)), 1.0)
            case = "acute_transfer_out" if stay.stay_id in moved else case
            found[stay.stay_id] = Listed(stay.facility_id, stay.discharged_on, case)
        return found

    return listed


def caseload_quotient(world: World) -> dict[str, Listed]:
    """Unit-days: patients per case manager."""
    return {
        key: Listed(
            one.facility_id, one.on, one.case if isinstance(one.case, str) else (one.case[0] / one.case[1], 1.0)
        )
        for key, one in caseload(world).items()
    }


def hours_per_discharge(world: World) -> dict[str, Listed]:
    """Discharges that cost no hours, and unit-days of hours that discharge nobody."""
    listed = {
        f"stay {stay.stay_id}": Listed(stay.facility_id, stay.discharged_on, (0.0, 1.0)) for stay in ended(world.stays)
    }
    for row in {tuple(sorted(row.items())): row for row in world.hospital.staffing}.values():
        if text(row, "paid_hours"):
            key = "shifts " + "|".join(text(row, column) for column in ("facility_id", "unit_id", "shift_on"))
            before = listed.get(key)
            hours = float(text(row, "paid_hours")) + (
                before.case[0] if before and not isinstance(before.case, str) else 0
            )
            listed[key] = Listed(text(row, "facility_id"), date.fromisoformat(text(row, "shift_on")), (hours, 0.0))
    return listed


def _last_shifts(world: World) -> dict[str, tuple[str, date]]:
    """case manager → facility and day of the last shift."""
    found: dict[str, tuple[str, date]] = {}
    for row in world.hospital.staffing:
        day, person = date.fromisoformat(text(row, "shift_on")), text(row, "case_manager_id")
        if person not in found or day > found[person][1]:
            found[person] = (text(row, "facility_id"), day)
    return found


def training(*, overdue: bool) -> Oracle:
    """Courses by their due day, or at the ends of the months of the year after it."""

    def listed(world: World) -> dict[str, Listed]:
        facilities, found = _last_shifts(world), {}
        for row in world.hospital.training:
            person, due, done = text(row, "case_manager_id"), _day(row, "due_on"), _day(row, "completed_on")
            if person not in facilities or due is None:
                continue
            facility = facilities[person][0]
            through = world.options.complete_through[facility]
            key = f"{person}|{text(row, 'course')}|{due}"
            if not overdue and due <= through:
                found[key] = Listed(facility, due, (float(done is not None and done <= due), 1.0))
            for last in month_ends(due, through) if overdue else ():
                if (last.year - due.year) * 12 + last.month - due.month < 12:
                    found[f"{key}|{last}"] = Listed(facility, last, (float(done is None or done > last), 1.0))
        return found

    return listed


def licences(first: int, last: int) -> Oracle:
    """Licences at the end of the last whole month: expiring from `first` to `last` days after it."""

    def listed(world: World) -> dict[str, Listed]:
        found = {}
        for row in world.hospital.licences:
            person, expires = text(row, "case_manager_id"), _day(row, "expires_on")
            if expires is None or person not in _last_shifts(world):
                continue
            facility, shift = _last_shifts(world)[person]
            end = month_ends(date(2020, 1, 1), world.options.complete_through[facility])[-1]
            if (end.year - shift.year) * 12 + end.month - shift.month < 12:
                on = float(first <= (expires - end).days <= last)
                found[f"{person}|{text(row, 'licence')}"] = Listed(facility, end, (on, 1.0))
        return found

    return listed


def denials_received(*, lost: bool) -> Oracle:
    """Denials by their day: the dollars, or those not overturned within a year out of them."""

    def listed(world: World) -> dict[str, Listed]:
        found = {}
        for stay, row in _denials_of(world):
            day, amount = _day(row, "denied_on"), text(row, "denied_amount")
            if day is None:
                continue
            usd = float(amount or 0)
            decided = _day(row, "decided_on")
            won = text(row, "outcome").lower() == "overturned" and decided is not None
            won = won and decided is not None and decided <= day + timedelta(days=365)
            case = (0.0 if won else usd, usd) if lost else (usd, 1.0)
            found[text(row, "denial_id")] = Listed(stay.facility_id, day, case if amount else "amount_unknown")
        return found

    return listed


def observation_to_inpatient(world: World) -> dict[str, Listed]:
    """Ended observation: an acute stay of the person there begins that day or the next."""
    listed = {}
    for row, _, ends in _observations(world):
        after = any(
            stay.person_id == text(row, "person_id")
            and stay.facility_id == text(row, "facility_id")
            and 0 <= (stay.admitted_on - ends.date()).days <= 1
            for stay in world.stays
        )
        listed[text(row, "encounter_id")] = Listed(text(row, "facility_id"), ends.date(), (float(after), 1.0))
    return listed


def waits_documented(world: World) -> dict[str, Listed]:
    """Stays more than two days beyond the geometric mean of their DRG: any avoidable day. A stay that may be one of
    them and whose DRG says nothing is set aside."""
    found = avoidable_days(world)
    listed = {}
    for stay in ended(world.stays):
        drg = measures.drg_of(stay)
        expected = GMLOS.get(drg)
        if expected is None:
            if stay.length_of_stay_days > 3:
                reason = "unknown_drg" if drg else "missing_drg"
                listed[stay.stay_id] = Listed(stay.facility_id, stay.discharged_on, reason)
        elif stay.length_of_stay_days > expected + 2:
            days = found[stay.stay_id].case
            assert not isinstance(days, str)
            listed[stay.stay_id] = Listed(stay.facility_id, stay.discharged_on, (float(days[0] > 0), 1.0))
    return listed


@dataclass
class _Episode:
    episode_id: str
    facility_id: str
    begins: date
    ends: date | None
    disposition: str
    born: str
    stay: Stay | None


def _episodes(world: World) -> dict[str, list[_Episode]]:
    """person → acute stays and observation encounters that can be used, in order of their beginning."""
    facilities = _facilities(world)
    found: dict[str, list[_Episode]] = {}
    for stay in world.stays:
        ends = None if stay.is_open else stay.discharged_on
        born = text(stay.members[0], "birth_date")
        one = _Episode(stay.stay_id, stay.facility_id, stay.admitted_on, ends, stay.disposition, born, stay)
        found.setdefault(stay.person_id, []).append(one)
    for row in newest_versions(world.hospital.encounters):
        if text(row, "encounter_type") == "observation" and text(row, "encounter_id") in facilities:
            begins = date.fromisoformat(text(row, "admitted_at")[:10])
            code = text(row, "discharge_disposition_code")
            one = _Episode(
                text(row, "encounter_id"), text(row, "facility_id"), begins, _day(row, "discharged_at"), code,
                text(row, "birth_date"), None,
            )  # fmt: skip
            found.setdefault(text(row, "person_id"), []).append(one)
    for episodes in found.values():
        episodes.sort(key=lambda one: (one.begins, one.ends or date.max, one.episode_id))
    return found


def plan_returns(world: World) -> dict[str, Listed]:
    """Stays and observation of a person, those a day apart joined; the next one within 30 days is a return."""
    listed = {}
    for episodes in _episodes(world).values():
        spells: list[list[_Episode]] = []
        for one in episodes:
            latest = max((other.ends or date.max for other in spells[-1]), default=date.min) if spells else date.min
            if spells and (latest == date.max or (one.begins - latest).days <= 1):
                spells[-1].append(one)
            else:
                spells.append([one])
        for number, spell in enumerate(spells):
            last = max(spell, key=lambda one: (one.ends or date.max, one.begins, one.episode_id))
            after = spells[number + 1][0] if number + 1 < len(spells) else None
            for one in spell:
                if one.ends is not None:
                    case = "combined_with_next" if one is not last else _plan_case(spell, last, after)
                    listed[one.episode_id] = Listed(one.facility_id, one.ends, case)
    return listed


def _plan_case(spell: list[_Episode], last: _Episode, after: _Episode | None) -> tuple[float, float] | str:
    assert last.ends is not None
    back = after is not None and (after.begins - last.ends).days <= 30
    first = spell[0].begins
    if last.disposition in DIED:
        return "died"
    if first == last.ends:
        return "same_day"
    if not last.born:
        return "age_unknown"
    born = date.fromisoformat(last.born)
    if (first.year - born.year) - ((first.month, first.day) < (born.month, born.day)) < 18:
        return "under_18"
    if back and after is not None and after.stay is not None and planned_rule(after.stay, SMALL) is not None:
        return "planned_return"
    return float(back), 1.0


def spending(world: World) -> dict[str, Listed]:
    """Accounts of a month, on its last day."""
    listed = {}
    for row in world.hospital.budget:
        first = date.fromisoformat(f"{text(row, 'month')}-01")
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        planned, spent = text(row, "budget_usd"), text(row, "actual_usd")
        case = (float(spent), float(planned)) if planned and spent else "amount_unknown"
        key = "|".join((text(row, "facility_id"), str(first), text(row, "account")))
        listed[key] = Listed(text(row, "facility_id"), last, case)
    return listed


def survey(item: str) -> Oracle:
    """The answers to one question, the best first, on the last day of their month."""

    def listed(world: World) -> dict[str, Listed]:
        found = {}
        for row in world.hospital.surveys:
            if text(row, "item").lower() != item:
                continue
            first = date.fromisoformat(f"{text(row, 'month')}-01")
            last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
            facility, key = text(row, "facility_id"), f"{text(row, 'facility_id')}|{first}|{item}"
            n, best = (
                int(text(row, name)) if text(row, name).isdigit() else None for name in ("n_answers", "n_top_box")
            )
            if n is None or best is None:
                found[f"{key}|0"] = Listed(facility, last, "no_result")
                continue
            for number in range(1, n + 1):
                found[f"{key}|{number}"] = Listed(facility, last, (float(number <= best), 1.0))
        return found

    return listed


def part_cost(column: str) -> Oracle:
    """The sum of a part of the cost over the stay's encounters; unknown if any is."""

    def listed(world: World) -> dict[str, Listed]:
        found = {}
        for stay in ended(world.stays):
            parts = [text(member, column) for member in stay.members]
            total = sum(float(part) for part in parts if part)
            case: tuple[float, float] | str = "negative_cost" if total < 0 else (total, 1.0)
            found[stay.stay_id] = Listed(
                stay.facility_id, stay.discharged_on, case if all(float(part or 0) for part in parts) else "not_costed"
            )
        return found

    return listed


def with_followup(listed: Mapping[str, Listed], options: Options, *, matures_after_days: int) -> dict[str, Listed]:
    """The cases with those set aside whose follow-up is not over; other exclusions come first."""
    cases = measures.with_followup(
        {case_id: one.case for case_id, one in listed.items()},
        {case_id: (one.facility_id, one.on) for case_id, one in listed.items()},
        options,
        matures_after_days=matures_after_days,
    )
    return {case_id: Listed(one.facility_id, one.on, cases[case_id]) for case_id, one in listed.items()}
