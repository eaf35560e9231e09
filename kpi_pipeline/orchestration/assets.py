"""The assets: landing → staged, quarantine → warehouse → one asset per metric → the monthly report.

Their names and what each depends on come from the files in `sql/`. A body calls the library and returns
counts; heavy modules are imported inside it, so that Dagster's many processes start quickly.
"""

import hashlib
import warnings
from collections.abc import Iterable, Iterator
from datetime import timedelta

import dagster as dg

from kpi_pipeline.core.periods import Month
from kpi_pipeline.intake.contract import Contract, load_contracts
from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.orchestration import metadata as told
from kpi_pipeline.orchestration.calendar import ReportCalendar
from kpi_pipeline.orchestration.delivery import build_draft_asset
from kpi_pipeline.orchestration.resources import Hospital
from kpi_pipeline.warehouse.tables import WarehouseTable, kept_tables, load_tables

LANDING = dg.AssetKey("landing")
REFERENCE = dg.AssetKey("reference")
QUARANTINE = dg.AssetKey("quarantine")

BACKFILL = dg.BackfillPolicy.single_run()
"""How a range of months is run: all in one run, or `multi_run(n)` for n months a run. The assets take either."""


def table_key(name: str) -> dg.AssetKey:
    """The asset of a warehouse table."""
    return dg.AssetKey(["warehouse", name])


def metric_key(name: str) -> dg.AssetKey:
    """The asset of a metric."""
    return dg.AssetKey(["metric", name])


def build_assets(calendar: ReportCalendar) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Every asset of the code location, in the order in which data flows."""
    metrics = load_metrics()
    return [
        dg.AssetSpec(
            LANDING,
            group_name="intake",
            description="The source files, as they arrived.",
            kinds={"file"},
            owners=told.OWNERS,
        ),
        dg.AssetSpec(
            REFERENCE,
            group_name="intake",
            description="Value sets and DRG tables with their provenance.",
            kinds={"csv"},
            owners=told.OWNERS,
        ),
        _build_staged_asset(load_contracts()),
        _build_warehouse_asset(kept_tables()),
        *(_build_metric_asset(metric) for metric in metrics.values()),
        _build_report_asset(calendar, [metric_key(name) for name in metrics]),
        _build_draft_asset(calendar),
    ]


def _build_staged_asset(contracts: dict[str, Contract]) -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            ["staged", contract.table],
            deps=[LANDING],
            group_name="intake",
            description=contract.title,
            kinds={"parquet"},
            freshness_policy=told.FRESHNESS,
            owners=told.OWNERS,
        )
        for contract in contracts.values()
    ]
    refused = dg.AssetSpec(
        QUARANTINE,
        deps=[LANDING],
        group_name="intake",
        description="Rows that break their contract, with file, line and every reason.",
        kinds={"parquet"},
        freshness_policy=told.FRESHNESS,
        owners=told.OWNERS,
    )

    @dg.multi_asset(name="staged", specs=[*specs, refused], pool="intake")
    def staged(context: dg.AssetExecutionContext, hospital: Hospital) -> Iterator[dg.MaterializeResult[None]]:
        from kpi_pipeline.pipeline.build import read_landing

        with told.plain_failures():
            intake = read_landing(
                hospital.landing_folder,
                hospital.warehouse_file,
                source=hospital.source_name,
                settings=hospital.read_settings(),
                progress=context.log.info,
            )
        context.log_event(dg.AssetObservation(LANDING, metadata=told.landing_metadata(intake)))
        for table in contracts:
            files = intake.of_table(table)
            yield dg.MaterializeResult(asset_key=["staged", table], metadata=told.staged_metadata(files))
        yield dg.MaterializeResult(asset_key=QUARANTINE, metadata=told.quarantine_metadata(intake))

    return staged


def _build_warehouse_asset(tables: tuple[WarehouseTable, ...]) -> dg.AssetsDefinition:
    """One asset per table, all made by one step: the warehouse is swapped in whole, with its values, or not at all."""
    specs = [
        dg.AssetSpec(
            table_key(table.name),
            deps=_sources_of(table.reads),
            group_name="warehouse",
            description=f"{table.title}. {table.means}",
            code_version=_short_hash(table.sql),
            kinds={"duckdb"},
            freshness_policy=told.FRESHNESS,
            owners=told.OWNERS,
        )
        for table in tables
    ]

    @dg.multi_asset(name="warehouse", specs=specs, pool="warehouse")
    def warehouse(context: dg.AssetExecutionContext, hospital: Hospital) -> Iterator[dg.MaterializeResult[None]]:
        from kpi_pipeline.pipeline.build import build_from_intake, read_landing
        from kpi_pipeline.warehouse.connection import open_warehouse

        settings = hospital.read_settings()
        with told.plain_failures():
            intake = read_landing(
                hospital.landing_folder, hospital.warehouse_file, source=hospital.source_name, settings=settings
            )
            build = build_from_intake(
                intake,
                hospital.warehouse_file,
                reference=hospital.reference_folder,
                settings=settings,
                progress=context.log.info,
            )
            for lost in build.lost:
                context.log.warning(lost.sentence)
            with open_warehouse(hospital.warehouse_file) as connection:
                rows = {table.name: connection.table(table.name).shape[0] for table in tables}
        for table in tables:
            yield dg.MaterializeResult(
                asset_key=table_key(table.name),
                metadata=told.table_metadata(build, rows[table.name]),
                data_version=dg.DataVersion(build.snapshot_id),
            )

    return warehouse


def _sources_of(names: Iterable[str]) -> list[dg.AssetKey]:
    """The assets behind table names; what the warehouse does not keep stands for what it is made from itself."""
    by_name = {table.name: table for table in load_tables()}
    sources: set[dg.AssetKey] = set()
    for name in names:
        if name.startswith("staged_"):
            sources.add(dg.AssetKey(["staged", name.removeprefix("staged_")]))
        elif name.startswith("reference_"):
            sources.add(REFERENCE)
        elif name not in by_name:
            sources.add(LANDING)  # what landing.yaml declares
        elif by_name[name].stored == "kept":
            sources.add(table_key(name))
        else:
            sources.update(_sources_of(by_name[name].reads))
    return sorted(sources)


def _build_metric_asset(metric: Metric) -> dg.AssetsDefinition:
    """Shows what the build stored: values are written before the warehouse is swapped in, on every road."""

    @dg.asset(
        key=metric_key(metric.name),
        deps=_sources_of(metric.tables | {"watermarks"}),
        group_name="metrics",
        description=told.metric_description(metric),
        code_version=f"{metric.version}.{_short_hash(metric.sql)}",
        kinds={"sql", "parquet"},
        freshness_policy=told.FRESHNESS,
        owners=told.OWNERS,
        metadata={"unit": metric.unit, "better": metric.better, "follows": metric.follows, "owner": metric.owner},
    )
    def metric_values(hospital: Hospital) -> dg.MaterializeResult[None]:
        from kpi_pipeline.metrics.values import read_values

        with told.plain_failures():
            stored = read_values(hospital.warehouse_file, [metric.name])
        return dg.MaterializeResult(
            metadata=told.metric_metadata(stored.values, metric, stored.snapshot_id),
            data_version=dg.DataVersion(stored.snapshot_id),
        )

    return metric_values


def _build_report_asset(calendar: ReportCalendar, metrics: list[dg.AssetKey]) -> dg.AssetsDefinition:
    months, freshness = _months(calendar), _monthly_freshness(calendar)
    with warnings.catch_warnings():  # single-run backfills are what BACKFILL is for; Dagster calls them beta
        warnings.simplefilter("ignore", dg.BetaWarning)

        @dg.asset(
            name="monthly_report",
            deps=metrics,
            partitions_def=months,
            backfill_policy=BACKFILL,
            freshness_policy=freshness,
            group_name="report",
            description="The month's report: PDF, the same as JSON, and its figures as CSV.",
            kinds={"pdf"},
            owners=told.OWNERS,
        )
        def monthly_report(context: dg.AssetExecutionContext, hospital: Hospital) -> None:
            from kpi_pipeline.pipeline.reports import write_reports

            settings, months = hospital.read_settings(), [Month.parse(key) for key in context.partition_keys]
            with told.plain_failures():
                for month, written in write_reports(
                    hospital.warehouse_file,
                    months,
                    hospital.reports_folder,
                    privacy=hospital.privacy,
                    settings=settings,
                ):
                    context.log.info(f"{month}: {written.pdf.name}")
                    metadata = told.report_metadata(written, hospital.reports_url)
                    context.add_asset_metadata(metadata, partition_key=str(month))

    return monthly_report


def _build_draft_asset(calendar: ReportCalendar) -> dg.AssetsDefinition:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        return build_draft_asset(_months(calendar), BACKFILL, freshness=_monthly_freshness(calendar))


def _monthly_freshness(calendar: ReportCalendar) -> dg.FreshnessPolicy:
    """Late at noon of the latest day on which the month can fall due."""
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"0 12 {calendar.latest_day} * *",
        lower_bound_delta=timedelta(days=calendar.latest_day - calendar.working_day + 1),
        timezone=calendar.time_zone,
    )


def _months(calendar: ReportCalendar) -> dg.MonthlyPartitionsDefinition:
    return dg.MonthlyPartitionsDefinition(
        start_date=str(calendar.first_month), fmt="%Y-%m", timezone=calendar.time_zone
    )


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
