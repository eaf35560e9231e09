"""Bands on real vintages: claims that American insurers had paid, year by year, against what they paid in the end.

The schedule P filings that the Casualty Actuarial Society publishes are a public reporting triangle of many companies:
per accident year what was paid at each later year's end. It is not ours and lies in no folder of ours; it comes as
`clrd2025.csv` in the PyPI package chainladder. A year stands for a month of ours, premium for cases; the figure counts
as final at a given age. Each band is made from what was known when its figure was shown, by the report's own function.

Run from the root of the repository: python -m benchmarks.bands_real PATH/clrd2025.csv [--write]
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.bands_simulation import RATE, tested
from benchmarks.simulation_page import put_section
from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.vintages import Vintage
from kpi_pipeline.metrics.declaration import load_metrics

SMALL, LARGE = 1_000, 10_000
"""Thousands of dollars of premium a year: below the first a triangle is a few claims."""
FEWEST_VALUES = 10
Triangle = dict[tuple[int, int], tuple[float, float]]


def read_triangles(file: Path) -> list[Triangle]:
    """One of each company and line of business: (accident year, age from 0) → dollars paid, premium."""
    found: dict[tuple[str, str], Triangle] = defaultdict(dict)
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            at = int(row["AccidentYear"]), int(row["DevelopmentLag"]) - 1
            found[row["GRCODE"], row["LOB"]][at] = float(row["CumPaidLoss"]), float(row["EarnedPremNet"])
    return list(found.values())


def vintages(triangle: Triangle, *, final_age: int, least: float) -> list[Vintage]:
    """What each year's end showed of each year, as percent of the premium."""
    first = min(year for year, _ in triangle)
    shown = []
    for (year, age), (paid, premium) in sorted(triangle.items()):
        if age <= final_age and premium >= least and paid > 0:
            month = Month(2000, 1).plus(year - first)
            shown.append(Vintage(RATE, 1, month.plus(age), month, 100 * paid / premium, age == final_age))
    return shown if len(shown) >= FEWEST_VALUES else []


def rows(file: Path) -> Iterator[str]:
    """The section."""
    triangles, metric = read_triangles(file), load_metrics()[RATE]
    yield (
        f"What insurers had paid of each accident year, at each year's end: {len(triangles)} public triangles of "
        "companies and lines of business (schedule P, accident years 1998 to 2007, Casualty Actuarial Society). A year "
        "stands for a month, and a figure is final at the age given. Bands rest on 6 to 9 earlier years. In percent; "
        "width: median, against the value."
    )
    yield ""
    yield "| premium a year, at least | final at age | bands | that hold | age 0 | age 1 | age 2 and more | width |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for least in (SMALL, LARGE):
        for final_age in (2, 3, 4):
            held: dict[int, list[bool]] = defaultdict(list)
            width = []
            for triangle in triangles:
                for band, final in tested(vintages(triangle, final_age=final_age, least=least), metric):
                    held[min(band.shown.age, 2)].append(band.lower <= final <= band.upper)
                    width.append((band.upper - band.lower) / final)
            every = [one for part in held.values() for one in part]
            ages = " | ".join(f"{100 * np.mean(held[age]):.1f}" if held[age] else "" for age in range(3))
            yield (
                f"| {least / 1000:g} million dollars | {final_age} | {len(every):,} | {100 * np.mean(every):.1f} "
                f"| {ages} | {100 * np.median(width):.0f} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--write", action="store_true", help="rewrite the section in docs/simulations.md")
    chosen = parser.parse_args()
    lines = ["Written by `benchmarks/bands_real.py`; not by hand.", "", *rows(chosen.file)]
    print("\n".join(lines))
    if chosen.write:
        put_section("Bands on real vintages", lines)


if __name__ == "__main__":
    main()
