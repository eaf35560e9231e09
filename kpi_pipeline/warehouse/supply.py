"""What the landing folder supplied: tables, columns, and capabilities such as usable ICD codes.

A measure whose inputs were not supplied says so; it is never zero. The table `supply` has one row per item a
metric may name in `needs`: is_supplied, and otherwise the status and the reason (`core.reasons`, no words).
"""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.reasons import Reason
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql.sql_text import literal
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.ingest import IntakeResult
from kpi_pipeline.warehouse.warnings.row import (
    PROCEDURES_UNMAPPED,
    count_unmapped_procedures,
    count_unmatched,
    create_unmatched,
)

ICD_DIAGNOSIS_CODES = "icd_diagnosis_codes"
DRG_WEIGHTS = "drg_weights"
PLANNED_CARE = "planned_care"
"""Whether planned returns can be told from unplanned ones: by the procedures of the stay."""
UNPLANNED_RETURNS = "unplanned_returns"
"""Whether returns can be counted as unplanned: also without any procedures, but then planned ones are counted in, and
every report says so; not where procedures were sent and cannot be read."""
ENCOUNTER_KINDS = {
    "emergency_encounters": "emergency department",
    "observation_encounters": "observation",
    "outpatient_encounters": "outpatient",
}
"""Capabilities that are the presence of one type of encounter: without any, its visits are unknown and not none."""


def _survey_item(item: str) -> tuple[str, str, str]:
    return "survey_answers", f"item = '{item}'", f"no item of surveys is {item!r}"


WORDED_ROWS = {
    "appeal_outcomes": (
        "denials",
        "LOWER(outcome) IN ('overturned', 'upheld')",
        "no outcome of denials is overturned or upheld",
    ),
    "outpatient_condition_codes": (
        "encounters",
        "condition_codes IS NOT NULL AND (encounter_type <> 'acute inpatient' "
        "OR REGEXP_MATCHES(condition_codes, '(^|[^0-9A-Za-z])44([^0-9A-Za-z]|$)'))",
        "no encounter but acute inpatient ones has condition codes",
    ),
    "peer_to_peer_outcomes": (
        "denials",
        "LOWER(peer_to_peer_outcome) IN ('overturned', 'upheld')",
        "no peer_to_peer_outcome of denials is overturned or upheld",
    ),
    "surveys_of_help": _survey_item("help after discharge"),
    "surveys_of_symptoms": _survey_item("symptoms in writing"),
    "surveys_of_plans": _survey_item("plans with the patient"),
    "contact_tasks": (
        "cm_tasks",
        "LOWER(task_type) LIKE '%post-discharge%' "
        "AND (LOWER(task_type) LIKE '%call%' OR LOWER(task_type) LIKE '%contact%')",
        "no task_type names a post-discharge call or contact",
    ),
    "important_messages": ("notices", "notice_type = 'im'", "no notice is of type IM"),
    "observation_notices": ("notices", "notice_type = 'moon'", "no notice is of type MOON"),
    "medicare_payers": ("encounters", "LOWER(payer) LIKE '%medicare%'", "no payer is named Medicare"),
}
"""Capabilities that are rows of a warehouse table that a measure knows by a word: table, condition, and what is said
where no row has it. A system that uses other words would else print as nothing done."""
NOT_SUPPLIED, NOT_COMPUTABLE = "not_supplied", "not_computable"
"""The two states of a missing input."""

RISK_MODELS = {
    "readmission_risk_model": "readmission_30d",
    "stay_risk_model": "length_of_stay_days",
    "cost_risk_model": "total_cost_per_case_usd",
}
"""Capabilities that are a loaded risk model whose every factor was supplied, and the measure that each is of."""
ITEMS_OF_FACTOR = {
    "age": ("encounters.birth_date",),
    "sex": ("encounters.sex",),
    "admit_type": ("encounters.admit_type_code",),
    "admit_source": ("encounters.admit_source_code",),
    "diagnosis": ("encounters.primary_diagnosis_code",),
    "drg": ("encounters.drg_code",),
    "comorbidity": ("diagnoses", "diagnoses.present_on_admission"),
}
CAPABILITIES = (
    ICD_DIAGNOSIS_CODES,
    DRG_WEIGHTS,
    PLANNED_CARE,
    UNPLANNED_RETURNS,
    *ENCOUNTER_KINDS,
    *WORDED_ROWS,
    *RISK_MODELS,
)
"""What a metric may need besides tables and columns; the warehouse finds out whether it is there."""


def create_supply(connection: duckdb.DuckDBPyConnection, intake: IntakeResult, settings: Settings) -> None:
    """Creates the table `supply` (item, is_supplied, status, reason).

    A table of which more than `unmatched_limit_pct` of the rows belong to no encounter cannot be computed with: what
    is counted of it would be too low, and would look like an improvement.
    """
    rows: list[tuple[str, bool, str, str]] = []
    create_unmatched(connection)
    for contract in load_contracts().values():
        files = intake.of_table(contract.table)
        unmatched, n = count_unmatched(connection, contract.table)
        if n and 100 * unmatched / n > settings.unmatched_limit_pct:
            reason = str(Reason("rows_unmatched", contract.table))
            items = [contract.table, *(f"{contract.table}.{column}" for column in contract.columns)]
            rows += [(item, False, NOT_COMPUTABLE, reason) for item in items]
            continue
        no_table = str(Reason("table_not_supplied", contract.table))
        rows.append((contract.table, bool(files), NOT_SUPPLIED, no_table))
        supplied = {column for file in files for column in file.columns_supplied}
        rows += [
            (
                f"{contract.table}.{column}",
                column in supplied,
                NOT_SUPPLIED,
                str(Reason("column_not_supplied", f"{contract.table}.{column}")) if files else no_table,
            )
            for column in contract.columns
        ]
    rows.append(_icd_codes(connection))
    rows.append(_drg_weights(connection))
    rows += _planned_care(connection, intake, settings)
    rows += _encounter_kinds(connection)
    rows += _worded_rows(connection)
    rows += _risk_models(connection, {item: reason for item, is_supplied, _, reason in rows if not is_supplied})
    # One statement: hundreds of prepared rows take longer than all the rest.
    values = ", ".join(
        f"({literal(item)}, {literal(told)}, {literal(how)}, {literal(why)})" for item, told, how, why in rows
    )
    connection.execute(
        f"CREATE TABLE supply AS SELECT * FROM (VALUES {values}) AS rows (item, is_supplied, status, reason)"
    )


def _icd_codes(connection: duckdb.DuckDBPyConnection) -> tuple[str, bool, str, str]:
    with_code, mapped = connection.execute(
        "SELECT COUNT(primary_diagnosis_code), COUNT(primary_diagnosis_ccs) FROM stays"
    ).fetchall()[0]
    if with_code:
        return ICD_DIAGNOSIS_CODES, bool(mapped), NOT_COMPUTABLE, str(Reason("icd_codes_unmapped"))
    listed = connection.execute(
        "SELECT EXISTS (FROM diagnoses INNER JOIN diagnosis_categories AS known "
        "ON UPPER(REPLACE(diagnoses.code, '.', '')) = known.code)"
    ).fetchall()[0][0]
    reason = "no_principal_diagnoses" if listed else "no_icd_codes"
    return ICD_DIAGNOSIS_CODES, False, NOT_COMPUTABLE, str(Reason(reason))


def _drg_weights(connection: duckdb.DuckDBPyConnection) -> tuple[str, bool, str, str]:
    weighted = connection.execute("SELECT COUNT(drg_weight) FROM stays").fetchall()[0][0]
    return DRG_WEIGHTS, bool(weighted), NOT_COMPUTABLE, str(Reason("drgs_unknown"))


def _planned_care(
    connection: duckdb.DuckDBPyConnection, intake: IntakeResult, settings: Settings
) -> list[tuple[str, bool, str, str]]:
    """Without procedures that can be read, planned care would print as unplanned returns in silence."""
    required = intake.options.procedures_required
    unmapped, n = count_unmapped_procedures(connection)
    missing = str(Reason("procedures_not_supplied"))
    if not n:
        return [
            (PLANNED_CARE, False, NOT_SUPPLIED, missing),
            (UNPLANNED_RETURNS, not required, NOT_SUPPLIED, missing),
        ]
    unmatched, rows = count_unmatched(connection, "procedures")
    is_read = unmapped / n <= PROCEDURES_UNMAPPED
    has_stay = rows == 0 or 100 * unmatched / rows <= settings.unmatched_limit_pct
    reason = str(Reason("procedures_unmapped") if has_stay else Reason("rows_unmatched", "procedures"))
    is_told = is_read and has_stay
    return [
        (PLANNED_CARE, is_told, NOT_COMPUTABLE, reason),
        (UNPLANNED_RETURNS, is_told or required is False, NOT_COMPUTABLE, reason),
    ]


def _encounter_kinds(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, bool, str, str]]:
    found = dict(connection.execute("SELECT encounter_type, COUNT(*) FROM encounters GROUP BY ALL").fetchall())
    return [
        (item, bool(found.get(kind)), NOT_SUPPLIED, str(Reason("encounters_not_supplied", kind)))
        for item, kind in ENCOUNTER_KINDS.items()
    ]


def _worded_rows(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, bool, str, str]]:
    return [
        (
            item,
            bool(connection.execute(f"SELECT 1 FROM {table} WHERE {has_word} LIMIT 1").fetchall()),
            NOT_COMPUTABLE,
            why,
        )
        for item, (table, has_word, why) in WORDED_ROWS.items()
    ]


def _risk_models(connection: duckdb.DuckDBPyConnection, missing: dict[str, str]) -> list[tuple[str, bool, str, str]]:
    """A model is of use only while all that it looks at is supplied: without it, too little would be expected."""
    loaded: dict[str, list[str]] = {}
    found = "SELECT DISTINCT model, factor FROM reference_risk_terms WHERE factor <> 'intercept' ORDER BY ALL"
    for model, factor in connection.execute(found).fetchall():
        loaded.setdefault(model, []).append(factor)
    rows = []
    for item, model in RISK_MODELS.items():
        wanted = [one for factor in loaded.get(model, ()) for one in ITEMS_OF_FACTOR.get(factor, (factor,))]
        lacking = [one for one in wanted if one in missing]
        reason = Reason("no_risk_model")
        if lacking:
            reason = Reason("risk_model_lacks", Reason.read(missing[lacking[0]]).what or lacking[0])
        rows.append((item, bool(wanted) and not lacking, NOT_COMPUTABLE, str(reason)))
    return rows
