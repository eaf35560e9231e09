"""The monthly schedule: every weekday morning it asks the calendar whether a report is due.

Not here: which day is the working day (`calendar`), what is run (`definitions`).
"""

from zoneinfo import ZoneInfo

import dagster as dg

from kpi_pipeline.orchestration.calendar import ReportCalendar

# 06:00 exists on every day of every zone: clocks change between 00:00 and 03:00.
_WEEKDAY_MORNINGS = "0 6 * * 1-5"


def build_monthly_schedule(job_name: str, calendar: ReportCalendar) -> dg.ScheduleDefinition:
    """Asks for last month's report once a month, on the calendar's working day. Off until someone switches it on."""

    @dg.schedule(
        name="report_on_working_day",
        job_name=job_name,
        cron_schedule=_WEEKDAY_MORNINGS,
        execution_timezone=calendar.time_zone,
        description=f"Makes last month's report on working day {calendar.working_day} of the month, at 06:00.",
    )
    def report_on_working_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day = context.scheduled_execution_time.astimezone(ZoneInfo(calendar.time_zone)).date()
        month = calendar.month_due_on(day)
        if month is None:
            return dg.SkipReason(f"{day} is not working day {calendar.working_day} of a month with a report.")
        return dg.RunRequest(run_key=str(month), partition_key=str(month))

    return report_on_working_day
