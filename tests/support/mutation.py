"""Files of every format that intake reads, broken at random: whatever is in them, they are read or refused in words.

A seed decides all: the format, the rows and what is done to the bytes. Every third text file keeps its
structure and has only letters of its values changed: of these, every row must be found again.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from kpi_pipeline.core.errors import KpiError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.intake.ingest import ingest
from tests.support.fhir import encounter

SETTINGS = Settings(memory_limit="256MB", threads=1)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
HEADER = ("encounter_id", "person_id", "facility_id", "encounter_type", "admitted_at", "discharged_at", "total_cost")
N_ROWS = 12

_PIECES = [
    *(b"{", b"}", b"[", b"]", b'"', b'""', b"'", b"\\", b",", b";", b"\t", b"null", b"1e999", b"\x00", b"\xff\xfe"),
    *(b"\r", b"\n", b"\r\n", b"\xef\xbb\xbf", b"<", b">", b"&#0;", b"PK\x03\x04", b"PAR1", b"=1+1", b"\xc3"),
]
_LETTERS = b"abcdefghijklmnopqrstuvwxyz0123456789"
_DIGITS_OF_DATES = re.compile(rb"(?<=-)[0-9](?=[0-9T])")
_ENDS_OF_TEXTS = re.compile(rb">[^<>]*[a-z0-9](?=<)")

_Written = tuple[str, bytes, Callable[[bytes], bytes]]
"""A file's name, what is in it, and what packs that."""


def try_file(seed: int, folder: Path) -> str:
    """Writes the broken file of a seed into an empty folder and reads it: `FORMAT read` or `FORMAT refused`.

    Raises AssertionError where rows went without a word, and what intake raises that is not meant for people.
    """
    rng = Random(seed)
    kind = sorted(_WRITERS)[seed % len(_WRITERS)]
    landing = folder / "landing"
    landing.mkdir()
    name, content, packed = _WRITERS[kind](rng)
    keeps_rows = rng.random() < 1 / 3 and kind.startswith(("csv", "ndjson", "xlsx"))
    if keeps_rows or rng.random() < 0.7:  # within what is packed, so that the fault is not only the packing's
        content = packed(_mutated(rng, content, keeps_rows=keeps_rows))
    else:
        content = _mutated(rng, packed(content), keeps_rows=False)
    (landing / name).write_bytes(content)
    if "cp1252" in kind:
        (landing / "landing.yaml").write_text("tables: {encounters: {encoding: cp1252, delimiter: ';'}}\n")
    source = "fhir" if kind.startswith(("ndjson", "bundle")) else "canonical"
    try:
        files = ingest(landing, folder / "store", source=source, settings=SETTINGS, now=NOW).files
    except KpiError:
        return f"{kind} refused"
    for file in files:
        assert file.rows_in == file.rows_staged + file.rows_quarantined, "rows in are not rows out"
    if keeps_rows and kind != "xlsx":  # there the header is among the letters that change
        n = sum(file.rows_in + file.rows_empty + sum(file.left_out.values()) for file in files)
        assert n == N_ROWS, f"{N_ROWS} rows went in and {n} came out"
    return f"{kind} read"


def _rows(rng: Random) -> list[list[str]]:
    """Rows as hospitals send them: quotation marks, line breaks in a value, letters beyond ASCII, gaps."""
    rows = []
    for number in range(N_ROWS):
        day = rng.randrange(1, 20)
        kind = rng.choice(["acute inpatient", "observation", "emergency department", "acute inpatient", "?"])
        end = f"2026-10-{day + rng.randrange(9):02} 11:00" if rng.random() < 0.9 else ""
        person = rng.choice([f"P{number % 5}", "Müller", 'O"Hara', "two\nlines", ""])
        rows.append([f"E{number}", person, "F1", kind, f"2026-10-{day:02} 08:00", end, rng.choice(["", "1234.5", "0"])])
    return rows


def _delimited(rng: Random, delimiter: str, encoding: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=rng.choice(["\n", "\r\n"]))
    writer.writerows([HEADER, *_rows(rng)])
    return text.getvalue().encode(encoding)


def _workbook(rng: Random) -> _Written:
    """A workbook, its sheet apart: the rest is packed around it."""
    part = "xl/worksheets/sheet1.xml"
    book, whole = openpyxl.Workbook(), io.BytesIO()
    for row in [HEADER, *_rows(rng)]:
        book.worksheets[0].append(list(row))
    book.save(whole)
    with zipfile.ZipFile(whole) as parts:
        members = {name: parts.read(name) for name in parts.namelist()}

    def packed(changed: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name), changed if name == part else content)
        return out.getvalue()

    return "encounters.xlsx", members[part], packed


def _as_it_is(content: bytes) -> bytes:
    return content


def _parquet(rng: Random) -> bytes:
    out = pa.BufferOutputStream()
    columns = zip(*_rows(rng), strict=True)
    table = pa.table({name: list(values) for name, values in zip(HEADER, columns, strict=True)})
    pq.write_table(table, out, compression=rng.choice(["none", "snappy", "zstd"]))
    return out.getvalue().to_pybytes()


def _resources(rng: Random) -> list[dict[str, object]]:
    statuses = ["finished", "cancelled", "entered-in-error", "in-progress"]
    return [encounter(f"e{number}", f"p{number % 3}", status=rng.choice(statuses)) for number in range(N_ROWS)]


def _ndjson(rng: Random) -> bytes:
    return b"".join(json.dumps(resource).encode() + b"\n" for resource in _resources(rng))


def _bundle(rng: Random) -> bytes:
    entries = [{"resource": resource} for resource in _resources(rng)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _zstd(content: bytes) -> bytes:
    return pa.Codec("zstd").compress(content, asbytes=True)


_WRITERS: dict[str, Callable[[Random], _Written]] = {
    "csv": lambda rng: ("encounters.csv", _delimited(rng, ",", "utf-8"), _as_it_is),
    "csv cp1252": lambda rng: ("encounters.csv", _delimited(rng, ";", "cp1252"), _as_it_is),
    "csv utf-16": lambda rng: ("encounters.csv", _delimited(rng, "\t", "utf-16"), _as_it_is),
    "csv.gz": lambda rng: ("encounters.csv.gz", _delimited(rng, ",", "utf-8"), _gzip),
    "csv.zst": lambda rng: ("encounters.csv.zst", _delimited(rng, ",", "utf-8"), _zstd),
    "xlsx": _workbook,
    "parquet": lambda rng: ("encounters.parquet", _parquet(rng), _as_it_is),
    "ndjson": lambda rng: ("Encounter.ndjson", _ndjson(rng), _as_it_is),
    "ndjson.gz": lambda rng: ("Encounter.ndjson.gz", _ndjson(rng), _gzip),
    "bundle": lambda rng: ("bundle.json", _bundle(rng), _as_it_is),
}
FORMATS = tuple(sorted(_WRITERS))


def _mutated(rng: Random, content: bytes, *, keeps_rows: bool) -> bytes:
    """The bytes with one to eight changes; keeps_rows: only letters after the first line become other letters."""
    data = bytearray(content)
    for _ in range(rng.randrange(1, 9)):
        at = rng.randrange(len(data) or 1)
        if keeps_rows:
            data[rng.choice(_letters_of_values(content))] = rng.choice(_LETTERS)
            continue
        piece = rng.choice(_PIECES) if rng.random() < 0.6 else rng.randbytes(rng.randrange(1, 5))
        what = rng.choice(["replace", "insert", "delete", "repeat", "cut"])
        if what == "replace":
            data[at : at + len(piece)] = piece
        elif what == "insert":
            data[at:at] = piece
        elif what == "delete":
            del data[at : at + rng.randrange(1, 40)]
        elif what == "repeat":
            data[at:at] = data[max(0, at - 200) : at]
        elif at > 100:
            del data[at:]
    return bytes(data)


def _letters_of_values(content: bytes) -> list[int]:
    """Where a letter can become another without a change of structure: no header, key, tag or sign of the format."""
    if content[:1] == b"{":
        return [found.start() for found in _DIGITS_OF_DATES.finditer(content)]
    if content[:1] == b"<":
        return [found.end() - 1 for found in _ENDS_OF_TEXTS.finditer(content)]
    return [at for at in range(content.find(b"\n") + 1, len(content)) if content[at] in _LETTERS]
