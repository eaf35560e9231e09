"""`extract.yaml`: which database, and one statement for each table. The password is elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import sqlglot
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlglot import exp
from sqlglot.errors import SqlglotError

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.core.yaml_files import read_mapping
from kpi_pipeline.intake.contract import load_contracts

_SQLGLOT_NAMES = {"postgresql": "postgres", "mssql": "tsql"}
_URL_CURE = "Write it like postgresql+psycopg://user@host/database."
_NEWER_CURE = 'mssql+mssqlpython needs SQLAlchemy 2.1: pip install "kpi-pipeline[mssql]".'
ColumnName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TableExtract(_Frozen):
    """One table. sql: one SELECT. key: columns that name a row, never empty; the rows come in their order.

    watermark: a column that only grows, such as the time of the last change: the next extract takes rows from
    `overlap_minutes` before the last value on, and rows without a value. None: everything, each time.
    """

    sql: Annotated[str, Field(min_length=8)]
    key: Annotated[tuple[ColumnName, ...], Field(min_length=1)]
    watermark: ColumnName | None = None
    overlap_minutes: Annotated[int, Field(ge=0)] = 60


class ExtractConfig(_Frozen):
    """`extract.yaml`. url: as SQLAlchemy writes it, without a password: password_env or password_file says where it is.

    rows_per_part: rows written, and kept over a crash, at a time; they are what is held in memory.
    """

    url: Annotated[str, Field(min_length=3)]
    password_env: str | None = None
    password_file: Path | None = None
    rows_per_part: Annotated[int, Field(ge=1, le=1_000_000)] = 50_000
    retries: Annotated[int, Field(ge=0, le=20)] = 3
    tables: Annotated[dict[str, TableExtract], Field(min_length=1)]

    def database_url(self) -> tuple[URL, SecretStr | None]:
        """The URL to connect with, and the password in it, to be kept out of every message. InputError if not there."""
        url, secret = make_url(self.url), self._password()
        return (url if secret is None else url.set(password=secret.get_secret_value())), secret

    def _password(self) -> SecretStr | None:
        if self.password_env is not None:
            if self.password_env not in os.environ:
                what = f"the environment variable {self.password_env} is not set."
                raise InputError(Fault("password_env", what, "Set it to the password."))
            return SecretStr(os.environ[self.password_env])
        if self.password_file is not None:
            if not self.password_file.is_file():
                what = f"there is no file {self.password_file}."
                raise InputError(Fault("password_file", what, "Write the password into it."))
            return SecretStr(self.password_file.read_text(encoding="utf-8").strip())
        return None


def read_extract_config(path: Path) -> ExtractConfig:
    """Reads `extract.yaml`; all its faults at once as an InputError. A relative password_file is beside it."""
    if not path.is_file():
        raise InputError(Fault(str(path), "there is no such file.", "Check the path after --config."))
    raw = read_mapping(path, error=InputError)
    try:
        config = ExtractConfig.model_validate(raw)
    except ValidationError as error:
        if any(item["loc"] == ("url",) for item in error.errors()):  # its text may hold a password
            raise InputError(Fault(str(path), "url must be a text.", _URL_CURE)) from None
        raise InputError(faults_of(str(path), error)) from None
    faults = [*_url_faults(str(path), config), *_table_faults(str(path), config)]
    if faults:
        raise InputError(faults)
    if config.password_file is not None:
        config = config.model_copy(update={"password_file": path.resolve().parent / config.password_file})
    return config


def _url_faults(where: str, config: ExtractConfig) -> list[Fault]:
    try:
        url = make_url(config.url)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError):
        cure = _NEWER_CURE if config.url.startswith("mssql+mssqlpython:") else _URL_CURE
        return [Fault(where, "url is no database URL that SQLAlchemy knows.", cure)]
    if url.password is not None or {"password", "pwd"} & {name.lower() for name in url.query}:
        cure = "Take it out; name an environment variable in password_env, or a file in password_file."
        return [Fault(where, "url holds a password.", cure)]
    if config.password_env is not None and config.password_file is not None:
        return [Fault(where, "password_env and password_file are both there.", "Keep one of them.")]
    return []


def _table_faults(where: str, config: ExtractConfig) -> list[Fault]:
    try:
        dialect = make_url(config.url).get_backend_name()
    except ArgumentError:
        return []
    faults = []
    for name, table in config.tables.items():
        place = f"{where}: tables.{name}"
        if not name.replace("_", "").isalnum():
            faults.append(Fault(place, "is no name for a file.", f"Such as {', '.join(list(load_contracts())[:3])}."))
        try:
            statements = sqlglot.parse(table.sql, read=_SQLGLOT_NAMES.get(dialect, dialect))
        except (SqlglotError, ValueError):
            faults.append(Fault(place, "sql cannot be parsed.", "Write one SELECT."))
            continue
        only = statements[0] if len(statements) == 1 else None
        if not isinstance(only, exp.Query) or only.find(exp.Into, exp.Insert, exp.Update, exp.Delete, exp.Command):
            faults.append(Fault(place, "sql is not exactly one SELECT.", "An extract only reads."))
        elif only.args.get("order"):
            faults.append(Fault(place, "sql must not have an ORDER BY.", "The rows come in the order of the key."))
        elif dialect == "mssql" and (only.args.get("with_") or only.args.get("with")):
            cure = "Write it as a subquery, or make it a view."
            faults.append(Fault(place, "SQL Server takes no WITH inside another statement.", cure))
    return faults
