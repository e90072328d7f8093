"""Inserting, on every database. To put a statement together takes longer than to run it: once."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table, insert
from sqlalchemy.sql.dml import ReturningInsert

# Databases limit how many values one statement may carry.
CHUNK = 500
_DUPLICATE = 1062  # MariaDB's number for it


def insert_one(connection: Connection, table: Table, **values: Any) -> int:
    """Insert a row and return its id."""
    key = connection.execute(_inserting(table), values).inserted_primary_key
    return int(key[0]) if key else 0


def insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Insert rows; one that a unique key already knows is left alone. Return how many are new."""
    if not rows:
        return 0
    statement = _inserting_all(table, connection.dialect.name)
    count = connection.execute(statement, list(rows)).rowcount
    if count < len(rows):
        _require_known(connection)
    return count


def insert_new(connection: Connection, table: Table, **values: Any) -> int | None:
    """Insert a row and return its id; None if a unique key knows it already."""
    statement = _inserting_new(table, connection.dialect.name)
    key = connection.scalar(statement, values)
    if key is None:
        _require_known(connection)
    return key


def _require_known(connection: Connection) -> None:
    """Raise if rows were left out for another reason than that their keys are known: MariaDB's
    IGNORE would leave out whatever does not fit.
    """
    if connection.dialect.name == "mariadb":
        for _, code, words in connection.exec_driver_sql("SHOW WARNINGS"):
            if code != _DUPLICATE:
                raise ValueError(f"MariaDB would have left out a row: {words}")


@cache
def _inserting(table: Table) -> Insert:
    return insert(table)


@cache
def _inserting_all(table: Table, dialect: str) -> Insert:
    missing = _inserting_missing(table, dialect)
    return missing.inline().execution_options(preserve_rowcount=True)


@cache
def _inserting_new(table: Table, dialect: str) -> ReturningInsert[int]:
    return _inserting_missing(table, dialect).returning(table.c.id)


def _inserting_missing(table: Table, dialect: str) -> Insert:
    # Each is loaded where it is spoken to: together they take as long as all the rest of a start.
    match dialect:
        case "sqlite":
            from sqlalchemy.dialects import sqlite

            statement: Insert = sqlite.insert(table).on_conflict_do_nothing()
        case "postgresql":
            from sqlalchemy.dialects import postgresql

            statement = postgresql.insert(table).on_conflict_do_nothing()
        case _:
            statement = insert(table).prefix_with("IGNORE")
    return statement
