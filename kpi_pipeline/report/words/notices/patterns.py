"""The sentences about a column as a whole: amounts, codes and people that cannot well be as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.language import verb_for
from kpi_pipeline.report.words.notices.counted import counted, months_of, out_of, place_of


def _amounts_below_zero(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "has", "have")
    return (
        f"{notice.table}: {counted(notice, 'rows', 'rows')} {verb} a {notice.columns[0]} below zero: a reversal, or a "
        "sign turned round? Send the amount of the whole, not its bookings."
    )


def _amounts_the_same(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "has", "have")
    return (
        f"{notice.table}: {counted(notice, 'rows', 'rows')} {verb} one and the same {notice.columns[0]}, far from the "
        "usual: a value that stands for none? Leave what is not known empty; averages over it mean nothing."
    )


def _amounts_of_a_month(notice: Notice) -> str:
    return (
        f"{notice.table}: {notice.columns[0]} of {place_of(notice)} {months_of(notice)} is of another scale than in "
        f"its other months, {notice.details['times']} times or more: cents for dollars, charges for costs, or a value "
        "that stands for none? Correct it; averages over it mean nothing."
    )


def _amounts_are_charges(notice: Notice) -> str:
    return (
        f"encounters: in {out_of(notice, 'rows', 'rows')} total_cost is the same as total_charges: charges written as "
        "cost? Hospitals charge several times what a stay costs; costs per case are too high then."
    )


def _codes_the_same(notice: Notice) -> str:
    return (
        f"encounters: {counted(notice, 'stays', 'stays')} of {place_of(notice)} {months_of(notice)} all have the same "
        f"{notice.columns[0]}, where several are usual: filled in by a program? What rests on it is likely wrong."
    )


def _persons_all_new(notice: Notice) -> str:
    return (
        f"encounters: nobody whom {place_of(notice)} admitted in {Month.parse(notice.details['month']).name} had been "
        "there before, where many are usual: was person_id numbered anew? Returns cannot be seen then, and "
        "readmissions read too low."
    )


def _persons_with_one_stay(notice: Notice) -> str:
    return (
        f"encounters: of {counted(notice, 'stays', 'stays')} of {place_of(notice)} no two are of one person: does "
        "person_id number stays? Returns cannot be seen then, and readmissions read too low."
    )


def _birth_dates_the_same(notice: Notice) -> str:
    verb = verb_for(notice.counts["persons"], "has", "have")
    return (
        f"encounters: {counted(notice, 'persons', 'people')} {verb} one and the same birth_date: a date that stands "
        "for none? Leave what is not known empty; ages rest on it."
    )


def _stays_without_length(notice: Notice) -> str:
    return (
        f"encounters: {out_of(notice, 'stays', 'stays')} of {place_of(notice)} in "
        f"{Month.parse(notice.details['month']).name} end on the day they began, where few do: one time written in "
        "both columns? The length of stay of that month is likely wrong."
    )


PATTERNS: Mapping[str, Callable[[Notice], str]] = {
    "amounts_below_zero": _amounts_below_zero,
    "amounts_the_same": _amounts_the_same,
    "amounts_of_a_month": _amounts_of_a_month,
    "amounts_are_charges": _amounts_are_charges,
    "birth_dates_the_same": _birth_dates_the_same,
    "codes_the_same": _codes_the_same,
    "persons_all_new": _persons_all_new,
    "persons_with_one_stay": _persons_with_one_stay,
    "stays_without_length": _stays_without_length,
}
