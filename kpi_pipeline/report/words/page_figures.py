"""How each figure of the further pages was counted, in a sentence: what `kpi explain` says of an id without a month.

The figures themselves are `forms.page_figures`; a test holds that each of them is explained. Not here: monthly figures
(`words.explained`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.words.phrases import subject

PAGES: Mapping[str, str] = {
    "drivers": "Drivers",
    "barriers": "Barriers and denials",
    "totals": "Year to date",
    "budget": "Budget",
    "fairness": "Fairness",
    "benchmarks": "Benchmarks",
    "improvement": "Improvement programme",
}
"""The pages whose figures are of no measure's month, by the first word of their ids; also sheets of the workbook."""

_COMMANDS = {
    "drivers": "kpi drivers", "totals": "kpi totals", "budget": "kpi budget", "fairness": "kpi fairness",
    "improvement": "kpi effects",
}  # fmt: skip
"""What prints all figures of a page."""

_DRIVERS_YEAR = "Of the twelve months that end with the report's month, or as many as there are data for."
_DENIALS_YEAR = "Of the denials received in the twelve months that end with the report's month."
_YEARS = "The twelve months that end with the report's month against the twelve before."
_EXCESS = {
    "discharges": "Stays that ended in the year and whose DRG has a published mean stay.",
    "net_days": (
        "Days stayed less the days expected: of each stay the published mean (AMLOS) of its DRG. Below zero where "
        "stays were shorter. Its interval holds the chance of the stays."
    ),
    "observed_over_expected": (
        "Days stayed ÷ days expected. A group's own is drawn towards that of all groups by as much as it is uncertain."
    ),
    "outlier_stays": "Stays of more than three times the geometric mean (GMLOS) of their DRG; part of all stays.",
    "outlier_net_days": "Days stayed less expected days of those outlier stays, a part of all net days.",
    "without_expected_stay": "Stays whose DRG is missing or has no published mean stay; they are in no other number.",
}
_DENIALS = {
    "denials": "Denials received.",
    "denied_usd": "Dollars denied, rounded as on the page.",
    "share": "Of all dollars denied, those of this row.",
}
_LEVELS = {
    "level_before": "The measure over the final months of the year before the start, as a ratio of sums.",
    "level_since": "The measure over the final months since the start, as a ratio of sums. A description, no effect.",
    "final_months_before": "Final months behind the level before.",
    "final_months_since": "Final months behind the level since.",
    "months_on_target": "Final months since the start that met the target in force.",
    "months_with_target": "Final months since the start that had a target.",
    "average_effect": (
        "Interrupted time series: the months since the start against the months before, drawn on as if nothing had "
        "happened; the mean of the differences. The verdict rests on it."
    ),
    "level_change": "Interrupted time series: by how much the level changed in the first month that counts.",
    "slope_change_a_month": "Interrupted time series: by how much the trend changed, a month.",
    "effect_in_last_month": "Interrupted time series: the difference in the last final month.",
    "control_alone": "The same analysis of the control, which nobody treated: what is there is not the initiative's.",
    "measure_alone": "The same analysis of the measure without its control.",
    "smallest_visible_effect": "The average effect that four of five such series would show. Smaller ones are missed.",
    "months_before": "Final months before the start that the estimate rests on.",
    "months_after": "Final months since the start that the estimate rests on.",
    "bed_days": "The average effect times the cases since the start, in bed-days, with the interval of the effect.",
    "usd": "Those bed-days at the price of a late day; the interval holds that of the effect and of the price.",
}
_DOLLARS = {
    "planned": "Dollars planned.",
    "actual": "Dollars booked.",
    "variance": "Booked less planned. Below zero where less was spent.",
    "price": "What a unit of work cost other than planned; where no units were planned, all of the variance.",
    "flexed": "The plan for the work there was: planned + volume + mix.",
    "volume": "What the work as a whole, more or less of it than planned, would have cost as planned.",
    "mix": "What work of other kinds than planned would have cost as planned.",
}
_RUNGS = {
    "days": "Days of one of three ways to count them; they overlap and are never added.",
    "usd": "The days of one of three ways to count them, at the variable direct cost of a late day.",
    "capacity_usd": "What the freed days would earn, as finance declares it, while beds are full enough.",
    "late_day_usd": "The variable direct cost of a late day: its share of the stays' mean variable direct cost a day.",
    "stays_not_costed": "Stays without a cost, whose days have no price of their own.",
    "capture_rate": "Of the stays of more than GMLOS + 2 days, those with a reason on record.",
    "comparator": "The observed over expected that was declared to compare with.",
    "occupancy": "Beds occupied in the year.",
}
_WAYS = {
    "documented": "This way: different avoidable days that have a reason and a party on record.",
    "net_excess": "This way: net days of the groups that lie above expected beyond chance.",
    "comparator_gap": "This way: days above what the declared comparator would have had.",
}
_MIX = {
    "year_before": "The figure in the year before.",
    "year": "The figure in the year.",
    "change": "The year less the year before. It is mix + rate.",
    "mix": "What other kinds of cases made of the change, each kind's figure unchanged.",
    "rate": "What other figures of the same kinds made of it.",
    "cases": "Cases in the year.",
    "cases_year_before": "Cases in the year before.",
}
_WAITS = {
    "days": "Avoidable days of this reason.",
    "days_by_reason": "The sum of the reasons' days: a day with two reasons is in both.",
    "different_days": "Different days waited: a day with two reasons once.",
    "share": "Of the reasons' days, those of this reason.",
    "running_share": "Of the reasons' days, those of this reason and all larger ones.",
}
_TOTALS = {
    "year_to_date": "From the budget year's first month to the report's: a ratio of the months' sums.",
    "twelve_months": "The twelve months that end with the report's: a ratio of the months' sums.",
    "plan_year_to_date": "The target in force; of a count, the sum of the months' targets.",
}
_GAPS = {
    "cases": "The group's cases in the twelve months that end with the last final month.",
    "difference": "The group less all others over the same year, unadjusted, with its interval. A gap is a question.",
}
_BENCHMARKS = {
    "cases": "The facility's index discharges for this condition in the twelve newest final months.",
    "value": "Of those, the share that came back, unadjusted. None where they are too few.",
    "published_discharges": "The discharges CMS counted, in the older months its file names.",
    "published_readmissions": "The readmissions CMS counted of them.",
    "published_predicted": "CMS's predicted readmission rate of the hospital: its own patients, risk-standardised.",
    "published_expected": "What an average hospital would have had with these patients, by CMS's model.",
    "published_ratio": "CMS's excess readmission ratio: predicted ÷ expected. Never compared with our own figure.",
}
_PARTS: Mapping[tuple[str, str], tuple[str, Mapping[str, str]]] = {
    ("drivers", "period"): (_DRIVERS_YEAR, {"discharges": "Stays that ended in the year."}),
    ("drivers", "avoidable_days"): (_DRIVERS_YEAR, _WAITS),
    ("drivers", "service_lines"): (_DRIVERS_YEAR, _EXCESS),
    ("drivers", "drgs"): (_DRIVERS_YEAR, _EXCESS),
    ("drivers", "mix_and_rate"): (_YEARS, _MIX),
    ("drivers", "units"): (
        _DRIVERS_YEAR,
        {
            "overall": "The line of the funnel: all units together.",
            "standardised": "The unit's figure, were its patients by diagnosis group and age those of all units.",
            "units_left_out": "Units with too few cases to be drawn.",
            "units_not_adjusted": "Units not drawn since diagnosis or age is missing in too many cases.",
        },
    ),
    ("drivers", "opportunity"): (_DRIVERS_YEAR, _RUNGS),
    ("barriers", "denials_by_payer"): (_DENIALS_YEAR, _DENIALS),
    ("barriers", "denials_by_reason_code"): (_DENIALS_YEAR, _DENIALS),
    ("barriers", "avoidable_days"): (
        _DRIVERS_YEAR,
        {"days": "Avoidable days of this reason that this party could have ended."},
    ),
}
_PAGE_WIDE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "totals": ("", _TOTALS),
    "budget": ("Accounts with an amount on one side only are in no line.", _DOLLARS),
    "fairness": ("", _GAPS),
    "benchmarks": ("As CMS published it, or as counted by us; the two are not made of the same patients.", _BENCHMARKS),
    "improvement": ("Declared months alone; see the analysis declared for the initiative.", _LEVELS),
}
_OUTCOME = "Of this row's denials, in the newest twelve months whose time is over, by this measure:"


def page_figure_lines(figure_id: str, metrics: Mapping[str, Metric]) -> Iterator[str]:
    """Its page, how it was counted, and the definition of each measure its id names. Nothing for an id of no page."""
    page, part, *_ = (*figure_id.split("/"), "")
    name = figure_id.rpartition("/")[2]
    when, sentences = _PARTS.get((page, part)) or _PAGE_WIDE.get(page) or ("", {})
    counted = _OUTCOME if page == "barriers" and name in metrics else sentences.get(name)
    if counted is None:
        return
    yield f"{figure_id} (page: {PAGES[page]})"
    yield ""
    yield counted
    if (page, part) == ("drivers", "opportunity") and (way := _WAYS.get(figure_id.split("/")[2])):
        yield way
    if when and counted is not _OUTCOME:
        yield when
    for segment in dict.fromkeys(figure_id.split("/")):
        if segment in metrics:
            yield f"{subject(metrics[segment].title)}: {metrics[segment].definition}"
    if page in _COMMANDS:
        yield f"All figures of that page: {_COMMANDS[page]}."


def page_value_words(value: float | str | None, unit: str, lower: float | None, upper: float | None) -> str:
    """A figure of these pages with its unit and interval; a word (withheld) as it is."""
    if value is None or isinstance(value, str):
        return value or "nothing"
    within = "" if lower is None or upper is None else f" (95% interval {lower:,.10g} to {upper:,.10g})"
    return f"{value:,.10g} {'dollars' if unit == 'usd' else unit}{within}"
