"""The databases of a test. Which run on which says conftest.py.

Who makes a `Shop(folder)` or calls `database_url(folder)` gets a database with our tables and
nothing in them, another one for another folder, the same one again for the same.
"""

import contextlib
import functools
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Engine

from maildaemon.adapters.sql.schema import ensure_schema
from maildaemon.adapters.sql.store import SqlStore
from tests.servers.database import DatabaseServer

BACKENDS = ("sqlite", "postgresql", "mariadb")


class Databases(Protocol):
    """What a test can ask for; all of it ends with the test."""

    name: str

    def url(self, folder: Path) -> str:
        """Return the database that stands for this folder; its tables are made."""

    def empty_url(self, folder: Path) -> str:
        """Return a new database without tables."""

    def save(self, folder: Path) -> None:
        """Keep a copy of the database of this folder."""

    def restore(self, folder: Path) -> None:
        """Put the copy in the place of the database, which nobody may have open."""

    def close(self) -> None:
        """Forget them."""


class SqliteDatabases:
    """Files; the tables are made once a session, and copied."""

    name = "sqlite"

    def url(self, folder: Path) -> str:
        path = folder / "mail.db"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(sqlite_template(), path)
        return f"sqlite:///{path}"

    def empty_url(self, folder: Path) -> str:
        return f"sqlite:///{folder}/empty.db"

    def save(self, folder: Path) -> None:
        with (
            contextlib.closing(sqlite3.connect(folder / "mail.db")) as source,
            contextlib.closing(sqlite3.connect(folder / "saved.db")) as target,
        ):
            source.backup(target)

    def restore(self, folder: Path) -> None:
        for name in ("mail.db", "mail.db-wal", "mail.db-shm"):
            (folder / name).unlink(missing_ok=True)
        (folder / "saved.db").rename(folder / "mail.db")

    def close(self) -> None:
        pass


class ServerDatabases:
    """Databases of one server."""

    def __init__(self, name: str, server: Callable[[], DatabaseServer]) -> None:
        """The server is started when the first database is asked for."""
        self.name = name
        self._server = server
        self._taken: dict[Path, str] = {}
        self._saved: dict[Path, str] = {}
        self._empty: list[str] = []

    def url(self, folder: Path) -> str:
        if folder not in self._taken:
            self._taken[folder] = self._server().take()
        return self._server().url(self._taken[folder])

    def empty_url(self, folder: Path) -> str:
        self._empty.append(self._server().empty())
        return self._server().url(self._empty[-1])

    def save(self, folder: Path) -> None:
        self._saved[folder] = self._server().copy(self._taken[folder])

    def restore(self, folder: Path) -> None:
        self._server().give_back(self._taken[folder])
        self._taken[folder] = self._saved.pop(folder)

    def close(self) -> None:
        for name in self._taken.values():
            self._server().give_back(name)
        for name in (*self._empty, *self._saved.values()):
            self._server().drop(name)


# The test that runs now; a process runs one at a time.
_current: list[Databases] = [SqliteDatabases()]
_opened: list[SqlStore] = []
_first: dict[str, Engine] = {}


def begin(databases: Databases) -> None:
    """Make these the databases of the test that runs now."""
    _current[:] = [databases]


def database_url(folder: Path) -> str:
    """Return the database that stands for this folder in the test that runs now."""
    return _current[0].url(folder)


def empty_url(folder: Path) -> str:
    """Return a new database without tables."""
    return _current[0].empty_url(folder)


def save(folder: Path) -> None:
    """Keep a copy of the database of this folder, as a backup does."""
    _current[0].save(folder)


def restore(folder: Path) -> None:
    """Put the copy in the place of the database, which must have been closed."""
    _current[0].restore(folder)


def open_store(folder: Path) -> SqlStore:
    """Return the store of this folder; it is closed after the test, if that does not do it."""
    store = SqlStore(database_url(folder))
    _opened.append(store)
    _spare_compiling(store.engine)
    return store


def _spare_compiling(engine: Engine) -> None:
    """Let all engines of a session share what they compile: that takes longer than to run it."""
    with engine.connect() as connection:
        first = _first.setdefault(connection.dialect.name, engine)
    engine.dialect = first.dialect
    engine._compiled_cache = first._compiled_cache


def end() -> None:
    """Close what the test that ran left open, and give its databases back."""
    while _opened:
        _opened.pop().close()
    _current[0].close()


def as_sqlite_says_it(value: Any) -> Any:
    """Return a value of a plain query as it looks on SQLite, which has neither instants nor JSON."""
    match value:
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S.%f")
        case list() | dict():
            return json.dumps(value)
        case _:
            return value


def backend() -> str:
    """Return on which of BACKENDS the test that runs now is."""
    return _current[0].name


def is_sqlite() -> bool:
    """Tell whether the test that runs now is on SQLite."""
    return backend() == "sqlite"


@functools.cache
def sqlite_template() -> Path:
    """Return a database with our tables and nothing in them, to be copied."""
    path = Path(tempfile.mkdtemp(prefix="maildaemon-tables-")) / "mail.db"
    store = SqlStore(f"sqlite:///{path}")
    ensure_schema(store.engine)
    store.close()
    return path
