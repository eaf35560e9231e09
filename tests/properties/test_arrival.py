"""The same files give the same rows and figures however and whenever they came, on an old machine or a new one."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

import duckdb
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.staged.current_rows import create_current_rows, create_ledger_tables
from kpi_pipeline.pipeline.build import build_warehouse
from tests.properties.test_permutation import all_answers
from tests.support.hospitals import many_hospitals
from tests.support.landing import columns_of, write_rows
from tests.support.landings import HEADER, NOW, land, line, take_in

VERSIONED = HEADER.replace("\n", ",payer,updated_at\n")
SETTINGS = Settings(min_denominator=1, min_cost_cases=1, quarantine_limit_pct=100, parts_limit_pct=100)

names = st.lists(
    st.sampled_from(
        [f"encounters_{stem}.csv" for stem in ("2026-09", "2026-10", "20261015", "a", "b", "10", "9", "2026_11_01")]
    ),
    unique=True,
    min_size=1,
    max_size=4,
)
versions = st.lists(
    st.tuples(
        st.sampled_from(["E1", "E2", "E3"]),
        st.sampled_from(["", "2026-10-04 11:00", "2026-10-05 11:00"]),  # when it ended, if it did
        st.sampled_from(["A", "B"]),  # the payer, by which versions are told apart
        st.sampled_from(["", "2026-10-06", "2026-10-07"]),  # when it was changed
    ),
    min_size=1,
    max_size=12,
)


@given(names=names, rows=versions, arrivals=st.randoms(use_true_random=False), declared=st.sampled_from(["", "name"]))
@settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
def test_the_order_in_which_files_arrive_changes_no_current_row(
    names: list[str], rows: Sequence[tuple[str, str, str, str]], arrivals: Random, declared: str
) -> None:
    """Ties and all: what is guessed is guessed the same."""
    parts = {name: rows[at :: len(names)] or rows[:1] for at, name in enumerate(names)}
    files = {name: VERSIONED + "".join(_row(*row) for row in part) for name, part in parts.items()}
    options = {"landing.yaml": f"tables: {{encounters: {{newest_file: {declared}}}}}" if declared else ""}
    with tempfile.TemporaryDirectory() as folder:
        at_once = _current(Path(folder) / "once", files, options, [list(files)])
        order = list(files)
        arrivals.shuffle(order)
        assert _current(Path(folder) / "later", files, options, [[name] for name in order]) == at_once


@given(rows=versions, split=st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
def test_how_one_truth_is_spread_over_files_and_sent_again_changes_no_current_row(
    rows: Sequence[tuple[str, str, str, str]], split: Random
) -> None:
    """Where each version says when it was changed, neither files nor their names decide."""
    dated = {
        (key, f"2026-10-{at + 10}"): _row(key, ends, payer, f"2026-10-{at + 10}")
        for at, (key, ends, payer, _) in enumerate(rows)
    }
    lines = list(dated.values())
    with tempfile.TemporaryDirectory() as folder:
        expected = _current(
            Path(folder) / "one", {"encounters.csv": VERSIONED + "".join(lines)}, {}, [["encounters.csv"]]
        )
        sent = lines + split.choices(lines, k=len(lines))
        split.shuffle(sent)
        n_files = split.randint(1, 4)
        files = {
            f"encounters_{split.choice(['a', '2026-01', '2027-05'])}_{at}.csv": VERSIONED + "".join(sent[at::n_files])
            for at in range(n_files)
        }
        assert _current(Path(folder) / "many", files, {}, [[name] for name in files]) == expected


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_values_and_cases_are_the_same_whenever_the_files_came(seed: int, tmp_path: Path) -> None:
    """A hospital in files of three months, its corrections undated: at once, one by one, and again on a new machine."""
    random = Random(seed)
    hospital = many_hospitals(20261000 + seed, count=20)
    whole = tmp_path / "whole"
    land(whole, {"landing.yaml": "plausible_until: 2027-01-01\n"})
    for table, rows in hospital.tables().items():
        rows = [{name: value for name, value in row.items() if name != "updated_at"} for row in rows]
        resent = random.sample(rows, k=len(rows) // 5)
        for at, part in enumerate((rows[0::2], rows[1::2], resent)):
            write_rows(whole / f"{table}_2026-{at + 7:02d}.csv", part, columns=columns_of(table, rows))
    once = tmp_path / "once.duckdb"
    build_warehouse(whole, once, settings=SETTINGS)
    expected = all_answers(once)
    landing, grown = tmp_path / "landing", tmp_path / "grown.duckdb"
    files = sorted(whole.iterdir(), key=lambda path: (path.name != "landing.yaml", "encounters" not in path.name))
    for number, step in enumerate((files[:3], files[3:6], files[6:])):
        land(landing, {path.name: path.read_bytes() for path in step})
        build_warehouse(landing, grown, settings=SETTINGS, clock=lambda days=number: NOW + timedelta(days=40 * days))
    for name, found in all_answers(grown).items():
        pd.testing.assert_frame_equal(found, expected[name], obj=name)


def _row(encounter_id: str, ended: str, payer: str, updated_at: str) -> str:
    return line(encounter_id, discharged_at=ended).replace("\n", f",{payer},{updated_at}\n")


def _current(
    folder: Path, files: dict[str, str], options: dict[str, str], arrivals: Sequence[Sequence[str]]
) -> list[tuple[object, ...]]:
    """The current rows after the files arrived in these steps, ten days apart; every step is taken in."""
    for number, step in enumerate(arrivals):
        now = NOW + timedelta(days=10 * number)
        intake = take_in(folder, {**options, **{name: files[name] for name in step}}, now=now, settings=SETTINGS)
    with duckdb.connect() as connection:
        create_ledger_tables(connection)
        newest_file = intake.options.of_table("encounters").newest_file
        create_current_rows(
            connection, load_contracts()["encounters"], intake.of_table("encounters"), newest_file=newest_file
        )
        columns = "encounter_id, discharged_at, payer, updated_at"
        return connection.execute(f"SELECT {columns} FROM staged_encounters ORDER BY ALL").fetchall()
