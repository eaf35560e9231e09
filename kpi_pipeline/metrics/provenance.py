"""What figures were made from, as JSON: input files by hash, reference files, metric versions. Attached to reports.

Source files are named by table and SHA-256 only; a file name may say more than a report should.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import duckdb

from kpi_pipeline.metrics.declaration import Metric


def provenance_json(
    connection: duckdb.DuckDBPyConnection, metrics: Iterable[Metric], *, with_counts: bool = True
) -> str:
    """The provenance of the snapshot a connection reads; the same snapshot and code give the same text.

    with_counts: how many rows of each input file were used or refused; left out of copies that withhold small numbers.
    """
    info = connection.execute(
        "SELECT snapshot_id, schema_version, program_version, source, built_at FROM build_info"
    ).fetchall()[0]
    files = connection.execute(
        "SELECT table_name, file_sha256, rows_in, staged, quarantined, duplicate, superseded FROM row_ledger "
        "ORDER BY table_name, file_sha256"
    ).fetchall()
    reference = connection.execute("SELECT name, version, rows, sha256 FROM reference_tables ORDER BY name").fetchall()
    fields = _FILE_FIELDS if with_counts else _FILE_FIELDS[:2]
    body = {
        **dict(zip(("snapshot_id", "schema_version", "program_version", "source", "built_at"), info, strict=True)),
        "input_files": [dict(zip(fields, row[: len(fields)], strict=True)) for row in files],
        "reference_files": [dict(zip(("name", "version", "rows", "sha256"), row, strict=True)) for row in reference],
        "metrics": [
            {
                "name": metric.name,
                "version": metric.version,
                "declaration_sha256": hashlib.sha256(metric.model_dump_json().encode()).hexdigest(),
            }
            for metric in sorted(metrics, key=lambda metric: metric.name)
        ],
    }
    return json.dumps(body, indent=1) + "\n"


_FILE_FIELDS = ("table", "sha256", "rows_in", "staged", "quarantined", "duplicate", "superseded")
