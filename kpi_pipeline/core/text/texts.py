"""Texts that people read: the types that refuse control characters and what looks like a patient's identifier."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_IDENTIFIERS = (
    (re.compile(r"\d{7,}"), "a number of seven digits or more without separators"),
    (re.compile(r"\b\d{3}-\d{2}-\d{4}\b"), "a number shaped like a social security number"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I), "a UUID"),
    (re.compile(r"\bMRN\W{0,3}\w*\d", re.I), "a medical record number"),
)
"""Shapes of patient identifiers. The text itself is never repeated in the message."""


_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, signs that turn the direction of the text around them, and halves of characters."""
_LONGEST_NAME = 60
_JOINER = "\u2060"


def printable(text: str, *, longest: int) -> str:
    """The text as it may stand on a page: no line breaks, a box for each sign that would not stay in its place, and
    visibly cut with … when it is too long. For names from files, which nobody can be asked to mend at print time."""
    shown = _UNPRINTABLE.sub("□", " ".join(re.split(r"[\t\n\r\v\f]+", text)))
    return shown if len(shown) <= longest else shown[: longest - 1].rstrip() + "…"


def unsteering(text: str) -> str:
    """The text with its lines and tabs, and a box for every other sign that would steer a terminal."""
    return _UNPRINTABLE.sub(lambda found: found[0] if found[0] in "\n\t" else "□", text)


def unmistakable_name(name: str) -> str:
    """The name of a place or a file as it may stand in a sentence though it looks like a patient's number.

    A hospital's id may be of ten digits, a file's name holds a day: invisible joiners between the signs keep the
    guard below from taking them for a patient's. Only for what is known to name no patient.
    """
    for shape, _ in _IDENTIFIERS:
        name = shape.sub(lambda found: _JOINER.join(found[0]), name)
    return name


def printable_name(name: str) -> str:
    """A hospital's, unit's or reason's name short enough to stand in a sentence."""
    return printable(name, longest=_LONGEST_NAME)


_DATE_IN_A_NAME = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[T_-]?\d{4,6})?")
"""A file is named after its day, `encounters_20261031.csv`, more often than anything else is."""
MASK = "[number]"


def masked(text: str) -> str:
    """The text with everything in it that is shaped like a patient's identifier replaced by `[number]`.

    For names of files, hospitals and units, which nobody can be asked to change when a report is made.
    """
    for shape, _ in _IDENTIFIERS:
        text = shape.sub(lambda found: found[0] if _DATE_IN_A_NAME.fullmatch(found[0]) else MASK, text)
    return text


def _refuse_control_characters(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("holds a control character or a line break; give each paragraph as its own item")
    return text


def _refuse_identifiers(text: str) -> str:
    for shape, name in _IDENTIFIERS:
        if shape.search(text):
            raise ValueError(f"holds {name}, which may identify a patient; write counts with thousands separators")
    return text


Label = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_refuse_control_characters)]
"""A name given by the hospital (facility, table, file, reference source) or a ready-formatted number."""

Words = Annotated[
    str,
    Field(min_length=1, max_length=1200),
    AfterValidator(_refuse_control_characters),
    AfterValidator(_refuse_identifiers),
]
"""A sentence or paragraph ready for print. Numbers in it are already formatted."""


def join_words(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
