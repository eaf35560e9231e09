"""What every reader of a foreign file returns: data sets, notes and faults.

Not here: what any kind of file holds (`ccs_reader.py`, `fiscal_year_reader.py`, `value_set_reader.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from kpi_pipeline.core.errors import Fault

ALWAYS_FROM, ALWAYS_TO = date(1900, 1, 1), date(9999, 12, 31)
"""The dates of a list that holds for every discharge until another list is imported."""

_PUBLIC_DOMAIN = "United States Government work, public domain"


@dataclass(frozen=True)
class Dataset:
    """The rows for one reference file and what is known of them; `frame` has the columns of `table`."""

    name: str
    table: str
    frame: pd.DataFrame
    files: tuple[Path, ...]
    title: str
    version: str
    publisher: str
    effective_from: date | None = None
    effective_to: date | None = None
    licence: str = _PUBLIC_DOMAIN


@dataclass(frozen=True)
class Reading:
    """What one reader found: the data sets, what is worth saying, and what is wrong."""

    datasets: tuple[Dataset, ...] = ()
    notes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def repeats(where: str, read: int, kept: int) -> tuple[str, ...]:
    """A note when a file said the same thing twice."""
    return (f"{where}: {read - kept} repeated rows were read once.",) if read > kept else ()
