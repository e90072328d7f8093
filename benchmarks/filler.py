"""Fills a database with as many records as years bring: what the daemon itself has made of some
hundred mails is written again and again, each copy a day later than the one before.

Each copy has keys, ids, addresses and hashes of its own that belong together as in the original;
what its messages say is the same. So shares and shapes are those of real records. What was still
waiting when the daemon stopped is over, all of the history is sealed, and the bytes of old mail are
on no disk. Indexes are dropped before and made anew after, and PostgreSQL's tables are analysed.
"""

import re
import sqlite3
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import Column, Table, make_url

from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.tables import metadata
from maildaemon.adapters.sql.values import Instant

# Those that grow with the mail, in an order in which each finds what it refers to.
_GROWING = tuple(
    "thread message inbound citation participant attachment outbox ledger timer settlement event "
    "order_number earlier".split()
)
_TEXT_AT_MOST = 400
# What is looked up by its hash: whatever copy a mail answers, it finds it.
_NAMED = {
    "message": ("message_id", "from_address"),
    "participant": ("address",),
    "outbox": ("message_id", "recipient"),
}

Value = Any
Change = Callable[["Copy", Value], Value]


@dataclass(frozen=True, slots=True)
class Copy:
    """One of the copies. `strides`: how many keys each table has in one; `days`: what becomes of
    each date of the original; `texts`: which text a hash is of.
    """

    number: int
    strides: Mapping[str, int]
    days: Mapping[str, str]
    texts: Mapping[str, str]

    def key(self, table: str, value: Value) -> int | None:
        return None if value is None else int(value) + self.strides[table] * self.number

    def name(self, value: Value) -> Value:
        return f"{self.number}.{value}" if value else value

    def hash(self, value: Value) -> Value:
        text = self.texts.get(value, value)
        return digest(f"{self.number}.{text}") if text else value

    def instant(self, value: Value) -> Value:
        return None if value is None else f"{self.days[value[:10]]}{value[10:]}"

    def ledger_key(self, key: str) -> str:
        if key.startswith("acknowledgement:"):
            kind, _, thread = key.partition(":")
            return f"{kind}:{self.key('thread', thread)}"
        return re.sub("[0-9a-f]{64}", lambda found: self.hash(found[0]), key)


class Database:
    """What a filler does to a database, in the words of its driver: rows are of plain values."""

    @abstractmethod
    def read(self, table: str, columns: Sequence[str]) -> list[list[Value]]: ...

    @abstractmethod
    def write(self, table: str, columns: Sequence[str], rows: Iterable[list[Value]]) -> None: ...

    @abstractmethod
    def run(self, statement: str) -> list[tuple[Value, ...]]: ...

    @abstractmethod
    def indexes(self) -> list[tuple[str, str]]:
        """Return name and statement of each index that is more than a constraint."""

    @abstractmethod
    def finish(self) -> None: ...


class Sqlite(Database):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1500000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")

    def read(self, table: str, columns: Sequence[str]) -> list[list[Value]]:
        rows = self._connection.execute(f"SELECT {_listed(columns)} FROM {table} ORDER BY id")
        return [[*row] for row in rows]

    def write(self, table: str, columns: Sequence[str], rows: Iterable[list[Value]]) -> None:
        places = ", ".join("?" * len(columns))
        self._connection.executemany(
            f"INSERT INTO {table} ({_listed(columns)}) VALUES ({places})", rows
        )

    def run(self, statement: str) -> list[tuple[Value, ...]]:
        return self._connection.execute(statement).fetchall()

    def indexes(self) -> list[tuple[str, str]]:
        return self.run(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        )

    def finish(self) -> None:
        self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA journal_mode=WAL")


class Postgresql(Database):
    """By COPY, whose texts are written as they were read."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection
        # No foreign key is looked after.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '512MB'")

    def read(self, table: str, columns: Sequence[str]) -> list[list[Value]]:
        asked = f"COPY (SELECT {_listed(columns)} FROM {table} ORDER BY id) TO STDOUT"
        with self._connection.cursor() as cursor, cursor.copy(asked.encode()) as copy:
            lines = b"".join(map(bytes, copy)).decode().split("\n")[:-1]
        return [[None if it == r"\N" else it for it in line.split("\t")] for line in lines]

    def write(self, table: str, columns: Sequence[str], rows: Iterable[list[Value]]) -> None:
        given = f"COPY {table} ({_listed(columns)}) FROM STDIN"
        with self._connection.cursor() as cursor, cursor.copy(given.encode()) as copy:
            for row in rows:
                copy.write("\t".join([r"\N" if it is None else str(it) for it in row]) + "\n")

    def run(self, statement: str) -> list[tuple[Value, ...]]:
        done = self._connection.execute(statement.encode())
        return done.fetchall() if done.description else []

    def indexes(self) -> list[tuple[str, str]]:
        return self.run(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND NOT EXISTS "
            "(SELECT 1 FROM pg_constraint WHERE conname = indexname)"
        )

    def finish(self) -> None:
        for table in _GROWING:
            newest = f"(SELECT coalesce(max(id), 0) + 1 FROM {table})"
            self.run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {newest}, false)")
        # As autovacuum would have done in all that time.
        self.run("VACUUM ANALYZE")


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{it}"' for it in columns)


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        connection = sqlite3.connect(parsed.database or "", isolation_level=None)
        yield Sqlite(connection)
        connection.close()
        return
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as server:
        yield Postgresql(server)


def fill(url: str, records: int, sealed: Callable[[int], str]) -> dict[str, int]:
    """Copy what is recorded until there are that many messages (or a copy fewer); return the last
    UID of each folder. `sealed` says how it is kept that all is sealed up to an event.

    No daemon may run. If this process dies, the database is of no use.
    """
    with _opened(url) as database:
        database.run(
            f"UPDATE message SET text = substr(text, 1, {_TEXT_AT_MOST}),"
            f" reply_text = substr(reply_text, 1, {_TEXT_AT_MOST})"
        )
        [(messages,)] = database.run("SELECT count(*) FROM message")
        count = max(1, records // messages)
        strides = {name: _highest(database, name, "id") for name in _GROWING}
        strides["uid"] = _highest(database, "inbound", "uid")
        tables = [metadata.tables[name] for name in _GROWING]
        originals = {it.name: database.read(it.name, [*it.columns.keys()]) for it in tables}
        texts = _texts(originals)
        kept = database.indexes()
        for name, _ in kept:
            database.run(f"DROP INDEX {name}")
        for table in reversed(tables):
            database.run(f"DELETE FROM {table.name}")
        for table in tables:
            copies = (Copy(it, strides, _days(count - it), texts) for it in range(count))
            database.write(
                table.name, [*table.columns.keys()], _rows(table, originals[table.name], copies)
            )
        for _, statement in kept:
            database.run(statement)
        database.run(f"UPDATE folder SET last_uid = {strides['uid'] * count}")
        # Those who wrote the originals have other names now.
        database.run("DELETE FROM muted_sender")
        newest = sealed(strides["event"] * count)
        database.run(f"UPDATE installation SET value = '{newest}' WHERE name = 'sealed'")
        folders = database.run("SELECT name, last_uid FROM folder")
        database.finish()
        return dict(folders)


def _highest(database: Database, table: str, column: str) -> int:
    [(found,)] = database.run(f"SELECT max({column}) FROM {table}")
    return found or 0


def _days(back: int) -> dict[str, str]:
    """Return the date so many days before each that an original may bear."""
    today = datetime.now(UTC).date()
    dates: list[date] = [today + timedelta(days=it) for it in range(-40, 400)]
    return {f"{it}": f"{it - timedelta(days=back)}" for it in dates}


def _texts(originals: Mapping[str, list[list[Value]]]) -> dict[str, str]:
    """Return by their hashes the texts that each copy changes."""
    found: dict[str, str] = {}
    for table, names in _NAMED.items():
        columns = [*metadata.tables[table].columns.keys()]
        for name in names:
            place = columns.index(name)
            found |= {digest(row[place]): row[place] for row in originals[table]}
    return found


def _rows(
    table: Table, originals: list[list[Value]], copies: Iterable[Copy]
) -> Iterator[list[Value]]:
    changes = [
        (place, change)
        for place, column in enumerate(table.columns)
        if (change := _change(table, column))
    ]
    for copy in copies:
        for original in originals:
            row = original.copy()
            for place, change in changes:
                row[place] = change(copy, row[place])
            yield row


def _change(table: Table, column: "Column[Any]") -> Change | None:
    """Return what a copy changes in a column; None: nothing."""
    name = column.name
    referred = next((key.column.table.name for key in column.foreign_keys), "")
    if change := _CHANGES.get(f"{table.name}.{name}") or _CHANGES.get(name):
        return change
    if column.primary_key or referred in _GROWING:
        return partial(_key, referred or table.name)
    if isinstance(column.type, Instant):
        return Copy.instant
    return Copy.hash if name.endswith("sha256") else None


def _key(table: str, copy: Copy, value: Value) -> int | None:
    return copy.key(table, value)


def _over(waiting: str, over: str, _: Copy, state: str) -> str:
    return over if state == waiting else state


def _sealed(_: Copy, seal: str | None) -> str:
    return seal or "0" * 32


def _never(*_: object) -> None:
    return None


# By column: what its type does not tell.
_CHANGES: Mapping[str, Change] = {
    **{f"{table}.{name}": Copy.name for table, names in _NAMED.items() for name in names},
    "thread.reference": lambda copy, value: f"{value}.{copy.number}",
    "ledger.key": Copy.ledger_key,
    "inbound.uid": partial(_key, "uid"),
    "message.identity": Copy.hash,
    "timer.state": partial(_over, "armed", "fired"),
    "settlement.state": partial(_over, "waiting", "done"),
    "event.salt": _sealed,
    "event.seal": _sealed,
    "event.detail_sha256": _sealed,
    "next_attempt_at": _never,
    "held_until": _never,
}
