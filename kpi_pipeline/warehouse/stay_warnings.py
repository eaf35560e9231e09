"""What the stays show of codes that no loaded table knows: the figures survive it, but a reader should know."""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.notices import Notice


def find_stay_warnings(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """The warnings about the stays of this build."""
    stays, with_code, mapped, uncoded = connection.execute(
        "SELECT COUNT(*), COUNT(primary_diagnosis_code), COUNT(primary_diagnosis_ccs), "
        "COUNT(*) FILTER (WHERE drg_code IS NOT NULL AND drg_weight IS NULL) FROM stays"
    ).fetchall()[0]
    warnings = []
    if not stays:
        warnings.append(Notice("no_stays"))
    if with_code and not mapped:
        warnings.append(Notice("diagnoses_without_map"))
    elif mapped < with_code:
        counts = {"diagnoses": with_code - mapped, "of_diagnoses": with_code}
        warnings.append(Notice("diagnoses_unmapped", counts=counts))
    if uncoded:
        warnings.append(Notice("drgs_unknown", counts={"stays": uncoded}))
    nearest = connection.execute(
        "SELECT fiscal_year, drg_table_fiscal_year FROM stays "
        "WHERE drg_table_fiscal_year IS NOT NULL AND drg_table_fiscal_year <> fiscal_year GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for used in sorted({used for _, used in nearest}):
        asked = tuple(f"FY{year}" for year, instead in nearest if instead == used)
        warnings.append(Notice("drg_table_of_another_year", columns=asked, details={"used": f"FY{used}"}))
    return warnings
