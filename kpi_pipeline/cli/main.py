"""The command line `kpi`. Every command is a few lines: read arguments, call one library function, print counts.

Exit codes: 0 done; 1 failed unexpectedly; 2 wrong usage; 3 input; 4 definitions or settings; 5 warehouse;
6 a check failed; 7 the report could not be drawn; 8 not approved, issued or sent.
"""

from __future__ import annotations

import sys

import typer

from kpi_pipeline.cli.answers.budget import budget
from kpi_pipeline.cli.answers.definitions import definitions_app
from kpi_pipeline.cli.answers.diff import diff
from kpi_pipeline.cli.answers.explain import explain
from kpi_pipeline.cli.answers.faults import faults
from kpi_pipeline.cli.answers.figures import add_figures
from kpi_pipeline.cli.answers.groups import add_groups
from kpi_pipeline.cli.answers.lists import cases, quarantine, values
from kpi_pipeline.cli.answers.people import people_app
from kpi_pipeline.cli.answers.risk import risk_app
from kpi_pipeline.cli.answers.signals import signals
from kpi_pipeline.cli.answers.totals import totals
from kpi_pipeline.cli.console import print_errors, print_unexpected
from kpi_pipeline.cli.data.build import build, demo
from kpi_pipeline.cli.data.check import check
from kpi_pipeline.cli.data.extract import extract
from kpi_pipeline.cli.data.mapping import map_files
from kpi_pipeline.cli.data.new_metric import new_metric
from kpi_pipeline.cli.data.project import add_project_option
from kpi_pipeline.cli.data.reference import reference_app
from kpi_pipeline.cli.issuing.decisions import decision_app
from kpi_pipeline.cli.issuing.disclosure import audit_disclosure
from kpi_pipeline.cli.issuing.initiatives import initiative_app
from kpi_pipeline.cli.issuing.issue import issue_app
from kpi_pipeline.cli.issuing.outbox import add_send, outbox_app
from kpi_pipeline.cli.issuing.rebases import rebase_app
from kpi_pipeline.cli.issuing.report import report
from kpi_pipeline.cli.issuing.verify import verify
from kpi_pipeline.cli.operation import add_operation
from kpi_pipeline.cli.state import state_app
from kpi_pipeline.core.errors import Fault, InputError, KpiError
from kpi_pipeline.core.files import disk_full, is_disk_full

app = typer.Typer(
    name="kpi",
    help="A hospital case-management director's monthly report: numbers that can defend themselves.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
# In the order in which help lists them: from files to figures, the figures, the report, its life, the house.
app.command()(demo)
app.command("map")(map_files)
app.command()(extract)
app.command()(check)
app.command()(build)
app.command()(quarantine)
app.command()(faults)
app.command()(values)
app.command()(cases)
app.command()(totals)
add_groups(app)
app.command()(budget)
add_figures(app)
app.command()(report)
app.command()(explain)
app.command()(diff)
app.command()(verify)
app.command("audit-disclosure")(audit_disclosure)
add_send(app)
add_operation(app)
app.command()(signals)
app.command("new-metric")(new_metric)
app.add_typer(issue_app, name="issue")
app.add_typer(outbox_app, name="outbox")
app.add_typer(decision_app, name="decision")
app.add_typer(initiative_app, name="initiative")
app.add_typer(rebase_app, name="rebase")
app.add_typer(definitions_app, name="definitions")
app.add_typer(risk_app, name="risk")
app.add_typer(people_app, name="people")
app.add_typer(reference_app, name="reference")
app.add_typer(state_app, name="state")
add_project_option(app)


def main() -> None:
    """Runs the command line; turns every expected error into one clear message and an exit code."""
    try:
        app(prog_name="kpi")
    except KpiError as error:
        print_errors(error)
        sys.exit(error.exit_code)
    except Exception as error:  # the last resort: no traceback, and no data, on the operator's screen
        sys.exit(_print_other(error))


def _print_other(error: Exception) -> int:
    """Prints an error that is not ours; returns the exit code."""
    if is_disk_full(error):
        full = disk_full(str(getattr(error, "filename", None) or "the disk written to"))
        print_errors(full)
        return full.exit_code
    if isinstance(error, OSError) and error.filename is not None:
        what, cure = f"{error.strerror}.", "Check the path, your rights to it, and that the disk is not full."
        print_errors(InputError(Fault(str(error.filename), what, cure)))
        return InputError.exit_code
    print_unexpected(error)
    return 1


if __name__ == "__main__":
    main()
