"""Attacks by JSON: FHIR resources and Bundles; and by the other sources' tables."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.attacks.attack import PATIENT, Attack, Place, csv_text
from tests.attacks.in_landing import STRANGE
from tests.attacks.texts import CONTROLS, EVERY, MARKUP, SQL, TEMPLATES

Resource = dict[str, Any]


def _encounter(number: int = 1, **fields: Any) -> Resource:
    return {
        "resourceType": "Encounter",
        "id": f"e{number}",
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "period": {"start": "2026-03-01T10:00:00-05:00", "end": "2026-03-04T12:30:00-05:00"},
        "serviceProvider": {"reference": "Organization/h1"},
    } | fields


def _lines(*resources: Any) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in resources).encode()


def _bundle(**fields: Any) -> bytes:
    return json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": _encounter()}]} | fields
    ).encode()


def _packed_line(mb: int) -> bytes:
    """One line that never ends, packed."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as stream:
        stream.write(b'{"resourceType": "Encounter", "id": "')
        for _ in range(mb // 10):
            stream.write(b"x" * (10 << 20))
    return packed.getvalue()


def _beside_good(content: bytes) -> bytes:
    return _lines(_encounter()) + content + b"\n"


FHIR: dict[str, tuple[str, Callable[[], bytes]]] = {
    "deep lists": ("Encounter.ndjson", lambda: _beside_good(b"[" * 100_000 + b"]" * 100_000)),
    "deep objects": ("Encounter.ndjson", lambda: _beside_good(b'{"a":' * 50_000 + b"1" + b"}" * 50_000)),
    "a number without end": ("Encounter.ndjson", lambda: _beside_good(
        b'{"resourceType":"Encounter","id":' + b"9" * 100_000 + b"}")),
    "a name twice": ("Encounter.ndjson", lambda: b'{"resourceType":"Encounter","id":"a","id":"b"}\n'),
    "a line of 20 MB": ("Encounter.ndjson", lambda: _lines(_encounter(text="x" * (20 << 20)))),
    "a surrogate": ("Encounter.ndjson", lambda: _beside_good(b'{"resourceType":"Encounter","id":"\\ud800"}')),
    "a zero": ("Encounter.ndjson", lambda: b'{"resourceType":"Encounter","id":"\\u0000"}\n' + _lines(_encounter())),
    "no UTF-8": ("Encounter.ndjson", lambda: _lines(_encounter()) + b'{"id":"\xff\xfe"}\n'),
    "NaN": ("Encounter.ndjson", lambda: _lines(_encounter(length={"value": float("nan")}))),
    "not JSON": ("Encounter.ndjson", lambda: b"<xml/>\n" * 100),
    "nothing": ("Encounter.ndjson", lambda: b""),
    "blank": ("Encounter.ndjson", lambda: b"\n \n"),
    "a byte order mark": ("Encounter.ndjson", lambda: b"\xef\xbb\xbf" + _lines(_encounter())),
    "a list of texts": ("Encounter.ndjson", lambda: b'["a", 1, null]\n"x"\n3\nnull\ntrue\n'),
    "part of itself": ("Encounter.ndjson", lambda: _lines(_encounter(partOf={"reference": "Encounter/e1"}))),
    "part of each other": ("Encounter.ndjson", lambda: _lines(
        _encounter(1, partOf={"reference": "Encounter/e2"}), _encounter(2, partOf={"reference": "Encounter/e1"}))),
    "ten thousand diagnoses": ("Encounter.ndjson", lambda: _lines(
        _encounter(diagnosis=[{"condition": {"reference": f"Condition/{n}"}, "rank": n} for n in range(10_000)]))),
    "fields of other types": ("Encounter.ndjson", lambda: _lines(
        _encounter(status=[1], period="x", **{"class": 7}, subject=[{}], serviceProvider="y", id={"a": 1}))),
    "a line without end, packed": ("Encounter.ndjson.gz", lambda: _packed_line(3000)),
    "a Bundle without end, packed": ("bundle.json.gz", lambda: gzip.compress(b'{"resourceType": "Bundle", "entry": [')
                                     + _packed_line(600)),
    "cut short, packed": ("Encounter.ndjson.gz", lambda: gzip.compress(_lines(*map(_encounter, range(200))))[:-30]),
    "no archive": ("Encounter.ndjson.gz", lambda: b"plain"),
    "no zstandard": ("Encounter.ndjson.zst", lambda: b"plain"),
    "an empty Bundle": ("bundle.json", lambda: _bundle(entry=[])),
    "a Bundle of texts": ("bundle.json", lambda: _bundle(entry=["a", 1, None])),
    "a Bundle in a Bundle": ("bundle.json", lambda: _bundle(entry=[{"resource": json.loads(_bundle())}])),
    "a Bundle with a long head": ("bundle.json", lambda: b"{" + b"".join(
        b'"k%d": {}, ' % n for n in range(3000)) + b'"x": 1}'),
    "a head that takes for ever": ("bundle.json", lambda: b"{" + b'"a":"b",' * 6000 + b'"resourceType":"Bundl"}'),
    "addresses that lead on": ("bundle.json", lambda: json.dumps({"resourceType": "Bundle", "entry": [
        {"fullUrl": "http://192.0.2.1/" + "a/:" * 5000, "resource": _encounter() | {"id": None}}]}).encode()),
    "a document": ("bundle.json", lambda: json.dumps(json.loads(_bundle()), indent=1).encode()),
    "a document cut short": ("bundle.json", lambda: json.dumps(json.loads(_bundle()), indent=1).encode()[:-9]),
}  # fmt: skip


def fhir() -> Iterator[Attack]:
    """FHIR files that are none, or too much; and hostile texts in ids, references, names and codes."""
    for name, (file, make) in FHIR.items():
        yield Attack(f"fhir: {name}", partial(_put, file, make))
    for name, field in FIELDS.items():
        yield Attack(f"fhir texts: {name}", partial(_texts, field), n_inputs=len(EVERY))
    references = (
        "../../../secret",
        "file://{secret}",
        "http://192.0.2.1/Patient/1",
        "Patient/../../x",
        "urn:uuid:x",
        "#x",
    )
    for number, reference in enumerate(references):
        yield Attack(f"fhir reference {number}", partial(_reference, reference))


FIELDS: dict[str, Callable[[str], Resource]] = {
    "id": lambda text: {"id": text},
    "subject": lambda text: {"subject": {"reference": f"Patient/{text}"}},
    "status": lambda text: {"status": text},
    "class": lambda text: {"class": {"code": text}},
    "period": lambda text: {"period": {"start": text, "end": text}},
    "provider": lambda text: {"serviceProvider": {"reference": f"Organization/{text}", "display": text}},
    "disposition": lambda text: {"hospitalization": {"dischargeDisposition": {
        "coding": [{"system": text, "code": text}]}}},
    "location": lambda text: {"location": [{"location": {"reference": f"Location/{text}", "display": text}}]},
}  # fmt: skip


def _put(file: str, make: Callable[[], bytes], place: Place) -> None:
    (place.folder / "source").write_text("fhir")
    if not file.startswith("Encounter.ndjson"):
        (place.landing / "Encounter.ndjson").write_bytes(_lines(_encounter(7)))
    (place.landing / file).write_bytes(make())


def _texts(field: Callable[[str], Resource], place: Place) -> None:
    resources = [_encounter(number, **field(place.aim(text))) for number, text in enumerate(EVERY)]
    _put("Encounter.ndjson", lambda: _lines(*resources), place)


def _reference(reference: str, place: Place) -> None:
    aimed = place.aim(reference)
    _put(
        "Encounter.ndjson",
        lambda: _lines(
            _encounter(subject={"reference": aimed}, serviceProvider={"reference": aimed}, partOf={"reference": aimed})
        ),
        place,
    )


VISIT = ("visit_occurrence_id", "person_id", "visit_concept_id", "visit_start_date", "visit_end_date", "care_site_id",
         "discharged_to_concept_id", "visit_source_value")  # fmt: skip
VISIT_ROW = ("1", "1", "9201", "2026-03-01", "2026-03-04", "7", "8536", "x")
PERSON = ("person_id", "year_of_birth", "month_of_birth", "day_of_birth", "gender_concept_id")


def omop() -> Iterator[Attack]:
    """OMOP tables with hostile values in every column, and with hostile headers."""
    for at, name in enumerate(VISIT):
        yield Attack(f"omop values of {name}", partial(_omop, at), n_inputs=len(EVERY))
    for kind, make in STRANGE.items():
        for file in ("person.csv", "care_site.csv.gz", "concept.parquet"):
            yield Attack(f"omop {file} is {kind}", partial(_strange_lookup, file, make))
    for number, text in enumerate((*SQL[:10], *MARKUP[:3], *TEMPLATES[:5], *CONTROLS[:4])):
        yield Attack(f"omop header {number}", partial(_omop_header, text))


def _strange_lookup(name: str, make: Callable[[Path, Place], object], place: Place) -> None:
    """A table that others only look things up in."""
    _write_omop(place, VISIT, [VISIT_ROW])
    (place.landing / name).unlink(missing_ok=True)
    make(place.landing / name, place)


def _omop(at: int, place: Place) -> None:
    rows = []
    for number, text in enumerate(EVERY):
        row = [str(number), *VISIT_ROW[1:]]
        row[at] = place.aim(text)
        rows.append(tuple(row))
    _write_omop(place, VISIT, rows)


def _omop_header(text: str, place: Place) -> None:
    _write_omop(
        place, (*VISIT, place.aim(text)), [(*VISIT_ROW, "x"), ("2", "1", "9201", "x", "y", "7", "8536", "x", "z")]
    )


def _write_omop(place: Place, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    (place.folder / "source").write_text("omop")
    visits = place.landing / "visit_occurrence.csv"
    visits.write_text(csv_text(header, *rows), encoding="utf-8", newline="", errors="surrogatepass")
    (place.landing / "person.csv").write_text(csv_text(PERSON, ("1", "1950", "2", "3", "8532")), encoding="utf-8")
