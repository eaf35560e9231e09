"""What a PDF's attached files say against what was issued: each file, each figure of a table."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping

from kpi_pipeline.core.text.spreadsheets import unguarded
from kpi_pipeline.core.vocabulary import FORM_ENDINGS
from kpi_pipeline.pipeline.tracing.verified_issue import Archived
from kpi_pipeline.pipeline.tracing.verified_pages import MOST_NAMED


def attachment_faults(attached: Mapping[str, bytes], found: Archived) -> Iterator[str]:
    """Each attached file that is missing, was not issued or says something else; of a table each figure."""
    issued = _issued_attachments(found)
    for name in sorted(issued.keys() - attached.keys()):
        yield f"attachment {name}: is missing"
    for name in sorted(attached.keys() - issued.keys()):
        yield f"attachment {name}: was not issued"
    for name in sorted(attached.keys() & issued.keys()):
        if attached[name] != issued[name]:
            yield f"attachment {name}: is not the one that was issued{_first_line(attached[name], issued[name])}"
            named = list(changed_rows(attached[name], issued[name])) if name.endswith(".csv") else []
            yield from named[:MOST_NAMED]
            if len(named) > MOST_NAMED:
                yield f"attachment {name}: and {len(named) - MOST_NAMED:,} more places"


def _issued_attachments(found: Archived) -> dict[str, bytes]:
    """The files beside the PDF that are attached to it: those that share its name; a brief has none."""
    if found.is_brief:
        return {}
    stem = found.pdf.name.removesuffix(".pdf")
    files = [one for one in found.folder.glob(f"{stem}.*") if one.suffix in (".csv", ".json")]
    return {
        one.name.removeprefix(f"{stem}."): one.read_bytes() for one in files if not one.name.endswith(".model.json")
    }


def with_figures(attached: Mapping[str, bytes], found: Archived) -> Mapping[str, bytes]:
    """The attached files; for a brief, which has none, those of its report."""
    if not found.is_brief:
        return attached
    stem = found.pdf.name.removesuffix(FORM_ENDINGS["brief"])
    return {one.name.removeprefix(f"{stem}."): one.read_bytes() for one in found.folder.glob(f"{stem}.*")}


def changed_rows(given: bytes, issued: bytes) -> Iterator[str]:
    """What two tables with a figure_id say otherwise: each figure and column, and what was issued."""
    told, true = _by_figure(given), _by_figure(issued)
    for key, row in true.items():
        if key not in told:
            yield f"figure {key[0]}: is missing from the attachment"
            continue
        for name, text in row.items():
            now = told[key].get(name)
            if now != text:
                what = f"{name} {now or 'nothing'} stands in the attachment, {text or 'nothing'} was issued"
                yield f"figure {key[0]}: {what}"
    for key in told.keys() - true.keys():
        yield f"figure {key[0]}: was not issued"


def _by_figure(content: bytes) -> dict[tuple[str, int], dict[str, str | None]]:
    """The rows by figure and how many of that figure stand before: a restated figure has one for each cause."""
    found: dict[tuple[str, int], dict[str, str | None]] = {}
    seen: Counter[str] = Counter()
    for row in rows_of(content):
        figure = unguarded(row.get("figure_id") or "")
        if figure:
            found[figure, seen[figure]] = {name: text for name, text in row.items() if isinstance(name, str)}
            seen[figure] += 1
    return found


def _first_line(given: bytes, issued: bytes) -> str:
    lines = zip(given.splitlines(), issued.splitlines(), strict=False)
    at = next((number for number, (one, other) in enumerate(lines, 1) if one != other), None)
    return "" if at is None else f" (first at line {at})"


def rows_of(content: bytes) -> Iterator[dict[str, str]]:
    """The rows of a table that anybody may have written, as far as they can be read as such."""
    try:
        yield from csv.DictReader(io.StringIO(content.decode("utf-8", errors="replace"), newline=""))
    except csv.Error:  # no table from here on: it is not the one that was issued, which is named
        return
