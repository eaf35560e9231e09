"""What publishing a month to many audiences takes, by the clock and in memory. Prints a Markdown table.

Two parts. The ledger alone: fifty facilities and two audiences, a hundred reports of a real one's size, which nobody
draws: numbering, hashing, the archive with every file synchronised to the disk, the outbox; on SQLite and PostgreSQL.
And real reports: the patients of a synthetic hospital are dealt out to facilities, each with a report of its own for
two audiences, drafted, approved and published.

Run from the root of the repository: python -m benchmarks.bench_publish [--facilities 50] [--drawn 50]; --drawn 0 leaves
the second part out.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.core.delivery_settings import DeliverySettings, GateSettings
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.declared.audiences import Audience, Audiences, Person
from kpi_pipeline.delivery.archive import folder_faults
from kpi_pipeline.delivery.outbox import counts
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.issuing.issue_desk import IssueDesk, open_desk
from kpi_pipeline.pipeline.issuing.issues import approve_month, draft_month, publish_month
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import chain_faults
from kpi_pipeline.synthetic.hospital import generate_hospital
from tests.support.delivery import NOON, OCTOBER, StubDesk
from tests.support.state_server import running_server

PDF_BYTES = 300_000
"""About what a month's report weighs."""
PEOPLE = 3
"""Recipients of each audience."""


def main() -> None:
    """Measures the ledger on both databases, then real reports."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--facilities", type=int, default=50)
    parser.add_argument("--drawn", type=int, default=2, help="facilities whose reports are drawn")
    given = parser.parse_args()
    n_facilities = given.facilities
    print("| | reports | drafting | publishing | a report published | mails queued | peak memory |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(prefix="kpi-bench-") as scratch:
        folder = Path(scratch)
        facilities = tuple(f"F{number:02}" for number in range(n_facilities))
        measure_ledger("SQLite", f"sqlite:///{folder}/hospital.state.sqlite", folder / "sqlite", facilities)
        with running_server(folder) as server:
            measure_ledger("PostgreSQL", server.create_database("state"), folder / "postgresql", facilities)
        if given.drawn:
            measure_reports(folder / "real", given.drawn)


def measure_ledger(name: str, url: str, folder: Path, facilities: tuple[str, ...]) -> None:
    """Reports that are made of bytes."""
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        page = _page()
        patch.setattr("tests.support.delivery.one_page", lambda: page)
        desk = StubDesk(folder, url, patch)
        desk.audiences = audiences_of(facilities)
        measure(f"the ledger alone, {name}", desk)
        desk.close()


def measure_reports(folder: Path, n_facilities: int) -> None:
    """Reports that are drawn."""
    folder.mkdir()
    generate_hospital(folder / "whole", scale=max(0.02, 0.007 * n_facilities))
    deal_out(folder / "whole", folder / "landing", n_facilities)
    warehouse = folder / "hospital.duckdb"
    built = build_warehouse(folder / "landing", warehouse)
    settings = Settings(delivery=DeliverySettings(gate=GateSettings(min_coded_pct=0, min_costed_pct=0)))
    audiences = audiences_of(tuple(one.facility_id for one in built.facts.watermarks))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kpi_pipeline.pipeline.issuing.issue_desk.read_audiences", lambda *_, **__: audiences)
        with open_desk(warehouse, settings=settings) as desk:
            measure("drawn reports, SQLite", desk)


def deal_out(whole: Path, landing: Path, n_facilities: int) -> None:
    """A hospital of so many facilities, each with a share of another's patients. Its wards, shifts and budget, which
    cannot be shared out so, are left out."""
    landing.mkdir()
    left_out = {"facilities", "units", "census", "staffing", "budget"}
    for file in sorted(whole.glob("*.csv")):
        if file.stem in left_out:
            continue
        share = f"'F' || lpad((hash(person_id) % {n_facilities})::VARCHAR, 2, '0')"
        replaced = (
            f"SELECT * REPLACE ({share} AS facility_id, '' AS unit_id)" if file.stem[:4] == "enco" else "SELECT *"
        )
        rows = f"{replaced} FROM read_csv('{file}', all_varchar = true)"
        duckdb.execute(f"COPY ({rows}) TO '{landing / file.name}' (FORMAT csv, HEADER)")
    names = [f"F{number:02}" for number in range(n_facilities)]
    heading = "facility_id,facility_name,time_zone,opened_on,closed_on,licensed_beds"
    rows_of = [f"{name},Hospital {name},America/New_York,1990-01-01,,100" for name in names]
    (landing / "facilities.csv").write_text("\n".join([heading, *rows_of]) + "\n", encoding="utf-8")
    about = (whole / "landing.yaml").read_text(encoding="utf-8").splitlines()
    ends = next(line for line in about if line.startswith("  ")).split(": ")[1]
    kept = [line for line in about if not line.startswith("  ")]
    at = kept.index("complete_through:") + 1
    kept[at:at] = [f"  {name}: {ends}" for name in names]
    (landing / "landing.yaml").write_text("\n".join(kept) + "\n", encoding="utf-8")


def measure(name: str, desk: IssueDesk) -> None:
    """One month: prints a row. An issue that is missing or not whole is an error."""
    n_reports = sum(len(one.scopes) for one in desk.audiences.audiences)
    started = time.perf_counter()
    draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    drafted = time.perf_counter()
    approve_month(desk, OCTOBER, by="Director", at=NOON)
    before = time.perf_counter()
    published = publish_month(desk, OCTOBER, by="Analyst", at=NOON)
    seconds = time.perf_counter() - before
    assert len(published) == n_reports
    assert [folder_faults(one.folder) for one in published] == [[]] * n_reports
    assert counts(desk.database) == {"queued": PEOPLE * n_reports}
    _check_chain(desk.database)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {name} | {n_reports} | {drafted - started:,.1f} s | {seconds:,.1f} s | {seconds / n_reports:,.2f} s | "
          f"{PEOPLE * n_reports} | {memory:,.0f} MB |", flush=True)  # fmt: skip


def audiences_of(facilities: tuple[str, ...]) -> Audiences:
    """Two audiences, each with a report for every facility."""
    people = tuple(Person(address=f"p{number}@hospital.example", name=f"Person {number}") for number in range(PEOPLE))
    both = tuple(
        Audience(name=name, scope=facilities, profile=profile, people=people)  # type: ignore[arg-type]
        for name, profile in (("executives", "internal"), ("board", "board"))
    )
    return Audiences(allowed_domains=("hospital.example",), audiences=both)


def _check_chain(database: Database) -> None:
    with database.reading() as session:
        assert chain_faults(session) == []


def _page() -> bytes:
    from tests.support.delivery import one_page

    return one_page() + b"\n%" + os.urandom(PDF_BYTES // 2).hex().encode()


if __name__ == "__main__":
    main()
