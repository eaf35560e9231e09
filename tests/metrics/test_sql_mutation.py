"""The one-token changes of the SQL that the proofs are tried with (the long run: docs/sql_mutation.md)."""

from __future__ import annotations

from benchmarks.sql_mutation import drawn, mutants_of


def test_each_change_is_of_one_token_and_leaves_the_rest() -> None:
    sql = "SELECT a\nFROM t\nWHERE days <= 30 AND code = 'x'"
    changed = {(one.line, one.before, one.after): one.sql for one in mutants_of("trial", sql)}
    assert list(changed) == [(3, "<=", "<"), (3, "30", "31"), (3, "AND", "OR"), (3, "=", "<>"), (3, "'x'", "'xx'")]
    assert changed[(3, "<=", "<")] == sql.replace("<=", "<")
    assert changed[(3, "'x'", "'xx'")] == sql.replace("'x'", "'xx'")


def test_a_seed_draws_the_same_mutants_in_their_order() -> None:
    every = list(mutants_of("trial", "SELECT 1 + 2 + 3 + 4"))
    chosen = drawn(every, 3, seed=1)
    assert chosen == drawn(every, 3, seed=1)
    assert [one for one in every if one in chosen] == chosen
    assert drawn(every, 0, seed=1) == every
    assert drawn(every, -1, seed=1) == []
