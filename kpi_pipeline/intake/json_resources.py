"""Reads JSON resources, one a row, streaming: newline-delimited JSON as it is or compressed, and FHIR Bundles.

Every resource arrives whole, as JSON, with its type and id; the mapping SQL takes it apart with a structure it spells
out (`FROM_JSON`), so nothing is inferred and a value of another type than expected is NULL. A line that is no JSON
arrives as a row without resource, and is quarantined by its line.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from kpi_pipeline.core.connections import connect
from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.sql_text import file_literal

JSON_ENDINGS = (".ndjson", ".json", ".ndjson.gz", ".json.gz", ".ndjson.zst", ".json.zst")
JSON_COLUMNS = ("resource", "resource_type", "resource_id", "in_bundle")
_LARGEST_LINE = 16 << 20
_LARGEST_BUNDLE = 256 << 20
"""A Bundle is one JSON document, so it is held whole; larger exports come as newline-delimited JSON."""
_HEAD = 1 << 16
_BUNDLE = re.compile(rb"""\{("[^"]*"\s*:\s*("[^"]*"|\{[^{}]*\})\s*,\s*)*"resourceType"\s*:\s*"Bundle\"""")
"""The beginning of a Bundle: its type is among the plain fields that come before its entries."""


def is_json(path: Path) -> bool:
    """Whether the file's ending says JSON."""
    return path.name.lower().endswith(JSON_ENDINGS)


def broken_json(name: str) -> Fault:
    """The fault of a file that cannot be read to its end."""
    what = (
        f"cannot be read to its end: it is cut short, its compression is broken, a line is longer than "
        f"{_LARGEST_LINE >> 20} MB or a Bundle larger than {_LARGEST_BUNDLE >> 20} MB."
    )
    return Fault(name, what, "Export it again as newline-delimited JSON, one resource a line.")


def json_sql(path: Path) -> str:
    """The SELECT that gives a file's resources: source_line and `JSON_COLUMNS`. InputError for a broken container.

    source_line counts the file's resources from 1; `json_lines` turns it into the physical line.
    """
    quoted = file_literal(path)
    form = _form_of(path)
    if form == "lines":
        reader = f"read_ndjson_objects({quoted}, ignore_errors = true, maximum_object_size = {_LARGEST_LINE})"
        return (
            "SELECT ROW_NUMBER() OVER () AS source_line, json AS resource, json ->> '$.resourceType' AS resource_type, "
            f"json ->> '$.id' AS resource_id, CAST(NULL AS VARCHAR) AS in_bundle FROM {reader}"
        )
    kind = "newline_delimited" if form == "bundle lines" else "unstructured"
    reader = f"read_json_objects({quoted}, format = '{kind}', maximum_object_size = {_LARGEST_BUNDLE})"
    entries = (
        "SELECT UNNEST(CASE WHEN json ->> '$.resourceType' = 'Bundle' THEN json -> '$.entry[*]' "
        f"ELSE [JSON_OBJECT('resource', json)] END) AS entry FROM {reader}"
    )
    return (
        "SELECT ROW_NUMBER() OVER () AS source_line, entry -> '$.resource' AS resource, "
        "entry ->> '$.resource.resourceType' AS resource_type, COALESCE(entry ->> '$.resource.id', "
        "NULLIF(REGEXP_EXTRACT(entry ->> '$.fullUrl', '[^/:]+$'), '')) AS resource_id, "
        "'true' AS in_bundle "
        f"FROM ({entries})"
    )


def json_lines(path: Path, rows: list[int]) -> list[int]:
    """The physical line of each resource of a newline-delimited file; a Bundle's entries keep their own number."""
    if _form_of(path) != "lines":
        return rows
    wanted, found, number = set(rows), {}, 0
    for line_number, line in enumerate(_lines(path), start=1):
        if line.strip():
            number += 1
            if number in wanted:
                found[number] = line_number
    return [found.get(row, row) for row in rows]


def _form_of(path: Path) -> str:
    """`lines` of resources, `bundle lines`, or one `document` over several lines: told by the first line."""
    first = next((line for line in _lines(path) if line.strip()), b"").strip()
    if first in (b"{", b"["):
        return "document"
    return "bundle lines" if _BUNDLE.match(first[:_HEAD]) else "lines"


def _lines(path: Path) -> Iterator[bytes]:
    try:
        if path.name.lower().endswith(".zst"):
            yield from _zstandard_lines(path)
            return
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as stream:
            yield from stream
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(broken_json(path.name)) from error


def _zstandard_lines(path: Path) -> Iterator[bytes]:
    """Python 3.11 has no zstandard of its own; DuckDB has."""
    with connect(files=[path]) as connection:
        cursor = connection.execute(
            f"SELECT CAST(json AS VARCHAR) FROM read_ndjson_objects({file_literal(path)}, ignore_errors = true)"
        )
        while rows := cursor.fetchmany(1000):
            yield from ((row[0] or "-").encode() for row in rows)
