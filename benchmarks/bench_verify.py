"""Whether `kpi verify` says nothing of honest reports and names what was changed, and how long it takes.

Small hospitals issue months to audiences inside and outside the house, of all hospitals and of one, with a brief. Each
PDF that was issued is verified: a fault would be a false alarm. Then each is changed in one digit of a page, one case,
one attached file, or held against another archive: what is not named is missed. Every fifth report is changed.

Run from the root of the repository: python -m benchmarks.bench_verify [--hospitals 2] [--months 5]
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from kpi_pipeline.core.delivery_settings import DeliverySettings, GateSettings
from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.issuing import issue_draft, issue_publication
from kpi_pipeline.pipeline.issuing.issues import open_desk
from kpi_pipeline.pipeline.tracing.verify import verify_report
from kpi_pipeline.report.forms.pdf import Attachment, render_pdf
from kpi_pipeline.report.model import Report
from kpi_pipeline.state.database import Database
from kpi_pipeline.synthetic.hospital import generate_hospital

NOW = datetime(2026, 11, 9, 12, 0, tzinfo=UTC)
LAST = Month(2026, 10)
FORMS = "[pdf, brief]"
CHANGED = 5
"""Every so manyth report is changed as well."""


def audiences(facility: str) -> str:
    """Three readers of all hospitals, two of one."""
    rows = [("executives", "all", "internal"), ("board", "all", "board"), ("public", "all", "external"),
            ("own", f"[{facility}]", "internal"), ("ownboard", f"[{facility}]", "board")]  # fmt: skip
    lines = ["allowed_domains: [hospital.example]", "operators: [it@hospital.example]", "audiences:"]
    for name, scope, profile in rows:
        lines.append(
            f"  - {{name: {name}, scope: {scope}, profile: {profile}, forms: {FORMS}, "
            f"people: [{{address: {name}@hospital.example, name: Reader}}]}}"
        )
    return "\n".join(lines) + "\n"


def issue_all(folder: Path, seed: int, months: int) -> None:
    """A hospital with so many months issued to everybody, as its data stand at the end."""
    generate_hospital(folder / "landing", seed=seed, scale=0.02)
    built = build_warehouse(folder / "landing", folder / "hospital.duckdb")
    (folder / "audiences.yaml").write_text(audiences(built.facts.watermarks[0].facility_id), encoding="utf-8")
    settings = Settings(
        delivery=DeliverySettings(
            audiences=folder / "audiences.yaml", gate=GateSettings(min_coded_pct=0, min_costed_pct=0)
        )
    )
    for back in reversed(range(months)):
        with open_desk(folder / "hospital.duckdb", settings=settings) as desk:
            issue_draft.draft_month(desk, LAST.plus(-back), by="Analyst", at=NOW)
            issue_publication.approve_month(desk, LAST.plus(-back), by="Director", at=NOW)
            issue_publication.publish_month(desk, LAST.plus(-back), by="Analyst", at=NOW)


def faults_of(folder: Path, pdf: Path, *, archive: Path | None = None) -> tuple[str, ...]:
    """What is named of a PDF. An archive that does not know it names that."""
    database = Database(f"sqlite:///{folder / 'hospital.state.sqlite'}")
    try:
        return verify_report(
            pdf, archive=archive or folder / "hospital.archive", database=database, landing=folder / "landing",
            progress=lambda _: None,
        ).faults  # fmt: skip
    except InputError as error:
        return (str(error),)
    finally:
        database.close()


def changed(folder: Path, pdf: Path, scratch: Path, chance: random.Random) -> Iterator[tuple[str, bool]]:
    """Each kind of change made to one issued report, and whether what is named is that change."""
    yield "a digit of a page", _digit_is_named(folder, pdf, scratch / "digit.pdf", chance)
    yield "a digit of the attached figures", _attachment_is_named(folder, pdf, scratch / "attached.pdf", chance)
    yield "an attachment exchanged", _exchange_is_named(folder, pdf, scratch / "exchanged.pdf")
    copy = scratch / "archive"
    shutil.copytree(folder / "hospital.archive", copy)
    for path in copy.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    yield "a case", _case_is_named(folder, pdf, copy / pdf.parent.relative_to(folder / "hospital.archive"), copy)
    shutil.rmtree(copy)
    told = faults_of(folder, pdf, archive=scratch / "another")
    yield "another archive", len(told) == 1 and "belongs to no issue in this archive" in told[0]


def _digit_is_named(folder: Path, pdf: Path, forged: Path, chance: random.Random) -> bool:
    """One digit of the first page: of a tile, or of the day the data end, printed anew with the true attachments."""
    model = next(pdf.parent.glob("*.model.json"))
    report = Report.model_validate_json(model.read_bytes())
    said = report.model_dump_json()
    values = sorted({str(one.reading.value) for one in report.front.tiles if one.reading.value})
    value = chance.choice(values or [report.front.cut_off])
    place = chance.choice([found.start() for found in re.finditer(r"\d", value)])
    wrong = f"{value[:place]}{(int(value[place]) + chance.randint(1, 9)) % 10}{value[place + 1 :]}"
    forged_report = Report.model_validate_json(said.replace(json.dumps(value), json.dumps(wrong)))
    with pikepdf.open(pdf) as document:
        attached = [
            Attachment(name, one.get_file().read_bytes(), one.description) for name, one in document.attachments.items()
        ]
    forged.write_bytes(render_pdf(forged_report, attachments=attached))
    old, new = next((a, b) for a, b in zip(value.split(), wrong.split(), strict=True) if a != b)
    return any(one.startswith("PDF, page ") and new in one and old in one for one in faults_of(folder, forged))


def _attachment_is_named(folder: Path, pdf: Path, forged: Path, chance: random.Random) -> bool:
    with pikepdf.open(pdf) as document:
        lines = document.attachments["figures.csv"].get_file().read_bytes().decode().split("\r\n")
        at = chance.choice([n for n, line in enumerate(lines) if n and line and line.split(",")[7][-1:].isdigit()])
        cells = lines[at].split(",")
        cells[7] = f"{cells[7][:-1]}{(int(cells[7][-1]) + 1) % 10}"
        lines[at] = ",".join(cells)
        del document.attachments["figures.csv"]
        document.attachments["figures.csv"] = pikepdf.AttachedFileSpec(document, "\r\n".join(lines).encode())
        document.save(forged)
    return any(one.startswith(f"figure {cells[0].strip(chr(39))}: ") for one in faults_of(folder, forged))


def _exchange_is_named(folder: Path, pdf: Path, forged: Path) -> bool:
    (own,) = pdf.parent.glob("*.provenance.json")
    other = next(one for one in sorted(folder.rglob("*.provenance.json")) if one.read_bytes() != own.read_bytes())
    with pikepdf.open(pdf) as document:
        del document.attachments["provenance.json"]
        document.attachments["provenance.json"] = pikepdf.AttachedFileSpec(document, other.read_bytes())
        document.save(forged)
    return any(one.startswith("attachment provenance.json: is not the one") for one in faults_of(folder, forged))


def _case_is_named(folder: Path, pdf: Path, issue: Path, archive: Path) -> bool:
    """One case of the month's length of stay is a day longer. A figure that a copy withholds is named as a file."""
    file = issue / "cases.parquet"
    cases = pq.read_table(file)
    rows = zip(
        cases["metric"].to_pylist(), cases["event_date"].to_pylist(), cases["facility_id"].to_pylist(), strict=True
    )
    month = Month.parse(pdf.parent.parent.name)
    at, place = next(
        (n, place) for n, (name, on, place) in enumerate(rows)
        if name == "length_of_stay_days" and month.first_day <= on.date() <= month.last_day
    )  # fmt: skip
    numerators = cases["numerator"].to_pylist()
    numerators[at] = (numerators[at] or 0.0) + 1
    column = cases.schema.get_field_index("numerator")
    pq.write_table(cases.set_column(column, "numerator", pa.array(numerators, pa.float64())), file)
    (provenance,) = issue.glob("*.provenance.json")
    figures = {f"length_of_stay_days/{one}/{month}" for one in ("all", place)}
    printed = {f"figure {one}" for one in figures & json.loads(provenance.read_bytes())["case_list_roots"].keys()}
    faults = faults_of(folder, pdf, archive=archive)
    told = {one.split(":")[0] for one in faults if one.startswith("figure ")}
    is_named = printed <= told <= {f"figure {one}" for one in figures}
    return is_named and any(one.startswith("archive") and "cases.parquet" in one for one in faults)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hospitals", type=int, default=2)
    parser.add_argument("--months", type=int, default=5)
    chosen = parser.parse_args()
    chance = random.Random(20261127)
    tried, right, seconds = Counter[str](), Counter[str](), []
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(chosen.hospitals):
            folder = Path(scratch) / f"hospital-{number}"
            issue_all(folder, 20261101 + number, chosen.months)
            for pdf in sorted((folder / "hospital.archive").rglob("*.pdf")):
                begun = time.perf_counter()
                faults = faults_of(folder, pdf)
                seconds.append(time.perf_counter() - begun)
                kind = "honest brief" if pdf.name.endswith(".brief.pdf") else "honest report"
                tried[kind] += 1
                right[kind] += not faults
                for fault in faults:
                    print(f"false alarm, {pdf.relative_to(folder)}: {fault}", flush=True)
                if kind == "honest report" and tried[kind] % CHANGED == 1:
                    for change, is_named in changed(folder, pdf, Path(scratch), chance):
                        tried[change] += 1
                        right[change] += is_named
                        if not is_named:
                            print(f"missed, {change}: {pdf.relative_to(folder)}", flush=True)
            print(f"hospital {number + 1}: {dict(tried)}", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
    print("| what was given | reports | judged rightly |\n| --- | ---: | ---: |")
    for kind, count in tried.items():
        print(f"| {kind} | {count} | {right[kind]} |")
    print(f"\nkpi verify takes {sum(seconds) / len(seconds):.2f} s a PDF of a small hospital")


if __name__ == "__main__":
    main()
