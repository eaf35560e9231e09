"""`docs/errors.md` explains every exit code, every reason to refuse a row, and every message about a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kpi_pipeline.core import errors
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.mapping.checked_rows import reason_words
from tests.support.bad_folders import BAD

PAGE = (Path(__file__).parent.parent.parent / "docs" / "errors.md").read_text(encoding="utf-8")


def table_of(heading: str) -> list[list[str]]:
    """The cells of the rows of the first table below a heading that begins so."""
    section = PAGE.split(f"\n## {heading}")[1].split("\n## ")[0]
    rows = [line[1:-1].split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


REASONS = {row[0].strip("`"): row[1] for row in table_of("Rows that are refused")}
MESSAGES = [phrase for row in table_of("Files that cannot be read") for phrase in re.findall(r"`([^`]+)`", row[0])]


def test_every_exit_code_is_explained() -> None:
    explained = {(row[0], row[1].strip("`")) for row in table_of("Exit codes")}
    kinds = {(str(kind.exit_code), kind.__name__) for kind in (errors.KpiError, *errors.KpiError.__subclasses__())}
    assert explained == kinds | {("0", ""), ("2", "")}


@pytest.mark.parametrize("table", sorted(load_contracts()))
def test_every_reason_to_refuse_a_row_of_a_table_is_explained(table: str) -> None:
    contract = load_contracts()[table]
    needed = {"mangled_id", *contract.quarantine}
    if contract.required_columns:
        needed.add("missing_<column>")
    if any(column.type not in ("id", "text", "code") for column in contract.columns.values()):
        needed |= {"invalid_<column>", "implausible_date"}
    assert needed <= REASONS.keys()
    for reason in needed - {"missing_<column>", "invalid_<column>"}:
        assert REASONS[reason] == reason_words(reason, contract)


def test_no_reason_is_explained_that_no_table_has() -> None:
    own = {reason for contract in load_contracts().values() for reason in contract.quarantine}
    assert REASONS.keys() == own | {
        "missing_<column>",
        "invalid_<column>",
        "mangled_id",
        "unprintable_id",
        "unprintable_text",
        "implausible_date",
    }


@pytest.mark.parametrize("name", BAD)
def test_every_message_about_a_file_is_explained(name: str) -> None:
    _, messages = BAD[name]
    patterns = [".*".join(re.escape(part) for part in phrase.split("…")) for phrase in MESSAGES]
    for message in messages:
        assert any(re.search(pattern, message) for pattern in patterns), f"docs/errors.md does not explain: {message}"
