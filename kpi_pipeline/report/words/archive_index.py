"""The words for where an issue is in its life, as the index of the archive says them."""

from __future__ import annotations


def state_words(state: str, replaced_by: int | None) -> str:
    """`published`, `superseded by issue 3` or `withdrawn`."""
    if state == "issued":
        return "published"
    if state == "superseded" and replaced_by is not None:
        return f"superseded by issue {replaced_by}"
    return state.replace("_", " ")
