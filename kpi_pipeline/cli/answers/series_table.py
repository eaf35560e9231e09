"""How `kpi signals` prints a judged series: as a table with its verdict, as CSV or as JSON."""

from __future__ import annotations

import json

import pandas as pd

from kpi_pipeline.cli.console import Format, print_frame, say
from kpi_pipeline.report.words.charts.chart_verdicts import assurance_reason, onset_words, variation_reason
from kpi_pipeline.report.words.charts.chart_warnings import chart_warning_sentence, laney_sentence
from kpi_pipeline.report.words.charts.rule_sets import describe_rule_set
from kpi_pipeline.signals import ChartResult, RuleSet
from kpi_pipeline.signals.result_tables import result_as_dict, result_rows

_SHOWN = ("period", "value", "denominator", "centre", "lower", "upper", "target", "phase", "rules", "point_class")


def print_series(result: ChartResult, *, output: Format, title: str) -> None:
    """Prints a result: the points as a table with the verdict below it, as CSV, or the whole result as JSON."""
    drawn = laney_sentence(result.laney) if result.laney is not None else ""
    warnings = [chart_warning_sentence(one) for one in result.warnings]
    if output is Format.json:
        said = {"reason": variation_reason(result), "assurance_reason": assurance_reason(result)}
        plain = result_as_dict(result) | {"warnings": warnings, "chart_reason": drawn} | said
        plain["rule_set"]["description"] = _described(result.rule_set)
        say(json.dumps(plain, indent=1, ensure_ascii=False))
        return
    frame = pd.DataFrame(result_rows(result))
    if output is Format.csv:
        print_frame(frame, output=output, title=title)
        return
    shown = [name for name in _SHOWN if frame[name].notna().any() and (frame[name] != "").any()]
    heading = f"{title}: {result.chart} chart, rules {result.rule_set.name}"
    print_frame(frame, output=output, title=heading, columns=shown)
    icon = "" if result.not_judged else f"{result.variation.replace('_', ' ')}: "
    say(f"Variation: {icon}{variation_reason(result)}.")
    if result.onset is not None:
        say(f"The change began {onset_words(result, result.onset)}.")
    if result.assurance != "none":
        say(f"Assurance: {result.assurance.replace('_', ' ')}: {assurance_reason(result)}.")
    for words in (drawn, *warnings):
        if words:
            say(f"Note: {words}")


def _described(rules: RuleSet) -> list[str]:
    words = describe_rule_set(rules)
    named = [f"{name}: {text}" for name, text in words.rules]
    return [f"Rule set {rules.name} ({rules.source}).", *named, *words.notes]
