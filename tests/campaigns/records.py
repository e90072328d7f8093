"""Looks into the daemon's database from outside, never writing, never in its way."""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maildaemon.services.deliver import DOT_CLAIM
from tests.servers.postgres import Postgres


@dataclass(frozen=True, slots=True)
class Claims:
    """Rows taken and not concluded, as (row id, attempts), so that each claim counts once."""

    inbound: frozenset[tuple[int, int]]
    outbox: frozenset[tuple[int, int]]
    dot: frozenset[tuple[int, int]]

    def __sub__(self, other: "Claims") -> "Claims":
        return Claims(
            self.inbound - other.inbound, self.outbox - other.outbox, self.dot - other.dot
        )

    def __bool__(self) -> bool:
        return bool(self.inbound or self.outbox or self.dot)


NO_CLAIMS = Claims(frozenset(), frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Left:
    """What the queues still hold; `due` of it could be worked on at once."""

    inbound: int
    outbox: int
    uncertain: int
    copies: int
    gaps: int
    due: int

    @property
    def nothing(self) -> bool:
        return self.nothing_but_copies and not self.copies

    @property
    def nothing_but_copies(self) -> bool:
        return not (self.inbound or self.outbox or self.uncertain or self.gaps)

    def __str__(self) -> str:
        return (
            f"{self.inbound} to process, {self.outbox} to send, {self.uncertain} in doubt, "
            f"{self.copies} copies to file, {self.gaps} gaps; due now: {self.due}"
        )


class Records:
    """The database of one installation."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Read beside the running daemon."""
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=20)
        try:
            yield connection
        finally:
            connection.close()

    @contextlib.contextmanager
    def of_the_dead(self) -> Iterator[sqlite3.Connection]:
        """Read a copy of what a dead daemon left: the next one recovers the real files itself."""
        with tempfile.TemporaryDirectory(prefix="left-behind-") as folder:
            for suffix in ("", "-wal"):
                source = Path(f"{self.path}{suffix}")
                if source.exists():
                    shutil.copyfile(source, Path(folder) / f"copy{suffix}")
            connection = sqlite3.connect(Path(folder) / "copy")
            try:
                yield connection
            finally:
                connection.close()

    def is_there(self) -> bool:
        """Tell whether the daemon has made its tables."""
        if not self.path.exists():
            return False
        with self.open() as connection:
            return bool(_ids(connection, "SELECT 1 FROM sqlite_master WHERE name = 'outbox'"))

    def started(self) -> bool:
        """Tell whether the first start has read the mailbox."""
        if not self.is_there():
            return False
        with self.open() as connection:
            return bool(_ids(connection, "SELECT 1 FROM mailbox WHERE started_at IS NOT NULL"))

    def left(self) -> Left:
        """Return what the queues hold."""
        with self.open() as connection:
            return _left(connection, _DUE)

    def cursors(self) -> dict[str, int]:
        """Return how far each watched folder has been read."""
        with self.open() as connection:
            return dict(connection.execute("SELECT name, last_uid FROM folder").fetchall())


class ServerRecords(Records):
    """The database of several daemons, on a PostgreSQL."""

    def __init__(self, server: Postgres, database: str) -> None:
        self._server, self._database = server, database

    @contextlib.contextmanager
    def open(self) -> Iterator[Any]:
        """Read beside the running daemons."""
        with contextlib.closing(self._server.connect(self._database)) as connection:
            yield _Asked(connection)

    def is_there(self) -> bool:
        """Tell whether a daemon has made the tables."""
        with self.open() as connection:
            return bool(_ids(connection, "SELECT to_regclass('outbox') IS NOT NULL"))

    def left(self) -> Left:
        """Return what the queues hold."""
        with self.open() as connection:
            return _left(connection, "next_attempt_at <= clock_timestamp() AT TIME ZONE 'UTC'")

    def holders(self) -> dict[str, str]:
        """Return which daemon (host name/process) holds what; what nobody alive holds is left
        out.
        """
        query = (
            "SELECT lease.name, daemon.place FROM lease JOIN daemon ON daemon.id = lease.holder "
            "WHERE daemon.until > clock_timestamp() AT TIME ZONE 'UTC'"
        )
        with self.open() as connection:
            return dict(connection.execute(query).fetchall())


class _Asked:
    """What is asked of SQLite's connections, of a server's."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, query: str, values: tuple[object, ...] = ()) -> Any:
        return self._connection.execute(query.replace("?", "%s"), values)

    def rollback(self) -> None:
        self._connection.rollback()


def claims(connection: sqlite3.Connection) -> Claims:
    """Return every claim that stands open now."""
    queued = "SELECT id, attempts FROM outbox WHERE state = 'queued' AND "
    # A row whose server has broken off waits in phase `dot` as well, but longer, and for a witness.
    at_the_dot = (
        "phase = 'dot' AND (julianday(next_attempt_at) - julianday(uncertain_at)) * 86400 "
        f"BETWEEN {DOT_CLAIM.total_seconds() - 1} AND {DOT_CLAIM.total_seconds() + 1}"
    )
    return Claims(
        _ids(
            connection, "SELECT id, attempts FROM inbound WHERE state = 'waiting' AND claim <> ''"
        ),
        _ids(connection, f"{queued} phase = 'claimed'"),
        _ids(connection, f"{queued} {at_the_dot}"),
    )


def _ids(connection: sqlite3.Connection, query: str) -> frozenset[tuple[int, int]]:
    return frozenset(connection.execute(query).fetchall())


# After a start no mail goes before all of Sent is decided, and the claims of the dead end later.
_SENT_UNDER_A_CLAIM = (
    "SELECT 1 FROM inbound JOIN folder ON folder.id = inbound.folder_id WHERE folder.role = 'sent' "
    "AND inbound.state = 'waiting' AND inbound.claim <> '' LIMIT 1"
)


# SQLite keeps instants as text of equal length: UTC, with microseconds.
_DUE = "next_attempt_at <= strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"


def _left(connection: Any, due: str) -> Left:
    queues = {
        "inbound": "inbound WHERE state = 'waiting'",
        "outbox": "outbox WHERE state = 'queued' AND phase <> 'dot'",
        "uncertain": "outbox WHERE state = 'queued' AND phase = 'dot'",
        "copies": "settlement WHERE state = 'waiting'",
        "gaps": "gap WHERE state = 'open'",
    }
    held: dict[str, int] = {}
    due_now = 0
    # One snapshot: what moves on from queue to queue is seen in one of them.
    connection.execute("BEGIN")
    try:
        for name, queue in queues.items():
            now_due = f"sum(CASE WHEN {due} THEN 1 ELSE 0 END)"
            query = f"SELECT count(*), coalesce({now_due}, 0) FROM {queue}"
            held[name], now = connection.execute(query).fetchone()
            due_now += now
            if name == "outbox" and connection.execute(_SENT_UNDER_A_CLAIM).fetchone():
                due_now -= now
    finally:
        connection.rollback()
    return Left(**held, due=due_now)
