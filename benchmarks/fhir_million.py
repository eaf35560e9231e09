"""Stages a FHIR export of a million encounters: time, rows and peak memory. Prints a Markdown table.

The export is the made-up hospital of 36 months, faults and all, written as FHIR, as many times over as it takes, each
time with other ids. Run from the root of the repository: python -m benchmarks.fhir_million [--encounters 1000000].
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.intake.ingest import ingest
from kpi_pipeline.synthetic import generate_hospital
from kpi_pipeline.synthetic.roads import write_as_fhir

MEMORY_LIMIT = "500MB"
"""Of DuckDB; Python, its libraries and DuckDB's own buffers come on top."""
_IDS = {"encounters": ("encounter_id", "person_id"), "diagnoses": ("encounter_id",), "procedures": ("encounter_id",)}


def make_export(folder: Path, encounters: int) -> Path:
    """A FHIR folder of at least so many encounters."""
    once, many = folder / "once", folder / "many"
    generate_hospital(once, months=36, scale=0.25)
    many.mkdir()
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT COUNT(*) FROM read_csv('{once}/encounters*.csv', all_varchar = true)")
        copies = -(-encounters // rows.fetchall()[0][0])
        for path in sorted(once.iterdir()):
            ids = next((ids for table, ids in _IDS.items() if path.name.startswith(table)), None)
            if ids is None:
                (many / path.name).write_bytes(path.read_bytes())
                continue
            other = ", ".join(f"printf('%02d', copy) || {name} AS {name}" for name in ids)
            query = (
                f"SELECT * EXCLUDE (copy) REPLACE ({other}) "
                f"FROM read_csv('{path}', all_varchar = true, header = true) "
                f"CROSS JOIN RANGE({copies}) AS copies (copy)"
            )
            connection.execute(f"COPY ({query}) TO '{many / path.name}' (FORMAT csv, HEADER)")
    write_as_fhir(many, folder / "fhir")
    return folder / "fhir"


def peak_memory_mb() -> float:
    """Of this process alone: getrusage would also count the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(landing: Path, store: Path) -> dict[str, float]:
    """Stages the folder in this process."""
    began, processor = time.perf_counter(), time.process_time()
    settings = Settings(memory_limit=MEMORY_LIMIT, threads=2)
    result = ingest(landing, store, settings=settings, now=datetime(2026, 11, 7, tzinfo=UTC))
    encounters = [file for file in result.files if file.table == "encounters"]
    return {
        "encounters": sum(file.rows_in for file in encounters),
        "quarantined": sum(file.rows_quarantined for file in encounters),
        "rows": sum(file.rows_in for file in result.files),
        "bytes": sum(path.stat().st_size for path in landing.iterdir()),
        "elapsed": time.perf_counter() - began,
        "processor": time.process_time() - processor,
        "peak_mb": peak_memory_mb(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encounters", type=int, default=1_000_000)
    parser.add_argument("--measure", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.measure)))
        return
    with tempfile.TemporaryDirectory(prefix="kpi-fhir-") as folder:
        landing = make_export(Path(folder), options.encounters)
        command = [sys.executable, "-m", "benchmarks.fhir_million", "--measure", landing, Path(folder) / "store"]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print("| FHIR R4, NDJSON | |\n| --- | ---: |")
    print(f"| Encounters ({found['quarantined']:,.0f} of them refused) | {found['encounters']:,.0f} |")
    print(f"| Rows of all tables | {found['rows']:,.0f} |")
    print(f"| Size on disk | {found['bytes'] / 1e9:.1f} GB |")
    print(f"| Processor seconds (elapsed) | {found['processor']:.0f} ({found['elapsed']:.0f}) |")
    print(f"| Peak memory of the process, memory_limit {MEMORY_LIMIT} | {found['peak_mb']:,.0f} MB |")


if __name__ == "__main__":
    main()
