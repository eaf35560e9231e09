"""Damaged FHIR files: whatever bytes are changed, no crash, and no row goes without a word."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.errors import KpiError
from tests.support.fhir import coded, encounter, staged_rows, take_in, write_fhir
from tests.support.said import said

EXAMPLES = int(os.environ.get("KPI_DAMAGED_FILES", "40"))
"""`make damage` tries thousands."""

_LINES = [
    json.dumps(
        encounter(
            f"e{number}",
            f"p{number % 3}",
            location=[{"location": {"reference": "Location/w1"}}],
            hospitalization={"dischargeDisposition": coded("home")},
            diagnosis=[{"condition": {"reference": f"Condition/c{number}"}, "rank": 1}],
            status=["finished", "cancelled", "entered-in-error", "in-progress"][number % 4],
        )
    ).encode()
    for number in range(12)
]
_DAMAGE = st.lists(
    st.tuples(
        st.sampled_from(["replace", "insert", "delete", "repeat", "cut"]),
        st.floats(0, 1, exclude_max=True),
        st.one_of(
            st.binary(min_size=1, max_size=4),
            st.sampled_from(
                [b"{", b"}", b"[", b"]", b'"', b"\\", b"null", b"1e999", b"\x00", b"\xff\xfe", b"\r", b"\n"]
            ),
        ),
    ),
    min_size=1,
    max_size=8,
)


def damaged(text: bytes, damage: list[tuple[str, float, bytes]]) -> bytes:
    for kind, place, piece in damage:
        at = int(place * len(text))
        if kind == "replace":
            text = text[:at] + piece + text[at + len(piece) :]
        elif kind == "insert":
            text = text[:at] + piece + text[at:]
        elif kind == "delete":
            text = text[:at] + text[at + len(piece) * 7 :]
        elif kind == "repeat":
            text = text[:at] + text[max(0, at - 200) : at] + text[at:]
        elif kind == "cut" and at > 100:
            text = text[:at]
    return text


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damage=_DAMAGE, compressed=st.booleans())
def test_every_row_of_a_damaged_file_is_staged_left_out_or_refused(
    damage: list[tuple[str, float, bytes]], compressed: bool
) -> None:
    text = damaged(b"\n".join(_LINES) + b"\n", damage)
    with tempfile.TemporaryDirectory() as name:
        landing = Path(name) / "landing"
        landing.mkdir()
        path = landing / f"Encounter.ndjson{'.gz' if compressed else ''}"
        path.write_bytes(gzip.compress(text, mtime=0) if compressed else text)
        try:
            (file,) = take_in(landing, Path(name) / "store").files
        except KpiError:
            return  # refused whole, in words
        rows = file.rows_in + sum(file.left_out.values())
        lines = [line for line in text.split(b"\n") if line.strip(b" \t\r\v\f")]
        assert rows >= len(lines)  # two resources on one line are two rows
        assert file.rows_in == file.rows_staged + file.rows_quarantined


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damage=_DAMAGE, packed=st.booleans())
def test_a_damaged_container_is_read_or_refused_in_words(damage: list[tuple[str, float, bytes]], packed: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        landing = write_fhir(
            Path(name) / "landing", [json.loads(line) for line in _LINES], form="bundle.gz" if packed else "bundle"
        )
        (path,) = landing.iterdir()
        path.write_bytes(damaged(path.read_bytes(), damage))
        try:
            result = take_in(landing, Path(name) / "store")
        except KpiError:
            return
        for file in result.files:
            assert file.rows_in == file.rows_staged + file.rows_quarantined


def test_a_resource_of_another_type_is_left_out_with_a_count(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    lines = [_LINES[0], json.dumps({"resourceType": "Patient", "id": "p1"}).encode()]
    (landing / "Encounter.ndjson").write_bytes(b"\n".join(lines))
    result = take_in(landing, tmp_path / "store")
    assert staged_rows(result, "encounters", "encounter_id") == [("e0",)]
    assert "Encounter.ndjson: 1 row left out of encounters: the resource is no Encounter." in said(result.warnings)
