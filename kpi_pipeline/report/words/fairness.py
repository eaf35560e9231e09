"""The words of the gaps between groups of patients: what was compared, how many looks were taken, what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kpi_pipeline.core.text.language import format_count, format_number, verb_for
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.gaps import Gap
from kpi_pipeline.report.words.numbers import small_count_words

DIMENSION_WORDS: Mapping[str, str] = {
    "sex": "sex",
    "age_band": "age",
    "payer": "payer",
    "language": "language",
    "race": "race",
}
_BY_CHANCE = 0.05


def looks_words(looked_at: Sequence[Gap]) -> str:
    """`Of 64 comparisons, 9 have an interval without zero; about 3 would by chance alone. After correction for …`."""
    n = len(looked_at)
    n_apart, n_held = sum(gap.excludes_zero for gap in looked_at), sum(gap.holds for gap in looked_at)
    apart = "none has" if n_apart == 0 else f"{n_apart} {verb_for(n_apart, 'has', 'have')}"
    held = "none is" if n_held == 0 else f"{n_held} {verb_for(n_held, 'is', 'are')}"
    expected = format_number(max(_BY_CHANCE * n, 0.1), 1 if n < 100 else 0)
    return (
        f"Of {format_count(n, 'comparisons')}, {apart} an interval without zero; about {expected} would by chance "
        f"alone. When all looks are counted (Holm, 5%), {held} beyond chance."
    )


def title_words(looked_at: Sequence[Gap]) -> str:
    """The finding: how many gaps are beyond chance."""
    n = sum(gap.holds for gap in looked_at)
    if not n:
        return "No gap between groups of patients is beyond chance"
    return f"Between groups of patients, {small_count_words(n)} {verb_for(n, 'gap is', 'gaps are')} beyond chance"


def gap_words(gap: Gap, metric: Metric) -> str:
    """`+1.2 * (0.3 to 2.1)`; the sign says which way, the star that it is beyond chance of all looks.

    The unit stands in the heading. The spaces inside the brackets do not break, so that a narrow cell has two lines.
    """
    if gap.difference is None or gap.lower is None or gap.upper is None:
        return "too few"
    value, lower, upper = (format_number(one, metric.decimals) for one in (gap.difference, gap.lower, gap.upper))
    sign = "+" if gap.difference > 0 and any(digit in value for digit in "123456789") else ""
    star = "\N{NO-BREAK SPACE}*" if gap.holds else ""
    return f"{sign}{value}{star} ({lower}\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}{upper})"


def group_words(dimension: str, group: str, *, is_pair: bool) -> str:
    """`Age 18–44`, `Payer: Medicaid`, `Sex: Female, less the others`."""
    named = f"Age {group}" if dimension == "age_band" else f"{DIMENSION_WORDS[dimension].capitalize()}: {group}"
    return f"{named}, less the others" if is_pair else named
