"""Avoidable days by reason: which reasons stand alone, which are gathered, and which of them lead."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from kpi_pipeline.core.text.rounding import round_parts
from kpi_pipeline.improvement.drivers.collect import Drivers
from kpi_pipeline.improvement.drivers.pareto import Pareto, compute_pareto
from kpi_pipeline.judgement.disclosure import Number, Withheld, is_small
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import FigureIndex
from kpi_pipeline.judgement.printed_rows import rows_moved_little

OTHER = "Other"
UNRECORDED = "Reason not recorded"
_MOST_REASONS = 8
_MOST_PARTIES = 6
_MOST_LEADING = 3
"""A title names at most so many leading reasons; more of them are no few."""
_LEADING_SHARE_PCT = 50.0
"""The title counts the reasons that make up at least half of the days."""


@dataclass(frozen=True, slots=True)
class WaitsByParty:
    """Days by reason and by who could have ended the wait. parties in order of days; rows: reason → a number for each
    party, then the reason's own days: withheld, or none (0)."""

    parties: tuple[str, ...]
    rows: Mapping[str, tuple[tuple[Number, ...], float]]


@dataclass(frozen=True, slots=True)
class JudgedWaits:
    """The Pareto. n_leading: the first reasons that make up half of the days, 0 when many are needed for it.

    party_of: reason → who could have ended the wait ('' where none was given); reasons with several have none.
    n_days: different days waited. days and shares_pct: of the rows, as printed, so that they add up.
    """

    pareto: Pareto
    n_leading: int
    party_of: Mapping[str, str]
    n_days: Number
    days: tuple[float, ...]
    shares_pct: tuple[float, ...]
    by_party: WaitsByParty | None = None


def judge_waits(inputs: ReportInputs, figures: FigureIndex, drivers: Drivers) -> JudgedWaits | None:
    """The Pareto as it may be known. Withholding: reasons of few stays or people are gathered in "other", and so is the
    next smallest until one with stays enough is among them; a single stay may wait for several reasons. Where an
    earlier issue printed these months and few days of a reason came or went since, there is none: its rows would tell.
    """
    if drivers.waits is None or drivers.waits.empty:
        return None
    rows = [(_reason_name(inputs, row["reason_code"]), row) for row in drivers.waits.to_dict("records")]
    rows.sort(key=lambda named: (_n_people(named[1]), named[1]["days"], named[0]))
    in_other = 0
    if inputs.withholds:
        least = inputs.settings.small_number_threshold
        in_other = sum(1 for _, row in rows if _n_people(row) < least)
        in_other += int(in_other > 0)
        if in_other > len(rows):
            return None
    names = [OTHER if place < in_other else name for place, (name, _) in enumerate(rows)]
    pareto = compute_pareto(names, [row["days"] for _, row in rows], n_shown=_MOST_REASONS, other=OTHER)
    days = round_parts([row.count for row in pareto.rows], 0)
    shown: dict[Hashable, tuple[str, float]] = {
        row.category: (f"drivers/avoidable_days/{row.category}/days", days[at]) for at, row in enumerate(pareto.rows)
    }
    if rows_moved_little(inputs, figures, shown):
        return None
    parties: dict[str, set[str | None]] = {}
    for name, row in rows:
        party = row["responsible_party"]
        parties.setdefault(name, set()).add(party if isinstance(party, str) else None)
    return JudgedWaits(
        pareto=pareto,
        n_leading=_n_leading(pareto),
        party_of={name: one for name, (one, *others) in parties.items() if one is not None and not others},
        n_days=Withheld.COMPLEMENT if inputs.withholds else drivers.days_waited,
        days=days,
        shares_pct=round_parts([row.share_pct for row in pareto.rows], 0),
        by_party=_by_party(inputs, figures, drivers, {name for name in names if name != OTHER}, pareto),
    )


def _n_people(row: Mapping[Hashable, Any]) -> int:
    """The stays of a reason, or its people where they are fewer: many stays of one patient are one patient's."""
    return int(min(row["n_stays"], row["n_persons"]))


def _by_party(
    inputs: ReportInputs, figures: FigureIndex, drivers: Drivers, named: set[str], pareto: Pareto
) -> WaitsByParty | None:
    """The days of the named reasons by party; None where one party, or nobody, could have ended all of them, and where
    each reason has but one party, which the table of reasons names.

    Withholding: a reason of which some party has few stays or few people shows no party's days, since the reason's own
    days, less those printed, would tell them; nor one of whose days few came or went since an issue printed them.
    """
    if drivers.wait_parties is None:
        return None
    threshold = inputs.settings.small_number_threshold
    days: dict[str, dict[str, float]] = {}
    is_told: set[str] = set()
    for row in drivers.wait_parties.to_dict("records"):
        name, party = _reason_name(inputs, row["reason_code"]), str(row["responsible_party"])
        if name not in named:
            continue
        of_reason = days.setdefault(name, {})
        of_reason[party] = of_reason.get(party, 0.0) + float(row["days"])
        if inputs.withholds and any(is_small(row[count], threshold) for count in ("n_stays", "n_persons")):
            is_told.add(name)
    printed: dict[Hashable, tuple[str, float]] = {
        (name, party): (f"barriers/avoidable_days/{name}/{party or 'not recorded'}/days", count)
        for name, of_reason in days.items()
        for party, count in of_reason.items()
    }
    moved = rows_moved_little(inputs, figures, printed)
    is_told |= {name for name in days for party in days[name] if (name, party) in moved}
    totals: dict[str, float] = {}
    for of_reason in days.values():
        for party, count in of_reason.items():
            totals[party] = totals.get(party, 0.0) + count
    parties = sorted(totals, key=lambda party: (party == "", -totals[party], party))[:_MOST_PARTIES]
    if len(parties) < 2 or all(len(of_reason) == 1 for of_reason in days.values()):
        return None
    rows: dict[str, tuple[tuple[Number, ...], float]] = {}
    for one in pareto.rows:
        if one.category in days:
            own = days[one.category]
            cells = tuple(Withheld.SMALL if one.category in is_told else own.get(party, 0.0) for party in parties)
            rows[one.category] = (cells, one.count)
    return WaitsByParty(tuple(parties), rows) if rows else None


def _reason_name(inputs: ReportInputs, code: object) -> str:
    text = str(code)
    return inputs.settings.avoidable_day_reasons.get(text, text) if text else UNRECORDED


def _n_leading(pareto: Pareto) -> int:
    """How many named reasons together make up half of the days; 0 when more than a few are needed."""
    for place, row in enumerate(pareto.rows[:_MOST_LEADING], start=1):
        if not row.is_other and row.running_pct >= _LEADING_SHARE_PCT:
            return place
    return 0
