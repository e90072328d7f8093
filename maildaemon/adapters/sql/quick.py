"""Runs statements on SQLite by the shortest way.

To hand a statement over takes SQLAlchemy several times as long as SQLite needs to run it. One that
is put together once is compiled once here; its values go through SQLAlchemy's own types, and
straight to the cursor. Whatever is not that simple (a statement that is new each time) goes the
usual way.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import IntegrityError, MultipleResultsFound, NoResultFound

# Statements that are put together anew each time are never met a second time.
_SEEN_AT_MOST = 2_000

_Convert = Callable[[Any], Any] | None
_Parameters = Mapping[str, Any]


class _Value(NamedTuple):
    """A value that a statement takes: its name, and what makes of it what the database stores."""

    name: str
    convert: _Convert


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement as text. `fixed` are the values that stand in it; `make` makes a row of what the
    database returned, None if it returns nothing. `spread`: what the values of a list are called.
    """

    text: str
    values: tuple[_Value, ...]
    fixed: _Parameters
    make: Callable[[tuple[Any, ...]], Any] | None
    spread: Mapping[str, Sequence[str]]

    def bind(self, given: _Parameters) -> list[Any]:
        """Return what the cursor is given."""
        values = {**self.fixed, **given}
        for name, names in self.spread.items():
            values.update(zip(names, given[name], strict=True))
        return [
            values[name] if convert is None else convert(values[name])
            for name, convert in self.values
        ]


@dataclass(frozen=True, slots=True)
class _Lists:
    """A statement that takes lists: as text it is another one for each length."""

    prepare: Callable[[_Parameters], _Prepared]
    names: tuple[str, ...]
    known: dict[tuple[int, ...], _Prepared] = field(default_factory=dict)

    def of(self, given: _Parameters) -> _Prepared:
        """Return it for lists as long as these."""
        lengths = tuple([len(given[one]) for one in self.names])
        if lengths not in self.known:
            self.known[lengths] = self.prepare(given)
        return self.known[lengths]


class Result:
    """What of `sqlalchemy.CursorResult` is used here."""

    def __init__(self, rows: list[Any], rowcount: int, inserted_id: int | None) -> None:
        """Hold what has been read to its end."""
        self._rows = rows
        self.rowcount = rowcount
        self.inserted_primary_key = (inserted_id,)

    def __iter__(self) -> Iterator[Any]:
        """Walk through the rows."""
        return iter(self._rows)

    def all(self) -> list[Any]:
        """Return all rows."""
        return self._rows

    def first(self) -> Any:
        """Return the first row, None if there is none."""
        return self._rows[0] if self._rows else None

    def one(self) -> Any:
        """Return the only row."""
        if len(self._rows) != 1:
            raise MultipleResultsFound if self._rows else NoResultFound
        return self._rows[0]

    def scalars(self) -> "Result":
        """Return the first value of each row."""
        return Result([row[0] for row in self._rows], self.rowcount, None)


class QuickConnection:
    """A connection to SQLite that other parts take for SQLAlchemy's: what they call of it, and no
    more. One thread, one transaction after the other.
    """

    def __init__(self, connection: Connection) -> None:
        """Use this connection; nobody else does from now on."""
        self._connection = connection
        self.dialect = connection.dialect
        driver: Any = connection.connection.driver_connection
        self._cursor: Callable[[], Any] = driver.cursor
        self._known: dict[tuple[int, tuple[str, ...]], _Prepared | _Lists | None] = {}
        self._seen: dict[int, Executable] = {}

    def execute(self, statement: Executable, parameters: Any = None) -> Any:
        """Run a statement."""
        many = isinstance(parameters, list)
        rows: Sequence[_Parameters] = parameters if many else (parameters or {},)
        prepared = self._prepared(statement, tuple(rows[0]))
        if isinstance(prepared, _Lists):
            prepared = None if many else prepared.of(rows[0])
        if prepared is None:
            return self._connection.execute(statement, parameters)
        cursor = self._cursor()
        try:
            if many:
                cursor.executemany(prepared.text, map(prepared.bind, rows))
            else:
                cursor.execute(prepared.text, prepared.bind(rows[0]))
        except sqlite3.IntegrityError as error:
            # The one error that somebody expects.
            raise IntegrityError(prepared.text, None, error) from error
        make = prepared.make
        found = [] if make is None else [make(one) for one in cursor.fetchall()]
        return Result(found, cursor.rowcount, cursor.lastrowid)

    def scalar(self, statement: Executable, parameters: Any = None) -> Any:
        """Run a statement; return the first value of the first row, None if there is none."""
        row = self.execute(statement, parameters).first()
        return None if row is None else row[0]

    def scalars(self, statement: Executable, parameters: Any = None) -> Any:
        """Run a statement; return the first value of each row."""
        return self.execute(statement, parameters).scalars()

    def commit(self) -> None:
        """Let everything since the last commit stand."""
        self._connection.commit()
        self._connection.connection.commit()

    def rollback(self) -> None:
        """Take everything since the last commit back."""
        self._connection.rollback()
        self._connection.connection.rollback()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _prepared(self, statement: Executable, given: tuple[str, ...]) -> _Prepared | _Lists | None:
        key = (id(statement), given)
        if key in self._known:
            return self._known[key]
        if self._seen.get(key[0]) is not statement:
            if len(self._seen) >= _SEEN_AT_MOST:
                self._seen.clear()
                self._known.clear()
            # Kept, lest another one be found at its place.
            self._seen[key[0]] = statement
            return None
        prepared = self._known[key] = _prepare(self._connection.dialect, statement, given)
        return prepared


def _prepare(dialect: Dialect, statement: Any, given: tuple[str, ...]) -> _Prepared | _Lists | None:
    """Return a statement as text, for these values; None if only the usual way is open to it."""
    compiled = statement.compile(dialect=dialect, column_keys=list(given) or None)
    defaults = {one.key: one.default for one in compiled.insert_prefetch}
    if compiled.update_prefetch or not all(one.is_scalar for one in defaults.values()):
        return None
    make = None
    if columns := compiled._result_columns:  # noqa: SLF001  what `CursorResult` goes by
        names = [one.keyname for one in columns]
        if len(set(names)) < len(names):
            return None
        converts = [one.type._cached_result_processor(dialect, None) for one in columns]  # noqa: SLF001
        make = _row_maker(names, converts)
    prepare = partial(_spread, compiled, make, {key: one.arg for key, one in defaults.items()})
    lists = compiled.post_compile_params | compiled.literal_execute_params
    # Lists that stand in the statement itself are as long each time.
    if taken := sorted(one.key for one in lists if one.key in given):
        return _Lists(prepare, tuple(taken))
    return prepare(dict.fromkeys(given))


def _spread(
    compiled: Any,
    make: Callable[[tuple[Any, ...]], Any] | None,
    defaults: _Parameters,
    given: _Parameters,
) -> _Prepared:
    """Return a compiled statement as text, for lists as long as these."""
    spread = compiled.construct_expanded_state(given)
    binds = {**compiled._bind_processors, **spread.processors}  # noqa: SLF001  as `execute` does
    lists = {name: one for name, one in spread.parameter_expansion.items() if name in given}
    later = {*given, *(one for names in lists.values() for one in names)}
    known = {**spread.parameters, **defaults}
    fixed = {
        name: convert(one) if (convert := binds.get(name)) else one
        for name, one in known.items()
        if name not in later
    }
    values = tuple(
        _Value(name, None if name in fixed else binds.get(name))
        for name in spread.positiontup or ()
    )
    return _Prepared(spread.statement, values, fixed, make, lists)


def _row_maker(
    names: Sequence[str], converts: Sequence[_Convert]
) -> Callable[[tuple[Any, ...]], Any]:
    shape = namedtuple("shape", names)  # type: ignore[misc]  # noqa: PYI024  made at run time

    class Row(shape):
        __slots__ = ()

        @property
        def _mapping(self) -> dict[str, Any]:
            return self._asdict()

    pairs = [(at, convert) for at, convert in enumerate(converts) if convert is not None]
    if not pairs:
        return Row._make

    def make(found: tuple[Any, ...]) -> Any:
        values = list(found)
        for at, convert in pairs:
            values[at] = convert(values[at])
        return Row._make(values)

    return make
