"""The gate: what must hold before a report is approved or published, and who set a part of it aside, by name.

An override belongs to one month of one snapshot; it is printed in the report, with the name and the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
from sqlalchemy import select

from kpi_pipeline.core.delivery_settings import GateSettings
from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.language import date_words
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.declared.commentary import MonthCommentary
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import append_event, as_stored, as_utc
from kpi_pipeline.state.models import OverrideEntry
from kpi_pipeline.warehouse.facts import BuildFacts

GATES = {
    "feeds_complete": "every facility's feeds are complete through the month's end",
    "rows_conserved": "every row read is used, set aside, a repeat or an older version",
    "coded": "enough of the month's discharges are coded",
    "costed": "enough of the month's discharges are costed",
    "commentary": "each exception has the director's words",
}
"""What is looked at. An override names one of these."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stands in the way: which gate, and what was found, as a sentence."""

    gate: str
    what: str


@dataclass(frozen=True, slots=True)
class Override:
    """A gate set aside by name."""

    gate: str
    reason: str
    by: str
    at: datetime


def find_obstacles(
    connection: duckdb.DuckDBPyConnection,
    facts: BuildFacts,
    month: Month,
    *,
    scope: str,
    settings: GateSettings,
    exceptions: Iterable[str] = (),
    commentary: MonthCommentary | None = None,
) -> list[Obstacle]:
    """What stands in the way of approving a month's report on a scope. exceptions: measures with a page."""
    found = [
        *_incomplete_feeds(facts, month, scope),
        *_stopped_feeds(connection, facts, month, scope),
        *_lost_rows(facts),
    ]
    found += _thin_shares(connection, month, scope, settings)
    if settings.commentary_required:
        comments = commentary.comments if commentary is not None else {}
        missing = [one for one in exceptions if one not in comments or not comments[one].why]
        found += [Obstacle("commentary", f"{name} is an exception without the director's words.") for name in missing]
    return found


def record_override(
    database: Database, month: Month, gate: str, *, snapshot_id: str, reason: str, by: str, at: datetime
) -> None:
    """Puts on record that a gate is set aside for this month of this snapshot, by whom, and why."""
    if gate not in GATES:
        raise InputError(Fault("--gate", f"{gate!r} is not a gate.", f"Choose one of: {', '.join(GATES)}."))
    with database.writing() as session:
        same = (OverrideEntry.month == str(month), OverrideEntry.gate == gate, OverrideEntry.snapshot_id == snapshot_id)
        entry = session.scalars(select(OverrideEntry).where(*same)).first()
        if entry is None:
            entry = OverrideEntry(month=str(month), gate=gate, snapshot_id=snapshot_id)
            session.add(entry)
        entry.reason, entry.overridden_by, entry.overridden_at = reason, by, as_stored(at)
        append_event(session, "gate set aside", f"{month} {gate}", by=by, at=at, body={"reason": reason})


def overrides_of(database: Database, month: Month, snapshot_id: str) -> dict[str, Override]:
    """The gates set aside for a month of a snapshot, by name."""
    asked = select(OverrideEntry).where(OverrideEntry.month == str(month), OverrideEntry.snapshot_id == snapshot_id)
    with database.reading() as session:
        return {
            one.gate: Override(one.gate, one.reason, one.overridden_by, as_utc(one.overridden_at))
            for one in session.scalars(asked)
        }


def override_words(
    obstacles: Sequence[Obstacle], overrides: dict[str, Override], *, withholds: bool
) -> tuple[str, ...]:
    """What a report prints of the gates that were set aside: what was found, who decided, and why.

    withholds: a copy that withholds small numbers says which gate it was, and no figure.
    """
    words = []
    for one in obstacles:
        if (override := overrides.get(one.gate)) is not None:
            found = f"It does not hold that {GATES[one.gate]}." if withholds else one.what
            decided = f"by decision of {override.by} on {date_words(override.at.date())}"
            words.append(f"{found} Issued all the same {decided}: {override.reason.rstrip('.')}.")
    return tuple(dict.fromkeys(words))


def _incomplete_feeds(facts: BuildFacts, month: Month, scope: str) -> list[Obstacle]:
    return [
        Obstacle(
            "feeds_complete",
            f"The feeds of {one.facility_name} are complete through {date_words(one.complete_through)} only, not "
            f"through {date_words(month.last_day)}.",
        )
        for one in facts.watermarks
        if scope in (WHOLE_SYSTEM, one.facility_id) and one.complete_through < month.last_day
    ]


def _stopped_feeds(
    connection: duckdb.DuckDBPyConnection, facts: BuildFacts, month: Month, scope: str
) -> list[Obstacle]:
    """Tables whose rows stop before the day their facility is said to be complete through (`feed_ends`)."""
    names = {one.facility_id: one.facility_name for one in facts.watermarks}
    stopped = connection.execute(
        "SELECT facility_id, table_name, complete_through FROM feed_ends "
        "WHERE is_held_back AND table_name <> 'encounters' AND complete_through < ? ORDER BY ALL",
        [month.last_day],
    ).fetchall()
    return [
        Obstacle(
            "feeds_complete",
            f"The rows of {table} of {names.get(facility, facility)} stop on {date_words(last_on)}, before "
            f"{date_words(month.last_day)}.",
        )
        for facility, table, last_on in stopped
        if scope in (WHOLE_SYSTEM, facility)
    ]


def _lost_rows(facts: BuildFacts) -> list[Obstacle]:
    return [
        Obstacle("rows_conserved", f"Of the {row.rows_in:,} rows of {row.table}, {accounted:,} are accounted for.")
        for row in facts.ledger
        if row.rows_in != (accounted := row.staged + row.quarantined + row.duplicate + row.superseded)
    ]


def _thin_shares(
    connection: duckdb.DuckDBPyConnection, month: Month, scope: str, settings: GateSettings
) -> list[Obstacle]:
    """Shares of the month's discharges; a column that no stay ever had was not supplied and is asked of nobody."""
    n, coded, costed, ever_coded, ever_costed = connection.execute(
        """
        WITH stays_of_scope AS (
            SELECT drg_code, total_cost, discharged_on >= ? AND discharged_on < ? AS is_in_month
            FROM stays WHERE NOT is_in_house AND (? = 'all' OR facility_id = ?)
        )
        SELECT
            COUNT(*) FILTER (WHERE is_in_month),
            COUNT(drg_code) FILTER (WHERE is_in_month), COUNT(total_cost) FILTER (WHERE is_in_month),
            COUNT(drg_code), COUNT(total_cost)
        FROM stays_of_scope
        """,
        [month.first_day, month.plus(1).first_day, scope, scope],
    ).fetchall()[0]
    if not n:
        return [Obstacle("feeds_complete", f"There is no discharge in {month.name}.")]
    found = []
    for gate, count, ever, least in (
        ("coded", coded, ever_coded, settings.min_coded_pct),
        ("costed", costed, ever_costed, settings.min_costed_pct),
    ):
        share = 100.0 * count / n
        if ever and share < least:
            what = f"{share:.1f} % of the discharges of {month.name} are {gate}, fewer than the {least:g} % asked for."
            found.append(Obstacle(gate, what))
    return found
