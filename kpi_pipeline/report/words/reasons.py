"""Why there is no figure, in words. The records are `core.reasons`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.reasons import Reason
from kpi_pipeline.core.text.language import format_count
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.metrics.declaration import Metric

STATUS_WORDS: Mapping[str, str] = {"not_supplied": "not supplied", "not_computable": "not computable"}
"""The two states of a measure without any figure; the reason completes the sentence: `not supplied: denials`."""


def reason_words(stored: str) -> str:
    """The reason in words, such as `fewer than 25 cases`; '' for ''. What an earlier version stored is in words."""
    reason = Reason.read(stored)
    return _WORDS[reason.kind](reason.what) if reason.kind in _WORDS else reason.kind


def unavailable_words(status: str, stored: str) -> str:
    """Why a measure has no figure at all: `not computable: no ICD diagnosis codes`."""
    said = reason_words(stored)
    return f"{STATUS_WORDS[status]}: {said}" if said else STATUS_WORDS[status]


def missing_words(metric: Metric, missing: tuple[str, str] | None) -> str:
    """Why a measure has no figure in any month shown; missing: `Measure.missing`."""
    return f"no {metric.denominator_noun} recorded" if missing is None else unavailable_words(*missing)


def part_words(stored: str) -> str:
    """Why a part of a page is not there: `not supplied: avoidable days`."""
    kind = Reason.read(stored).kind
    state = (
        "not supplied: " if kind.endswith("_not_supplied") else "not computable: " if kind == "rows_unmatched" else ""
    )
    return f"{state}{reason_words(stored)}"


def refuse(metric: Metric, missing: tuple[str, str] | None, cure: str = "") -> None:
    """Raises InputError for a measure of which `metrics.cases.missing_inputs` says that it has no figures."""
    if missing is not None:
        raise InputError(Fault(metric.name, f"is {unavailable_words(*missing)}.", cure))


def _table(name: str) -> str:
    contracts = load_contracts()
    return contracts[name].title.lower() if name in contracts else name


def _item(name: str) -> str:
    """A table, or `birth date of encounters`."""
    table, _, column = name.partition(".")
    return (
        f"{column.removesuffix('_code').replace('_', ' ').replace('drg', 'DRG')} of {_table(table)}"
        if column
        else _table(table)
    )


_WORDS: Mapping[str, Callable[[str], str]] = {
    "table_not_supplied": _table,
    "column_not_supplied": _item,
    "encounters_not_supplied": lambda kind: f"{kind} encounters",
    "procedures_not_supplied": lambda _: "procedures, which tell planned returns from unplanned ones",
    "rows_unmatched": lambda table: f"too many rows of {_table(table)} belong to no encounter in the data",
    "no_icd_codes": lambda _: "no ICD diagnosis codes",
    "icd_codes_unmapped": lambda _: "the diagnosis codes are in no loaded map",
    "no_principal_diagnoses": lambda _: "no principal diagnoses in primary_diagnosis_code of encounters",
    "drgs_unknown": lambda _: "no DRG is in the loaded MS-DRG table",
    "procedures_unmapped": lambda _: "too many procedures are in no loaded map, so planned returns cannot be told",
    "no_risk_model": lambda _: "no risk model is loaded",
    "risk_model_lacks": lambda item: f"the risk model needs {_item(item)}",
    "risk_model_outdated": lambda metric: f"the risk model was fitted to another version of {metric}",
    "item_unknown": lambda item: f"it needs {item}, which this version does not know",
    "no_cases": lambda _: "no case counts",
    "few_cases": lambda fewest: f"fewer than {format_count(int(fewest), 'cases')}",
    "zero_denominator": lambda _: "the denominator is zero",
    "not_above_zero": lambda _: "a case is not above zero",
    "few_ended": lambda _: "fewer than half had an end in the time watched",
    "before_data": lambda _: (
        "before the first month with a discharge: of its cases only those that lasted until then are known"
    ),
    "no_sum": lambda kind: f"a {kind.replace('_', ' ')} is no sum of months",
    "no_published_stays": lambda _: "no DRG with a published mean stay",
    "short_of_two_years": lambda _: "two full years of coded discharges are needed",
    "no_units": lambda _: "no proportion of several units, or too few known diagnoses and ages to adjust it by",
}
"""One sentence for each kind."""
