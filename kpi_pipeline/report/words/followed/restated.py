"""Figures that were shown and are others now, in words. Not here: which they are and why (`judgement.restated`)."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.core.text.language import format_number, one_or_many
from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.judgement.restated.judge import JudgedRestated
from kpi_pipeline.judgement.restated.ledger import Cause, Part, RestatedFigure
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.words.numbers import MISSING, capitalised, format_bare, small_count_words

CAUSE_WORDS: dict[Cause, str] = {
    "follow_up": "follow-up, coding or costing completed",
    "late": "arrived late",
    "correction": "corrected",
    "removal": "taken back by the source",
    "identity": "another person behind the case",
    "comparison": "the year it is compared with changed",
    "elsewhere": "other rows it rests on changed",
    "reference": "another reference table",
    "definition": "another definition",
    "settings": "other settings of the landing folder",
    "program": "another release of the program",
    "unexplained": "not explained",
}
_MOST_COLUMNS = 3


def moves_print(one: RestatedFigure, metric: Metric) -> bool:
    """Whether the figure prints otherwise than it did."""
    if one.value_then is None or one.value_now is None:
        return (one.value_then is None) != (one.value_now is None)
    return round_half_up(one.value_then, metric.decimals) != round_half_up(one.value_now, metric.decimals)


def value_words(value: float | None, metric: Metric) -> str:
    """A value as printed; a dash where none was."""
    return MISSING if value is None else format_bare(value, metric)


def change_words(one: RestatedFigure, metric: Metric) -> str:
    """`+0.3`: the change as the exact values give it."""
    return MISSING if one.change is None else _signed(one.change, metric)


def parts_words(one: RestatedFigure, metric: Metric, *, causes_only: bool) -> str:
    """`Arrived late: 12 cases, +0.3; corrected: 3 cases, −0.1 (encounters: total cost)`; causes alone where numbers
    would tell of few patients. What each did is told where both values were, so that it adds up to a printed change."""
    if causes_only:
        return capitalised(join_words([CAUSE_WORDS[part.cause] for part in one.parts])) + "; numbers withheld"
    return capitalised("; ".join(_part_words(part, metric, with_value=one.change is not None) for part in one.parts))


def restated_title(judged: JudgedRestated, final: int, provisional: int) -> str:
    """The finding: how many final figures are others now, and how many that were not final moved on."""
    issue = f"issue {judged.ledger.number}"
    if not final and not provisional:
        return f"No figure shown in {issue} prints otherwise now"
    if not final:
        moved = f"{small_count_words(provisional)} that {'was' if provisional == 1 else 'were'} not final moved on"
        return f"No final figure of {issue} changed; {moved}"
    changed = f"{capitalised(small_count_words(final))} final {one_or_many(final, 'figures')} of {issue} changed"
    return f"{changed}; {small_count_words(provisional)} not final moved on" if provisional else changed


def compared_sentence(judged: JudgedRestated, n_unprinted: int) -> str:
    """What was compared, and what of it is not in the tables."""
    ledger = judged.ledger
    said = (
        f"Issue {ledger.number} was for {ledger.month.name}. The {format_number(ledger.n_compared)} figures it showed "
        "were computed again; a case that counts otherwise has one cause, and the parts add up to the change."
    )
    if n_unprinted:
        prints = "changed, but prints as before" if n_unprinted == 1 else "changed, but print as before"
        said += f" {capitalised(small_count_words(n_unprinted))} more {prints}; all are in restated.csv."
    if judged.n_withheld:
        is_or_are = "is" if judged.n_withheld == 1 else "are"
        said += f" {capitalised(small_count_words(judged.n_withheld))} {is_or_are} withheld now."
    return said


def _part_words(part: Part, metric: Metric, *, with_value: bool) -> str:
    said = f"{CAUSE_WORDS[part.cause]}: {format_number(part.n_cases)} {one_or_many(part.n_cases, 'cases')}"
    if with_value and part.value is not None:
        said += f", {_signed(part.value, metric)}"
    if part.columns:
        more = len(part.columns) - _MOST_COLUMNS
        named = [*part.columns[:_MOST_COLUMNS], *([f"{more} more"] if more > 0 else [])]
        said += f" ({join_words(_readable(named))})"
    return said


def _readable(columns: Sequence[str]) -> list[str]:
    return [name.replace("_", " ").replace(".", ": ") for name in columns]


def _signed(change: float, metric: Metric) -> str:
    """A change with enough decimals to be seen, and its sign; of a percentage in points."""
    decimals = metric.decimals
    while round_half_up(abs(change), decimals) == 0 and decimals < 4 and change:
        decimals += 1
    if metric.unit == "percent":
        number = f"{format_number(abs(change), decimals)} points"
    else:
        number = format_bare(abs(change), metric.model_copy(update={"decimals": decimals}))
    return number if not change else f"{'+' if change > 0 else '−'}{number}"
