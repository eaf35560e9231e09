"""A desk whose reports are a few bytes: draft, approval, publication, archive, outbox and state are the real ones."""

from __future__ import annotations

import io
import json
import os
import signal
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pypdfium2
import pytest
import yaml

from kpi_pipeline.core.delivery_settings import DeliverySettings, MailSettings
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.vocabulary import FORM_ENDINGS, ReportForm
from kpi_pipeline.declared.audiences import Audiences
from kpi_pipeline.delivery.gate import Obstacle
from kpi_pipeline.delivery.points import forget_listeners, listen
from kpi_pipeline.journal import ReportDecisions
from kpi_pipeline.pipeline.history.issue_basis import Basis
from kpi_pipeline.pipeline.issuing import issue_draft, issue_publication
from kpi_pipeline.pipeline.issuing.issue_desk import IssueDesk
from kpi_pipeline.pipeline.report import IssueWords
from kpi_pipeline.state.database import Database

NOON = datetime(2026, 11, 9, 12, 0, tzinfo=UTC)
OCTOBER = Month(2026, 10)
AUDIENCES = """
allowed_domains: [hospital.example]
operators: [it@hospital.example]
audiences:
  - name: executives
    scope: all
    profile: internal
    people:
      - {address: ceo@hospital.example, name: Dana Ortiz}
      - {address: cfo@hospital.example, name: Lee Novák}
  - name: board
    scope: all
    profile: board
    people:
      - {address: chair@hospital.example, name: Kim Chair, form: notice}
"""


class _Facts:
    snapshot_id = "5" * 16


class StubDesk(IssueDesk):
    """A desk without a warehouse. says: what its reports say; basis and obstacles can be changed by a test."""

    def __init__(self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, mail: MailSettings | None = None):
        self.warehouse = folder / "hospital.duckdb"
        self.reference = None
        self.settings = Settings(delivery=DeliverySettings(mail=mail))
        self.facts = _Facts()  # type: ignore[assignment]
        self.audiences = Audiences.model_validate(yaml.safe_load(AUDIENCES))
        self.url = url
        self.database = Database(url)
        self.archive, self.drafts = folder / "archive", folder / "drafts"
        one_page()  # made once, before any child: it carries the second it was made in
        self.says = "length of stay holds"
        self.hashes = {"warehouse": "5555", "settings": "a"}
        self.obstacles: list[Obstacle] = []
        self.claims: list[dict[str, object]] = []
        for room in (issue_draft, issue_publication):
            monkeypatch.setattr(room, "build_files", self._build)
            monkeypatch.setattr(room, "read_basis", lambda *_, **__: self._basis())
        monkeypatch.setattr(issue_publication, "evidence_of", lambda *_: {"cases.parquet": b"cases"})
        monkeypatch.setattr(issue_draft, "obstacles_of", lambda *_, **__: list(self.obstacles))

    def decided(self) -> ReportDecisions:
        return ReportDecisions()

    def restrict(self, *names: str) -> None:
        """Leaves only some audiences."""
        kept = tuple(one for one in self.audiences.audiences if one.name in names)
        self.audiences = self.audiences.model_copy(update={"audiences": kept})

    def reopen(self) -> None:
        self.database.close()
        self.database = Database(self.url)

    def _basis(self) -> Basis:
        return Basis({"inputs/settings.json": b"{}"}, dict(self.hashes), (), "2026-11-06T00:00:00+00:00", "canonical")

    def _build(
        self,
        desk: IssueDesk,
        month: Month,
        scope: str,
        profile: str,
        words: IssueWords,
        decided: ReportDecisions,
        forms: Collection[ReportForm] = (),
    ) -> dict[str, bytes]:
        issue = "Draft" if words.number is None else f"Issue {words.number}"
        model = {
            "month": str(month),
            "month_words": month.name,
            "title": "Case management performance",
            "hospital_name": "Example Regional Health",
            "facility_name": None,
            "issue_number": words.number,
            "front": {
                "issue": issue,
                "title": self.says,
                "status_words": words.replaces or "Final.",
                "improved": {"items": ["a"]},
                "attention": {"items": []},
                "decisions": [],
            },
            "source_words": f"{issue}. Source: x",
            "exceptions": [],
            "claims": [*self.claims],
            "said": [one.metric for one in words.said],
            "warnings": list(words.gate_overrides),
            "profile": profile,
        }
        said = json.dumps(model).encode()
        others = {f"kpi-report{FORM_ENDINGS[form]}": form.encode() + said for form in forms}
        return {**others, "kpi-report.pdf": one_page() + b"\n%" + said, "kpi-report.model.json": said}


@cache
def one_page() -> bytes:
    """A PDF of one empty page."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 260)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def issue_month(desk: IssueDesk, *, why: str = "", month: Month = OCTOBER) -> list[issue_publication.Published]:
    """The whole life of a month: drafted, approved by a second person, published."""
    issue_draft.draft_month(desk, month, by="Analyst", at=NOON, why=why)
    issue_publication.approve_month(desk, month, by="Director", at=NOON)
    return issue_publication.publish_month(desk, month, by="Analyst", at=NOON)


def killed_at(step: int, act: Callable[[], None]) -> bool:
    """Runs something in a child process that is killed (-9) at its n-th point; False when it ended before that."""
    child = os.fork()
    if child == 0:
        try:
            passed = 0

            def count(_: str) -> None:
                nonlocal passed
                passed += 1
                if passed == step:
                    os.kill(os.getpid(), signal.SIGKILL)

            listen(count)
            act()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"the child failed ({status})"
    return os.WIFSIGNALED(status)


@contextmanager
def failing_at(point: str, error: Exception) -> Iterator[None]:
    """Has an error raised at a point."""

    def stumble(passed: str) -> None:
        if passed == point:
            raise error

    listen(stumble)
    try:
        yield
    finally:
        forget_listeners()
