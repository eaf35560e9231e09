"""How a measure's value, a target and an amount are written: one place, so that a figure looks the same everywhere.

Not here: plain numbers, counts and dates (`core.language`), the sentence round them (`words.sentences`).
"""

from __future__ import annotations

import math

from kpi_pipeline.core.text.language import SINGULARS, format_number, one_or_many
from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.metrics.declaration import Metric, Unit

MISSING = "–"
"""Stands where a number cannot; the word that says why is printed beside it."""

_UNITS: dict[Unit, str] = {
    "percent": "",
    "days": "days",
    "hours": "hours",
    "usd": "",
    "index": "",
    "per 100 discharges": "per 100 discharges",
    "cases": "cases",
    "discharges": "discharges",
}
_MILLION, _THOUSAND = 1e6, 1e3
_SIGNIFICANT = 2
_SMALL_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def format_value(value: float, metric: Metric) -> str:
    """A metric's value with its unit, for a sentence: `13.4%`, `4.78 days`, `$14,210`, `1.03`."""
    number = format_bare(value, metric)
    unit = _UNITS[metric.unit]
    return f"{number} {one_or_many(1, unit) if number == '1' and unit in SINGULARS else unit}".rstrip()


def format_bare(value: float, metric: Metric) -> str:
    """A metric's value where the unit stands apart, in a tile or a table: `13.4%`, `4.78`, `$14,210`."""
    number = format_number(value, metric.decimals)
    if metric.unit == "usd":
        return f"−${number[1:]}" if number.startswith("−") else f"${number}"
    return f"{number}%" if metric.unit == "percent" else number


def format_target(value: float, metric: Metric, *, with_unit: bool = False) -> str:
    """A target with its side: `≤ 13.5%`; for a measure with no better side, just the value."""
    text = format_value(value, metric) if with_unit else format_bare(value, metric)
    return {"lower": f"≤ {text}", "higher": f"≥ {text}", "neither": text}[metric.better]


def unit_words(metric: Metric) -> str:
    """The unit as a column or axis names it: `%`, `days`, `US dollars`, `index`."""
    return {"percent": "%", "usd": "US dollars", "index": "index"}.get(metric.unit, metric.unit)


def small_count_words(count: int) -> str:
    """A small whole number as a word in running text: `three`; from thirteen on in digits."""
    return _SMALL_WORDS[count] if 0 <= count < len(_SMALL_WORDS) else format_number(count)


def capitalised(text: str) -> str:
    """The sentence with its first letter large; the rest as it is."""
    return text[:1].upper() + text[1:]


def format_dollars(usd: float) -> str:
    """An amount no finer than it is known: `$25.5 million`, `$812,000`, `$8,120`."""
    if usd < 0:
        return f"−{format_dollars(-usd)}"
    shown = rounded_dollars(usd)
    return f"${format_number(shown / _MILLION, 1)} million" if shown >= _MILLION else f"${format_number(shown)}"


def rounded_dollars(usd: float) -> float:
    """The amount that `format_dollars` prints."""
    size = abs(usd)
    step = _MILLION / 10 if size >= _MILLION else _THOUSAND if size >= 10 * _THOUSAND else 1.0
    return math.copysign(round_half_up(size / step, 0) * step, usd) if round_half_up(size / step, 0) else 0.0


def rounded_roughly(number: float) -> float:
    """No finer than two digits: a level of a few months is not known better."""
    digits = len(str(int(abs(number))))
    return round_half_up(number, 0) if digits <= _SIGNIFICANT else float(round(int(number), _SIGNIFICANT - digits))
