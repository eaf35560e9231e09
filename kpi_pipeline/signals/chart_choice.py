"""Which chart a measure gets, from its declared chart and kind, with the sentence that says why.

Whether p′ is drawn as p is decided where sigma_z is known, in `limits`; the sentence for the page after that is
`explain_chart`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.vocabulary import CHARTS_OF_KIND
from kpi_pipeline.signals.types import Chart, ChartResult, Scale

Uses = Literal["counts", "value", "geometric_mean", "subgroups"]

DURATION_UNITS = frozenset({"days", "hours"})
"""Units of stays and waits: never negative and long-tailed, so a few stays move an arithmetic mean."""


@dataclass(frozen=True, slots=True)
class ChartChoice:
    """The chart to evaluate. uses: what to give as values; geometric_mean is exp(mean of ln) of the month's cases."""

    chart: Chart
    scale: Scale
    uses: Uses
    sentence: str


def choose_chart(declared: Chart, *, kind: str, unit: str = "", has_log_means: bool = False) -> ChartChoice:
    """The chart of a measure. has_log_means: the mean of ln(value) over the month's cases is at hand.

    Raises DefinitionError where the declared chart does not fit the kind.

    >>> choose_chart("xmr", kind="mean", unit="days", has_log_means=True).uses
    'geometric_mean'
    """
    fitting = CHARTS_OF_KIND.get(kind)
    if fitting is None or declared not in fitting:
        use = f"Use one of {', '.join(sorted(fitting))}." if fitting else f"Use one of {', '.join(CHARTS_OF_KIND)}."
        raise DefinitionError(Fault("chart", f"chart {declared!r} does not go with kind {kind!r}.", use))
    if declared in ("p_prime", "u_prime"):
        plain = declared[0]
        law = "binomial" if plain == "p" else "Poisson"
        sentence = (
            f"A {plain}′ chart: limits from the counts, wider for small months, and widened by sigma z (Laney 2002) "
            f"when months vary more than {law} chance explains."
        )
        return ChartChoice(declared, "linear", "counts", sentence)
    if declared in ("p", "u", "i_prime"):
        return ChartChoice(declared, "linear", "counts", "Limits from the counts, wider for small months.")
    if declared in ("xbar", "s"):
        return ChartChoice(declared, "linear", "subgroups", "Limits from the scatter of cases within each month.")
    if declared == "xmr" and kind == "mean" and unit in DURATION_UNITS and has_log_means:
        sentence = (
            "An XmR chart of the geometric mean, with limits computed on logarithms and turned back: stays have a long "
            "tail, and a single very long stay would move an ordinary mean."
        )
        return ChartChoice("xmr", "log", "geometric_mean", sentence)
    return ChartChoice(declared, "linear", "value", _PLAIN.get(declared, ""))


_PLAIN = {
    "xmr": "An XmR chart: limits from how much each month differs from the one before (2.66 mean moving ranges).",
    "run": "A run chart: the median, and no limits.",
    "c": "A c chart: limits of a Poisson count.",
    "g": "A g chart: cases between events, with limits of a geometric count.",
    "t": "A t chart: time between events, with limits on a near-normal scale.",
}


def explain_chart(result: ChartResult) -> str:
    """How the chart was drawn, in words for the page: the chart, Laney's decision, the scale, screening and limits."""
    said = [result.chart_reason or _PLAIN.get(result.chart, "")]
    if result.scale == "log":
        said.append("The limits are computed on logarithms and turned back.")
    if result.moving_ranges_screened and any(phase.n_screened for phase in result.phases):
        said.append("Outlying moving ranges are left out of the limits.")
    if result.limits_kind == "trial":
        said.append("The limits are trial limits: few points stand behind them.")
    return " ".join(sentence for sentence in said if sentence)
