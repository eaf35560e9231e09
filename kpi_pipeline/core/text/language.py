"""The language of everything people read: numbers, dates, and nouns and verbs in the number their count asks for.

There is one: American English. A further one would need its own sentences, so none is offered that is not whole.
Not here: which words are said (`report.words`), control characters and identifiers in texts (`core.texts`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Self

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from kpi_pipeline.core.text.rounding import round_half_up

LOCALE = Locale.parse("en_US")

SINGULARS: Mapping[str, str] = {
    "accounts": "account",
    "admissions": "admission",
    "appeals": "appeal",
    "assessments": "assessment",
    "beds": "bed",
    "budgets": "budget",
    "cases": "case",
    "cells": "cell",
    "charts": "chart",
    "claims": "claim",
    "codes": "code",
    "columns": "column",
    "comparisons": "comparison",
    "intervals": "interval",
    "consultations": "consultation",
    "courses": "course",
    "crossings": "crossing",
    "cycles": "cycle",
    "days": "day",
    "decisions": "decision",
    "denials": "denial",
    "diagnoses": "diagnosis",
    "discharges": "discharge",
    "documents": "document",
    "encounters": "encounter",
    "events": "event",
    "facilities": "facility",
    "figures": "figure",
    "files": "file",
    "findings": "finding",
    "forms": "form",
    "hospitals": "hospital",
    "hours": "hour",
    "initiatives": "initiative",
    "inpatients": "inpatient",
    "issues": "issue",
    "kinds": "kind",
    "letters": "letter",
    "licenses": "license",
    "lines": "line",
    "mails": "mail",
    "managers": "manager",
    "changes": "change",
    "measures": "measure",
    "minutes": "minute",
    "months": "month",
    "notices": "notice",
    "nurses": "nurse",
    "pages": "page",
    "patients": "patient",
    "payers": "payer",
    "periods": "period",
    "persons": "person",
    "places": "place",
    "plans": "plan",
    "points": "point",
    "procedures": "procedure",
    "questions": "question",
    "ranges": "range",
    "readmissions": "readmission",
    "reasons": "reason",
    "referrals": "referral",
    "reports": "report",
    "returns": "return",
    "reviews": "review",
    "rows": "row",
    "services": "service",
    "sheets": "sheet",
    "shifts": "shift",
    "stays": "stay",
    "tables": "table",
    "tasks": "task",
    "times": "time",
    "transfers": "transfer",
    "units": "unit",
    "values": "value",
    "versions": "version",
    "visits": "visit",
    "warnings": "warning",
    "weeks": "week",
    "weights": "weight",
    "years": "year",
}
"""The nouns that hospitals and we count, by their plural. A measure may count another: `biopsy | biopsies`."""


class Noun(str):
    """What is counted, in the plural, with the singular it was declared with (`one`)."""

    one: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `discharges`, whose singular is known, or `biopsy | biopsies`; ValueError for a plural nobody knows."""
        one, bar, many = (part.strip() for part in text.partition("|"))
        if not bar:
            one, many = one_or_many(1, one), one
        if not one or not many:
            raise ValueError(f"needs a word on both sides of the bar, got {text!r}")
        noun = cls(many)
        noun.one = one
        return noun


def one_or_many(count: float, noun: str) -> str:
    """The noun in the number the count asks for, from its plural: `case manager shifts` → `case manager shift`.

    In a phrase such as `days of stay` the first plural changes. ValueError where no word of it is a known plural.
    """
    if count != 1:
        return noun
    if isinstance(noun, Noun):
        return noun.one
    words = noun.split(" ")
    at = next((at for at, word in enumerate(words) if word in SINGULARS), None)
    if at is None:
        raise ValueError(f"nobody knows the singular of {noun!r}; write both, such as `biopsy | biopsies`")
    return " ".join([*words[:at], SINGULARS[words[at]], *words[at + 1 :]])


def counted(count: int, noun: str) -> str:
    """How many of what, from the plural: `1 mail`, `1,200 mails`."""
    return f"{count:,} {one_or_many(count, noun)}"


def verb_for(count: float | None, singular: str, plural: str) -> str:
    """The verb in the number the count asks for; the plural where the count is not told."""
    return singular if count == 1 else plural


def format_number(value: float, decimals: int = 0) -> str:
    """A number with thousands separators, halves rounded away from zero: `1,180`, `4.78`, `−0.3`."""
    if not math.isfinite(value):
        raise ValueError("a missing number has no digits: print the reason instead")
    rounded = round_half_up(value, decimals)
    sign = "−" if rounded < 0 else ""
    return sign + _written(f"{abs(rounded):.{decimals}f}", decimals)


@lru_cache(maxsize=10_000)
def _written(digits: str, decimals: int) -> str:
    pattern = "#,##0" + (f".{'0' * decimals}" if decimals else "")
    return str(format_decimal(Decimal(digits), format=pattern, locale=LOCALE))


def format_count(count: float, noun: str = "") -> str:
    """A count, with its noun where given: `1,180 discharges`, `1 discharge`."""
    number = format_number(count)
    return f"{number} {one_or_many(count, noun)}" if noun else number


@lru_cache(maxsize=10_000)
def date_words(day: date) -> str:
    """`October 6, 2026`."""
    return str(format_date(day, format="long", locale=LOCALE))


@lru_cache(maxsize=10_000)
def month_words(day: date, *, is_short: bool = False) -> str:
    """The month a day lies in: `October 2026`, `Oct 2026`."""
    return str(format_date(day, format="MMM y" if is_short else "MMMM y", locale=LOCALE))
