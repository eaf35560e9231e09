"""Page 5, the improvement programme: each initiative with its charter, its cycles and its estimated effect.

Not here: how an effect is estimated (`improvement/`), which words an estimate licenses (`effect_wording`).
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.improvement.effect_result import EffectResult, Verdict
from kpi_pipeline.improvement.initiative_effects import estimate_initiative, read_scope_series
from kpi_pipeline.improvement.initiatives import Cycle, Initiative
from kpi_pipeline.metrics.compute import WHOLE_SYSTEM
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.chart_model import Words
from kpi_pipeline.report.effect_wording import caution_sentences, effect_sentence, power_sentence, programme_title
from kpi_pipeline.report.figures import Figure
from kpi_pipeline.report.inputs import ReportInputs
from kpi_pipeline.report.measures import build_measure
from kpi_pipeline.report.model import (
    Annotation,
    Block,
    CaptionedChart,
    Chart,
    ChartPoint,
    Column,
    FurtherSection,
    Table,
)
from kpi_pipeline.report.number_format import (
    capitalised,
    date_words,
    format_bare,
    join_words,
    round_half_up,
    unit_words,
)
from kpi_pipeline.report.phrases import latest_words, subject, unit_words_of, variation_word
from kpi_pipeline.report.wording import since_words

_MOST_CHART_MONTHS = 48
_LONGEST_CELL = 400
_WORDS: TypeAdapter[str] = TypeAdapter(Words)

_STATUS = {"planned": "planned", "running": "running", "completed": "completed", "abandoned": "abandoned"}


def build_improvement(inputs: ReportInputs, figures: Sequence[Figure]) -> FurtherSection | None:
    """The page; None without an initiative. figures: of all facilities, as they may be known."""
    chosen = [one for one in inputs.initiatives if _concerns(one, inputs)]
    if not chosen:
        return None
    values = _known_values(inputs, figures)
    blocks, verdicts, n_planned = [], [], 0
    for initiative in chosen:
        if initiative.starts_on > inputs.month.last_day:
            n_planned += 1
            blocks.append(_block(inputs, initiative, {}, figures))
            continue
        results = _estimates(inputs, initiative, values)
        verdicts.append(_verdict(results))
        blocks.append(_block(inputs, initiative, results, figures))
    titles = [_checked(one, one.title) for one in chosen]
    return FurtherSection(
        name="improvement_programme",
        title=programme_title(titles, verdicts, n_planned=n_planned),
        lede="Each effect is judged as declared, from final months, against what the months before the start foretell. "
        "Other changes at the same time count too.",
        blocks=tuple(blocks),
    )


def _concerns(initiative: Initiative, inputs: ReportInputs) -> bool:
    """Declared by the end of the month, and of the facility the report is about (or of all)."""
    if initiative.declared_on > inputs.month.last_day and initiative.starts_on > inputs.month.last_day:
        return False
    facilities = initiative.scope.facilities
    return inputs.facility_id == WHOLE_SYSTEM or not facilities or inputs.facility_id in facilities


def _known_values(inputs: ReportInputs, figures: Sequence[Figure]) -> pd.DataFrame:
    """The values up to the report's month; under a profile that withholds, only months whose figure is printed."""
    values = inputs.values[inputs.values["month"] <= str(inputs.month)]
    if not inputs.withholds:
        return values
    known = {
        (one.metric, one.facility_id, str(one.month))
        for one in figures
        if one.number is not None and one.plotted_denominator is not None and isinstance(one.denominator, float)
    }
    keys = zip(values["metric"], values["facility_id"], values["month"], strict=True)
    return values[[key in known for key in keys]]


def _estimates(inputs: ReportInputs, initiative: Initiative, values: pd.DataFrame) -> dict[str, EffectResult | None]:
    """Outcome → estimate; None where its values are not in the table by facility."""
    scales = {name: metric.scale for name, metric in inputs.metrics.items()}
    results: dict[str, EffectResult | None] = {}
    for name in initiative.outcomes:
        if not _has_values(initiative, name, values):
            results[name] = None
            continue
        series, control = read_scope_series(initiative, name, values, scales=scales)
        results[name] = estimate_initiative(
            initiative, name, series, better=inputs.metrics[name].better, control=control
        )
    return results


def _has_values(initiative: Initiative, metric: str, values: pd.DataFrame) -> bool:
    if initiative.scope.units or initiative.scope.service_lines:
        return False
    dated = values[values["month"] != ""]
    there = set(zip(dated["metric"], dated["facility_id"], strict=True))
    needed = {(metric, place) for place in initiative.scope.facilities or (WHOLE_SYSTEM,)}
    control = initiative.control
    if control is not None and control.facility_id is not None:
        needed.add((metric, control.facility_id))
    elif control is not None:
        needed |= {(str(control.metric), place) for place in initiative.scope.facilities or (WHOLE_SYSTEM,)}
    return needed <= there


def _verdict(results: dict[str, EffectResult | None]) -> Verdict | None:
    """That of the first outcome, which is the one the aim is about."""
    first = next(iter(results.values()), None)
    return None if first is None else first.verdict


# ── one initiative ───────────────────────────────────────────────────────────────────────────────────────────


def _block(
    inputs: ReportInputs,
    initiative: Initiative,
    results: dict[str, EffectResult | None],
    figures: Sequence[Figure],
) -> Block:
    place = _place(inputs, initiative)
    paragraphs = [f"Aim: {_checked(initiative, initiative.aim)}", _charter(inputs, initiative)]
    notes: list[str] = []
    chart = None
    for name, result in results.items():
        metric = inputs.metrics[name]
        if result is None:
            paragraphs.append(_not_here(initiative, metric, place))
            continue
        is_seen = result.verdict not in ("no_evidence", "too_early", "not_estimable")
        said = [effect_sentence(result, metric, place), power_sentence(result.effects, metric, is_seen=is_seen)]
        paragraphs.append(" ".join(sentence for sentence in said if sentence))
        notes += [note for note in caution_sentences(result, metric) if note not in notes]
        if result.effects is not None and chart is None:
            chart = _chart(inputs, initiative, metric, result, place)
    if any(result is not None and result.has_control for result in results.values()):
        notes.insert(0, _control_words(inputs, initiative))
    if initiative.conclusion and initiative.closed_on and initiative.closed_on <= inputs.month.last_day:
        paragraphs.append(
            f"Concluded on {date_words(initiative.closed_on)}: {_checked(initiative, initiative.conclusion)}"
        )
    tables = [_measure_table(inputs, initiative, figures)]
    cycles = [one for one in initiative.cycles if one.began_on <= inputs.month.last_day]
    if cycles:
        tables.append(_cycle_table(initiative, cycles))
    return Block(
        heading=_checked(initiative, initiative.title),
        paragraphs=tuple(paragraphs),
        chart=chart,
        tables=tuple(tables),
        notes=tuple(notes),
    )


def _charter(inputs: ReportInputs, initiative: Initiative) -> str:
    """Owner, place, start, state, and whether the analysis was settled before."""
    begun = initiative.starts_on <= inputs.month.last_day
    is_closed = initiative.closed_on is not None and initiative.closed_on <= inputs.month.last_day
    status = _STATUS[initiative.status] if is_closed or initiative.closed_on is None else "running"
    if begun and status == "planned":
        status = "recorded as planned"
    declared = date_words(initiative.declared_on)
    order = (
        f"Measures and analysis were declared beforehand, on {declared}."
        if initiative.is_declared_beforehand
        else f"Measures and analysis were declared on {declared}, after the start: a description, not a test."
    )
    return (
        f"Owner: {_checked(initiative, initiative.owner)}. Where: {_where(inputs, initiative)}. "
        f"{'Began' if begun else 'Begins'} {date_words(initiative.starts_on)}; {status}. {order}"
    )


def _names(inputs: ReportInputs) -> dict[str, str]:
    return {mark.facility_id: mark.facility_name for mark in inputs.facts.watermarks}


def _where(inputs: ReportInputs, initiative: Initiative) -> str:
    scope, names = initiative.scope, _names(inputs)
    places = [names.get(one, one) for one in scope.facilities]
    parts = [join_words(places)] if places else []
    if scope.units:
        parts.append(f"units {join_words(list(scope.units))}")
    if scope.service_lines:
        parts.append(f"service lines {join_words(list(scope.service_lines))}")
    return ", ".join(parts) or "all hospitals"


def _place(inputs: ReportInputs, initiative: Initiative) -> str:
    names = _names(inputs)
    places = [names.get(one, one) for one in initiative.scope.facilities]
    return f"at {join_words(places)}" if places else "in all hospitals"


def _not_here(initiative: Initiative, metric: Metric, place: str) -> str:
    title = subject(metric.title)
    if initiative.scope.units or initiative.scope.service_lines:
        return (
            f"{title}: the monthly figures are by hospital, so no effect is estimated for these units or service lines."
        )
    return f"{title} {place}: no figures, so no effect can be estimated."


def _control_words(inputs: ReportInputs, initiative: Initiative) -> str:
    control = initiative.control
    assert control is not None
    if control.facility_id is not None:
        other = _names(inputs).get(control.facility_id, control.facility_id)
        return f"Compared with {other}, where it did not run: what changed in both places is taken out."
    other = subject(inputs.metrics[str(control.metric)].title)
    return f"Compared with another measure, {other}: what changed in both is taken out."


# ── drawing and tables ───────────────────────────────────────────────────────────────────────────────────────


def _chart(
    inputs: ReportInputs, initiative: Initiative, metric: Metric, result: EffectResult, place: str
) -> CaptionedChart:
    """The months, what was expected without the initiative with its interval, and the line through the months.

    With a control that line would follow every turn of the control's and look like a second series: it is left out.
    """
    by_month = {point.month: point for point in result.points}
    last = max(by_month)
    months = list(month_range(max(min(by_month), last.plus(1 - _MOST_CHART_MONTHS)), last))

    def rounded(number: float | None) -> float | None:
        return round_half_up(number, metric.decimals) if inputs.withholds and number is not None else number

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


def _measure_table(inputs: ReportInputs, initiative: Initiative, figures: Sequence[Figure]) -> Table:
    """Outcome, process and balancing measures where the initiative runs: newest value and what its chart says."""
    kinds = (("Outcome", initiative.outcomes), ("Process", initiative.processes), ("Balancing", initiative.balancing))
    places = initiative.scope.facilities or (WHOLE_SYSTEM,)
    first = inputs.month.plus(1 - inputs.settings.report.months_shown)
    rows = []
    for kind, names in kinds:
        for name in names:
            for place in places:
                charted = [one.month for one in figures if one.facility_id == place and one.month >= first]
                months = tuple(month_range(min(charted, default=inputs.month), inputs.month))
                measure = build_measure(inputs, inputs.metrics[name], months, figures, facility_id=place)
                told = ", ".join(words for words in (variation_word(measure), since_words(measure)) if words)
                at = f", {_names(inputs).get(place, place)}" if len(places) > 1 else ""
                title = f"{subject(measure.metric.title)}{at}"
                rows.append((title, kind, latest_words(measure), told if measure.result else "not judged"))
        if not names:
            rows.append((f"No {kind.lower()} measure declared", kind, "none", "not judged"))
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


def _cycle_table(initiative: Initiative, cycles: Sequence[Cycle]) -> Table:
    def cell(text: str | None) -> str:
        return _shortened(_checked(initiative, text)) if text else "not yet"

    def decision(cycle: Cycle) -> str:
        if cycle.decision is None or cycle.decided_on is None:
            return "still running"
        act = f": {_shortened(_checked(initiative, cycle.act))}" if cycle.act else ""
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


def _checked(initiative: Initiative, text: str) -> str:
    """The text as recorded, unless it looks as if it named a patient: then InputError, without repeating it."""
    shortened = text if len(text) <= 2 * _LONGEST_CELL else text[: 2 * _LONGEST_CELL].rsplit(" ", 1)[0] + " …"
    try:
        return _WORDS.validate_python(shortened)
    except ValidationError as error:
        what = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors(include_input=False))
        raise InputError(
            Fault(f"initiative {initiative.id}", f"has a text that cannot be printed: it {what}.", "Reword it.")
        ) from error
