"""The types of the columns: whatever a hostile mail holds goes in, and comes out sensibly.

Here, and nowhere else, a value is made such that every database takes it, the same on each.
PostgreSQL refuses NUL and lone surrogates in texts, NaN in JSON, a word that is too long, and
numbers beyond the width of their column; SQLite takes some of it and returns something else.
"""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    String,
    Text,
    literal_column,
)
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator

_MARIADB = frozenset({"mysql", "mariadb"})
_LARGEST = 2**63 - 1
_WITHOUT_OFFSET = len("2026-03-29 01:30:00.123456")
_ESCAPED = re.compile(r"\\u|NaN|Infinity")
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant with microseconds; SQLite and MariaDB would drop the offset."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """MariaDB keeps whole seconds unless told otherwise."""
        if dialect.name in _MARIADB:
            from sqlalchemy.dialects import mysql

            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive instants: nobody knows what they mean."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        try:
            return value.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:
            # The last evening of the year 9999, west of Greenwich, and its like.
            return (_LAST if value.year > 1 else _FIRST).replace(tzinfo=None)

    def bind_processor(self, dialect: Dialect) -> Any:
        """SQLite keeps text, which one call writes."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)

        def write(value: datetime | None) -> str | None:
            if value is None:
                return None
            if value.tzinfo is not UTC:
                value = self.process_bind_param(value, dialect) or value
            return value.isoformat(" ", "microseconds")[:_WITHOUT_OFFSET]

        return write

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what was stored as aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """SQLite keeps text, which one call reads; hardly a row is without instants."""
        if dialect.name == "sqlite":
            return _read_instant
        return super().result_processor(dialect, coltype)


class AnyText(TypeDecorator[str]):
    """A text of any length; what no database can hold is left out or replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean it."""
        return None if value is None else _storable(value)

    def bind_processor(self, dialect: Dialect) -> Any:
        """SQLite takes it as it is then."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)
        return lambda value: None if value is None else _storable(value)


class LongText(AnyText):
    """A text of up to 16 MB; MariaDB's TEXT ends at 64 KB."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """MariaDB has a type of its own for it."""
        if dialect.name not in _MARIADB:
            return Text()
        from sqlalchemy.dialects import mysql

        return mysql.LONGTEXT()


class Bytes(TypeDecorator[bytes]):
    """Bytes as they are."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """MariaDB's BLOB ends at 64 KB."""
        if dialect.name not in _MARIADB:
            return dialect.type_descriptor(LargeBinary())
        from sqlalchemy.dialects import mysql

        return mysql.LONGBLOB()


class Word(TypeDecorator[str]):
    """A code, a name, a hash: cut where it would not fit."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean and cut it."""
        length: int | None = getattr(self.impl, "length", None)
        return None if value is None else _storable(value)[:length]

    def bind_processor(self, dialect: Dialect) -> Any:
        """SQLite takes it as it is then."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)
        return lambda value: self.process_bind_param(value, dialect)


class _WrittenOut(TypeDecorator.Comparator[str], String.Comparator[str]):
    """Compares with a code of ours as a constant in the statement."""

    def operate(self, op: OperatorType, *other: Any, **kwargs: Any) -> Any:
        """Build a comparison; a value that is given later (`bindparam`) stays one."""
        return super().operate(op, *map(_written_out, other), **kwargs)


class Code(Word):
    """A word of ours that says what a row is, and where it stands. What waits are a few rows in a
    million: only if the word stands in the statement does the plan that PostgreSQL makes once, and
    keeps, know that.
    """

    cache_ok = True
    comparator_factory = _WrittenOut


def _written_out(value: Any) -> Any:
    if isinstance(value, str) and value.isidentifier():
        return literal_column(f"'{value}'", String)
    if isinstance(value, list | tuple):
        return [_written_out(one) for one in value]
    return value


def at_most(rows: int) -> ColumnElement[int]:
    """Return a limit as a constant in the statement. Where one is given later, the plan that
    PostgreSQL keeps is for a tenth of all there is.
    """
    return literal_column(str(rows), Integer)


class AnyJson(TypeDecorator[Any]):
    """JSON of plain values; whole numbers of any size."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Clean all that is in it."""
        return _plain(value)

    def bind_processor(self, dialect: Dialect) -> Any:
        """SQLite keeps text. In what is written without an escape there is nothing to clean."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)

        def write(value: Any) -> str:
            text = json.dumps(value)
            return json.dumps(_plain(value)) if _ESCAPED.search(text) else text

        return write

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Most lists are empty."""
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)
        return _read_json


class WholeNumber(TypeDecorator[int]):
    """64 bits; what is beyond them is the largest there is."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Bound it."""
        return _bounded(value)

    def bind_processor(self, dialect: Dialect) -> Any:
        """SQLite takes it as it is then."""
        return _bounded if dialect.name == "sqlite" else super().bind_processor(dialect)


class Key(WholeNumber):
    """The number of a row. SQLite gives them out only where the key is a plain INTEGER."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """SQLite's INTEGER has 64 bits as well."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())


def _read_json(stored: str | None) -> Any:
    if stored is None:
        return None
    return [] if stored == "[]" else json.loads(stored)


def _read_instant(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(f"{stored}+00:00")


def _bounded(value: int | None) -> int | None:
    if value is None or -_LARGEST <= value <= _LARGEST:
        return value
    return _LARGEST if value > 0 else -_LARGEST


def _plain(value: Any) -> Any:
    match value:
        case str():
            return _storable(value)
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {_storable(str(key)): _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value


def _storable(text: str) -> str:
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()
