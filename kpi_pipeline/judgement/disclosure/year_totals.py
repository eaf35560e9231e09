"""Totals over months are sums, too: less the months that are printed, a total tells the months that are withheld."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.disclosure.counts import Number, Withheld
from kpi_pipeline.judgement.figures import Figure

_COUNTS: tuple[Callable[[Figure], Number], ...] = (
    lambda figure: figure.numerator,
    lambda figure: figure.denominator,
    lambda figure: figure.n_counted,
    lambda figure: figure.n_listed,
)


def total_tells_months(
    printed: Mapping[Month, Figure], known: Mapping[Month, Figure], months: Sequence[Month], *, threshold: int
) -> bool:
    """Whether a total of one metric at one place over these months would tell a withheld one.

    printed: as the reader may know them; known: nothing withheld. A single withheld month is told exactly; several
    are narrowed to their sum, which must not be small itself. The reports of the months before had such totals, too:
    less one of those, a total tells the months that only one of the two holds.
    """
    n_earlier = min((month.months_since(months[0]) for month in known), default=0)
    totals: list[tuple[Month, ...]] = []
    for moved in range(min(n_earlier, 0), 1):
        window = tuple(month.plus(moved) for month in months)
        apart = [window, *({*window} ^ {*other} for other in totals)]
        if any(_tells(count, some, printed, known, threshold) for count in _COUNTS for some in apart):
            continue
        totals.append(window)
    return tuple(months) not in totals


def _tells(
    count: Callable[[Figure], Number],
    months: Iterable[Month],
    printed: Mapping[Month, Figure],
    known: Mapping[Month, Figure],
    threshold: int,
) -> bool:
    hidden = [month for month in months if month in printed and isinstance(count(printed[month]), Withheld)]
    numbers = [number for month in hidden if isinstance(number := count(known[month]), float)]
    return bool(hidden) and (len(hidden) == 1 or sum(numbers) < threshold)
