"""The databases that are servers: which of them a URL means, and who works on the tables."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from maildaemon.adapters.sql import mariadb, postgresql
from maildaemon.errors import AlreadyRunningError, MaildaemonError

# A connection that cannot even be given back was lost: whoever needed it tells, in one line.
logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)


def server_engine(url: URL, *, reading: bool = False) -> Engine:
    """Return an engine; nothing is opened yet. `reading`: no transaction of it can write.

    Raises OperatorError if the driver is missing.
    """
    engine = _engine(url, reading=reading)

    @event.listens_for(engine, "connect")
    def _still_alone(_connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        hold = _HELD.get(_name(url))
        if hold is not None:
            hold.ensure()

    return engine


def is_mariadb(url: URL) -> bool:
    """Tell which server a URL means: people write MariaDB's with the name of its ancestor."""
    return url.get_backend_name() in {"mariadb", "mysql"}


def _engine(url: URL, *, reading: bool = False) -> Engine:
    make = mariadb.mariadb_engine if is_mariadb(url) else postgresql.postgresql_engine
    return make(url, reading=reading)


def is_temporary(error: DBAPIError) -> bool:
    """Tell whether an error of a statement means that the database is not to be had now."""
    if error.connection_invalidated:
        return True
    code = mariadb.code_of(error)
    if code is not None:
        return mariadb.is_passing(code)
    return isinstance(error, OperationalError)


@contextmanager
def working_on(url: str, *, alone: bool = False) -> Iterator[None]:
    """Hold the database as one of the daemons that work on it, on whichever machine; `alone`:
    against all of them. Nothing on SQLite, where the lock of the data folder does it. Raises
    AlreadyRunningError, or StoreUnavailableError.

    The lock ends with its connection. If that is lost, it is taken again before the next new
    connection is used: who finds that the tables are being changed, stops working.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        yield
        return
    hold = _Hold(parsed, alone=alone)
    try:
        hold.ensure()
        _HELD[_name(parsed)] = hold
        yield
    finally:
        _HELD.pop(_name(parsed), None)
        hold.close()


def is_held_on(url: str) -> bool:
    """Tell whether some process works on the database (`working_on`), on whichever machine. Raises
    what opening the database raises.
    """
    parsed = make_url(url)
    engine = _engine(parsed, reading=True)
    try:
        with engine.connect() as connection:
            return _holder(connection) is not None
    except DBAPIError as error:
        raise explain_refusal(parsed, error) from error
    finally:
        engine.dispose()


def lock_name(url: str) -> str:
    """Return what names the database, whoever logs in to it and with whatever password."""
    parsed = make_url(url)
    return url if parsed.get_backend_name() == "sqlite" else _name(parsed)


def hold_by(url: str) -> None:
    """Take the lock of this database again by this URL, should it be lost: its password may have
    changed since it was taken.
    """
    parsed = make_url(url)
    hold = None if parsed.get_backend_name() == "sqlite" else _HELD.get(_name(parsed))
    if hold is not None:
        hold.move(parsed)


class _Hold:
    """A connection that does nothing but hold the lock of `run`."""

    def __init__(self, url: URL, *, alone: bool) -> None:
        self._url, self._alone = url, alone
        self._engine = _engine(url)
        self._mutex = threading.Lock()
        self._connection: Connection | None = None

    def move(self, url: URL) -> None:
        with self._mutex:
            # What it holds stays out of the old pool, and open.
            self._engine.dispose()
            self._url, self._engine = url, _engine(url)

    def ensure(self) -> None:
        with self._mutex:
            self._connection = self._alive() or self._take()

    def _alive(self) -> Connection | None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.exec_driver_sql("SELECT 1")
            except DBAPIError:
                connection.invalidate()
                connection.close()
                return None
        return connection

    def _take(self) -> Connection:
        try:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        except DBAPIError as error:
            raise explain_refusal(self._url, error) from error
        if _take(connection, alone=self._alone):
            return connection
        holder = _holder(connection)
        connection.close()
        raise AlreadyRunningError(
            "another maildaemon is running on this database" + (f" ({holder})" if holder else ""),
            where=place(self._url),
            advice="stop it first"
            if self._alone
            else "wait for it: it is changing the tables, or of an older version",
        )

    def close(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()  # whatever pool it came from: the lock ends with it
            self._connection.close()
        self._engine.dispose()


_HELD: dict[str, _Hold] = {}


def _take(connection: Connection, *, alone: bool) -> bool:
    if connection.dialect.name == "mariadb":
        return mariadb.take_run(connection, alone=alone)
    return postgresql.take_run(connection, alone=alone)


def _holder(connection: Connection) -> str | None:
    if connection.dialect.name == "mariadb":
        return mariadb.run_holder(connection)
    return postgresql.run_holder(connection)


def explain_refusal(url: URL, error: DBAPIError) -> MaildaemonError:
    """Return what it means that the server lets nobody in."""
    explain = mariadb.explain_refusal if is_mariadb(url) else postgresql.explain_refusal
    return explain(place(url), error)


def _name(url: URL) -> str:
    return f"{url.host}:{url.port}/{url.database}"


def place(url: URL) -> str:
    """Return the URL as it may be shown: a password can stand in two places of it."""
    name = "mariadb" if is_mariadb(url) else "postgresql"
    shown: str = url.set(drivername=name, query={}).render_as_string()
    return shown
