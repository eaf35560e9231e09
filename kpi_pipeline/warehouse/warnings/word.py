"""What a build notices of words: one that a place, or a stretch of months, writes instead of another, and one that
looks like a word a measure counts by and is not counted. No patient's data.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
from rapidfuzz.distance import DamerauLevenshtein

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import identifier, list_literal, literal
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.warehouse.supply import WORDED_ROWS
from kpi_pipeline.warehouse.warnings.row import ROWS_TO_NAME

_LEAST_SHARE = 0.05
_FEWEST_ROWS = 20
_MOST_WORDS = 200
"""A column of more is one of texts."""
_LEFT_OVER = 0.5
"""Of the rows expected to have a word, what may still have it where another took its place."""
_ONCE_IN = 100_000
"""How rarely chance alone leaves out a word where it is missing (Chernoff's bound for a Poisson count)."""
_ALIKE = 0.25
"""The new word has the share that the old one lost, give or take so much of it."""


_BY_ENCOUNTER = "SELECT rows.*, encounters.facility_id FROM {table} AS rows INNER JOIN encounters USING (encounter_id)"


@dataclass(frozen=True, slots=True)
class _Words:
    """A column of few words, and the day its rows belong to. placed: what gives the rows with their facility; None: the
    warehouse's own, which has it beside each row."""

    table: str
    column: str
    on: str
    placed: str | None = None

    @property
    def rows(self) -> str:
        """SELECT of place, month and word of the rows that have one, and how many there are."""
        rows = f"({self.placed})" if self.placed else self.table
        return (
            # As written at first: a word is looked at once, not in each of its rows.
            "SELECT place, month, LOWER(TRIM(word)) AS word, CAST(SUM(n) AS BIGINT) AS n FROM ("
            f"SELECT facility_id AS place, CAST(DATE_TRUNC('month', {self.on}) AS DATE) AS month, "
            f"{identifier(self.column)} AS word, COUNT(*) AS n FROM {rows} "
            f"WHERE {identifier(self.column)} IS NOT NULL AND {self.on} IS NOT NULL AND facility_id IS NOT NULL "
            "GROUP BY ALL) GROUP BY ALL"
        )


_ENCOUNTERS = "SELECT * FROM staged_encounters"
_DENIALS = _BY_ENCOUNTER.format(table="staged_denials")
_AVOIDABLE_DAYS = _BY_ENCOUNTER.format(table="staged_avoidable_days")
_DISCHARGED = "COALESCE(discharged_at, admitted_at)"
_COLUMNS = (
    _Words("encounters", "payer", _DISCHARGED, _ENCOUNTERS),
    _Words("encounters", "sex", _DISCHARGED, _ENCOUNTERS),
    _Words("encounters", "admit_type_code", _DISCHARGED, _ENCOUNTERS),
    _Words("encounters", "admit_source_code", _DISCHARGED, _ENCOUNTERS),
    _Words("encounters", "discharge_disposition_code", _DISCHARGED, _ENCOUNTERS),
    _Words("cm_tasks", "task_type", "COALESCE(due_on, done_on)"),
    _Words("notices", "notice_type", "delivered_on"),
    _Words("reviews", "review_type", "COALESCE(due_on, done_on)"),
    _Words("denials", "payer", "denied_on", _DENIALS),
    _Words("denials", "reason_code", "denied_on", _DENIALS),
    _Words("denials", "outcome", "COALESCE(appealed_on, denied_on)", _DENIALS),
    _Words("avoidable_days", "reason_code", "starts_on", _AVOIDABLE_DAYS),
    _Words("avoidable_days", "responsible_party", "starts_on", _AVOIDABLE_DAYS),
)


@dataclass(frozen=True, slots=True)
class _Looks:
    """A word that a measure counts by, and how else it is written, as a regular expression over a word in small
    letters without marks. like: misspellings of it are a letter away. others: words that another
    measure counts by."""

    table: str
    column: str
    means: str
    capability: str
    pattern: str
    like: str = ""
    others: tuple[str, ...] = ()


_LOOKS_LIKE = (
    _Looks(
        "encounters",
        "payer",
        "Medicare",
        "medicare_payers",
        "(mcr|mcare|mdcr|mdcare|mcrr|title xviii|cms)( .*)?|.* (mcr|mcare)",
        like="medicare",
    ),
    _Looks(
        "cm_tasks",
        "task_type",
        "a post-discharge contact",
        "contact_tasks",
        "tcm( .*)?|transitional care.*|.*(call|contact|phone).* (after|post) ?disch.*|dc call.*|.*discharge phone.*",
    ),
    _Looks(
        "notices",
        "notice_type",
        "IM or IM follow-up",
        "important_messages",
        "(im|imm|important message|important message from medicare)( .*)?|imfu|.*follow ?up copy.*",
        others=("im follow-up",),
    ),
    _Looks(
        "notices",
        "notice_type",
        "MOON",
        "observation_notices",
        ".*outpatient observation.*|moon [a-z0-9].*|observation notice.*",
    ),
)


def find_other_words(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Words that took the place of others, then words that look like those a measure counts by."""
    notices = _words_instead(connection)
    for looks in _LOOKS_LIKE:
        notices += _looks_like(connection, looks)
    return notices


def _words_instead(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """A word that only one place has, or a place only in some months, where another word is missing that has the same
    share elsewhere."""
    each = [
        f"SELECT {literal(item)} AS item, place, month, word, n FROM ({words.rows})"
        for item, words in enumerate(_COLUMNS)
    ]
    connection.execute(f"CREATE OR REPLACE TEMPORARY TABLE words_of_months AS {' UNION ALL '.join(each)}")
    found = connection.execute(_INSTEAD).fetchall()
    connection.execute("DROP TABLE words_of_months")
    return [
        Notice(
            "words_instead",
            table=_COLUMNS[item].table,
            facility_id=place,
            columns=(_COLUMNS[item].column,),
            counts={"rows": n},
            details={"first_month": first, "last_month": last, "word": word, "instead": old},
        )
        for item, place, word, old, first, last, n in found
    ]


_INSTEAD = f"""
    WITH spans AS (
        SELECT item, place, word, MIN(month) AS first_month, MAX(month) AS last_month, SUM(n) AS n
        FROM words_of_months GROUP BY item, place, word
        UNION ALL
        SELECT item, {literal(WHOLE_SYSTEM)}, word, MIN(month), MAX(month), SUM(n)
        FROM words_of_months GROUP BY item, word HAVING COUNT(DISTINCT place) > 1
    ),
    -- Where a word is: a place, or a stretch of months; and with what it is compared: other places, or other months.
    cells AS (
        SELECT
            spans.item, spans.place, spans.word AS new_word, spans.first_month, spans.last_month,
            ways.way, counted.word,
            SUM(counted.n) FILTER (WHERE ways.way = 'place' AND counted.place = spans.place
                OR ways.way = 'months' AND counted.month BETWEEN spans.first_month AND spans.last_month) AS n_in,
            SUM(counted.n) AS n_all
        FROM spans
        CROSS JOIN (SELECT UNNEST(['place', 'months']) AS way) AS ways
        INNER JOIN words_of_months AS counted
            ON spans.item = counted.item
            AND (ways.way = 'place' OR spans.place IN (counted.place, {literal(WHOLE_SYSTEM)}))
        WHERE spans.n >= {_FEWEST_ROWS}
            AND spans.item IN (
                SELECT item FROM words_of_months GROUP BY item HAVING COUNT(DISTINCT word) BETWEEN 2 AND {_MOST_WORDS}
            )
            AND (ways.way = 'months' OR spans.place <> {literal(WHOLE_SYSTEM)})
        GROUP BY ALL
    ),
    shares AS (
        SELECT
            *, COALESCE(n_in, 0) AS n_inside, n_all - n_inside AS n_outside,
            SUM(COALESCE(n_in, 0)) OVER stretch AS of_inside,
            SUM(n_all - COALESCE(n_in, 0)) OVER stretch AS of_outside
        FROM cells
        WINDOW stretch AS (PARTITION BY item, place, new_word, way)
    ),
    instead AS (
        SELECT
            new.item, new.place, new.new_word, old.word AS old_word, new.first_month, new.last_month,
            new.way, new.n_inside AS n,
            ABS((old.n_inside + new.n_inside) / old.of_inside - old.n_outside / old.of_outside) AS aside,
            old.n_outside / old.of_outside AS share
        FROM shares AS new
        INNER JOIN (SELECT *, n_outside * of_inside / NULLIF(of_outside, 0) AS n_expected FROM shares) AS old
            USING (item, place, new_word, way)
        WHERE new.word = new.new_word AND old.word <> old.new_word
            AND new.n_outside = 0 AND new.n_inside * new.of_outside >= LN({_ONCE_IN}) * new.of_inside
            AND new.n_inside >= {_LEAST_SHARE} * new.of_inside
            AND old.n_outside >= {_LEAST_SHARE} * old.of_outside
            AND old.n_inside <= {_LEFT_OVER} * old.n_expected
            AND old.n_expected - old.n_inside
                + CASE WHEN old.n_inside > 0 THEN old.n_inside * LN(old.n_inside / old.n_expected) ELSE 0 END
                >= LN({_ONCE_IN})
    )
    SELECT
        item, place, new_word, old_word,
        STRFTIME(first_month, '%Y-%m'), STRFTIME(last_month, '%Y-%m'), CAST(n AS BIGINT)
    FROM instead
    WHERE aside <= {_ALIKE} * share
        AND (
            place <> {literal(WHOLE_SYSTEM)}
            OR NOT EXISTS (
                SELECT 1 FROM instead AS other
                WHERE other.item = instead.item AND other.new_word = instead.new_word AND other.place <> instead.place
                    AND other.aside <= {_ALIKE} * other.share
            )
        )
        -- Of two words at two places the rarer one is the other word.
        AND NOT EXISTS (
            SELECT 1 FROM instead AS other
            WHERE other.item = instead.item AND other.new_word = instead.old_word AND other.old_word = instead.new_word
                AND (other.n < instead.n OR other.n = instead.n AND other.new_word > instead.new_word)
        )
    QUALIFY ROW_NUMBER() OVER (PARTITION BY item, place, new_word ORDER BY aside / share, way DESC, old_word) = 1
    ORDER BY ALL
"""


def _looks_like(connection: duckdb.DuckDBPyConnection, looks: _Looks) -> list[Notice]:
    """Words that are not counted by, though others that are show the measure to be computed."""
    table, is_counted, _ = WORDED_ROWS[looks.capability]
    if not connection.execute(f"SELECT 1 FROM {table} WHERE {is_counted} LIMIT 1").fetchall():
        return []  # the measure is not computable, which is said elsewhere
    column = identifier(looks.column)
    rows = connection.execute(
        f"""
        SELECT word, n, REGEXP_FULL_MATCH(plain, {literal(looks.pattern)}), plain FROM (
            SELECT
                {column} AS word, COUNT(*) AS n,
                TRIM(REGEXP_REPLACE(LOWER({column}), '[^a-z0-9]+', ' ', 'g')) AS plain
            FROM {table} WHERE {column} IS NOT NULL AND NOT ({is_counted})
                AND LOWER(TRIM({column})) NOT IN (SELECT UNNEST({list_literal(looks.others)})) GROUP BY ALL
        ) ORDER BY n DESC, word
        """
    ).fetchall()
    alike = [
        (word, n) for word, n, fits, plain in rows if fits or (looks.like and plain and _is_misspelt(plain, looks.like))
    ]
    if not alike:
        return []
    named = tuple(word for word, n in alike if n >= ROWS_TO_NAME)[:6]
    return [
        Notice(
            "words_like",
            table=looks.table,
            columns=named,
            counts={"rows": sum(n for _, n in alike)},
            details={"column": looks.column, "means": looks.means},
        )
    ]


def _is_misspelt(plain: str, word: str) -> bool:
    """Whether the first word of a text is another as it is mistyped: `Medcare`, `Medicrae`."""
    first = plain.split()[0]
    return first != word and DamerauLevenshtein.distance(first, word, score_cutoff=1) <= 1
