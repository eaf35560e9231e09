"""How large a change is, in words: the level before and since, and what the months add up to. Never a cause."""

from __future__ import annotations

from kpi_pipeline.core.text.language import format_number
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.judgement.tables.size import ChangeSize
from kpi_pipeline.report.words.numbers import format_bare, format_dollars, format_value, rounded_roughly


def size_words(measure: Measure, size: ChangeSize | None) -> str:
    """`4.70 days in these months against 4.88: about 5,400 fewer bed-days, worth $2.9 to $5.7 million.`; or nothing."""
    if size is None:
        return ""
    levels = f"{format_value(size.since, measure.metric)} in these months against {_bare(measure, size.before)}"
    amount = _amount_words(size)
    return f"{levels}: {amount}." if amount else f"{levels}."


def _bare(measure: Measure, value: float) -> str:
    return format_bare(value, measure.metric)


def _amount_words(size: ChangeSize) -> str:
    if size.amount is None or size.counted is None:
        return ""
    rough = rounded_roughly(abs(size.amount))
    if rough == 0:
        return ""
    less = size.amount < 0
    if size.counted == "dollars":
        return f"about {format_dollars(rough)} {'less' if less else 'more'}"
    if size.counted == "events":
        return f"about {format_number(rough)} {'fewer' if less else 'more'} than at that level"
    days = f"about {format_number(rough)} {'fewer' if less else 'more'} bed-days"
    return f"{days}, {_worth_words(size.usd)}" if size.usd else days


def _worth_words(usd: tuple[float, float]) -> str:
    low, high = (format_dollars(rounded_roughly(one)) for one in usd)
    return f"{low if low == high else f'{low} to {high}'} at the variable cost of a late day"
