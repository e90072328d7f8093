"""Inserting, on every database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects import mysql, postgresql, sqlite

# Databases limit how many values one statement may carry.
CHUNK = 500


def insert_one(connection: Connection, table: Table, **values: Any) -> int:
    """Insert a row and return its id."""
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    return int(key[0]) if key else 0


def insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Insert rows; one that a unique key already knows is left alone. Return how many are new."""
    new = 0
    for start in range(0, len(rows), CHUNK):
        values = list(rows[start : start + CHUNK])
        match connection.dialect.name:
            case "sqlite":
                statement: Any = sqlite.insert(table).values(values).on_conflict_do_nothing()
            case "postgresql":
                statement = postgresql.insert(table).values(values).on_conflict_do_nothing()
            case _:
                statement = mysql.insert(table).values(values).prefix_with("IGNORE")
        counted = statement.inline().execution_options(preserve_rowcount=True)
        new += connection.execute(counted).rowcount
    return new
