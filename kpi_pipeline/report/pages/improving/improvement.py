"""Page 5, the improvement programme: each initiative with its charter, its cycles and its estimated effect.

Not here: how an effect is estimated (`judgement.programme`), which words an estimate licenses (`words.effects`).
"""

from __future__ import annotations

from kpi_pipeline.core.text.language import date_words
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.declared.initiatives import Initiative
from kpi_pipeline.improvement.effects.effect_result import EffectResult
from kpi_pipeline.judgement.improving.programme import JudgedInitiative
from kpi_pipeline.judgement.judged import Judged, Scope
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.model import Block, FurtherSection
from kpi_pipeline.report.pages.improving.initiative_tables import (
    build_cycle_table,
    build_effect_chart,
    build_measure_table,
    checked_words,
)
from kpi_pipeline.report.words.effects import caution_sentences, effect_sentence, power_sentence, programme_title
from kpi_pipeline.report.words.phrases import ALL_HOSPITALS, scope_words, subject
from kpi_pipeline.report.words.plan import days_sentence, not_before_sentence, since_start_sentence


def build_improvement(judged: Judged) -> FurtherSection | None:
    """The page; None without an initiative."""
    programme = judged.programme
    if not programme:
        return None
    titles = [checked_words(one.initiative, one.initiative.title) for one in programme]
    begun = [one for one in programme if one.is_begun]
    return FurtherSection(
        name="improvement_programme",
        title=programme_title(titles, [one.verdict for one in begun], n_planned=len(programme) - len(begun)),
        lede="Each effect is judged as declared, from final months, against what the months before the start foretell. "
        "Other changes at the same time count too.",
        blocks=tuple(_block(judged, one) for one in programme),
    )


# ── one initiative ───────────────────────────────────────────────────────────────────────────────────────────


def _block(judged: Judged, one: JudgedInitiative) -> Block:
    initiative, scope = one.initiative, judged.scope
    place = _place(scope, initiative)
    paragraphs = [f"Aim: {checked_words(initiative, initiative.aim)}", _charter(scope, initiative)]
    notes: list[str] = []
    chart = None
    if one.is_shared:
        paragraphs.append(
            "It runs in other places too: its effect is estimated over all of them together, in the report of the "
            "whole system."
        )
    for name, result in one.effects.items():
        metric = judged.system[name].metric
        if result is None:
            paragraphs.append(_not_here(initiative, metric, place))
            continue
        power = power_sentence(result.effects, metric, is_seen=result.shows_effect)
        said = [effect_sentence(result, metric, place), power]
        paragraphs.append(" ".join(sentence for sentence in said if sentence))
        if told := _so_far(judged, one, metric.name, result):
            paragraphs.append(told)
        notes += [note for note in caution_sentences(result, metric) if note not in notes]
        if result.effects is not None and chart is None:
            chart = build_effect_chart(scope, initiative, metric, result, place)
    if any(result is not None and result.has_control for result in one.effects.values()):
        notes.insert(0, _control_words(judged, initiative))
    if initiative.conclusion and initiative.closed_on and initiative.closed_on <= scope.month.last_day:
        paragraphs.append(
            f"Concluded on {date_words(initiative.closed_on)}: {checked_words(initiative, initiative.conclusion)}"
        )
    tables = [build_measure_table(scope, one)]
    cycles = [cycle for cycle in initiative.cycles if cycle.began_on <= scope.month.last_day]
    if cycles:
        tables.append(build_cycle_table(initiative, cycles))
    return Block(
        heading=checked_words(initiative, initiative.title),
        paragraphs=tuple(paragraphs),
        chart=chart,
        tables=tuple(tables),
        notes=tuple(notes),
    )


def _so_far(judged: Judged, one: JudgedInitiative, metric: str, result: EffectResult) -> str:
    """What the plan has come to, where it runs at one place, and from when on it can be judged."""
    since = one.since.get(metric)
    said = [since_start_sentence(since, judged.system[metric].metric)] if since is not None else []
    said += [days_sentence(result, one.sizes.get(metric)), not_before_sentence(result)]
    return " ".join(sentence for sentence in said if sentence)


def _charter(scope: Scope, initiative: Initiative) -> str:
    """Owner, place, start, state, and whether the analysis was settled before."""
    begun = initiative.starts_on <= scope.month.last_day
    is_closed = initiative.closed_on is not None and initiative.closed_on <= scope.month.last_day
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
        f"Owner: {checked_words(initiative, initiative.owner)}. Where: {_where(scope, initiative)}. "
        f"{'Began' if begun else 'Begins'} {date_words(initiative.starts_on)}; {status}. {order}"
    )


def _where(scope: Scope, initiative: Initiative) -> str:
    where, names = initiative.scope, scope.facility_names
    places = [names.get(one, one) for one in where.facilities]
    parts = [join_words(places)] if places else []
    if where.units:
        parts.append(f"units {join_words(list(where.units))}")
    if where.service_lines:
        parts.append(f"service lines {join_words(list(where.service_lines))}")
    return ", ".join(parts) or scope_words(scope)


def _place(scope: Scope, initiative: Initiative) -> str:
    names = scope.facility_names
    places = [names.get(one, one) for one in initiative.scope.facilities] or [scope_words(scope)]
    return f"{'in' if places == [ALL_HOSPITALS] else 'at'} {join_words(places)}"


def _not_here(initiative: Initiative, metric: Metric, place: str) -> str:
    title = subject(metric.title)
    if initiative.scope.units or initiative.scope.service_lines:
        return (
            f"{title}: the monthly figures are by hospital, so no effect is estimated for these units or service lines."
        )
    return f"{title} {place}: no figures, so no effect can be estimated."


def _control_words(judged: Judged, initiative: Initiative) -> str:
    control = initiative.control
    assert control is not None
    if control.facility_id is not None:
        other = judged.scope.facility_names.get(control.facility_id, "another hospital")
        return f"Compared with {other}, where it did not run: what changed in both places is taken out."
    other = subject(judged.system[str(control.metric)].metric.title)
    return f"Compared with another measure, {other}: what changed in both is taken out."
