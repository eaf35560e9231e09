"""What a fault in the data can do to the figures: bounds if the cases it hides went one way or the other.

A fault hides cases: rows refused at intake, rows that belong to no encounter, cases left out for a reason that a
mended source would undo (`data_faults`). Nothing is guessed about the hidden cases: the bounds are the figures if all
of them had the event, and if none had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.metrics.cases import missing_inputs
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.warehouse.tables import tables_behind
from kpi_pipeline.warehouse.warnings.row import parent_of

RADIUS_COLUMNS = ("fault", "where", "rows", "metric", "hidden_pct", "value", "lowest", "highest")
TOGETHER = "all together"
_ACUTE, _OBSERVATION = "acute inpatient", "observation"


@dataclass(frozen=True, slots=True)
class HiddenRows:
    """Rows that cannot be used: how many cases they may hide, and how many known cases they may change.

    encounter_type: of refused encounters, where it could be read.
    """

    fault: str
    where: str
    table: str
    hides: int
    changes: int
    encounter_type: str | None = None

    @property
    def rows(self) -> int:
        """How many rows or cases are at fault."""
        return max(self.hides, self.changes)


def blast_radius(
    connection: duckdb.DuckDBPyConnection,
    metrics: Mapping[str, Metric],
    values: pd.DataFrame,
    exclusions: pd.DataFrame,
    *,
    months: tuple[Month, Month],
) -> pd.DataFrame:
    """One row for each fault and each measure it touches, and one for all together, the worst first: RADIUS_COLUMNS.

    values and exclusions: as stored; the whole system is judged. hidden_pct: cases hidden or changed among all there
    would be, in percent. lowest, highest: the ends between which a proportion lies, whatever the hidden cases are; NaN
    for other kinds, which have none. A refused encounter may hide a case and be another one's return; a row that
    belongs to no encounter may change a known case.
    """
    first, last = str(months[0]), str(months[1])
    kept = values[(values["facility_id"] == WHOLE_SYSTEM) & values["month"].between(first, last)]
    sums = kept.groupby("metric")[["numerator", "denominator", "n_cases", "n_excluded"]].sum()
    totals = {str(name): dict(row) for name, row in sums.iterrows()}
    hidden = [*_refused(connection, months), *_unmatched(connection)]
    reads = {name: tables_behind(metric.tables) for name, metric in metrics.items()}
    rows = []
    for name, metric in metrics.items():
        if name not in totals or missing_inputs(connection, metric) is not None:
            continue
        found = [one for one in hidden if _touches(one, reads[name], metric)]
        found += _left_out(exclusions, metric, first, last)
        together = HiddenRows(TOGETHER, "", "", sum(one.hides for one in found), sum(one.changes for one in found))
        rows += [_bounds(metric, totals[name], one) for one in [*found, together] if one.rows]
    radius = pd.DataFrame(rows, columns=list(RADIUS_COLUMNS))
    return radius.sort_values(["hidden_pct", "fault", "metric"], ascending=[False, True, True], ignore_index=True)


def worst_first(radius: pd.DataFrame) -> pd.DataFrame:
    """One row a fault: how many rows and measures it touches, and the measure it can move most."""
    each = radius[radius["fault"] != TOGETHER]
    first = each.drop_duplicates(["fault", "where"]).copy()
    counts = each.groupby(["fault", "where"])["metric"].nunique()
    first["measures"] = [int(counts[key]) for key in zip(first["fault"], first["where"], strict=True)]
    return first.reset_index(drop=True)


def _bounds(metric: Metric, total: Mapping[Any, float], hidden: HiddenRows) -> tuple[object, ...]:
    counted = float(total["n_cases"] - total["n_excluded"])
    share = 100.0 * hidden.rows / (counted + hidden.hides) if counted + hidden.hides else 100.0
    value = lowest = highest = float("nan")
    if metric.is_ratio_of_sums and total["denominator"]:
        numerator, denominator = float(total["numerator"]), float(total["denominator"])
        value = metric.scale * numerator / denominator
        if metric.kind == "proportion":
            there = denominator + hidden.hides
            lowest = metric.scale * max(0.0, numerator - hidden.changes) / there
            highest = metric.scale * min(there, numerator + hidden.hides + hidden.changes) / there
    return hidden.fault, hidden.where, hidden.rows, metric.name, min(share, 100.0), value, lowest, highest


def _left_out(exclusions: pd.DataFrame, metric: Metric, first: str, last: str) -> list[HiddenRows]:
    """Cases a measure leaves out for reasons that a mended source would undo."""
    own = exclusions[
        (exclusions["metric"] == metric.name)
        & (exclusions["facility_id"] == WHOLE_SYSTEM)
        & exclusions["month"].between(first, last)
        & exclusions["exclusion_reason"].isin(metric.data_faults)
    ]
    counts = own.groupby("exclusion_reason")["n_cases"].sum()
    return [HiddenRows(str(reason), "cases left out", "", int(n), 0) for reason, n in counts.items()]


def _refused(connection: duckdb.DuckDBPyConnection, months: tuple[Month, Month]) -> Iterator[HiddenRows]:
    """Refused rows by table, first reason and type of encounter. Of encounters those that were sent rightly later
    are not hidden, nor those that can be seen to lie outside the months; what cannot be dated counts."""
    rows = connection.execute(
        """
        WITH refused AS (
            SELECT
                table_name,
                reasons[1] AS reason,
                json_extract_string(original_row, '$.encounter_id') AS encounter_id,
                json_extract_string(original_row, '$.encounter_type') AS encounter_type,
                TRY_CAST(LEFT(COALESCE(
                    json_extract_string(original_row, '$.discharged_at'),
                    json_extract_string(original_row, '$.admitted_at')
                ), 10) AS DATE) AS happened_on
            FROM quarantine
        )
        SELECT refused.table_name, refused.reason, LOWER(refused.encounter_type), COUNT(*)
        FROM refused
        LEFT JOIN encounters
            ON refused.table_name = 'encounters' AND refused.encounter_id = encounters.encounter_id
        WHERE
            encounters.encounter_id IS NULL
            AND (
                refused.table_name <> 'encounters'
                OR refused.happened_on IS NULL
                OR refused.reason IN ('future_date', 'discharge_before_admit')
                OR (refused.happened_on >= ? AND refused.happened_on < ?)
            )
        GROUP BY ALL
        ORDER BY ALL
        """,
        [months[0].first_day, months[1].plus(1).first_day],
    ).fetchall()
    for table, reason, encounter_type, n in rows:
        is_encounter = table == "encounters"
        hides = int(n) if is_encounter else 0
        yield HiddenRows(
            str(reason), f"{table} refused", str(table), hides, int(n), encounter_type if is_encounter else None
        )


def _unmatched(connection: duckdb.DuckDBPyConnection) -> Iterator[HiddenRows]:
    for table in load_contracts():
        parent = parent_of(table)
        if parent is None:
            continue
        name, column = parent
        unmatched = connection.execute(
            f"SELECT COUNT(*) FROM {table} AS children "
            f"ANTI JOIN {name} AS parents ON children.{column} = parents.{column}"
        ).fetchall()[0][0]
        if unmatched:
            where = f"{table} of no known {column.removesuffix('_id')}"
            yield HiddenRows("belongs_to_none", where, table, 0, int(unmatched))


def _touches(hidden: HiddenRows, reads: frozenset[str], metric: Metric) -> bool:
    """Whether hidden rows of a table could be cases of a measure, or change what its cases add."""
    if hidden.table != "encounters":
        return f"staged_{hidden.table}" in reads
    if hidden.encounter_type in (None, ""):
        return True
    wanted = {_ACUTE} if {"stays", "index_discharges", "month_end_inpatients"} & metric.tables else set()
    wanted |= {_OBSERVATION} if "observation_encounters" in metric.needs else set()
    return hidden.encounter_type in wanted
