"""The sentences about encounters that no hospital can have had as written."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.text.language import counted as counted_words
from kpi_pipeline.core.text.language import format_number, verb_for
from kpi_pipeline.report.words.notices.counted import counted, months_of, place_of

_TYPES_SHOWN = 40
"""Letters shown of a value from a file."""


def _encounter_types_unknown(notice: Notice) -> str:
    said = []
    for key, name in notice.each.items():
        count = notice.counts[key]
        said.append(repr(name[:_TYPES_SHOWN]) + ("" if count is None else f" in {format_number(count)}"))
    named = f" ({', '.join(said)})" if said else ""
    return (
        f"encounters: {counted(notice, 'rows', 'rows')} with an encounter_type that is not one of the "
        f"{notice.details['known']} known ones{named}: no stays are made of them. "
        "Write acute inpatient stays as 'acute inpatient'."
    )


def _stays_very_long(notice: Notice) -> str:
    return (
        f"encounters: {counted(notice, 'stays', 'stays')} longer than {notice.details['days']} days, counted as "
        "written: a year mistyped, or a discharge closed late? They weigh on every mean of days."
    )


def _stays_open_at_once(notice: Notice) -> str:
    return (
        f"encounters: {counted(notice, 'persons', 'persons')} with two or more stays without a discharge at once: a "
        "discharge was forgotten, or person_id stands for several people."
    )


def _stays_after_death(notice: Notice) -> str:
    return (
        f"encounters: {counted(notice, 'stays', 'stays')} of people whose earlier stay ended in death: the discharge "
        "status is wrong, or person_id stands for several people."
    )


def _discharges_lost(notice: Notice) -> str:
    verb = verb_for(notice.counts["stays"], "has", "have")
    return (
        f"encounters: {counted(notice, 'stays', 'stays')} {verb} no discharge long after any patient has left: "
        "counted neither as discharged nor as in the house. Send the rows with their discharge."
    )


def _costs_of_zero(notice: Notice) -> str:
    verb = verb_for(notice.counts["stays"], "has", "have")
    return (
        f"encounters: {counted(notice, 'stays', 'stays')} {verb} a total_cost of 0. What is not yet costed is better "
        "left empty: cost per case rests on the others."
    )


def _place_not_in_cost_year(notice: Notice) -> str:
    months = counted_words(int(notice.details["months"]), "months")
    return (
        f"encounters: {place_of(notice)} has no stays that are costed and coded {months_of(notice)} ({months} in all), "
        "while others have. Its cost against DRG-expected and its high-cost outliers are held there against what the "
        "others cost."
    )


STAYS: Mapping[str, Callable[[Notice], str]] = {
    "encounter_types_unknown": _encounter_types_unknown,
    "stays_very_long": _stays_very_long,
    "stays_open_at_once": _stays_open_at_once,
    "stays_after_death": _stays_after_death,
    "discharges_lost": _discharges_lost,
    "costs_of_zero": _costs_of_zero,
    "place_not_in_cost_year": _place_not_in_cost_year,
    "no_stays": lambda _: "No encounter has the encounter_type 'acute inpatient', so there are no stays to measure.",
}
