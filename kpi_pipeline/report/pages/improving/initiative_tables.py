"""The drawing and the tables of one initiative: its effect over time, its measures and its cycles.

Free text is checked here before it is printed. Not here: the sentences and the page (`build_improvement`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.text.language import date_words
from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.core.text.texts import Words
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.declared.initiatives import Cycle, Initiative
from kpi_pipeline.improvement.effects.effect_result import EffectResult
from kpi_pipeline.judgement.improving.programme import MEASURE_KINDS, JudgedInitiative
from kpi_pipeline.judgement.judged import Scope
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.model import Annotation, CaptionedChart, Chart, ChartPoint, Column, Table
from kpi_pipeline.report.words.effects import effect_sentence
from kpi_pipeline.report.words.numbers import capitalised, format_bare, unit_words
from kpi_pipeline.report.words.phrases import latest_words, subject, unit_words_of, variation_word
from kpi_pipeline.report.words.sentences import signal_words

_MOST_CHART_MONTHS = 48
_LONGEST_CELL = 400
_WORDS: TypeAdapter[str] = TypeAdapter(Words)


def build_effect_chart(
    scope: Scope, initiative: Initiative, metric: Metric, result: EffectResult, place: str
) -> CaptionedChart:
    """The months, what was expected without the initiative with its interval, and the line through the months.

    With a control that line would follow every turn of the control's and look like a second series: it is left out.
    """
    by_month = {point.month: point for point in result.points}
    last = max(by_month)
    months = list(month_range(max(min(by_month), last.plus(1 - _MOST_CHART_MONTHS)), last))

    def rounded(number: float | None) -> float | None:
        return round_half_up(number, metric.decimals) if scope.withholds and number is not None else number

    points = []
    for month in months:
        point = by_month.get(month)
        if point is None:
            points.append(ChartPoint(month=str(month)))
            continue
        points.append(
            ChartPoint(
                month=str(month),
                value=rounded(point.observed),
                centre=None if result.has_control else rounded(point.fitted),
                lower=rounded(point.lower),
                upper=rounded(point.upper),
                target=rounded(point.expected),
            )
        )
    started = Month.of(initiative.starts_on)
    flag = Annotation(month=str(started), letter="A", text=f"Start, {date_words(initiative.starts_on)}")
    newest = by_month[last]
    expected = newest.expected
    return CaptionedChart(
        caption=f"{subject(metric.title)}{unit_words_of(metric)}, {place}, final months. Dotted: what was expected "
        "without the initiative; band: its 95% interval",
        chart=Chart(
            metric=metric.name,
            facility_id=initiative.scope.facilities[0] if len(initiative.scope.facilities) == 1 else WHOLE_SYSTEM,
            better=metric.better,
            unit=unit_words(metric),
            decimals=metric.decimals,
            tick_prefix="$" if metric.unit == "usd" else "",
            tick_suffix="%" if metric.unit == "percent" else "",
            points=tuple(points),
            is_straight=True,
            annotations=(flag,) if started in months else (),
            centre_label="Fitted line",
            target_label=None if expected is None else f"Expected {format_bare(expected, metric)}",
            latest_label=f"{last.short_name} {format_bare(newest.observed, metric)}",
            alt=effect_sentence(result, metric, place),
        ),
    )


def build_measure_table(scope: Scope, judged: JudgedInitiative) -> Table:
    """Outcome, process and balancing measures where the initiative runs: newest value and what its chart says."""
    has_places = len(judged.initiative.scope.facilities) > 1
    rows = []
    for kind in MEASURE_KINDS:
        own = [one for one in judged.measures if one.kind == kind]
        for one in own:
            measure = one.measure
            told = ", ".join(words for words in (variation_word(measure), signal_words(measure)) if words)
            at = f", {scope.facility_names.get(one.place, one.place)}" if has_places else ""
            title = f"{subject(measure.metric.title)}{at}"
            rows.append((title, capitalised(kind), latest_words(measure), told if measure.result else "not judged"))
        if not own:
            rows.append((f"No {kind} measure declared", capitalised(kind), "none", "not judged"))
    return Table(
        caption="Its measures, where it runs: newest final value, and what the control chart says",
        columns=(
            Column(heading="Measure"),
            Column(heading="Kind"),
            Column(heading="Newest value"),
            Column(heading="What its own chart says"),
        ),
        rows=tuple(rows),
    )


def build_cycle_table(initiative: Initiative, cycles: Sequence[Cycle]) -> Table:
    """The plan-do-study-act cycles: planned, done, learned, decided."""

    def cell(text: str | None) -> str:
        return _shortened(checked_words(initiative, text)) if text else "not yet"

    def decision(cycle: Cycle) -> str:
        if cycle.decision is None or cycle.decided_on is None:
            return "still running"
        act = f": {_shortened(checked_words(initiative, cycle.act))}" if cycle.act else ""
        return f"{capitalised(cycle.decision)}, {date_words(cycle.decided_on)}{act}"

    return Table(
        caption="Plan-do-study-act cycles",
        columns=(
            Column(heading="Cycle"),
            Column(heading="Planned"),
            Column(heading="Done"),
            Column(heading="Learned"),
            Column(heading="Decision"),
        ),
        rows=tuple(
            (
                f"{number}, {date_words(cycle.began_on)}",
                cell(cycle.plan),
                cell(cycle.do),
                cell(cycle.study),
                decision(cycle),
            )
            for number, cycle in enumerate(cycles, start=1)
        ),
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL].rsplit(" ", 1)[0] + " …"


def checked_words(initiative: Initiative, text: str) -> str:
    """The text as recorded, unless it looks as if it named a patient: then InputError, without repeating it."""
    shortened = text if len(text) <= 2 * _LONGEST_CELL else text[: 2 * _LONGEST_CELL].rsplit(" ", 1)[0] + " …"
    try:
        return _WORDS.validate_python(shortened)
    except ValidationError as error:
        what = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors(include_input=False))
        raise InputError(
            Fault(f"initiative {initiative.id}", f"has a text that cannot be printed: it {what}.", "Reword it.")
        ) from error
