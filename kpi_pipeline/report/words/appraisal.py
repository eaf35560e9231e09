"""The words of the file with figures by case manager: what they are and are not, how many intervals miss by chance.

It is no part of any report; `kpi people appraisal` writes it for a manager alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kpi_pipeline.core.text.language import format_count, format_number, verb_for
from kpi_pipeline.core.text.texts import printable
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.people.appraisal import FEWEST_OF_A_PERSON, MeasureByPerson, PersonFigure
from kpi_pipeline.report.words.numbers import format_bare, unit_words

_BY_CHANCE = 0.05
_LONGEST_ID = 80


def chance_words(found: Sequence[MeasureByPerson]) -> str:
    """`Of 48 intervals, 9 leave out the figure of all; about 2.4 would by chance alone.`"""
    n, n_apart = sum(one.n_shown for one in found), sum(one.n_apart for one in found)
    if not n:
        return f"Nobody has {FEWEST_OF_A_PERSON} cases of any measure: no figure is shown."
    apart = "none leaves" if n_apart == 0 else f"{n_apart} {verb_for(n_apart, 'leaves', 'leave')}"
    return (
        f"Of {format_count(n, 'intervals')}, {apart} out the figure of all; about "
        f"{format_number(_BY_CHANCE * n, 1)} would by chance alone. The more people and measures are looked at, the "
        "more do."
    )


def appraisal_lines(found: Sequence[MeasureByPerson], *, place: str, by: str) -> Iterator[str]:
    """The file, line by line, as Markdown."""
    yield "# Figures by case manager"
    yield ""
    yield f"Confidential: for {_plain(by)} alone. {place}. Not part of any report."
    yield ""
    yield f"**{chance_words(found)}**"
    yield ""
    yield (
        "Not adjusted for the kind of cases, the unit or the hours worked: a difference is a question for a talk, "
        f"never its answer. In the order of ids; no rank is meant. Below {FEWEST_OF_A_PERSON} cases nothing is shown. "
        "Cases of one person are not independent, so that intervals are rather too narrow."
    )
    for one in found:
        yield from _measure_lines(one)


def _measure_lines(one: MeasureByPerson) -> Iterator[str]:
    metric = one.metric
    yield ""
    yield f"## {metric.title}, {unit_words(metric)}"
    yield ""
    yield f"{metric.definition} {one.span.first.name} to {one.span.last.name}."
    yield ""
    yield "| Case manager | Cases | Value | 95% interval |"
    yield "| --- | ---: | ---: | ---: |"
    for person in one.people:
        yield _row(_plain(person.case_manager_id), person, metric)
    yield _row("All", one.whole, metric)
    if one.n_of_nobody:
        yield ""
        yield f'{format_count(one.n_of_nobody, "cases")} of no recorded case manager are in "All" alone.'


def _row(name: str, person: PersonFigure, metric: Metric) -> str:
    cases = format_number(person.n_cases)
    if person.value is None:
        return f"| {name} | {cases} | too few | |"
    interval = (
        ""
        if person.lower is None or person.upper is None
        else f"{format_bare(person.lower, metric)} to {format_bare(person.upper, metric)}"
    )
    return f"| {name} | {cases} | {format_bare(person.value, metric)} | {interval} |"


def _plain(text: str) -> str:
    """A foreign text in a cell of Markdown: one line, no mark-up of it works."""
    return "".join(f"\\{sign}" if sign in "\\|*_`<>[]#" else sign for sign in printable(text, longest=_LONGEST_ID))
