"""Decisions: initiatives and rebases as people recorded them in the journal, checked before they are written.

Ties `state` (the journal) to `improvement` and `report` (what a record may say). No clock: the caller gives the
moment. Not here: the command line (`cli`), how decisions are drawn (`report`).
"""

from kpi_pipeline.journal.decisions import current_outcomes, record_outcome
from kpi_pipeline.journal.initiatives import (
    current_initiatives,
    declared_initiatives,
    initiative_history,
    record_initiatives,
    seen_versions,
    text_faults,
)
from kpi_pipeline.journal.known_state import forget_known_state
from kpi_pipeline.journal.opening import ReportDecisions, find_state_url, open_journal, read_report_decisions
from kpi_pipeline.journal.rebases import current_rebases, propose_rebase, record_rebase, withdraw_rebase

__all__ = [
    "ReportDecisions",
    "current_initiatives",
    "current_outcomes",
    "current_rebases",
    "declared_initiatives",
    "find_state_url",
    "forget_known_state",
    "initiative_history",
    "open_journal",
    "propose_rebase",
    "read_report_decisions",
    "record_initiatives",
    "record_outcome",
    "record_rebase",
    "seen_versions",
    "text_faults",
    "withdraw_rebase",
]
