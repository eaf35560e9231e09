"""Coverage of the bands of provisional figures where the truth is known, with a delay that stays, shrinks or jumps.

Each hospital is issued for 36 months. A share is of cases followed up at random (a readmission rate seen early); a
rate counts events that arrive late (denials). Every issue gives its bands by what it knew, as a report does, and each
is held against the final value. Fixed seeds. `--write` puts the section into docs/simulations.md.

Run from the root of the repository: python -m benchmarks.bands_simulation [--hospitals 200] [--write]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.simulation_page import put_section
from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.bands import Band, Vintages, band_of
from kpi_pipeline.judgement.vintages import Vintage
from kpi_pipeline.metrics.declaration import Metric, load_metrics

SEED = 20261128
FIRST, N_MONTHS, LAST_AGE = Month(2023, 1), 36, 2
DELAYS = ("stays", "shrinks", "jumps")
SHARE, RATE = "readmission_30d", "denials_per_100_discharges"


def completeness(kind: str, delay: str, rng: np.random.Generator) -> np.ndarray:
    """Months x ages: the share of cases, or of events, that is known; it varies from month to month."""
    start = np.array([0.15, 0.95] if kind == SHARE else [0.45, 0.85])
    end = {"stays": start, "shrinks": start + (1 - start) * 0.4, "jumps": start + (1 - start) * 0.4}[delay]
    at = np.arange(N_MONTHS) / (N_MONTHS - 1)
    moved = (at >= 0.5).astype(float) if delay == "jumps" else at
    mean = start + (end - start) * moved[:, None]
    return np.clip(rng.beta(60 * mean, 60 * (1 - mean)), 0.02, 0.999)


def one_hospital(kind: str, delay: str, rng: np.random.Generator) -> list[Vintage]:
    """Every figure as every issue showed it."""
    known = completeness(kind, delay, rng)
    level = 14.0 * np.exp(rng.normal(0, 0.02, N_MONTHS).cumsum() * 0.3) / 100
    cases = rng.poisson(900, N_MONTHS)
    events = rng.binomial(cases, np.clip(level, 0.01, 0.9))
    vintages = []
    for at in range(N_MONTHS):
        month = FIRST.plus(at)
        final = 100 * events[at] / cases[at]
        for age in range(LAST_AGE + 1):
            value = final
            if age < LAST_AGE and kind == SHARE:
                n = max(int(cases[at] * known[at, age]), 25)
                value = 100 * rng.hypergeometric(events[at], cases[at] - events[at], n) / n
            elif age < LAST_AGE:
                value = 100 * rng.binomial(events[at], known[at, age]) / cases[at]
            if at + age < N_MONTHS:
                vintages.append(Vintage(kind, 1, FIRST.plus(at + age), month, float(value), age == LAST_AGE))
    return vintages


def tested(vintages: Sequence[Vintage], metric: Metric) -> Iterator[tuple[Band, float]]:
    """Each band that an issue would have given, with the final value."""
    known = Vintages(vintages)
    for issued in known.issues:
        for shown in known.provisional(issued):
            band, final = band_of(shown, known, metric), known.final(shown.month, known_in=known.issues[-1])
            if band is not None and final is not None:
                yield band, final


def coverage(kind: str, delay: str, n_hospitals: int, *, seed: int = SEED) -> dict[str, tuple[float, float]]:
    """Group → share in percent of bands that hold, and their mean width in percent of the value."""
    rng, metric = np.random.default_rng(seed), load_metrics()[kind]
    found = [pair for _ in range(n_hospitals) for pair in tested(one_hospital(kind, delay, rng), metric)]
    groups = {
        "6 to 11": [one for one in found if one[0].n_months < 12],
        "12": [one for one in found if one[0].n_months >= 12],
        "all": found,
    }
    return {
        name: (
            100 * float(np.mean([band.lower <= final <= band.upper for band, final in pairs])),
            100 * float(np.mean([(band.upper - band.lower) / final for band, final in pairs if final])),
        )
        for name, pairs in groups.items()
    }


def rows(n_hospitals: int) -> Iterator[str]:
    """The section."""
    yield (
        f"{n_hospitals} hospitals a row of about 900 cases a month, issued for {N_MONTHS} months; figures are final "
        "two months after theirs. A share is of the cases followed up so far; of a rate part of the events have not "
        "arrived. The delay stays, shrinks by two fifths over the three years, or does so from one month to the next. "
        "In percent; width: of the band, against the value."
    )
    yield ""
    yield "| figure | delay | bands that hold, all | from 6 to 11 months | from 12 | width, 6 to 11 | width, 12 |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    for kind, words in ((SHARE, "share"), (RATE, "rate of events")):
        for delay in DELAYS:
            found = coverage(kind, delay, n_hospitals)
            held = " | ".join(f"{found[name][0]:.1f}" for name in ("all", "6 to 11", "12"))
            width = " | ".join(f"{found[name][1]:.0f}" for name in ("6 to 11", "12"))
            yield f"| {words} | {delay} | {held} | {width} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hospitals", type=int, default=200, help="simulated hospitals a row")
    parser.add_argument("--write", action="store_true", help="rewrite the section in docs/simulations.md")
    chosen = parser.parse_args()
    lines = ["Written by `make simulate` (`benchmarks/bands_simulation.py`); not by hand.", ""]
    for line in rows(chosen.hospitals):
        print(line, flush=True)
        lines.append(line)
    if chosen.write:
        put_section("Bands of provisional figures", lines)


if __name__ == "__main__":
    main()
