"""A claim needs a licence: no word of praise, blame or direction without the signal that allows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.settings import ReportSettings, Settings
from kpi_pipeline.report.build import build_report
from kpi_pipeline.report.model import Report
from kpi_pipeline.report.pages.front import MOST_FINDINGS
from kpi_pipeline.report.words.phrases import subject
from tests.report.invented_report import METRICS, USUAL_RATIO, report_inputs

NAMES = ("length_of_stay_days", "denials_per_100_discharges", "initial_assessment_within_24h", "case_mix_index")
SOME = {name: METRICS[name] for name in NAMES}

PRAISE = re.compile(r"\b(improved?|improving|improves|better|gains?|wanted direction)\b", re.I)
BLAME = re.compile(r"\b(worse|worsen\w*|deteriorat\w*|needs? attention|unwanted direction|concern)\b", re.I)
UP = re.compile(r"\b(is|are) up\b|\bunusually high\b|\b(higher every|above the mean|above the upper)\b")
DOWN = re.compile(r"\b(is|are) down\b|\bunusually low\b|\b(lower every|below the mean|below the lower)\b")
DENIED = re.compile(r"no measure left routine variation in the (un)?wanted direction", re.I)
"""The sentences that say there is nothing to claim."""

series = st.lists(
    st.sampled_from([0.90, 0.94, 0.97, 0.98, 0.99, 1.0, 1.01, 1.02, 1.03, 1.06, 1.10]), min_size=15, max_size=30
)


def report_of(factors: dict[str, list[float]]) -> Report:
    months = min(len(values) for values in factors.values())
    ratios = {
        name: (lambda at, name=name, values=values: USUAL_RATIO[name] * 0.9 * values[at])
        for name, values in factors.items()
    }
    inputs = report_inputs(ratios, months=months, metrics=SOME)
    return build_report(replace(inputs, settings=Settings(report=ReportSettings(headline_metrics=NAMES))))


def texts(part: Any, metric: str = "") -> Iterator[tuple[str, str]]:
    """(metric the text is about or '', text) for everything printed before the last page."""
    if isinstance(part, dict):
        own = part.get("metric") or (part.get("chart") or {}).get("metric") or metric
        for name, value in part.items():
            if name not in ("appendix", "metric", "points"):
                yield from texts(value, own)
    elif isinstance(part, (list, tuple)):
        for item in part:
            yield from texts(item, metric)
    elif isinstance(part, str):
        yield metric, DENIED.sub("", part)


@settings(max_examples=30, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(NAMES, series)))
def test_every_claim_is_licensed_by_a_signal(factors: dict[str, list[float]]) -> None:
    report = report_of(factors)
    icons = {
        row.metric: row.variation.icon if row.variation else "empty"
        for group in report.scorecard.groups
        for row in group.rows
    }
    titles = {METRICS[name].title: name for name in NAMES}
    for metric, text in texts(report.model_dump()):
        if text.isidentifier():  # an icon's or a metric's id
            continue
        one = text != report.front.title  # the finding of page 1 names several measures
        named = [name for title, name in titles.items() if one and text.startswith(title)]
        about = {icons[metric]} if metric else {icons[name] for name in named} if named else set(icons.values())
        kinds = {icon.rsplit("_", 1)[0] for icon in about}
        sides = {icon.rsplit("_", 1)[1] for icon in about if "_" in icon}
        assert not PRAISE.search(_without(text, BLAME)) or "improvement" in kinds, text
        assert not BLAME.search(text) or "concern" in kinds, text
        assert not UP.search(text) or "high" in sides, text
        assert not DOWN.search(text) or "low" in sides, text


def _without(text: str, claim: re.Pattern[str]) -> str:
    return claim.sub("", text)


def test_the_linter_itself_finds_an_unlicensed_claim() -> None:
    assert PRAISE.search("Length of stay improved.")
    assert BLAME.search("Denials are worse than a year ago.")
    assert not PRAISE.search(_without("A change in the unwanted direction.", BLAME))


@settings(max_examples=15, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(NAMES, series)))
def test_the_findings_of_page_1_are_the_icons_of_page_2(factors: dict[str, list[float]]) -> None:
    report = report_of(factors)
    rows = [row for group in report.scorecard.groups for row in group.rows]
    stay = METRICS["length_of_stay_days"].title
    improved = [row.name for row in rows if row.variation and row.variation.icon.startswith("improvement")]
    concerns = [row.name for row in rows if row.variation and row.variation.icon.startswith("concern")]
    items = report.front.improved.items
    told = [name for name in improved if (stay not in improved or not name.startswith("Length of stay index"))]
    assert len(items) == min(len(told), MOST_FINDINGS + 1)
    assert all(item.startswith(name) for item, name in zip(items[:MOST_FINDINGS], told, strict=False))
    attention = report.front.attention.items
    worse = [name for name in concerns if (stay not in concerns or not name.startswith("Length of stay index"))]
    assert all(item.startswith(name) for item, name in zip(attention[:MOST_FINDINGS], worse, strict=False))
    in_matrix = sorted(name for cell in report.front.matrix.cells for name in cell.measures)
    judged = [
        subject(METRICS[row.metric].headline_title) for row in rows if row.variation and row.variation.icon != "empty"
    ]
    assert in_matrix == sorted(judged)
