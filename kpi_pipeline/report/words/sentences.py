"""Every sentence about one measure that the statistics license: what changed, against which target, on what basis.

A word of praise or blame appears only where the control chart shows a signal on that side; without one the text
says that there is no evidence of change. Nothing here reads the director's commentary. Not here: the month as a
whole (`findings`), what is on which page (`build`).
"""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.language import format_number, one_or_many
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.judgement.bands import Band
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.report.words.numbers import format_bare, format_value, small_count_words
from kpi_pipeline.report.words.phrases import (
    LACK_WORDS,
    basis_words,
    follow_up_words,
    interval_range,
    is_plural,
    no_value_words,
    subject,
    verb,
)
from kpi_pipeline.report.words.reasons import missing_words
from kpi_pipeline.report.words.targets import assurance_sentence

_LONGEST_ONSET = 12
"""An interval of more months dates nothing: the change is told without a date."""


def change_words(measure: Measure) -> str:
    """What the deciding rule saw, as a clause: `below the mean of 5.12 days for nine months in a row`.

    It counts months and names none as the beginning: where a run starts is not where the change did (`onset_sentence`).
    """
    result, span = measure.result, measure.signal_months
    if result is None or result.deciding_signal is None or result.decided_at is None:
        raise ValueError(f"{measure.metric.name} shows no signal to put into words")
    signal, point = result.deciding_signal, result.points[result.decided_at]
    high = signal.side == "high"
    centre = _centre_words(measure, point.centre)
    if signal.rule == "outside":
        limit = point.upper if high else point.lower
        side = "above the upper" if high else "below the lower"
        of = f" of {format_bare(limit, measure.metric)}" if limit is not None else ""
        return f"{side} limit{of} {_in_months(span)}"
    if signal.rule == "trend":
        return f"{'higher' if high else 'lower'} every month from {span[0].name} to {span[-1].name}"
    if signal.rule == "two_of_three":
        return f"near or beyond the {'upper' if high else 'lower'} limit {_in_most_months(span, signal.n_points)}"
    if signal.rule == "few_crossings":
        n_crossings = result.phases[point.phase].n_crossings
        crossings = f"{small_count_words(n_crossings)} {one_or_many(n_crossings, 'crossings')}"
        return f"on one side of the {centre} for unusually long ({crossings})"
    return f"{'above' if high else 'below'} the {centre} for {_months_in_a_row(signal.n_points)}"


def onset_sentence(measure: Measure) -> str | None:
    """When the change began: the likeliest month and its 95% interval. None where that cannot be told within a year."""
    span = measure.onset_months
    if not span:
        return None
    likeliest, earliest, latest = span
    if latest.months_since(earliest) >= _LONGEST_ONSET:
        return None
    said = f"The change most likely began in {likeliest.name}"
    return f"{said}." if earliest == latest else f"{said}, between {earliest.name} and {latest.name} (95% interval)."


def change_clause(measure: Measure) -> str:
    """`Denials per 100 discharges are up: above the mean of 6.1 for eight months in a row.` Only with a signal."""
    title = subject(measure.metric.title)
    return f"{title} {direction_words(measure, plural=is_plural(title))}: {change_words(measure)}."


def direction_words(measure: Measure, *, plural: bool) -> str:
    """`is down`; for a single month outside the limits, `was unusually low`. Only with a signal."""
    if len(measure.signal_months) == 1:
        return f"{'were' if plural else 'was'} unusually {'high' if measure.is_high else 'low'}"
    return f"{'are' if plural else 'is'} {'up' if measure.is_high else 'down'}"


def change_sentence(measure: Measure) -> str:
    """A finding about one measure, with its newest value and basis."""
    if measure.has_signal:
        return f"{change_clause(measure)} {latest_sentence(measure)}"
    title = subject(measure.metric.title)
    if measure.lack:
        return f"{title}: {LACK_WORDS[measure.lack]} to tell change from routine variation. {latest_sentence(measure)}"
    return f"{title} {verb(title, 'shows', 'show')} no evidence of change. {latest_sentence(measure)}"


def failing_sentence(measure: Measure) -> str:
    """A measure whose target is out of reach, and why."""
    return f"{failing_heading(measure)}. {assurance_sentence(measure)}"


def heading(measure: Measure) -> str:
    """The finding as a heading: `Denials per 100 discharges are up: eight months in a row above the mean`."""
    title = subject(measure.metric.title)
    if not measure.has_signal and measure.keeps_failing:
        return failing_heading(measure)
    if not measure.has_signal:
        return f"{title}: {_no_signal_words(measure)}"
    is_single = len(measure.signal_months) == 1
    said = f"{title} {direction_words(measure, plural=is_plural(title))}"
    changed = f"{said} {signal_words(measure)}" if is_single else f"{said}: {signal_words(measure)}"
    if measure.keeps_failing and measure.state == "improvement":
        return f"{changed}, but {verb(title, 'keeps missing its', 'keep missing their')} target"
    return changed


def chart_finding(measure: Measure) -> str:
    """What a chart shows, for readers who cannot see it: measure, months, finding, newest value."""
    if measure.result is None:
        return f"{subject(measure.metric.title)}: {missing_words(measure.metric, measure.missing)}."
    span = f"{measure.months[0].name} to {measure.months[-1].name}"
    finding = change_words(measure) if measure.has_signal else _no_signal_words(measure)
    return f"{subject(measure.metric.title)}, {span}: {finding}. {latest_sentence(measure)}"


def _no_signal_words(measure: Measure) -> str:
    return f"{LACK_WORDS[measure.lack]} to judge" if measure.lack else "no evidence of change"


def signal_words(measure: Measure) -> str:
    """How long the signal has been: `eight months in a row above the mean`, `in October 2026`; empty without one."""
    span, result = measure.signal_months, measure.result
    if not span or result is None or result.deciding_signal is None:
        return ""
    signal = result.deciding_signal
    high = signal.side == "high"
    if len(span) == 1:
        return f"in {span[-1].name}"
    if signal.rule == "outside":
        return f"{_months_in_a_row(signal.n_points)} {'above the upper' if high else 'below the lower'} limit"
    if signal.rule == "trend":
        return f"{'higher' if high else 'lower'} every month for {small_count_words(signal.n_points)} months"
    if signal.rule == "two_of_three":
        of = max(len(span), 3)
        count = small_count_words(signal.n_points)
        some = f"{count} months" if signal.n_points == of else f"{count} of {small_count_words(of)} months"
        return f"{some} near or beyond the {'upper' if high else 'lower'} limit"
    return f"{_months_in_a_row(signal.n_points)} {'above' if high else 'below'} the {_centre_words(measure, None)}"


def _months_in_a_row(n_points: int) -> str:
    return f"{small_count_words(n_points)} {one_or_many(n_points, 'months')}{' in a row' if n_points > 1 else ''}"


def failing_heading(measure: Measure) -> str:
    """`Initial assessment within 24 hours keeps missing its target`."""
    title = subject(measure.metric.title)
    return f"{title} {verb(title, 'keeps missing its', 'keep missing their')} target"


def licence_sentence(measure: Measure) -> str:
    """What the signal allows the reader to conclude, and no more."""
    return {
        "improvement": "Routine variation does not explain this; it is a change in the wanted direction.",
        "concern": "Routine variation does not explain this; it is a change in the unwanted direction.",
        "neither": "Routine variation does not explain this; this measure is neither good nor bad in itself.",
        "common_cause": "There is no evidence of change: the latest months look like routine variation.",
        "not judged": f"There are {LACK_WORDS[measure.lack or 'few_months']} to tell change from routine variation.",
    }[measure.state]


def latest_sentence(measure: Measure) -> str:
    """The newest defensible value and its basis: `It was 4.78 days in October 2026 (1,612 discharges).`"""
    figure, metric, title = measure.headline, measure.metric, subject(measure.metric.title)
    it = verb(title, "It", "They")
    if figure is None:
        return f"{it} {verb(title, 'is', 'are')} {missing_words(measure.metric, measure.missing)}."
    if figure.number is None:
        return f"There is no figure for {figure.month.name}: {no_value_words(figure, metric)}."
    so_far = "" if figure.is_final else " so far"
    if metric.kind == "count":
        return f"There were {format_value(figure.number, metric)} in {figure.month.name}{so_far}."
    basis = "" if isinstance(figure.denominator, Withheld) else f" ({basis_words(figure, metric)})"
    value = f"{format_value(figure.number, metric)} in {figure.month.name}{basis}{so_far}"
    return f"{it} {verb(title, 'was', 'were')} {value}."


def newest_figure_sentence(measure: Measure) -> str:
    """The newest defensible figure in full: value, month, how final, interval, basis."""
    figure, metric = measure.headline, measure.metric
    if figure is None or figure.number is None:
        return latest_sentence(measure)
    state = "final" if figure.is_final else figure.maturity
    said = f"The newest {state} figure is {format_value(figure.number, metric)} for {figure.month.name}"
    if interval := interval_range(figure, metric):
        said += f" (95% interval {interval})"
    if metric.kind == "count":
        return f"{said}."
    return f"{said}, based on {basis_words(figure, metric)}."


def _centre_words(measure: Measure, centre: float | None) -> str:
    word = "median" if measure.result is not None and measure.result.chart in ("run", "g") else "mean"
    return word if centre is None else f"{word} of {format_value(centre, measure.metric)}"


def _in_most_months(span: Sequence[Month], n_points: int) -> str:
    of = max(len(span), 3)
    if n_points == of:
        return f"for {_months_in_a_row(of)}"
    return f"in {small_count_words(n_points)} of the last {small_count_words(of)} months"


def _in_months(span: Sequence[Month]) -> str:
    if len(span) <= 2:
        return f"in {join_words([month.name for month in span])}"
    return f"for {_months_in_a_row(len(span))}"


def provisional_sentence(measure: Measure) -> str | None:
    """The report month's own value when the headline is an earlier month: named, and not judged."""
    figure, headline = measure.current, measure.headline
    if figure is None or figure.is_final or headline is None or headline.month == figure.month:
        return None
    if figure.number is None:
        return f"{figure.month.name} is {follow_up_words(figure, measure.metric)}; no figure is shown yet."
    value = format_value(figure.number, measure.metric)
    return f"{figure.month.name} so far: {value}, {follow_up_words(figure, measure.metric)}."


def so_far_words(measure: Measure, band: Band | None = None) -> str | None:
    """The same in short, for a tile: `October 2026 so far: 16.7%, provisional: 108 of 3,313 cases. When final, 14.1% to
    17.9% is expected (95% band).`"""
    figure, headline = measure.current, measure.headline
    if figure is None or figure.is_final or headline is None or headline.month == figure.month:
        return None
    if figure.number is None:
        return f"{figure.month.name} is {figure.maturity}; no figure is shown yet."
    said = f"{figure.month.name} so far: {format_value(figure.number, measure.metric)}"
    counted, waiting = figure.n_counted, figure.n_listed if figure.is_incomplete else figure.n_immature
    if not isinstance(counted, float) or not isinstance(waiting, float) or not waiting:
        said = f"{said}, {figure.maturity}."
    else:
        of = waiting if figure.is_incomplete else counted + waiting
        said = f"{said}, {figure.maturity}: {format_number(counted)} of {format_number(of)} cases."
    if band is None:
        return said
    lower, upper = (format_bare(end, measure.metric) for end in (band.lower, band.upper))
    return f"{said} When final, {lower} to {upper} is expected (95% band)."


def year_ago_words(measure: Measure) -> str | None:
    """`A year earlier: 15.2%`, or why there is no such figure; None before any figure exists."""
    if measure.headline is None:
        return None
    figure = measure.year_ago
    if figure is None:
        return "A year earlier: no figure"
    if figure.number is None:
        return f"A year earlier: {no_value_words(figure, measure.metric)}"
    return f"A year earlier: {format_bare(figure.number, measure.metric)}"


def phase_sentences(measure: Measure) -> list[str]:
    """The mean before and after each recorded rebase; nothing when no phase is declared."""
    if measure.result is None:
        return []
    sentences = []
    points, phases = measure.result.points, measure.result.phases
    # The centre as drawn: a phase's own is on the scale of the calculation, which may be logarithms.
    centres = [points[phase.first].centre for phase in phases]
    for rebase, before, after in zip(measure.rebases, centres, centres[1:], strict=False):
        if rebase in measure.shown_rebases and before is not None and after is not None:
            word = "median" if measure.result.chart in ("run", "g") else "mean"
            sentences.append(
                f"The {word} was {format_value(before, measure.metric)} up to "
                f"{rebase.from_month.plus(-1).name} and is {format_value(after, measure.metric)} "
                f"since {rebase.from_month.name}."
            )
    return sentences
