"""An issue in several forms: what was drafted is archived with its hash, and the report stays the one that counts."""

from __future__ import annotations

import pytest

from kpi_pipeline.declared.audiences import Audience
from kpi_pipeline.delivery.archive import folder_faults, read_manifest
from kpi_pipeline.delivery.files import name_of_pdf
from kpi_pipeline.delivery.register import archive_of
from tests.support.delivery import StubDesk, issue_month


def with_forms(desk: StubDesk, *forms: str) -> None:
    desk.restrict("executives")
    (one,) = desk.audiences.audiences
    kept = (Audience.model_validate({**one.model_dump(), "forms": forms}),)
    desk.audiences = desk.audiences.model_copy(update={"audiences": kept})


def test_the_forms_of_an_audience_are_archived_with_their_hashes(desk: StubDesk) -> None:
    with_forms(desk, "pdf", "xlsx", "brief", "html")
    (published,) = issue_month(desk)
    names = {file.name for file in published.folder.iterdir()}
    assert {"kpi-report.html", "kpi-report.xlsx", "kpi-report.brief.pdf", "kpi-report.pdf"} <= names
    assert folder_faults(published.folder) == []
    entry = archive_of(desk.database, published.issue.id)
    assert entry is not None
    manifest = read_manifest(desk.archive, entry[0], sha256=entry[1])
    assert manifest["forms"] == ["html", "xlsx", "brief"]
    assert {"kpi-report.html", "kpi-report.brief.pdf"} <= set(manifest["files"])
    assert name_of_pdf(manifest["files"]) == "kpi-report.pdf"


def test_the_forms_published_are_those_that_were_drafted(desk: StubDesk) -> None:
    from kpi_pipeline.pipeline.issuing import issue_draft, issue_publication
    from tests.support.delivery import NOON, OCTOBER

    with_forms(desk, "html")
    issue_draft.draft_month(desk, OCTOBER, by="Analyst", at=NOON)
    issue_publication.approve_month(desk, OCTOBER, by="Director", at=NOON)
    with_forms(desk, "brief")
    (published,) = issue_publication.publish_month(desk, OCTOBER, by="Analyst", at=NOON)
    assert {file.suffix for file in published.folder.iterdir()} >= {".html", ".pdf"}
    assert not list(published.folder.glob("*.brief.pdf"))


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ValueError, match="forms"):
        Audience.model_validate(
            {"name": "x", "scope": "all", "profile": "board", "people": [{"address": "a@b.example", "name": "A"}],
             "forms": ["docx"]}
        )  # fmt: skip
