"""One hash over the case list behind each figure, so that a printed figure can be held against its cases later.

A hash tree: each case is hashed with a salt, a hospital's month is the hash of its cases in order, and the month of all
hospitals the hash of theirs. The salt stays in the archive: without it a root over few cases could be guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from kpi_pipeline.core.files import own_temporary_folder, private_files, working_folder
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import literal, path_literal
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.pipeline.history.case_sums import IS_WANTED, FigureKey, create_wanted_months

_LETTERS = 32
"""128 of 256 bits are told: enough that nobody finds other cases with the same root."""


def salt_of(cases: bytes) -> str:
    """The salt of an issue: nobody knows it who does not know every case."""
    return hashlib.sha256(b"salt of roots " + cases).hexdigest()


def figure_roots(cases: bytes, salt: str, figures: Collection[FigureKey]) -> dict[str, str]:
    """figure id → root, for figures with at least one case. cases: a cases.parquet."""
    with private_files(), working_folder(own_temporary_folder()) as scratch:
        file = scratch / "cases.parquet"
        file.write_bytes(cases)
        return roots_of_file(file, salt, figures)


def roots_of_file(file: Path, salt: str, figures: Collection[FigureKey]) -> dict[str, str]:
    """As `figure_roots`, of a file."""
    if not figures:
        return {}
    with connect(folders=[file.parent]) as connection:
        create_wanted_months(connection, figures)
        rows = connection.execute(_roots_sql(file, salt)).fetchall()
    wanted = set(figures)
    return {"/".join(key): root[:_LETTERS] for *key, root in rows if (key[0], key[1], key[2]) in wanted}


def _roots_sql(file: Path, salt: str) -> str:
    parts = ("metric", "case_id", "facility_id", "event_date", "numerator", "denominator", "exclusion_reason")
    text = ", '|', ".join(parts)  # CONCAT takes what is missing as nothing
    return f"""
    WITH leaves AS (
        SELECT
            metric, facility_id, CAST(DATE_TRUNC('month', event_date) AS DATE) AS month,
            SHA256(CONCAT({literal(salt)}, {text})) AS leaf
        FROM READ_PARQUET({path_literal(file)}) AS cases
        WHERE {IS_WANTED}
    ),
    places AS (
        SELECT metric, facility_id, month, SHA256(ARRAY_TO_STRING(LIST_SORT(LIST(leaf)), '')) AS root
        FROM leaves GROUP BY ALL
    )
    SELECT metric, facility_id, STRFTIME(month, '%Y-%m'), root FROM places
    UNION ALL
    SELECT metric, {literal(WHOLE_SYSTEM)}, STRFTIME(month, '%Y-%m'),
        SHA256(STRING_AGG(facility_id || '|' || root, '|' ORDER BY facility_id))
    FROM places GROUP BY ALL
    """
