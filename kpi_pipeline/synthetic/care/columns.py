"""From the generator's numbers to columns as they are written: names, timestamps, dates, dollars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kpi_pipeline.synthetic.care.money import NO_AMOUNT
from kpi_pipeline.synthetic.ground.calendar import skip_missing_hour
from kpi_pipeline.synthetic.ground.plan import NEVER, Floats, Ints

Moments = NDArray[np.datetime64]


def names(codes: Ints, categories: Sequence[str]) -> pd.Categorical[str]:
    """Numbers as the names they stand for; -1 becomes an empty field."""
    return pd.Categorical.from_codes(codes, pd.Index(list(categories)))


def texts(values: Sequence[object] | NDArray[np.generic] | pd.Series) -> pd.Categorical[str]:
    """Text of few different values; the empty text becomes an empty field."""
    codes, found = pd.factorize(np.asarray(values, dtype=object), sort=True)
    if len(found) and found[0] == "":
        codes, found = codes - 1, found[1:]
    return names(codes.astype(np.int64), [str(value) for value in found])


def moments(minutes: Ints) -> Moments:
    """Minutes as timestamps on a local clock that skips an hour in March; NEVER becomes an empty field."""
    known = minutes != NEVER
    shown = np.where(known, skip_missing_hour(np.where(known, minutes, 0)), NEVER)
    return shown.astype("datetime64[m]").astype("datetime64[s]")


def days(numbers: Ints) -> Moments:
    """Day numbers as dates; NEVER becomes an empty field."""
    return numbers.astype("datetime64[D]").astype("datetime64[s]")


def dollars(cents: Ints) -> Floats:
    """Cents as dollars; NO_AMOUNT becomes an empty field."""
    return np.where(cents == NO_AMOUNT, np.nan, cents / 100)


def as_written(*columns: str) -> dict[str, str]:
    """Columns written as they are: header → SQL."""
    return {column: column for column in columns}


def as_dates(*columns: str) -> dict[str, str]:
    """Columns written as dates: header → SQL."""
    return {column: f"CAST({column} AS DATE)" for column in columns}
