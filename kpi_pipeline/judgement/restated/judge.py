"""The ledger as a reader may see it: what is withheld in either issue is out, and so are small counts of cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.disclosure.counts import Withheld
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.restated.ledger import Part, Restated, RestatedFigure

FigureIndex = Mapping[tuple[str, str], Mapping[Month, Figure]]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRestated:
    """What a report says about the figures the issue before showed.

    figures: those that are others now; the parts of one are empty where they would tell of few patients, and its
    causes alone are named. n_withheld: figures shown then that are withheld now.
    """

    ledger: Restated
    figures: tuple[RestatedFigure, ...]
    causes_only: frozenset[tuple[str, str, Month]]
    n_withheld: int


def judge_restated(ledger: Restated, index: FigureIndex, *, withholds: bool, threshold: int) -> JudgedRestated:
    """Takes out what the reader may not see. index: the figures of this report, as far as they may be known."""
    shown: list[RestatedFigure] = []
    for one in ledger.figures:
        figure = index.get((one.metric, one.facility_id), {}).get(one.month)
        if figure is None or not isinstance(figure.value, Withheld):
            shown.append(replace(one, value_now=None if figure is None else figure.number))
    return hide_few(ledger, shown, withholds=withholds, threshold=threshold)


def hide_few(ledger: Restated, figures: Sequence[RestatedFigure], *, withholds: bool, threshold: int) -> JudgedRestated:
    """The figures, without the numbers by cause where the audience withholds and they would tell of few patients."""
    few = [one for one in figures if withholds and _tells_of_few(one, threshold)]
    hidden = {
        id(one): replace(one, parts=tuple(Part(part.cause, 0, 0.0, 0.0, None) for part in one.parts)) for one in few
    }
    return JudgedRestated(
        ledger=ledger,
        figures=tuple(hidden.get(id(one), one) for one in figures),
        causes_only=frozenset((one.metric, one.facility_id, one.month) for one in few),
        n_withheld=len(ledger.figures) - len(figures),
    )


def _tells_of_few(one: RestatedFigure, threshold: int) -> bool:
    """Whether a part of the change is of fewer cases, or moves a sum by less, than the audience may be told, or all of
    it is of fewer people."""
    return 0 < one.n_behind < threshold or any(
        0 < abs(number) < threshold for part in one.parts for number in (part.n_cases, part.numerator, part.denominator)
    )
