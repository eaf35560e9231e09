"""Page 1: the finding as title, headline tiles, what improved, what needs attention, decisions, matrix, status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.language import date_words, format_number, one_or_many
from kpi_pipeline.core.text.texts import join_words, printable
from kpi_pipeline.judgement.agenda import attention_order, tell_once
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.judgement.tables.size import size_of_change
from kpi_pipeline.report.model import (
    Decision,
    FindingList,
    FrontPage,
    Matrix,
    MatrixCell,
    Reading,
    Tile,
)
from kpi_pipeline.report.pages.charts import assurance_mark, build_sparkline, variation_mark
from kpi_pipeline.report.words.findings import (
    finding_title,
    issue_words,
    no_attention_words,
    no_improvement_words,
    summary_sentence,
)
from kpi_pipeline.report.words.followed.claims import said_before_lines
from kpi_pipeline.report.words.followed.decisions import asked_before_sentence
from kpi_pipeline.report.words.notices import caution_words
from kpi_pipeline.report.words.numbers import capitalised, format_bare, format_target, small_count_words, unit_words
from kpi_pipeline.report.words.phrases import (
    LACK_WORDS,
    basis_words,
    follow_up_words,
    interval_range,
    mid_sentence,
    no_value_words,
    subject,
    verb,
)
from kpi_pipeline.report.words.reasons import missing_words
from kpi_pipeline.report.words.sentences import (
    change_clause,
    failing_sentence,
    heading,
    latest_sentence,
    so_far_words,
    year_ago_words,
)
from kpi_pipeline.report.words.size import size_words

_MOST_NAMED = 3
"""Measures named in the status line; more are counted."""
MOST_FINDINGS, _FEW_FINDINGS, _MOST_DECISIONS, _MOST_IN_CELL = 4, 2, 4, 4
_LONGEST_IN_CELL = 36
_MOST_NOT_JUDGED = 8
"""What fits on one page; what is left out is counted, and stands in full on the scorecard and its own page."""


def build_front_page(judged: Judged) -> FrontPage:
    """Page 1 of the report, from the measures of the chosen facility in their stable order."""
    headlines, every, commentary = judged.headline_measures, list(judged.system.values()), judged.commentary
    told = tell_once(every)
    unsettled = _unsettled(every)
    return FrontPage(
        title=finding_title(headlines),
        lede=_lede(every, commentary.headline),
        tiles=tuple(_tile(judged, measure) for measure in _supplied(headlines)),
        improved=FindingList(
            items=_findings(judged, [one for one in told if one.state == "improvement"]),
            none_words=no_improvement_words(every),
        ),
        attention=FindingList(
            items=_findings(judged, attention_order(told)),
            none_words=no_attention_words(every),
        ),
        decisions=tuple(
            Decision(text=one.what, owner=one.owner, due=one.by) for one in commentary.decisions[:_MOST_DECISIONS]
        ),
        no_decisions_words="None recorded.",
        asked_before=asked_before_sentence(judged.asked_before) if judged.asked_before else None,
        said_before=said_before_lines(judged),
        matrix=_matrix(judged),
        cut_off=_cut_off_words(judged),
        status="provisional" if unsettled else "final",
        status_words=" ".join(
            filter(None, [_status_words(unsettled, len(every), judged.scope.month), judged.scope.replaces])
        ),
        issue=issue_words(judged.scope.issue_number),
    )


def _supplied(headlines: Sequence[Measure]) -> Sequence[Measure]:
    """The headline measures that have figures; a tile says nothing of what was not supplied."""
    return [one for one in headlines if one.result is not None] or headlines[:1]


def _findings(judged: Judged, measures: Sequence[Measure]) -> tuple[str, ...]:
    """Few findings in full, more of them shortly; what does not fit is counted."""
    if len(measures) <= _FEW_FINDINGS:
        return tuple(_finding(judged, one) for one in measures)
    more = len(measures) - MOST_FINDINGS
    said = [f"{heading(one)}." for one in measures[:MOST_FINDINGS]]
    return (*said, f"And {small_count_words(more)} more, on the scorecard.") if more > 0 else tuple(said)


def _finding(judged: Judged, measure: Measure) -> str:
    """What changed and by how much; the newest value and its basis unless a tile on the same page has them."""
    said = [change_clause(measure) if measure.has_signal else failing_sentence(measure)]
    if measure not in judged.headline_measures:
        said.append(latest_sentence(measure))
    opportunity = judged.drivers.opportunity if judged.drivers else None
    said.append(size_words(measure, size_of_change(measure, opportunity)))
    return " ".join(sentence for sentence in said if sentence)


def _lede(measures: Sequence[Measure], headline: str | None) -> str:
    """What the statistics say, then the director's own headline, marked as hers."""
    summary = summary_sentence(measures)
    return f"{summary} The director writes: “{headline}”" if headline else summary


def build_reading(measure: Measure) -> Reading:
    """The newest defensible value as printed, or why there is none."""
    figure, metric = measure.headline, measure.metric
    if figure is None:
        return Reading(unavailable=missing_words(metric, measure.missing))
    period = figure.month.name if figure.month != measure.report_month else None
    state = capitalised(follow_up_words(figure, metric)) + "."
    if figure.number is None:
        return Reading(unavailable=no_value_words(figure, metric), period_words=period)
    return Reading(
        value=format_bare(figure.number, metric),
        unit=None if metric.unit in ("percent", "usd") else unit_words(metric),
        interval=interval_range(figure, metric),
        period_words=period,
        maturity=figure.maturity,
        maturity_words=state,
    )


def _tile(judged: Judged, measure: Measure) -> Tile:
    metric, figure, target = measure.metric, measure.headline, measure.target
    has_value = figure is not None and figure.number is not None
    return Tile(
        metric=metric.name,
        title=subject(metric.title),
        reading=build_reading(measure),
        basis=basis_words(figure, metric) if figure and metric.kind != "count" else None,
        target=f"Target {format_target(target.value, metric)}" if target else None,
        so_far=so_far_words(measure, judged.band_of(metric.name)),
        comparison=year_ago_words(measure) if has_value else None,
        caution=caution_words(metric, judged.records.warnings) if has_value else None,
        sparkline=build_sparkline(measure, withholds=judged.scope.withholds),
        variation=variation_mark(measure),
        assurance=assurance_mark(measure),
    )


def _matrix(judged: Judged) -> Matrix:
    """Every measure by its icons: those of the scorecard by name, the others as a number."""
    named = set(judged.agenda.scorecard)
    cells: dict[tuple[str, str], list[str]] = {}
    others: Counter[tuple[str, str]] = Counter()
    not_judged: dict[str, list[str]] = {}
    for measure in judged.system.values():
        name = subject(measure.metric.headline_title)
        if measure.result is None:
            not_judged.setdefault(missing_words(measure.metric, measure.missing), []).append(name)
        elif measure.lack:
            not_judged.setdefault(LACK_WORDS[measure.lack], []).append(name)
        else:
            cells.setdefault((measure.state, measure.result.assurance), [])
            if measure.metric.name in named:
                cells[measure.state, measure.result.assurance].append(name)
            else:
                others[measure.state, measure.result.assurance] += 1
    return Matrix(
        caption="Where each measure stands: what changed, and whether its target is within reach",
        cells=tuple(
            MatrixCell.model_validate(
                {"variation": key[0], "assurance": key[1], "measures": _some(names, more=others[key])}
            )
            for key, names in sorted(cells.items())
        ),
        not_judged=_not_judged(not_judged),
    )


def _not_judged(reasons: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The measures without icons: by name and reason; where they are many, how many lack what."""
    if sum(len(names) for names in reasons.values()) <= _MOST_NOT_JUDGED:
        return tuple(f"{', '.join(_some(names))}: {why}" for why, names in reasons.items())
    lacking = [(len(names), words) for words in LACK_WORDS.values() if (names := reasons.get(words))]
    none = sum(len(names) for why, names in reasons.items() if why not in LACK_WORDS.values())
    counts = (*lacking, (none, "no data, named with what is missing below the last table of measures"))
    return tuple(f"{small_count_words(n)}: {why}" for n, why in counts if n)


def _some(names: Sequence[str], *, more: int = 0) -> list[str]:
    """As many names as a cell holds, and how many measures there are besides."""
    more += max(len(names) - _MOST_IN_CELL, 0)
    shown = [printable(name, longest=_LONGEST_IN_CELL) for name in names[:_MOST_IN_CELL]]
    if not more:
        return shown
    return [
        *shown,
        f"and {small_count_words(more)} more"
        if shown
        else f"{small_count_words(more)} further {one_or_many(more, 'measures')}",
    ]


def _unsettled(measures: Sequence[Measure]) -> list[Measure]:
    """Measures whose figure for the report month is not final."""
    return [one for one in measures if one.current is not None and not one.current.is_final]


def _status_words(unsettled: Sequence[Measure], n_measures: int, month: Month) -> str:
    if not unsettled:
        return f"Final: every figure for {month.name} is final."
    if len(unsettled) > _MOST_NAMED:
        counts = f"{small_count_words(len(unsettled))} of {small_count_words(n_measures)}"
        return f"Provisional for {month.name}: {counts} measures are not final yet."
    names = [mid_sentence(one.metric.title) for one in unsettled]
    are = verb(unsettled[0].metric.title, "is", "are") if len(names) == 1 else "are"
    return f"Provisional for {month.name}: {join_words(names)} {are} not final yet."


def _cut_off_words(judged: Judged) -> str:
    """Until when the data are complete; facilities that differ are named."""
    scope = judged.scope
    marks = [mark for mark in judged.records.watermarks if scope.is_system or mark.facility_id == scope.facility_id]
    if not marks:
        return "The data do not say until when they are complete."
    latest = max(mark.complete_through for mark in marks)
    behind = sorted((mark for mark in marks if mark.complete_through < latest), key=lambda mark: mark.facility_name)
    words = f"Data complete through {date_words(latest)}"
    if len(behind) > 3:
        earliest = min(mark.complete_through for mark in behind)
        others = len(behind)
        return f"{words}; {format_number(others)} facilities earlier, the first of them through {date_words(earliest)}."
    if behind:
        named = [f"{mark.facility_name} only through {date_words(mark.complete_through)}" for mark in behind]
        return f"{words}; {join_words(named)}."
    return f"{words}."
