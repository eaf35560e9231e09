"""What a build notices of the numbers of people and of what else a row says of its person: two ways to write a number,
numbers given anew, one number for strangers, births that cannot be. No patient's data.
"""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.sql.sql_text import literal
from kpi_pipeline.intake.ingest import IntakeResult

_ROWS_LOOKED_AT = 10_000
"""Of each file; how a file writes its numbers shows in its first rows."""
_FEWEST_ROWS = 20
_ONE_FORM = 0.9
"""A file writes numbers in one way where nine of ten have it."""
_SECOND_FORM, _BOTH_FORMS = 0.1, 0.95
"""A second way is one that a tenth of a place's rows have, where these ways are nearly all there are."""
_EXPECTED = 12
"""Where so many people are expected to have been there before, chance gives none once in 160,000."""
_FEWEST_BIRTHS = 40
_SAME_BIRTH = 0.02
"""Of thousands of people hardly two are born on one day of one year; the first of January is sometimes guessed."""
_FEWEST_STAYS = 1_000
"""Of so many stays at one place some are of people with another."""
_BORN_TWICE, _FEWEST_BORN_TWICE = 0.02, 11
"""A date of birth is corrected now and then, of one person in a hundred."""
_NEWBORN_DAYS = 365
_UNSEEN = r"[.]0$|[\pC\pZ]"
"""What a text can have that is no part of a number of people: a decimal's end, control signs, blanks of any kind."""


def find_person_warnings(connection: duckdb.DuckDBPyConnection, intake: IntakeResult) -> list[Notice]:
    """All of them, in the order to print."""
    return [
        *_persons_in_two_forms(connection, intake),
        *_places_in_two_forms(connection),
        *_people_alike(connection),
        *_people_seen(connection),
        *_people_born_on_one_day(connection),
        *_people_born_twice(connection),
        *_impossible_births(connection),
    ]


_SHAPE = f"REGEXP_REPLACE(person_id, {literal('[0-9]+')}, '9', 'g')"


def _persons_in_two_forms(connection: duckdb.DuckDBPyConnection, intake: IntakeResult) -> list[Notice]:
    """Files whose person numbers have another form than most files': no return between the two can be seen.

    A form is what stands around the digits; of digits alone whether leading zeros are kept.
    """
    files = intake.of_table("encounters")
    if len(files) < 2:
        return []
    rows = connection.execute(
        f"""
        WITH looked_at AS (
            SELECT file_number, person_id, {_SHAPE} AS shape FROM all_encounters
            WHERE file_row_number < {literal(_ROWS_LOOKED_AT)} AND person_id IS NOT NULL
        ),
        forms AS (
            SELECT
                file_number, MODE(shape) AS shape, COUNT(*) AS n,
                COUNT(*) FILTER (WHERE STARTS_WITH(person_id, '0')) AS n_zeros,
                MIN(LENGTH(person_id)) AS shortest, MAX(LENGTH(person_id)) AS longest
            FROM looked_at GROUP BY file_number
        ),
        clear AS (
            SELECT forms.* FROM forms INNER JOIN looked_at USING (file_number, shape)
            GROUP BY ALL HAVING COUNT(*) >= {literal(_ONE_FORM)} * forms.n AND forms.n >= {literal(_FEWEST_ROWS)}
        ),
        usual AS (SELECT shape FROM clear GROUP BY shape ORDER BY SUM(n) DESC, shape LIMIT 1),
        padded AS (
            SELECT longest FROM clear WHERE shape = '9' AND shortest = longest AND 10 * n_zeros >= n
            GROUP BY longest ORDER BY SUM(n) DESC, longest DESC LIMIT 1
        )
        SELECT clear.file_number FROM clear CROSS JOIN usual LEFT JOIN padded ON TRUE
        WHERE clear.shape <> usual.shape
            OR (clear.shape = '9' AND clear.n_zeros = 0 AND clear.shortest < padded.longest)
        ORDER BY 1
        """
    ).fetchall()
    return [
        Notice("persons_in_another_form", file=files[int(number)].file_name, columns=("person_id",))
        for (number,) in rows
    ]


def _places_in_two_forms(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Places of which a part writes its people in another way than most rows of the same file."""
    rows = connection.execute(
        f"""
        WITH shapes AS (
            SELECT file_number, facility_id, {_SHAPE} AS shape, COUNT(*) AS n FROM all_encounters
            WHERE file_row_number < {literal(_ROWS_LOOKED_AT)} AND person_id IS NOT NULL GROUP BY ALL
        ),
        compared AS (
            SELECT
                *,
                SUM(n) OVER (PARTITION BY file_number, facility_id) AS of_place,
                SUM(n) OVER (PARTITION BY file_number) AS of_file,
                SUM(n) OVER (PARTITION BY file_number, shape) AS of_shape
            FROM shapes
        ),
        ways AS (
            SELECT
                *, MAX(of_shape) OVER (PARTITION BY file_number) AS most,
                SUM(n) OVER (PARTITION BY file_number) AS of_ways
            FROM compared WHERE n >= GREATEST({_FEWEST_ROWS}, {_SECOND_FORM} * of_place)
        )
        SELECT facility_id, CAST(SUM(n) AS BIGINT), CAST(SUM(of_place) AS BIGINT) FROM ways
        WHERE of_shape < most AND of_ways >= {_BOTH_FORMS} * of_file GROUP BY facility_id ORDER BY ALL
        """
    ).fetchall()
    return [
        Notice(
            "persons_in_two_forms",
            facility_id=facility,
            columns=("person_id",),
            counts={"rows": n, "of_rows": of_place},
        )
        for facility, n, of_place in rows
    ]


def _people_alike(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """People whose numbers differ by capitals, leading zeros, a decimal .0 or signs that nobody sees, and whose dates
    of birth do not differ: no return between the two can be seen."""
    n = connection.execute(
        f"""
        WITH people AS (
            SELECT person_id, MIN(birth_date) AS born FROM staged_encounters
            WHERE person_id IS NOT NULL GROUP BY person_id
        ),
        plain AS (
            SELECT LTRIM(REGEXP_REPLACE(LOWER(person_id), {literal(_UNSEEN)}, '', 'g'), '0') AS plain_id, born
            FROM people
        )
        SELECT COALESCE(SUM(n), 0) FROM (
            SELECT COUNT(*) AS n FROM plain WHERE plain_id <> ''
            GROUP BY plain_id HAVING COUNT(*) > 1 AND MIN(born) IS NOT DISTINCT FROM MAX(born)
        )
        """
    ).fetchall()[0][0]
    return [Notice("persons_alike", counts={"persons": int(n)})] if n else []


def _people_seen(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """What the stays of all people show, put together once by place and month of admission."""
    connection.execute(
        """
        CREATE OR REPLACE TEMPORARY TABLE people_seen AS
        WITH people AS (
            SELECT person_id, MIN(admitted_on) AS first_on, COUNT(*) AS n_stays FROM stays GROUP BY person_id
        )
        SELECT
            stays.facility_id, CAST(DATE_TRUNC('month', stays.admitted_on) AS DATE) AS month, COUNT(*) AS n,
            COUNT(*) FILTER (WHERE people.first_on < DATE_TRUNC('month', stays.admitted_on)) AS n_of_earlier_month,
            COUNT(*) FILTER (WHERE people.first_on < stays.admitted_on) AS n_known,
            MAX(people.n_stays) AS most_stays
        FROM stays INNER JOIN people ON stays.person_id = people.person_id
        GROUP BY ALL
        """
    )
    notices = [*_people_never_seen_before(connection), *_people_with_one_stay(connection)]
    connection.execute("DROP TABLE people_seen")
    return notices


def _people_never_seen_before(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Months in which nobody had been there before, or in a month before, though other months let many be expected: the
    numbers of people were given anew. Looked at from the fourth month on, since the first ones cannot know."""
    rows = connection.execute(
        f"""
        WITH by_month AS (
            SELECT facility_id, month, n, UNNEST([n_of_earlier_month, n_known]) AS n_known, UNNEST([1, 2]) AS way
            FROM people_seen
        ),
        later AS (
            SELECT * FROM by_month QUALIFY month > MIN(month) OVER (PARTITION BY facility_id) + INTERVAL 2 MONTH
        )
        SELECT DISTINCT facility_id, STRFTIME(month, '%Y-%m') FROM later
        WINDOW place AS (PARTITION BY facility_id, way)
        QUALIFY n_known = 0 AND SUM(n_known) OVER place > 0
            AND n * (SUM(n_known) OVER place) >= {_EXPECTED} * (SUM(n) OVER place - n)
        ORDER BY ALL
        """
    ).fetchall()
    return [Notice("persons_all_new", facility_id=place, details={"month": month}) for place, month in rows]


def _people_with_one_stay(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Places where not one patient has a second stay, here or elsewhere: person_id numbers stays, not people."""
    rows = connection.execute(
        f"""
        SELECT facility_id, CAST(SUM(n) AS BIGINT) FROM people_seen GROUP BY facility_id
        HAVING SUM(n) >= {_FEWEST_STAYS} AND MAX(most_stays) = 1 ORDER BY ALL
        """
    ).fetchall()
    return [Notice("persons_with_one_stay", facility_id=place, counts={"stays": n}) for place, n in rows]


def _people_born_on_one_day(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """A birth date that so many people share stands for one that is not known."""
    rows = connection.execute(
        f"""
        WITH born AS (SELECT DISTINCT person_id, birth_date FROM staged_encounters WHERE birth_date IS NOT NULL)
        SELECT COUNT(*) FROM born GROUP BY birth_date
        HAVING COUNT(*) >= GREATEST({_FEWEST_BIRTHS}, {_SAME_BIRTH} * (SELECT COUNT(*) FROM born)) ORDER BY ALL
        """
    ).fetchall()
    return [Notice("birth_dates_the_same", counts={"persons": n}) for (n,) in rows]


def _people_born_twice(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """People of whom rows say two dates of birth, or two sexes: one number for strangers."""
    names = ("birth_date", "sex")
    said = ", ".join(f"COUNT({name}) AS n_{name}, MIN({name}) <> MAX({name}) AS other_{name}" for name in names)
    counts = ", ".join(
        f"COUNT(*) FILTER (WHERE n_{name} > 1 AND other_{name}), COUNT(*) FILTER (WHERE n_{name} > 1)" for name in names
    )
    row = connection.execute(
        f"WITH people AS (SELECT {said} FROM encounters GROUP BY person_id) SELECT {counts} FROM people"
    ).fetchall()[0]
    found = []
    for name, twice, n in zip(names, row[::2], row[1::2], strict=True):
        if twice >= max(_FEWEST_BORN_TWICE, _BORN_TWICE * n):
            found.append(Notice("persons_born_twice", columns=(name,), counts={"persons": twice, "of_persons": n}))
    return found


def _impossible_births(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Births after the admission, and a newborn's diagnosis in somebody of age: the mother's number."""
    unborn, of_age = connection.execute(
        f"""
        SELECT
            COUNT(*) FILTER (WHERE birth_date > admitted_on),
            COUNT(*) FILTER (
                WHERE STARTS_WITH(primary_diagnosis_code, 'Z38') AND birth_date < admitted_on - {_NEWBORN_DAYS}
            )
        FROM encounters
        """
    ).fetchall()[0]
    found = [Notice("births_after_admission", counts={"rows": unborn})] if unborn else []
    return [*found, Notice("newborns_of_age", counts={"rows": of_age})] if of_age else found
