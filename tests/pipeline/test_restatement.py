"""Figures that changed since they were shown: each case one cause, each cause its exact part; by random edits whose
causes are known, and by hand for each kind of value."""

from __future__ import annotations

import json
import math
import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.restated.judge import hide_few, with_all_numbers
from kpi_pipeline.judgement.restated.ledger import CAUSES, Cause, Restated
from kpi_pipeline.judgement.restated.split import ChangedCase, Side, Sums, split_change, value_of
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, load_metrics
from kpi_pipeline.pipeline.history.evidence import _CASES, _TRACE, ABOUT, CASES, TRACE
from kpi_pipeline.pipeline.history.restatement import Shown, compare_evidence, read_shown

RETURNS, COST, MEDIAN, GEOMETRIC = (
    "readmission_30d",
    "total_cost_per_case_usd",
    "length_of_stay_median_days",
    "length_of_stay_geometric_days",
)
METRICS = {name: metric for name, metric in load_metrics().items() if name in (RETURNS, COST, MEDIAN, GEOMETRIC)}
MONTHS = ("2026-05", "2026-06")
COLUMNS = ["facility_id", "month", "days", "total_cost"]


@dataclass(frozen=True)
class Encounter:
    id: str
    person: str
    facility_id: str
    month: str
    days: int
    total_cost: float | None
    mature: bool = True


@dataclass
class World:
    """A hospital as an issue knows it. weight: a reference table; longest: a definition's rule; bug: of a release."""

    encounters: list[Encounter]
    weight: float = 1.0
    longest: int = 99
    bug: float = 0.0
    files: list[str] = field(default_factory=lambda: ["a"])

    def cases(self) -> Iterable[tuple[str, Encounter, float, str | None]]:
        """(measure, case, numerator, exclusion): a return is any later encounter of the same person."""
        later = defaultdict(list)
        for one in self.encounters:
            later[one.person].append(one.id)
        for one in self.encounters:
            waits = None if one.mature else INSUFFICIENT_FOLLOWUP
            yield RETURNS, one, float(max(later[one.person]) > one.id), waits
            cost = (one.total_cost or 0.0) * self.weight + self.bug
            yield COST, one, cost, "not_costed" if one.total_cost is None else None
            for name in (MEDIAN, GEOMETRIC):
                yield name, one, float(one.days), "too_long" if one.days > self.longest else None

    def write(self, folder: Path) -> None:
        folder.mkdir()
        rows = [
            (name, one.id, one.facility_id, None, datetime.fromisoformat(f"{one.month}-15"), n, 1.0, reason)
            for name, one, n, reason in self.cases()
        ]
        _write(rows, _CASES, folder / CASES)
        trace = [
            ("encounters", one.id, one.id, zlib.crc32(one.person.encode()), 1, _hashes(one)) for one in self.encounters
        ]
        _write(trace, _TRACE, folder / TRACE, metadata={"columns": json.dumps({"encounters": COLUMNS})})
        about = {
            "files": {"encounters": self.files},
            "reference": {"weights": str(self.weight)},
            "options": [],
            "program": ["1.0", str(self.bug)],
            "metrics": {name: [1, str(self.longest) if name in (MEDIAN, GEOMETRIC) else ""] for name in METRICS},
        }
        (folder / ABOUT).write_text(json.dumps(about))


def _hashes(one: Encounter) -> list[int]:
    values = [one.facility_id, one.month, one.days, one.total_cost]
    hashes = [0 if value is None else 1 + zlib.crc32(str(value).encode()) % 65535 for value in values]
    return [*hashes, zlib.crc32(str(values).encode()) % 65535]


def _write(rows: list[tuple[object, ...]], schema: pa.Schema, file: Path, metadata: object = None) -> None:
    columns = [pa.array([row[at] for row in rows], kind) for at, kind in enumerate(schema.types)]
    table = pa.Table.from_arrays(columns, schema=schema)
    pq.write_table(table.replace_schema_metadata(metadata) if metadata else table, file)


def compare(then: World, now: World, folder: Path) -> Restated:
    folder.mkdir(exist_ok=True)
    then.write(folder / "then")
    now.write(folder / "now")
    places = ["all", *sorted({one.facility_id for one in then.encounters})]
    shown = {
        (name, place, Month.parse(month)): Shown(1, None, is_final=True)
        for name in METRICS
        for place in places
        for month in MONTHS
    }
    return compare_evidence(
        folder / "then", folder / "now", shown=shown, metrics=METRICS, number=1, month=Month.parse("2026-06")
    )


def make_world(random: Random) -> World:
    """Forty people with one to three encounters; ids rise with time."""
    encounters = []
    for person in range(40):
        for _ in range(random.choice((1, 1, 2, 3))):
            encounters.append(
                Encounter(
                    id=f"E{len(encounters):04}",
                    person=f"P{person:02}",
                    facility_id=random.choice("AB"),
                    month=random.choice(MONTHS),
                    days=random.randint(1, 12),
                    total_cost=random.choice((None, float(random.randint(1, 90)))),
                    mature=random.random() < 0.8,
                )
            )
    return World(encounters)


def edit(world: World, kind: str, person: str, random: Random) -> None:
    """One change of a known cause, to one person who is in no other edit."""
    own = [one for one in world.encounters if one.person == person]
    at = world.encounters.index(own[0])
    one = own[0]
    if kind == "late":
        world.encounters.append(replace(one, id=f"L{person}", month=random.choice(MONTHS), mature=True))
    elif kind == "correction":
        world.encounters[at] = replace(one, days=one.days + 1, month=random.choice(MONTHS))
    elif kind == "removal":
        world.encounters.remove(one)
    elif kind == "identity":
        world.encounters[at] = replace(one, person=f"{person}x")
    elif kind == "follow_up" and one.total_cost is None:
        world.encounters[at] = replace(one, total_cost=7.0)
    elif kind == "follow_up":
        world.encounters[at] = replace(one, mature=not one.mature)


KINDS: tuple[Cause, ...] = ("late", "correction", "removal", "identity", "follow_up")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10_000),
    kinds=st.lists(st.sampled_from(KINDS), max_size=12),
    above=st.sampled_from(["", "reference", "definition", "program"]),
)
def test_random_edits_of_known_cause_are_named_and_sum_exactly(
    seed: int, kinds: list[Cause], above: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    random = Random(seed)
    then = make_world(random)
    now = replace(then, encounters=list(then.encounters), files=["a", "b"] if kinds else ["a"])
    cause_of_person = dict(zip((f"P{at:02}" for at in range(40)), kinds, strict=False))
    for person, kind in cause_of_person.items():
        edit(now, kind, person, random)
    now.weight, now.longest = (2.0 if above == "reference" else 1.0), (9 if above == "definition" else 99)
    now.bug = 0.5 if above == "program" else 0.0

    ledger = compare(then, now, tmp_path_factory.mktemp("evidence"))
    expected = _expected(then, now, cause_of_person, above)
    found = {
        (one.metric, one.facility_id, str(one.month), part.cause): (part.n_cases, part.numerator, part.denominator)
        for one in ledger.figures
        for part in one.parts
    }
    assert found == expected
    for one in ledger.figures:
        assert math.fsum(part.numerator for part in one.parts) == one.numerator_now - one.numerator_then
        assert math.fsum(part.denominator for part in one.parts) == one.denominator_now - one.denominator_then
        assert [CAUSES.index(part.cause) for part in one.parts] == sorted(CAUSES.index(p.cause) for p in one.parts)


def _expected(
    then: World, now: World, cause_of_person: dict[str, Cause], above: str
) -> dict[tuple[str, str, str, str], tuple[int, float, float]]:
    """By hand: for each person the difference of what they add to each figure, under the cause of their edit. A case
    whose follow-up was or is not over is told so; where the definition or a table changed, what another row of the
    same person did to a case is told as that."""
    sides: dict[tuple[str, str], list[tuple[Encounter, float, str | None] | None]] = defaultdict(lambda: [None, None])
    for at, world in enumerate((then, now)):
        for name, one, numerator, reason in world.cases():
            sides[name, one.id][at] = (one, numerator, reason)
    found: dict[tuple[str, str, str, str], tuple[int, float, float]] = {}
    for (name, case), (before, after) in sides.items():
        person = (before or after)[0].person.removesuffix("x")  # type: ignore[index]
        cause = _cause(name, case, before, after, cause_of_person.get(person), above, then, now)
        touched: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
        counts: dict[tuple[str, str], list[object]] = defaultdict(lambda: [None, None])
        for sign, side in ((-1, before), (1, after)):
            if side is None or side[2] is not None:
                continue
            for place in ("all", side[0].facility_id):
                touched[place, side[0].month][0] += sign * side[1]
                touched[place, side[0].month][1] += sign
                counts[place, side[0].month][sign > 0] = side[1]
        for (place, month), (numerator, denominator) in touched.items():
            if counts[place, month][0] == counts[place, month][1]:
                continue
            key = (name, place, month, cause)
            n, was, of = found.get(key, (0, 0.0, 0.0))
            found[key] = (n + 1, was + numerator, of + denominator)
    return found


def _cause(name, case, before, after, kind, above, then, now) -> str:  # type: ignore[no-untyped-def]
    reasons = {side[2] for side in (before, after) if side}
    if INSUFFICIENT_FOLLOWUP in reasons:
        return "follow_up"
    applies = (
        above
        if above == "program"
        else (
            "reference"
            if above == "reference"
            else "definition"
            if above == "definition" and name in (MEDIAN, GEOMETRIC)
            else "unexplained"
        )
    )
    own = before is None or after is None or _row(before[0]) != _row(after[0])
    if own and kind in ("late", "correction", "removal", "follow_up"):
        return kind
    if kind == "identity":
        return "identity"
    if kind in ("late", "correction", "removal", "follow_up") and applies not in ("reference", "definition"):
        return kind if _rows_of(then, before, after) != _rows_of(now, before, after) else applies
    return applies


def _row(one: Encounter) -> tuple[object, ...]:
    return one.facility_id, one.month, one.days, one.total_cost


def _rows_of(world, before, after):  # type: ignore[no-untyped-def]
    people = {side[0].person for side in (before, after) if side}
    return sorted((one.id, _row(one)) for one in world.encounters if one.person in people)


@pytest.mark.parametrize("name", [RETURNS, COST, MEDIAN, GEOMETRIC])
def test_the_value_is_split_step_by_step_and_the_steps_add_up(name: str) -> None:
    metric = METRICS[name]
    numerators = (1.0, 4.0, 2.0, 8.0)
    then = Sums(15.0, 4.0, 4, sum(map(math.log, numerators)), tuple((one, 1.0) for one in numerators))
    changed = [
        ChangedCase("late", None, Side(16.0, 1.0)),
        ChangedCase("correction", Side(8.0, 1.0), Side(3.0, 1.0), ("encounters.total_cost",)),
        ChangedCase("removal", Side(1.0, 1.0), None),
    ]
    now, parts = split_change(then, changed, metric)
    left = (4.0, 2.0, 16.0, 3.0)
    assert (now.numerator, now.denominator, now.n_cases) == (25.0, 4.0, 4)
    assert sorted(one for one, _ in now.cases) == sorted(left if name == MEDIAN else numerators)
    whole = value_of(Sums(25.0, 4.0, 4, sum(map(math.log, left)), tuple((one, 1.0) for one in left)), metric)
    before = value_of(then, metric)
    assert whole is not None
    assert before is not None
    assert value_of(now, metric) == pytest.approx(whole, rel=1e-12)
    assert sum(part.value or 0 for part in parts) == pytest.approx(whole - before, rel=1e-9)
    assert [(part.cause, part.n_cases) for part in parts] == [("late", 1), ("correction", 1), ("removal", 1)]
    assert parts[1].columns == ("encounters.total_cost",)


def test_rows_explain_nothing_where_no_file_of_their_table_landed(tmp_path: Path) -> None:
    then = make_world(Random(1))
    now = replace(then, encounters=then.encounters[1:])
    ledger = compare(then, now, tmp_path)
    assert {part.cause for one in ledger.figures for part in one.parts} <= {"unexplained", "follow_up"}


COMPARED = "total_cost_drg_index"


def _write_compared(folder: Path, *, cost: int, norms: dict[str, float], files: list[str], program: str = "1") -> None:
    """One stay a month: that of May cost so much, and each month is compared with its norm."""
    folder.mkdir()
    costs = {"2026-05": float(cost), "2026-06": 500.0}
    cases = [
        (COMPARED, f"S{month}", "A", None, datetime.fromisoformat(f"{month}-15"), costs[month], norms[month], None)
        for month in MONTHS
    ]
    _write(cases, _CASES, folder / CASES)
    stays = [("encounters", f"S{month}", f"S{month}", 1, 1, [int(costs[month]), 1]) for month in MONTHS]
    compared = [("yearly_costs_per_weight", month, None, None, 1, [int(norms[month]), 1]) for month in MONTHS]
    columns = {"encounters": ["total_cost"], "yearly_costs_per_weight": ["cost_per_weight_usd"]}
    _write([*stays, *compared], _TRACE, folder / TRACE, metadata={"columns": json.dumps(columns)})
    about = {"files": {"encounters": files}, "reference": {}, "options": [], "program": ["1.0", program]}
    (folder / ABOUT).write_text(json.dumps({**about, "metrics": {COMPARED: [1, ""]}}))


@pytest.mark.parametrize(
    ("files", "program", "cost", "norms", "expected"),
    [
        (["a", "b"], "1", 700, (400.0, 450.0), {"2026-05": "correction", "2026-06": "comparison"}),
        (["a", "b"], "1", 600, (400.0, 450.0), {"2026-06": "unexplained"}),
        (["a", "b"], "2", 700, (400.0, 450.0), {"2026-05": "correction", "2026-06": "comparison"}),
        (["a"], "2", 600, (400.0, 450.0), {"2026-06": "program"}),
        (["a"], "1", 600, (400.0, 450.0), {"2026-06": "unexplained"}),
        (["a", "b"], "1", 700, (400.0, 400.0), {"2026-05": "correction"}),
    ],
)
def test_a_month_whose_year_before_changed_is_said_to_be_compared_with_another_year(
    files: list[str], program: str, cost: int, norms: tuple[float, float], expected: dict[str, str], tmp_path: Path
) -> None:
    """The stay of May costs 100 more than was known, so that June, compared with 400 before, is compared with 450."""
    _write_compared(tmp_path / "then", cost=600, norms={"2026-05": 400.0, "2026-06": 400.0}, files=["a"])
    now = dict(zip(MONTHS, norms, strict=True))
    _write_compared(tmp_path / "now", cost=cost, norms=now, files=files, program=program)
    shown = {(COMPARED, "A", Month.parse(month)): Shown(1, None, is_final=True) for month in MONTHS}
    metrics = {COMPARED: load_metrics()[COMPARED]}
    ledger = compare_evidence(
        tmp_path / "then", tmp_path / "now", shown=shown, metrics=metrics, number=1, month=Month.parse("2026-06")
    )
    found = {str(one.month): [(p.cause, p.numerator, p.denominator) for p in one.parts] for one in ledger.figures}
    moved = {"2026-05": (cost - 600.0, norms[0] - 400.0), "2026-06": (0.0, norms[1] - 400.0)}
    assert found == {month: [(cause, *moved[month])] for month, cause in expected.items()}


def test_the_same_evidence_has_no_ledger_and_a_changed_rule_is_named_with_its_measure(tmp_path: Path) -> None:
    world = make_world(Random(2))
    assert compare(world, world, tmp_path).figures == ()
    (tmp_path / "b").mkdir()
    ledger = compare(world, replace(world, longest=5), tmp_path / "b")
    assert set(ledger.defined_anew) == {MEDIAN, GEOMETRIC}
    assert {part.cause for one in ledger.figures for part in one.parts} == {"definition"}


def test_a_copy_that_withholds_names_causes_and_no_number_of_few(tmp_path: Path) -> None:
    then = make_world(Random(3))
    now = replace(then, encounters=list(then.encounters), files=["a", "b"])
    edit(now, "late", "P00", Random(0))
    ledger = compare(then, now, tmp_path)
    assert with_all_numbers(ledger, ledger.figures).causes_only == frozenset()
    board = hide_few(ledger, ledger.figures, threshold=11, with_sums=keys(ledger))
    assert {(one.metric, one.facility_id, one.month) for one in board.figures} == board.causes_only
    for one in board.figures:
        assert all(
            (part.n_cases, part.numerator, part.denominator, part.value) == (0, 0.0, 0.0, None) for part in one.parts
        )


def test_many_changed_stays_of_one_person_are_of_one_person(tmp_path: Path) -> None:
    stays = [
        Encounter(f"E{n:03}", "P0" if n < 12 else f"P{n}", "A", MONTHS[0], days=2 + n % 5, total_cost=float(n))
        for n in range(60)
    ]
    costed = [replace(one, total_cost=(one.total_cost or 0.0) + (100.0 * (one.person == "P0"))) for one in stays]
    ledger = compare(World(stays), World(costed, files=["a", "b"]), tmp_path)
    (whole,) = [one for one in ledger.figures if (one.metric, one.facility_id) == (COST, "all")]
    assert (sum(part.n_cases for part in whole.parts), whole.n_people, whole.n_behind) == (12, 1, 1)
    board = hide_few(ledger, ledger.figures, threshold=11, with_sums=keys(ledger))
    assert (COST, "all", Month.parse(MONTHS[0])) in board.causes_only


def keys(ledger: Restated) -> set[tuple[str, str, Month]]:
    return {(one.metric, one.facility_id, one.month) for one in ledger.figures}


def test_what_a_file_knows_of_the_present_alone_replaces_what_it_knew_and_is_not_restated(tmp_path: Path) -> None:
    one = Encounter("a", "p", "H", "2026-05", 3, 100.0)
    other = replace(one, id="b", month="2026-06")
    told = compare(World([one]), World([other], files=["b"]), tmp_path / "present")
    assert (told.figures, told.n_compared) == ((), 0)
    for then, now in (([one], [one, other]), ([other], [one]), ([one, other], [other])):
        name = f"{len(then)}-{len(now)}-{now[0].id}"
        assert compare(World(then), World(now, files=["b"]), tmp_path / name).figures, name


def test_withheld_figures_of_an_issue_were_not_shown() -> None:
    text = (
        "figure_id,metric,version,facility_id,month,value,maturity\r\n"
        "m/all/2026-05,m,2,all,2026-05,1.5,final\r\n"
        "m/all/2026-06,m,2,all,2026-06,withheld,final\r\n"
        "m/'=x/2026-06,m,2,'=x,2026-06,,provisional\r\n"
        "n/all,n,1,all,,,\r\n"
    )
    shown = read_shown(text)
    assert shown[("m", "all", Month.parse("2026-05"))] == Shown(2, 1.5, is_final=True)
    assert shown[("m", "=x", Month.parse("2026-06"))] == Shown(2, None, is_final=False)
    assert len(shown) == 2


def test_a_median_of_waits_counts_those_that_had_not_ended_and_none_where_more_than_half_still_wait() -> None:
    """By hand: of four, one ends after 1, one is last seen at 2, the others end after 3 and 4. Left waiting after 1:
    3/4; after 3, of two at risk: 3/8, no more than half."""
    waits = METRICS[MEDIAN].model_copy(update={"kind": "survival_median"})
    assert value_of(Sums(10.0, 3.0, 4, cases=((4.0, 1.0), (1.0, 1.0), (2.0, 0.0), (3.0, 1.0))), waits) == 3.0
    assert value_of(Sums(3.0, 1.0, 3, cases=((1.0, 1.0), (1.0, 0.0), (1.0, 0.0))), waits) is None
