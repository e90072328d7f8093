"""Opens the database and gives out transactions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    create_engine,
    event,
    make_url,
    update,
)
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from maildaemon.adapters.installation import make_folder_of
from maildaemon.adapters.sql.alerts import SqlAlerts
from maildaemon.adapters.sql.audit import SqlAudits
from maildaemon.adapters.sql.brakes import SqlBrakes
from maildaemon.adapters.sql.by_hand import SqlByHand
from maildaemon.adapters.sql.chains import SqlChains
from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.due import SqlDue
from maildaemon.adapters.sql.inbound import SqlInbound
from maildaemon.adapters.sql.inserts import insert_missing
from maildaemon.adapters.sql.kept import Kept, begin
from maildaemon.adapters.sql.leases import SqlLeases
from maildaemon.adapters.sql.mailboxes import SqlMailboxes
from maildaemon.adapters.sql.marks import SqlMarks
from maildaemon.adapters.sql.outbox import SqlOutbox
from maildaemon.adapters.sql.overview import SqlOverview
from maildaemon.adapters.sql.personal import SqlPersons
from maildaemon.adapters.sql.probes import SqlProbes
from maildaemon.adapters.sql.quick import QuickConnection, Statements
from maildaemon.adapters.sql.rebuilding import SqlRebuilding
from maildaemon.adapters.sql.records import SqlRecords
from maildaemon.adapters.sql.removals import SqlRemovals
from maildaemon.adapters.sql.retaining import SqlRetaining
from maildaemon.adapters.sql.servers import is_temporary, server_engine
from maildaemon.adapters.sql.tables import earlier, thread
from maildaemon.adapters.sql.timers import SqlTimers
from maildaemon.errors import StoreUnavailableError
from maildaemon.ports.audit import Audits
from maildaemon.ports.brakes import Alerts, Brakes
from maildaemon.ports.by_hand import ByHand
from maildaemon.ports.chains import Chains
from maildaemon.ports.due import Due
from maildaemon.ports.inbound import Inbound
from maildaemon.ports.leases import Leases
from maildaemon.ports.marks import Marks
from maildaemon.ports.overview import Overview
from maildaemon.ports.persons import Persons
from maildaemon.ports.probes import Probes
from maildaemon.ports.rebuild import Rebuilding
from maildaemon.ports.removals import Removals
from maildaemon.ports.retention import Retaining
from maildaemon.ports.rows import Earlier
from maildaemon.ports.store import Mailboxes, Outbox, Records, Transaction
from maildaemon.ports.timers import Timers

_BUSY_SECONDS = 20
# What is history has no timers.
_WANT_PLAN = (
    update(thread)
    .where(
        thread.c.id == bindparam("thread"),
        thread.c.plan_wanted.is_(False),
        thread.c.history.is_(False),
    )
    .values(plan_wanted=True)
)

_PARTS: Mapping[str, Callable[[Connection, set[int]], object]] = {
    "mailboxes": lambda connection, _: SqlMailboxes(connection),
    "inbound": lambda connection, _: SqlInbound(connection),
    "records": SqlRecords,
    "outbox": lambda connection, _: SqlOutbox(connection),
    "by_hand": lambda connection, _: SqlByHand(connection),
    "marks": lambda connection, _: SqlMarks(connection),
    "brakes": lambda connection, _: SqlBrakes(connection),
    "alerts": lambda connection, _: SqlAlerts(connection),
    "timers": SqlTimers,
    "overview": lambda connection, _: SqlOverview(connection),
    "audit": lambda connection, _: SqlAudits(connection),
    "leases": lambda connection, _: SqlLeases(connection),
    "rebuild": lambda connection, _: SqlRebuilding(connection),
    "persons": lambda connection, _: SqlPersons(connection),
    "retaining": lambda connection, _: SqlRetaining(connection),
    "chains": lambda connection, _: SqlChains(connection),
    "removals": lambda connection, _: SqlRemovals(connection),
    "probes": lambda connection, _: SqlProbes(connection),
    "due": lambda connection, _: SqlDue(connection),
}


class SqlTransaction:
    """`ports.store.Transaction`: all parts work on one connection.

    `grown` are the threads whose history has grown in it since their timers were planned; whoever
    ends the transaction marks them before.
    """

    mailboxes: Mailboxes
    inbound: Inbound
    records: Records
    outbox: Outbox
    by_hand: ByHand
    marks: Marks
    brakes: Brakes
    alerts: Alerts
    timers: Timers
    overview: Overview
    audit: Audits
    leases: Leases
    rebuild: Rebuilding
    persons: Persons
    retaining: Retaining
    chains: Chains
    removals: Removals
    probes: Probes
    due: Due

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection
        self.grown = set[int]()

    def __getattr__(self, name: str) -> object:
        """Return a part; most transactions need one or two of them."""
        if name not in _PARTS:
            raise AttributeError(name)
        part = _PARTS[name](self._connection, self.grown)
        setattr(self, name, part)
        return part

    def mark_grown(self) -> None:
        """Let the timers of what has grown be planned anew: once, however much was noted."""
        if self.grown:
            marks = [{"thread": one} for one in sorted(self.grown)]
            self._connection.execute(_WANT_PLAN, marks)

    def add_earlier(self, mailbox_id: int, found: Iterable[Earlier]) -> None:
        """Keep what the header read of the first start found."""
        rows = [
            {
                "mailbox_id": mailbox_id,
                "message_id_sha256": digest(one.message_id),
                "sender_sha256": digest(one.sender),
                "sent_at": one.sent_at,
            }
            for one in found
        ]
        insert_missing(self._connection, earlier, rows)


class SqlStore:
    """`ports.store.Store`. Blocking; may be used from several threads."""

    # What reads, and what writes: of a file that is worked on.
    _kept: tuple[Kept, Kept] | None = None

    def __init__(self, url: str) -> None:
        """Prepare an engine; nothing is opened before the first transaction."""
        self.engine = open_engine(url)
        if self.engine.dialect.name == "sqlite":
            reader = Kept(self.engine, self._statements, reading=True)
            self._kept = reader, Kept(self.engine, self._statements, reading=False)

    @cached_property
    def _statements(self) -> Statements:
        return Statements(self.engine.dialect)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Begin a transaction that writes; leaving the block commits, an exception rolls back."""
        with _translated(), self._transaction(reading=False) as connection:
            transaction = SqlTransaction(connection)
            yield transaction
            transaction.mark_grown()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Begin a transaction that only reads."""
        with _translated(), self._transaction(reading=True) as connection:
            yield SqlTransaction(connection)

    def _transaction(self, *, reading: bool) -> AbstractContextManager[Connection]:
        if self._kept:
            reader, writer = self._kept
            kept = reader if reading else writer
            # Of all that a connection is, the repositories call no more than this one has.
            return cast(AbstractContextManager[Connection], kept.transaction())
        return self._lent(reading=reading)

    @contextmanager
    def _lent(self, *, reading: bool) -> Iterator[Connection]:
        """Begin as SQLAlchemy does: on a server, and where nothing is worked on."""
        with self.engine.connect() as connection:
            asked = connection.execution_options(reading=True) if reading else connection
            with asked.begin():
                if self.engine.dialect.name == "sqlite":
                    yield cast(Connection, QuickConnection(asked, self._statements))
                else:
                    yield asked

    def close(self) -> None:
        """Close all connections."""
        for one in self._kept or ():
            one.close()
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    """Let no error of the library out that means "the database is not to be had now"."""
    try:
        yield
    except PoolTimeoutError as error:
        # All connections are waiting for a lock: no message is to be blamed for that.
        raise StoreUnavailableError("no connection to the database is free") from error
    except DBAPIError as error:
        if is_temporary(error):
            raise StoreUnavailableError(f"the database does not answer: {error.orig}") from error
        raise


def open_engine(url: str) -> Engine:
    """Return an engine for the URL, set up so that a commit survives a power cut."""
    parsed = make_url(url)
    return _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else server_engine(parsed)


def _sqlite(url: URL) -> Engine:
    pool: dict[str, Any] = {}
    if url.database and url.database != ":memory:":
        make_folder_of(Path(url.database))
        # Those that are often used are kept (`kept.py`): what they give back is to be closed.
        pool = {"pool_size": 1, "max_overflow": 29}
    engine = create_engine(
        url, connect_args={"check_same_thread": False}, hide_parameters=True, **pool
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The driver would begin transactions by itself, and too late (deferred).
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA journal_mode=WAL")
        # NORMAL may forget a commit at a power cut; then a mail would go out twice.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    event.listen(engine, "begin", begin)
    return engine
