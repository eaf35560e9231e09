"""What outsiders were shown before, as the defence is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kpi_pipeline.judgement.disclosure.earlier import Behind, Earlier
from kpi_pipeline.judgement.disclosure.publication import Publication
from kpi_pipeline.judgement.disclosure.shown import shown_in


def after(issues: Sequence[Publication], n_changed: Behind | None = None) -> Earlier:
    """After these issues, oldest first. n_changed: what changed since the newest; of the others nobody knows."""
    newest: Mapping[tuple[str, str, str], int] = n_changed or {}
    return Earlier(shown_in(issues), lambda at: newest if at == len(issues) - 1 else {})
