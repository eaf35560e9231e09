"""Random edits of every table of a built hospital: whatever figure of the catalogue they move, they are named for it,
and what each cause did adds up to what two sums over the cases say."""

from __future__ import annotations

import csv
import math
import shutil
from collections import defaultdict
from pathlib import Path
from random import Random

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.restated.ledger import Restated
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.history.evidence import CASES, build_evidence
from kpi_pipeline.pipeline.history.restatement import Shown, compare_evidence
from tests.support.row_edits import edit_rows, tables_of

METRICS = load_metrics()
OF_ROWS = {"follow_up", "late", "correction", "removal", "identity", "comparison", "elsewhere"}
Totals = dict[tuple[str, str, str], tuple[float, float]]


@pytest.fixture(scope="module")
def before(built_hospital: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write_evidence(built_hospital / "hospital.duckdb", tmp_path_factory.mktemp("evidence"))


def _write_evidence(warehouse: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in build_evidence(warehouse, facility=None).items():
        (folder / name).write_bytes(content)
    return folder


def _totals(folder: Path) -> Totals:
    """(measure, place, month) → numerator and denominator of the cases that count, in plain Python."""
    parts: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    for row in pq.read_table(folder / CASES).to_pylist():
        if row["exclusion_reason"] is None and None not in (row["event_date"], row["numerator"], row["denominator"]):
            for place in ("all", row["facility_id"]):
                key = (row["metric"], place, f"{row['event_date']:%Y-%m}")
                parts[key].append((row["numerator"], row["denominator"]))
    return {key: (math.fsum(n for n, _ in all_), math.fsum(d for _, d in all_)) for key, all_ in parts.items()}


def _compare(hospital: Path, before: Path, tables: list[str], random: Random, folder: Path) -> tuple[Restated, Path]:
    """What the edits of these tables moved, and the evidence after them."""
    shutil.copytree(hospital / "landing", folder / "landing")
    for table in tables:
        edit_rows(folder / "landing", table, random)
    build_warehouse(folder / "landing", folder / "hospital.duckdb")
    after = _write_evidence(folder / "hospital.duckdb", folder / "evidence")
    shown = {
        (name, place, Month.parse(month)): Shown(1, None, is_final=True)
        for name, place, month in {**_totals(before), **_totals(after)}
    }
    return compare_evidence(
        before, after, shown=shown, metrics=METRICS, number=1, month=Month.parse("2026-10")
    ), after  # fmt: skip


def _assert_all_is_told(ledger: Restated, before: Path, after: Path) -> None:
    then, now = _totals(before), _totals(after)
    told = {(one.metric, one.facility_id, str(one.month)): one for one in ledger.figures}
    for key in then.keys() | now.keys():
        moved = [b - a for a, b in zip(then.get(key, (0.0, 0.0)), now.get(key, (0.0, 0.0)), strict=True)]
        parts = told[key].parts if key in told else ()
        assert math.isclose(math.fsum(one.numerator for one in parts), moved[0], abs_tol=1e-6), key
        assert math.isclose(math.fsum(one.denominator for one in parts), moved[1], abs_tol=1e-6), key
    wrong = {(one.metric, part.cause) for one in ledger.figures for part in one.parts if part.cause not in OF_ROWS}
    assert not wrong


def test_edits_of_all_tables_together_leave_no_change_unexplained(
    built_hospital: Path, before: Path, tmp_path: Path
) -> None:
    tables = tables_of(built_hospital / "landing")
    ledger, after = _compare(built_hospital, before, tables, Random(20261128), tmp_path)
    _assert_all_is_told(ledger, before, after)
    causes = {part.cause for one in ledger.figures for part in one.parts}
    assert {"late", "correction", "removal", "comparison"} <= causes


def test_a_cost_sent_again_moves_the_months_compared_with_it_and_is_told_there_as_that(
    built_hospital: Path, before: Path, tmp_path: Path
) -> None:
    """By hand: nothing but one cost of May changes; in the months after it all is comparison."""
    hospital = tmp_path / "hospital"
    shutil.copytree(built_hospital / "landing", hospital / "landing")
    file = hospital / "landing" / "encounters_2026.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    row = next(
        one
        for one in rows
        if one["encounter_type"] == "acute inpatient"
        and one["discharged_at"].startswith("2026-05")
        and one["total_cost"]
        and one["drg_code"]
    )
    row["total_cost"] = str(float(row["total_cost"]) + 100_000)
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(row))
        writer.writeheader()
        writer.writerows(rows)
    ledger, after = _compare(hospital, before, [], Random(0), tmp_path / "now")
    _assert_all_is_told(ledger, before, after)
    index = [one for one in ledger.figures if one.metric == "total_cost_drg_index" and one.facility_id == "all"]
    assert {str(one.month): {part.cause for part in one.parts} for one in index} == {
        "2026-05": {"correction"},
        **{f"2026-{month:02}": {"comparison"} for month in range(6, 11)},
    }


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_edits_of_each_table_alone_leave_no_change_unexplained(
    seed: int, built_hospital: Path, before: Path, tmp_path: Path
) -> None:
    for table in tables_of(built_hospital / "landing"):
        ledger, after = _compare(built_hospital, before, [table], Random(f"{table} {seed}"), tmp_path / table)
        _assert_all_is_told(ledger, before, after)
