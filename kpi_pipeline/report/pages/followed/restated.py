"""What changed since the issue before: every figure that was shown and prints otherwise now, with its causes."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.core.text.texts import printable_name
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.restated.judge import JudgedRestated
from kpi_pipeline.judgement.restated.ledger import RestatedFigure
from kpi_pipeline.report.model import Block, Column, FurtherSection, Table
from kpi_pipeline.report.words.followed.restated import (
    change_words,
    compared_sentence,
    moves_print,
    parts_words,
    restated_title,
    value_words,
)
from kpi_pipeline.report.words.numbers import small_count_words
from kpi_pipeline.report.words.phrases import subject, unit_words_of

_MOST_FINAL, _MOST_PROVISIONAL = 14, 8
"""Rows on the page, the largest changes first; the rest are counted, and stand in restated.csv."""


def build_restated(judged: Judged) -> FurtherSection | None:
    """The page; None where there was no issue before."""
    restated = judged.restated
    if restated is None:
        return None
    printed = [one for one in restated.figures if one.metric in judged.system]
    moved = [one for one in printed if moves_print(one, judged.system[one.metric].metric)]
    of_definitions = [one for one in moved if one.metric in restated.ledger.defined_anew]
    others = sorted((one for one in moved if one not in of_definitions), key=lambda one: _size(judged, one))
    final = [one for one in others if one.was_final]
    provisional = [one for one in others if not one.was_final]
    n_final = len(final) + sum(one.was_final for one in of_definitions)
    tables = [
        _table(judged, restated, rows, caption, most)
        for rows, caption, most in (
            (final, "Figures that were final", _MOST_FINAL),
            (provisional, "Figures that were not final yet", _MOST_PROVISIONAL),
        )
        if rows
    ]
    return FurtherSection(
        name="changes_since_last_issue",
        title=restated_title(restated, n_final, len(moved) - n_final),
        lede=compared_sentence(restated, len(printed) - len(moved)),
        tables=tuple(tables),
        paragraphs=tuple(_left_out(final, _MOST_FINAL) + _left_out(provisional, _MOST_PROVISIONAL)),
        blocks=tuple(_definition_block(judged, restated, name, of_definitions) for name in _named(of_definitions)),
    )


def _table(judged: Judged, restated: JudgedRestated, rows: Sequence[RestatedFigure], caption: str, most: int) -> Table:
    return Table(
        caption=caption,
        columns=(
            Column(heading="Figure"),
            Column(heading="Was", numeric=True),
            Column(heading="Is", numeric=True),
            Column(heading="Change", numeric=True),
            Column(heading="Why: cases, and what they did"),
        ),
        rows=tuple(_row(judged, restated, one) for one in rows[:most]),
    )


def _row(judged: Judged, restated: JudgedRestated, one: RestatedFigure) -> tuple[str, ...]:
    metric = judged.system[one.metric].metric
    place = "" if one.facility_id == judged.scope.facility_id else f", {_place(judged, one.facility_id)}"
    hidden = (one.metric, one.facility_id, one.month) in restated.causes_only
    return (
        f"{subject(metric.headline_title)}{unit_words_of(metric)}{place}, {one.month.name}",
        value_words(one.value_then, metric),
        value_words(one.value_now, metric),
        change_words(one, metric),
        parts_words(one, metric, causes_only=hidden),
    )


def _definition_block(judged: Judged, restated: JudgedRestated, name: str, moved: Sequence[RestatedFigure]) -> Block:
    """A measure that is defined otherwise now: each month it touches as it was shown and as it is, side by side."""
    metric = judged.system[name].metric
    then, now = restated.ledger.defined_anew[name]
    versions = f"version {then} → {now}" if then != now else f"version {now}, with other rules"
    rows = sorted((one for one in moved if one.metric == name), key=lambda one: (one.facility_id, one.month))
    return Block(
        heading=f"{subject(metric.title)} is defined otherwise now ({versions})",
        tables=(_table(judged, restated, rows, "Every month it touches", len(rows)),),
    )


def _named(moved: Sequence[RestatedFigure]) -> list[str]:
    return list(dict.fromkeys(one.metric for one in moved))


def _left_out(rows: Sequence[RestatedFigure], most: int) -> list[str]:
    more = len(rows) - most
    if more <= 0:
        return []
    were = "that were final" if rows[0].was_final else "that were not final"
    return [f"And {small_count_words(more)} more {were}, with smaller changes: restated.csv has them all."]


def _size(judged: Judged, one: RestatedFigure) -> tuple[bool, float]:
    """The largest change first, as a share of the figure; one that came or went before all."""
    if one.change is None or not one.value_then:
        return False, 0.0
    return True, -abs(one.change / one.value_then)


def _place(judged: Judged, facility_id: str) -> str:
    return printable_name(judged.scope.facility_names.get(facility_id, facility_id))
