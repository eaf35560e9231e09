"""Blocking checks: what must hold of the published files before a report is made from them.

The library refuses to build what breaks these rules; the checks look again at what lies on disk, and
show it in Dagster. Made from the declarations, like the assets.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg

from kpi_pipeline.core.errors import WarehouseError
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.orchestration import metadata as told
from kpi_pipeline.orchestration.assets import metric_key, table_key
from kpi_pipeline.orchestration.resources import Hospital

CONSERVED = "rows_are_conserved"
QUARANTINE_SHARE = "quarantine_share_is_small"
SOUND_CASES = "cases_are_sound"
EVERY_CASE_COUNTED = "every_case_is_counted"
STOCK_BALANCES = "stock_is_what_came_less_what_went"
PRESENT_SNAPSHOT = "values_are_of_this_snapshot"


def build_checks() -> list[dg.AssetChecksDefinition]:
    """The checks of the warehouse and of the metrics; each stops everything downstream when it fails."""
    return [_build_warehouse_checks(), _build_metric_checks()]


def _build_warehouse_checks() -> dg.AssetChecksDefinition:
    words = {
        CONSERVED: "Rows in = current + quarantined + duplicate + superseded, and the table holds the current ones.",
        QUARANTINE_SHARE: "The share of refused rows is within quarantine_limit_pct of the settings.",
    }
    specs = [
        dg.AssetCheckSpec(name, asset=table_key(table), blocking=True, description=description)
        for table in load_contracts()
        for name, description in words.items()
    ]

    @dg.multi_asset_check(name="warehouse_checks", specs=specs, can_subset=True)
    def warehouse_checks(context: dg.AssetCheckExecutionContext, hospital: Hospital) -> Iterator[dg.AssetCheckResult]:
        from kpi_pipeline.warehouse.connection import open_warehouse
        from kpi_pipeline.warehouse.facts import read_build_facts

        with told.plain_failures(), open_warehouse(hospital.warehouse_file) as connection:
            ledger = {row.table: row for row in read_build_facts(connection).ledger}
        settings = hospital.read_settings()
        for key in sorted(context.selected_asset_check_keys):
            row = ledger.get(key.asset_key.path[-1])
            if row is None:  # the table was not supplied
                yield _result(key, passed=True, metadata={"rows_in": 0})
            elif key.name == CONSERVED:
                rows_out = row.staged + row.quarantined + row.duplicate + row.superseded
                yield _result(
                    key, passed=row.rows_in == rows_out, metadata={"rows_in": row.rows_in, "rows_out": rows_out}
                )
            else:
                share = 100 * row.quarantined / row.rows_in if row.rows_in else 0.0
                is_small = share <= settings.quarantine_limit_pct
                yield _result(
                    key,
                    passed=is_small or row.quarantined < settings.quarantine_limit_from_rows,
                    metadata={"share_pct": round(share, 3), "limit_pct": settings.quarantine_limit_pct},
                )

    return warehouse_checks


def _build_metric_checks() -> dg.AssetChecksDefinition:
    words = {
        SOUND_CASES: "The cases have their columns, each once, with numbers, and only declared reasons for exclusion.",
        EVERY_CASE_COUNTED: "The stored values count every case of the warehouse, by facility and in all.",
        PRESENT_SNAPSHOT: "The stored values were computed on the warehouse that is there now.",
        STOCK_BALANCES: "What was there at the month's beginning, and came, less what went, is there at its end.",
    }
    specs = [
        dg.AssetCheckSpec(name, asset=metric_key(metric), blocking=True, description=description)
        for metric, declared in load_metrics().items()
        for name, description in words.items()
        if name != STOCK_BALANCES or declared.flows is not None
    ]

    @dg.multi_asset_check(name="metric_checks", specs=specs, can_subset=True)
    def metric_checks(context: dg.AssetCheckExecutionContext, hospital: Hospital) -> Iterator[dg.AssetCheckResult]:
        for name, metric in load_metrics().items():
            selected = {key.name: key for key in context.selected_asset_check_keys if key.asset_key == metric_key(name)}
            if not selected:
                continue
            with told.plain_failures():
                found = find_metric_faults(hospital.warehouse_file, metric)
            for check, key in sorted(selected.items()):
                yield _result(key, passed=not found[check], description=" ".join(found[check]))

    return metric_checks


def find_metric_faults(warehouse: Path, metric: Metric) -> dict[str, list[str]]:
    """What is wrong with a metric's cases and stored values, by check; empty lists when all is well."""
    from kpi_pipeline.metrics.balance import balance_faults
    from kpi_pipeline.metrics.cases import count_cases, missing_inputs
    from kpi_pipeline.metrics.values import read_values
    from kpi_pipeline.warehouse.connection import open_warehouse

    found: dict[str, list[str]] = {
        SOUND_CASES: [],
        EVERY_CASE_COUNTED: [],
        PRESENT_SNAPSHOT: [],
        STOCK_BALANCES: [],
    }
    with open_warehouse(warehouse) as connection:
        is_computed = missing_inputs(connection, metric) is None
        counted = count_cases(connection, metric)
    found[SOUND_CASES] = list(counted.faults)
    n_cases, n_excluded = counted.n_cases, counted.n_excluded
    try:
        stored = read_values(warehouse, [metric.name, *(metric.flows or ())])
    except WarehouseError as error:
        found[PRESENT_SNAPSHOT] = [str(error)]
        return found
    of_each = {str(name): rows for name, rows in stored.values.groupby("metric")}
    found[STOCK_BALANCES] = [str(fault) for fault in balance_faults({metric.name: metric}, of_each)]
    if is_computed:
        values, exclusions = (frame[frame["metric"] == metric.name] for frame in (stored.values, stored.exclusions))
        is_system = values["facility_id"] == WHOLE_SYSTEM
        for scope, rows in values.groupby(is_system)[["n_cases", "n_excluded"]].sum().iterrows():
            where = "the whole system" if scope else "the facilities together"
            for what, stored_count, count in (
                ("cases", rows["n_cases"], n_cases),
                ("excluded cases", rows["n_excluded"], n_excluded),
            ):
                if stored_count != count:
                    found[EVERY_CASE_COUNTED].append(f"{where}: {stored_count:,} {what} are stored, {count:,} listed.")
        explained = exclusions.loc[exclusions["facility_id"] == WHOLE_SYSTEM, "n_cases"].sum()
        if explained != n_excluded:
            found[EVERY_CASE_COUNTED].append(
                f"{explained:,} exclusions have a reason, {n_excluded:,} cases are excluded."
            )
    return found


def _result(
    key: dg.AssetCheckKey, *, passed: bool, description: str = "", metadata: Mapping[str, float] | None = None
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=passed,
        description=description or None,
        metadata=metadata or {},
    )
