"""A naive second opinion on stays and 30-day readmissions: loops and dictionaries, written from the rules' text.

It shares no code and no idea with `sql/`; slow and plain on purpose. The other measures are in `oracle_measures`.
Rows are dictionaries with the canonical column names; every value is text, absent values are "" or missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.support.value_sets import SMALL, ValueSets

Row = Mapping[str, str | None]

VALID_DISPOSITIONS = frozenset(
    re.findall(
        r"\d+",
        "00 01 02 03 04 05 06 07 08 09 20 21 30 40 41 42 43 50 51 61 62 63 64 65 66 69 70 71 72 81 82 83 84 85 86 87"
        " 88 89 90 91 92 93 94 95",
    )
)
DIED = frozenset({"20", "40", "41", "42"})
ACUTE_TRANSFER = frozenset({"02", "05", "43", "66", "82", "85", "88", "94"})


@dataclass(frozen=True)
class Options:
    """What the landing folder declares: the watermark and time zone of each facility, and two policies."""

    complete_through: Mapping[str, date]
    disposition_required: bool = True
    time_zones: Mapping[str, str] = field(default_factory=dict)
    default_time_zone: str = "America/New_York"
    lost_discharge_after_days: int = 120

    def zone(self, facility_id: str) -> ZoneInfo:
        """The clock on the wall of a facility."""
        return ZoneInfo(self.time_zones.get(facility_id, self.default_time_zone))


@dataclass
class Stay:
    """Encounters that are one continuous stay; the first is its name and diagnosis, and with what its interim bills are
    followed by its procedures.

    An open stay (discharged_at None: the patient is in the house, or is_lost: the discharge must have been forgotten)
    stands alone. It may be a return, or show that another stay ended in a transfer; it is in no discharge measure. A
    stay whose last row says "still a patient" is open too; billed_through is the day of that row. last_code: the
    disposition of the last row to leave, where a death in another row is the stay's. twins: ids of encounters that are
    one of its own under another number; what hangs on them hangs on the stay.
    """

    members: list[Row]
    person_id: str
    facility_id: str
    admitted_at: datetime
    discharged_at: datetime | None
    has_admission_time: bool
    has_discharge_time: bool
    disposition: str
    diagnosis: str
    ccs: int | None
    procedures: list[str]
    last_code: str = ""
    is_lost: bool = False
    billed_through: date | None = None
    twins: list[str] = field(default_factory=list)

    @property
    def stay_id(self) -> str:
        """The id of the first encounter."""
        return text(self.members[0], "encounter_id")

    @property
    def admitted_on(self) -> date:
        """Local calendar day of admission."""
        return self.admitted_at.date()

    @property
    def is_open(self) -> bool:
        """True while the patient is in the house."""
        return self.discharged_at is None

    @property
    def discharged_on(self) -> date:
        """Local calendar day of discharge; an open stay has none, and asking is an error."""
        assert self.discharged_at is not None
        return self.discharged_at.date()

    @property
    def last_day(self) -> date:
        """The day of the discharge, or through which an open stay was billed."""
        return self.billed_through or self.discharged_on

    @property
    def length_of_stay_days(self) -> int:
        """Calendar days; a same-day stay is one day."""
        return max(1, (self.discharged_on - self.admitted_on).days)


@dataclass(frozen=True)
class Judgement:
    """What the rules say about one stay as an index, and about what followed it."""

    stay: Stay
    exclusion_reason: str | None
    next_stay: Stay | None
    days_to_return: int | None
    is_return_within_30_days: bool
    planned_rule_of_return: str | None
    numerator: int
    planned_rule: str | None
    cohort: str
    is_transferred_out: bool

    @property
    def is_index(self) -> bool:
        """True when the stay is in the denominator."""
        return self.exclusion_reason is None


def text(row: Row, column: str) -> str:
    """The value as text, "" when absent."""
    return (row.get(column) or "").strip()


def local_moment(value: str, zone: ZoneInfo) -> datetime | None:
    """A date or timestamp as the facility's wall clock shows it (naive); without an offset it is local already."""
    if not value:
        return None
    moment = datetime.fromisoformat(value)
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment


def has_time(value: str) -> bool:
    """False for a bare date, which is a whole day and not its midnight."""
    return len(value) > len("2025-01-01")


def newest_versions(rows: Iterable[Row]) -> list[Row]:
    """One row per encounter_id: of a re-sent encounter, the version updated last."""
    newest: dict[str, Row] = {}
    for row in rows:
        known = newest.get(text(row, "encounter_id"))
        if known is None or text(row, "updated_at") > text(known, "updated_at"):
            newest[text(row, "encounter_id")] = row
    return [newest[encounter_id] for encounter_id in sorted(newest)]


def judge_rows(rows: Sequence[Row], options: Options, sets: ValueSets = SMALL) -> dict[str, str]:
    """encounter_id → acute, not_acute_inpatient, in_house, after_death or `invalid:…`; the first fault in the fixed
    order wins."""
    organ_donors = after_death(rows, options, sets)
    statuses: dict[str, str] = {}
    seen: set[tuple[str, str, datetime, datetime]] = set()
    for row in newest_versions(rows):
        facility = text(row, "facility_id")
        admitted = local_moment(text(row, "admitted_at"), options.zone(facility))
        discharged = local_moment(text(row, "discharged_at"), options.zone(facility))
        if not text(row, "person_id"):
            status = "invalid:missing_person_id"
        elif text(row, "encounter_type") != "acute inpatient":
            status = "not_acute_inpatient"
        elif admitted is None:
            status = "invalid:missing_admit_date"
        elif discharged is None:
            open_days = (options.complete_through[facility] - admitted.date()).days
            lost = open_days > options.lost_discharge_after_days
            status = "invalid:missing_discharge_date" if lost else "in_house"
        elif text(row, "encounter_id") in organ_donors:
            status = "after_death"
        elif discharged.date() < admitted.date():
            status = "invalid:discharge_before_admit"
        elif (key := (text(row, "person_id"), facility, admitted, discharged)) in seen:
            status = "invalid:duplicate_stay"
        else:
            seen.add(key)
            status = "acute"
        statuses[text(row, "encounter_id")] = status
    return statuses


def after_death(rows: Sequence[Row], options: Options, sets: ValueSets) -> set[str]:
    """Encounters that begin after their person's first death, on that day or the next, for another condition or
    elsewhere, and that end in death or nobody knows how."""
    acute = [row for row in newest_versions(rows) if text(row, "encounter_type") == "acute inpatient"]
    times = {}
    for row in acute:
        zone = options.zone(text(row, "facility_id"))
        begins, ends = (local_moment(text(row, column), zone) for column in ("admitted_at", "discharged_at"))
        if begins is not None and text(row, "person_id") and (ends is None or ends.date() >= begins.date()):
            times[text(row, "encounter_id")] = (begins, ends)
    acute = [row for row in acute if text(row, "encounter_id") in times]
    found = set()
    for person in {text(row, "person_id") for row in acute}:
        own = [row for row in acute if text(row, "person_id") == person]
        deaths = [
            (times[name][1], times[name][0], name, row)
            for row in own
            if text(row, "discharge_disposition_code") in DIED and times[name := text(row, "encounter_id")][1]
        ]
        if not deaths:
            continue
        died_at, _, death_id, death = min(deaths, key=lambda one: (one[0].date(), *one[1:3]))
        assert died_at is not None
        for row in own:
            begins = times[text(row, "encounter_id")][0]
            if not has_time(text(row, "admitted_at")):
                begins = datetime.combine(begins.date(), datetime.max.time())
            same = text(row, "facility_id") == text(death, "facility_id") and sets.diagnosis_ccs.get(
                text(row, "primary_diagnosis_code")
            ) == sets.diagnosis_ccs.get(text(death, "primary_diagnosis_code"))
            is_after = begins >= died_at and (begins.date() - died_at.date()).days <= 1
            ends_so = text(row, "discharge_disposition_code") in DIED | {""}
            if text(row, "encounter_id") != death_id and is_after and ends_so and not same:
                found.add(text(row, "encounter_id"))
    return found


def build_stays(rows: Sequence[Row], procedures: Iterable[Row], sets: ValueSets, options: Options) -> list[Stay]:
    """Joins acute encounters that overlap, or follow on the same day for the same condition, at one facility.

    Open stays are in the list too, each by itself.
    """
    statuses = judge_rows(rows, options, sets)
    codes: dict[str, list[str]] = {}
    for procedure in procedures:
        codes.setdefault(text(procedure, "encounter_id"), []).append(text(procedure, "procedure_code"))
    singles = [
        _stay_of_one(row, codes, sets, options)
        for row in newest_versions(rows)
        if statuses[text(row, "encounter_id")] in ("acute", "in_house", "invalid:missing_discharge_date")
    ]
    so_far: dict[tuple[str, str], Stay] = {}
    stays: list[Stay] = []
    for single in sorted(singles, key=in_order):
        at = (single.person_id, single.facility_id)
        current = so_far.get(at)
        if single.is_open:
            stays.append(single)
        elif current is not None and _continues(current, single):
            _extend(current, single)
        else:
            so_far[at] = single
            stays.append(single)
    for stay in stays:
        _mark_open(stay, options)
    own = {_times(member, options): stay for stay in stays for member in stay.members}
    for row in newest_versions(rows):
        if statuses[text(row, "encounter_id")] == "invalid:duplicate_stay":
            own[_times(row, options)].twins.append(text(row, "encounter_id"))
    return sorted(stays, key=in_order)


def _times(row: Row, options: Options) -> tuple[str, str, datetime | None, datetime | None]:
    facility = text(row, "facility_id")
    zone = options.zone(facility)
    begins, ends = (local_moment(text(row, column), zone) for column in ("admitted_at", "discharged_at"))
    return text(row, "person_id"), facility, begins, ends


def _mark_open(stay: Stay, options: Options) -> None:
    if stay.disposition == "30" and stay.discharged_at is not None:
        stay.billed_through, stay.discharged_at = stay.discharged_on, None
    last_seen = stay.billed_through or stay.admitted_on
    open_days = (options.complete_through[stay.facility_id] - last_seen).days
    stay.is_lost = stay.is_open and open_days > options.lost_discharge_after_days


def in_order(stay: Stay) -> tuple[datetime, datetime, str]:
    """The order in which a person's stays happen; an open one ends after all others."""
    return stay.admitted_at, stay.discharged_at or datetime.max, stay.stay_id


def _stay_of_one(row: Row, codes: Mapping[str, list[str]], sets: ValueSets, options: Options) -> Stay:
    facility = text(row, "facility_id")
    admitted = local_moment(text(row, "admitted_at"), options.zone(facility))
    discharged = local_moment(text(row, "discharged_at"), options.zone(facility))
    assert admitted is not None
    diagnosis = text(row, "primary_diagnosis_code")
    return Stay(
        members=[row],
        person_id=text(row, "person_id"),
        facility_id=facility,
        admitted_at=admitted,
        discharged_at=discharged,
        has_admission_time=has_time(text(row, "admitted_at")),
        has_discharge_time=has_time(text(row, "discharged_at")),
        disposition=text(row, "discharge_disposition_code"),
        diagnosis=diagnosis,
        ccs=sets.diagnosis_ccs.get(diagnosis),
        procedures=codes.get(text(row, "encounter_id"), []),
        last_code=text(row, "discharge_disposition_code"),
    )


def _continues(current: Stay, following: Stay) -> bool:
    if _overlaps(current, following):
        return True
    if current.last_code == "30" and following.admitted_on <= current.discharged_on + timedelta(days=1):
        return True
    same_condition = current.ccs is not None and current.ccs == following.ccs
    return following.admitted_on == current.discharged_on and same_condition


def _overlaps(current: Stay, following: Stay) -> bool:
    """By the clock where both moments are known, else by the day."""
    assert current.discharged_at is not None
    if current.has_discharge_time and following.has_admission_time:
        return following.admitted_at < current.discharged_at
    return following.admitted_on < current.discharged_on


def _extend(current: Stay, following: Stay) -> None:
    assert current.discharged_at is not None
    assert following.discharged_at is not None
    if all(text(row, "discharge_disposition_code") == "30" for row in current.members):
        current.procedures = [*current.procedures, *following.procedures]
    current.members.extend(following.members)
    if following.discharged_at >= current.discharged_at:
        current.discharged_at = following.discharged_at
        current.has_discharge_time = following.has_discharge_time
        current.last_code = following.disposition
        if current.disposition not in DIED:
            current.disposition = following.disposition
    elif following.disposition in DIED and current.disposition not in DIED:
        current.disposition = following.disposition


def judge_readmissions(stays: Sequence[Stay], sets: ValueSets, options: Options) -> list[Judgement]:
    """Every ended stay as an index: excluded and why, or counted with its first return."""
    judgements = []
    for stay in (one for one in stays if not one.is_open or one.billed_through is not None):
        later = [
            other
            for other in stays
            if other.person_id == stay.person_id
            and in_order(other) > in_order(stay)
            and other.admitted_on >= stay.last_day
        ]
        next_stay = min(later, key=in_order, default=None)
        transferred = _ends_in_transfer(stay, next_stay) or any(_begins_elsewhere(stay, other) for other in stays)
        reason = _exclusion(stay, transferred, sets, options)
        returned = None if transferred else next_stay
        days = (returned.admitted_on - stay.last_day).days if returned else None
        within = days is not None and days <= 30
        rule = planned_rule(returned, sets) if returned else None
        judgements.append(
            Judgement(
                stay=stay,
                exclusion_reason=reason,
                next_stay=returned,
                days_to_return=days,
                is_return_within_30_days=within,
                planned_rule_of_return=rule,
                numerator=int(within and rule is None),
                planned_rule=planned_rule(stay, sets),
                cohort=cohort_of(stay, sets),
                is_transferred_out=transferred,
            )
        )
    return judgements


def ended(stays: Sequence[Stay]) -> list[Stay]:
    """The stays with a discharge."""
    return [stay for stay in stays if not stay.is_open]


def _ends_in_transfer(stay: Stay, next_stay: Stay | None) -> bool:
    if stay.disposition in ACUTE_TRANSFER:
        return True
    if next_stay is None or next_stay.facility_id == stay.facility_id:
        return False
    return (next_stay.admitted_on - stay.last_day).days <= 1


def _begins_elsewhere(stay: Stay, other: Stay) -> bool:
    """The same person is admitted at another hospital before this stay is closed."""
    elsewhere = other.person_id == stay.person_id and other.facility_id != stay.facility_id
    return elsewhere and in_order(other) > in_order(stay) and other.admitted_on < stay.last_day


def _exclusion(stay: Stay, transferred: bool, sets: ValueSets, options: Options) -> str | None:
    last_with_followup = options.complete_through[stay.facility_id] - timedelta(days=30)
    checks = [
        ("missing_disposition", options.disposition_required and not stay.disposition),
        ("invalid_disposition", bool(stay.disposition) and stay.disposition not in VALID_DISPOSITIONS),
        ("died", stay.disposition in DIED),
        ("acute_transfer_out", transferred),
        ("ama", stay.disposition == "07"),
        ("still_patient", stay.disposition == "30"),
        ("missing_principal_dx", not stay.diagnosis),
        ("psychiatric", stay.ccs in sets.psychiatric),
        ("rehabilitation", stay.ccs in sets.rehabilitation),
        ("cancer_medical", stay.ccs in sets.cancer and (stay.ccs == 45 or not _is_surgical(stay, sets))),
        ("insufficient_followup", stay.last_day > last_with_followup),
    ]
    for reason, applies in checks:
        if applies:
            return reason
    return None


def planned_rule(stay: Stay, sets: ValueSets) -> str | None:
    """PR1, PR2 or PR3 when the stay is planned, else None."""
    categories = {sets.procedure_ccs.get(code) for code in stay.procedures}
    if categories & sets.always_planned_procedures:
        return "PR1"
    if stay.ccs in sets.always_planned_diagnoses:
        return "PR2"
    acute = stay.ccs in sets.acute_diagnoses or stay.diagnosis in sets.acute_codes
    potentially = bool(categories & sets.potentially_planned_procedures)
    potentially = potentially or any(code in sets.potentially_planned_codes for code in stay.procedures)
    return "PR3" if potentially and not acute else None


def cohort_of(stay: Stay, sets: ValueSets) -> str:
    """The specialty cohort: the first that matches."""
    if _is_surgical(stay, sets):
        return "Surgery/Gynecology"
    for name, categories in sets.cohorts:
        if stay.ccs in categories:
            return name
    return "Medicine"


def _is_surgical(stay: Stay, sets: ValueSets) -> bool:
    by_category = any(sets.procedure_ccs.get(code) in sets.surgical_procedures for code in stay.procedures)
    return by_category or any(code in sets.surgical_codes for code in stay.procedures)
