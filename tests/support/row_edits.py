"""Random edits of the rows of a landing folder: taken back, sent again otherwise, or sent late."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

from kpi_pipeline.intake.contract import load_contracts

OF_AN_ENCOUNTER = ("diagnoses", "procedures")
"""Tables whose rows have no id of their own: a late one is another row of an encounter that is there."""


def tables_of(landing: Path) -> list[str]:
    """The tables a landing folder holds, by the names of its files."""
    return sorted({file.stem.rstrip("_0123456789") for file in landing.glob("*.csv")})


def edit_rows(landing: Path, table: str, random: Random, *, n: int = 30) -> None:
    """Edits n rows of the newest file of a table: every third is taken back, one in three sent again, one late.

    Where a key is several columns, a row is never sent again under the key of another: they would be parts of one
    record, and refused.
    """
    file = max(one for one in landing.glob("*.csv") if one.stem.rstrip("_0123456789") == table)
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        head, rows = list(reader.fieldnames or ()), list(reader)
    key = _key_of(table)
    for at in range(n):
        place = random.randrange(len(rows))
        if at % 3 == 0:
            del rows[place]
        elif at % 3 == 1:
            column = random.choice(head)
            again = rows[place] | {column: random.choice(rows)[column]}
            others = [row for row in rows if row is not rows[place]]
            if len(key) == 1 or all(any(row.get(part) != again.get(part) for part in key) for row in others):
                rows[place] = again
        else:
            new = {} if table in OF_AN_ENCOUNTER else {head[0]: f"LATE{at}{random.randrange(10_000)}"}
            rows.append(rows[place] | new)
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, head)
        writer.writeheader()
        writer.writerows(rows)


def _key_of(table: str) -> tuple[str, ...]:
    """The key of the canonical table that files of this name (`encounters_corrections`) hold rows of."""
    contracts = load_contracts()
    return contracts[max(name for name in contracts if table == name or table.startswith(f"{name}_"))].key
