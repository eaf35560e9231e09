"""What chance alone would colour in a report, from the report's own charts. Not here: the sentence that says so."""

from __future__ import annotations

from collections.abc import Iterable

from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.signals import FalseSignals, expected_false_signals, own_pattern

_MANY, _STEP = 100, 6
"""Of more charts than this the numbers of months are rounded: each number is a simulation of its own."""


def false_signals_of(measures: Iterable[Measure]) -> FalseSignals | None:
    """The false icons to expect if no month had changed, as the months resemble each other; None without any icon."""
    results = [one.result for one in measures if one.result is not None and one.result.not_judged is None]
    if not results:
        return None
    frozen = results[0].frozen_points
    n_points = [result.phases[-1].n_points for result in results]
    if len(results) > _MANY:
        n_points = [max(_STEP * round(n / _STEP), results[0].rule_set.fewest_points_for_icons) for n in n_points]
    return expected_false_signals(
        n_points,
        rules=results[0].rule_set,
        frozen_points=frozen,
        window=None if frozen else max(result.n_points for result in results),
        pattern=own_pattern(results),
    )
