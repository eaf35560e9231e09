"""A further connection to the same database is as narrow as the first, reads time as it does, and has its own views."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.core.sql.connections import connect, connect_again


def test_a_further_connection_is_as_narrow_as_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    inside, outside = tmp_path / "in" / "a.csv", tmp_path / "b.csv"
    inside.parent.mkdir()
    for path in (inside, outside):
        path.write_text("a\n1\n")
    with connect(folders=[inside.parent]) as first, connect_again(first) as second:
        settings = "SELECT current_setting('TimeZone'), current_setting('enable_progress_bar')"
        assert second.execute(settings).fetchall() == first.execute(settings).fetchall() == [("UTC", False)]
        assert second.execute(f"FROM '{inside}'").fetchall() == [(1,)]
        with pytest.raises(duckdb.PermissionException):
            second.execute(f"FROM '{outside}'")
        for number, connection in enumerate((first, second)):
            connection.execute(f"CREATE TEMP VIEW landed AS SELECT {number} AS n")
        assert [one.execute("FROM landed").fetchall() for one in (first, second)] == [[(0,)], [(1,)]]
