"""How `kpi signals` prints a judged series: as a table with its verdict, as CSV or as JSON."""

from __future__ import annotations

import json

import pandas as pd

from kpi_pipeline.cli.console import Format, print_frame, say
from kpi_pipeline.report.words.chart_warnings import chart_warning_sentence, laney_sentence
from kpi_pipeline.signals import ChartResult
from kpi_pipeline.signals.periods import month_numbers
from kpi_pipeline.signals.reading.words import onset_in_words
from kpi_pipeline.signals.result_tables import result_as_dict, result_rows

_SHOWN = ("period", "value", "denominator", "centre", "lower", "upper", "target", "phase", "rules", "point_class")


def print_series(result: ChartResult, *, output: Format, title: str) -> None:
    """Prints a result: the points as a table with the verdict below it, as CSV, or the whole result as JSON."""
    drawn = laney_sentence(result.laney) if result.laney is not None else ""
    warnings = [chart_warning_sentence(one) for one in result.warnings]
    if output is Format.json:
        plain = result_as_dict(result) | {"warnings": warnings, "chart_reason": drawn}
        say(json.dumps(plain, indent=1, ensure_ascii=False))
        return
    frame = pd.DataFrame(result_rows(result))
    if output is Format.csv:
        print_frame(frame, output=output, title=title)
        return
    shown = [name for name in _SHOWN if frame[name].notna().any() and (frame[name] != "").any()]
    heading = f"{title}: {result.chart} chart, rules {result.rule_set.name}"
    print_frame(frame, output=output, title=heading, columns=shown)
    say(f"Variation: {result.variation.replace('_', ' ')}: {result.reason}.")
    if result.onset is not None:
        labels = [point.period for point in result.points]
        say(f"The change began {onset_in_words(result.onset, labels, monthly=month_numbers(labels) is not None)}.")
    if result.assurance != "none":
        say(f"Assurance: {result.assurance.replace('_', ' ')}: {result.assurance_reason}.")
    for words in (drawn, *warnings):
        if words:
            say(f"Note: {words}")
