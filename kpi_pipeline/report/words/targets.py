"""What a measure's newest value and its limits say about its target: met or missed, and what to expect.

Not here: what changed (`sentences`), a target as a cell (`numbers.format_target`).
"""

from __future__ import annotations

from kpi_pipeline.core.text.language import format_number
from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.report.words.numbers import format_bare, format_value
from kpi_pipeline.report.words.phrases import target_words


def target_sentence(measure: Measure) -> str | None:
    """Whether the newest value meets its target, by how much not, and whose target it is."""
    figure, target, metric = measure.headline, measure.target, measure.metric
    if figure is None or figure.number is None or target is None:
        return None
    goal = f"the target of {target_words(target.value, metric)} ({target.source})"
    if measure.against_target == "level":
        return f"That is level with {goal}."
    if measure.against_target == "met":
        return f"That meets {goal}."
    return f"That misses {goal} by {_gap_words(abs(figure.number - target.value), metric)}."


def _gap_words(gap: float, metric: Metric) -> str:
    """A difference with enough decimals not to print as nothing."""
    decimals = metric.decimals
    while round_half_up(gap, decimals) == 0 and decimals < 4:
        decimals += 1
    if metric.unit == "percent":
        number = format_number(gap, decimals)
        return f"{number} percentage {'point' if number == '1' else 'points'}"
    return format_value(gap, metric.model_copy(update={"decimals": decimals}))


def assurance_sentence(measure: Measure) -> str | None:
    """What the limits say about reaching the target while nothing changes, and how many months would meet it."""
    if measure.result is None or measure.target is None:
        return None
    said, share = _limits_and_target(measure), _target_share_sentence(measure)
    return f"{said} {share}" if said and share else said


def _target_share_sentence(measure: Measure) -> str | None:
    """`About 3 of 100 months are expected to meet the target (95% interval 0 to 12).`"""
    share = measure.result.target_share if measure.result else None
    if share is None:
        return None
    if share.upper < 0.01:
        return "Fewer than 1 of 100 months are expected to meet it."
    if share.lower > 0.99:
        return "More than 99 of 100 months are expected to meet it."
    numbers = [format_number(100 * one) for one in (share.share, share.lower, share.upper)]
    level = " at the level since the change" if share.is_since_change else ""
    return (
        f"About {numbers[0]} of 100 months are expected to meet it{level} (95% interval {numbers[1]} to {numbers[2]})."
    )


def _limits_and_target(measure: Measure) -> str | None:
    if measure.result is None:
        return None
    span = _routine_range(measure)
    if measure.result.assurance == "failing" and not measure.keeps_failing:
        return f"Routine variation{span} does not reach the target, but the newest month does: it left those limits."
    if measure.keeps_failing and measure.state == "improvement":
        return f"The target still lies beyond routine variation{span}, which takes in the months before the change."
    if measure.result.assurance == "hit_or_miss" and measure.has_signal:
        return f"The target lies within the limits{span}; after a change they say little about the months to come."
    return {
        "failing": f"Routine variation{span} does not reach the target: without a change in how the work is done, "
        "it will go on being missed.",
        "passing": f"Routine variation{span} lies wholly on the right side of the target.",
        "hit_or_miss": f"The target lies within routine variation{span}: single months will meet or miss it by chance.",
        "none": None,
    }[measure.result.assurance]


def _routine_range(measure: Measure) -> str:
    """` (11.2% to 15.9%)`: the limits of the last counted point, when they may be printed."""
    result, headline = measure.result, measure.headline
    if result is None or result.decided_at is None or headline is None or isinstance(headline.denominator, Withheld):
        return ""
    point = result.points[result.decided_at]
    if point.lower is None or point.upper is None:
        return ""
    return f" ({format_bare(point.lower, measure.metric)} to {format_bare(point.upper, measure.metric)})"
