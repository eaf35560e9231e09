"""Totals over months are sums, too: less the months that are printed, a total tells the months that are withheld."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
    are narrowed to their sum, which must not be small itself.
    """
    for count in _COUNTS:
        hidden = [month for month in months if month in printed and isinstance(count(printed[month]), Withheld)]
        if not hidden:
            continue
        numbers = [number for month in hidden if isinstance(number := count(known[month]), float)]
        if len(hidden) == 1 or sum(numbers) < threshold:
            return True
    return False
