"""What the judgement says of stable hospitals whose data come late, are few, or have a target, a control or a mix.

Each table calls what the report calls: `evaluate_chart` under the default rules, `mark_incomplete_months`,
`estimate_effect`, `part_intervals` and the heading that is printed. Fixed seeds. `--write` puts the sections into
docs/simulations.md, which nobody edits by hand.

Run from the root of the repository: python -m benchmarks.judgement_simulation [--hospitals 400] [--write]
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import pairwise, product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from benchmarks.simulation_page import put_section
from kpi_pipeline.core.periods import Month
from kpi_pipeline.improvement import MonthlySeries, estimate_effect
from kpi_pipeline.improvement.drivers.decomposition import Amount, decompose_ratio
from kpi_pipeline.improvement.drivers.mix_chance import part_intervals
from kpi_pipeline.judgement.drivers.mix import JudgedMix
from kpi_pipeline.metrics.completeness import mark_incomplete_months
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.report.pages.improving.driver_mix import mix_heading
from kpi_pipeline.signals import Pattern, evaluate_chart
from kpi_pipeline.signals.chance.multiplicity import stable_series

SEED = 20261103
FIRST = Month(2022, 1)
N_MONTHS, FIRST_ISSUE = 48, 36
"""Months of each hospital, of which the last twelve are issued."""
DAYS = 30.4
DEFAULT: dict[str, Any] = {"rules": "frozen-2026", "frozen_points": 24, "better": "lower"}
METRICS = load_metrics()
Floats = NDArray[np.float64]


def icon_of(values: Sequence[float], **more: Any) -> str:
    """The variation icon under the default rules, without its side."""
    return evaluate_chart(values, **DEFAULT | more).variation.rsplit("_", 1)[0]


def _row(name: str, icons: Sequence[str], *more: str) -> str:
    shares = [f"{100 * icons.count(icon) / len(icons):.1f}" for icon in ("improvement", "concern")]
    return f"| {name} | {' | '.join([*shares, *more])} |"


# ── events after the stay ────────────────────────────────────────────────────────────────────────────────────


def window_table(n: int) -> Iterator[str]:
    """Denials per discharge in a stable hospital: counted so far, or within 60 days of each discharge."""
    yield "| denials a month | they are counted | improvement | concern | newest final month lacks, % |"
    yield "| ---: | --- | ---: | ---: | ---: |"
    ways = (
        ("all known at the issue, final after 30 days (before)", 0.0, 1, math.inf),
        ("within 60 days of the discharge, final after 60 (default)", 0.0, 2, 60.0),
        ("the same, entered a week late on average", 7.0, 2, 60.0),
        ("the same, entered two weeks late on average", 14.0, 2, 60.0),
    )
    for size, (name, entered, wait, within) in product((80, 400), ways):
        chance = np.random.default_rng(SEED)
        icons, lacking = [], []
        for _ in range(n):
            month = np.repeat(np.arange(N_MONTHS), chance.poisson(size, N_MONTHS))
            left = (month + chance.random(month.size)) * DAYS
            delay = 10 + chance.exponential(30, month.size)
            known = left + delay + (chance.exponential(entered, month.size) if entered else 0.0)
            for issue in (FIRST_ISSUE, FIRST_ISSUE + 6):
                final = issue + 1 - wait
                counted = (delay <= within) & (known <= (issue + 1) * DAYS + 6)
                events = np.bincount(month[counted], minlength=N_MONTHS)[:final]
                whole = np.bincount(month[delay <= within], minlength=N_MONTHS)[final - 1]
                lacking.append(1 - events[-1] / whole)
                icons.append(icon_of(events.tolist(), chart="u_prime", denominators=[12.5 * size] * final))
        shares = _row(name, icons, f"{100 * float(np.mean(lacking)):.1f}")
        yield f"| {size} {shares}"


# ── costs that come late ─────────────────────────────────────────────────────────────────────────────────────


def late_table(n: int) -> Iterator[str]:
    """Mean cost of a stable hospital whose long stays are costed last."""
    columns = ("costs arrive, days after discharge", "a month is final", "improvement", "concern")
    yield f"| {' | '.join(columns)} | newest final month too low, sigma |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for words, base, by_day in (
        ("5 and 1 a day of stay", 5, 1.0),
        ("10 and 2 a day", 10, 2.0),
        ("20 and 4 a day", 20, 4.0),
    ):
        for rule, least in (("within 5 points (before)", 0.05), ("within 1 point (default)", None)):
            chance = np.random.default_rng(SEED + 1)
            icons, short = [], []
            for _ in range(n):
                month = np.repeat(np.arange(N_MONTHS), 400)
                left = (month + chance.random(month.size)) * DAYS
                stay = np.exp(1.2 + 0.8 * chance.normal(size=month.size))
                cost = 2000 * stay * np.exp(0.3 * chance.normal(size=month.size))
                is_known = left + base + by_day * stay <= (FIRST_ISSUE + 1) * DAYS + 6
                final = final_months(month, is_known, FIRST_ISSUE, least)
                seen = _means(cost[is_known], month[is_known])[:final]
                true = _means(cost, month)[:final]
                short.append((true[-1] - seen[-1]) / true.std(ddof=1))
                icons.append(icon_of(seen.tolist(), chart="xmr"))
            shares = _row(rule, icons, f"{float(np.mean(short)):.2f}")
            yield f"| {words} {shares}"


def _means(values: Floats, month: NDArray[np.int64]) -> Floats:
    counts = np.bincount(month, minlength=N_MONTHS)
    return np.asarray(np.bincount(month, values, minlength=N_MONTHS) / np.maximum(counts, 1))


def final_months(month: NDArray[np.int64], is_known: NDArray[np.bool_], last: int, least: float | None) -> int:
    """How many months are final: by the product's rule, or (least) by a fall of that much against the median."""
    n_due, n_known = (np.bincount(month[one], minlength=N_MONTHS)[: last + 1] for one in (month >= 0, is_known))
    if least is not None:
        share = n_known / n_due
        low = np.median(share) - share > least
        return int(last + 1 - np.argmin(low[::-1]))
    labels = [str(FIRST.plus(at)) for at in range(last + 1)]
    frame = {"facility_id": "all", "month": labels, "n_cases": n_due}
    values = pd.DataFrame(frame | {"maturity": "final", "n_immature": 0})
    exclusions = pd.DataFrame(frame | {"exclusion_reason": "not_costed", "n_cases": n_due - n_known})
    marked = mark_incomplete_months(values, exclusions, METRICS["total_cost_per_case_usd"])
    return int((~marked["is_incomplete"]).sum())


# ── the width of counts ──────────────────────────────────────────────────────────────────────────────────────


def laney_table(n: int) -> Iterator[str]:
    """Stable u charts of 48 months by how the width is chosen."""
    columns = ("events a month", "spread beyond chance, %", "sigma z below 1, %", "floored (default)", "always sigma z")
    yield f"| {' | '.join(columns)} | never |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: |"
    for events, spread in ((2, 0.0), (5, 0.0), (20, 0.0), (100, 0.0), (20, 0.2), (100, 0.2)):
        chance = np.random.default_rng(SEED + 2)
        found: dict[str, list[bool]] = {"floored": [], "always": [], "never": []}
        below = []
        for _ in range(n):
            rate = events * np.exp(spread * chance.normal(size=N_MONTHS) - spread**2 / 2)
            counts = chance.poisson(rate).tolist()
            for laney, coloured in found.items():
                result = evaluate_chart(counts, chart="u_prime", denominators=[1.0] * N_MONTHS, laney=laney, **DEFAULT)  # type: ignore[arg-type]
                coloured.append(result.variation != "common_cause")
                if laney == "always":
                    below.append(result.sigma_z is not None and result.sigma_z < 1)
        cells = " | ".join(f"{100 * float(np.mean(coloured)):.1f}" for coloured in found.values())
        yield f"| {events} | {100 * spread:.0f} | {100 * float(np.mean(below)):.0f} | {cells} |"


# ── months that meet a target ────────────────────────────────────────────────────────────────────────────────


def target_table(n: int) -> Iterator[str]:
    """The printed share of months expected to meet the target, against the true one."""
    yield (
        "| months alike (AR1) | final months | truly met, % | printed, mean | interval holds it "
        "| icon flips in a year, % of charts | printed share moves a month, points |"
    )
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for rho in (0.0, 0.3):
        for months in (16, 24, 36):
            for target in (-3.0, 0.0, 1.0):
                yield _target_row(n, rho, months, target)


def _target_row(n: int, rho: float, months: int, target: float) -> str:
    truth = float(special.ndtr(target))
    printed, held, flips, moves = [], [], [], []
    for row in stable_series(n, months + 3, Pattern(rho), seed=SEED + 3).tolist():
        results = [evaluate_chart(row[: months + at], chart="xmr", target=target, **DEFAULT) for at in (0, 1, 2, 3)]
        shares = [result.target_share for result in results if result.target_share is not None]
        printed.append(shares[0].share)
        held.append(shares[0].lower <= truth <= shares[0].upper)
        flips.append(sum(one.assurance != two.assurance for one, two in pairwise(results)) / 3)
        moves.append(np.mean([abs(one.share - two.share) for one, two in pairwise(shares)]))
    per_year = 100 * 12 * float(np.mean(flips))
    return (
        f"| {rho:g} | {months} | {100 * truth:.1f} | {100 * float(np.mean(printed)):.1f} "
        f"| {100 * float(np.mean(held)):.1f} | {per_year:.0f} | {100 * float(np.mean(moves)):.1f} |"
    )


# ── a control that moved ─────────────────────────────────────────────────────────────────────────────────────


SHOWN = ("improvement", "no_evidence", "worsening", "control_only")


def placebo_table(n: int) -> Iterator[str]:
    """What is said of an initiative that did nothing, or a fall of two, with controls that stand still or move."""
    columns = ("the measure", "its control", "improvement", "no evidence", "worsening", "the control's change only")
    yield f"| {' | '.join(columns)} | told that it moved |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    months = tuple(FIRST.plus(at) for at in range(48))
    is_after = np.arange(48) >= 24
    for own in (0.0, -2.0):
        for other in (0.0, 2.0):
            chance = np.random.default_rng(SEED + 4)
            found = []
            for _ in range(n):
                series, control = (
                    MonthlySeries(months, tuple(chance.normal(size=48) + by * is_after)) for by in (own, other)
                )
                found.append(
                    estimate_effect(
                        series, starts_on=months[24].first_day, declared_on=date(2020, 1, 1), better="lower",
                        model="level", control=control,
                    )
                )  # fmt: skip
            verdicts = [one.verdict for one in found]
            cells = [f"{100 * verdicts.count(one) / n:.1f}" for one in SHOWN]
            told = 100 * np.mean(["control_changed" in one.cautions for one in found])
            words = [
                "does nothing" if not own else "falls by 2 sigma",
                "stands still" if not other else "rises by 2 sigma",
            ]
            yield f"| {' | '.join([*words, *cells])} | {told:.1f} |"


# ── mix or rate ──────────────────────────────────────────────────────────────────────────────────────────────


def mix_table(n: int) -> Iterator[str]:
    """What the heading of mix and rate claims of two years of log-normal stays of six kinds."""
    yield "| truth | stays a year | a direction is claimed | the wrong one | mix is named | rate is named |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    shares, means = np.array([0.3, 0.25, 0.2, 0.1, 0.1, 0.05]), np.array([2.5, 3.5, 4.5, 6.0, 8.0, 12.0])
    lighter = shares + np.array([0.04, 0.02, 0.0, -0.01, -0.02, -0.03])
    worlds = {
        "nothing changed": (shares, means),
        "lighter cases": (lighter, means),
        "each kind 5 % shorter": (shares, 0.95 * means),
        "lighter cases, each kind 7 % longer": (lighter, 1.07 * means),
    }
    for words, (new_shares, new_means) in worlds.items():
        falls = float(new_shares @ new_means) < float(shares @ means)
        for size in (1_000, 10_000):
            chance = np.random.default_rng(SEED + 5)
            said = [_heading(chance, size, (shares, means), (new_shares, new_means)) for _ in range(n)]
            claimed = [("lower" in one) or ("higher" in one) for one in said]
            wrong = [("lower" in one and not falls) or ("higher" in one and falls) for one in said]
            named = [[f"most of it {part}" in one for one in said] for part in ("mix", "rate")]
            none_is_right = words == "nothing changed"
            cells = [claimed, claimed if none_is_right else wrong, *named]
            yield f"| {words} | {size:,} | " + " | ".join(f"{100 * float(np.mean(one)):.1f}" for one in cells) + " |"


def _heading(
    chance: np.random.Generator, size: int, before: tuple[Floats, Floats], after: tuple[Floats, Floats]
) -> str:
    years = [_year(chance, size, *one) for one in (before, after)]
    split, metric = decompose_ratio(*years), METRICS["length_of_stay_days"]
    judged = JudgedMix(
        metric, "drg_code", FIRST, FIRST.plus(11), 0, split.before, split.after, split.change, split.mix, split.rate,
        part_intervals(split, *years), (), 0,
    )  # fmt: skip
    return mix_heading("Stay", judged)


def _year(chance: np.random.Generator, size: int, shares: Floats, means: Floats) -> dict[str, Amount]:
    drawn = {}
    for kind, count in enumerate(chance.multinomial(size, shares)):
        days = chance.lognormal(math.log(means[kind]) - 0.32, 0.8, count)
        drawn[str(kind)] = Amount(float(days.sum()), float(count), float((days**2).sum()))
    return drawn


SECTIONS: tuple[tuple[str, str, Callable[[int], Iterator[str]]], ...] = (
    (
        "Events counted after the stay",
        "Stable hospitals of 80 and 400 denials a month, dated ten days to some months after the discharge: icons in "
        "percent of issues. What a month counted must be final in the same way for all; what is entered late is "
        "lacking in the newest.",
        window_table,
    ),
    (
        "Costs that come late",
        "Stable hospitals of 400 stays a month, whose long stays are costed last; the report is made six days "
        "after its month. Icons in percent.",
        late_table,
    ),
    (
        "The width of charts of counts",
        "Stable u charts of 48 months, limits frozen at 24: share of charts whose sigma z lies below 1, and false "
        "icons by how it is used, in percent.",
        laney_table,
    ),
    (
        "Months expected to meet the target",
        "Stable charts with a target that so many months truly meet: the printed share, how often its 95 % "
        "interval holds the true one, and what moves from month to month, the icon or the share.",
        target_table,
    ),
    (
        "A control that moved",
        "24 months before an initiative and 24 after it, with a control, model `level`; in percent. The difference "
        "cannot tell who moved; the placebo, the control by itself, can.",
        placebo_table,
    ),
    (
        "Mix or rate",
        "Two years of stays of six kinds, log-normal (sigma 0.8); what the printed heading claims, in percent.",
        mix_table,
    ),
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hospitals", type=int, default=400, help="simulated hospitals per row")
    parser.add_argument("--write", action="store_true", help="rewrite the sections in docs/simulations.md")
    parser.add_argument("--only", choices=[title for title, *_ in SECTIONS], help="one section")
    chosen = parser.parse_args(arguments)
    for title, words, table in SECTIONS:
        if chosen.only not in (None, title):
            continue
        said = f"{words} ({chosen.hospitals:,} hospitals a row; written by `benchmarks.judgement_simulation`.)"
        lines = [said, "", *table(chosen.hospitals)]
        print("\n".join([f"## {title}", "", *lines, ""]), flush=True)
        if chosen.write:
            put_section(title, lines)


if __name__ == "__main__":
    main()
