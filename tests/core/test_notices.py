from __future__ import annotations

import pytest

from kpi_pipeline.core.notices import KINDS, Notice
from tests.support.said import example


def test_a_notice_holds_what_its_kind_says() -> None:
    with pytest.raises(ValueError, match="is no kind of notice"):
        Notice("gossip")
    with pytest.raises(ValueError, match="a notice 'rows_empty' holds"):
        Notice("rows_empty", file="a.csv")
    with pytest.raises(ValueError, match="a notice 'no_stays' holds"):
        Notice("no_stays", table="encounters")
    counts = {"rows": 30, "rows of ED": 12}
    with pytest.raises(ValueError, match="a notice 'encounter_types_unknown' holds"):
        Notice("encounter_types_unknown", columns=("SNF",), counts=counts, details={"known": "7"})


@pytest.mark.parametrize("kind", KINDS)
def test_outsiders_read_no_count_and_no_files_name(kind: str) -> None:
    told = example(kind).for_outsiders()
    assert (told is None) == KINDS[kind].is_housekeeping
    if told is not None:
        assert set(told.counts.values()) <= {None}
        assert told.file in ("", "A source file")
