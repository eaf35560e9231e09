"""Steps that have no command of their own, or whose command does much besides: what the attacks call instead."""

from __future__ import annotations

from collections.abc import Callable

from tests.attacks.attack import Place


def _intake(place: Place) -> None:
    """What `kpi build` does before it computes, and says of it."""
    from kpi_pipeline.cli.console import say, warn
    from kpi_pipeline.core.settings import read_settings
    from kpi_pipeline.pipeline.build import read_landing
    from kpi_pipeline.report.words.notices import notice_sentence

    source = place.folder / "source"
    named = source.read_text() if source.exists() else None
    intake = read_landing(place.landing, place.warehouse, source=named, settings=read_settings(None))
    for warning in intake.warnings:
        warn(notice_sentence(warning))
    for file in intake.files:
        say(f"{file.file_name} → {file.table}: {file.rows_in:,} rows, {file.rows_quarantined:,} refused")


def _declared(place: Place) -> None:
    """What every command reads of what people wrote: settings, and the files they may name."""
    from kpi_pipeline.core.settings import read_settings
    from kpi_pipeline.declared.commentary import read_commentary
    from kpi_pipeline.declared.targets import read_targets
    from kpi_pipeline.metrics.declaration import load_metrics

    given = {path.stem: path for path in place.folder.glob("*.yaml")}
    if "kpi" in given:
        settings = read_settings(given["kpi"])
        given |= {"targets": settings.targets, "commentary": settings.report.commentary}
    read_targets(given.get("targets"), load_metrics())
    read_commentary(given.get("commentary"), load_metrics())


def _audiences(place: Place) -> None:
    from kpi_pipeline.declared.audiences import read_audiences

    read_audiences(place.folder / "audiences.yaml")


def _logo(place: Place) -> None:
    """A logo that is let in is drawn."""
    from kpi_pipeline.report.drawing.logo import read_logo
    from kpi_pipeline.report.forms.renderer import draw_page

    draw_page(f'<img alt="Logo" src="{read_logo(place.folder / "logo.svg")}">', style="@page { size: 200px }")


def _fetch(place: Place) -> None:
    """An address that got past everything else, in markup and in a style sheet."""
    from weasyprint.urls import FatalURLFetchingError  # type: ignore[import-untyped]

    from kpi_pipeline.core.errors import Fault, RenderError
    from kpi_pipeline.core.resources import resource_folder
    from kpi_pipeline.report.forms.renderer import renderer

    address = (place.folder / "logo.svg").read_text().replace("{templates}", str(resource_folder("report_templates")))
    try:
        renderer().fetcher.fetch(address)
    except FatalURLFetchingError as error:
        raise RenderError(Fault("report", "blocked.", "")) from error


STEPS: dict[str, Callable[[Place], None]] = {
    "intake": _intake,
    "audiences": _audiences,
    "declared": _declared,
    "logo": _logo,
    "fetch": _fetch,
}
