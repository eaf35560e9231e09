"""What the figures rest on, as the reader may know it: rows in and out, steps to stays, until when data are complete.

Not here: how a build counts them (`warehouse.facts`), their words (`report.pages`).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.judgement.disclosure import Number, Sum, Withheld, withhold_table
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.warehouse.facts import ControlTotal, ReferenceUsed, Watermark


@dataclass(frozen=True, slots=True)
class JudgedLedgerRow:
    """One table's rows: rows_in = used + quarantined + duplicate + superseded."""

    table: str
    rows_in: Number
    used: Number
    quarantined: Number
    duplicate: Number
    superseded: Number


@dataclass(frozen=True, slots=True)
class JudgedReason:
    """How many rows of a table were refused for one reason."""

    table: str
    meaning: str
    rows: Number


@dataclass(frozen=True, slots=True)
class Totals:
    """Rows over all tables."""

    rows_in: int
    used: int
    set_aside: int
    repeats: int


@dataclass(frozen=True, slots=True)
class JudgedRecords:
    """The data behind the report. totals: None where a count may not be printed. stays: (label, number) of each step.
    ledger, reasons, stays: empty in a facility's copy, for files are counted for all hospitals together.

    watermarks: of the report's facilities. warnings: where small numbers are withheld, without any count (a count of
    rows and the ledger beside it would tell one), and only those that bear on figures.
    """

    totals: Totals | None
    ledger: tuple[JudgedLedgerRow, ...]
    reasons: tuple[JudgedReason, ...]
    stays: tuple[tuple[str, Number], ...]
    control_totals: tuple[ControlTotal, ...]
    watermarks: tuple[Watermark, ...]
    reference_tables: tuple[ReferenceUsed, ...]
    warnings: tuple[Notice, ...]
    has_warnings_withheld: bool
    caveats: tuple[str, ...]


def judge_records(inputs: ReportInputs) -> JudgedRecords:
    """Rows and steps with what must be withheld taken out."""
    facts = inputs.facts
    hidden = _withheld_rows(inputs) if inputs.withholds else {}
    warnings = facts.warnings
    if inputs.withholds:
        warnings = tuple(told for one in warnings if (told := one.for_outsiders()) is not None)

    def shown(key: Hashable, count: int) -> Number:
        return hidden.get(key, float(count))

    return JudgedRecords(
        totals=None if hidden or not inputs.facts.ledger else _totals(inputs),
        ledger=tuple(
            JudgedLedgerRow(
                row.table,
                rows_in=shown((row.table, "rows_in"), row.rows_in),
                used=shown((row.table, "staged"), row.staged),
                quarantined=shown((row.table, "quarantined"), row.quarantined),
                duplicate=shown((row.table, "duplicate"), row.duplicate),
                superseded=shown((row.table, "superseded"), row.superseded),
            )
            for row in facts.ledger
        ),
        reasons=tuple(
            JudgedReason(row.table, row.meaning, shown((row.table, "reason", row.reason), row.rows))
            for row in facts.quarantine_reasons
        ),
        stays=tuple((step.label, shown(("stays", str(at)), step.n)) for at, step in enumerate(facts.stays)),
        control_totals=() if inputs.withholds else facts.control_totals,
        watermarks=facts.watermarks,
        reference_tables=facts.reference_tables,
        warnings=warnings,
        has_warnings_withheld=len(warnings) < len(facts.warnings),
        caveats=facts.caveats,
    )


def _totals(inputs: ReportInputs) -> Totals:
    ledger = inputs.facts.ledger
    return Totals(
        rows_in=sum(row.rows_in for row in ledger),
        used=sum(row.staged for row in ledger),
        set_aside=sum(row.quarantined for row in ledger),
        repeats=sum(row.duplicate + row.superseded for row in ledger),
    )


def _withheld_rows(inputs: ReportInputs) -> dict[Hashable, Withheld]:
    """Row counts that may not be printed: small ones, and those that would give one away by a sum or a difference.

    Differences matter between counts of encounters: rows in, rows used, and the steps to stays.
    """
    facts = inputs.facts
    counts: dict[Hashable, float] = {}
    sums: list[Sum] = []
    for row in facts.ledger:
        parts = {name: getattr(row, name) for name in ("staged", "quarantined", "duplicate", "superseded")}
        counts |= {(row.table, name): float(count) for name, count in parts.items()}
        counts[(row.table, "rows_in")] = float(row.rows_in)
        sums.append(Sum((row.table, "rows_in"), tuple((row.table, name) for name in parts)))
        reasons: dict[Hashable, float] = {
            (row.table, "reason", one.reason): float(one.rows)
            for one in facts.quarantine_reasons
            if one.table == row.table
        }
        counts |= reasons
        if sum(reasons.values()) == row.quarantined:
            sums.append(Sum((row.table, "quarantined"), tuple(reasons)))
    steps: dict[Hashable, float] = {("stays", str(at)): float(step.n) for at, step in enumerate(facts.stays)}
    counts |= steps
    keys = list(steps)
    for end in (len(keys), len(keys) - 1):
        if end > 1 and sum(steps[key] for key in keys[1:end]) == steps[keys[0]]:
            sums.append(Sum(keys[0], tuple(keys[1:end])))
    kin = [key for key in counts if key in {("encounters", "rows_in"), ("encounters", "staged"), *steps}]
    return withhold_table([counts], sums, threshold=inputs.settings.small_number_threshold, kin=[kin])
