"""Page 5, the improvement programme: each initiative with its charter, its cycles and its estimated effect.

Not here: how an effect is estimated (`improvement/`), which words an estimate licenses (`effect_wording`).
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from kpi_pipeline.core.texts import date_words, join_words
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.declared.initiatives import Initiative
from kpi_pipeline.improvement.effects.effect_result import EffectResult, Verdict
from kpi_pipeline.improvement.effects.initiative_effects import estimate_initiative, read_scope_series
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.model import Block, FurtherSection
from kpi_pipeline.report.pages.initiative_tables import (
    build_cycle_table,
    build_effect_chart,
    build_measure_table,
    checked_words,
    facility_names,
)
from kpi_pipeline.report.words.effects import caution_sentences, effect_sentence, power_sentence, programme_title
from kpi_pipeline.report.words.phrases import subject


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
    titles = [checked_words(one, one.title) for one in chosen]
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
    paragraphs = [f"Aim: {checked_words(initiative, initiative.aim)}", _charter(inputs, initiative)]
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
            chart = build_effect_chart(inputs, initiative, metric, result, place)
    if any(result is not None and result.has_control for result in results.values()):
        notes.insert(0, _control_words(inputs, initiative))
    if initiative.conclusion and initiative.closed_on and initiative.closed_on <= inputs.month.last_day:
        paragraphs.append(
            f"Concluded on {date_words(initiative.closed_on)}: {checked_words(initiative, initiative.conclusion)}"
        )
    tables = [build_measure_table(inputs, initiative, figures)]
    cycles = [one for one in initiative.cycles if one.began_on <= inputs.month.last_day]
    if cycles:
        tables.append(build_cycle_table(initiative, cycles))
    return Block(
        heading=checked_words(initiative, initiative.title),
        paragraphs=tuple(paragraphs),
        chart=chart,
        tables=tuple(tables),
        notes=tuple(notes),
    )


def _charter(inputs: ReportInputs, initiative: Initiative) -> str:
    """Owner, place, start, state, and whether the analysis was settled before."""
    begun = initiative.starts_on <= inputs.month.last_day
    is_closed = initiative.closed_on is not None and initiative.closed_on <= inputs.month.last_day
    status: str = initiative.status if is_closed or initiative.closed_on is None else "running"
    if begun and status == "planned":
        status = "recorded as planned"
    declared = date_words(initiative.declared_on)
    order = (
        f"Measures and analysis were declared beforehand, on {declared}."
        if initiative.is_declared_beforehand
        else f"Measures and analysis were declared on {declared}, after the start: a description, not a test."
    )
    return (
        f"Owner: {checked_words(initiative, initiative.owner)}. Where: {_where(inputs, initiative)}. "
        f"{'Began' if begun else 'Begins'} {date_words(initiative.starts_on)}; {status}. {order}"
    )


def _where(inputs: ReportInputs, initiative: Initiative) -> str:
    scope, names = initiative.scope, facility_names(inputs)
    places = [names.get(one, one) for one in scope.facilities]
    parts = [join_words(places)] if places else []
    if scope.units:
        parts.append(f"units {join_words(list(scope.units))}")
    if scope.service_lines:
        parts.append(f"service lines {join_words(list(scope.service_lines))}")
    return ", ".join(parts) or "all hospitals"


def _place(inputs: ReportInputs, initiative: Initiative) -> str:
    names = facility_names(inputs)
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
        other = facility_names(inputs).get(control.facility_id, control.facility_id)
        return f"Compared with {other}, where it did not run: what changed in both places is taken out."
    other = subject(inputs.metrics[str(control.metric)].title)
    return f"Compared with another measure, {other}: what changed in both is taken out."
