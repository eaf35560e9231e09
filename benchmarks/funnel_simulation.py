"""Whether the funnel of units finds a unit that readmits 40 % more, raw and by observed over expected.

Units care for different patients: their shares of six diagnosis groups differ, and the groups' rates run from 6 to
28 %. Judged by the product's own funnel (`evaluate_funnel`: 99.8 % limits, over-dispersion as found), each unit by its
raw share, or standardised as `improvement.drivers.queries.query_units` does: rates of all units together, each drawn
towards the overall rate by the weight of 20 cases. Fixed seed. `--write` puts the section into docs/simulations.md.

Run from the root of the repository: python -m benchmarks.funnel_simulation [--hospitals 400] [--write]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulation_page import put_section
from kpi_pipeline.signals import evaluate_funnel

SEED = 20261102
RATES = np.array([0.06, 0.09, 0.12, 0.16, 0.20, 0.28])
"""Readmission by diagnosis group, about as CMS publishes them from the lightest to the heaviest."""
N_UNITS, WORSE, PRIOR_CASES = 15, 1.4, 20.0
Floats = NDArray[np.float64]


def hospital(chance: np.random.Generator, cases: int, *, mix: float) -> tuple[Floats, Floats]:
    """Cases and returns by unit and group. The first unit readmits 40 % more than its patients would elsewhere."""
    counts = np.stack([chance.multinomial(cases, chance.dirichlet(np.full(6, mix))) for _ in range(N_UNITS)])
    risks = np.minimum(RATES * np.where(np.arange(N_UNITS) == 0, WORSE, 1.0)[:, None], 0.95)
    return counts.astype(float), chance.binomial(counts, risks).astype(float)


def outside(counts: Floats, returns: Floats, *, is_adjusted: bool) -> NDArray[np.bool_]:
    """Which units lie above the outer limits."""
    sizes, observed = counts.sum(axis=1), returns.sum(axis=1)
    overall = returns.sum() / counts.sum()
    if is_adjusted:
        rates = (returns.sum(axis=0) + PRIOR_CASES * overall) / (counts.sum(axis=0) + PRIOR_CASES)
        observed = np.minimum(observed / (counts @ rates) * overall, 1.0) * sizes
    found = evaluate_funnel(observed.tolist(), sizes.tolist(), better="lower")
    return np.array([point.is_outside and point.value > found.target for point in found.points])


def funnel_table(n: int) -> Iterator[str]:
    """Share of hospitals in percent in which the worse unit, and any other unit, is named."""
    yield "| cases a unit | patients differ | worse unit, raw | worse unit, O/E | others, raw | others, O/E |"
    yield "| ---: | --- | ---: | ---: | ---: | ---: |"
    chance = np.random.default_rng(SEED)
    for cases in (250, 500, 1000):
        for words, mix in (("little", 20.0), ("as units do", 2.0), ("much", 0.7)):
            drawn = [hospital(chance, cases, mix=mix) for _ in range(n)]
            cells = []
            for is_adjusted in (False, True):
                named = np.stack([outside(*one, is_adjusted=is_adjusted) for one in drawn])
                cells.append((100 * named[:, 0].mean(), 100 * named[:, 1:].any(axis=1).mean()))
            (raw, raw_others), (adjusted, others) = cells
            yield f"| {cases} | {words} | {raw:.0f} | {adjusted:.0f} | {raw_others:.0f} | {others:.0f} |"


def section(n: int) -> list[str]:
    return [
        f"One of {N_UNITS} units readmits 40 % more than its patients would elsewhere; {n} hospitals a row, in percent "
        "of hospitals. Raw shares compare patients, and the spread they make widens the limits; observed over "
        "expected, which the report prints, compares units. Written by `benchmarks.funnel_simulation`.",
        "",
        *funnel_table(n),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hospitals", type=int, default=400, help="simulated hospitals per row")
    parser.add_argument("--write", action="store_true", help="rewrite the section in docs/simulations.md")
    chosen = parser.parse_args(arguments)
    lines = section(chosen.hospitals)
    print("\n".join(lines))
    if chosen.write:
        put_section("Units on a funnel", lines)


if __name__ == "__main__":
    main()
