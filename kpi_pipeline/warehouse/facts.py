"""What a build says about itself: rows in and out, watermarks, reference tables, warnings. For page 8 and the CLI."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas as pd

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.text.texts import unmistakable_name
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.mapping.checked_rows import reason_words
from kpi_pipeline.warehouse.connection import open_warehouse
from kpi_pipeline.warehouse.notices import read_notices


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One table's rows: rows_in = staged + quarantined + duplicate + superseded."""

    table: str
    files: int
    rows_in: int
    staged: int
    quarantined: int
    duplicate: int
    superseded: int


@dataclass(frozen=True, slots=True)
class QuarantineReason:
    """How many rows of a table were refused for one reason; a row with two reasons counts under both."""

    table: str
    reason: str
    meaning: str
    rows: int


@dataclass(frozen=True, slots=True)
class Watermark:
    """The last day a facility's feeds are complete, and how that is known."""

    facility_id: str
    facility_name: str
    complete_through: date
    basis: str


@dataclass(frozen=True, slots=True)
class ReferenceUsed:
    """A reference table the figures rest on."""

    name: str
    title: str
    version: str
    rows: int
    source: str


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step from encounters to stays, with how many are left or set aside."""

    label: str
    n: int


@dataclass(frozen=True, slots=True)
class ControlTotal:
    """What a plain count over the source must give for one encounter type. Amounts in dollars; None: none supplied."""

    encounter_type: str
    encounters: int
    duplicate: int
    superseded: int
    total_cost: float | None
    total_charges: float | None
    allowed_amount: float | None
    paid_amount: float | None


@dataclass(frozen=True, slots=True)
class BuildFacts:
    """Everything a build says about itself. Holds counts, names and dates; never a patient's data."""

    snapshot_id: str
    built_at: datetime
    source: str
    source_title: str
    caveats: tuple[str, ...]
    warnings: tuple[Notice, ...]
    watermarks: tuple[Watermark, ...]
    ledger: tuple[LedgerRow, ...]
    quarantine_reasons: tuple[QuarantineReason, ...]
    stays: tuple[FunnelStep, ...]
    reference_tables: tuple[ReferenceUsed, ...]
    control_totals: tuple[ControlTotal, ...] = ()

    @property
    def rows_in(self) -> int:
        """Rows read over all tables."""
        return sum(row.rows_in for row in self.ledger)

    @property
    def rows_quarantined(self) -> int:
        """Rows refused over all tables."""
        return sum(row.quarantined for row in self.ledger)


def read_build_facts(connection: duckdb.DuckDBPyConnection) -> BuildFacts:
    """Reads the facts of the snapshot the connection is open on."""
    info = connection.execute("SELECT snapshot_id, built_at, source, source_title, caveats FROM build_info").fetchall()[
        0
    ]
    watermarks = connection.execute(
        "SELECT facility_id, facility_name, complete_through, basis FROM watermarks "
        "INNER JOIN facilities USING (facility_id) ORDER BY facility_id"
    ).fetchall()
    ledger = connection.execute(
        "SELECT table_name, COUNT(*), SUM(rows_in)::BIGINT, SUM(staged)::BIGINT, SUM(quarantined)::BIGINT, "
        "SUM(duplicate)::BIGINT, SUM(superseded)::BIGINT FROM row_ledger GROUP BY table_name ORDER BY table_name"
    ).fetchall()
    totals = connection.execute("SELECT * FROM control_totals ORDER BY encounter_type").fetchall()
    reference = connection.execute(
        "SELECT name, title, version, rows, source FROM reference_tables ORDER BY name"
    ).fetchall()
    return BuildFacts(
        snapshot_id=info[0],
        built_at=datetime.fromisoformat(info[1]),
        source=info[2],
        source_title=info[3],
        caveats=tuple(info[4]),
        warnings=read_notices(connection),
        watermarks=tuple(Watermark(row[0], unmistakable_name(row[1]), *row[2:]) for row in watermarks),
        ledger=tuple(LedgerRow(*row) for row in ledger),
        quarantine_reasons=_quarantine_reasons(connection),
        stays=_funnel(connection),
        reference_tables=tuple(ReferenceUsed(*row) for row in reference),
        control_totals=tuple(ControlTotal(*row) for row in totals),
    )


def read_quarantine(warehouse: Path, *, with_rows: bool = False) -> pd.DataFrame:
    """The refused rows: table_name, file_name, source_line, reasons (joined), means; original_row only if asked.

    The original row holds patient data: never print or log it unasked.
    """
    extra = ", original_row" if with_rows else ""
    with open_warehouse(warehouse) as connection:
        frame = connection.execute(
            f"SELECT table_name, file_name, source_line, reasons{extra} FROM quarantine "
            "ORDER BY file_name, source_line, table_name"
        ).df()
    contracts = load_contracts()
    means = [
        " ".join(reason_words(reason, contracts[table]) for reason in reasons)
        for table, reasons in zip(frame["table_name"], frame["reasons"], strict=True)
    ]
    frame["reasons"] = [", ".join(reasons) for reasons in frame["reasons"]]
    frame.insert(4, "means", means)
    return frame


def _quarantine_reasons(connection: duckdb.DuckDBPyConnection) -> tuple[QuarantineReason, ...]:
    rows = connection.execute(
        "SELECT table_name, reason, COUNT(*) FROM (SELECT table_name, UNNEST(reasons) AS reason FROM quarantine) "
        "GROUP BY ALL ORDER BY table_name, COUNT(*) DESC, reason"
    ).fetchall()
    contracts = load_contracts()
    return tuple(
        QuarantineReason(table, reason, reason_words(reason, contracts[table]), n) for table, reason, n in rows
    )


def _funnel(connection: duckdb.DuckDBPyConnection) -> tuple[FunnelStep, ...]:
    counts = dict(connection.execute("SELECT encounter_status, COUNT(*) FROM encounters GROUP BY ALL").fetchall())
    in_stays, stays, open_stays, lost = connection.execute(
        "SELECT (SELECT COUNT(*) FROM stay_encounters), COUNT(*), COUNT(*) FILTER (WHERE is_in_house), "
        "COUNT(*) FILTER (WHERE is_discharge_lost) FROM stays"
    ).fetchall()[0]
    steps = [
        ("Encounters in use", sum(counts.values())),
        ("Not acute inpatient: kept, but no stay", counts.get("not_acute_inpatient", 0)),
        ("Same stay recorded under two numbers", counts.get("duplicate_stay", 0)),
        ("Admitted after death (organ donation)", counts.get("after_death", 0)),
        ("Combined into another encounter's stay", in_stays - stays),
        ("Acute inpatient stays", stays),
        ("Of these still in the house", open_stays - lost),
        ("Of these with a lost discharge date", lost),
    ]
    return tuple(FunnelStep(label, int(n)) for label, n in steps)
