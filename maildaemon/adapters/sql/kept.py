"""Transactions on SQLite by the shortest way: on connections that stay open.

What SQLAlchemy does to lend a connection, to begin on it and to give it back takes ten times as
long as what SQLite does, and a mail takes some thirty transactions.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from maildaemon.adapters.sql.quick import QuickConnection, Statements, run_words
from maildaemon.errors import StoreUnavailableError

# Each holds pages and statements of its own in memory, up to 3 MB.
_IDLE_AT_MOST = 2
_AT_ONCE = 10
# Seconds, as SQLAlchemy waits for one of its pool.
_PATIENCE = 30
_KEPT = "kept"


class Kept:
    """The connections for one kind of transaction, for all threads. `reading`: none can write."""

    def __init__(self, engine: Engine, statements: Statements, *, reading: bool) -> None:
        """Nothing is opened yet."""
        self._engine, self._statements, self._reading = engine, statements, reading
        self._begin = "BEGIN" if reading else "BEGIN IMMEDIATE"
        self._idle: list[QuickConnection] = []
        self._closed = False
        # One writes at a time: who waits for it here goes on at once, and not, as with SQLite,
        # when he happens to look again.
        self._free = threading.BoundedSemaphore(_AT_ONCE if reading else 1)

    @contextmanager
    def transaction(self) -> Iterator[QuickConnection]:
        """Begin a transaction; leaving the block commits, an exception rolls back."""
        if not self._free.acquire(timeout=_PATIENCE):
            # All of them wait for a lock: no message is to be blamed for that.
            raise StoreUnavailableError("no connection to the database is free")
        try:
            connection = self._lend()
            try:
                connection.begin(self._begin)
                yield connection
                connection.commit()
            except BaseException:
                self._roll_back(connection)
                raise
            self._give_back(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close what nobody uses, and from now on whatever is given back."""
        self._closed = True
        # Another thread may be about to take one, or to give one back.
        with suppress(IndexError):
            while True:
                self._close(self._idle.pop())

    def _lend(self) -> QuickConnection:
        with suppress(IndexError):
            return self._idle.pop()
        connection = self._engine.connect()
        read_only(connection, reading=self._reading)
        connection.info[_KEPT] = True
        return QuickConnection(connection, self._statements)

    def _roll_back(self, connection: QuickConnection) -> None:
        try:
            connection.rollback()
        except SQLAlchemyError:
            # What has led here is what is told.
            with suppress(SQLAlchemyError):
                self._close(connection)
        else:
            self._give_back(connection)

    def _give_back(self, connection: QuickConnection) -> None:
        if len(self._idle) >= _IDLE_AT_MOST:
            self._close(connection)
            return
        self._idle.append(connection)
        if self._closed:
            self.close()

    def _close(self, connection: QuickConnection) -> None:
        connection.info.pop(_KEPT, None)
        connection.close()


def begin(connection: Connection) -> None:
    """Begin where SQLAlchemy does; on what is kept, that has been done."""
    if _KEPT in connection.info:
        return
    reading = bool(connection.get_execution_options().get("reading"))
    read_only(connection, reading=reading)
    run_words(connection, "BEGIN" if reading else "BEGIN IMMEDIATE")


def read_only(connection: Connection, *, reading: bool) -> None:
    """Let a connection write, or not."""
    # It stays until it is changed.
    if connection.info.get("reading") != reading:
        run_words(connection, f"PRAGMA query_only={'ON' if reading else 'OFF'}")
        connection.info["reading"] = reading
