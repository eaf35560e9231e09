"""What is said of the measures that show the same as another: once, in one sentence, not a finding each."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.core.text.texts import join_words
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.report.words.numbers import format_value, small_count_words
from kpi_pipeline.report.words.phrases import latest_words, mid_sentence

_MOST_NAMED = 5


def companions_sentence(measure: Measure, companions: Sequence[Measure]) -> str:
    """`The same shows in median length of stay (3.0 days) and long stays (4.4%).`; nothing without companions.

    The month stands beside a value only where it is not that of the measure's own.
    """
    if not companions:
        return ""
    own = measure.headline.month if measure.headline is not None else None
    named = []
    for one in companions[:_MOST_NAMED]:
        figure = one.headline
        is_plain = figure is not None and figure.number is not None and figure.month == own
        value = format_value(figure.number, one.metric) if is_plain and figure and figure.number is not None else ""
        named.append(f"{mid_sentence(one.metric.title)} ({value or latest_words(one)})")
    if (more := len(companions) - _MOST_NAMED) > 0:
        named.append(f"{small_count_words(more)} more")
    return f"The same shows in {join_words(named)}."
