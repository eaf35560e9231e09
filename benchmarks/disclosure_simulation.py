"""Attacks what would be published of random small hospitals: three facilities, three issues, every copy and form.

For each hospital: can any withheld count be narrowed, or the sum of a few patients be worked out, with the defence on
and with it reduced to small counts alone? `--write` puts the table into docs/disclosure.md. Fixed seeds.

Run from the root of the repository: python -m benchmarks.disclosure_simulation [--hospitals 200] [--write]
"""

from __future__ import annotations

import argparse
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


def measure(n_hospitals: int) -> str:
    """The table of results, in Markdown."""
    n_told = n_told_without = n_values = n_withheld = 0
    seconds = 0.0
    for seed in range(n_hospitals):
        figures = draw_figures(seed, n_months=N_ISSUES)
        whole, n_months = Publication(), N_ISSUES
        for issue in range(n_months):
            last = LAST.plus(issue - n_months + 1)
            started = time.process_time()
            kept = withhold_small_numbers([one for one in figures if one.month <= last], METRICS, threshold=THRESHOLD)
            seconds += time.process_time() - started
            whole = whole.merged(publish(kept))
        n_told += bool(attack(whole, METRICS, threshold=THRESHOLD))
        newest = [one for one in figures if one.month == LAST]
        n_told_without += bool(attack(publish(small_alone(newest)), METRICS, threshold=THRESHOLD))
        n_values += sum(one.value is not None for one in figures)
        n_withheld += sum(old.value is not None and new.number is None for old, new in zip(figures, kept, strict=True))
    return (
        "| Hospitals of three facilities, three issues | told, defence on | told, small counts alone | values withheld "
        "| seconds a hospital for the defence |\n| ---: | ---: | ---: | ---: | ---: |\n"
        f"| {n_hospitals} | {n_told} | {n_told_without} | {100 * n_withheld / n_values:.0f} % "
        f"| {seconds / n_hospitals:.2f} |\n"
    )


def main() -> None:
    """Prints the table, or writes it into the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--hospitals", type=int, default=200)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    table = measure(given.hospitals)
    print(table)
    if given.write:
        path = Path("docs/disclosure.md")
        before, rest = path.read_text(encoding="utf-8").split(BEGIN)
        path.write_text(f"{before}{BEGIN}{table}{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
