"""Compares the evidence of two issues: every case that changed, its one cause, and every figure it moved.

What changed is found in `pipeline.changed_rows`, the cause of each case in `pipeline.restatement_causes`.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.text.spreadsheets import unguarded
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.restated.ledger import Restated, RestatedFigure
from kpi_pipeline.judgement.restated.split import ChangedCase, Side, Sums, split_change, value_of
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.pipeline.history.case_sums import sums_of
from kpi_pipeline.pipeline.history.changed_rows import find_changed_cases, find_changed_rows, find_moved_on
from kpi_pipeline.pipeline.history.evidence import ABOUT
from kpi_pipeline.pipeline.history.restatement_causes import KnownCauses, read_known_causes


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as an issue printed it. value None: none was printed."""

    version: int
    value: float | None
    is_final: bool


def read_shown(figures_csv: str) -> dict[tuple[str, str, Month], Shown]:
    """The figures of an issue's figures.csv: (measure, place, month) → as printed. Withheld numbers are not there."""
    shown = {}
    for row in csv.DictReader(io.StringIO(figures_csv)):
        if not row["month"] or not row["metric"]:  # a measure without figures; a figure that is no measure's
            continue
        try:
            value = float(row["value"]) if row["value"] else None
        except ValueError:  # a withheld figure was not shown
            continue
        key = (row["metric"], unguarded(row["facility_id"]), Month.parse(row["month"]))
        shown[key] = Shown(int(row["version"]), value, row["maturity"] == "final")
    return shown


def compare_evidence(
    then: Path,
    now: Path,
    *,
    shown: Mapping[tuple[str, str, Month], Shown],
    metrics: Mapping[str, Metric],
    number: int,
    month: Month,
) -> Restated:
    """The ledger of the figures an issue showed. then, now: folders of evidence. number, month: of the earlier one."""
    before, after = (json.loads((folder / ABOUT).read_bytes()) for folder in (then, now))
    with connect(folders=[then, now]) as connection:
        find_changed_cases(connection, then, now, sorted(metrics))
        find_changed_rows(connection, then, now, before["files"], after["files"])
        moved_on = find_moved_on(connection)
        shown = {key: one for key, one in shown.items() if key[0] not in moved_on}
        figures = list(_figures(connection, shown, metrics, before, after))
    rules = {
        name: (before["metrics"][name][0], after["metrics"][name][0])
        for name in sorted(before["metrics"].keys() & after["metrics"].keys())
        if before["metrics"][name] != after["metrics"][name]
    }
    n_compared = sum(1 for name, _, _ in shown if name in metrics)
    releases = tuple(f"{one['program'][0]} ({one['program'][1][:6]})" for one in (before, after))
    return Restated(
        number=number,
        month=month,
        n_compared=n_compared,
        figures=tuple(figures),
        defined_anew=rules,
        releases=(releases[0], releases[1]),
    )


def _figures(
    connection: duckdb.DuckDBPyConnection,
    shown: Mapping[tuple[str, str, Month], Shown],
    metrics: Mapping[str, Metric],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> Iterator[RestatedFigure]:
    """The figures that are others now, in the order in which they were shown."""
    changed = _changed_by_figure(connection, shown, metrics, read_known_causes(connection, metrics, before, after))
    touched = {name: metric for name, metric in metrics.items() if any(key[0] == name for key in changed)}
    sums = sums_of(connection, "cases_then", touched)
    people = _people_of_cases(connection)
    for key in shown:
        metric = metrics.get(key[0])
        if metric is None or key not in changed:
            continue
        then = sums.get((key[0], key[1], str(key[2])), Sums(0.0, 0.0, 0))
        now, parts = split_change(then, [one for _, one in changed[key]], metric)
        yield RestatedFigure(
            metric=key[0],
            facility_id=key[1],
            month=key[2],
            was_final=shown[key].is_final,
            version_then=shown[key].version,
            version_now=metric.version,
            numerator_then=then.numerator,
            numerator_now=now.numerator,
            denominator_then=then.denominator,
            denominator_now=now.denominator,
            value_then=shown[key].value,
            value_now=value_of(now, metric),
            parts=parts,
            n_people=len(set().union(*(people.get(case_id, {case_id}) for case_id, _ in changed[key]))),
        )


def _people_of_cases(connection: duckdb.DuckDBPyConnection) -> dict[str, set[object]]:
    """Whose the changed cases are, as the traces number people; a case of nobody (a unit's day) is not in it."""
    found: dict[str, set[object]] = defaultdict(set)
    for case_id, person in connection.execute(
        """SELECT DISTINCT own.case_id, who.person FROM case_entities AS own
        INNER JOIN people AS who ON own.entity = who.entity WHERE who.person IS NOT NULL"""
    ).fetchall():
        found[case_id].add(person)
    return found


def _changed_by_figure(
    connection: duckdb.DuckDBPyConnection,
    shown: Mapping[tuple[str, str, Month], Shown],
    metrics: Mapping[str, Metric],
    known: KnownCauses,
) -> dict[tuple[str, str, Month], list[tuple[str, ChangedCase]]]:
    """Figure → its changed cases, by the case's id."""
    found: dict[tuple[str, str, Month], list[tuple[str, ChangedCase]]] = defaultdict(list)
    rows = connection.execute(
        """SELECT metric, case_id,
            facility_id_then, month_then, numerator_then, denominator_then, exclusion_reason_then,
            facility_id_now, month_now, numerator_now, denominator_now, exclusion_reason_now
        FROM changed_cases ORDER BY ALL"""
    ).fetchall()
    for name, case_id, *sides in rows:
        metric = metrics.get(name)
        if metric is None:
            continue
        cause, columns = known.cause_of(case_id, metric, (sides[4], sides[9]), (sides[1], sides[6]))
        places = [_places(sides[0], sides[1]), _places(sides[5], sides[6])]
        counted = [_side(*sides[2:5]), _side(*sides[7:10])]
        for place in dict.fromkeys([*places[0], *places[1]]):
            then = counted[0] if place in places[0] else None
            now = counted[1] if place in places[1] else None
            key = (name, place[0], Month.parse(place[1]))
            if then != now and key in shown:
                found[key].append((case_id, ChangedCase(cause, then, now, columns)))
    return found


def _places(facility: str | None, month: str | None) -> list[tuple[str, str]]:
    return [] if facility is None or month is None else [(WHOLE_SYSTEM, month), (facility, month)]


def _side(numerator: float | None, denominator: float | None, reason: str | None) -> Side | None:
    if reason is not None or numerator is None or denominator is None:
        return None
    return Side(float(numerator), float(denominator))
