"""Attacks what would be published of random small hospitals: three facilities, three issues, every copy and form.

For each hospital: can any withheld count be narrowed, or the sum of a few patients be worked out, also by subtracting
one issue from the next, with the defence on, with each issue defended for itself, and with small counts withheld alone?
And where some readers get a copy of an issue, of the whole or of one place, and others none: does all of them together
tell, where a copy is made knowing what any outsider was shown, and where it knows what its own readers were?
`--write` puts the table into docs/disclosure.md. Fixed seeds.

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

import numpy as np

from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.disclosure.attack import attack, few_people_shown
from kpi_pipeline.judgement.disclosure.counts import Number, Withheld, is_small
from kpi_pipeline.judgement.disclosure.earlier import Behind
from kpi_pipeline.judgement.disclosure.over_issues import attack_issues
from kpi_pipeline.judgement.disclosure.publication import Publication, publish
from kpi_pipeline.judgement.disclosure.small_numbers import withhold_small_numbers
from kpi_pipeline.judgement.figures import Figure
from tests.support.issues_before import after
from tests.support.small_hospitals import FACILITIES, LAST, METRICS, draw_issues

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
    issues, n_changed = draw_issues(seed, n_issues=N_ISSUES)
    started = time.process_time()
    printed: list[Publication] = []
    kept: list[Figure] = []
    for figures, changed in zip(issues, n_changed, strict=True):
        kept = withhold_small_numbers(figures, METRICS, threshold=THRESHOLD, earlier=after(printed, changed))
        printed.append(publish(kept))
    seconds = time.process_time() - started
    alone = withhold_small_numbers(issues[0], METRICS, threshold=THRESHOLD)
    forgetful = [publish(withhold_small_numbers(figures, METRICS, threshold=THRESHOLD)) for figures in issues]
    few = sum(
        len(few_people_shown(shown, METRICS, _people_behind(figures), threshold=THRESHOLD))
        for shown, figures in zip(printed, issues, strict=True)
    )
    newest = [one for one in issues[-1] if one.month == LAST]
    return {
        "seed": seed,
        "told": len(attack_issues(printed, METRICS, threshold=THRESHOLD, n_changed=n_changed)) + few,
        "told_forgetful": len(attack_issues(forgetful, METRICS, threshold=THRESHOLD, n_changed=n_changed)),
        **{
            name: len(
                attack_issues(
                    issues_apart(seed, issues, n_changed, knows_all=knows_all),
                    METRICS,
                    threshold=THRESHOLD,
                    n_changed=n_changed,
                )
            )
            for name, knows_all in (("told_apart", True), ("told_apart_own", False))
            if knows_all or seed % _OWN_EVERY == 0
        },
        "told_without": len(attack(publish(small_alone(newest)), METRICS, threshold=THRESHOLD)),
        **_withheld(issues[0], alone, "alone"),
        **_withheld(issues[-1], kept, "third"),
        "seconds": seconds,
    }


READERS = (WHOLE_SYSTEM, WHOLE_SYSTEM, *FACILITIES)
"""Whom a hospital sends copies to: two boards of the whole, and one of each place."""
_GETS_AN_ISSUE = 0.6
_OWN_EVERY = 4
"""Of so many hospitals one is attacked with copies that know their own readers alone, too: a comparison."""


def issues_apart(
    seed: int, issues: Sequence[Sequence[Figure]], n_changed: Sequence[Behind], *, knows_all: bool
) -> list[Publication]:
    """What is published of each issue, where only some readers get a copy of it; at least one does.

    knows_all: whether a copy is made knowing what any outsider was shown, or its own readers alone.
    """
    rng = np.random.default_rng([seed, 2])
    shown: list[tuple[int, int, Publication]] = []  # issue, reader, what the copy printed
    together = []
    for at, figures in enumerate(issues):
        readers = [one for one in range(len(READERS)) if rng.random() < _GETS_AN_ISSUE] or [0]
        made: list[tuple[int, int, Publication]] = []
        for reader in readers:
            known = [(when, copy) for when, whose, copy in shown if knows_all or whose == reader]
            newest = n_changed[at] if known and known[-1][0] == at - 1 else None
            kept = withhold_small_numbers(
                figures, METRICS, threshold=THRESHOLD, earlier=after([copy for _, copy in known], newest)
            )
            own = [one for one in kept if READERS[reader] in (WHOLE_SYSTEM, one.facility_id)]
            made.append((at, reader, publish(own)))
        shown += made
        whole = Publication()
        for _, _, copy in made:
            whole = whole.merged(copy)
        together.append(whole)
    return together


def _people_behind(figures: Sequence[Figure]) -> dict[tuple[str, str, str], float]:
    return {(one.metric, one.facility_id, str(one.month)): one.n_event_patients or 0.0 for one in figures}


def _withheld(figures: Sequence[Figure], kept: Sequence[Figure], name: str) -> dict[str, float]:
    pairs = [(old, new) for old, new in zip(figures, kept, strict=True) if old.value is not None]
    return {f"{name}_values": len(pairs), f"{name}_withheld": sum(new.number is None for _, new in pairs)}


def table_of(results: Sequence[dict[str, float]]) -> str:
    """The table of results, in Markdown."""
    n = len(results)
    own = [one["told_apart_own"] > 0 for one in results if "told_apart_own" in one]

    def n_with(name: str) -> int:
        return sum(one[name] > 0 for one in results)

    def share(name: str) -> float:
        return 100 * sum(one[f"{name}_withheld"] for one in results) / sum(one[f"{name}_values"] for one in results)

    return (
        f"| Of {n} hospitals of three facilities, three issues | told |\n| --- | ---: |\n"
        f"| the defence on, every copy of every issue | {n_with('told')} |\n"
        f"| the defence on, copies of some places to some readers | {n_with('told_apart')} |\n"
        f"| the same of {len(own)} of them, each copy knowing what its own readers were shown | {own.count(True)} |\n"
        f"| each issue for itself | {n_with('told_forgetful')} |\n"
        f"| small counts alone | {n_with('told_without')} |\n\n"
        f"Values withheld: {share('alone'):.0f} % in the first issue, {share('third'):.0f} % in the third. "
        f"{sum(one['seconds'] for one in results) / n:.2f} seconds a hospital.\n"
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
