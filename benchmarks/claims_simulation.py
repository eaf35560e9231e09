"""What becomes of claims on hospitals whose truth is known: false claims, how soon, how long carried, dates, silence.

Every issue judges a chart as a report does (24 months, frozen limits, rule set `frozen-2026`) and follows up what the
issue before said, with the functions the report uses. Beside it the plain NHS rules on a window of the last 24 months.
Fixed seeds. `--write` puts the section into docs/simulations.md.

Run from the root of the repository: python -m benchmarks.claims_simulation [--hospitals 1000] [--write]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulation_page import put_section
from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.judgement.claims.follow import ChartNow, FollowUp, follow_claim, new_claim, side_of
from kpi_pipeline.signals import RULE_SETS, ChartResult, Pattern, evaluate_chart
from kpi_pipeline.signals.chance.many_series import icons_by_issue
from kpi_pipeline.signals.chance.multiplicity import stable_series

SEED = 20261127
N_BASELINE, N_ISSUES, CHANGED_AT = 24, 36, 30
"""A change comes in the seventh issue: so late that the limits are frozen, so early that 24 months follow it."""
FIRST = Month(2022, 1)


@dataclass
class Followed:
    """One chart over its issues. issues: the follow-ups of each."""

    issues: list[list[FollowUp]] = field(default_factory=list)

    def open_on(self, side: str) -> NDArray[np.bool_]:
        return np.array([any(one.claim.is_open and one.claim.side == side for one in issue) for issue in self.issues])

    def new(self, side: str | None = None) -> NDArray[np.int64]:
        return np.array(
            [sum(one.before is None and side in (None, one.claim.side) for one in issue) for issue in self.issues]
        )

    def vanished(self) -> int:
        """Open claims of one issue of which the next says nothing."""
        lost = 0
        for before, now in zip(self.issues, self.issues[1:], strict=False):
            said = {one.claim.key for one in before if one.claim.is_open}
            lost += len(said - {one.before.key for one in now if one.before is not None})
        return lost


def judged(values: Sequence[float]) -> ChartResult:
    return evaluate_chart(values, chart="xmr", better="lower", rules="frozen-2026", frozen_points=N_BASELINE)


def follow_series(values: Sequence[float]) -> Followed:
    """Every issue of one chart, each knowing what the one before said."""
    months = list(month_range(FIRST, FIRST.plus(len(values) - 1)))
    results: dict[int, ChartResult] = {}
    said: list[Claim] = []
    followed = Followed()

    def until(month: Month) -> ChartResult | None:
        return results.get(month.months_since(FIRST))

    for at in range(N_BASELINE, N_BASELINE + N_ISSUES):
        results[at] = judged(values[: at + 1])
        chart = ChartNow(months[: at + 1], results[at], 1, until)
        issue = [follow_claim(claim, chart) for claim in said if claim.is_open]
        side = side_of(results[at])
        if side and not any(one.claim.side == side and one.claim.is_open for one in issue):
            issue.append(FollowUp(new_claim("measure", "all", chart, report_month=months[at]), None, True))
        followed.issues.append(issue)
        said = [one.claim for one in issue]
    return followed


def simulate(n: int, step: float, *, alike: float = 0.0) -> tuple[list[Followed], NDArray[np.float64]]:
    series = stable_series(n, N_BASELINE + N_ISSUES, Pattern(alike), seed=SEED)
    series[:, CHANGED_AT:] += step
    return [follow_series(row.tolist()) for row in series], series


def onset_coverage(followed: Sequence[Followed]) -> tuple[float, float, float]:
    """Of right claims that were dated: the share whose interval holds the month, at first and two years after the
    change; and the share of all right claims that were dated by then. In percent."""
    truth = FIRST.plus(CHANGED_AT)
    first, late, dated = [], [], []
    for one in followed:
        onsets = [
            claim.claim.onset
            for issue in one.issues[CHANGED_AT - N_BASELINE :]
            for claim in issue
            if claim.claim.side == "high" and claim.claim.is_open
        ][: 24 + 1]
        if not onsets:
            continue
        told = [onset for onset in onsets if onset]
        dated.append(bool(told))
        if told:
            first.append(told[0][1] <= truth <= told[0][2])
            late.append(told[-1][1] <= truth <= told[-1][2])
    return tuple(100 * float(np.mean(part)) for part in (first, late, dated))  # type: ignore[return-value]


def months_to_first(opened: NDArray[np.bool_]) -> float:
    """Median months from the change to the first issue that says so, of the charts that ever do."""
    after = opened[:, CHANGED_AT - N_BASELINE :]
    return float(np.median(after.argmax(axis=1)[after.any(axis=1)]))


def ever_within(opened: NDArray[np.bool_], months: int) -> float:
    start = CHANGED_AT - N_BASELINE
    return 100 * float(opened[:, start : start + months].any(axis=1).mean())


def carried(opened: NDArray[np.bool_], months: int) -> float:
    return 100 * float(opened[:, CHANGED_AT - N_BASELINE + months].mean())


def still_carried(opened: NDArray[np.bool_], months: int) -> float:
    """Of the charts that told the change within a year of it, the share that carries it so many months after it."""
    start = CHANGED_AT - N_BASELINE
    told = opened[:, start : start + 12].any(axis=1)
    return 100 * float(opened[told, start + months].mean())


def tables(n: int) -> Iterator[str]:
    """The section: stable hospitals, then changed ones."""
    yield (
        f"{n:,} stable and {n:,} changed hospitals of each kind, one chart each, over {N_ISSUES} issues after "
        f"{N_BASELINE} months; the lasting step comes with the seventh issue. *Followed up* is what the report does; "
        "the moving window is `nhs-2024` on the last 24 months, where a verdict is whatever this month's icon says. "
        "Vanished: verdicts of one issue of which the next says nothing, in all issues."
    )
    yield ""
    yield "| stable hospitals | false claims a chart and year | a false claim stands, median months | vanished |"
    yield "| --- | ---: | ---: | ---: |"
    for alike in (0.0, 0.3):
        yield from _stable_rows(n, alike)
    yield ""
    yield (
        "| lasting step, sigma | told within a year, % | first told after, median months "
        "| carried after 12 / 24 months, % | of those told within a year, carried after 24, % | dated, % "
        "| interval holds the month, first told / kept, % | vanished |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for step, alike in ((1.5, 0.0), (2.0, 0.0), (3.0, 0.0), (2.0, 0.3)):
        yield from _changed_rows(n, step, alike)


def _stable_rows(n: int, alike: float) -> Iterator[str]:
    followed, series = simulate(n, 0.0, alike=alike)
    icons = moving_icons(series)
    kind = f"months alike (AR1) {alike:g}"
    yield f"| {kind}, moving window | {new_icons(icons) / 3:.2f} | {stands(icons):.0f} | {vanished(icons):,} |"
    claims = sum(int(one.new().sum()) for one in followed) / n / 3
    lost = sum(one.vanished() for one in followed)
    yield f"| **{kind}, followed up** | {claims:.2f} | {claims_stand(followed):.0f} | {lost} |"


def _changed_rows(n: int, step: float, alike: float) -> Iterator[str]:
    followed, series = simulate(n, step, alike=alike)
    kind = f"{step:g}, months alike {alike:g}" if alike else f"{step:g}"
    icons = moving_icons(series) > 0
    opened = np.array([one.open_on("high") for one in followed])
    first, kept, dated = onset_coverage(followed)
    yield f"| {kind}, moving window | {_told(icons)} | | | {vanished(icons * 1):,} |"
    lost = sum(one.vanished() for one in followed)
    yield f"| **{kind}, followed up** | {_told(opened)} | {dated:.0f} | {first:.1f} / {kept:.1f} | {lost} |"


def _told(opened: NDArray[np.bool_]) -> str:
    return (
        f"{ever_within(opened, 12):.0f} | {months_to_first(opened):.0f} | {carried(opened, 12):.0f} / "
        f"{carried(opened, 24):.0f} | {still_carried(opened, 24):.0f}"
    )


moving_icons = partial(
    icons_by_issue, rule_set=RULE_SETS["nhs-2024"], first_issue=N_BASELINE, frozen_points=None, window=24
)


def new_icons(icons: NDArray[np.int64]) -> float:
    """New verdicts a chart: coloured where the issue before was not, or on the other side."""
    before = np.concatenate([np.zeros((len(icons), 1), dtype=icons.dtype), icons[:, :-1]], axis=1)
    return float(((icons != 0) & (icons != before)).sum(axis=1).mean())


def vanished(icons: NDArray[np.int64]) -> int:
    return int(((icons[:, :-1] != 0) & (icons[:, 1:] != icons[:, :-1])).sum())


def stands(icons: NDArray[np.int64]) -> float:
    lengths = []
    for row in icons:
        run = 0
        for before, now in zip([0, *row[:-1]], row, strict=True):
            if run and now != before:
                lengths.append(run)
                run = 0
            run += now != 0
    return float(np.median(lengths)) if lengths else 0.0


def claims_stand(followed: Sequence[Followed]) -> float:
    """Median issues from a claim to the issue that says it ended, of those that ended."""
    lengths = []
    for one in followed:
        for at, issue in enumerate(one.issues):
            for claim in issue:
                if not claim.claim.is_open:
                    begun = claim.claim.first_month.months_since(FIRST) - N_BASELINE
                    lengths.append(at - begun)
    return float(np.median(lengths)) if lengths else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hospitals", type=int, default=1_000, help="simulated charts of each kind")
    parser.add_argument("--write", action="store_true", help="rewrite the section in docs/simulations.md")
    chosen = parser.parse_args()
    lines = ["Written by `make simulate` (`benchmarks/claims_simulation.py`); not by hand.", ""]
    for line in tables(chosen.hospitals):
        print(line, flush=True)
        lines.append(line)
    if chosen.write:
        put_section("Claims that are followed up", lines)


if __name__ == "__main__":
    main()
