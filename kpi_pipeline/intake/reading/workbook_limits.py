"""What is looked at before an Excel workbook is read: its size when unpacked, and the order of its rows."""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import ZipFile

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.settings import Limits

_ROW = re.compile(rb"""<(?:[A-Za-z_][\w.-]{0,30}:)?row\s(?:[^<>]{0,500}?\s)?r\s*=\s*["'](-?\d{1,15})["'][^<>]*>""")
_LAST_ROW = 1_048_576
"""Excel's own: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3"""
_CHUNK, _LONGEST_TAG = 1 << 20, 4096


def refuse_large(path: Path, name: str, limits: Limits) -> None:
    """Raises InputError for a workbook larger than the limit when it is unpacked."""
    with ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > limits.workbook_mb * 1_000_000:
        what = f"holds {size / 1e6:,.0f} MB when unpacked, more than {limits.workbook_mb:,} MB."
        raise InputError(Fault(name, what, "Save it as CSV, or raise limits: workbook_mb in kpi.yaml."))


def refuse_rows_out_of_order(path: Path, name: str, *, title: str, part: str) -> None:
    """Raises InputError: rows that go back would be passed over, and a row beyond all rows counted up to, for days."""
    last, ahead = 0, b""
    with ZipFile(path) as archive, archive.open(part.lstrip("/")) as stream:
        while chunk := stream.read(_CHUNK):
            text = ahead + chunk
            for match in _ROW.finditer(text):
                number = int(match[1])
                if not last < number <= _LAST_ROW:
                    what = f"the sheet {title} has row {number:,} after row {last:,}, which no Excel writes."
                    raise InputError(Fault(name, what, "Open it in Excel and save it again, or save it as CSV."))
                last = number
            tail = text[max(text.rfind(b"<"), 0) :]
            ahead = b"" if b">" in tail else tail[:_LONGEST_TAG]
