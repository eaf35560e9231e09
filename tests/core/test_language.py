"""Numbers, dates and counted nouns, as everything people read writes them."""

from __future__ import annotations

import locale
import pickle
import re
from datetime import date
from pathlib import Path

import pytest

from kpi_pipeline.core.settings import ReportSettings
from kpi_pipeline.core.text.language import Noun, date_words, format_count, month_words, one_or_many, verb_for
from kpi_pipeline.metrics.declaration import load_metrics

PACKAGE = Path(__file__).parents[2] / "kpi_pipeline"


def test_one_is_singular_and_everything_else_is_not() -> None:
    assert [format_count(n, "refused rows") for n in (0, 1, 2, 1_204)] == [
        "0 refused rows",
        "1 refused row",
        "2 refused rows",
        "1,204 refused rows",
    ]
    assert one_or_many(1, "kinds with too few cases") == "kind with too few cases"
    assert one_or_many(1, "case manager shifts") == "case manager shift"
    assert one_or_many(1, "principal diagnoses") == "principal diagnosis"
    assert [verb_for(n, "is", "are") for n in (1, 0, 2, None)] == ["is", "are", "are", "are"]


def test_a_plural_nobody_knows_is_refused_and_not_guessed() -> None:
    with pytest.raises(ValueError, match="nobody knows the singular of 'biopsies'"):
        one_or_many(1, "biopsies")


def test_a_measure_may_count_a_noun_of_its_own() -> None:
    noun = Noun.parse("biopsy of the lung | biopsies of the lung")
    assert (noun, noun.one) == ("biopsies of the lung", "biopsy of the lung")
    assert [format_count(n, noun) for n in (1, 2)] == ["1 biopsy of the lung", "2 biopsies of the lung"]
    assert format_count(1, pickle.loads(pickle.dumps(noun))) == "1 biopsy of the lung"  # noqa: S301 (our own bytes)
    with pytest.raises(ValueError, match="both sides of the bar"):
        Noun.parse("biopsy |")


def test_every_measures_noun_has_both_numbers() -> None:
    for metric in load_metrics().values():
        assert one_or_many(1, metric.denominator_noun) != metric.denominator_noun, metric.name


def test_dates_do_not_follow_the_language_of_the_machine() -> None:
    before = locale.setlocale(locale.LC_TIME)
    for foreign in ("de_DE.UTF-8", "fr_FR.UTF-8", "C"):
        try:
            locale.setlocale(locale.LC_TIME, foreign)
        except locale.Error:
            continue
        assert date_words(date(2026, 10, 6)) == "October 6, 2026"
        assert (month_words(date(2026, 10, 6)), month_words(date(2026, 10, 6), is_short=True)) == (
            "October 2026",
            "Oct 2026",
        )
    locale.setlocale(locale.LC_TIME, before)


def test_no_other_language_is_offered() -> None:
    with pytest.raises(ValueError, match="en-US"):
        ReportSettings.model_validate({"language": "de-DE"})


def test_plurals_are_made_nowhere_else() -> None:
    """`s` behind a noun by hand is a second place for the same word."""
    by_hand = re.compile(r"""['"]s['"] if |if [^"'\n]* (?:==|!=) 1 else ['"]{2}|\bs' if |\}s\b(?!')""")
    found = {
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in PACKAGE.rglob("*.py")
        if "synthetic" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if by_hand.search(line)
    }
    assert found == set()
