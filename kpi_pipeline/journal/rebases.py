"""Rebases in the journal: recorded only after the test that they hide nothing, and withdrawn by name.

The test is `signals.rebase`, on the stored values; how a rebase is drawn is the report's matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import ValidationError

from kpi_pipeline.core.errors import CheckError, Fault, InputError, WarehouseError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.declared.rebases import Rebase
from kpi_pipeline.journal.initiatives import text_faults
from kpi_pipeline.judgement.rebase_check import check_rebases
from kpi_pipeline.metrics.cases import unknown_metric
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.values import MetricValues
from kpi_pipeline.signals.rebase import RebaseCheck
from kpi_pipeline.state.journal import Journal, Version

KIND = "rebase"


def current_rebases(journal: Journal) -> tuple[Rebase, ...]:
    """The rebases on record that have not been withdrawn, in order of their keys."""
    return tuple(_rebase(version) for version in journal.current(KIND))


def propose_rebase(
    metric: str,
    from_month: str,
    *,
    why: str,
    by: str,
    decided_on: date,
    facility_id: str,
    trial: bool,
    values: MetricValues,
    metrics: Mapping[str, Metric],
) -> Rebase:
    """The rebase as a person asks for it. Raises InputError with everything that is wrong with the request."""
    faults = [*text_faults("--by", by), *text_faults("--why", why)]
    if metric not in metrics:
        faults.append(unknown_metric(metric, metrics))
    facilities = sorted(set(values.values.loc[values.values["month"] != "", "facility_id"]))
    if facility_id not in facilities:
        what = f"{facility_id!r} has no figures."
        faults.append(Fault("--facility", what, f"Choose one of: {', '.join(facilities)}."))
    try:
        first = Month.parse(from_month)
    except InputError as error:
        faults += [Fault("--from", fault.what, fault.cure) for fault in error.faults]
    if faults:
        raise InputError(faults)
    return Rebase.model_validate(
        {
            "metric": metric,
            "facility_id": facility_id,
            "from": first,
            "reason": why,
            "decided_by": by,
            "decided_on": decided_on,
            "trial": trial,
        }
    )


def record_rebase(
    journal: Journal,
    rebase: Rebase,
    *,
    values: MetricValues,
    metrics: Mapping[str, Metric],
    rules: str,
    frozen_months: int | None,
    at: datetime,
) -> list[RebaseCheck]:
    """Records a rebase that may stand, and returns the checks of its chart, with what to be careful about.

    Raises CheckError with the reasons when it would hide a deterioration, has too few points or nothing to rebase
    to, or when a later rebase of the same chart could not stand beside it; InputError when it is on record.
    """
    recorded = current_rebases(journal)
    if any(one.key == rebase.key for one in recorded):
        cure = f"To change it, withdraw it first: kpi rebase withdraw {rebase.key} --by NAME."
        raise InputError(Fault(f"rebase {rebase.key}", "is on record already.", cure))
    chart = (rebase.metric, rebase.facility_id)
    faults, allowed = check_rebases(
        [*(one for one in recorded if (one.metric, one.facility_id) == chart), rebase],
        values=values.values,
        exclusions=values.exclusions,
        metrics=metrics,
        facility_id=rebase.facility_id,
        rules=rules,
        frozen_months=frozen_months,
    )
    if faults:
        raise CheckError(faults)
    versions = journal.history(KIND, rebase.key)
    body = rebase.model_dump(mode="json", by_alias=True)
    journal.write(KIND, rebase.key, body, by=rebase.decided_by, at=at, after=len(versions))
    return allowed


def withdraw_rebase(journal: Journal, key: str, *, by: str, at: datetime) -> Version:
    """Takes a rebase back; it stays in the journal's history. Raises InputError when there is none of that name."""
    current = {version.key: version for version in journal.current(KIND)}
    faults = text_faults("--by", by)
    if key not in current:
        cure = f"On record: {', '.join(current) or 'none'}."
        faults.append(Fault("rebase", f"there is no {key!r} on record.", cure))
    if faults:
        raise InputError(faults)
    latest = current[key]
    written = journal.write(KIND, key, latest.body, by=by, at=at, is_retired=True, after=latest.version)
    return latest if written is None else written


def _rebase(version: Version) -> Rebase:
    try:
        return Rebase.model_validate(version.body)
    except ValidationError as error:
        raise WarehouseError(faults_of(f"state: rebase {version.key}, version {version.version}", error)) from error
