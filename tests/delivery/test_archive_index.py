"""The index of the archive: every issue with its state, links that lead to its files, and the hashes of both."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import unquote

import pytest

from kpi_pipeline.core.errors import DeliveryError
from kpi_pipeline.core.settings import ReportSettings
from kpi_pipeline.delivery.files import sha256_of
from kpi_pipeline.pipeline.issuing.issue_index import write_index
from kpi_pipeline.pipeline.issuing.issue_story import withdraw_issue
from kpi_pipeline.report.forms.archive_index import ArchivedFile, IndexedIssue, render_index
from tests.support.delivery import NOON, OCTOBER, StubDesk, issue_month
from tests.support.html_checks import read_html


def test_every_issue_stands_there_with_its_state_and_its_links_lead_to_its_files(desk: StubDesk) -> None:
    desk.restrict("executives")
    issue_month(desk)
    desk.says = "length of stay is down"
    issue_month(desk, why="costs were late")
    withdraw_issue(desk, OCTOBER, "executives", "all", by="Director", why="wrong month", at=NOON + timedelta(hours=1))
    file, n_listed = write_index(desk.database, desk.archive, settings=desk.settings, at=NOON)
    page = file.read_text(encoding="utf-8")
    assert n_listed == 2
    assert file.stat().st_mode & 0o077 == 0
    text = " ".join("".join(read_html(page.replace(' href="all/', ' href="#all/')).text).split())
    assert "superseded by issue 2" in text
    assert "withdrawn" in text
    assert "As of November 9, 2026, 12:00 UTC" in text
    links = re.findall(r'<a href="([^"]*)">(\w+)</a>', page)
    assert [word for _, word in links] == ["report", "manifest"] * 2
    for href, _ in links:
        assert sha256_of(desk.archive / unquote(href)) in page


def test_an_issue_that_was_changed_or_is_gone_is_named(desk: StubDesk) -> None:
    desk.restrict("executives")
    (one,) = issue_month(desk)
    manifest = one.folder / "manifest.json"
    one.folder.chmod(0o700)
    manifest.chmod(0o600)
    manifest.write_bytes(manifest.read_bytes() + b" ")
    page = write_index(desk.database, desk.archive, settings=desk.settings, at=NOON)[0].read_text(encoding="utf-8")
    assert "its manifest was changed" in page


def test_an_archive_without_an_issue_has_no_index(desk: StubDesk) -> None:
    with pytest.raises(DeliveryError, match="nothing is issued yet"):
        write_index(desk.database, desk.archive, settings=desk.settings, at=NOON)


def test_hostile_names_stay_text_and_no_link_leads_out() -> None:
    evil = '"><script>alert(1)</script>'
    one = IndexedIssue(
        month="2026-10", place=evil, audience="x", profile="board", number="Issue 1", state="published",
        files=(ArchivedFile(word="report", href="all/2026-10/a%22~3c.pdf", sha256="a" * 64),),
        manifest_sha256="b" * 64, fault="",
    )  # fmt: skip
    page = render_index([one], hospital_name=evil, at=NOON, look=ReportSettings())
    assert "<script" not in page
    assert page.count(evil) == 0
    assert unescape(page).count(evil) == 3
    for href in ("https://example.org/x", "//example.org/x", "../../etc/passwd", "javascript:alert(1)", 'a" b="'):
        bad = one.model_copy(update={"files": (ArchivedFile(word="report", href=href, sha256=""),)})
        with pytest.raises(ValueError, match="not a path"):
            render_index([bad], hospital_name="x", at=NOON, look=ReportSettings())
