"""What stands under a chart: lettered events, months that are hollow, missing or withheld, and how it was drawn.

Not here: what the chart tells (`words.sentences`), the rule set in full (`report.pages.appendix`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.language import date_words
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.declared.rebases import Rebase
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.report.words.charts.chart_warnings import chart_warning_sentence, laney_sentence
from kpi_pipeline.report.words.numbers import capitalised, small_count_words
from kpi_pipeline.report.words.phrases import follow_up_words
from kpi_pipeline.signals import Chart

_CHART_WORDS: dict[Chart, str] = {
    "xmr": "XmR chart of the monthly figures: limits three sigma from the mean, sigma from the mean moving range.",
    "p": "p chart of monthly shares: limits three sigma from the mean, wider in months with fewer cases.",
    "p_prime": "p′ chart (Laney) of monthly shares: limits three sigma from the mean, fitted to how much the months "
    "really differ.",
    "u": "u chart of monthly rates: limits three sigma from the mean, wider in months with fewer cases.",
    "u_prime": "u′ chart (Laney) of monthly rates: limits three sigma from the mean, fitted to how much the months "
    "really differ.",
    "c": "c chart of monthly counts: limits three sigma from the mean, sigma the square root of the mean.",
    "i_prime": "I′ chart of monthly ratios: limits three sigma from the mean, wider in months with fewer cases.",
    "run": "Run chart of the monthly figures: a median, no limits.",
}
_NO_BAND = "The mean of the final months. No band is drawn: what is routine can be told from {count} final months on."
_MOST_FLAGS = 6
"""A chart has room for six."""

_MOST_NAMED = 4
"""Months are named up to here, and counted beyond."""


def point_notes(measure: Measure) -> tuple[str, ...]:
    """Which months are hollow, which have no figure, and why."""
    open_months = [
        figure
        for month in measure.months
        if (figure := measure.figures.get(month)) is not None and not figure.is_final and figure.number is not None
    ]
    thin_months = [figure for figure in open_months if figure.month in measure.thin_months]
    open_months = [figure for figure in open_months if figure.month not in measure.thin_months]
    withheld, absent, few = _months_without_value(measure)
    notes = []
    if len(open_months) == 1:
        state = follow_up_words(open_months[0], measure.metric)
        notes.append(f"Hollow: {open_months[0].month.name}, {state}. It counts neither for limits nor for signals.")
    elif open_months:
        named = _months_named([figure.month for figure in open_months])
        notes.append(f"Hollow: {named}, not final yet. They count neither for limits nor for signals.")
    if len(thin_months) == 1:
        notes.append(f"Not drawn: {thin_months[0].month.name}, {follow_up_words(thin_months[0], measure.metric)}.")
    elif thin_months:
        named = _months_named([figure.month for figure in thin_months])
        notes.append(f"Not drawn: {named}, not final yet and with few of their cases so far.")
    early = [month for month in few if not measure.figures[month].is_final]
    few = [month for month in few if month not in early]
    if len(early) == 1:
        notes.append(f"No figure for {early[0].name}, {follow_up_words(measure.figures[early[0]], measure.metric)}.")
    elif early:
        notes.append(f"No figure for {_months_named(early)}, not final yet and with few of their cases so far.")
    if few:
        noun = measure.metric.denominator_noun
        notes.append(f"No figure for {_months_named(few)}: too few {noun}. A gap ends a run.")
    if absent:
        notes.append(f"No data for {_months_named(absent)}: missing, not zero. A gap ends a run.")
    if withheld:
        notes.append(f"Not shown: {_months_named(withheld)}, withheld to protect small numbers. A gap ends a run.")
    return tuple(notes)


def _months_without_value(measure: Measure) -> tuple[list[Month], list[Month], list[Month]]:
    """Months withheld, without data, and with too few cases."""
    withheld, absent, few = [], [], []
    for month in measure.months:
        figure = measure.figures.get(month)
        if figure is None:
            absent.append(month)
        elif isinstance(figure.value, Withheld):
            withheld.append(month)
        elif figure.value is None:
            few.append(month)
    return withheld, absent, few


def _months_named(months: Sequence[Month]) -> str:
    if len(months) <= _MOST_NAMED:
        return join_words([month.name for month in months])
    return f"{small_count_words(len(months))} months from {months[0].name} to {months[-1].name}"


@dataclass(frozen=True, slots=True)
class ChartEvent:
    """A lettered flag on a chart: `text` stands beside the flag, `words` under the chart."""

    month: Month
    letter: str
    text: str
    words: str

    @property
    def note(self) -> str:
        """The line under the chart."""
        return f"{self.letter}: {self.words}"


def chart_events(measure: Measure) -> tuple[ChartEvent, ...]:
    """Rebases and begun initiatives in time order, at most six: every rebase before any initiative, then the newest."""
    rebases = [(one.from_month, one.reason.rstrip("."), _rebase_words(one)) for one in measure.shown_rebases]
    begun = [
        (one.month, one.words, f"{one.words} began on {date_words(one.starts_on)}. Owner: {one.owner.rstrip('.')}.")
        for one in measure.initiatives
    ]
    rebases = rebases[-_MOST_FLAGS:]
    room = _MOST_FLAGS - len(rebases)
    chosen = sorted([*rebases, *(begun[-room:] if room else [])], key=lambda event: event[0])
    return tuple(
        ChartEvent(month, letter, text, words)
        for letter, (month, text, words) in zip(ascii_uppercase, chosen, strict=False)
    )


def letter_events(charts: Iterable[tuple[ChartEvent, ...]]) -> dict[tuple[Month, str], str]:
    """(month, words) → letter for all charts of one page together, in time order; the newest ones when they run out."""
    events = sorted({(event.month, event.words) for chart in charts for event in chart})
    return dict(zip(events[-len(ascii_uppercase) :], ascii_uppercase, strict=False))


def _rebase_words(one: Rebase) -> str:
    """Reason, owner and date of a rebase, as printed under the chart."""
    trial = " Trial limits." if one.trial else ""
    return (
        f"limits recalculated from {one.from_month.name}. Reason: {one.reason.rstrip('.')}. "
        f"Decided by {one.decided_by.rstrip('.')} on {date_words(one.decided_on)}.{trial}"
    )


def method_sentences(measure: Measure) -> tuple[str, ...]:
    """Which chart, why that one, from how many months its limits are, which rules; what to be careful about."""
    result = measure.result
    if result is None:
        return ("No chart: there are no figures.",)
    said = [_CHART_WORDS.get(result.chart, f"{result.chart} chart.")]
    if measure.has_no_band:
        return (_NO_BAND.format(count=small_count_words(max(result.rule_set.fewest_points_for_icons, 1))),)
    if result.laney is not None:
        said.append(laney_sentence(result.laney))
    if result.scale == "log":
        said.append("Limits are computed on logarithms and drawn back on the scale of the figures.")
    said += _baseline_sentences(measure)
    if measure.metric.chart_adjusts_for:
        said.append(_adjustment_sentence(measure))
    said.append(f"Rule set {result.rule_set.name}, below.")
    return (*said, *(_as_sentence(chart_warning_sentence(one)) for one in result.warnings))


def _adjustment_sentence(measure: Measure) -> str:
    """What was taken out of the months before they were judged; the lines carry it, the figures stay as they are."""
    adjusts = measure.metric.chart_adjusts_for
    said = []
    if "calendar_days" in adjusts:
        said.append("its number of days")
    if "season" in adjusts:
        said.append("its season (one yearly wave, from the baseline)")
    waits = measure.result is not None and measure.result.not_judged == "few_points" and "season" in adjusts
    later = " The season is known from 24 final months on; until then there is no verdict." if waits else ""
    return f"Each month is judged against what {join_words(said)} would lead to.{later}"


def _baseline_sentences(measure: Measure) -> list[str]:
    """Which months the limits were computed from; trial limits and missing ones have a warning of their own."""
    result = measure.result
    if result is None or result.limits_kind == "none" or not result.phases:
        return []
    phase, baseline = result.phases[-1], measure.baseline_months
    if not phase.is_frozen:
        count = small_count_words(phase.n_baseline)
        return [f"Limits from {count} final months."] if result.limits_kind == "fixed" else []
    first, last = baseline
    said = f"Limits from the baseline, {first.name} to {last.name}, and kept since"
    if measure.months[0] <= last:
        return [f"{said}; a bar on the axis marks it."]
    return [f"{said}; it lies before the months shown."]


def _as_sentence(text: str) -> str:
    return capitalised(text.rstrip(".")) + "."
