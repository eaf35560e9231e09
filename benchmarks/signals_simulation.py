"""Simulation of the rule sets: how often they cry wolf, and how long they take to see a real change.

Every series goes through `evaluate_chart` as the report uses it (XmR; run chart for the Anhøj rules), so that what is
measured is what is shipped. Fixed seeds; the same random series for every rule set.

- false alarms: share of stable charts with a flag on any point, and with a coloured icon (last point only), for
  independent, seasonal (a yearly sine of one sigma), and autocorrelated (AR1 0.3) series, with and without change;
- detection: 24 stable months, then a shift of 1 or 2 sigma upwards; every month the chart of all months so far is
  drawn anew, with limits from all points or frozen on the first 24; how many months until the icon shows the shift;
- the table behind `kpi_pipeline.signals.chance.multiplicity`.

Run from the root of the repository: python -m benchmarks.signals_simulation [--series 10000] [--write-table]
Without --write-table it prints Markdown tables; with it, it also rewrites the table of `false_signal_table.py`.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kpi_pipeline.signals import RULE_SETS, ChartResult, evaluate_chart

SEED = 20261101
LENGTHS = (13, 18, 24, 36, 48, 60)
N_BEFORE = 24
N_AFTER = 24
Floats = NDArray[np.float64]


def independent(random: np.random.Generator, n: int) -> Floats:
    return random.normal(size=n)


def seasonal(random: np.random.Generator, n: int) -> Floats:
    """Noise of one sigma on a yearly sine of amplitude one sigma, beginning in a random month."""
    return random.normal(size=n) + np.sin(2 * np.pi * (np.arange(n) + random.integers(12)) / 12)


def autocorrelated(random: np.random.Generator, n: int) -> Floats:
    """AR1 with coefficient 0.3, scaled to one sigma."""
    noise = random.normal(size=n)
    series = np.empty(n)
    series[0] = noise[0]
    for i in range(1, n):
        series[i] = 0.3 * series[i - 1] + np.sqrt(1 - 0.3**2) * noise[i]
    return series


KINDS: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "independent": independent,
    "seasonal, 1 sigma": seasonal,
    "AR1 0.3": autocorrelated,
}


def drawn(series: Floats, rules: str, baseline: int | None = None) -> ChartResult:
    """The chart a report would draw of the series under the rule set."""
    chart = "run" if rules == "anhoej" else "xmr"
    return evaluate_chart(series.tolist(), chart=chart, better="lower", rules=rules, baseline=baseline)  # type: ignore[arg-type]


def false_alarms(rules: str, kind: str, n_points: int, n_series: int) -> tuple[float, float]:
    """Share of charts with any flag, and share with a coloured icon."""
    random = np.random.default_rng(SEED)
    flagged = coloured = 0
    for _ in range(n_series):
        result = drawn(KINDS[kind](random, n_points), rules)
        flagged += bool(result.signals)
        coloured += result.variation not in ("common_cause", "empty")
    return flagged / n_series, coloured / n_series


def months_to_detect(rules: str, kind: str, shift: float, n_series: int, *, frozen: bool) -> list[int | None]:
    """For each series, the month after the shift in which the icon first shows it; None within two years."""
    random = np.random.default_rng(SEED + 1)
    found: list[int | None] = []
    for _ in range(n_series):
        series = KINDS[kind](random, N_BEFORE + N_AFTER)
        series[N_BEFORE:] += shift
        found.append(_first_month(series, rules, N_BEFORE if frozen else None))
    return found


def _first_month(series: Floats, rules: str, baseline: int | None) -> int | None:
    for month in range(1, N_AFTER + 1):
        if drawn(series[: N_BEFORE + month], rules, baseline).variation == "concern_high":
            return month
    return None


def false_alarm_table(n_series: int) -> Iterator[str]:
    yield "| rule set | " + " | ".join(f"{kind}: any flag / icon" for kind in KINDS) + " |"
    yield "| --- |" + " --- |" * len(KINDS)
    for rules in RULE_SETS:
        cells = []
        for kind in KINDS:
            flagged, coloured = false_alarms(rules, kind, 24, n_series)
            cells.append(f"{100 * flagged:.0f} % / {100 * coloured:.1f} %")
        yield f"| `{rules}` | " + " | ".join(cells) + " |"


def detection_table(n_series: int) -> Iterator[str]:
    columns = [(shift, frozen) for shift in (1.0, 2.0) for frozen in (False, True)]
    heads = [f"{shift:.0f} sigma, {'frozen' if frozen else 'all points'}" for shift, frozen in columns]
    yield "| rule set | series | " + " | ".join(heads) + " |"
    yield "| --- | --- |" + " --- |" * len(columns)
    for kind in KINDS:
        for rules in RULE_SETS:
            cells = [
                _detection_cell(months_to_detect(rules, kind, shift, n_series, frozen=frozen))
                for shift, frozen in columns
            ]
            yield f"| `{rules}` | {kind} | " + " | ".join(cells) + " |"


def _detection_cell(months: list[int | None]) -> str:
    """Median months, and the share seen within a year."""
    within = sum(month is not None and month <= 12 for month in months) / len(months)
    median = statistics.median(month if month is not None else N_AFTER + 1 for month in months)
    return f"{median:.0f} ({100 * within:.0f} %)" if median <= N_AFTER else f"over {N_AFTER} ({100 * within:.0f} %)"


def multiplicity_table(n_series: int) -> dict[str, dict[int, tuple[float, float]]]:
    """Rule set, number of points: (share with any flag, share with a coloured icon), independent series."""
    table: dict[str, dict[int, tuple[float, float]]] = {}
    for rules in RULE_SETS:
        table[rules] = {}
        for n_points in LENGTHS:
            flagged, coloured = false_alarms(rules, "independent", n_points, n_series)
            table[rules][n_points] = (round(flagged, 4), round(coloured, 4))
            print(f"{rules:12} n={n_points:2}: any flag {flagged:.3f}, icon {coloured:.4f}", flush=True)
    return table


def write_table(table: dict[str, dict[int, tuple[float, float]]], n_series: int) -> None:
    """Rewrites the shipped table with its provenance."""
    path = Path(__file__).resolve().parent.parent / "kpi_pipeline" / "signals" / "false_signal_table.py"
    lines = [
        '"""False signals of stable charts, simulated. Written by benchmarks/signals_simulation.py, not by hand."""',
        "",
        "from __future__ import annotations",
        "",
        "PROVENANCE = (",
        f'    "{n_series:,} stable independent normal series per cell, XmR (run chart for anhoej), seed {SEED}, "',
        '    "benchmarks/signals_simulation.py"',
        ")",
        "",
        "FALSE_SIGNALS: dict[str, dict[int, tuple[float, float]]] = {",
    ]
    for rules, by_length in table.items():
        lines.append(f'    "{rules}": {{')
        lines += [f"        {n}: ({flagged:.4f}, {coloured:.4f})," for n, (flagged, coloured) in by_length.items()]
        lines.append("    },")
    lines += ["}", '"""Rule set, points: (share of charts with any flag, share with a coloured icon)."""', ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=10_000, help="series per cell of the false-alarm tables")
    parser.add_argument("--detection-series", type=int, default=500, help="series per cell of the detection table")
    parser.add_argument("--write-table", action="store_true", help="rewrite kpi_pipeline/signals/false_signal_table.py")
    chosen = parser.parse_args()
    print(f"False alarms, 24 stable months, {chosen.series:,} series per cell, seed {SEED}\n")
    for line in false_alarm_table(chosen.series):
        print(line, flush=True)
    print(f"\nMedian months to detect a shift (share within 12), {chosen.detection_series:,} series, seed {SEED + 1}\n")
    for line in detection_table(chosen.detection_series):
        print(line, flush=True)
    if chosen.write_table:
        print()
        write_table(multiplicity_table(chosen.series), chosen.series)


if __name__ == "__main__":
    main()
