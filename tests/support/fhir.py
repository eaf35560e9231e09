"""Writes small FHIR folders by hand: one list of resources, in any of the forms servers export."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from kpi_pipeline.intake.ingest import IntakeResult, ingest

Resource = dict[str, Any]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
FORMS = ("ndjson", "ndjson.gz", "ndjson.zst", "bundle", "pretty bundle", "bundle.gz")


def write_fhir(folder: Path, resources: Sequence[Resource], *, form: str = "ndjson") -> Path:
    """The resources as bulk files by type, or all in one Bundle."""
    folder.mkdir(parents=True, exist_ok=True)
    if "bundle" in form:
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
        text = json.dumps(bundle, indent=2 if "pretty" in form else None).encode()
        gz = form.endswith(".gz")
        (folder / f"bundle.json{'.gz' if gz else ''}").write_bytes(gzip.compress(text) if gz else text)
        return folder
    for kind in sorted({one["resourceType"] for one in resources}):
        lines = "".join(json.dumps(one) + "\n" for one in resources if one["resourceType"] == kind)
        write_text(folder / f"{kind}.{form}", lines)
    return folder


def write_text(path: Path, text: str) -> None:
    """Text as it is, or compressed as the name says."""
    if path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    elif path.name.endswith(".zst"):
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT UNNEST(?) AS line) TO '{path}' "
                "(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01', COMPRESSION zstd)",
                [text.splitlines()],
            )
    else:
        path.write_text(text, encoding="utf-8")


def encounter(encounter_id: str | None, patient: str | None = "p1", **fields: Any) -> Resource:
    """A finished inpatient encounter of three days at hospital h1; fields replace or add."""
    resource: Resource = {
        "resourceType": "Encounter",
        "id": encounter_id,
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": f"Patient/{patient}"} if patient else None,
        "period": {"start": "2026-03-01T10:00:00-05:00", "end": "2026-03-04T12:30:00-05:00"},
        "serviceProvider": {"reference": "Organization/h1"},
    }
    return {name: value for name, value in (resource | fields).items() if value is not None}


def coded(code: str, system: str = "") -> Resource:
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}]}


def take_in(folder: Path, store: Path, *, source: str = "fhir") -> IntakeResult:
    """Stages the folder."""
    return ingest(folder, store, source=source, now=NOW)


def staged_rows(result: IntakeResult, table: str, columns: str) -> list[tuple[Any, ...]]:
    """The chosen columns of the staged rows of a table, in order of all columns."""
    paths = [str(file.staged) for file in result.of_table(table)]
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {columns} FROM read_parquet(?) ORDER BY ALL", [paths]).fetchall()


def refused_rows(result: IntakeResult, table: str) -> list[tuple[str, int, list[str]]]:
    """File, line and reasons of the quarantined rows of a table."""
    found = []
    with duckdb.connect() as connection:
        for file in result.of_table(table):
            query = "SELECT line, reasons FROM read_parquet(?) ORDER BY line"
            found += [(file.file_name, *row) for row in connection.execute(query, [str(file.quarantine)]).fetchall()]
    return found
