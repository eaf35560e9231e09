"""The page about improvement: its examples run, it names every function, its coverage table shows what it claims."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import kpi_pipeline.improvement as improvement

PAGE = Path(__file__).parents[2] / "docs/improvement.md"


def test_every_example_of_the_page_gives_what_it_says() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    example = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, PAGE.name, str(PAGE), 0)
    said: list[str] = []
    outcome = doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    assert outcome.attempted > 15
    assert outcome.failed == 0, "".join(said)


def test_the_page_names_every_calculation() -> None:
    text = PAGE.read_text(encoding="utf-8")
    functions = [name for name in improvement.__all__ if name.startswith(("compute_", "decompose_", "estimate_"))]
    assert len(functions) == 8
    assert [name for name in functions if f"`{name}" not in text] == []


def test_the_coverage_table_of_the_page_lies_between_93_and_97_percent() -> None:
    section = PAGE.read_text(encoding="utf-8").split("### Do the intervals hold")[1].split("An effect that is there")[0]
    rows = re.findall(r"^\| (\d\d) \| (0\.\d) \| (none|with) \| (.+) \|$", section, flags=re.MULTILINE)
    assert {(months, rho, effect) for months, rho, effect, _ in rows} == {
        (months, rho, effect)
        for months in ("24", "36", "48")
        for rho in ("0.0", "0.2", "0.4", "0.5")
        for effect in ("none", "with")
    }
    for *_, figures in rows:
        ours = [float(figure) for figure in figures.split(" | ")[:4]]
        assert all(93 <= figure <= 97 for figure in ours), ours
