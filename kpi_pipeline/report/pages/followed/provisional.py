"""Provisional figures: where each is expected to end, and how often such bands held in earlier issues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kpi_pipeline.core.text.language import format_number, one_or_many
from kpi_pipeline.judgement.bands import LEVEL, MOST_MONTHS, Band, TestedBand
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.metrics.intervals import wilson_interval
from kpi_pipeline.report.model import Column, FurtherSection, Table
from kpi_pipeline.report.words.numbers import capitalised, format_bare, small_count_words
from kpi_pipeline.report.words.phrases import subject

_LEDE = (
    f"A band says where the final value is expected, in {LEVEL:.0%} of cases: from figures that earlier issues showed "
    f"as long after their month, the last {MOST_MONTHS} of them, and what those became."
)


def build_provisional(judged: Judged) -> FurtherSection | None:
    """The page; None where earlier issues do not allow a band yet."""
    bands = judged.bands
    if bands is None:
        return None
    on_scorecard = [one for one in bands.now if one.shown.metric in judged.agenda.scorecard]
    tables = [_now(judged, on_scorecard)] if on_scorecard else []
    tables += [_tested(bands.tested)] if bands.tested else []
    notes = [_wide_note(on_scorecard)] if any(one.n_months < MOST_MONTHS for one in on_scorecard) else []
    if not tables:
        return None
    return FurtherSection(
        name="provisional",
        title=_title(bands.now, bands.tested),
        lede=_LEDE,
        tables=tuple(tables),
        paragraphs=tuple(notes),
    )


def _title(now: Sequence[Band], tested: Sequence[TestedBand]) -> str:
    if not tested:
        count = capitalised(small_count_words(len(now)))
        return f"{count} provisional {one_or_many(len(now), 'figures')} with a band; none can be tested yet"
    held = format_number(sum(one.held for one in tested))
    of = f"{format_number(len(tested))} provisional {one_or_many(len(tested), 'figures')}"
    return f"Bands held for {held} of {of} that are final now"


def _wide_note(now: Sequence[Band]) -> str:
    n = sum(one.n_months < MOST_MONTHS for one in now)
    bands = "One band rests" if n == 1 else f"{capitalised(small_count_words(n))} bands rest"
    return f"{bands} on fewer than {MOST_MONTHS} months and {'is' if n == 1 else 'are'} wide for that reason."


def _now(judged: Judged, bands: Sequence[Band]) -> Table:
    order = {name: at for at, name in enumerate(judged.system)}
    return Table(
        caption="Provisional now, of the measures on the scorecard",
        columns=(
            Column(heading="Measure"),
            Column(heading="Month"),
            Column(heading="So far", numeric=True),
            Column(heading="Expected when final", numeric=True),
            Column(heading="From months", numeric=True),
        ),
        rows=tuple(
            (
                subject(judged.system[one.shown.metric].metric.title),
                one.shown.month.name,
                format_bare(one.shown.value, judged.system[one.shown.metric].metric),
                _range(judged, one),
                format_number(one.n_months),
            )
            for one in sorted(bands, key=lambda one: (order[one.shown.metric], one.shown.month))
        ),
    )


def _range(judged: Judged, band: Band) -> str:
    metric = judged.system[band.shown.metric].metric
    return f"{format_bare(band.lower, metric)} to {format_bare(band.upper, metric)}"


def _tested(tested: Sequence[TestedBand]) -> Table:
    """By how old the figure was; the last row is all of them."""
    given = Counter(one.band.shown.age for one in tested)
    held = Counter(one.band.shown.age for one in tested if one.held)
    rows = [(_age_words(age), given[age], held[age]) for age in sorted(given)]
    rows += [("All", given.total(), held.total())] if len(rows) > 1 else []
    return Table(
        caption=f"Bands of earlier issues, by what was known then, against the final value; {LEVEL:.0%} should hold",
        columns=(
            Column(heading="Figure shown"),
            Column(heading="Bands", numeric=True),
            Column(heading="Held", numeric=True),
            Column(heading="Share", numeric=True),
            Column(heading="95% interval", numeric=True),
        ),
        rows=tuple(
            (words, format_number(n), format_number(k), f"{format_number(100 * k / n)}%", _between(k, n))
            for words, n, k in rows
        ),
    )


def _age_words(age: int) -> str:
    if age == 0:
        return "of the issue's own month"
    return f"{small_count_words(age)} {one_or_many(age, 'months')} before it"


def _between(k: int, n: int) -> str:
    low, high = (100 * float(end) for end in wilson_interval(k, n))
    return f"{format_number(low)}% to {format_number(high)}%"
