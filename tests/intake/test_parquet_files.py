"""Parquet as programs write it: odd types are read as what they mean, or refused; a wrong footer is refused."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from kpi_pipeline.core.errors import InputError
from tests.support.landings import faults_of, staged_rows, take_in

MOMENT = datetime(2026, 10, 1, 8, 30)


def parquet(n_rows: int = 2, *, how: dict[str, Any] | None = None, **columns: Any) -> bytes:
    """A file of stays, some columns of which are given."""
    usual = {
        "encounter_id": [f"E{n}" for n in range(n_rows)],
        "person_id": [f"P{n}" for n in range(n_rows)],
        "facility_id": ["F1"] * n_rows,
        "encounter_type": ["acute inpatient"] * n_rows,
        "admitted_at": pa.array([MOMENT] * n_rows, pa.timestamp("us")),
        "discharged_at": pa.array([None] * n_rows, pa.null()),
        "total_cost": [1250.5] * n_rows,
    }
    target = BytesIO()
    pq.write_table(pa.table(usual | columns), target, **(how or {}))
    return target.getvalue()


USUAL = ("P0", "acute inpatient", MOMENT, 1250.5)


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (parquet(how={"use_deprecated_int96_timestamps": True}), USUAL),
        (parquet(how={"data_page_version": "2.0", "compression": "brotli"}), USUAL),
        (parquet(admitted_at=pa.array([MOMENT] * 2, pa.timestamp("ns"))), USUAL),
        (parquet(total_cost=pa.array([Decimal("1250.50")] * 2, pa.decimal128(38, 2))), USUAL),
        (parquet(total_cost=pa.array([Decimal("1250.5")] * 2, pa.decimal256(60, 1))), USUAL),
        (parquet(encounter_type=pa.array(["acute inpatient"] * 2).dictionary_encode()), USUAL),
        (parquet(person_id=pa.array([b"P0", b"P1"])), USUAL),
        (parquet(other=[[{"a": 1}]] * 2), USUAL),
        (parquet(total_cost=[float("nan"), 1.0]), (*USUAL[:3], None)),
        (parquet(person_id=pa.array([2**63 + 1, 7], pa.uint64())), ("9223372036854775809", *USUAL[1:])),
    ],
    ids=["INT96", "pages", "ns", "decimal", "decimal256", "dictionary", "bytes", "nested elsewhere", "NaN", "uint64"],
)
def test_an_odd_type_is_read_as_what_it_means(tmp_path: Path, content: bytes, row: tuple[Any, ...]) -> None:
    intake = take_in(tmp_path, {"encounters.parquet": content})
    staged = staged_rows(intake, "person_id, encounter_type, admitted_at, total_cost")
    assert len(staged) == 2
    assert staged[0] == row


@pytest.mark.parametrize("persons", [[["P1"], ["P2", "P3"]], [{"id": "P1"}, {"id": "P2"}]], ids=["list", "structure"])
def test_several_values_where_one_must_be_are_refused(tmp_path: Path, persons: list[Any]) -> None:
    assert faults_of(tmp_path, {"encounters.parquet": parquet(person_id=persons)}) == [
        "encounters.parquet: column person_id holds several values in a row (a list, a structure or a map). "
        "Export one value for each row in a column of its own."
    ]


def test_a_length_of_time_is_no_number(tmp_path: Path) -> None:
    lasted = pa.array([timedelta(hours=2)] * 2, pa.duration("ns"))
    assert faults_of(tmp_path, {"encounters.parquet": parquet(total_cost=lasted)}) == [
        "encounters.parquet: column total_cost holds lengths of time, which Parquet stores as bare numbers. "
        "Export it as a number in the column's unit (docs/data_dictionary.md)."
    ]
    assert staged_rows(take_in(tmp_path / "elsewhere", {"encounters.parquet": parquet(waited=lasted)}), "person_id")


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, {"encounters.parquet": parquet(Person_ID=["P8", "P9"])})
    assert fault.startswith("encounters.parquet: columns 2 and 8 have the same name")


def test_a_file_cut_anywhere_is_refused_by_its_name(tmp_path: Path) -> None:
    whole = parquet(50)
    for number, part in enumerate((whole[:4], whole[: len(whole) // 2], whole[:-1], whole[200:])):
        (fault,) = faults_of(tmp_path / str(number), {"encounters.parquet": part})
        assert fault.startswith("encounters.parquet: is not a readable Parquet file (broken or cut short).")


def test_a_footer_that_declares_other_numbers_loses_no_row(tmp_path: Path) -> None:
    whole = parquet(2000, how={"row_group_size": 1400})
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    refused = []
    for declared, other in ((2000, 1999), (2000, 3000), (1400, 1401), (600, 601)):
        places = [footer + found.start() for found in re.finditer(re.escape(_varint(declared)), whole[footer:])]
        for place in (places[0], places[-1]):
            changed = whole[:place] + _varint(other) + whole[place + 2 :]
            try:
                rows = staged_rows(take_in(tmp_path / f"{other} {place}", {"encounters.parquet": changed}), "person_id")
            except InputError as error:
                refused.append(str(error))
            else:
                assert sorted(rows) == sorted((f"P{n}",) for n in range(2000))
    assert any("holds 1,999 rows, but 2,000 could be read" in fault for fault in refused)
    assert all(fault.startswith("encounters.parquet: ") for fault in refused)


def _varint(number: int) -> bytes:
    """A number of two bytes as Thrift's compact protocol writes it."""
    return bytes([number * 2 & 127 | 128, number * 2 >> 7])
