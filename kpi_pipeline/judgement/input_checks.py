"""Whether a report can be made of its inputs: facility and month exist, values follow the definitions in force."""

from __future__ import annotations

from kpi_pipeline.core.errors import CheckError, DefinitionError, Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.rebase_check import check_rebases


def check_inputs(inputs: ReportInputs) -> None:
    """The facility and month exist in the values, the values follow the definitions in force, rebases may stand."""
    _check_values(inputs)
    _refuse_faulty_rebases(inputs)


def _refuse_faulty_rebases(inputs: ReportInputs) -> None:
    """A rebase that was recorded rightly may no longer stand when figures were restated; a report stops at it."""
    faults, _ = check_rebases(
        inputs.rebases,
        values=inputs.values,
        exclusions=inputs.exclusions,
        metrics=inputs.metrics,
        facility_id=inputs.facility_id,
        rules=inputs.settings.rule_set,
        frozen_months=inputs.settings.frozen_months,
    )
    if faults:
        cure = "Withdraw it: kpi rebase withdraw KEY --by NAME."
        raise CheckError(Fault(fault.where, fault.what, cure) for fault in faults)


def _check_values(inputs: ReportInputs) -> None:
    values = inputs.values
    dated = values[values["month"] != ""]
    facilities = sorted(set(dated["facility_id"]))
    if not facilities:
        raise InputError(
            Fault(
                "report", "no measure has a figure in any month: there are no acute inpatient stays.", "Check the data."
            )
        )
    if inputs.facility_id not in facilities:
        raise InputError(
            Fault("facility", f"{inputs.facility_id!r} has no figures.", f"Use one of {', '.join(facilities)}.")
        )
    months = sorted(set(dated.loc[dated["facility_id"] == inputs.facility_id, "month"]))
    last = max([months[-1], *_months_of_watermarks(inputs)])
    if not months[0] <= str(inputs.month) <= last:
        raise InputError(
            Fault("month", f"there are no figures for {inputs.month}.", f"Choose between {months[0]} and {last}.")
        )
    pairs = sorted(set(zip(values["metric"].astype(str), values["version"].astype(int), strict=True)))
    stale = [
        (name, version) for name, version in pairs if name in inputs.metrics and version != inputs.metrics[name].version
    ]
    if stale:
        raise CheckError(
            Fault(
                inputs.metrics[name].where,
                f"is version {inputs.metrics[name].version}, but the values follow version {version}.",
                "Build the warehouse again.",
            )
            for name, version in stale
        )
    unknown = [name for name in inputs.settings.report.headline_metrics if name not in inputs.metrics]
    if unknown:
        raise DefinitionError(
            Fault("report.headline_metrics", f"{name!r} is not a metric.", f"Use {', '.join(sorted(inputs.metrics))}.")
            for name in unknown
        )


def _months_of_watermarks(inputs: ReportInputs) -> list[str]:
    """The months until which the data of the chosen facilities reach; a month without a case is a month, too."""
    return [
        str(Month.of(mark.complete_through))
        for mark in inputs.facts.watermarks
        if inputs.facility_id in (WHOLE_SYSTEM, mark.facility_id)
    ]
