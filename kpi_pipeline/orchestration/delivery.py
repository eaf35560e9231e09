"""The last third in Dagster: the month's drafts, publishing after an approval, sending what waits, notices.

A draft follows its report; publishing and sending are jobs of their own and never part of a backfill. Nothing here
approves: that is a person's, by `kpi issue approve`.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.text.language import counted
from kpi_pipeline.orchestration import metadata as told
from kpi_pipeline.orchestration.resources import Hospital

if TYPE_CHECKING:
    from kpi_pipeline.state.database import Database

PUBLISH_JOB = "publish_approved"
SEND_JOB = "send_mails"
DRAFT = "monthly_issue_draft"
_BY = "Dagster"
_BACKFILL_TAGS = ("dagster/backfill", "dagster/asset_partition_range_start")


def build_draft_asset(
    months: dg.MonthlyPartitionsDefinition, policy: dg.BackfillPolicy, *, freshness: dg.FreshnessPolicy
) -> dg.AssetsDefinition:
    """What every audience would get of a month, drafted and held against the gate. A backfill drafts nothing."""

    @dg.asset(
        name=DRAFT,
        deps=["monthly_report"],
        partitions_def=months,
        backfill_policy=policy,
        freshness_policy=freshness,
        group_name="delivery",
        owners=told.OWNERS,
        description=(
            "Each audience's report of the month, drafted and held against the gate. It waits for a person: "
            "`kpi issue approve`. A backfill drafts nothing."
        ),
        kinds={"pdf"},
    )
    def monthly_issue_draft(context: dg.AssetExecutionContext, hospital: Hospital) -> None:
        settings = hospital.read_settings()
        why_not = ""
        if any(tag in context.run.tags for tag in _BACKFILL_TAGS):
            why_not = "a backfill drafts nothing"
        elif settings.delivery.audiences is None:
            why_not = "the settings name no audiences file"
        for month in context.partition_keys:
            with told.plain_failures():
                metadata = {"drafted": f"nothing: {why_not}"} if why_not else _draft(hospital, settings, month)
            context.log.info(f"{month}: {metadata}")
            context.add_asset_metadata(metadata, partition_key=month)

    return monthly_issue_draft


def build_delivery_jobs() -> list[dg.JobDefinition]:
    """Publishing a month that is approved, and sending what waits."""

    @dg.op(config_schema={"month": str}, description="Numbers and freezes the month's approved reports.")
    def publish(context: dg.OpExecutionContext, hospital: Hospital) -> None:
        month = context.op_config["month"]
        with told.plain_failures():
            from kpi_pipeline.pipeline.issuing.issue_desk import open_desk
            from kpi_pipeline.pipeline.issuing.issue_publication import publish_month

            with open_desk(hospital.warehouse_file, settings=hospital.read_settings()) as desk:
                published = publish_month(desk, Month.parse(month), by=_BY, at=datetime.now(UTC))
        for one in published:
            context.log.info(f"{one.issue.name}: issue {one.issue.number}, {counted(one.n_mails, 'mails')} queued")

    @dg.op(description="Sends the mails that are due, and reads non-delivery reports.")
    def send(context: dg.OpExecutionContext, hospital: Hospital) -> None:
        with told.plain_failures():
            counts, problem = _send(hospital)
        context.log.info(f"mails: {dict(counts)}")
        if problem:
            raise dg.Failure(f"Sending stopped: {problem}. What waits stays queued.", allow_retries=False)

    @dg.job(name=PUBLISH_JOB, description="Issues a month's reports after a person approved them.")
    def publish_approved() -> None:
        publish()

    @dg.job(name=SEND_JOB, description="Sends the mails that are due. Sends nothing twice.")
    def send_mails() -> None:
        send()

    return [publish_approved, send_mails]


def build_delivery_sensors() -> list[dg.SensorDefinition]:
    """An approval starts publishing; a mail that is due starts sending; a source that stopped is told."""

    @dg.sensor(
        name="approved_reports",
        job_name=PUBLISH_JOB,
        minimum_interval_seconds=30,
        description="Publishes a month once every one of its drafts is approved.",
    )
    def approved_reports(context: dg.SensorEvaluationContext, hospital: Hospital) -> dg.SensorResult:
        with _state(hospital) as database:
            if database is None:
                return dg.SensorResult(skip_reason="There is no state yet.")
            from kpi_pipeline.delivery.register import OPEN, list_issues

            waiting: dict[str, list[tuple[str, str]]] = {}
            for one in list_issues(database):
                if one.state in OPEN:
                    waiting.setdefault(one.month, []).append((one.state, f"{one.id} {one.pdf_sha256}"))
        ready = {
            month: _hash(" ".join(name for _, name in drafts))
            for month, drafts in waiting.items()
            if all(state in ("approved", "publishing") for state, _ in drafts)
        }
        if not ready:
            return dg.SensorResult(skip_reason="Nothing is approved and unpublished.")
        return dg.SensorResult(
            run_requests=[
                # A new key each hour: a publication that failed is tried again.
                dg.RunRequest(
                    run_key=f"{month} {key} {datetime.now(UTC):%Y-%m-%dT%H}",
                    run_config={"ops": {"publish": {"config": {"month": month}}}},
                )
                for month, key in sorted(ready.items())
            ]
        )

    @dg.sensor(
        name="waiting_mails",
        job_name=SEND_JOB,
        minimum_interval_seconds=30,
        description="Sends when a mail is due.",
    )
    def waiting_mails(context: dg.SensorEvaluationContext, hospital: Hospital) -> dg.SensorResult:
        with _state(hospital) as database:
            if database is None or hospital.read_settings().delivery.mail is None:
                return dg.SensorResult(skip_reason="There is no state yet, or no mail server is set.")
            from kpi_pipeline.delivery.outbox import list_mails

            now = datetime.now(UTC)
            due = [one for one in list_mails(database, states=("queued",)) if one.next_try_at <= now]
        if not due:
            return dg.SensorResult(skip_reason="No mail is due.")
        key = _hash(" ".join(f"{one.id}.{one.attempts}.{one.next_try_at.isoformat()}" for one in due))
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key)])

    return [approved_reports, waiting_mails, _build_stale_source_sensor()]


def build_send_schedule() -> dg.ScheduleDefinition:
    """Once an hour, whatever the sensor saw: retries, bounces, senders that died."""
    return dg.ScheduleDefinition(
        name="mails_every_hour",
        job_name=SEND_JOB,
        cron_schedule="15 * * * *",
        description="Sends what is due, sets aside mails whose sender died, and reads non-delivery reports.",
    )


def _build_stale_source_sensor() -> dg.SensorDefinition:
    @dg.sensor(
        name="stale_source",
        minimum_interval_seconds=3600,
        job_name=SEND_JOB,
        description="Tells the operators, once a day, when no file has arrived for longer than a month and a week.",
    )
    def stale_source(context: dg.SensorEvaluationContext, hospital: Hospital) -> dg.SensorResult:
        newest = newest_arrival(Path(hospital.landing))
        now = datetime.now(UTC)
        if newest is not None and now - newest < STALE_AFTER:
            return dg.SensorResult(skip_reason=f"The newest file arrived on {newest:%Y-%m-%d}.")
        when = "never" if newest is None else f"{newest:%Y-%m-%d}"
        if context.cursor == f"{when} {now:%Y-%m-%d}":
            return dg.SensorResult(skip_reason=f"The newest file arrived: {when}. The operators were told today.")
        with told.plain_failures():
            n_told = tell(
                hospital, "Case management reports: no new files", [f"The newest landing file arrived: {when}."]
            )
        return dg.SensorResult(
            skip_reason=f"The newest file arrived: {when}. {n_told} operators told.", cursor=f"{when} {now:%Y-%m-%d}"
        )

    return stale_source


STALE_AFTER = timedelta(days=38)
"""A month and a week: files come monthly at least."""


def newest_arrival(folder: Path) -> datetime | None:
    """When the newest file of a landing folder was written; None when there is none."""
    if not folder.is_dir():
        return None
    moments = [path.stat().st_mtime for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    return datetime.fromtimestamp(max(moments), UTC) if moments else None


def tell(hospital: Hospital, subject: str, lines: list[str]) -> int:
    """Mails the operators by the mail room of the settings; 0 where none is set."""
    from kpi_pipeline.pipeline.issuing.mailing import tell_operators

    return tell_operators(hospital.read_settings(), subject, lines, at=datetime.now(UTC))


def _draft(hospital: Hospital, settings: Settings, month: str) -> dict[str, str | int]:
    from kpi_pipeline.pipeline.issuing.issue_desk import open_desk
    from kpi_pipeline.pipeline.issuing.issue_draft import draft_month, standing_issues

    with open_desk(hospital.warehouse_file, settings=settings, reference=hospital.reference_folder) as desk:
        if standing := standing_issues(desk, Month.parse(month)):
            return {"drafted": f"nothing: {len(standing)} reports of the month are issued already"}
        drafted = draft_month(desk, Month.parse(month), by=_BY, at=datetime.now(UTC))
    in_the_way = sorted({one.what for draft in drafted for one in draft.obstacles})
    tell(
        hospital,
        f"Case management report for {month}: " + ("needs attention" if in_the_way else "waits for approval"),
        [
            *(f"{draft.issue.name}: {draft.issue.state.replace('_', ' ')}" for draft in drafted),
            *in_the_way,
            f"Look at it, then: kpi issue approve {month} --by NAME",
        ],
    )
    return {"drafted": ", ".join(draft.issue.name for draft in drafted), "stands_in_the_way": len(in_the_way)}


def _send(hospital: Hospital) -> tuple[Counter[str], str]:
    from kpi_pipeline.delivery.bounces import collect_bounces
    from kpi_pipeline.pipeline.issuing.issue_desk import archive_folder
    from kpi_pipeline.pipeline.issuing.mailing import drain_outbox
    from kpi_pipeline.pipeline.issuing.mailroom import open_mailroom

    settings = hospital.read_settings()
    with _state(hospital) as database:
        if database is None or settings.delivery.mail is None:
            return Counter(), ""
        room = open_mailroom(database, archive_folder(hospital.warehouse_file, settings), settings)
        sent = drain_outbox(room, clock=lambda: datetime.now(UTC))
        if where := room.mail.bounces:
            now, ca_file = datetime.now(UTC), room.mail.ca_file
            sent.counts["bounced"], _ = collect_bounces(database, where, at=now, ca_file=ca_file)
        return sent.counts, sent.problem


@contextmanager
def _state(hospital: Hospital) -> Iterator["Database | None"]:
    """The state that is there; None where there is none yet."""
    from kpi_pipeline.journal import find_state_url
    from kpi_pipeline.state.database import Database, sqlite_file

    url = find_state_url(hospital.warehouse_file, settings=hospital.read_settings())
    file = sqlite_file(url)
    if file is not None and not file.is_file():
        yield None
        return
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
