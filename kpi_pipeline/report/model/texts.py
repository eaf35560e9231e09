"""The two kinds of text in the report model. What does not print is shown as a box, what is too long ends in …, and
what looks like a patient's identifier is `[number]`.

Nothing here stops a report because of a name: names come from files. What people write for the report (commentary,
initiatives) is refused where it is read, by the stricter types of `core.texts`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from kpi_pipeline.core.text import texts
from kpi_pipeline.core.text.texts import MASK, masked, printable

_LONGEST_LABEL, _LONGEST_WORDS = 200, 1200


def _as_label(text: Any) -> Any:
    return masked(printable(text, longest=_LONGEST_LABEL)) if isinstance(text, str) else text


def _as_words(text: Any) -> Any:
    return masked(printable(text, longest=_LONGEST_WORDS)) if isinstance(text, str) else text


Label = Annotated[texts.Label, BeforeValidator(_as_label), Field(max_length=_LONGEST_LABEL)]
"""A name given by the hospital (facility, table, file, reference source) or a ready-formatted number."""

Words = Annotated[str, BeforeValidator(_as_words), Field(min_length=1, max_length=_LONGEST_WORDS + len(MASK))]
"""A sentence or paragraph ready for print. Numbers in it are already formatted."""
