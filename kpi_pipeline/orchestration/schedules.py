"""The monthly schedule: every weekday morning it asks whether a report is owed and not yet made.

Not here: which day is the working day (`calendar`), what is run (`definitions`).
"""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import dagster as dg

from kpi_pipeline.orchestration.calendar import ReportCalendar

# 06:00 exists on every day of every zone: clocks change between 00:00 and 03:00.
_WEEKDAY_MORNINGS = "0 6 * * 1-5"


def build_monthly_schedule(job_name: str, calendar: ReportCalendar) -> dg.ScheduleDefinition:
    """Asks for last month's report from its working day on, until it is made. Off until someone switches it on."""

    @dg.schedule(
        name="report_on_working_day",
        job_name=job_name,
        cron_schedule=_WEEKDAY_MORNINGS,
        execution_timezone=calendar.time_zone,
        description=(
            f"Makes last month's report at 06:00 of working day {calendar.working_day}; where that was missed or "
            "failed, on every weekday after it until it is done."
        ),
    )
    def report_on_working_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return decide_report(context.instance, job_name, calendar, context.scheduled_execution_time)

    return report_on_working_day


def decide_report(
    instance: dg.DagsterInstance, job_name: str, calendar: ReportCalendar, moment: datetime
) -> dg.RunRequest | dg.SkipReason:
    """Asks for the report that is owed at a moment, unless it was made since it fell due or is being made."""
    zone = ZoneInfo(calendar.time_zone)
    day = moment.astimezone(zone).date()
    month = calendar.month_due_on(day)
    if month is None:
        return dg.SkipReason(f"{day} is before working day {calendar.working_day}, or of no month with a report.")
    since = datetime.combine(calendar.due_day_of(month), time(), tzinfo=zone)
    if _is_done_or_under_way(instance, job_name, str(month), since):
        return dg.SkipReason(f"The report for {month} was made since it fell due, or is being made.")
    return dg.RunRequest(run_key=f"{month} {day}", partition_key=str(month))


def _is_done_or_under_way(instance: dg.DagsterInstance, job_name: str, month: str, since: datetime) -> bool:
    """Whether a run for the month was started since it fell due, and has not failed. Earlier ones were previews."""
    runs = instance.get_run_records(
        dg.RunsFilter(
            job_name=job_name,
            tags={"dagster/partition": month},
            created_after=since.astimezone(UTC),
            statuses=[
                status
                for status in dg.DagsterRunStatus
                if status not in (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
            ],
        ),
        limit=1,
    )
    return bool(runs)
