"""What the tables are made of."""

from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Integer, MetaData

from maildaemon.adapters.sql.values import Instant, Key, Word

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Sha256 = Word(64)
Name = Word(191)


def own_id() -> Column[int]:
    """Return the key of a row."""
    return Column("id", Key, primary_key=True, autoincrement=True)


def ref(name: str, target: str, **options: Any) -> Column[int]:
    """Return a column that holds the key of a row of another table."""
    return Column(name, Key, ForeignKey(f"{target}.id"), **options)


def flag(name: str) -> Column[bool]:
    """Return a column that holds yes or no. Where an index is to find it, it is compared
    (`== true()`), for "is true" leads MariaDB along no index.
    """
    return Column(name, Boolean, nullable=False, default=False)


def queue_columns() -> tuple[Column[Any], ...]:
    """Return what queues share: `attempts` only fences; `failures` are of the row's own fault."""
    return (
        Column("attempts", Integer, nullable=False, default=0),
        Column("failures", Integer, nullable=False, default=0),
        Column("next_attempt_at", Instant, nullable=True),
    )
