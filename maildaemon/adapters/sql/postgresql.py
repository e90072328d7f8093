"""How PostgreSQL is spoken to: driver, time-outs, isolation, and one writer at a time.

Writing transactions run one after another, as on SQLite: each takes the same lock before its first
look. What a transaction has read is still true when it writes, so nothing ever fails to serialise
and no 250 is ever rolled back for a neighbour's sake. They are short, and wait for no network.
"""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from maildaemon.errors import (
    MaildaemonError,
    OperatorError,
    StoreUnavailableError,
)

# Shorter than every claim: who waits longer than that would act on a row that is not his any more.
_STATEMENT_SECONDS = 60
_LOCK_SECONDS = 20
# Whoever has stopped in the middle of a transaction holds up everybody else: they take over soon.
_IDLE_SECONDS = 15
_KEEPALIVE = {
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
# Names of advisory locks, valid in one database: any numbers that nobody else takes.
WRITER_LOCK, RUN_LOCK = (0x6D61696C << 32 | number for number in (1, 2))


def postgresql_engine(url: URL, *, reading: bool = False) -> Engine:
    """Return an engine; nothing is opened yet. `reading`: no transaction of it can write.

    Raises OperatorError if the driver is missing.
    """
    try:
        engine = create_engine(
            _connectable(url, reading=reading),
            pool_pre_ping=True,
            use_native_hstore=False,
            # An error that names them would put a customer's words into the log.
            hide_parameters=True,
        )
    except ImportError as error:
        raise OperatorError(
            f"PostgreSQL's driver is not installed: {error}",
            where="database.url",
            advice="install it, in the folder with maildaemon's source: "
            "pip install --require-hashes -r requirements/postgres.txt",
        ) from error
    event.listen(engine, "connect", _require_utf8)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") == "AUTOCOMMIT":
            return
        only_reads = reading or bool(options.get("reading"))
        driver: Any = connection.connection.driver_connection
        driver.read_only = only_reads
        # All that one command reads is of one moment. Who writes has the lock, and sees the newest.
        driver.isolation_level = _isolation("REPEATABLE_READ" if only_reads else "READ_COMMITTED")
        if not only_reads:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")

    return engine


def _isolation(name: str) -> Any:
    import psycopg

    return psycopg.IsolationLevel[name]


def _connectable(url: URL, *, reading: bool) -> URL:
    """Return the URL with our driver, and what the operator left open."""
    settings = {
        "statement_timeout": f"{_STATEMENT_SECONDS}s",
        "lock_timeout": f"{_LOCK_SECONDS}s",
        "idle_in_transaction_session_timeout": "0" if reading else f"{_IDLE_SECONDS}s",
        # Off, a commit may be forgotten at a power cut; then a mail would go out twice.
        "synchronous_commit": "on",
    }
    given = dict(url.query)
    ours = " ".join(f"-c {name}={value}" for name, value in settings.items())
    asked = given.pop("options", "")
    options = " ".join((ours, *([asked] if isinstance(asked, str) else asked))).strip()
    defaults = {"connect_timeout": "10", "application_name": "maildaemon", **_KEEPALIVE}
    return url.set(
        drivername="postgresql+psycopg",
        query={**defaults, **given, "client_encoding": "utf8", "options": options},
    )


def _require_utf8(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise OperatorError(
            f"the database keeps its texts in {encoding}, which most languages do not fit into",
            where="database.url",
            advice="make a new one: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
        )


def take_schema(connection: Connection) -> None:
    """Let this transaction change the tables, however long that takes."""
    for setting in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {setting} = 0")


def take_run(connection: Connection, *, alone: bool) -> bool:
    """Take the lock of `run`, which ends with the connection: with others, or `alone`; False if
    that cannot be now.
    """
    take = "pg_try_advisory_lock" if alone else "pg_try_advisory_lock_shared"
    return bool(connection.exec_driver_sql(f"SELECT {take}({RUN_LOCK})").scalar())


def run_holder(connection: Connection) -> str | None:
    """Return who holds the lock of `run`, as words; None if nobody does."""
    holder = connection.exec_driver_sql(_HOLDER).first()
    return f"from {holder[0]}, since {holder[1]:%Y-%m-%d %H:%M %Z}" if holder else None


_HOLDER = f"""
SELECT coalesce(host(client_addr), 'this machine'), backend_start
FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE locktype = 'advisory' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (classid::bigint << 32) + objid::bigint = {RUN_LOCK}
"""  # noqa: S608  a number of ours
# What the server says before it knows who we are, when waiting does not help.
_REFUSALS = (
    *("password authentication failed", "no password supplied", "authentication failed"),
    *("does not exist", "no pg_hba.conf entry", "permission denied", "is not permitted"),
)


def explain_refusal(place: str, error: DBAPIError) -> MaildaemonError:
    """Return what it means that the server lets nobody in."""
    said = " ".join(str(error.orig).split())
    if any(words in said for words in _REFUSALS):
        return OperatorError(
            f"the database cannot be opened: {said}",
            where=place,
            advice="correct `database.url`, or make the role and its database on the server",
        )
    return StoreUnavailableError(f"{place}: cannot open the database: {said}")


def libpq_address(url: str) -> tuple[str, str | None]:
    """Return the address as PostgreSQL's own programs take it, and the password apart."""
    parsed = make_url(url)
    query = dict(parsed.query)
    password = query.pop("password", None)
    bare = parsed.set(drivername="postgresql", query=query)._replace(password=None)
    given = parsed.password or (password if isinstance(password, str) else None)
    return bare.render_as_string(hide_password=False), given
