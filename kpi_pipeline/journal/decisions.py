"""What became of decisions that reports asked for, as recorded in the journal: `kpi decision record`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from pydantic import ValidationError

from kpi_pipeline.core.errors import Fault, InputError, WarehouseError
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.declared.decisions import BECAME, DecisionOutcome, outcome_faults
from kpi_pipeline.journal.initiatives import text_faults
from kpi_pipeline.state.journal import Journal

KIND = "decision"


def record_outcome(
    journal: Journal,
    key: str,
    *,
    asked: Iterable[str],
    became: str,
    by: str,
    note: str = "",
    on: date,
    at: datetime,
) -> DecisionOutcome:
    """Records what became of a decision. asked: the keys of those that were asked for.

    Raises InputError for a decision nobody asked for, an unknown outcome, a day that cannot be and texts that may not
    be printed: all of it at once.
    """
    faults = [*text_faults("--by", by), *(text_faults("--note", note) if note else [])]
    faults += outcome_faults("decision", key, on, asked)
    faults += [Fault("--on", f"{on} is still to come.", "Record it once it was answered.")] * (on > at.date())
    if became not in BECAME:
        faults.append(Fault("--became", f"must be one of {', '.join(BECAME)}; got {became!r}."))
    if faults:
        raise InputError(faults)
    outcome = DecisionOutcome.model_validate({"became": became, "answered_on": on, "said_by": by, "note": note or None})
    journal.write(KIND, key, outcome.model_dump(mode="json"), by=by, at=at)
    return outcome


def current_outcomes(journal: Journal) -> dict[str, DecisionOutcome]:
    """The newest recorded outcome of each decision, by key."""
    outcomes = {}
    for version in journal.current(KIND):
        try:
            outcomes[version.key] = DecisionOutcome.model_validate(version.body)
        except ValidationError as error:
            raise WarehouseError(faults_of(f"state: decision {version.key}", error)) from error
    return outcomes
