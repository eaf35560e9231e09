"""Whether the definitions are sound: contracts, mappings, measures, settings. No data are looked at."""

from __future__ import annotations

from zoneinfo import available_timezones

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.declared.commentary import read_commentary
from kpi_pipeline.declared.targets import read_targets
from kpi_pipeline.intake.contract import load_contracts, load_source, source_names
from kpi_pipeline.intake.mapping.mapping_check import mapping_faults
from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.warehouse.supply import CAPABILITIES
from kpi_pipeline.warehouse.tables import kept_tables


def check_definitions(settings: Settings) -> dict[str, int]:
    """Loads every contract, source, table, metric, target and comment; returns how many there are.

    Raises DefinitionError with all faults found.
    """
    contracts = load_contracts()
    sources = [load_source(name) for name in source_names()]
    metrics = load_metrics()
    faults = [fault for source in sources for fault in mapping_faults(source)]
    faults += [fault for metric in metrics.values() for fault in _metric_faults(metric)]
    faults += [
        Fault("settings", f"headline_metrics names {name!r}, which is not a metric.")
        for name in settings.report.headline_metrics
        if name not in metrics
    ]
    if settings.time_zone not in available_timezones():
        what = f"time_zone: {settings.time_zone!r} is not a time zone."
        faults.append(Fault("settings", what, "Write it like America/New_York."))
    if faults:
        raise DefinitionError(faults)
    read_targets(settings.targets, metrics)
    read_commentary(settings.report.commentary, metrics)
    return {
        "contracts": len(contracts),
        "sources": len(sources),
        "warehouse tables": len(kept_tables()),
        "measures": len(metrics),
    }


def _metric_faults(metric: Metric) -> list[Fault]:
    where = metric.where
    known = {table.name for table in kept_tables()} | {"landing_options"}
    faults = [
        Fault(where, f"reads {table}, which is not a warehouse table.")
        for table in sorted(metric.tables - known)
        if not table.startswith("reference_")
    ]
    contracts = load_contracts()
    for item in metric.needs:
        table, _, column = item.partition(".")
        is_known = item in CAPABILITIES or (table in contracts and (not column or column in contracts[table].columns))
        if not is_known:
            faults.append(Fault(where, f"needs {item!r}, which is no table, column or capability.", "Correct it."))
    return faults
