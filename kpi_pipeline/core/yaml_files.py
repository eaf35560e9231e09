"""The one reader of YAML: unique keys, no aliases, limited depth and size; every fault named with its line.

A YAML file comes from a person, and the common parser forgives what a person would want to know: of two equal keys it
keeps the last, an alias can blow ten lines up to gigabytes, and a broken file ends in a traceback. Not here: what the
values mean (each reader's pydantic model).
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer

from kpi_pipeline.core.errors import DefinitionError, Fault, InputError
from kpi_pipeline.core.resources import shown_path

LARGEST_BYTES = 1_000_000
"""No file that people write comes near it."""
DEEPEST = 24
"""Levels of lists and names within each other."""
MOST_VALUES = 20_000
"""Names and values of a file; a thousand initiatives have fewer, and more take long to read."""

_ErrorKind = type[DefinitionError] | type[InputError]
_MAPPING_CURE = "Write one `name: value` on each line."


def read_mapping(
    path: Path,
    *,
    where: str | None = None,
    as_text: bool = False,
    error: _ErrorKind = DefinitionError,
) -> dict[str, Any]:
    """The `name: value` lines of a file; an empty file is an empty mapping.

    where: how messages name the file. as_text: every scalar stays text (facility 010 is not the number 8).
    Raises DefinitionError, or the given kind of error, when the file is no such YAML.
    """
    where = where or shown_path(path)
    read = parse_yaml(read_text(path, where=where, error=error), where=where, as_text=as_text, error=error)
    if read is None:
        return {}
    if not isinstance(read, dict):
        raise error(Fault(where, "is no list of `name: value` lines.", "Write one on each line."))
    return read


def read_list(path: Path, *, of: str, first_key: str) -> list[Any]:
    """The items of a file that lists things; an empty file is an empty list.

    of: what is listed, in the plural; first_key: how an item begins. Raises DefinitionError.
    """
    where = shown_path(path)
    read = parse_yaml(read_text(path, where=where), where=where)
    if read is None:
        return []
    if not isinstance(read, list):
        what = f"must be a list of {of}; got {'`name: value` lines' if isinstance(read, dict) else 'a text'}."
        raise DefinitionError(Fault(where, what, f"Begin each with `- {first_key}:`."))
    return read


def parse_yaml(text: str, *, where: str, as_text: bool = False, error: _ErrorKind = DefinitionError) -> Any:
    """The content of YAML text; None when there is none. Raises `error` with the line of the first fault."""
    if not _READ_OTHERWISE.search(text):
        try:
            return yaml.load(text, Loader=_FastTextLoader if as_text else _FastTypedLoader)  # noqa: S506  both are safe
        except yaml.YAMLError:
            pass  # what is wrong, and whether it is, is said by PyYAML's own reader
    try:
        return yaml.load(text, Loader=_TextLoader if as_text else _TypedLoader)  # noqa: S506  both are safe loaders
    except yaml.YAMLError as broken:
        raise error(_fault_of(broken, where)) from None


def key_lines(text: str) -> dict[str, int]:
    """The line, from 1, on which each outermost key of sound YAML text stands."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)  # ten times as fast, and the text was held to our limits before
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {str(key.value): key.start_mark.line + 1 for key, _ in node.value}


def read_text(path: Path, *, where: str, error: _ErrorKind = DefinitionError) -> str:
    """The text of a file people write. Raises `error` when it is too large, unreadable or not UTF-8."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise error(Fault(where, f"is larger than {LARGEST_BYTES:,} bytes.", "Check that it is the right file."))
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as broken:
        line = path.read_bytes()[: broken.start].count(b"\n") + 1
        raise error(Fault(f"{where}:{line}", "is not UTF-8 text.", "Save it as UTF-8.")) from None
    except OSError as failure:
        raise error(
            Fault(where, f"cannot be read: {failure.strerror}.", "Check the path and its permissions.")
        ) from None


def _fault_of(broken: yaml.YAMLError, where: str) -> Fault:
    mark = getattr(broken, "problem_mark", None)
    place = f"{where}:{mark.line + 1}" if mark is not None else where
    problem = str(getattr(broken, "problem", None) or "it holds a character that YAML does not allow")
    if isinstance(broken, _PlainFault):
        return Fault(place, f"{problem}.", broken.cure)
    return Fault(place, f"is not YAML: {problem}.", _MAPPING_CURE)


class _PlainFault(yaml.MarkedYAMLError):
    """A fault in our own words, with its cure."""

    def __init__(self, problem: str, mark: Any, cure: str) -> None:
        super().__init__(problem=problem, problem_mark=mark)
        self.cure = cure


class _StrictComposer:
    """Refuses aliases, deep nesting, endless files, and a key given twice."""

    _depth = 0
    _n_values = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """As PyYAML's, within limits."""
        event = self.peek_event()  # type: ignore[attr-defined]
        if isinstance(event, yaml.AliasEvent):
            raise _PlainFault(f"uses the alias *{event.anchor}", event.start_mark, "Write the value out.")
        self._n_values += 1
        if self._n_values > MOST_VALUES:
            problem = f"holds more than {MOST_VALUES:,} names and values"
            raise _PlainFault(problem, event.start_mark, "Check that it is the right file.")
        self._depth += 1
        if self._depth > DEEPEST:
            raise _PlainFault(f"is nested more than {DEEPEST} levels deep", event.start_mark, "Make it flatter.")
        node = super().compose_node(parent, index)  # type: ignore[misc]
        self._depth -= 1
        return node

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """As PyYAML's; a value that only looks like a date or number is a fault with its line."""
        try:
            return super().construct_object(node, deep=deep)  # type: ignore[misc]
        except (ValueError, OverflowError) as error:
            problem = f"is not YAML: {str(error).split(chr(10))[0]}"
            raise _PlainFault(problem, node.start_mark, "Correct it, or write it in quotes.") from None

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        """As PyYAML's, each key once."""
        seen: dict[Hashable, int] = {}
        for key_node, _ in getattr(node, "value", ()):
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                problem = f"the key {key!r} is given twice, first on line {seen[key]}"
                raise _PlainFault(problem, key_node.start_mark, "Keep one.")
            if isinstance(key, Hashable):
                seen[key] = key_node.start_mark.line + 1
        return super().construct_mapping(node, deep=deep)  # type: ignore[misc]


class _TypedLoader(_StrictComposer, yaml.SafeLoader):
    """Numbers, dates and booleans as YAML reads them."""


class _TextLoader(_StrictComposer, yaml.BaseLoader):
    """Every scalar as text."""


class _FastTypedLoader(_StrictComposer, Composer, yaml.CSafeLoader):
    """The same, six times as fast: libyaml tells the parts of the text apart."""

    def __init__(self, stream: str) -> None:
        yaml.CSafeLoader.__init__(self, stream)
        Composer.__init__(self)


class _FastTextLoader(_StrictComposer, Composer, yaml.CBaseLoader):
    """The same for text alone."""

    def __init__(self, stream: str) -> None:
        yaml.CBaseLoader.__init__(self, stream)
        Composer.__init__(self)


_READ_OTHERWISE = re.compile(r"[^ -~\n\u00a0-\u2027\u202a-\ufefe]|[?!]")
"""Signs of which libyaml reads some otherwise than PyYAML (a tab, a question mark within brackets)."""


def render_yaml(content: Any, *, width: int = 120) -> str:
    """YAML text that `parse_yaml` reads: keys in their order, and every value written out, never as an alias."""
    return yaml.dump(content, Dumper=_WithoutAliases, sort_keys=False, allow_unicode=True, width=width)


class _WithoutAliases(yaml.SafeDumper):
    """An object met twice, such as a day that two entries share, is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
