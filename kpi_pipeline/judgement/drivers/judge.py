"""`judge_drivers`: every part of the drivers' page, withheld once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.improvement.drivers.opportunity_result import Opportunity, Rung
from kpi_pipeline.judgement.disclosure import Number, Withheld, is_small
from kpi_pipeline.judgement.disclosure.year_totals import total_tells_months
from kpi_pipeline.judgement.drivers.excess import JudgedExcess, judge_excess
from kpi_pipeline.judgement.drivers.mix import JudgedMix, judge_mix, mix_of
from kpi_pipeline.judgement.drivers.units import JudgedUnits, judge_units
from kpi_pipeline.judgement.drivers.waits import JudgedWaits, judge_waits
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import FigureIndex

_DISCHARGED, _STAYED, _WAITED = "discharges", "length_of_stay_index", "avoidable_days_per_100_discharges"
"""The measures whose months a total of twelve of them would tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedDrivers:
    """The drivers of the months from first_month to last_month. A part is None when there is nothing to say of it.

    n_without_expected: discharges without a published mean stay. n_not_costed: stays whose days could not be valued.
    missing: part → what was not supplied, or is not there. drg_titles: as published.
    """

    first_month: Month
    last_month: Month
    n_discharges: Number
    waits: JudgedWaits | None
    service_lines: JudgedExcess | None
    drgs: JudgedExcess | None
    n_without_expected: Number
    mix: JudgedMix | None
    units: JudgedUnits | None
    opportunity: Opportunity | None
    n_not_costed: Number
    drg_titles: Mapping[str, str]
    is_freed_day_declared: bool
    missing: Mapping[str, str]

    @property
    def n_months(self) -> int:
        """How many months were looked at: twelve, or as many as there are data for."""
        return self.last_month.months_since(self.first_month) + 1

    @property
    def has_content(self) -> bool:
        """Whether there is any part to print."""
        return any((self.waits, self.service_lines, self.drgs, self.mix, self.units, self.opportunity))


def judge_drivers(inputs: ReportInputs, figures: FigureIndex, known: FigureIndex) -> JudgedDrivers | None:
    """The drivers as the reader may know them; None when nothing was supplied, or too few cases are behind them.

    figures: as they may be known; known: nothing withheld. A total of twelve months goes where it would tell a month
    that is withheld. A facility's copy that withholds has none: the tables of all facilities less those of the others
    would be its own.
    """
    drivers, threshold = inputs.drivers, inputs.settings.small_number_threshold
    if drivers is None or (inputs.withholds and is_small(drivers.n_discharges, threshold)):
        return None
    if inputs.withholds and inputs.facility_id != WHOLE_SYSTEM:
        return None
    opportunity = _opportunity(inputs, drivers.opportunity)
    n_without = float(drivers.drgs.total.n_without_expected) if drivers.drgs is not None else 0.0

    def told(metric: str, n_years: int = 1) -> bool:
        place = (metric, inputs.facility_id)
        spans = [(drivers.first_month, drivers.last_month)]
        if n_years == 2:
            spans.append((drivers.first_month.plus(-12), drivers.first_month.plus(-1)))
        return inputs.withholds and any(
            total_tells_months(
                figures.get(place, {}),
                known.get(place, {}),
                list(month_range(start, end)),
                threshold=threshold,
            )
            for start, end in spans
        )

    lines = drgs = None
    if not told(_STAYED):
        lines = judge_excess(inputs, figures, drivers.service_lines, by="service_line", n_shown=9)
        drgs = judge_excess(inputs, figures, drivers.drgs, by="drg_code", n_shown=5)
    mixed, units = mix_of(inputs, drivers), drivers.units
    return JudgedDrivers(
        first_month=drivers.first_month,
        last_month=drivers.last_month,
        n_discharges=Withheld.COMPLEMENT if told(_DISCHARGED) else _n_discharges(inputs),
        waits=None if told(_WAITED) else judge_waits(inputs, figures, drivers),
        service_lines=lines,
        drgs=drgs,
        n_without_expected=Withheld.COMPLEMENT if inputs.withholds else n_without,
        mix=None if mixed and told(mixed.metric, n_years=2) else judge_mix(inputs, figures, drivers, mixed),
        units=None if units and told(units.metric) else judge_units(inputs, drivers),
        opportunity=opportunity,
        n_not_costed=_n_not_costed(inputs, opportunity),
        drg_titles=drivers.drg_titles,
        is_freed_day_declared=inputs.settings.opportunity.freed_day is not None,
        missing=drivers.missing,
    )


def has_waits_by_party(drivers: JudgedDrivers | None) -> bool:
    """Whether avoidable days are told apart by who could have ended them."""
    return drivers is not None and drivers.waits is not None and drivers.waits.by_party is not None


def _opportunity(inputs: ReportInputs, found: Opportunity | None) -> Opportunity | None:
    """The rungs and the capture rate without those of few stays; None when no rung has days."""
    if found is None:
        return None
    threshold = inputs.settings.small_number_threshold
    if inputs.withholds:
        documented, net_excess, gap = (
            Rung(rung.name, None, omission="too_few_stays") if is_small(rung.n_stays, threshold) else rung
            for rung in found.rungs
        )
        capture = found.capture
        if capture is not None and any(
            is_small(n, threshold)
            for n in (capture.n_long, capture.n_documented, capture.n_long - capture.n_documented)
        ):
            capture = None
        found = replace(found, rungs=(documented, net_excess, gap), capture=capture)
    return found if any(rung.days is not None and rung.days.value > 0 for rung in found.rungs) else None


def _n_not_costed(inputs: ReportInputs, found: Opportunity | None) -> Number:
    if found is None:
        return 0.0
    count = float(sum(rung.n_not_valued for rung in found.rungs))
    is_little = inputs.withholds and is_small(count, inputs.settings.small_number_threshold)
    return Withheld.SMALL if is_little else count


def _n_discharges(inputs: ReportInputs) -> Number:
    """All discharges, unless less those of a table they would tell a small number of stays."""
    drivers = inputs.drivers
    assert drivers is not None
    others = [] if drivers.drgs is None else [float(drivers.drgs.total.n_stays)]
    mixed = mix_of(inputs, drivers)
    others += [] if mixed is None else [float(mixed.after["n_cases"].sum())]
    threshold = inputs.settings.small_number_threshold
    is_told = any(is_small(abs(drivers.n_discharges - other), threshold) for other in others)
    return Withheld.COMPLEMENT if inputs.withholds and is_told else float(drivers.n_discharges)
