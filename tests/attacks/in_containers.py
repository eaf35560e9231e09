"""Attacks by what files are packed in and lie in: archives that lie, folders, links, a database that is extracted."""

from __future__ import annotations

import gzip
import io
import os
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import yaml

from tests.attacks.attack import GOOD, HEADER, PATIENT, Attack, Place, csv_text, good_landing
from tests.attacks.in_landing import BAD
from tests.attacks.in_shapes import WORKBOOKS
from tests.attacks.texts import CONTROLS, EVERY, FORMULAS, SQL, TEMPLATES

TABLE = csv_text(HEADER, GOOD).encode()
ROW = csv_text(GOOD).encode()


def _with_parts(place: Place, parts: dict[str, bytes]) -> bytes:
    """A sound workbook with further parts, or others in the place of its own."""
    sound = zipfile.ZipFile(io.BytesIO(WORKBOOKS["no sheet"](place)))
    kept = {
        name: sound.read(name).replace(b"worksheets/none.xml", b"worksheets/sheet1.xml") for name in sound.namelist()
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (kept | parts).items():
            archive.writestr(name, content)
    return packed.getvalue()


def _lying_size(place: Place) -> bytes:
    """A part of 60 MB of which both directories of the archive say that it has ten bytes."""
    content = bytearray(_with_parts(place, {"xl/media/x.bin": bytes(60 << 20)}))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place_of = content.rfind(
            signature, 0, content.rfind(b"xl/media/x.bin") if at == 24 else content.find(b"xl/media/x.bin")
        )
        struct.pack_into("<I", content, place_of + at, 10)
    return bytes(content)


def _overlapping(place: Place) -> bytes:
    """Two hundred names for one packed part (Fifield 2019)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (1 << 20))
        one = archive.infolist()[0]
        for number in range(200):
            twin = zipfile.ZipInfo(f"xl/worksheets/sheet{number}.xml")
            for name in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(twin, name, getattr(one, name))
            archive.filelist.append(twin)
            archive.NameToInfo[twin.filename] = twin
    return packed.getvalue()


_SHARED = b'<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
ARCHIVES: dict[str, Callable[[Place], bytes]] = {
    "a size that lies": _lying_size,
    "parts that overlap": _overlapping,
    "10,000 parts": lambda place: _with_parts(place, {f"xl/x{n}.xml": b"x" for n in range(10_000)}),
    "a part twice": lambda place: _with_parts(place, {}) + _with_parts(place, {}),
    "shared strings without end": lambda place: _with_parts(
        place, {"xl/sharedStrings.xml": _SHARED + b"<si><t>x</t></si>" * 400_000 + b"</sst>"}
    ),
    "a shared string of 30 MB": lambda place: _with_parts(
        place, {"xl/sharedStrings.xml": _SHARED + b"<si><t>" + b"x" * (30 << 20) + b"</t></si></sst>"}
    ),
    "styles without end": lambda place: _with_parts(
        place,
        {"xl/styles.xml": b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs>'
         + b"<xf/>" * 400_000 + b"</cellXfs></styleSheet>"},
    ),
    "a link to another workbook": lambda place: _with_parts(
        place,
        {"xl/externalLinks/_rels/externalLink1.xml.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package'
         b'/2006/relationships"><Relationship Id="rId1" Type="x" Target="file:///' + os.fsencode(place.secret)
         + b'" TargetMode="External"/></Relationships>'},
    ),
    "a picture from the network": lambda place: _with_parts(
        place, {"xl/drawings/drawing1.xml": b'<a xmlns:r="x" r:link="http://192.0.2.1/x.png"/>'}
    ),
    "names with backslashes": lambda place: _with_parts(place, {"..\\..\\outside\\written": b"x", "/etc/x": b"x"}),
    "a locked part": lambda place: _with_parts(place, {}).replace(b"\x14\x00\x00\x00", b"\x14\x00\x01\x00"),
    "a comment that is an archive": lambda place: _with_parts(place, {})[:-2] + b"\x16\0PK\x05\x06" + bytes(18),
    "a stub before it": lambda place: b"#!/bin/sh\ntouch x\n" + _with_parts(place, {}),
    "the end far away": lambda place: _with_parts(place, {}) + bytes(70_000),
}  # fmt: skip
LINES: dict[str, Callable[[], bytes]] = {
    "a line of 40 MB among others": lambda: TABLE + ROW * 50 + b"E2," + b"x" * (40 << 20) + b"\n" + ROW * 50,
    "a quote on the last line": lambda: TABLE + ROW * 500 + b'"E3,P,F1',
    "a quote on the second line": lambda: (
        TABLE + b'E2,"P\n' + b"E2,P,F1,acute inpatient,2026-10-01,2026-10-02\n" * 3000
    ),
    "a quote every thousand lines": lambda: TABLE + (ROW * 1000 + b'E2,"P,F1\n') * 5,
    "a quote in the header": lambda: b'encounter_id,"person_id,facility_id\n' + ROW * 200,
    "quotes that half close": lambda: TABLE + b'"E2"x,"P"","F1"\n' * 500,
    "a million short lines": lambda: TABLE + b"x\n" * 1_000_000,
    "good lines and half a million short ones": lambda: TABLE + ROW * 100_000 + b"x\n" * 500_000,
    "a line end of its own among short ones": lambda: TABLE + ROW[:-1] + b"\rx\n" + b"x\n" * 500_000,
    "half a million long lines": lambda: TABLE + b",,,,,,,,,,,,,,,,,,,,\n" * 500_000,
    "half a million lines that are not UTF-8": lambda: TABLE + ROW * 2_000 + b"E2,\xff,F1,a,b,c\n" * 500_000,
    "half a million lines of text after a quote": lambda: TABLE + b'"E"2,P,F1,a,b,c\n' * 500_000,
    "line ends of every kind": lambda: TABLE + ROW[:-1] + b"\r" + ROW[:-1] + b"\r\n" + ROW[:-1] + b"\n\r" + ROW,
    "line ends of Unicode": lambda: TABLE + "E2\u2028P\u2029F1\x85x,,,\x0b,\x0c\x1c\n".encode() * 50,
    "an escape on every line": lambda: TABLE + b"\x1b[2J\x1b]0;x\x07,P,F1,acute inpatient,x,y\n" * 500,
    "a header of quotes": lambda: b'"""""""","""\x1b[31m"""\n' + ROW,
    "fewer and more fields": lambda: TABLE + b"".join(b"," * (n % 40) + b"\n" for n in range(2000)),
}


def containers() -> Iterator[Attack]:
    """Archives that lie, and lines that swallow others, plain and packed."""
    for name, make in ARCHIVES.items():
        yield Attack(f"archive: {name}", partial(_put, "encounters.xlsx", make))
    for name, text in LINES.items():
        yield Attack(f"lines: {name}", partial(_put, "encounters.csv", lambda _, text=text: text()))
        yield Attack(
            f"lines, packed: {name}", partial(_put, "encounters.csv.gz", lambda _, text=text: gzip.compress(text(), 1))
        )


def _put(name: str, make: Callable[[Place], bytes], place: Place) -> None:
    (place.landing / name).write_bytes(make(place))


def _hive(place: Place, folder: str, pattern: str) -> None:
    good_landing(place)
    inner = place.landing / folder
    inner.mkdir(parents=True)
    (inner / "encounters.csv").write_bytes(csv_text(HEADER, ("E2", *GOOD[1:]), BAD).encode())
    options = {"tables": {"encounters": {"files": ["encounters.csv", pattern]}}}
    (place.landing / "landing.yaml").write_text(yaml.safe_dump(options))


def _many(place: Place, n_files: int) -> None:
    good_landing(place)
    for number in range(n_files):
        (place.landing / f"encounters_{number}.csv").write_bytes(TABLE)


def _loop(place: Place) -> None:
    good_landing(place)
    (place.landing / "round").symlink_to(place.landing)
    (place.landing / "round.csv").symlink_to("round/round.csv")


def _hard_link(place: Place) -> None:
    good_landing(place)
    os.link(place.landing / "encounters.csv", place.landing / "encounters_2.csv")


def _no_right(place: Place) -> None:
    good_landing(place).joinpath("denials.csv").mkdir()


FOLDERS: dict[str, Callable[[Place], None]] = {
    **{
        f"rows of {folder}": partial(_hive, folder=folder, pattern=pattern)
        for folder, pattern in (
            ("facility_id=EVIL", "*/encounters.csv"), ("facility_id=EVIL/person_id=X", "*/*/encounters.csv"),
            ("discharged_at=2026-10-09", "*/*.csv"), ("[a-z]", "[[]a-z[]]/encounters.csv"), ("**", "**/encounters.csv"),
            ("{a,b}", "{a,b}/encounters.csv"), ("a b'c\"d", "*/encounters.csv"), ("\x1b[31m", "*/encounters.csv"),
            ("=1+1", "*/encounters.csv"), ("encounters.csv.d", "*.d/*"),
        )
    },
    "300 files": partial(_many, n_files=300),
    "a link that goes round": _loop,
    "one file under two names": _hard_link,
    "a folder with the name of a file": _no_right,
}  # fmt: skip


def folders() -> Iterator[Attack]:
    """Folders named like columns or patterns, links that go round, too many files."""
    for name, make in FOLDERS.items():
        yield Attack(f"folder: {name}", make)


def databases() -> Iterator[Attack]:
    """`kpi extract` from a database whose names and rows are hostile, and by statements that do more than read."""
    for number, text in enumerate((*SQL[:8], *TEMPLATES[:4], *FORMULAS[:2], *CONTROLS[:6])):
        yield Attack(f"extract column {number}", partial(_database, name=text), _EXTRACT)
    yield Attack("extract rows", _database, _EXTRACT, n_inputs=len(EVERY))
    for number, table in enumerate(
        ("../written", "encounters/../../x", "{written}", "encounters'; --", "\x1b[31m", "a" * 300)
    ):
        yield Attack(f"extract table {number}", partial(_database, table=table), _EXTRACT, must="be refused")
    for number, statement in enumerate(STATEMENTS):
        yield Attack(f"extract statement {number}", partial(_database, statement=statement), _EXTRACT)


_EXTRACT = ("extract", "--config", "FOLDER/extract.yaml", "--landing", "FOLDER/got")
STATEMENTS = (
    "SELECT * FROM t; DROP TABLE t",
    "ATTACH '{written}' AS x",
    "SELECT load_extension('{secret}')",
    "SELECT readfile('{secret}') AS encounter_id",
    "SELECT writefile('{written}', 'x') AS encounter_id",
    "VACUUM INTO '{written}'",
    "PRAGMA temp_store_directory = '{written}'",
    "WITH RECURSIVE n(encounter_id) AS (SELECT 1 UNION ALL SELECT encounter_id + 1 FROM n LIMIT 99999) SELECT * FROM n",
    "SELECT randomblob(50000000) AS encounter_id",
    "SELECT 1e999 AS encounter_id UNION SELECT NULL",
)


def _database(
    place: Place, *, name: str = "person_id", statement: str = "SELECT * FROM t", table: str = "encounters"
) -> None:
    file = place.folder / "source.sqlite"
    with sqlite3.connect(file) as connection:
        quoted = '"' + place.aim(name).replace('"', '""').replace("\0", "") + '"'
        connection.execute(f"CREATE TABLE t (encounter_id TEXT, {quoted} TEXT)")
        for number, text in enumerate(EVERY):
            connection.execute("INSERT INTO t VALUES (?, ?)", (f"E{number}", f"{PATIENT}{place.aim(text)}"))
    connection.close()
    recipe = {
        "url": f"sqlite:///{file}",
        "tables": {place.aim(table): {"sql": place.aim(statement), "key": ["encounter_id"]}},
    }
    (place.folder / "extract.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    Path(place.folder / "got").mkdir()
