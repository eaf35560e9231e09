"""What an issue claims is kept with it and handed to the next one of the same scope and audience: on both databases."""

from __future__ import annotations

import json

from sqlalchemy import select

from kpi_pipeline.delivery.claims import claims_of
from kpi_pipeline.delivery.register import issue_before, list_issues
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.pipeline.issuing.issue_story import withdraw_issue
from kpi_pipeline.pipeline.issuing.issues import draft_month
from kpi_pipeline.state.models import ClaimEntry
from tests.support.delivery import NOON, OCTOBER, StubDesk, issue_month

OPEN = Claim.model_validate(
    {
        "metric": "length_of_stay_days",
        "version": 1,
        "side": "low",
        "first_month": "2026-10",
        "signal_from": "2026-03",
        "signalled": "2026-10",
        "onset": ["2026-03", "2026-02", "2026-05"],
    }
)
FADED = OPEN.model_copy(update={"metric": "denials_per_100_discharges", "state": "faded", "cause": "old_level"})
NOVEMBER, DECEMBER = OCTOBER.plus(1), OCTOBER.plus(2)


def said(desk: StubDesk, month: object, audience: str = "executives") -> tuple[Claim, ...]:
    before = issue_before(desk.database, month=str(month), scope="all", audience=audience)
    return () if before is None else claims_of(desk.database, before.id)


def known(desk: StubDesk, month: object, audience: str = "executives") -> list[str]:
    return [one.metric for one in said(desk, month, audience)]


def test_the_next_issue_knows_the_open_claims_and_the_ended_ones_stay_on_record(desk: StubDesk) -> None:
    assert known(desk, OCTOBER) == []
    desk.claims = [OPEN.model_dump(mode="json"), FADED.model_dump(mode="json")]
    issue_month(desk)
    assert said(desk, NOVEMBER) == (OPEN,)
    with desk.database.reading() as session:
        states = [one.state for one in session.scalars(select(ClaimEntry).order_by(ClaimEntry.id))]
    assert states == ["new", "faded"] * 2  # two audiences
    assert known(desk, OCTOBER.plus(-1)) == []  # an earlier month's report does not know what came later
    assert known(desk, NOVEMBER, "nobody") == []


def test_a_draft_is_told_what_was_said_and_the_archive_keeps_it_as_an_input(desk: StubDesk) -> None:
    desk.claims = [OPEN.model_dump(mode="json")]
    issue_month(desk)
    desk.claims = []
    drafted = draft_month(desk, NOVEMBER, by="Analyst", at=NOON)
    models = [json.loads((one.folder / "kpi-report.model.json").read_bytes()) for one in drafted]
    assert [one["said"] for one in models] == [["length_of_stay_days"]] * 2
    assert known(desk, DECEMBER) == ["length_of_stay_days"]  # a draft says nothing to anybody
    for one in issue_month(desk, month=NOVEMBER):
        kept = json.loads((one.folder / "inputs" / "claims.json").read_bytes())
        assert kept == [OPEN.model_dump(mode="json")]
    assert known(desk, DECEMBER) == []


def test_the_register_of_an_issue_that_was_replaced_or_taken_back_is_followed_up_too(desk: StubDesk) -> None:
    desk.restrict("executives")
    desk.claims = [OPEN.model_dump(mode="json")]
    issue_month(desk)
    assert known(desk, OCTOBER) == ["length_of_stay_days"]  # so the issue that replaces it says what became of it
    desk.says, desk.claims = "corrected", []
    issue_month(desk, why="costs arrived late")
    assert known(desk, NOVEMBER) == []
    desk.claims = [OPEN.model_dump(mode="json")]
    issue_month(desk, month=NOVEMBER)
    withdraw_issue(desk, NOVEMBER, "executives", "all", why="wrong file", by="Director", at=NOON)
    assert [one.state for one in list_issues(desk.database, month=str(NOVEMBER))] == ["withdrawn"]
    assert known(desk, DECEMBER) == ["length_of_stay_days"]
