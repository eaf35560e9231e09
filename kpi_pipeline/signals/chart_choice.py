"""What a measure's declared chart is drawn from; a chart that does not fit the measure's kind is refused."""

from __future__ import annotations

from typing import Literal

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.vocabulary import CHARTS_OF_KIND
from kpi_pipeline.signals.types import Chart

Uses = Literal["counts", "value", "subgroups"]
"""Numerator and denominator of a month, its value, or all its cases."""


def chart_uses(declared: Chart, *, kind: str) -> Uses:
    """What to give the chart as values. Raises DefinitionError where it does not fit the kind.

    >>> chart_uses("p_prime", kind="proportion")
    'counts'
    """
    fitting = CHARTS_OF_KIND.get(kind)
    if fitting is None or declared not in fitting:
        use = f"Use one of {', '.join(sorted(fitting))}." if fitting else f"Use one of {', '.join(CHARTS_OF_KIND)}."
        raise DefinitionError(Fault("chart", f"chart {declared!r} does not go with kind {kind!r}.", use))
    if declared in ("p", "p_prime", "u", "u_prime", "i_prime"):
        return "counts"
    return "subgroups" if declared in ("xbar", "s") else "value"
