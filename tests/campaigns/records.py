"""Looks into the daemon's database from outside, never writing, never in its way."""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, inspect, make_url

from maildaemon.adapters.sql.servers import server_engine
from maildaemon.services.deliver import DOT_CLAIM


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


class Answers(Protocol):
    """What a question brought."""

    def __iter__(self) -> Iterator[Any]: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Sequence[Any]: ...


class Database(Protocol):
    """A connection that is asked in SQL, with `?` for a value; what it sees is of one moment, until
    `rollback`.
    """

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Answers: ...
    def rollback(self) -> None: ...


class Records:
    """The database of one installation: an SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def open(self) -> Iterator[Database]:
        """Read beside the running daemon."""
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=20)
        try:
            yield connection
        finally:
            connection.close()

    @contextlib.contextmanager
    def of_the_dead(self) -> Iterator[Database]:
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
            return _left(connection)

    def cursors(self) -> dict[str, int]:
        """Return how far each watched folder has been read."""
        with self.open() as connection:
            return dict(map(tuple, connection.execute("SELECT name, last_uid FROM folder")))


class ServerRecords(Records):
    """The database of one installation, on a server."""

    def __init__(self, url: str) -> None:
        self._engine = server_engine(make_url(url), reading=True)

    @contextlib.contextmanager
    def open(self) -> Iterator[Database]:
        try:
            with self._engine.connect() as connection:
                yield _OnServer(connection)
        finally:
            self._engine.dispose()

    @contextlib.contextmanager
    def of_the_dead(self) -> Iterator[Database]:
        with self.open() as database:
            yield database

    def is_there(self) -> bool:
        try:
            with self._engine.connect() as connection:
                return inspect(connection).has_table("outbox")
        finally:
            self._engine.dispose()

    def holders(self) -> dict[str, str]:
        """Return which daemon (host name/process) holds what; what nobody alive holds is left
        out.
        """
        query = (
            "SELECT lease.name, daemon.place, daemon.until FROM lease "
            "JOIN daemon ON daemon.id = lease.holder"
        )
        with self.open() as connection:
            held = connection.execute(query).fetchall()
        return {name: place for name, place, until in held if _instant(until) > datetime.now(UTC)}


class _OnServer:
    """A `Database` on a server: its drivers want another sign for a value."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Answers:
        return self._connection.exec_driver_sql(query.replace("?", "%s"), tuple(values))

    def rollback(self) -> None:
        self._connection.rollback()


def claims(connection: Database) -> Claims:
    """Return every claim that stands open now."""
    connection.rollback()
    queued = "FROM outbox WHERE state = 'queued' AND"
    dots = connection.execute(
        f"SELECT id, attempts, uncertain_at, next_attempt_at {queued} phase = 'dot'"
    )
    second = timedelta(seconds=1)
    return Claims(
        _ids(
            connection, "SELECT id, attempts FROM inbound WHERE state = 'waiting' AND claim <> ''"
        ),
        _ids(connection, f"SELECT id, attempts {queued} phase = 'claimed'"),
        # A row whose server has broken off waits there as well, but longer, and for a witness.
        frozenset(
            (number, attempts)
            for number, attempts, since, until in dots
            if since and until and abs(_instant(until) - _instant(since) - DOT_CLAIM) <= second
        ),
    )


def _ids(connection: Database, query: str) -> frozenset[tuple[int, int]]:
    return frozenset(map(tuple, connection.execute(query)))


def _instant(kept: str | datetime) -> datetime:
    """Return an instant, which is UTC; SQLite keeps it as text."""
    found = datetime.fromisoformat(kept) if isinstance(kept, str) else kept
    return found.replace(tzinfo=UTC)


# After a start no mail goes before all of Sent is decided, and the claims of the dead end later.
_SENT_UNDER_A_CLAIM = (
    "SELECT 1 FROM inbound JOIN folder ON folder.id = inbound.folder_id WHERE folder.role = 'sent' "
    "AND inbound.state = 'waiting' AND inbound.claim <> '' LIMIT 1"
)


def _left(connection: Database) -> Left:
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
    if isinstance(connection, sqlite3.Connection):
        connection.execute("BEGIN")
    try:
        for name, queue in queues.items():
            rows = connection.execute(f"SELECT next_attempt_at FROM {queue}").fetchall()
            now = sum(1 for (at,) in rows if at and _instant(at) <= datetime.now(UTC))
            held[name] = len(rows)
            due_now += now
            if name == "outbox" and connection.execute(_SENT_UNDER_A_CLAIM).fetchone():
                due_now -= now
    finally:
        connection.rollback()
    return Left(**held, due=due_now)
