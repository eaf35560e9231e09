"""What Dagster is told about each thing made: counts, hashes, names and dates. Never a patient's data.

Everything that reaches Dagster's event log passes through here, so that one reading shows what does.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from kpi_pipeline.core.errors import KpiError
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.metrics.declaration import Metric

if TYPE_CHECKING:
    import pandas as pd

    from kpi_pipeline.intake.ingest import IntakeResult
    from kpi_pipeline.intake.staged.staged_files import StagedFile
    from kpi_pipeline.pipeline.build import BuildResult
    from kpi_pipeline.pipeline.report import WrittenReport

MetadataValues = Mapping[str, Any]

OWNERS = ["team:case_management"]
"""Who answers for every asset."""
FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=38))
"""Files come monthly at least; a month and a week without a build is late."""


def landing_metadata(intake: IntakeResult) -> MetadataValues:
    """The files that were read: how many, and one hash over all their contents."""
    hashes = sorted({file.sha256 for file in intake.files})
    return {"source": intake.source.name, "files": len(hashes), "content_sha256": _hash_of(hashes)}


def staged_metadata(files: Iterable[StagedFile]) -> MetadataValues:
    """Rows of one table; 0 files means that the table was not supplied."""
    listed = list(files)
    return {
        "files": len(listed),
        "rows_in": sum(file.rows_in for file in listed),
        "rows_staged": sum(file.rows_staged for file in listed),
        "rows_quarantined": sum(file.rows_quarantined for file in listed),
        "dagster/row_count": sum(file.rows_staged for file in listed),
    }


def quarantine_metadata(intake: IntakeResult) -> MetadataValues:
    """Rows refused over all tables, and their share."""
    rows_in = sum(file.rows_in for file in intake.files)
    refused = sum(file.rows_quarantined for file in intake.files)
    share = round(100 * refused / rows_in, 3) if rows_in else 0.0
    return {"dagster/row_count": refused, "share_pct": share, "warnings": len(intake.warnings)}


def table_metadata(build: BuildResult, n_rows: int) -> MetadataValues:
    """One warehouse table: its rows and the snapshot it belongs to."""
    return {"dagster/row_count": n_rows, "snapshot": build.snapshot_id}


def metric_metadata(values: pd.DataFrame, metric: Metric, snapshot_id: str) -> MetadataValues:
    """One metric over all facilities: months, cases, and the state of its figures."""
    whole_system = values[values["facility_id"] == WHOLE_SYSTEM]
    return {
        "snapshot": snapshot_id,
        "version": metric.version,
        "months": int((whole_system["month"] != "").sum()),
        "cases": int(whole_system["n_cases"].sum()),
        "excluded": int(whole_system["n_excluded"].sum()),
        "status": ", ".join(sorted(set(whole_system["status"]))),
    }


def report_metadata(written: WrittenReport, base_url: str) -> MetadataValues:
    """Where a month's report lies and the hash of its bytes; a link when the reports folder is served."""
    pdf = written.pdf
    where = dg.MetadataValue.url(f"{base_url.rstrip('/')}/{pdf.name}") if base_url else dg.MetadataValue.path(pdf)
    return {
        "pdf": where,
        "pages": written.n_pages,
        "size_kb": pdf.stat().st_size // 1024,
        "pdf_sha256": _file_hash(pdf),
        "page_one": _picture_of_page_one(pdf),
        "aggregates": aggregates_table(written.figures),
    }


def _picture_of_page_one(pdf: Path) -> dg.MetadataValue[str]:
    """What Dagster shows behind [Show Markdown]: the same page one that its readers get."""
    from kpi_pipeline.delivery.message import draw_first_page

    picture = base64.b64encode(draw_first_page(pdf.read_bytes(), width=700)).decode()
    return dg.MetadataValue.md(f"![Page one of the report](data:image/png;base64,{picture})")


def aggregates_table(figures: Path) -> dg.MetadataValue[str]:
    """Each measure's newest figure over the whole system; what a report withholds is withheld here too."""
    newest: dict[str, dict[str, str]] = {}
    with figures.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            before = newest.get(row["metric"])
            if (
                row["metric"]
                and row["facility_id"] == WHOLE_SYSTEM
                and (before is None or row["month"] > before["month"])
            ):
                newest[row["metric"]] = row | {"value": f"{float(row['value']):,.2f}" if row["value"] else ""}
    rows = [_COLUMNS_SHOWN, ["---"] * len(_COLUMNS_SHOWN)]
    rows += [[row[column].replace("|", "/") for column in _COLUMNS_SHOWN] for row in newest.values()]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(row)} |" for row in rows))


_COLUMNS_SHOWN = ["metric", "month", "value", "unit", "denominator", "maturity", "status", "target", "variation"]


def metric_description(metric: Metric) -> str:
    """A metric's words for its page in Dagster."""
    lines = [metric.definition, f"**Numerator:** {metric.numerator}", f"**Denominator:** {metric.denominator}"]
    if metric.exclusions:
        lines.append("**Left out:** " + " ".join(metric.exclusions.values()))
    return "\n\n".join(lines)


@contextmanager
def plain_failures() -> Iterator[None]:
    """Turns an error into a failed step that shows one message and no traceback.

    Our own messages hold no patient's data. Any other error can quote a value from a row (DuckDB's do), so of
    it only the kind and the place are told.
    """
    try:
        yield
    except KpiError as error:
        description = str(error)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        description = (
            f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}. Its text is withheld here, since "
            "it can quote a row. Run `kpi build` or `kpi report` on the same files to read it."
        )
    else:
        return
    raise dg.Failure(description=description, allow_retries=False) from None


def _hash_of(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _file_hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
