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
from keyword import iskeyword
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError, MultipleResultsFound, NoResultFound

# Statements that are put together anew each time are never met a second time.
_SEEN_AT_MOST = 500
_KNOWN_AT_MOST = 5_000

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

    def bind(self, given: _Parameters) -> tuple[Any, ...]:
        """Return what the cursor is given."""
        values = {**self.fixed, **given}
        for name, names in self.spread.items():
            values.update(zip(names, given[name], strict=True))
        return tuple(
            [
                values[name] if convert is None else convert(values[name])
                for name, convert in self.values
            ]
        )


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

    def scalar_one(self) -> Any:
        """Return the only value."""
        return self.one()[0]

    def scalars(self) -> "Result":
        """Return the first value of each row."""
        return Result([row[0] for row in self._rows], self.rowcount, None)


class Statements:
    """What is known of the statements that are run on one database, by all its connections.

    A statement is kept with what is known of it: no other one is ever found at its place.
    """

    def __init__(self, dialect: Dialect) -> None:
        """Nothing is known yet."""
        self._dialect = dialect
        self._seen: dict[int, Executable] = {}
        self._known: dict[
            tuple[int, tuple[str, ...]], tuple[Executable, _Prepared | _Lists | None]
        ] = {}

    def prepared(self, statement: Executable, given: tuple[str, ...]) -> _Prepared | _Lists | None:
        """Return a statement as text, None if it is to go the usual way: because nothing else is
        open to it, or because it is met for the first time.
        """
        key = (id(statement), given)
        known = self._known.get(key)
        if known is not None and known[0] is statement:
            return known[1]
        if self._seen.get(key[0]) is not statement:
            if len(self._seen) >= _SEEN_AT_MOST:
                self._seen.clear()
            self._seen[key[0]] = statement
            return None
        if len(self._known) >= _KNOWN_AT_MOST:
            self._known.clear()
        prepared = _prepare(self._dialect, statement, given)
        self._known[key] = (statement, prepared)
        return prepared


class QuickConnection:
    """A connection to SQLite that other parts take for SQLAlchemy's: what they call of it, and no
    more. One thread, one transaction after the other.
    """

    def __init__(self, connection: Connection, statements: Statements | None = None) -> None:
        """Use this connection; nobody else does from now on."""
        self._connection = connection
        self.engine = connection.engine
        self.dialect = connection.dialect
        self.info = connection.info
        driver: Any = connection.connection.driver_connection
        self._driver = driver
        self._cursor: Callable[[], Any] = driver.cursor
        self._statements = statements or Statements(connection.dialect)

    def execute(self, statement: Executable, parameters: Any = None) -> Any:
        """Run a statement."""
        many = isinstance(parameters, list)
        rows: Sequence[_Parameters] = parameters if many else (parameters or {},)
        prepared = self._statements.prepared(statement, tuple(rows[0]))
        if isinstance(prepared, _Lists):
            prepared = None if many else prepared.of(rows[0])
        if prepared is None:
            return self._connection.execute(statement, parameters)
        bound = [prepared.bind(row) for row in rows]
        cursor = self._cursor()
        self._tell_listeners(cursor, prepared.text, bound, many=many)
        try:
            if many:
                cursor.executemany(prepared.text, bound)
            else:
                cursor.execute(prepared.text, bound[0])
            make = prepared.make
            found = [] if make is None else [make(one) for one in cursor.fetchall()]
        except sqlite3.Error as error:
            raise _as_usual(prepared.text, error) from error
        return Result(found, cursor.rowcount, cursor.lastrowid)

    def _tell_listeners(
        self, cursor: Any, text: str, bound: Sequence[tuple[Any, ...]], *, many: bool
    ) -> None:
        """Let those who count statements count this one as well."""
        values = bound if many else bound[0]
        for listen in self.engine.dispatch.before_cursor_execute:
            listen(self._connection, cursor, text, values, None, many)

    def exec_driver_sql(self, words: str) -> Any:
        """Run what is text already."""
        return self._connection.exec_driver_sql(words)

    def scalar(self, statement: Executable, parameters: Any = None) -> Any:
        """Run a statement; return the first value of the first row, None if there is none."""
        row = self.execute(statement, parameters).first()
        return None if row is None else row[0]

    def scalars(self, statement: Executable, parameters: Any = None) -> Any:
        """Run a statement; return the first value of each row."""
        return self.execute(statement, parameters).scalars()

    def begin(self, words: str) -> None:
        """Begin a transaction with these words."""
        self._run(words, self._driver.execute, words)

    def commit(self) -> None:
        """Let everything since the last commit stand."""
        if self._connection.in_transaction():
            self._connection.commit()
        self._run("COMMIT", self._driver.commit)

    def rollback(self) -> None:
        """Take everything since the last commit back."""
        # After a commit that failed, what it says of itself is that it is in none.
        self._connection.rollback()
        self._run("ROLLBACK", self._driver.rollback)

    def _run(self, text: str, does: Callable[..., object], *given: str) -> None:
        try:
            does(*given)
        except sqlite3.Error as error:
            raise _as_usual(text, error) from error

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


def run_words(connection: Connection, words: str) -> None:
    """Run what is text already, takes no values and returns nothing."""
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute(words)
    except sqlite3.Error as error:
        raise _as_usual(words, error) from error


def _as_usual(text: str, error: sqlite3.Error) -> BaseException:
    """Return the error that SQLAlchemy makes of one of the driver's."""
    return DBAPIError.instance(text, None, error, sqlite3.Error, hide_parameters=True)


def _prepare(dialect: Dialect, statement: Any, given: tuple[str, ...]) -> _Prepared | _Lists | None:
    """Return a statement as text, for these values; None if only the usual way is open to it."""
    compiled = statement.compile(dialect=dialect, column_keys=list(given) or None)
    defaults = {one.key: one.default for one in compiled.insert_prefetch}
    if compiled.update_prefetch or not all(one.is_scalar for one in defaults.values()):
        return None
    make = None
    if columns := compiled._result_columns:  # noqa: SLF001  what `CursorResult` goes by
        names = [one.keyname for one in columns]
        if len(set(names)) < len(names) or not all(map(_may_name, names)):
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


def _may_name(name: str) -> bool:
    return name.isidentifier() and not name.startswith("_") and not iskeyword(name)


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
