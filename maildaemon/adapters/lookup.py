"""Order numbers looked up in a CSV file, or in a database of the shop's that is only read.

What cannot be asked makes a number neither known nor unknown: the mail goes its way.
"""

import csv
import hashlib
import sqlite3
import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from maildaemon.domain.ordernumbers import number_key
from maildaemon.domain.understanding import OrderNumber
from maildaemon.errors import MaildaemonError
from maildaemon.ports import Looked, Trouble

_SECONDS = 3
_REST = 60.0
_ENCODINGS = ("utf-8-sig", "cp1252")
_SEPARATORS = ",;\t|"
_STEPS = 10_000


class Register(Protocol):
    """One place where numbers of one kind are looked up."""

    def known(self, numbers: Iterable[str]) -> Iterator[bool]:
        """Yield for each number whether it is there; raises _UnreachableError."""

    def try_out(self) -> tuple[str, int]:
        """Ask it beforehand: return where it is and how many numbers it holds, -1 if nobody
        counts; raises _UnreachableError.
        """


@dataclass(frozen=True, slots=True)
class Tried:
    """What a list answered beforehand; `why_not` is None if it can be asked."""

    name: str
    place: str
    numbers: int
    why_not: str | None


class _UnreachableError(Exception):
    """It cannot be asked; the words are for the operator."""


class NumberLookup:
    """A `Lookup` over the registers of the kinds of numbers that have one."""

    def __init__(self, registers: Mapping[str, Register]) -> None:
        """Ask these, by the name of the kind. Nothing is opened yet."""
        self._registers = registers
        self._resting: dict[str, tuple[float, str]] = {}

    def look_up(self, numbers: tuple[OrderNumber, ...]) -> Looked:
        """See `Lookup.look_up`. What could not be asked is left in peace for a minute."""
        known: dict[OrderNumber, bool] = {}
        for name, register in self._registers.items():
            asked = [one for one in numbers if one.name == name]
            if asked and not self._rests(name):
                known |= self._ask(name, register, asked)
        told = tuple(replace(one, known=known.get(one)) for one in numbers)
        return Looked(told, tuple(Trouble(name, why) for name, (_, why) in self._resting.items()))

    def try_out(self, *, databases: bool) -> Iterator[Tried]:
        """Ask every list beforehand whether it can be asked; without `databases` only the files."""
        for name, register in self._registers.items():
            if not databases and isinstance(register, SqlRegister):
                continue
            try:
                place, numbers = register.try_out()
            except _UnreachableError as error:
                yield Tried(name, "", 0, str(error))
            else:
                yield Tried(name, place, numbers, None)

    def _rests(self, name: str) -> bool:
        until, _ = self._resting.get(name, (0.0, ""))
        return time.monotonic() < until

    def _ask(
        self, name: str, register: Register, asked: list[OrderNumber]
    ) -> dict[OrderNumber, bool]:
        try:
            answers = list(register.known(one.number for one in asked))
        except _UnreachableError as error:
            self._resting[name] = (time.monotonic() + _REST, str(error))
            return {}
        self._resting.pop(name, None)
        return dict(zip(asked, answers, strict=True))


class CsvRegister:
    """The numbers in a column of a CSV file, read anew when the file has changed.

    Of each number eight bytes are kept: a million orders take 8 MB.
    """

    def __init__(self, path: Path, column: str) -> None:
        """Keep the names; nothing is read yet."""
        self._path, self._column = path, column
        self._stamp: tuple[int, ...] = ()
        self._numbers = array("Q")

    def known(self, numbers: Iterable[str]) -> Iterator[bool]:
        """Yield for each number whether it stands there."""
        self._refresh()
        for number in numbers:
            key = _short(number)
            at = bisect_left(self._numbers, key)
            yield at < len(self._numbers) and self._numbers[at] == key

    def try_out(self) -> tuple[str, int]:
        """See `Register.try_out`."""
        self._refresh()
        return f"column `{self._column}` of {self._path}", len(self._numbers)

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp != self._stamp:
                self._numbers = array("Q", sorted(self._read()))
                self._stamp = stamp
        except OSError as error:
            raise self._trouble(f"cannot be read: {error.strerror}") from error
        except (UnicodeError, csv.Error) as error:
            raise self._trouble(f"is no CSV file: {error}") from error

    def _read(self) -> "array[int]":
        for encoding in self._encodings():
            try:
                return self._read_as(encoding)
            except UnicodeDecodeError:
                continue
        raise self._trouble("is written in an unknown encoding; save it as UTF-8")

    def _encodings(self) -> tuple[str, ...]:
        with self._path.open("rb") as file:
            mark = file.read(2)
        return ("utf-16",) if mark in (b"\xff\xfe", b"\xfe\xff") else _ENCODINGS

    def _read_as(self, encoding: str) -> "array[int]":
        with self._path.open(encoding=encoding, newline="") as file:
            first = file.readline()
            separator = max(_SEPARATORS, key=first.count)
            header = [
                one.strip().casefold() for one in next(csv.reader([first], delimiter=separator), [])
            ]
            if self._column.strip().casefold() not in header:
                there = ", ".join(header) or "none"
                raise self._trouble(f"has no column `{self._column}`; its columns: {there}")
            at = header.index(self._column.strip().casefold())
            rows = csv.reader(file, delimiter=separator)
            return array(
                "Q", (_short(row[at]) for row in rows if len(row) > at and row[at].strip())
            )

    def _trouble(self, what: str) -> _UnreachableError:
        return _UnreachableError(f"{self._path} {what}")


def _short(number: str) -> int:
    digest = hashlib.blake2b(number_key(number).encode(), digest_size=8).digest()
    return int.from_bytes(digest)


class SqlRegister:
    """What a query finds in a database. A row says that the number exists, unless it says 0."""

    def __init__(self, address: Callable[[], str], query: str) -> None:
        """Keep the query; `address` is asked for only when it is needed."""
        self._address, self._query = address, text(query)

    def known(self, numbers: Iterable[str]) -> Iterator[bool]:
        """Yield for each number whether the query finds it."""
        try:
            engine = _engine(make_url(self._address()))
            with engine.connect() as connection:
                _only_read(connection)
                deadline = time.monotonic() + _SECONDS
                for number in numbers:
                    if time.monotonic() > deadline:
                        # One mail may name fifty of them, and its neighbours wait.
                        raise _UnreachableError(f"the database takes longer than {_SECONDS} s")
                    row = connection.execute(self._query, {"number": number}).first()
                    yield row is not None and row[0] != 0
        except (SQLAlchemyError, ModuleNotFoundError, sqlite3.Error, OSError) as error:
            raise _UnreachableError(
                f"the database cannot be asked: {_first_line(error)}"
            ) from error
        except MaildaemonError as error:
            raise _UnreachableError(str(error)) from error

    def try_out(self) -> tuple[str, int]:
        """See `Register.try_out`. The query is run once, for the number 0."""
        list(self.known(("0",)))
        return "the database", -1


def _engine(url: URL) -> Engine:
    match url.get_backend_name():
        case "sqlite":
            # The driver makes a file that is not there, unless it is told to read only.
            place = f"{Path(url.database or '').absolute().as_uri()}?mode=ro"
            return _make(url, creator=lambda: sqlite3.connect(place, uri=True, timeout=_SECONDS))
        case "postgresql":
            limits = f"-c default_transaction_read_only=on -c statement_timeout={_SECONDS * 1000}"
            url = url.set(drivername="postgresql+psycopg")
            return _make(url, connect_args={"connect_timeout": _SECONDS, "options": limits})
        case "mariadb" | "mysql":
            ways = {"connect_timeout": _SECONDS, "read_timeout": _SECONDS}
            only_read = {"init_command": "SET SESSION TRANSACTION READ ONLY"}
            return _make(url.set(drivername="mysql+pymysql"), connect_args=ways | only_read)
        case _:
            return _make(url, connect_args={})


def _make(url: URL, **options: Any) -> Engine:
    return create_engine(url, poolclass=NullPool, hide_parameters=True, **options)


def _only_read(connection: Connection) -> None:
    match connection.dialect.name:
        case "sqlite":
            connection.exec_driver_sql("PRAGMA query_only=ON")
            deadline = time.monotonic() + _SECONDS
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)  # noqa: S101  made above
            driver.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        case "postgresql" | "mysql":
            pass  # said when it was opened
        case _:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return next(iter(str(cause).splitlines()), type(error).__name__)
