"""Full feeds: what the newest extract no longer holds is removed, counted and told; a cut extract is refused."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.core.errors import CheckError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.ingest import IntakeResult
from kpi_pipeline.intake.staged.current_rows import create_current_rows, create_ledger_tables
from kpi_pipeline.pipeline.build import BuildResult, build_warehouse
from kpi_pipeline.pipeline.checking.check_landing import try_landing
from kpi_pipeline.warehouse.connection import open_warehouse
from tests.support.landings import HEADER, faults_of, land, line, take_in
from tests.support.said import said

FULL = "feed: full\ncomplete_through: 2026-10-31\n"
SEPTEMBER, OCTOBER = "encounters_2026-09.csv", "encounters_2026-10.csv"


def extract(*numbers: int, payer: str = "") -> str:
    header = HEADER.replace("\n", ",payer\n") if payer else HEADER
    rows = [line(f"E{n}", person_id=f"P{n}").replace("\n", f",{payer}\n" if payer else "\n") for n in numbers]
    return header + "".join(rows)


def current(intake: IntakeResult) -> tuple[list[str], dict[str, tuple[int, ...]], list[tuple[str, str]]]:
    """The current encounters, per file (rows in, staged, quarantined, duplicate, superseded), and rows removed."""
    with duckdb.connect() as connection:
        create_ledger_tables(connection)
        create_current_rows(
            connection,
            load_contracts()["encounters"],
            intake.of_table("encounters"),
            feed=intake.options.feed_of("encounters"),
        )
        ids = [
            row[0] for row in connection.execute("SELECT encounter_id FROM staged_encounters ORDER BY ALL").fetchall()
        ]
        ledger = connection.execute(
            "SELECT file_name, rows_in, staged, quarantined, duplicate, superseded FROM row_ledger"
        ).fetchall()
        removed = connection.execute(
            "SELECT file_name, CAST(source_line AS VARCHAR) FROM row_versions WHERE fate = 'removed' ORDER BY ALL"
        ).fetchall()
    return ids, {name: tuple(counts) for name, *counts in ledger}, removed


def test_a_row_that_is_not_sent_again_is_removed_and_each_row_is_accounted_for(tmp_path: Path) -> None:
    files = {SEPTEMBER: extract(1, 2, 3, payer="old"), OCTOBER: extract(1, 3, 4, payer="new"), "landing.yaml": FULL}
    ids, ledger, removed = current(take_in(tmp_path, files))
    assert ids == ["E1", "E3", "E4"]
    assert ledger == {SEPTEMBER: (3, 0, 0, 0, 3), OCTOBER: (3, 3, 0, 0, 0)}
    assert removed == [(SEPTEMBER, "3")]


def test_a_delta_feed_keeps_what_is_not_sent_again(tmp_path: Path) -> None:
    ids, _, removed = current(take_in(tmp_path, {SEPTEMBER: extract(1, 2), OCTOBER: extract(1)}))
    assert (ids, removed) == (["E1", "E2"], [])


def test_the_newest_extract_decides_before_any_time_of_update(tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",updated_at\n")
    earlier = header + line("E1", discharged_at="2026-10-09").replace("\n", ",2026-10-20\n")
    later = header + line("E1", discharged_at="2026-10-05").replace("\n", ",2026-10-06\n")
    intake = take_in(tmp_path, {SEPTEMBER: earlier, OCTOBER: later, "landing.yaml": FULL})
    with duckdb.connect() as connection:
        create_ledger_tables(connection)
        files = intake.of_table("encounters")
        create_current_rows(connection, load_contracts()["encounters"], files, feed="full")
        (row,) = connection.execute("SELECT CAST(discharged_at AS VARCHAR) FROM staged_encounters").fetchall()
    assert row[0].startswith("2026-10-05")


def test_a_row_gone_for_two_extracts_is_one_removal_and_files_of_one_date_are_one_extract(tmp_path: Path) -> None:
    files = {
        "encounters_2026-08.csv": extract(1, 2, payer="a"),
        SEPTEMBER: extract(1, 2, payer="b"),
        "encounters_north_2026-10.csv": extract(1, payer="c"),
        "encounters_south_2026-10.csv": extract(7, payer="c"),
        "landing.yaml": FULL,
    }
    ids, ledger, removed = current(take_in(tmp_path, files))
    assert ids == ["E1", "E7"]
    assert removed == [(SEPTEMBER, "3")]
    assert all(rows_in == staged + out + again + old for rows_in, staged, out, again, old in ledger.values())


def test_a_full_feed_of_several_files_without_dates_is_refused(tmp_path: Path) -> None:
    files = {"encounters_a.csv": extract(1), "encounters_b.csv": extract(2), "landing.yaml": "feed: full\n"}
    (fault,) = faults_of(tmp_path, files)
    assert fault == (
        "landing.yaml: encounters is a full feed of 2 files, and nothing tells which is the newest extract: "
        "encounters_a.csv has not one date in its name. Name them like encounters_2026-10-31.csv, write newest_file: "
        "name, or leave only the newest there."
    )


def built(folder: Path, files: dict[str, str], **settings: float) -> BuildResult:
    landing = land(folder / "landing", files)
    return build_warehouse(
        landing, folder / "kpi.duckdb", settings=Settings(min_denominator=1).model_copy(update=settings)
    )


def n_encounters(folder: Path) -> int:
    with open_warehouse(folder / "kpi.duckdb") as connection:
        return int(connection.execute("SELECT COUNT(*) FROM encounters").fetchall()[0][0])


def test_removals_are_told_and_an_extract_that_shrank_is_refused_with_the_last_warehouse_kept(tmp_path: Path) -> None:
    told = built(tmp_path, {SEPTEMBER: extract(*range(300)), OCTOBER: extract(*range(295)), "landing.yaml": FULL})
    assert (
        "encounters: 5 rows of earlier extracts are not in the newest one and no longer counted, since each extract is "
        "declared whole (feed: full)."
    ) in said(told.facts.warnings)
    cut = {"encounters_2026-11.csv": extract(*range(200))}
    with pytest.raises(CheckError) as caught:
        built(tmp_path, cut)
    assert str(caught.value).startswith(
        "encounters: 95 of 295 rows of the extract before are not in the newest one, more than the limit of 5% "
        "(feed: full). Export the file whole."
    )
    assert n_encounters(tmp_path) == 295
    built(tmp_path, cut, removed_limit_pct=40)
    assert n_encounters(tmp_path) == 200


def test_a_full_file_that_is_written_over_is_held_against_the_last_build(tmp_path: Path) -> None:
    first = built(tmp_path, {"encounters.csv": extract(*range(300)), "landing.yaml": FULL})
    landing = land(tmp_path / "next", {"encounters.csv": extract(*range(296)), "landing.yaml": FULL})
    (tmp_path / "try").mkdir()
    tried = try_landing(landing, tmp_path / "try", source=None, settings=Settings(), warehouse=first.warehouse)
    assert [(one.table, one.gone, one.before) for one in tried.lost] == [("encounters", 4, 300)]
    assert first.lost == ()
    second = built(tmp_path, {"encounters.csv": extract(*range(4, 300))})
    assert [(one.table, one.gone, one.before) for one in second.lost] == [("encounters", 4, 300)]
    with pytest.raises(CheckError, match=r"encounters: 96 of 296 rows of the extract before"):
        built(tmp_path, {"encounters.csv": extract(*range(100, 300))})
    assert n_encounters(tmp_path) == 296


def test_one_table_alone_may_be_full(tmp_path: Path) -> None:
    intake = take_in(tmp_path, {"encounters.csv": extract(1), "landing.yaml": "tables: {denials: {feed: full}}\n"})
    assert (intake.options.feed_of("denials"), intake.options.feed_of("encounters")) == ("full", "delta")


def test_a_voided_encounter_makes_no_stay_and_raises_no_warning(tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",updated_at\n")
    first = "".join(line(f"E{n}", person_id=f"P{n}").replace("\n", ",2026-10-06\n") for n in range(3))
    void = line("E1", person_id="P1", encounter_type="voided").replace("\n", ",2026-10-20\n")
    options = "complete_through: 2026-10-31\n"
    done = built(
        tmp_path, {"encounters_1.csv": header + first, "encounters_2.csv": header + void, "landing.yaml": options}
    )
    with open_warehouse(tmp_path / "kpi.duckdb") as connection:
        stays = [row[0] for row in connection.execute("SELECT stay_id FROM stays ORDER BY ALL").fetchall()]
    assert stays == ["E0", "E2"]
    assert not any("voided" in warning or "type" in warning for warning in said(done.facts.warnings))
