"""Attacks what would be published of random small hospitals: three facilities, three issues, every copy and form.

For each hospital: can any withheld count be narrowed, or the sum of a few patients be worked out, with the defence on
and with it reduced to small counts alone? `--write` puts the table into docs/disclosure.md. Fixed seeds.

Run from the root of the repository: python -m benchmarks.disclosure_simulation [--hospitals 200] [--results FILE]
[--minutes 5] [--write]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kpi_pipeline.judgement.disclosure.attack import attack
from kpi_pipeline.judgement.disclosure.counts import Number, Withheld, is_small
from kpi_pipeline.judgement.disclosure.publication import Publication, publish
from kpi_pipeline.judgement.disclosure.small_numbers import withhold_small_numbers
from kpi_pipeline.judgement.figures import Figure
from tests.support.small_hospitals import LAST, METRICS, draw_figures

THRESHOLD = 11
N_ISSUES = 3
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


def small_alone(figures: Sequence[Figure]) -> list[Figure]:
    """The defence reduced to what is small itself, as a check that the attacker finds what is left open."""

    def hidden(number: Number) -> Number:
        return Withheld.SMALL if isinstance(number, float) and is_small(number, THRESHOLD) else number

    return [
        replace(
            one,
            numerator=hidden(one.numerator),
            n_counted=hidden(one.n_counted),
            value=Withheld.SMALL if isinstance(hidden(one.numerator), Withheld) else one.value,
            exclusions={reason: hidden(count) for reason, count in one.exclusions.items()},
        )
        for one in figures
    ]


def measure_hospital(seed: int) -> dict[str, float]:
    """What three issues of one random hospital tell, with the defence and without."""
    figures = draw_figures(seed, n_months=N_ISSUES)
    whole, seconds, n_issue_told = Publication(), 0.0, 0
    for issue in range(N_ISSUES):
        last = LAST.plus(issue - N_ISSUES + 1)
        started = time.process_time()
        kept = withhold_small_numbers([one for one in figures if one.month <= last], METRICS, threshold=THRESHOLD)
        seconds += time.process_time() - started
        whole = whole.merged(publish(kept))
    newest = [one for one in figures if one.month == LAST]
    n_issue_told = len(attack(whole, METRICS, threshold=THRESHOLD))
    return {
        "seed": seed,
        "told": n_issue_told,
        "told_without": len(attack(publish(small_alone(newest)), METRICS, threshold=THRESHOLD)),
        "values": sum(one.value is not None for one in figures),
        "withheld": sum(old.value is not None and new.number is None for old, new in zip(figures, kept, strict=True)),
        "seconds": seconds,
    }


def table_of(results: Sequence[dict[str, float]]) -> str:
    """The table of results, in Markdown."""
    n = len(results)
    n_told = sum(one["told"] > 0 for one in results)
    n_told_without = sum(one["told_without"] > 0 for one in results)
    share = sum(one["withheld"] for one in results) / sum(one["values"] for one in results)
    return (
        "| Hospitals of three facilities, three issues | told, defence on | told, small counts alone | values withheld "
        "| seconds a hospital for the defence |\n| ---: | ---: | ---: | ---: | ---: |\n"
        f"| {n} | {n_told} | {n_told_without} | {100 * share:.0f} % "
        f"| {sum(one['seconds'] for one in results) / n:.2f} |\n"
    )


def main() -> None:
    """Attacks hospitals that are not in the results yet; prints the table, or writes it into the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--hospitals", type=int, default=200)
    parser.add_argument("--results", type=Path, help="JSON lines, one a hospital: a run that ends early goes on here.")
    parser.add_argument("--minutes", type=float, default=1e9, help="Begin no further hospital after so many.")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    lines = given.results.read_text().splitlines() if given.results and given.results.exists() else []
    results = [json.loads(line) for line in lines]
    started = time.monotonic()
    for seed in range(given.hospitals):
        if any(one["seed"] == seed for one in results) or time.monotonic() - started > 60 * given.minutes:
            continue
        results.append(measure_hospital(seed))
        if given.results:
            with given.results.open("a") as stream:
                stream.write(json.dumps(results[-1]) + "\n")
    table = table_of(results)
    print(table)
    if given.write:
        path = Path("docs/disclosure.md")
        before, rest = path.read_text(encoding="utf-8").split(BEGIN)
        path.write_text(f"{before}{BEGIN}{table}{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
