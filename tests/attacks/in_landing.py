"""Attacks by what lies in a landing folder: headers, values, names of files and folders, and what is no plain file."""

from __future__ import annotations

import gzip
import os
import socket
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.attacks.attack import GOOD, HEADER, PATIENT, Attack, Place, csv_text, good_landing
from tests.attacks.texts import CONTROLS, EVERY, FORMULAS, MARKUP, SQL, TEMPLATES

BAD = ("E9", PATIENT, "F1", "acute inpatient", "10/01/2026", "2026-10-05")
"""A row that is refused: its original is kept under the names of the header."""
MORE = (
    "payer",
    "service_line",
    "unit_id",
    "discharge_disposition_code",
    "primary_diagnosis_code",
    "drg_code",
    "total_cost",
)


def headers() -> Iterator[Attack]:
    """A hostile name of a column, in every format; a refused row carries it further."""
    for number, text in enumerate((*SQL, *MARKUP, *TEMPLATES, *FORMULAS, *CONTROLS)):
        forms = ("csv", "xlsx", "parquet") if number % 3 == 0 else ("csv",)
        for form in forms if text not in CONTROLS else ("csv", "parquet"):  # no workbook can hold those
            yield Attack(f"header {form} {number}", partial(_header, text, form))


def _header(text: str, form: str, place: Place) -> None:
    names = [*HEADER, place.aim(text)]
    rows = [(*GOOD, "kept"), (*BAD, "kept")]
    path = place.landing / f"encounters.{form}"
    if form == "csv":
        path.write_text(csv_text(tuple(names), *rows), encoding="utf-8", errors="surrogatepass")
    elif form == "xlsx":
        book = openpyxl.Workbook()
        for row in (names, *rows):
            book.worksheets[0].append(list(row))
        book.save(path)
    else:
        columns = list(zip(*rows, strict=True))
        pq.write_table(pa.table(dict(zip(names, [list(column) for column in columns], strict=True))), path)


def values() -> Iterator[Attack]:
    """Every hostile text in every column, a row each; read, refused or kept, it does nothing."""
    for at, name in enumerate((*HEADER, *MORE)):
        yield Attack(f"values of {name}", partial(_values, at), n_inputs=len(EVERY))
    for table, columns in {
        "facilities": ("facility_id", "facility_name", "time_zone", "opened_on", "licensed_beds"),
        "units": ("unit_id", "facility_id", "unit_name", "service_line"),
        "diagnoses": ("encounter_id", "sequence", "code", "code_type"),
        "avoidable_days": ("encounter_id", "starts_on", "ends_on", "reason_code", "responsible_party"),
        "denials": ("denial_id", "encounter_id", "payer", "denied_on", "denied_amount", "reason_code"),
        "budget": ("facility_id", "month", "account", "budget_usd", "actual_usd"),
    }.items():
        yield Attack(f"values of {table}", partial(_table_values, table, columns), n_inputs=len(EVERY) * len(columns))


def _values(at: int, place: Place) -> None:
    rows = []
    for number, text in enumerate(EVERY):
        row = [f"E{number}", f"{PATIENT}{number}", *GOOD[2:], *[""] * len(MORE)]
        row[at] = place.aim(text)
        rows.append(tuple(row))
    text = csv_text((*HEADER, *MORE), *rows)
    (place.landing / "encounters.csv").write_text(text, encoding="utf-8", newline="")


def _table_values(table: str, columns: tuple[str, ...], place: Place) -> None:
    good_landing(place)
    rows = []
    for at in range(len(columns)):
        for number, text in enumerate(EVERY):
            row = [f"{number}" for _ in columns]
            row[at] = place.aim(text)
            rows.append(tuple(row))
    (place.landing / f"{table}.csv").write_text(csv_text(columns, *rows), encoding="utf-8", newline="")


NAMES = (
    "encounters[1].csv",
    "encounters*.csv",
    "encounters?.csv",
    "encounters{a,b}.csv",
    "encounters'; DROP.csv",
    'encounters"x.csv',
    "encounters\n.csv",
    "encounters\x1b[31m.csv",
    "encounters\u202egpj.csv",
    "encounters$(touch x).csv",
    "encounters|id.csv",
    "encounters%s%n.csv",
    "encounters{{7*7}}.csv",
    "encounters<script>.csv",
    "encounters[red]x[bold].csv",
    "encounters ~.csv",
    "encounters=1.csv",
    "encounters" + "x" * 230 + ".csv",
    "encounters\udcff.csv",
    "encounters.CSV",
    "encounters..csv",
    "encounters.csv.csv",
    "encounters\\..\\x.csv",
    "encounters:stream.csv",
    "encounters.csv ",
)


def names() -> Iterator[Attack]:
    """Hostile names of files, plain and packed, and of the landing folder itself."""
    for number, name in enumerate(NAMES):
        yield Attack(f"file name {number}", partial(_file_named, name))
        if number < 18:
            yield Attack(f"file name {number} packed", partial(_file_named, name + ".gz"))
            yield Attack(f"file name {number} workbook", partial(_workbook_named, name.removesuffix("csv") + "xlsx"))
    for number, name in enumerate(
        ("g5[a]", "facility_id=EVIL", "*", "a'b\"c", "a\nb", "\x1b[31m", "--help", "{{7*7}}", "a;b", "x" * 200, "~")
    ):
        command = ("build", "--landing", f"LANDING/{name}", "--warehouse", "WAREHOUSE")
        yield Attack(f"folder name {number}", partial(_folder_named, name), command)


def _file_named(name: str, place: Place) -> None:
    content = csv_text(HEADER, GOOD, BAD).encode()
    good = place.landing / "encounters1.csv"
    good.write_bytes(csv_text(HEADER, ("E2", *GOOD[1:])).encode())
    (place.landing / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


def _workbook_named(name: str, place: Place) -> None:
    book = openpyxl.Workbook()
    for row in (HEADER, GOOD, BAD):
        book.worksheets[0].append(list(row))
    book.save(place.landing / name)


def _folder_named(name: str, place: Place) -> None:
    folder = place.landing / name
    folder.mkdir()
    (folder / "encounters.csv").write_text(csv_text(HEADER, *(("E" + str(n), *GOOD[1:]) for n in range(4))))


def strange_files() -> Iterator[Attack]:
    """Pipes, devices, sockets and links, in the place of a table and of landing.yaml."""
    for name in ("encounters.csv", "encounters.parquet", "encounters.xlsx", "encounters.csv.gz", "landing.yaml"):
        for kind, make in STRANGE.items():
            yield Attack(f"{name} is {kind}", partial(_strange, name, make), must="be refused")


def _strange(name: str, make: Callable[[Path, Place], object], place: Place) -> None:
    if name == "landing.yaml":
        good_landing(place)
    make(place.landing / name, place)


def _socket(path: Path, _: Place) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path may have 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


def _device(path: Path, _: Place) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:  # no right to make one: a link to it
        path.symlink_to("/dev/zero")


STRANGE: dict[str, Callable[[Path, Place], object]] = {
    "a pipe": lambda path, _: os.mkfifo(path),
    "a device": _device,
    "a socket": _socket,
    "a link to a device": lambda path, _: path.symlink_to("/dev/zero"),
    "a link out": lambda path, place: path.symlink_to(place.secret),
    "a link to a folder out": lambda path, place: path.symlink_to(place.outside),
    "a link to nothing": lambda path, _: path.symlink_to("nothing"),
    "a link to itself": lambda path, _: path.symlink_to(path.name),
    "a link by /proc": lambda path, place: path.symlink_to(f"/proc/self/root{place.secret}"),
}
