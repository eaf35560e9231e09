"""Reads JSON resources, one a row, streaming: newline-delimited JSON as it is or compressed, and FHIR Bundles.

Every resource arrives whole, as JSON, with its type and id; the mapping SQL takes it apart with a structure it spells
out (`FROM_JSON`), so nothing is inferred and a value of another type than expected is NULL. A line that is no JSON
arrives as a row without resource, and is quarantined by its line.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.settings import Limits
from kpi_pipeline.core.sql.sql_text import file_literal
from kpi_pipeline.intake.reading.packed import BROKEN_ARCHIVE, is_packed, open_packed, unpacked_chunks

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


def json_sql(path: Path, name: str, limits: Limits) -> str:
    """The SELECT that gives a file's resources: source_line and `JSON_COLUMNS`. InputError for a broken container.

    source_line counts the file's resources from 1; `json_lines` turns it into the physical line.
    """
    quoted = file_literal(path)
    if is_packed(path):
        for _ in unpacked_chunks(path, name, limits):
            pass  # unpacked once to see that it can be, and how large it is
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
    first = next((line for line in _lines(path, longest=_HEAD) if line.strip()), b"").strip()
    if first in (b"{", b"["):
        return "document"
    return "bundle lines" if _BUNDLE.match(first) else "lines"


def _lines(path: Path, *, longest: int = _LARGEST_LINE) -> Iterator[bytes]:
    """The lines of a file; one that is longer than `longest` bytes comes in pieces of that size."""
    try:
        with open_packed(path) if is_packed(path) else path.open("rb") as stream:
            buffered = io.BufferedReader(cast(io.RawIOBase, stream))
            while line := buffered.readline(longest):
                yield line
    except BROKEN_ARCHIVE as error:
        raise InputError(broken_json(path.name)) from error
