"""The page on the department's budget: planned, flexed and actual, month and year to date, split in price, volume, mix.

Comes only where a budget was supplied and the month is booked. Not here: how it is split (`improvement.budget`).
"""

from __future__ import annotations

from kpi_pipeline.core.text.language import format_number
from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.improvement.budget import Budget, BudgetLine, BudgetTable
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.report.model import Block, Column, FurtherSection, Table
from kpi_pipeline.report.words.numbers import MISSING, capitalised, format_dollars
from kpi_pipeline.report.words.phrases import scope_words

_HEADINGS = ("Account", "Planned", "Flexed", "Actual", "Actual − planned", "Price", "Volume", "Mix")


def build_budget(judged: Judged) -> FurtherSection | None:
    """The page; None without a booked budget."""
    budget = judged.budget
    if budget is None:
        return None
    month, year = budget.month, budget.year
    blocks = [_block(f"{month.last_month.name}", month)]
    if year.first_month != year.last_month:
        blocks.append(_block(f"Year to date: {year.first_month.name} to {year.last_month.name}", year))
    blocks[-1] = blocks[-1].model_copy(update={"notes": (" ".join(_notes(budget)),)})
    return FurtherSection(name="budget", title=_title(budget), lede=_lede(judged, budget), blocks=tuple(blocks))


def _title(budget: Budget) -> str:
    line = budget.year.all
    if line.variance == 0:
        return "Spending of the department is as planned in the year to date"
    side = "over" if line.variance > 0 else "under"
    share = f", {format_number(100 * abs(line.variance) / line.planned, 1)}%" if line.planned > 0 else ""
    return f"The department is {format_dollars(abs(line.variance))}{share} {side} plan in the year to date"


def _lede(judged: Judged, budget: Budget) -> str:
    place = scope_words(judged.scope)
    month = budget.month.all
    side = "over" if month.variance > 0 else "under"
    own = f"{format_dollars(abs(month.variance))} {side} plan" if month.variance else "as planned"
    against = ""
    if any(line.is_flexed for line in budget.year.lines):
        beyond = budget.year.all.actual - budget.year.all.flexed
        side = "more" if beyond > 0 else "less"
        against = (
            f" For the work there was, the plan flexes to {format_dollars(budget.year.all.flexed)} in the year; "
            f"{format_dollars(abs(beyond))} {side} was spent."
        )
    return f"{budget.month.last_month.name}, {place}: {own}.{against}"


def _block(heading: str, table: BudgetTable) -> Block:
    is_flexed = any(line.is_flexed for line in table.lines)
    headings = _HEADINGS if is_flexed else (*_HEADINGS[:2], *_HEADINGS[3:5])
    return Block(
        heading=heading,
        tables=(
            Table(
                caption="US dollars, by month of posting; + is spent beyond the plan",
                columns=tuple(Column(heading=one, numeric=at > 0) for at, one in enumerate(headings)),
                rows=tuple(_row(line, is_flexed=is_flexed) for line in (*table.lines, table.all)),
            ),
        ),
    )


def _row(line: BudgetLine, *, is_flexed: bool) -> tuple[str, ...]:
    plain = (capitalised(line.account), format_number(line.planned), format_number(line.actual), _signed(line.variance))
    if not is_flexed:
        return plain
    account, planned, actual, variance = plain
    parts = (
        (_signed(line.price), _signed(line.volume), _signed(line.mix))
        if line.is_flexed
        else (_signed(line.price), MISSING, MISSING)
    )
    return (account, planned, format_number(line.flexed), actual, variance, *parts)


def _signed(dollars: int) -> str:
    return f"+{format_number(dollars)}" if dollars > 0 else format_number(dollars)


def _notes(budget: Budget) -> list[str]:
    notes = []
    if any(line.is_flexed for line in budget.year.lines):
        notes.append(
            "Flexed is the plan for the units of work there were. Price: a unit cost other than planned, and all the "
            "variance of accounts planned without units; volume: more or less work altogether; mix: work moved between "
            "accounts. Price + volume + mix is the variance exactly; actual less flexed is price; the year is the sum "
            "of its months."
        )
        if not all(line.is_flexed for line in budget.year.lines):
            notes.append(f"{MISSING}: an account planned without units of work; it has no volume and no mix.")
    else:
        notes.append("No planned units of work were supplied, so the plan is not flexed: a busy month may spend more.")
    for dollars, words in (
        (budget.year.not_planned, "were spent on accounts without a budget"),
        (budget.year.not_booked, "were planned for accounts without an actual amount"),
    ):
        if dollars:
            notes.append(f"In the year, {format_dollars(dollars)} {words}; they are in no line above.")
    if budget.months_lacking:
        lacking = join_words([month.name for month in budget.months_lacking])
        notes.append(f"Nothing is booked for {lacking}; the year to date is without it.")
    return notes
