"""The working day on which a report is due, and the settings it comes from."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kpi_pipeline.core.errors import DefinitionError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.orchestration.calendar import ReportCalendar, read_calendar

CALENDAR = ReportCalendar(first_month=Month(2024, 1), working_day=5)


def month_due(calendar: ReportCalendar, day: date) -> Month | None:
    """The month whose report falls due on this very day."""
    month = Month.of(day).plus(-1)
    return month if month >= calendar.first_month and calendar.due_day_of(month) == day else None


def days_due(calendar: ReportCalendar, first: date, last: date) -> dict[str, date]:
    days = (first + timedelta(days=step) for step in range((last - first).days + 1))
    return {str(month): day for day in days if (month := month_due(calendar, day))}


def test_working_day_five_skips_the_weekend_that_begins_a_month() -> None:
    # 1 August 2026 is a Saturday: Monday the 3rd is working day 1, Friday the 7th working day 5.
    assert month_due(CALENDAR, date(2026, 8, 6)) is None
    assert month_due(CALENDAR, date(2026, 8, 7)) == Month(2026, 7)
    assert month_due(CALENDAR, date(2026, 8, 8)) is None
    assert month_due(CALENDAR, date(2026, 8, 10)) is None


def test_a_month_that_begins_on_monday_is_due_on_the_fifth() -> None:
    assert month_due(CALENDAR, date(2026, 6, 5)) == Month(2026, 5)


def test_a_report_is_owed_from_its_day_on_until_the_month_ends() -> None:
    assert CALENDAR.month_due_on(date(2026, 8, 6)) is None
    assert CALENDAR.month_due_on(date(2026, 8, 7)) == Month(2026, 7)
    assert CALENDAR.month_due_on(date(2026, 8, 31)) == Month(2026, 7)
    assert CALENDAR.month_due_on(date(2026, 9, 1)) is None
    assert CALENDAR.due_day_of(Month(2026, 7)) == date(2026, 8, 7)
    with_holiday = ReportCalendar(first_month=Month(2024, 1), working_day=5, days_off=frozenset({date(2027, 1, 1)}))
    assert with_holiday.due_day_of(Month(2026, 12)) == date(2027, 1, 8)


def test_the_january_report_day_asks_for_december() -> None:
    # 1 January 2027 is a Friday and, without days off, a working day: 1, 4, 5, 6, 7.
    assert month_due(CALENDAR, date(2027, 1, 7)) == Month(2026, 12)


def test_a_day_off_moves_the_report_to_the_next_working_day() -> None:
    calendar = ReportCalendar(first_month=Month(2024, 1), working_day=5, days_off=frozenset({date(2027, 1, 1)}))
    assert month_due(calendar, date(2027, 1, 7)) is None
    assert month_due(calendar, date(2027, 1, 8)) == Month(2026, 12)


def test_the_first_working_day_may_be_a_monday() -> None:
    calendar = ReportCalendar(first_month=Month(2024, 1), working_day=1)
    assert month_due(calendar, date(2026, 8, 1)) is None
    assert month_due(calendar, date(2026, 8, 3)) == Month(2026, 7)


@pytest.mark.parametrize("working_day", [1, 5, 6, 15])
def test_every_month_is_due_once_and_not_after_the_latest_day(working_day: int) -> None:
    calendar = ReportCalendar(first_month=Month(2024, 1), working_day=working_day)
    due = days_due(calendar, date(2024, 2, 1), date(2030, 1, 31))
    assert len(due) == 72
    assert max(day.day for day in due.values()) == calendar.latest_day


def test_no_report_is_due_for_a_month_before_the_first() -> None:
    calendar = ReportCalendar(first_month=Month(2026, 5), working_day=5)
    assert list(days_due(calendar, date(2026, 5, 1), date(2026, 6, 30))) == ["2026-05"]


def test_the_environment_sets_the_calendar_and_the_settings_its_zone() -> None:
    environment = {
        "KPI_FIRST_MONTH": "2025-01",
        "KPI_WORKING_DAY": "3",
        "KPI_DAYS_OFF": "2026-11-26, 2026-12-25",
    }
    assert read_calendar(environment, Settings(time_zone="Europe/Zurich")) == ReportCalendar(
        "Europe/Zurich", Month(2025, 1), 3, frozenset({date(2026, 11, 26), date(2026, 12, 25)})
    )


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read_calendar({}, Settings()) == ReportCalendar()


def test_every_faulty_setting_is_told_at_once() -> None:
    environment = {"KPI_FIRST_MONTH": "2025", "KPI_WORKING_DAY": "16", "KPI_DAYS_OFF": "Christmas"}
    with pytest.raises(DefinitionError) as raised:
        read_calendar(environment, Settings(time_zone="Ruritania/Strelsau"))
    message = str(raised.value)
    assert len(raised.value.faults) == 4
    for part in ("Ruritania", "$KPI_FIRST_MONTH", "'2025'", "$KPI_WORKING_DAY", "'16'", "$KPI_DAYS_OFF", "'Christmas'"):
        assert part in message
