"""How a chart was drawn and what to be careful about, in sentences. Not here: when there is a warning
(`signals.reading.warnings`), which chart is drawn (`signals.lines`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kpi_pipeline.core.text.language import format_count, verb_for
from kpi_pipeline.signals.reading.warnings import FEWEST_EXPECTED
from kpi_pipeline.signals.types import ChartWarning, LaneyChoice, WarningKind


def laney_sentence(choice: LaneyChoice) -> str:
    """`Drawn as a p′ chart (Laney 2002): sigma z is 1.31, where chance alone gives 0.63 to 1.37, so …`"""
    plain = choice.plain
    if choice.outcome in ("as_asked", "no_sigma_z"):
        why = "as asked" if choice.outcome == "as_asked" else "sigma z cannot be computed from these points"
        return f"Drawn as a {plain} chart: {why}."
    in_words = ", ".join(f"{sigma_z:.2f}" for sigma_z in choice.sigma_z)
    chance = ", ".join(f"{low:.2f} to {high:.2f}" for low, high in choice.chance)
    effect = f"so the limits are {choice.sigma_z[-1]:.2f} times those of a {plain} chart"
    if choice.outcome == "floored":
        effect = f"so the limits are those of a {plain} chart: they are never narrowed"
    return (
        f"Drawn as a {plain}′ chart (Laney 2002): sigma z is {in_words}, where chance alone gives {chance}, {effect}."
    )


def chart_warning_sentence(warning: ChartWarning) -> str:
    """The warning for print, with the phase it is about where there are several: `Phase 2: trial limits, …`."""
    said = _SENTENCES[warning.kind](warning)
    return said if warning.phase is None else f"Phase {warning.phase}: {said}"


def _points(warning: ChartWarning, one: str, many: str, *, of: str = "points") -> str:
    return f"{format_count(warning.count, of)} {verb_for(warning.count, one, many)}"


def _left_out(word: str) -> Callable[[ChartWarning], str]:
    return lambda one: (
        f"{format_count(one.count, 'points')} {word}: shown, but not in the limits, the rules or the icons."
    )


_SENTENCES: Mapping[WarningKind, Callable[[ChartWarning], str]] = {
    "trial_limits": lambda one: f"trial limits, from {format_count(one.count, 'points')}; read them with care.",
    "no_limits": lambda one: f"no limits: they need two neighbouring points, and there are {one.count} usable.",
    "no_variation": lambda _: (
        "The points behind the limits do not vary, so the limits lie on the centre line and no limit rule is read."
    ),
    "ranges_screened": lambda one: (
        f"{format_count(one.count, 'moving ranges')} of 3.267 times the mean or more left out of the limits "
        "(screening is on)."
    ),
    "screening_fell_back": lambda _: "Screening would have left no variation at all; the limits are unscreened.",
    "points_missing": lambda one: (
        f"{_points(one, 'is', 'are')} missing; runs end there and no moving range spans the gap."
    ),
    "periods_absent": lambda one: (
        f"{_points(one, 'is', 'are', of='periods')} absent from the series and treated as missing."
    ),
    "points_ghosted": _left_out("ghosted"),
    "points_immature": _left_out("not yet mature"),
    "varies_more": lambda one: (
        f"sigma z is {one.sigma_z:.2f} where chance gives at most {one.bound:.2f}: the limits are too "
        f"narrow and flag too much; draw it as chart {one.instead}."
    ),
    "varies_less": lambda one: (
        f"sigma z is {one.sigma_z:.2f} where chance gives at least {one.bound:.2f}: less variation than "
        "independent cases can have; look for repeated, smoothed or capped figures."
    ),
    "few_events": lambda one: (
        f"{_points(one, 'expects', 'expect')} fewer than {FEWEST_EXPECTED} events, where the limits are rough; "
        "a g or t chart of the events themselves reads rare events better."
    ),
}
"""One sentence for each kind."""
