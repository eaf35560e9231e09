"""The files of a report that is drafted or issued, by name, and what can be read from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping

from kpi_pipeline.core.files import working_folder
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM, Privacy, ReportForm
from kpi_pipeline.declared.audiences import Audience
from kpi_pipeline.delivery.claims import claims_of as claims_on_record
from kpi_pipeline.delivery.files import name_of_pdf
from kpi_pipeline.delivery.register import issue_before
from kpi_pipeline.journal import ReportDecisions
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.pipeline.history.issue_before import open_issue_before
from kpi_pipeline.pipeline.history.shown_before import issues_shown
from kpi_pipeline.pipeline.issuing.issue_desk import IssueDesk
from kpi_pipeline.pipeline.report import IssueWords, write_report


def build_files(
    desk: IssueDesk,
    month: Month,
    scope: str,
    profile: Privacy,
    words: IssueWords,
    decided: ReportDecisions,
    forms: Collection[ReportForm] = (),
) -> dict[str, bytes]:
    """Every file of a report by name, made in a private folder that is gone afterwards."""
    with working_folder(desk.drafts) as folder:
        write_report(
            desk.warehouse,
            month,
            folder,
            facility=None if scope == WHOLE_SYSTEM else scope,
            privacy=profile,
            settings=desk.settings,
            issue=words,
            decided=decided,
            forms=forms,
            figures=desk.figures(month, scope),
        )
        return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}


def words_of(
    desk: IssueDesk, month: str, scope: str, audience: Audience, *, made_from: Mapping[str, str], replaces: str
) -> IssueWords:
    """What a report says of itself before it has a number: what it replaces, what the issue before said and showed.

    With what outsiders were shown, where it withholds. made_from: the hashes of its basis.
    """
    withholds = audience.profile != "internal"
    shown = issues_shown(desk.archive, desk.database, Month.parse(month), made_from) if withholds else ()
    before = issue_before(desk.database, month=month, scope=scope, audience=audience.name)
    if before is None:
        return IssueWords(None, replaces, with_roots=True, shown=shown)
    said, lies = claims_on_record(desk.database, before.id), open_issue_before(desk.archive, desk.database, before)
    return IssueWords(None, replaces, with_roots=True, said=said, before=lies, shown=shown)


def exceptions_of(files: dict[str, bytes]) -> list[str]:
    """The measures that have a page of their own in a report."""
    return [page["metric"] for page in json.loads(_model_of(files))["exceptions"]]


def said_sha256(files: dict[str, bytes]) -> str:
    """A hash of all a report says, but for its own number."""
    model = json.loads(_model_of(files))
    model.pop("issue_number")
    model["front"].pop("issue")
    model["source_words"] = model["source_words"].split(". ", 1)[1]
    return hashlib.sha256(json.dumps(model, sort_keys=True).encode()).hexdigest()


def claims_of(files: dict[str, bytes]) -> list[Claim]:
    """The claims a report makes."""
    return [Claim.model_validate(one) for one in json.loads(_model_of(files)).get("claims", ())]


def pdf_of(files: dict[str, bytes]) -> tuple[str, bytes]:
    """The PDF's name and bytes."""
    name = name_of_pdf(files)
    assert name is not None
    return name, files[name]


def _model_of(files: dict[str, bytes]) -> bytes:
    return next(content for name, content in files.items() if name.endswith(".model.json"))
