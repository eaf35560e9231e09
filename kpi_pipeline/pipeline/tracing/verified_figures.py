"""Every figure of a PDF's attached table, computed again from the archived cases, and the root over its case list."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.core.text.spreadsheets import unguarded
from kpi_pipeline.judgement.restated.split import value_of
from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.pipeline.history.case_sums import sums_of_cases
from kpi_pipeline.pipeline.history.evidence import ABOUT, CASES
from kpi_pipeline.pipeline.history.roots import roots_of_file
from kpi_pipeline.pipeline.tracing.verified_files import rows_of
from kpi_pipeline.pipeline.tracing.verified_issue import Archived
from kpi_pipeline.report.words.phrases import WITHHELD

_CLOSE = 1e-6
"""A value computed again agrees when it differs by less than this share: figures.csv rounds at nine digits."""


def figure_faults(attached: Mapping[str, bytes], found: Archived) -> Iterator[str]:
    """Each figure of the attached table against the archived cases, and the root over its case list."""
    if not (found.folder / ABOUT).is_file():
        yield "archive: this issue kept no evidence of its figures; they cannot be computed again"
        return
    about = json.loads((found.folder / ABOUT).read_bytes())
    metrics = load_metrics()
    rows = _figures(attached.get("figures.csv", b""))
    sums = sums_of_cases(found.folder / CASES, metrics, rows.keys())
    for key, row in rows.items():
        metric = metrics.get(key[0])
        is_same = metric is not None and about["metrics"].get(key[0]) == [metric.version, metric.fingerprint]
        if wrong := wrong_number(
            row, sums.get(key), metric, is_rounded=found.issue.profile != "internal", is_same=is_same
        ):
            yield f"figure {'/'.join(key)}: {wrong}"
    told = _told_roots(attached.get("provenance.json", b""))
    roots = roots_of_file(found.folder / CASES, about["salt"], [_key(one) for one in told])
    for figure, root in told.items():
        if roots.get(figure) != root:
            yield f"figure {figure}: the archived case list is not the one it was made from"


def _figures(content: bytes) -> dict[tuple[str, str, str], dict[str, str]]:
    return {
        (row["metric"], unguarded(row["facility_id"]), row["month"]): row
        for row in rows_of(content)
        if row.get("month") and row.get("metric") and row.get("facility_id")
    }


def wrong_number(
    row: Mapping[str, str], sums: Any, metric: Metric | None, *, is_rounded: bool, is_same: bool = True
) -> str:
    """What of a row does not follow from its cases; '' where all does, and for what is withheld or not computed now.

    is_rounded: the copy withholds small numbers, and so may hold a value no finer than it is printed. is_same: the
    measure is defined as it was. Where not, its sums are held against the cases, and its value, of which this program
    does not know how it was made of them, is not; a note says that it is defined otherwise.
    """
    if metric is None:
        return ""
    computed = {
        "numerator": 0.0 if sums is None else sums.numerator,
        "denominator": 0.0 if sums is None else sums.denominator,
        "value": None if sums is None else value_of(sums, metric),
    }
    for name, number in computed.items():
        if name == "value" and not is_same:
            continue
        if row.get(name) is None:
            return f"{name} is missing"
        try:
            told = float(row[name])
        except ValueError:
            if row[name] in ("", WITHHELD):
                continue
            return f"{name} {row[name]} is no number"
        agrees = number is not None and abs(told - number) <= _CLOSE * max(1.0, abs(number))
        if is_rounded and name == "value" and number is not None:
            agrees = agrees or told == round_half_up(number, metric.decimals)
        if not agrees:
            return f"{name} {row[name]} does not follow from its cases, which give {number}"
    return ""


def _told_roots(content: bytes) -> dict[str, str]:
    try:
        roots = json.loads(content).get("case_list_roots", {})
    except (ValueError, AttributeError, RecursionError):
        return {}
    return {str(name): str(root) for name, root in roots.items()} if isinstance(roots, dict) else {}


def _key(figure: str) -> tuple[str, str, str]:
    metric, _, rest = figure.partition("/")
    place, _, month = rest.rpartition("/")
    return metric, place, month
