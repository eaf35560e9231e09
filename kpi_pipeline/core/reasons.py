"""Why there is no figure: a record of facts, stored as `kind` or `kind:what`; the words are `report.words.reasons`.

what: the table, column, kind of encounter or measure it is about, or a number. Nothing here is prose.
"""

from __future__ import annotations

from dataclasses import dataclass

REASONS = frozenset(
    {
        # of a whole measure
        "table_not_supplied", "column_not_supplied", "encounters_not_supplied", "procedures_not_supplied",
        "rows_unmatched", "no_icd_codes", "icd_codes_unmapped", "no_principal_diagnoses", "drgs_unknown",
        "procedures_unmapped", "no_risk_model", "risk_model_lacks", "risk_model_outdated", "item_unknown",
        # of a month, a span or a group
        "no_cases", "few_cases", "zero_denominator", "not_above_zero", "few_ended", "before_data", "no_sum",
        # of a part of the page of drivers
        "no_published_stays", "short_of_two_years", "no_units",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """kind: one of REASONS, or the whole text of a reason that another version stored. what: see the module."""

    kind: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.what}" if self.what else self.kind

    @classmethod
    def read(cls, stored: str) -> Reason:
        """The record of what was stored; earlier versions stored sentences, which are kept whole."""
        kind, _, what = stored.partition(":")
        return cls(kind, what) if kind in REASONS else cls(stored)
