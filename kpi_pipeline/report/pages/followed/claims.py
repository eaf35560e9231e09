"""What we said before: every claim of an earlier issue, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kpi_pipeline.core.text.language import one_or_many
from kpi_pipeline.judgement.claims.follow import FollowUp
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.report.model import Column, FurtherSection, Table
from kpi_pipeline.report.words.followed.claims import (
    claim_title,
    first_said_words,
    followed_up,
    onset_words,
    outcome_sentence,
    said_before_title,
)
from kpi_pipeline.report.words.numbers import MISSING, capitalised, small_count_words

_LEDE = (
    "A verdict that was printed is kept until it is settled, and so is the month in which a change began, unless the "
    "chart contradicts it. A claim fades when the months since it was last shown speak twenty to one for the old "
    "level, or show nothing for a year. It is withdrawn when figures or definitions changed so that it would not have "
    "been said."
)


def build_said_before(judged: Judged) -> FurtherSection | None:
    """The page; None where no earlier issue said anything."""
    own, places = followed_up(judged, places=False), followed_up(judged, places=True)
    if not own and not places:
        return None
    holding = [one for one in places if one.claim.state in ("continuing", "sustained")]
    changed = [one for one in places if one not in holding]
    tables = [_table(judged, own, "What earlier issues said, and what became of it")] if own else []
    tables += [_table(judged, changed, "Single hospitals: what is not shown any more")] if changed else []
    return FurtherSection(
        name="said_before",
        title=said_before_title(own or places),
        lede=_LEDE,
        tables=tuple(tables),
        paragraphs=tuple(_notes(own, changed, len(holding))),
    )


def _notes(own: Sequence[FollowUp], changed: Sequence[FollowUp], n_holding: int) -> Iterator[str]:
    if any(not one.claim.onset for one in (*own, *changed)):
        yield "A dash stands where the month in which a change began cannot be told within a year."
    if n_holding:
        yield _holding_sentence(n_holding)


def _holding_sentence(count: int) -> str:
    claims = one_or_many(count, "claims")
    still = "still holds; its icon stands" if count == 1 else "still hold; their icons stand"
    return f"{capitalised(small_count_words(count))} {claims} about single hospitals {still} on the page by hospital."


def _table(judged: Judged, followed: Sequence[FollowUp], caption: str) -> Table:
    return Table(
        caption=caption,
        columns=(
            Column(heading="What we said"),
            Column(heading="First said"),
            Column(heading="What became of it"),
            Column(heading="It most likely began (95% interval)"),
        ),
        rows=tuple(
            (
                claim_title(judged, one.claim),
                capitalised(first_said_words(judged, one.claim)),
                outcome_sentence(judged, one),
                onset_words(one) or MISSING,
            )
            for one in sorted(followed, key=lambda one: one.claim.is_open)
        ),
    )
