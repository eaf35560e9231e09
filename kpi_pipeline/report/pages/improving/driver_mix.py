"""One part of page 4: what of a change since the year before is mix, other cases, and what is rate, the same ones.

Not here: the other parts (`drivers`), the split and what of it is withheld (`judgement.drivers.mix`).
"""

from __future__ import annotations

from collections.abc import Mapping

from kpi_pipeline.core.text.language import format_count, format_number
from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.judgement.drivers.mix import JudgedMix, MixRow
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.model import Block, Column, Table
from kpi_pipeline.report.pages.improving.driver_tables import drg_name
from kpi_pipeline.report.words.numbers import MISSING, capitalised, format_bare, format_value
from kpi_pipeline.report.words.phrases import mid_sentence, subject


def build_mix_block(mix: JudgedMix, drg_titles: Mapping[str, str]) -> Block:
    """Why cost per case, or the length of stay, is not what it was a year before: other cases, or the same ones."""
    metric, moved = mix.metric, mix.moved
    title = subject(metric.title)
    side = "higher than" if moved > 0 else "lower than"
    compared = f"{format_value(abs(moved), metric)} {side}" if moved else "the same as"
    sentence = (
        f"{title} was {format_value(mix.new, metric)} from {mix.first.name} to {mix.last.name}, {compared} in "
        f"the twelve months before ({format_value(mix.old, metric)}). Mix, which kinds of cases there were, "
        f"{_adds(mix.mix, metric)}; rate, what the same kinds of cases came to, {_adds(mix.rate, metric)}. "
        "The two parts sum to the change exactly."
    )
    note = "This divides the change that was seen; whether it lasts is for the control chart to say."
    if mix.chance is not None:
        sure = {"the change": mix.chance.change, "mix": mix.chance.mix, "rate": mix.chance.rate}
        beyond = [name for name, part in sure.items() if part.excludes_zero]
        note += f" Beyond what chance alone would make (95%): {join_words(beyond) if beyond else 'none of the three'}."
    if mix.months_back:
        what = "costed or coded" if metric.unit == "usd" else "coded"
        later = "The month after it is" if mix.months_back == 1 else "The months after it are"
        note += f" {later} not in it: too few of the discharges there are {what} yet."
    if mix.n_small_kinds:
        few = format_count(mix.n_small_kinds, "kinds with too few cases")
        note += f" All others includes {few} for a figure of their own."
    return Block(
        heading=mix_heading(title, mix),
        paragraphs=(sentence,),
        tables=(_mix_table(mix, drg_titles),) if mix.rows else (),
        notes=(note,),
    )


def mix_heading(title: str, split: JudgedMix) -> str:
    """The change and which part of it is most; a direction only where chance alone does not make it."""
    moved, chance = split.moved, split.chance
    if moved == 0:
        return f"{title}: the same as a year before"
    if chance is None or not chance.change.excludes_zero:
        return f"{title}: mix and rate since the year before, a change within chance"
    finding = (
        f"{title}: {format_value(abs(moved), split.metric)} {'higher' if moved > 0 else 'lower'} than a year before"
    )
    if chance.mix.excludes_zero and chance.rate.excludes_zero and split.mix * split.rate < 0:
        return f"{finding}; mix and rate pull in opposite directions"
    largest, name = (split.mix, "mix") if abs(split.mix) > abs(split.rate) else (split.rate, "rate")
    is_sure = (chance.mix if name == "mix" else chance.rate).excludes_zero
    is_most = is_sure and largest * moved > 0 and split.mix != split.rate
    return f"{finding}, most of it {name}" if is_most else finding


def _mix_table(mix: JudgedMix, drg_titles: Mapping[str, str]) -> Table:
    metric = mix.metric
    kind = "MS-DRG" if mix.by == "drg_code" else "Service line"

    def name_of(row: MixRow) -> str:
        if row.role != "kind":
            return {"rest": "All others", "whole": "All"}[row.role]
        return drg_name(row.category, drg_titles) if mix.by == "drg_code" else capitalised(row.category)

    def value(number: float | None) -> str:
        return MISSING if number is None else format_bare(number, metric)

    figure = "cost per case" if metric.unit == "usd" else "mean"
    return Table(
        caption=f"The kinds of cases that moved {mid_sentence(metric.title)} most: {metric.denominator_noun} and "
        f"{figure}, in the year before and now",
        columns=(
            Column(heading=kind),
            Column(heading="Cases before", numeric=True),
            Column(heading="Cases now", numeric=True),
            Column(heading=f"{capitalised(figure)} before", numeric=True),
            Column(heading="Now", numeric=True),
            Column(heading="Mix", numeric=True),
            Column(heading="Rate", numeric=True),
        ),
        rows=tuple(
            (
                name_of(row),
                format_number(row.n_before),
                format_number(row.n_after),
                value(row.before),
                value(row.after),
                _signed(row.mix, metric),
                _signed(row.rate, metric),
            )
            for row in mix.rows
        ),
    )


def _adds(part: float, metric: Metric) -> str:
    size = format_value(abs(part), metric)
    return "adds nothing" if part == 0 else f"{'adds' if part > 0 else 'takes away'} {size}"


def _signed(value: float, metric: Metric) -> str:
    """A change with its sign: `+$120`, `−0.31`; none for zero."""
    text = format_bare(value, metric)
    return f"+{text}" if round_half_up(value, metric.decimals) > 0 else text
