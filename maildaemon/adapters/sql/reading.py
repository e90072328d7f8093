"""Opens the database only to look: nothing in it or beside it changes, whoever runs the command."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import StaticPool

from maildaemon.adapters.sql.servers import explain_refusal, place, server_engine
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.sql.tables import mailbox, metadata
from maildaemon.errors import MaildaemonError, OperatorError, SchemaError, StoreUnavailableError
from maildaemon.shipped import shipped

_BUSY_SECONDS = 20


class ReadingStore(SqlStore):
    """A store that cannot write: `begin` fails in the database itself."""

    def __init__(self, url: str) -> None:
        """Nothing is opened yet."""
        path = sqlite_path(url)
        if path is None:
            self.engine = server_engine(make_url(url), reading=True)
        else:
            self.engine = _reading_engine(path)


class ScratchStore(SqlStore):
    """An empty database in memory, with the tables of this version; it ends with the process."""

    def __init__(self) -> None:
        """Make the tables at once; the migrations arrive at the same ones (a test compares)."""
        self.engine = create_engine("sqlite://", poolclass=StaticPool)
        metadata.create_all(self.engine)


def open_reading(url: str) -> ReadingStore:
    """Return the database, only to be read; OperatorError if there is none yet, SchemaError if it
    is of another version.
    """
    require_database(url)
    store = ReadingStore(url)
    _checked(store, url)
    return store


def open_existing(url: str) -> SqlStore:
    """Return the database; raises like `open_reading`."""
    require_database(url)
    store = SqlStore(url)
    _checked(store, url)
    return store


def require_database(url: str) -> None:
    """Raise OperatorError if no daemon has made its tables there yet."""
    if is_new(url):
        raise OperatorError(
            "there is no database yet" if sqlite_path(url) else "there are no tables yet",
            where=place_of(url),
            advice="`maildaemon run` makes what is missing at its first start",
        )


def is_new(url: str) -> bool:
    """Tell whether there is nothing yet: no file, or a database of a server without tables."""
    path = sqlite_path(url)
    if path is not None:
        return not path.exists()
    store = ReadingStore(url)
    try:
        with store.engine.connect() as connection:
            return not inspect(connection).get_table_names()
    except DBAPIError as error:
        raise explain_opening(url, error) from error
    finally:
        store.close()


def _checked(store: SqlStore, url: str) -> None:
    try:
        _require_schema(store.engine, url)
    except DBAPIError as error:
        raise explain_opening(url, error) from error


def has_started(store: SqlStore, url: str) -> bool:
    """Tell whether a mailbox has been read already, be it long ago."""
    try:
        with store.engine.connect() as connection:
            rows = select(mailbox.c.id).where(mailbox.c.started_at.is_not(None)).limit(1)
            return connection.execute(rows).first() is not None
    except DBAPIError as error:
        raise explain_opening(url, error) from error


def explain_opening(url: str, error: DBAPIError) -> MaildaemonError:
    """Return what it means that a database cannot be opened: who waits long enough gets into a
    locked one, never into a damaged one.
    """
    where = place_of(url)
    if sqlite_path(url) is None and (
        isinstance(error, OperationalError) or error.connection_invalidated
    ):
        return explain_refusal(make_url(url), error)
    if getattr(error.orig, "sqlstate", "") == "42501":
        return OperatorError(
            f"the database cannot be used: {error.orig}",
            where=where,
            advice="give it to the role that runs maildaemon: ALTER DATABASE … OWNER TO …",
        )
    code = getattr(error.orig, "sqlite_errorname", "")
    if code.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM")):
        return OperatorError(
            f"the database cannot be opened: {error.orig}",
            where=where,
            advice="run it as the daemon's user; the file must belong to that user",
        )
    if isinstance(error, OperationalError) or error.connection_invalidated:
        return StoreUnavailableError(f"{where}: cannot open the database: {error.orig}")
    return OperatorError(
        f"this is no database of ours: {error.orig}",
        where=where,
        advice="correct `database.url`, or restore the last backup",
    )


def sqlite_path(url: str) -> Path | None:
    """Return the file of an SQLite database, None for any other."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)


def place_of(url: str) -> str:
    """Return what an operator knows the database by: a file, or the URL without the password."""
    return str(sqlite_path(url) or place(make_url(url)))


def newest_revision() -> str:
    """Return the revision that this version needs, without loading the migrations."""
    names = [path.name for path in (shipped("migrations") / "versions").glob("[0-9]*.py")]
    return max(names).partition("_")[0]


def connect_reading(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot write, and leaves nothing beside the file."""
    # While nobody has the file open there is no WAL, and SQLite would make one (for good, and as
    # the user who only looks) unless it is told that the file does not change.
    wal = path.with_name(path.name + "-wal")
    mode = "mode=ro" if wal.exists() else "immutable=1"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        check_same_thread=False,
        isolation_level=None,
    )


def _reading_engine(path: Path) -> Engine:
    engine = create_engine("sqlite://", creator=lambda: connect_reading(path), poolclass=StaticPool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _require_schema(engine: Engine, url: str) -> None:
    found = None
    with engine.connect() as connection:
        if inspect(connection).has_table("alembic_version"):
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        # All of them are made at once, so this is also what is seen while that is being done.
        elif not inspect(connection).get_table_names():
            raise SchemaError(
                "there are no tables in the database",
                where=place_of(url),
                advice="if the daemon is just starting for the first time, ask again in a moment; "
                "if it was recording before, restore the last backup",
            )
    if found != newest_revision():
        raise SchemaError(
            f"the database is at revision {found or 'none'}, this version needs "
            f"{newest_revision()}",
            where=place_of(url),
            advice="back it up with `maildaemon db backup FILE`, then run `maildaemon db upgrade`",
        )
