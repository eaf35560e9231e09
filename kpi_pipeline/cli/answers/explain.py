"""`kpi explain`: where a printed figure comes from, and why it moved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kpi_pipeline.cli.console import Format, print_frame, progress, say
from kpi_pipeline.cli.options import OutputFormat, SettingsFile, StateUrl
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings, read_settings
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM

if TYPE_CHECKING:
    from kpi_pipeline.pipeline.tracing.explain import Explained
    from kpi_pipeline.pipeline.tracing.explain_page import PageValue


def explain(
    figure: Annotated[str, typer.Argument(help="The figure's id, as in figures.csv: measure/place/month, or page/….")],
    warehouse: Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")],
    cases: Annotated[bool, typer.Option("--cases", help="Also list its cases: patient data. Written down.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who asks for the cases.")] = "",
    month: Annotated[str | None, typer.Option("--month", help="Of page/… ids: which report's, YYYY-MM.")] = None,
    facility: Annotated[str | None, typer.Option("--facility", help="Of page/… ids: whose; default: all.")] = None,
    state: StateUrl = None,
    settings_file: SettingsFile = None,
    output: OutputFormat = Format.table,
) -> None:
    """Prints a figure's definition, its waterfall, what issues said of it and what moved it; on demand its cases."""
    from kpi_pipeline.core.errors import Fault, InputError
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.pipeline.issuing.issues import archive_folder
    from kpi_pipeline.pipeline.tracing.explain import (
        explain_figure,
        open_known_state,
        parse_figure_id,
        show_cases,
        why_no_figure,
    )
    from kpi_pipeline.pipeline.tracing.explain_page import is_page_figure
    from kpi_pipeline.report.words.followed.explained import no_figure_lines

    settings = read_settings(settings_file)
    if is_page_figure(figure):
        if cases:
            what = "a figure of this page has no case list of its own."
            raise InputError(Fault("--cases", what, "Ask for a monthly figure: measure/place/month."))
        _explain_page(figure, warehouse, settings, state=state, month=month, facility=facility)
        return
    if month is not None or facility is not None:
        what = "the id of a monthly figure names both."
        raise InputError(Fault("--month, --facility", what, "Leave them out, or write another id."))
    if lacking := why_no_figure(figure, warehouse):
        for line in no_figure_lines(*lacking):
            say(line)
        return
    asked = parse_figure_id(figure)
    with open_known_state(warehouse, settings=settings, given=state) as database:
        found = explain_figure(asked, warehouse, archive=archive_folder(warehouse, settings), database=database)
        if not cases:
            for line in _lines(found):
                say(line)
            return
        if database is None:
            cure = "Issue a report first, or name the state with --state."
            raise InputError(Fault("--cases", "there is no state to write down who looked.", cure))
        listed = show_cases(asked, warehouse, database=database, by=by, at=utc_now())
    print_frame(listed, output=output, title=f"{len(listed):,} cases behind {asked.text}; written into the audit trail")


def _explain_page(
    figure: str, warehouse: Path, settings: Settings, *, state: str | None, month: str | None, facility: str | None
) -> None:
    from kpi_pipeline.metrics.declaration import load_metrics
    from kpi_pipeline.pipeline.issuing.issues import archive_folder
    from kpi_pipeline.pipeline.tracing.explain import open_known_state
    from kpi_pipeline.pipeline.tracing.explain_page import explain_page_figure
    from kpi_pipeline.report.words.page_figures import page_figure_lines, page_value_words

    with open_known_state(warehouse, settings=settings, given=state) as database, progress("Judging the month"):
        found = explain_page_figure(
            figure,
            warehouse,
            archive=archive_folder(warehouse, settings),
            database=database,
            settings=settings,
            month=None if month is None else Month.parse(month),
            facility=facility,
        )

    def words(shown: PageValue) -> str:
        return page_value_words(shown.value, shown.unit, shown.lower, shown.upper)

    for line in page_figure_lines(found.figure_id, load_metrics()):
        say(line)
    say("")
    for one in found.issues:
        say(f"Issue {one.number} for {one.audience} ({one.month}, {one.state}): {words(one.shown)}")
    if not found.issues:
        say("No issue has shown it.")
    now = "this page has no such figure any more" if found.now is None else words(found.now)
    say(f"As the data are now, in the report of {found.month.name} for inside the house: {now}")


def _lines(found: Explained) -> Iterator[str]:
    from kpi_pipeline.report.words.followed.explained import figure_lines
    from kpi_pipeline.report.words.followed.restated import change_words, parts_words, value_words

    metric = found.id.metric
    place = "all hospitals" if found.id.facility_id == WHOLE_SYSTEM else found.id.facility_id
    yield from figure_lines(found.figure, metric, place=place)
    yield ""
    for one in found.issues:
        yield f"Issue {one.number} for {one.audience} ({one.month}, {one.state}): {value_words(one.value, metric)}"
    if not found.issues:
        yield "No issue has shown it."
    if found.moved is not None and found.since is not None:
        said = parts_words(found.moved, metric, causes_only=False)
        since = f"Since issue {found.since.number} for {found.since.audience}"
        yield f"{since}: {change_words(found.moved, metric)}. {said}."
    elif found.since is not None:
        yield f"Nothing behind it changed since issue {found.since.number} for {found.since.audience}."
