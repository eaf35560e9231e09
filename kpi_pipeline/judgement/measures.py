"""One measure as the report sees it: its figures, its control chart, its target and what may be said about it.

Here the signals are computed and the newest defensible value is chosen. Not here: sentences (`words.sentences`), pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Literal

import pandas as pd

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.declared.rebases import Rebase, rebases_of
from kpi_pipeline.judgement.begun_initiatives import BegunInitiative, begun_initiatives
from kpi_pipeline.judgement.disclosure.counts import Withheld
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.series import evaluate_months
from kpi_pipeline.metrics.declaration import Metric, Target
from kpi_pipeline.signals import ChartResult, Point
from kpi_pipeline.warehouse.supply import NOT_COMPUTABLE, NOT_SUPPLIED

Lack = Literal["no_data", "few_months", "few_cases", "few_events", "withheld"]
"""Why a measure is not judged: without figures, too few final months, too few cases or events in them, or months
withheld to protect small numbers."""

State = Literal["improvement", "concern", "neither", "common_cause", "not judged"]

THIN_SHARE = 0.25
"""A month that is not final and of which less than this share of the usual number of cases is counted is not drawn:
the few would stretch the axis, and be looked at, as if they were a month."""


@dataclass(frozen=True)
class Measure:
    """One metric with everything this report may say about it.

    months: the months shown. history: the months judged, which with a frozen baseline begin at the first figure; they
    end with the months shown. figures, targets and rebases: of the history, figures also of a year before the months
    shown. result: of the history; it is None when there is no figure at all, and missing says why: status and reason
    (`core.reasons`) of the whole measure, None where it merely has no case.
    initiatives: those begun inside the months shown. kept_onset: of its signal's change, as an earlier issue dated it.
    """

    metric: Metric
    report_month: Month
    months: tuple[Month, ...]
    figures: Mapping[Month, Figure]
    targets: Mapping[Month, Target | None]
    rebases: tuple[Rebase, ...] = ()
    result: ChartResult | None = None
    missing: tuple[str, str] | None = None
    initiatives: tuple[BegunInitiative, ...] = ()
    history: tuple[Month, ...] = ()
    kept_onset: tuple[Month, ...] = ()

    @property
    def shown_points(self) -> tuple[Point, ...]:
        """The evaluated points of the months shown, one a month; none without a result."""
        return self.result.points[len(self.history) - len(self.months) :] if self.result else ()

    @property
    def shown_rebases(self) -> tuple[Rebase, ...]:
        """The rebases inside the months shown; with an earlier one the whole chart is in its phase."""
        return tuple(one for one in self.rebases if self.months[0] < one.from_month <= self.months[-1])

    @cached_property
    def thin_months(self) -> frozenset[Month]:
        """The months that are not final and too thin to draw, against the median of the final ones."""
        counted = [(month, one.is_final, one.n_counted) for month, one in self.figures.items()]
        final = [n for _, is_final, n in counted if is_final and isinstance(n, float)]
        if not final:
            return frozenset()
        least = THIN_SHARE * median(final)
        return frozenset(month for month, is_final, n in counted if not is_final and isinstance(n, float) and n < least)

    @property
    def decided_month(self) -> Month | None:
        """The month the icons were read from."""
        at = self.result.decided_at if self.result else None
        return None if at is None else self.history[at]

    @property
    def baseline_months(self) -> tuple[Month, ...]:
        """The first and last month behind the limits of the last phase; empty without limits."""
        phase = self.result.phases[-1] if self.result and self.result.phases else None
        if phase is None or phase.baseline_first is None or phase.baseline_last is None:
            return ()
        return self.history[phase.baseline_first], self.history[phase.baseline_last]

    @property
    def headline(self) -> Figure | None:
        """The newest figure worth defending: of the last final month, or the last there is when none is final."""
        known = [self.figures[month] for month in self.months if month in self.figures]
        final = [figure for figure in known if figure.is_final]
        return final[-1] if final else known[-1] if known else None

    @property
    def current(self) -> Figure | None:
        """The figure of the report's own month."""
        return self.figures.get(self.report_month)

    @property
    def year_ago(self) -> Figure | None:
        """The figure twelve months before the headline."""
        return self.figures.get(self.headline.month.plus(-12)) if self.headline else None

    @property
    def target(self) -> Target | None:
        """The target in force in the headline's month."""
        return self.targets.get(self.headline.month) if self.headline else None

    @property
    def state(self) -> State:
        """What the last final point says, without its side."""
        if self.result is None or self.result.variation == "empty":
            return "not judged"
        if self.result.variation == "common_cause":
            return "common_cause"
        return self.result.variation.rsplit("_", 1)[0]  # type: ignore[return-value]

    @property
    def is_supplied(self) -> bool:
        """Whether the hospital sent what the measure is made of."""
        return self.result is not None

    @property
    def lack(self) -> Lack | None:
        """Why the measure is not judged; None when it is."""
        if self.result is None:
            return "no_data"
        if self.state != "not judged":
            return None
        if self.result.not_judged == "few_events":
            return "few_events"
        final = [figure for month in self.history if (figure := self.figures.get(month)) and figure.is_final]
        if len(final) < max(self.result.rule_set.fewest_points_for_icons, 1):
            return "few_months"
        n_withheld = sum(isinstance(figure.value, Withheld) for figure in final)
        n_few = sum(figure.value is None for figure in final)
        return "withheld" if n_withheld > n_few else "few_cases" if n_few else "few_months"

    @property
    def has_no_band(self) -> bool:
        """Whether there are too few final months to say what is routine."""
        return self.result is not None and self.result.not_judged == "few_points"

    @property
    def is_high(self) -> bool:
        """Whether the signal is on the high side; only meaningful with a signal."""
        return self.result is not None and self.result.variation.endswith("_high")

    @property
    def has_signal(self) -> bool:
        """Whether the last final point shows more than routine variation."""
        return self.state in ("improvement", "concern", "neither")

    @property
    def against_target(self) -> Literal["met", "missed", "level"] | None:
        """How the newest value compares with its target; level when both print the same. None without either."""
        figure, target = self.headline, self.target
        if figure is None or figure.number is None or target is None:
            return None
        decimals = self.metric.decimals
        if round_half_up(figure.number, decimals) == round_half_up(target.value, decimals):
            return "level"
        is_lower = figure.number < target.value
        return "met" if is_lower == (self.metric.better == "lower") else "missed"

    @property
    def keeps_failing(self) -> bool:
        """Whether the target lies beyond what routine variation reaches, and the newest value misses it too."""
        return self.result is not None and self.result.assurance == "failing" and self.against_target == "missed"

    @property
    def onset_months(self) -> tuple[Month, ...]:
        """The likeliest month in which the signal's change began, and the ends of its interval; empty without one.

        An onset that an earlier issue told is kept while the chart does not contradict it.
        """
        if self.kept_onset:
            return self.kept_onset
        onset = self.result.onset if self.result else None
        if onset is None:
            return ()
        return self.history[onset.position], self.history[onset.earliest], self.history[onset.latest]

    @property
    def signal_months(self) -> tuple[Month, ...]:
        """The months of the signal behind the variation icon, oldest first; empty without one."""
        signal = self.result.deciding_signal if self.result else None
        return self.history[signal.first : signal.last + 1] if signal else ()


FigureIndex = Mapping[tuple[str, str], Mapping[Month, Figure]]
"""(metric, facility) → month → figure."""


def index_figures(figures: Iterable[Figure]) -> FigureIndex:
    """The figures by metric and facility, so that a chart finds its own at once."""
    index: dict[tuple[str, str], dict[Month, Figure]] = {}
    for figure in figures:
        index.setdefault((figure.metric, figure.facility_id), {})[figure.month] = figure
    return index


def first_month_read(inputs: ReportInputs, first: Month) -> Month:
    """From where figures are read: a year before the months shown, and with a frozen baseline from the first month."""
    a_year_before = first.plus(-12)
    if inputs.settings.baseline == "moving":
        return a_year_before
    return min(a_year_before, *(Month.parse(text) for text in set(inputs.values["month"]) - {""}))


def build_measure(
    inputs: ReportInputs, metric: Metric, months: tuple[Month, ...], figures: FigureIndex, *, facility_id: str
) -> Measure:
    """One metric at one facility over the charted months. figures: those of every metric and facility."""
    own = figures.get((metric.name, facility_id), {})
    history = months if inputs.settings.baseline == "moving" else tuple(month_range(min([*own, *months]), months[-1]))
    targets: dict[Month, Target | None] = {
        month: None if metric.better == "neither" else inputs.targets.target_of(metric, month, facility_id=facility_id)
        for month in history
    }
    if not any(month in own for month in months):
        return Measure(metric, inputs.month, months, {}, targets, missing=why_missing(inputs.values, metric))
    rebases = tuple(
        one
        for one in rebases_of(inputs.rebases, metric.name, facility_id)
        if history[0] < one.from_month <= history[-1]  # earlier: every month is in its phase
    )
    result = evaluate_months(
        metric,
        history,
        own,
        targets=targets,
        rebases=rebases,
        rules=inputs.settings.rule_set,
        frozen_months=inputs.settings.frozen_months,
    )
    names = {mark.facility_id: mark.facility_name for mark in inputs.facts.watermarks}
    begun = begun_initiatives(inputs.initiatives, metric.name, facility_id, months, facility_names=names)
    return Measure(metric, inputs.month, months, own, targets, rebases, result, initiatives=begun, history=history)


def why_missing(values: pd.DataFrame, metric: Metric) -> tuple[str, str] | None:
    """Status and reason why a measure has no figure in any month, by the table of all values; None: no case of it."""
    rows = values[(values["metric"] == metric.name) & (values["month"] == "")]
    found = rows[rows["status"].isin([NOT_SUPPLIED, NOT_COMPUTABLE])]
    return None if found.empty else (str(found["status"].iloc[0]), str(found["status_reason"].iloc[0]))
