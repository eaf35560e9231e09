"""One pass judges everything; the agenda says which pages come, in which order, and how long each is meant to be."""

from __future__ import annotations

import ast
from pathlib import Path

from kpi_pipeline.judgement.judged import judge
from tests.report.invented_report import DENIALS, LOS, METRICS, eventful, report_inputs, step

PAGES = Path(__file__).parents[2] / "kpi_pipeline/report/pages"


def test_a_concern_comes_before_an_improvement_and_both_before_the_annex() -> None:
    agenda = judge(eventful()).agenda
    assert [item.page for item in agenda.items][:2] == ["front", "scorecard"]
    assert [item.page for item in agenda.items][-2:] == ["small_multiples", "appendix"]
    kinds = {item.metric: item.kind for item in agenda.exceptions}
    assert (kinds[DENIALS], kinds[LOS]) == ("concern", "improvement")
    assert [item.metric for item in agenda.exceptions].index(DENIALS) < list(kinds).index(LOS)
    assert {item.budget for item in agenda.exceptions} == {1}


def test_a_detail_is_a_finding_only_where_its_measure_does_not_show_the_same() -> None:
    index = METRICS["length_of_stay_index"].model_copy(update={"told_with": LOS})
    metrics = {**METRICS, index.name: index}
    both = {LOS: step(5.3, 4.7, 6), index.name: step(1.10, 0.98, 6)}
    alone = {index.name: step(1.10, 0.98, 6)}
    shown = [item.metric for item in judge(report_inputs(both, metrics=metrics)).agenda.exceptions]
    assert LOS in shown
    assert index.name not in shown
    assert index.name in [item.metric for item in judge(report_inputs(both)).agenda.exceptions]  # no detail there
    assert index.name in [item.metric for item in judge(report_inputs(alone, metrics=metrics)).agenda.exceptions]


def test_nothing_to_say_is_no_page() -> None:
    agenda = judge(report_inputs()).agenda
    assert not agenda.has("drivers")
    assert not agenda.has("improvement_programme")


def test_hospitals_are_judged_once_for_the_whole_system_and_never_for_one_of_them() -> None:
    inputs = eventful(facilities="AB", discharges={"A": 900, "B": 300})
    assert sorted(judge(inputs).by_facility) == ["A", "B"]
    alone = judge(eventful(facilities="AB", discharges={"A": 900, "B": 300}, facility_id="A"))
    assert alone.by_facility == {}


def test_pages_read_what_was_judged_and_judge_nothing_themselves() -> None:
    """No page reads the stored values, withholds, evaluates a chart or knows the inputs."""
    forbidden = {
        "kpi_pipeline.judgement.inputs",
        "kpi_pipeline.judgement.series",
        "kpi_pipeline.judgement.disclosure.counts",
        "kpi_pipeline.judgement.disclosure.tables",
        "kpi_pipeline.metrics.values",
    }
    functions = {"evaluate_chart", "evaluate_funnel", "withhold_counts", "withhold_table", "build_measure", "is_small"}
    for path in PAGES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module not in forbidden, f"{path.name} imports {node.module}"
                assert functions.isdisjoint(alias.name for alias in node.names), f"{path.name} judges"
