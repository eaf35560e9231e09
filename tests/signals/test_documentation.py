"""The examples of docs/signals.md and of the docstrings run, and the page names every chart and rule set."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from typing import get_args

import pytest

import kpi_pipeline.signals as signals
from kpi_pipeline.report.words.numbers import capitalised, small_count_words
from kpi_pipeline.signals import RULE_SETS, Chart

PAGE = Path(__file__).resolve().parents[2] / "docs" / "signals.md"


def test_every_example_of_the_page_gives_what_it_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    example = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, PAGE.name, str(PAGE), 0)
    said: list[str] = []
    outcome = doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    assert outcome.attempted > 30
    assert outcome.failed == 0, "".join(said)


@pytest.mark.parametrize(
    "module", sorted(info.name for info in pkgutil.walk_packages(signals.__path__, "kpi_pipeline.signals."))
)
def test_every_example_in_a_docstring_gives_what_it_says(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.failed == 0


def test_the_page_names_every_chart_rule_set_and_public_function() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for chart in get_args(Chart):
        assert re.search(rf"\b{chart}\b", text), chart
    for name in RULE_SETS:
        assert f"`{name}`" in text
    functions = [name for name in signals.__all__ if name[0].islower()]
    assert [name for name in functions if not re.search(rf"\b{name}\b", text)] == []


def test_the_rule_table_of_the_page_holds_the_numbers_of_the_rule_sets() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = {row.split("|")[1].strip(): [cell.strip() for cell in row.split("|")[2:-1]] for row in rows}
    names = [cell.strip("`").split("`")[0] for cell in cells[""]]
    for name, shift, trend, icons in zip(
        names,
        cells["shift: points on one side of the centre"],
        cells["trend: points, each beyond the one before"],
        cells["fewest points for icons"],
        strict=True,
    ):
        rules = RULE_SETS[name]
        assert rules.shift is None or shift == str(rules.shift)
        assert trend == (str(rules.trend) if rules.trend else "–")
        assert icons == (str(rules.fewest_points_for_icons) if rules.fewest_points_for_icons else "none")


def test_the_guide_for_readers_tells_the_numbers_of_the_default_rules() -> None:
    text = (PAGE.parent / "guide" / "read_the_report.md").read_text(encoding="utf-8").replace("\n", " ")
    rules = RULE_SETS["frozen-2026"]
    assert rules.shift is not None
    assert f"{capitalised(small_count_words(rules.shift))} months on one side of the mean" in text
    assert f"{small_count_words(rules.trend)} rising or falling" in text
