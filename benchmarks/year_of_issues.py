"""A year of twelve issues of the synthetic hospital, each made from what had arrived then; restatements traced.

The files of each month hold the rows whose own date or `updated_at` lies before the day of the report; what happens
later (an ending, a cost, a decision) is still empty. Twelve months are drafted, approved and issued in turn. Then the
ledger of every pair of issues is counted again in plain Python from the two archived case lists, and the cause of each
changed stay is found anew from the rows of the two landing folders, with no code of the program.

Run from the root of the repository: python -m benchmarks.year_of_issues [--until 2026-10] [--out DIR] [--write]
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import math
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]

from benchmarks.simulation_page import put_section
from kpi_pipeline.core.delivery_settings import DeliverySettings, GateSettings
from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.issuing import issue_draft, issue_publication
from kpi_pipeline.pipeline.issuing.issues import open_desk
from kpi_pipeline.synthetic.hospital import generate_hospital

FIRST, LAST = Month(2025, 11), Month(2026, 10)
DAYS_TO_THE_REPORT = 6
"""The files are drawn so many days after the month's end: later than most rows, earlier than some."""
AUDIENCES = """
allowed_domains: [hospital.example]
operators: [it@hospital.example]
audiences:
  - {name: executives, scope: all, profile: internal, people: [{address: ceo@hospital.example, name: Reader}]}
"""
Row = dict[str, str]
COSTS = ("total_cost", "direct_cost", "variable_direct_cost", "total_charges", "allowed_amount", "paid_amount")
MONTHS_TO_THE_SURVEY = 2
"""A vendor sends a month's answers that much later."""
TRACED = ("discharges", "length_of_stay_days", "total_cost_per_case_usd")
"""Measures of stays, whose changed cases are traced to the rows of the encounter they are named after."""


def _costed_after(row: Row) -> int:
    """Days from the end of a stay until its costs are known: 0 to 29, fixed for each stay."""
    return int(hashlib.sha256(row["encounter_id"].encode()).hexdigest(), 16) % 30


def _until(row: Row, day: str, *columns: str, also: tuple[str, ...] = ()) -> Row:
    """The row with what lies after the day left empty, and with it what it decided."""
    late = [name for name in columns if row[name] > day]
    return row | dict.fromkeys([*late, *(also if late else ())], "")


def _encounter(row: Row, day: str) -> Row | None:
    if row["admitted_at"] > day:
        return None
    if row["discharged_at"] and row["discharged_at"] <= day:
        if row["updated_at"] > day:
            return None
        try:
            ended = datetime.fromisoformat(row["discharged_at"])
        except ValueError:  # a spoilt row comes as it is
            return row
        known = str(ended + timedelta(days=_costed_after(row))) <= day
        return row if known else row | dict.fromkeys(COSTS, "")
    open_still = (
        "discharged_at",
        "discharge_disposition_code",
        "primary_diagnosis_code",
        "drg_code",
        "condition_codes",
    )
    return row | dict.fromkeys((*open_still, *COSTS), "") | {"updated_at": row["admitted_at"]}


def _denial(row: Row, day: str) -> Row:
    known = _until(row, day, "appealed_on", "decided_on", also=("outcome",))
    return _until(known, day, "peer_to_peer_on", also=("peer_to_peer_outcome",))


RULES: dict[str, Callable[[Row, str], Row | None]] = {
    "encounters": _encounter,
    "cm_cases": lambda row, day: _until(row, day, "first_assessed_at", "closed_at", also=("close_reason",))
    if row["opened_at"] <= day else None,
    "cm_tasks": lambda row, day: _until(row, day, "done_at") if row["due_at"] <= day else None,
    "denials": lambda row, day: _denial(row, day) if row["denied_on"] <= day else None,
    "reviews": lambda row, day: _until(row, day, "done_at", also=("outcome",)) if row["due_at"] <= day else None,
    "notices": lambda row, day: row if row["delivered_at"] <= day else None,
    "avoidable_days": lambda row, day: row if row["ends_on"] and row["ends_on"] <= day else None,
    "census": lambda row, day: row if row["census_on"] <= day else None,
    "staffing": lambda row, day: row if row["shift_on"] <= day else None,
    "budget": lambda row, day: row if row["month"] <= day[:7] else None,
    "training": lambda row, day: _until(row, day, "completed_on"),
    "surveys": lambda row, day: row if Month.parse(row["month"]).plus(MONTHS_TO_THE_SURVEY).last_day.isoformat() <= day
    else None,
}  # fmt: skip
"""What of a table's row is there on a day; tables without a rule are there whole."""


def write_landing(whole: Path, landing: Path, month: Month) -> dict[str, Row]:
    """The landing folder as it stood when the month was reported. Gives the newest row of each encounter."""
    shutil.rmtree(landing, ignore_errors=True)
    landing.mkdir()
    end = month.last_day
    day = f"{end + timedelta(days=DAYS_TO_THE_REPORT)} 24"
    ended: dict[str, Row] = {}
    for file in sorted(whole.glob("*.csv"), key=lambda one: (not one.name.startswith("encounters"), one.name)):
        table = next((name for name in RULES if file.stem.startswith(name)), None)
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            head, rows = reader.fieldnames or [], list(reader)
        if table is not None:
            cut = month if table in ("budget", "census", "staffing") else None
            rows = [now for row in rows if (now := RULES[table](row, day if cut is None else f"{end} 24"))]
        if file.stem.startswith(("diagnoses", "procedures")):
            rows = [
                row for row in rows if row["encounter_id"] not in ended or ended[row["encounter_id"]]["discharged_at"]
            ]
            rows = [row for row in rows if row["encounter_id"] in ended]
        for row in rows if table == "encounters" else ():
            known = ended.get(row["encounter_id"])
            if known is None or row["updated_at"] >= known["updated_at"]:
                ended[row["encounter_id"]] = row
        if rows:
            with (landing / file.name).open("w", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, head, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
    (landing / "landing.yaml").write_text(
        f"source: canonical\ntime_zone: America/New_York\ncomplete_through: {end}\nplausible_until: {day[:10]}\n",
        encoding="utf-8",
    )
    return ended


def issue(folder: Path, month: Month) -> Path:
    """Builds, drafts, approves and publishes a month. Gives the folder of the issue."""
    settings = Settings(
        delivery=DeliverySettings(
            audiences=folder / "audiences.yaml", gate=GateSettings(min_coded_pct=0, min_costed_pct=0)
        )
    )
    now = datetime.combine(month.last_day + timedelta(days=DAYS_TO_THE_REPORT + 1), time(12), UTC)
    build_warehouse(folder / "landing", folder / "hospital.duckdb", settings=settings, clock=lambda: now)
    with open_desk(folder / "hospital.duckdb", settings=settings) as desk:
        issue_draft.draft_month(desk, month, by="Analyst", at=now)
        issue_publication.approve_month(desk, month, by="Director", at=now)
        issue_publication.publish_month(desk, month, by="Analyst", at=now)
    return next((folder / "hospital.archive" / "all" / str(month)).iterdir())


Case = tuple[str, str, float | None, float | None, str | None]
"""Facility, month, numerator, denominator, why it is left out."""


def cases_of(folder: Path) -> dict[tuple[str, str], Case]:
    """Every archived case of an issue by measure and name."""
    table = pq.read_table(folder / "cases.parquet").to_pydict()
    return {
        (name, case): (place, f"{on:%Y-%m}", numerator, denominator, reason)
        for name, case, place, on, numerator, denominator, reason in zip(
            *(table[column] for column in ("metric", "case_id", "facility_id", "event_date", "numerator",
                                           "denominator", "exclusion_reason")), strict=True)
        if on is not None
    }  # fmt: skip


def recounted(
    then: dict[tuple[str, str], Case], now: dict[tuple[str, str], Case]
) -> dict[tuple[str, str, str], list[float]]:
    """(measure, place, month) → changed cases, change of the numerator, change of the denominator."""
    changed: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for key in then.keys() | now.keys():
        sides = then.get(key), now.get(key)
        if sides[0] == sides[1]:
            continue
        parts: dict[tuple[str, str], list[tuple[float, float] | None]] = defaultdict(lambda: [None, None])
        for at, side in enumerate(sides):
            if side is not None and side[4] is None and side[2] is not None and side[3] is not None:
                for place in ("all", side[0]):
                    parts[place, side[1]][at] = (side[2], side[3])
        for (place, month), (before, after) in parts.items():
            if before != after:
                one = changed[key[0], place, month]
                one[0] += 1
                one[1] += (after or (0.0, 0.0))[0] - (before or (0.0, 0.0))[0]
                one[2] += (after or (0.0, 0.0))[1] - (before or (0.0, 0.0))[1]
    return changed


def cause_by_hand(case: str, then: dict[str, Row], now: dict[str, Row]) -> str:
    """Why a stay's figures changed, from the two landing folders alone."""
    before, after = then.get(case), now.get(case)
    if after is None:
        return "removal"
    if before is None:
        return "late"
    if all(
        before[name] == after[name] or (name in COSTS and not before[name]) for name in before if name != "updated_at"
    ):
        return "follow_up"
    return "correction"


def trace(folders: list[Path], rows: list[dict[str, Row]]) -> Iterator[tuple[str, Counter[str]]]:
    """For each pair of issues its name and what agreed and what did not."""
    for at in range(1, len(folders)):
        then, now = cases_of(folders[at - 1]), cases_of(folders[at])
        counted, found = recounted(then, now), Counter[str]()
        told: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        causes: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
        values: dict[tuple[str, str, str], list[tuple[str, str, str]]] = defaultdict(list)
        for row in csv.DictReader(next(folders[at].glob("*.restated.csv")).open(encoding="utf-8", newline="")):
            key = (row["metric"], row["facility_id"], row["month"])
            for place, name in enumerate(("n_cases", "numerator_change", "denominator_change")):
                told[key][place] += float(row[name])
            causes[key][row["cause"]] += int(row["n_cases"])
            values[key].append((row["value_then"], row["value_now"], row["value_change"]))
        found["figures"], found["changed cases"] = len(told), int(sum(one[0] for one in told.values()))
        for key, numbers in told.items():
            agree = all(
                math.isclose(a, b, abs_tol=1e-6, rel_tol=1e-9) for a, b in zip(numbers, counted[key], strict=True)
            )
            found["sums that agree"] += agree
            if values[key][0][0] and values[key][0][1]:
                change = float(values[key][0][1]) - float(values[key][0][0])
                found["values"] += 1
                found["values that add up"] += abs(math.fsum(float(one[2]) for one in values[key]) - change) < 1e-6
            if key[0] in TRACED:
                by_hand = Counter(
                    cause_by_hand(case, rows[at - 1], rows[at])
                    for (name, case) in then.keys() | now.keys()
                    if name == key[0]
                    and _counts_in(then.get((name, case)), key) != _counts_in(now.get((name, case)), key)
                )
                found["traced"] += by_hand.total()
                found["same cause"] += (by_hand & causes[key]).total()
                if by_hand != causes[key]:
                    print(f"  {'/'.join(key)}: {dict(causes[key])} in the ledger, {dict(by_hand)} by hand")
        shown = {
            (row["metric"], row["facility_id"], row["month"])
            for row in csv.DictReader(next(folders[at - 1].glob("*.figures.csv")).open(encoding="utf-8", newline=""))
            if row["metric"] and row["month"] and row["value"] != "withheld"
        }
        found["changed and not told"] = len((shown & counted.keys()) - told.keys())
        yield folders[at].parent.name, found


def _counts_in(case: Case | None, key: tuple[str, str, str]) -> tuple[float, float] | None:
    if case is None or case[4] is not None or case[1] != key[2] or key[1] not in ("all", case[0]):
        return None
    return (case[2], case[3]) if case[2] is not None and case[3] is not None else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.04)
    parser.add_argument("--until", type=Month.parse, default=LAST, help="the last month that is issued")
    parser.add_argument("--out", type=Path, help="keep the hospital and its archive here; goes on where it was")
    parser.add_argument("--write", action="store_true", help="rewrite the section in docs/simulations.md")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "whole").is_dir():
            generate_hospital(folder / "whole", scale=chosen.scale, last_month=LAST)
        (folder / "audiences.yaml").write_text(AUDIENCES, encoding="utf-8")
        folders, rows = [], []
        for month in month_range(FIRST, chosen.until):
            rows.append(write_landing(folder / "whole", folder / "landing", month))
            issued = sorted((folder / "hospital.archive" / "all" / str(month)).glob("issue-*"))
            folders.append(issued[0] if issued else issue(folder, month))
            print(f"issued {month}", flush=True)
        lines = [
            f"{len(folders)} issues in turn of the synthetic hospital at {chosen.scale:g} of its size, each from what "
            "had arrived six days after its month. Every restated figure is counted again from the two archived case "
            "lists in plain Python; for discharges, length of stay and cost each changed stay is traced to its rows in "
            "the two landing folders. Written by `benchmarks.year_of_issues`.",
            "",
            "| issue | figures restated | cases behind them | sums agree | parts add up to the change | cases traced "
            "| same cause | changed and not told |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        for name, found in trace(folders, rows):
            lines.append(
                f"| {name} | {found['figures']} | {found['changed cases']:,} | {found['sums that agree']} | "
                f"{found['values that add up']} of {found['values']} | {found['traced']:,} | {found['same cause']:,} | "
                f"{found['changed and not told']} |"
            )
        print("\n".join(lines))
        if chosen.write:
            put_section("A year of issues, each restatement traced", lines)


if __name__ == "__main__":
    main()
