"""`kpi verify`: whether a report's PDF is what was issued, and every figure in it what its cases give."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import progress, say, warn
from kpi_pipeline.cli.options import SettingsFile, StateUrl
from kpi_pipeline.core.settings import read_settings


def verify(
    pdf: Annotated[Path, typer.Argument(help="The PDF of an issued report.")],
    warehouse: Annotated[Path, typer.Option("--warehouse", help="The warehouse file; its archive lies beside it.")],
    landing: Annotated[
        Path | None, typer.Option("--landing", help="Also compare the landing files in this folder.")
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option("--public-key", help="Also check the signature, with this .pub file.")
    ] = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
) -> None:
    """Holds a report against the archive and names each figure, word, file or case that does not agree."""
    from kpi_pipeline.core.errors import CheckError, Fault
    from kpi_pipeline.journal.opening import open_state
    from kpi_pipeline.pipeline.issuing.issues import archive_folder
    from kpi_pipeline.pipeline.tracing.verify import verify_report

    settings = read_settings(settings_file)
    with open_state(warehouse, settings=settings, given=state) as database, progress("Verifying") as step:
        found = verify_report(
            pdf,
            archive=archive_folder(warehouse, settings),
            database=database,
            landing=landing,
            public_key=public_key,
            progress=step,
        )
    for line in found.looked_at:
        say(line)
    for note in found.notes:
        warn(note)
    issue = found.issue
    if found.faults:
        raise CheckError([Fault(f"issue {issue.number} of {issue.name}", f"{fault}.") for fault in found.faults])
    say(
        f"This is issue {issue.number} of {issue.name} ({issue.state}), as it was issued; "
        "every figure follows from its cases."
    )
