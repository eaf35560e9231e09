"""Extracts millions of rows from a real PostgreSQL, killed and resumed: equal row for row? how fast beside COPY?

Starts a server of its own in a temporary folder. Run from the root of the repository:
python -m benchmarks.extract_rows [--rows 5000000].
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import sqlalchemy as sa

from benchmarks.fhir_million import peak_memory_mb
from kpi_pipeline.intake.extract import ExtractConfig, extract_tables
from tests.support.state_server import running_server

_COLUMNS = "encounter_id, person_id, facility_id, encounter_type, admitted_at, discharged_at, total_cost, updated_at"


def fill(url: str, rows: int) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            f"""CREATE TABLE visits AS SELECT n AS encounter_id, 'P' || MOD(n * 7919, 1000003) AS person_id,
                'F' || MOD(n, 5) AS facility_id, 'acute inpatient' AS encounter_type,
                TIMESTAMP '2020-01-01' + n * INTERVAL '37 seconds' AS admitted_at,
                CASE WHEN MOD(n, 97) > 0 THEN TIMESTAMP '2020-01-04' + n * INTERVAL '37 seconds' END AS discharged_at,
                CAST(MOD(n * 31, 100000) / 7.0 AS NUMERIC(12, 2)) AS total_cost,
                TIMESTAMP '2020-02-01' + n * INTERVAL '37 seconds' AS updated_at
            FROM generate_series(CAST(1 AS BIGINT), {rows}) AS numbers (n)"""
        )
        connection.exec_driver_sql("ALTER TABLE visits ADD PRIMARY KEY (encounter_id)")
        connection.exec_driver_sql("VACUUM ANALYZE visits")
    engine.dispose()


def extract(url: str, landing: Path, kill_at: int) -> None:
    """In a process of its own; kills itself when so many rows are there."""
    table = {"sql": f"SELECT {_COLUMNS} FROM visits", "key": ["encounter_id"]}
    config = ExtractConfig.model_validate({"url": url, "tables": {"encounters": table}})

    def watch(step: str) -> None:
        if kill_at and int(step.split()[1].replace(",", "")) >= kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    began = time.perf_counter()
    (done,) = extract_tables(config, landing, progress=watch)
    peak = peak_memory_mb()
    seconds = time.perf_counter() - began
    print(json.dumps({"rows": done.rows, "resumed": done.resumed, "seconds": seconds, "peak_mb": peak}))


def copy_seconds(url: str, target: Path) -> float:
    began = time.perf_counter()
    engine = sa.create_engine(url)
    with engine.connect() as connection, target.open("wb") as file:
        cursor = connection.connection.cursor()
        query = f"SELECT {_COLUMNS} FROM visits ORDER BY encounter_id"
        with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER)") as copy:
            for block in copy:
                file.write(block)
    engine.dispose()
    return time.perf_counter() - began


def differences(copied: Path, landed: Path) -> int:
    """Rows of one side that the other lacks, every column compared."""
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '2GB'; SET temp_directory = '{copied.parent / 'spill'}'")
        columns = (
            "CAST(encounter_id AS BIGINT), person_id, facility_id, encounter_type, CAST(admitted_at AS TIMESTAMP), "
            "CAST(discharged_at AS TIMESTAMP), CAST(total_cost AS DECIMAL(12, 2)), CAST(updated_at AS TIMESTAMP)"
        )
        one = f"SELECT {columns} FROM read_csv('{copied}', all_varchar = true, header = true)"
        other = f"SELECT {columns} FROM read_parquet('{landed}')"
        query = f"SELECT COUNT(*) FROM (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))"
        return int(connection.execute(query).fetchall()[0][0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--extract", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.extract:
        extract(options.extract[0], Path(options.extract[1]), int(options.extract[2]))
        return
    with tempfile.TemporaryDirectory(prefix="kpi-extract-") as name, running_server(Path(name)) as server:
        folder = Path(name)
        url = server.create_database("hospital")
        fill(url, options.rows)
        copying = copy_seconds(url, folder / "copied.csv")

        def run(landing: Path, kill_at: int) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "benchmarks.extract_rows", "--extract", url, landing, str(kill_at)]
            return subprocess.run(command, capture_output=True, text=True, check=False)

        whole = json.loads(run(folder / "whole", 0).stdout)
        killed = run(folder / "resumed", options.rows // 2)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        rest = json.loads(run(folder / "resumed", 0).stdout)
        files = [folder / road / "encounters.parquet" for road in ("whole", "resumed")]
        wrong = [differences(folder / "copied.csv", file) for file in files]
    print("| PostgreSQL, 8 columns | |\n| --- | ---: |")
    print(f"| Rows | {whole['rows']:,} |")
    print(f"| Rows a second | {whole['rows'] / whole['seconds']:,.0f} |")
    print(f"| Rows a second of `COPY … TO STDOUT` | {options.rows / copying:,.0f} |")
    print(f"| Peak memory | {whole['peak_mb']:,.0f} MB |")
    print(f"| Killed, resumed: rows kept | {rest['resumed']:,} |")
    print(f"| Rows that differ from COPY's, whole and resumed | {wrong[0]:,} and {wrong[1]:,} |")


if __name__ == "__main__":
    main()
