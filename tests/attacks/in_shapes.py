"""Attacks by the shape of a table's file: sizes that lie, bombs, broken containers, in CSV, Excel and Parquet."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq

from tests.attacks.attack import GOOD, HEADER, PATIENT, Attack, Place, csv_text, good_landing

TABLE = csv_text(HEADER, GOOD).encode()
ZEROS = bytes(10 << 20)


def _bomb(mb: int, unit: bytes = ZEROS) -> bytes:
    """That many megabytes, packed to a thousandth."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as stream:
        stream.write(TABLE)
        for _ in range(mb // 10):
            stream.write(unit)
    return packed.getvalue()


CSV: dict[str, Callable[[], bytes]] = {
    "a zero byte": lambda: TABLE + b"E2,\0,F1,acute inpatient,2026-10-01,2026-10-02\n",
    "zeros only": lambda: bytes(100_000),
    "a line of 33 MB": lambda: TABLE + b'"' + b"x" * (33 << 20) + b'",1,2,3,4,5\n',
    "a header of 33 MB": lambda: b"x" * (33 << 20),
    "100,000 columns": lambda: b",".join(b"c%d" % n for n in range(100_000)) + b"\n" + b"," * 99_999,
    "a million commas": lambda: TABLE + b"," * 1_000_000,
    "a quote that swallows": lambda: TABLE + b'E2,"P,F1,acute inpatient,2026-10-01,2026-10-02\n' * 20_001,
    "quotes only": lambda: b'"' * 99_999,
    "carriage returns": lambda: TABLE.replace(b"\n", b"\r") * 3,
    "UTF-32": lambda: TABLE.decode().encode("utf-32"),
    "UTF-7": lambda: b"+AGEAYgBj-," + TABLE,
    "UTF-16 odd": lambda: TABLE.decode().encode("utf-16") + b"x",
    "two byte order marks": lambda: b"\xef\xbb\xbf" * 2 + TABLE,
    "bytes at random": lambda: bytes((n * 7919 + n // 13) % 256 for n in range(50_000)),
    "overlong UTF-8": lambda: TABLE + b"E2,\xc0\xaf,F1,acute inpatient,2026-10-01,2026-10-02\n",
    "surrogates in UTF-8": lambda: TABLE + b"E2,\xed\xa0\x80,F1,acute inpatient,2026-10-01,2026-10-02\n",
    "line breaks in cells": lambda: TABLE + b'"E\n2","P\r\n1",F1,acute inpatient,2026-10-01,2026-10-02\n' * 2000,
    "sep= of a quote": lambda: b'sep="\n' + TABLE,
    "thirty titles": lambda: b"title\n" * 40 + TABLE,
    "a hundred thousand empty lines": lambda: TABLE + b"\n" * 100_000,
}
PACKED: dict[str, Callable[[], bytes]] = {
    "a bomb of zeros": lambda: _bomb(600),
    "a bomb of rows": lambda: _bomb(600, b"E2,P,F1,acute inpatient,2026-10-01,2026-10-02\n" * 227_951),
    "cut short": lambda: gzip.compress(TABLE * 500)[:-20],
    "no archive": lambda: b"plain" * 100,
    "garbage behind": lambda: gzip.compress(TABLE) + b"garbage",
    "two members": lambda: gzip.compress(TABLE) + gzip.compress(TABLE),
    "packed twice": lambda: gzip.compress(gzip.compress(TABLE)),
    "empty": lambda: b"",
    "a wrong check sum": lambda: gzip.compress(TABLE)[:-8] + b"\0" * 8,
}


def texts() -> Iterator[Attack]:
    """CSV files, plain and packed, as encounters and as a table that may be missing."""
    for name, make in CSV.items():
        yield Attack(f"csv: {name}", partial(_put, "encounters.csv", make))
        yield Attack(f"csv denials: {name}", partial(_put, "denials.csv", make))
    for name, make in PACKED.items():
        yield Attack(f"gz: {name}", partial(_put, "encounters.csv.gz", make))
        yield Attack(f"zst: {name}", partial(_put, "encounters.csv.zst", make), must="be refused")


def _put(name: str, make: Callable[[], bytes], place: Place) -> None:
    if not name.startswith("encounters"):
        good_landing(place)
    (place.landing / name).write_bytes(make())


_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/'
    'sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" '
    'Target="{target}"/></Relationships>'
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_BOOK = (
    f'<?xml version="1.0"?><workbook xmlns="{_MAIN}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships"><sheets><sheet name="{title}" sheetId="1" r:id="rId1"/></sheets></workbook>'
)


def _cells(*cells: str) -> str:
    return "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)


_HEAD = f'<row r="1">{_cells(*HEADER)}</row><row r="2">{_cells(*GOOD)}</row>'


def _book(sheet: str, *, prolog: str = "", title: str = "Sheet1", target: str = "worksheets/sheet1.xml",
          more: dict[str, bytes] | None = None) -> bytes:  # fmt: skip
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELS.format(kind="officeDocument", target="xl/workbook.xml"))
        archive.writestr("xl/workbook.xml", _BOOK.format(title=title))
        archive.writestr("xl/_rels/workbook.xml.rels", _RELS.format(kind="worksheet", target=target))
        head = f'<?xml version="1.0"?>{prolog}<worksheet xmlns="{_MAIN}"><sheetData>'
        archive.writestr("xl/worksheets/sheet1.xml", f"{head}{sheet}</sheetData></worksheet>")
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return packed.getvalue()


_LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 12}'>" for n in range(12))
    + "]>"
)
WORKBOOKS: dict[str, Callable[[Place], bytes]] = {
    "a row far below": lambda _: _book(_HEAD + f'<row r="1048576">{_cells(*GOOD)}</row>'),
    "a row beyond all rows": lambda _: _book(_HEAD + f'<row r="2000000000">{_cells(*GOOD)}</row>'),
    "a row of no number": lambda _: _book(_HEAD + f'<row r="x">{_cells(*GOOD)}</row>'),
    "a row below zero": lambda _: _book(_HEAD + f'<row r="-5">{_cells(*GOOD)}</row>'),
    "rows that go back": lambda _: _book(_HEAD + f'<row r="1">{_cells(*GOOD)}</row>' * 3),
    "a cell far to the right": lambda _: _book(_HEAD + '<row r="3"><c r="XFD3"><v>1</v></c></row>'),
    "a cell beyond all columns": lambda _: _book(_HEAD + '<row r="3"><c r="ZZZZZZ3"><v>1</v></c></row>'),
    "many cells far to the right": lambda _: _book(
        _HEAD + "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(3, 3000))
    ),
    "a million laughs": lambda _: _book('<row r="1"><c t="inlineStr"><is><t>&m;</t></is></c></row>', prolog=_LAUGHS),
    "an entity of a file": lambda place: _book(
        '<row r="1"><c t="inlineStr"><is><t>&x;</t></is></c></row>',
        prolog=f"<!DOCTYPE x [<!ENTITY x SYSTEM 'file://{place.secret}'>]>",
    ),
    "a bomb": lambda _: _book(_HEAD + "<row>" + " " * (60 << 20) + "</row>"),
    "a bomb beside": lambda _: _book(_HEAD, more={"xl/media/x.bin": bytes(60 << 20)}),
    "a shared string that is not there": lambda _: _book(_HEAD + '<row r="3"><c t="s"><v>99999999</v></c></row>'),
    "a day beyond days": lambda _: _book(_HEAD + '<row r="3"><c s="14"><v>1e300</v></c></row>'),
    "an infinite number": lambda _: _book(_HEAD + '<row r="3"><c><v>INF</v></c><c><v>1e999</v></c></row>'),
    "a formula": lambda _: _book(_HEAD + '<row r="3"><c r="A3"><f>WEBSERVICE("http://192.0.2.1")</f></c></row>'),
    "a title that does things": lambda _: _book(_HEAD, title="&lt;b&gt;\u202e[red]{{7*7}}"),
    "a sheet outside": lambda place: _book(_HEAD, target=f"../../../../../..{place.secret}"),
    "a part with a path out": lambda place: _book(_HEAD, more={"../../../outside/written": b"x"}),
    "no sheet": lambda _: _book(_HEAD, target="worksheets/none.xml"),
    "an empty archive": lambda _: b"PK\x05\x06" + bytes(18),
    "an old or locked workbook": lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
    "cut short": lambda _: _book(_HEAD)[:-60],
    "unclosed": lambda _: _book(_HEAD + "<row><c>"),
    "deeply nested": lambda _: _book(_HEAD + "<row>" * 100_000),
    "macros inside": lambda _: _book(_HEAD, more={"xl/vbaProject.bin": b"x"}),
    "merged over everything": lambda _: _book(_HEAD + '</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/>'
                                              "</mergeCells><sheetData>"),
}  # fmt: skip


def workbooks() -> Iterator[Attack]:
    """Excel workbooks made by hand, as no Excel makes them."""
    for name, make in WORKBOOKS.items():
        yield Attack(f"xlsx: {name}", partial(_put_book, make))


def _put_book(make: Callable[[Place], bytes], place: Place) -> None:
    (place.landing / "encounters.xlsx").write_bytes(make(place))


def _parquet(table: pa.Table | None = None, **options: object) -> bytes:
    stream = io.BytesIO()
    table = table if table is not None else _table()
    pq.write_table(table, stream, **options)
    return stream.getvalue()


def _table(*, rows: int = 1, **more: object) -> pa.Table:
    return pa.table({name: [value] * rows for name, value in zip(HEADER, GOOD, strict=True)} | more)


def _flipped(content: bytes, every: int) -> bytes:
    broken = bytearray(content)
    for at in range(8, len(broken) - 8, every):
        broken[at] ^= 0x5A
    return bytes(broken)


def _nested(levels: int) -> pa.Array:
    kind: pa.DataType = pa.string()
    for _ in range(levels):
        kind = pa.list_(kind)
    return pa.nulls(1, kind)


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, (PATIENT,)


def _with_metadata(metadata: dict[bytes, bytes]) -> bytes:
    return _parquet(_table().replace_schema_metadata(metadata))


PARQUET: dict[str, Callable[[], bytes]] = {
    "cut short": lambda: _parquet()[:-20],
    "a footer longer than the file": lambda: _parquet()[:-8] + b"\xff\xff\xff\x7fPAR1",
    "a footer of nothing": lambda: _parquet()[:-8] + b"\0\0\0\0PAR1",
    "locked": lambda: b"PARE" + _parquet()[4:-4] + b"PARE",
    "only its name": lambda: b"PAR1" * 3,
    "no columns": lambda: _parquet(pa.table({})),
    "no rows": lambda: _parquet(_table().slice(0, 0)),
    "nested columns": lambda: _parquet(_table(payer=pa.array([{"a": [1, 2], "b": {"c": 1}}]))),
    "lists in lists": lambda: _parquet(_table(payer=_nested(60))),
    "a million rows of one value": lambda: _parquet(_table(rows=1_000_000)),
    "a value of 100 MB": lambda: _parquet(_table(payer=["x" * (100 << 20)]), compression="zstd"),
    "a bomb": lambda: _parquet(_table(payer=["x" * 250_000_000]), compression="zstd", use_dictionary=False),
    "days beyond days": lambda: _parquet(_table(discharged=pa.array([2**62], pa.timestamp("us")))),
    "binary text": lambda: _parquet(_table(payer=pa.array([b"\xff\xfe\0"]))),
    "an endless number": lambda: _parquet(_table(total_cost=[float("inf")])),
    "no type": lambda: _parquet(_table(payer=pa.nulls(1))),
    "names of nothing": lambda: _parquet(pa.table([["a"], ["b"]], names=["", ""])),
    "the same name twice": lambda: _parquet(pa.table([["a"], ["b"]], names=["payer", "payer"])),
    "a thousand columns": lambda: _parquet(_table(**{f"x{n}": ["1"] for n in range(1000)})),
    "a pickle in its notes": lambda: _with_metadata({b"pandas": __import__("pickle").dumps(_Evil())}),
    "a schema that lies": lambda: _with_metadata({b"ARROW:schema": b"/////" * 50}),
    "the old extension type": lambda: _with_metadata({b"ARROW:extension:name": b"arrow.py_extension_type"}),
    **{f"bytes flipped, one of {every}": partial(lambda every: _flipped(_parquet(_table(rows=50)), every), every)
       for every in (3, 7, 31, 101, 257, 499)},
}  # fmt: skip


def parquet_files() -> Iterator[Attack]:
    """Parquet files whose footers or pages lie."""
    for name, make in PARQUET.items():
        yield Attack(f"parquet: {name}", partial(_put, "encounters.parquet", make))
        if name.startswith("bytes"):
            yield Attack(f"parquet denials: {name}", partial(_put, "denials.parquet", make))
