"""How numbers, dates and lists are written: one place, so that a figure looks the same wherever it stands.

Not here: which number is printed, or the sentence round it (`words.sentences`, `commentary`).
"""

from __future__ import annotations

import math

from kpi_pipeline.core.rounding import round_half_up
from kpi_pipeline.metrics.declaration import Metric, Unit

MISSING = "–"
"""Stands where a number cannot; the word that says why is printed beside it."""

_SUFFIX: dict[Unit, str] = {
    "percent": "",
    "days": " days",
    "hours": " hours",
    "usd": "",
    "index": "",
    "per 100 discharges": " per 100 discharges",
    "cases": " cases",
    "discharges": " discharges",
}
_SINGULAR: dict[str, str] = {" days": " day", " hours": " hour", " cases": " case", " discharges": " discharge"}
_MILLION, _THOUSAND = 1e6, 1e3
_SMALL_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def format_number(value: float, decimals: int = 0) -> str:
    """A number with thousands separators, halves rounded away from zero: `1,180`, `4.78`, `−0.3`."""
    if not math.isfinite(value):
        raise ValueError("a missing number has no digits: print the reason instead")
    rounded = round_half_up(value, decimals)
    sign = "−" if rounded < 0 else ""
    return f"{sign}{abs(rounded):,.{decimals}f}"


def format_value(value: float, metric: Metric) -> str:
    """A metric's value with its unit, for a sentence: `13.4%`, `4.78 days`, `$14,210`, `1.03`."""
    number = format_bare(value, metric)
    suffix = _SUFFIX[metric.unit]
    return number + (_SINGULAR.get(suffix, suffix) if number == "1" else suffix)


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


def format_count(count: float, noun: str = "") -> str:
    """A count, with its noun where given: `1,180 discharges`, `1 discharge`."""
    number = format_number(count)
    return f"{number} {one_or_many(count, noun)}" if noun else number


def one_or_many(count: float, noun: str) -> str:
    """The noun in the number the count asks for, from its plural: `case managers` → `case manager`.

    In a phrase such as `days of stay`, the first plural word changes.
    """
    if count != 1:
        return noun
    words = noun.split(" ")
    end = next((index for index, word in enumerate(words) if word in ("of", "with", "on", "in", "per")), len(words))
    words[end - 1] = _singular(words[end - 1])
    return " ".join(words)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


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
    if abs(usd) >= _MILLION:
        return f"${format_number(usd / _MILLION, 1)} million"
    if abs(usd) >= 10 * _THOUSAND:
        return f"${format_number(round(usd / _THOUSAND) * _THOUSAND)}"
    return f"${format_number(usd)}"
