"""How a landing folder is spoilt: a share of cells or rows, one facility, month or file. What is spoilt is said by
`corruptions` and `further_corruptions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from tests.support.corruption_bench import Corruption, Landing, Rows

CHANGED_FACILITY = "ERHL"
CHANGED_MONTH = "2026-09"
NEW_FILE, OLD_FILE = "encounters_2026.csv", "encounters_2025.csv"
SHARES = (1, 10, 60)

Chosen = Callable[[Rows], "pd.Series[bool]"]
Change = Callable[[Rows, Landing], None]


def of_facility(rows: Rows) -> pd.Series[bool]:
    return rows["facility_id"] == CHANGED_FACILITY


def of_month(rows: Rows) -> pd.Series[bool]:
    return rows["discharged_at"].str.startswith(CHANGED_MONTH)


def everywhere(rows: Rows) -> pd.Series[bool]:
    return pd.Series(True, index=rows.index)


def cells(
    table: str,
    column: str,
    change: Callable[[pd.Series[str]], pd.Series[str]],
    *,
    share: float = 100,
    where: Chosen = everywhere,
) -> Callable[[Landing], None]:
    """Changes a share of the filled cells of a column in every file of the table."""

    def spoil(landing: Landing) -> None:
        for file in landing.files(table):
            rows = landing.read(file)
            chosen = pick(rows, landing.rng, share, where) & (rows[column] != "")
            if chosen.any():
                rows.loc[chosen, column] = change(rows.loc[chosen, column])
                landing.write(file, rows)

    return spoil


def without(table: str, where: Chosen, *, share: float = 100) -> Callable[[Landing], None]:
    """Leaves out a share of the rows."""

    def spoil(landing: Landing) -> None:
        for file in landing.files(table):
            rows = landing.read(file)
            gone = pick(rows, landing.rng, share, where)
            if gone.any():
                landing.write(file, rows[~gone])

    return spoil


def pick(rows: Rows, rng: np.random.Generator, share: float, where: Chosen = everywhere) -> pd.Series[bool]:
    return where(rows) & (rng.random(len(rows)) < share / 100)


def in_file(file: str, change: Callable[[Rows, Landing], Rows | None]) -> Callable[[Landing], None]:
    """Changes one file as a whole."""

    def spoil(landing: Landing) -> None:
        rows = landing.read(file)
        changed = change(rows, landing)
        landing.write(file, rows if changed is None else changed)

    return spoil


def as_bytes(file: str, change: Callable[[bytes], bytes], *, name: str = "") -> Callable[[Landing], None]:
    """Changes the bytes of one file, or writes them under another name."""

    def spoil(landing: Landing) -> None:
        path = landing.folder / file
        content = change(path.read_bytes())
        path.unlink()
        (landing.folder / (name or file)).write_bytes(content)

    return spoil


def set_to(value: str) -> Callable[[pd.Series[str]], pd.Series[str]]:
    return lambda column: pd.Series(value, index=column.index)


def a_year_ahead(column: pd.Series[str]) -> pd.Series[str]:
    return (column.str[:4].astype(int) + 1).astype(str) + column.str[4:]


def discharged(where: Chosen, first: str, last: str) -> Chosen:
    return lambda rows: where(rows) & rows["discharged_at"].str[:10].between(first, last)


def undeclared(option: str) -> Callable[[Landing], None]:
    """Leaves a line out of landing.yaml."""

    def spoil(landing: Landing) -> None:
        path = landing.folder / "landing.yaml"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.unlink()
        path.write_text("".join(one for one in lines if not one.startswith(f"{option}:")), encoding="utf-8")

    return spoil


def in_turn(*spoils: Callable[[Landing], None]) -> Callable[[Landing], None]:
    def spoil(landing: Landing) -> None:
        for one in spoils:
            one(landing)

    return spoil


def stripped(column: pd.Series[str]) -> pd.Series[str]:
    return column.str.lstrip("0")


def shares(name: str, make: Callable[[int], Callable[[Landing], None]], told: str, *which: int) -> Iterator[Corruption]:
    for share in which or SHARES:
        yield Corruption(name, f"{share} % of rows", make(share), told)
