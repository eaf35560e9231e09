"""The agenda of a report: which pages come, in which order, each with the number of pages it is meant to fill.

Also here: the order of the measures, and which of them get a page of their own. Not here: what stands on a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.metrics.declaration import Metric

PageName = Literal[
    "front",
    "scorecard",
    "exception",
    "hospitals",
    "drivers",
    "barriers",
    "totals",
    "budget",
    "fairness",
    "benchmarks",
    "improvement_programme",
    "small_multiples",
    "appendix",
]
ExceptionKind = Literal["concern", "failing", "improvement"]

SECTIONS = ("flow", "readmissions", "cost", "utilisation", "case management", "compliance", "experience", "people")
"""The sections of the scorecard, in order."""

MOST_IN_TABLES = 6
"""More hospitals than this are compared in the grid alone; their intervals are in figures.csv."""

MOST_ON_SCORECARD = 16
"""As many rows as fit one page. Of more measures the scorecard keeps what an executive asks for, the annex the rest."""

_USUAL_SHIFT = 6
_REPORTS_AFTER_DETECTION = 2
"""An improvement is news in the report that first shows it and in the two after it, so that one missed meeting
or one late reader does not lose it. A shift shows itself only at its sixth point (or what the rule set asks), so
the signal may have begun that many months earlier."""


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One section. metric and kind: of an exception. budget: pages it is meant to fill; None: as many as it needs."""

    page: PageName
    budget: int | None = None
    metric: str = ""
    kind: ExceptionKind | None = None

    @property
    def anchor(self) -> str:
        """The name by which the drawn report knows the section."""
        return f"exception-{self.metric}" if self.page == "exception" else self.page


@dataclass(frozen=True, slots=True)
class Agenda:
    """The sections in the order of the pages.

    compared: metrics shown hospital by hospital, in order. scorecard: metrics with a row on the scorecard; further:
    those with figures that stand in the annex alone. Both in the order of the report.
    """

    items: tuple[AgendaItem, ...]
    compared: tuple[str, ...] = ()
    scorecard: tuple[str, ...] = ()
    further: tuple[str, ...] = ()

    @property
    def exceptions(self) -> tuple[AgendaItem, ...]:
        """The measures with a page of their own."""
        return tuple(one for one in self.items if one.page == "exception")

    def has(self, page: PageName) -> bool:
        """Whether such a page comes."""
        return any(one.page == page for one in self.items)


def in_report_order(metrics: Iterable[Metric]) -> list[str]:
    """Metric names by section, then as a reader would look them up; the same in every report."""
    return [metric.name for metric in sorted(metrics, key=lambda one: (SECTIONS.index(one.section), one.name))]


def choose_exceptions(measures: Iterable[Measure]) -> list[tuple[ExceptionKind, Measure]]:
    """(kind, measure) of every page: concerns, measures that consistently miss their target, new improvements.

    Each measure once, in the report's order within a kind, and each story once (`tell_once`). A neutral measure never
    gets one: its signal is mentioned, not judged.
    """
    every = tell_once(measures)
    pages: list[tuple[ExceptionKind, Measure]] = [
        ("concern" if one.state == "concern" else "failing", one) for one in attention_order(every)
    ]
    news = [one for one in every if one.state == "improvement" and not one.keeps_failing and is_new(one)]
    return pages + [("improvement", one) for one in news]


def tell_once(measures: Iterable[Measure]) -> list[Measure]:
    """The measures without those whose change is told with another measure that changed the same way."""
    every = list(measures)
    states = {one.metric.name: (one.state, one.keeps_failing) for one in every}
    return [one for one in every if states.get(one.metric.told_with or "") != (one.state, one.keeps_failing)]


def companions(measure: Measure, measures: Iterable[Measure]) -> list[Measure]:
    """The measures whose change is told with this one's."""
    return [
        one
        for one in measures
        if one.metric.told_with == measure.metric.name
        and (one.state, one.keeps_failing) == (measure.state, measure.keeps_failing)
    ]


def attention_order(measures: Sequence[Measure]) -> list[Measure]:
    """Concerns first, then measures that consistently miss their target; each measure once."""
    concerns = [one for one in measures if one.state == "concern"]
    return concerns + [one for one in measures if one.keeps_failing and one.state != "concern"]


def is_new(measure: Measure) -> bool:
    """Whether the signal behind the icon began recently enough to be news."""
    if measure.result is None or not measure.signal_months:
        return False
    shift = measure.result.rule_set.shift or _USUAL_SHIFT
    newest = measure.signal_months[-1]
    return newest.months_since(measure.signal_months[0]) < shift + _REPORTS_AFTER_DETECTION


def choose_compared(
    system: Mapping[str, Measure], by_facility: Mapping[str, Mapping[str, Measure]], headlines: Sequence[str]
) -> tuple[str, ...]:
    """The exceptions, and each other headline measure that shows a signal at some hospital."""
    exceptions = [measure.metric.name for _, measure in choose_exceptions(system.values())]
    others = [
        name
        for name in headlines
        if name not in exceptions and any(parts[name].has_signal for parts in by_facility.values())
    ]
    return tuple(name for name in [*exceptions, *others] if system[name].headline is not None)


def choose_scorecard(measures: Iterable[Measure], headlines: Sequence[str]) -> tuple[str, ...]:
    """The rows of the scorecard: every measure with figures where they fit one page; else the headlines, those with a
    target, and each change or lasting miss once (`tell_once`). Where nothing has figures, the headlines say so."""
    every = list(measures)
    supplied = [one for one in every if one.is_supplied]
    if len(supplied) > MOST_ON_SCORECARD:
        told = {one.metric.name for one in tell_once(every) if one.has_signal or one.keeps_failing}
        supplied = [one for one in supplied if one.target or one.metric.name in {*headlines, *told}]
    chosen = tuple(one.metric.name for one in supplied)
    return chosen or tuple(one.metric.name for one in every if one.metric.name in headlines)


def build_agenda(
    system: Mapping[str, Measure],
    by_facility: Mapping[str, Mapping[str, Measure]],
    headlines: Sequence[str],
    *,
    has_drivers: bool,
    has_programme: bool,
    has_barriers: bool = False,
    has_totals: bool = False,
    has_budget: bool = False,
    has_fairness: bool = False,
    has_benchmarks: bool = False,
) -> Agenda:
    """The sections of one report."""
    compared = choose_compared(system, by_facility, headlines) if by_facility else ()
    scorecard = choose_scorecard(system.values(), headlines)
    further = tuple(name for name, one in system.items() if one.is_supplied and name not in scorecard)
    items = [AgendaItem("front", 1), AgendaItem("scorecard", 1)]
    items += [
        AgendaItem("exception", 1, measure.metric.name, kind) for kind, measure in choose_exceptions(system.values())
    ]
    items += [AgendaItem("hospitals")] if by_facility else []
    items += [AgendaItem("drivers", 2)] if has_drivers else []
    items += [AgendaItem("barriers", 1)] if has_barriers else []
    items += [AgendaItem("totals", 1)] if has_totals else []
    items += [AgendaItem("budget", 1)] if has_budget else []
    items += [AgendaItem("fairness", 1)] if has_fairness else []
    items += [AgendaItem("benchmarks", 1)] if has_benchmarks else []
    items += [AgendaItem("improvement_programme")] if has_programme else []
    items += [AgendaItem("small_multiples"), AgendaItem("appendix")]
    return Agenda(tuple(items), compared, scorecard, further)
