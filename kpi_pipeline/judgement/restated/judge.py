"""The ledger as a reader may see it: what is withheld in either issue is out, and so are numbers that tell of few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.disclosure.counts import Withheld, is_small
from kpi_pipeline.judgement.disclosure.publication import DENOMINATOR, NUMERATOR, Cell, Publication, is_same
from kpi_pipeline.judgement.disclosure.shown import Shown
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.restated.ledger import Cause, Part, Restated, RestatedFigure

FigureIndex = Mapping[tuple[str, str], Mapping[Month, Figure]]
FigureKey = tuple[str, str, Month]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRestated:
    """What a report says about the figures the issue before showed.

    figures: those that are others now; the parts of one are empty where they would tell of few patients, and its
    causes alone are named. n_withheld: figures shown then that are withheld now.
    """

    ledger: Restated
    figures: tuple[RestatedFigure, ...]
    causes_only: frozenset[FigureKey]
    n_withheld: int


def judge_restated(
    ledger: Restated, index: FigureIndex, *, withholds: bool, threshold: int, with_sums: Collection[FigureKey] = ()
) -> JudgedRestated:
    """Takes out what the reader may not see. index: the figures of this report, as far as they may be known. with_sums:
    as for `hide_few`."""
    shown: list[RestatedFigure] = []
    for one in ledger.figures:
        figure = index.get((one.metric, one.facility_id), {}).get(one.month)
        if figure is None or not isinstance(figure.value, Withheld):
            shown.append(replace(one, value_now=None if figure is None else figure.number))
    if withholds:
        return hide_few(ledger, shown, threshold=threshold, with_sums=with_sums)
    return with_all_numbers(ledger, shown)


def with_all_numbers(ledger: Restated, figures: Sequence[RestatedFigure]) -> JudgedRestated:
    """The figures for a reader from whom nothing is withheld."""
    return _judged(ledger, figures, frozenset())


def figures_with_sums(ledger: Restated, now: Publication, shown: Shown) -> set[FigureKey]:
    """The restated figures whose sums are printed now, and were shown as they were then."""
    found = set()
    for one in ledger.figures:
        place = (one.metric, one.facility_id, str(one.month))
        sums = {Cell(*place, NUMERATOR): one.numerator_then, Cell(*place, DENOMINATOR): one.denominator_then}
        of_figure = {cell: then for cell, then in sums.items() if cell in now.numbers}
        if of_figure and all(
            now.numbers[cell] is not None and any(is_same(then, known) for known in shown.printed.get(cell, ()))
            for cell, then in of_figure.items()
        ):
            found.add(_key(one))
    return found


def hide_few(
    ledger: Restated, figures: Sequence[RestatedFigure], *, threshold: int, with_sums: Collection[FigureKey]
) -> JudgedRestated:
    """The figures, without the numbers by cause wherever these would tell outsiders of few patients.

    with_sums: figures whose sums are printed, then and now, and outsiders were shown nothing in between: two ledgers
    with other beginnings would be subtracted. Only those of the whole system have numbers by cause: less those of all
    other places they would be the last one's.
    """
    told = [
        one
        for one in figures
        if one.facility_id == WHOLE_SYSTEM and _key(one) in with_sums and not _tells_of_few(one, threshold)
    ]
    told = _far_apart(told, threshold)
    return _judged(ledger, figures, frozenset(map(_key, figures)) - frozenset(map(_key, told)))


def _judged(ledger: Restated, figures: Sequence[RestatedFigure], causes_only: frozenset[FigureKey]) -> JudgedRestated:
    return JudgedRestated(
        ledger=ledger,
        figures=tuple(_without_numbers(one) if _key(one) in causes_only else one for one in figures),
        causes_only=causes_only,
        n_withheld=len(ledger.figures) - len(figures),
    )


def _key(one: RestatedFigure) -> FigureKey:
    return one.metric, one.facility_id, one.month


def _without_numbers(one: RestatedFigure) -> RestatedFigure:
    return replace(one, parts=tuple(Part(part.cause, 0, 0.0, 0.0, None) for part in one.parts))


def _tells_of_few(one: RestatedFigure, threshold: int) -> bool:
    """Whether a part of the change is of fewer cases, or moves a sum by less, than the audience may be told, or all of
    it is of fewer people."""
    return 0 < one.n_behind < threshold or any(
        0 < abs(number) < threshold for part in one.parts for number in (part.n_cases, part.numerator, part.denominator)
    )


def _far_apart(figures: Sequence[RestatedFigure], threshold: int) -> list[RestatedFigure]:
    """Without those whose number of cases by a cause is that of another measure and a few: the few would be a group."""
    stays: list[RestatedFigure] = []
    counts: dict[tuple[Month, Cause], list[int]] = defaultdict(list)
    for one in figures:
        n_by_cause = {(one.month, part.cause): part.n_cases for part in one.parts}
        if not any(is_small(abs(n - other), threshold) for cause, n in n_by_cause.items() for other in counts[cause]):
            stays.append(one)
            for cause, n in n_by_cause.items():
                counts[cause].append(n)
    return stays
