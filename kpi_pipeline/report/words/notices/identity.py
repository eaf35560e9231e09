"""The sentences about ids: whose row it is, of which hospital, and which version counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.text.language import verb_for
from kpi_pipeline.report.words.notices.counted import counted, out_of, place_of, quoted


def _ids_of_several_facilities(notice: Notice) -> str:
    return (
        f"encounters: {counted(notice, 'rows', 'rows')} {verb_for(notice.counts['rows'], 'was', 'were')} replaced by "
        "a row of another facility with the same encounter_id. Unless they moved, make the ids unique across "
        "facilities."
    )


def _persons_unknown(notice: Notice) -> str:
    return (
        f"encounters: {counted(notice, 'rows', 'rows')} with a placeholder for an unknown person (such as UNKNOWN, 0 "
        "or 9999) as person_id. Each is taken as a person of its own: their stays count, their returns cannot be seen."
    )


def _persons_in_two_forms(notice: Notice) -> str:
    return (
        f"encounters: {out_of(notice, 'rows', 'rows')} looked at of {place_of(notice)} have a {notice.columns[0]} of "
        "another form than most rows beside them (a prefix, letters, zeros?): two numberings, between which no return "
        "can be seen? Readmissions read too low then."
    )


def _persons_born_twice(notice: Notice) -> str:
    column = notice.columns[0]
    return (
        f"encounters: {out_of(notice, 'persons', 'people')} with several rows have two or more values of {column}: "
        "does person_id stand for several people? Their stays count as returns then."
    )


def _births_after_admission(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "has", "have")
    return (
        f"encounters: {counted(notice, 'rows', 'rows')} {verb} a birth_date after the admission, counted as written. "
        "Correct it; what goes by age is wrong."
    )


def _newborns_of_age(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "has", "have")
    return (
        f"encounters: {counted(notice, 'rows', 'rows')} {verb} a newborn's diagnosis (Z38) and a person a year old or "
        "more: newborns under their mothers' person_id? Two stays count as one then, or as a return. Give each a "
        "number of its own."
    )


def _persons_in_another_form(notice: Notice) -> str:
    return (
        f"{notice.file}: {notice.columns[0]} is written in another form than in most files (leading zeros, capitals, a "
        "prefix?), so that one patient may count as two, and returns between the files cannot be seen."
    )


def _rows_outside_stays(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "lies", "lie")
    return (
        f"{notice.table}: {counted(notice, 'rows', 'rows')} {verb} outside the time of the encounter, counted as "
        "written: a date mistyped, or another encounter's?"
    )


def _hours_impossible(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "has", "have")
    return (
        f"{notice.table}: {counted(notice, 'rows', 'rows')} {verb} more than 24 paid hours for a person's day, or "
        "fewer than none, counted as written: minutes, or a month in one row?"
    )


def _versions_undated(notice: Notice) -> str:
    return (
        f"{notice.table}: {counted(notice, 'rows', 'rows')} differing from another row with the same "
        f"{', '.join(notice.columns)}, and nothing says which is later (updated_at, or a later file): one of each was "
        "picked and the others left out. If they are parts of one record, such as one row per unit or diagnosis, "
        "combine them first."
    )


def _ids_of_two_stays(notice: Notice) -> str:
    return (
        f"encounters: {counted(notice, 'rows', 'rows')} {verb_for(notice.counts['rows'], 'was', 'were')} replaced by "
        "a row of the same encounter_id that is another stay (other days, or another person), so a stay may be lost. "
        "Make the ids unique, or write one row per stay."
    )


def _people_in_many_beds(notice: Notice) -> str:
    persons = notice.counts["persons"]
    return (
        f"encounters: {counted(notice, 'persons', 'persons')} {verb_for(persons, 'has', 'have')} three or more "
        f"inpatient stays at the same time, {counted(notice, 'rows', 'rows')} in all: one number for several people? "
        "Their stays are joined to one another, and their returns cannot be believed."
    )


def _facilities_not_listed(notice: Notice) -> str:
    named = f" ({quoted(notice)})" if notice.columns else ""
    return (
        f"encounters: {counted(notice, 'rows', 'rows')} with a facility_id that the facilities table lacks{named}: "
        "counted as hospitals of their own. Correct the id, or add the facility."
    )


def _facilities_alike(notice: Notice) -> str:
    named = f" ({quoted(notice)})" if notice.columns else ""
    return (
        f"encounters: {counted(notice, 'rows', 'rows')} with facility_ids that differ by capitals or blanks "
        f"alone{named}: counted as different hospitals. Write each in one way."
    )


def _rows_alike(notice: Notice) -> str:
    return (
        f"{notice.table}: {out_of(notice, 'rows', 'rows')} differ from another row in {notice.columns[0]} alone: "
        "the same rows sent again under new numbers? Each is counted."
    )


def _persons_alike(notice: Notice) -> str:
    return (
        f"encounters: {counted(notice, 'persons', 'person numbers')} differ from another one by capitals, leading "
        "zeros, a decimal .0 or invisible signs alone: one person written in two ways? No return between the two can "
        "be seen. Write each number in one way, or declare repairs in landing.yaml."
    )


def _encounters_alike(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "has", "have")
    return (
        f"encounters: {counted(notice, 'rows', 'rows')} of {place_of(notice)} ({', '.join(notice.columns)}) {verb} the "
        "person and the times of another row under another encounter_id: sent by two systems? Each is counted. "
        "Send each encounter once."
    )


def _encounters_alike_of_strangers(notice: Notice) -> str:
    verb = verb_for(notice.counts["rows"], "has", "have")
    return (
        f"encounters: {counted(notice, 'rows', 'rows')} of {place_of(notice)} ({', '.join(notice.columns)}) {verb} the "
        "times, birth_date and diagnosis of another row under another encounter_id and person_id: sent by two systems "
        "that number people differently? Each is counted. Send each encounter once."
    )


IDENTITY: Mapping[str, Callable[[Notice], str]] = {
    "ids_of_several_facilities": _ids_of_several_facilities,
    "ids_of_two_stays": _ids_of_two_stays,
    "persons_unknown": _persons_unknown,
    "persons_in_another_form": _persons_in_another_form,
    "persons_in_two_forms": _persons_in_two_forms,
    "persons_born_twice": _persons_born_twice,
    "births_after_admission": _births_after_admission,
    "newborns_of_age": _newborns_of_age,
    "rows_outside_stays": _rows_outside_stays,
    "hours_impossible": _hours_impossible,
    "people_in_many_beds": _people_in_many_beds,
    "versions_undated": _versions_undated,
    "rows_alike": _rows_alike,
    "persons_alike": _persons_alike,
    "encounters_alike": _encounters_alike,
    "encounters_alike_of_strangers": _encounters_alike_of_strangers,
    "facilities_not_listed": _facilities_not_listed,
    "facilities_alike": _facilities_alike,
}
