"""How MariaDB is spoken to: driver, time-outs, isolation, and one writer at a time.

As on PostgreSQL, writing transactions run one after another: each locks the one row that every
database of ours has (`alembic_version`) before its first look. All is read at the isolation that
is the server's own default; as the first look comes after the lock, a writer sees the newest.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    String,
    column,
    create_engine,
    event,
    inspect,
    select,
    table,
)
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.pool import ConnectionPoolEntry

from maildaemon.adapters.sql.tables import metadata
from maildaemon.errors import MaildaemonError, OperatorError, StoreUnavailableError

CHARSET, COLLATION = "utf8mb4", "utf8mb4_nopad_bin"
_OLDEST = (10, 5)
# The largest mail that may be passed on, as text of a statement.
_PACKET_MB = 64
# As on PostgreSQL: shorter than every claim.
_STATEMENT_SECONDS = 60
_LOCK_SECONDS = 20
# Whoever has stopped in the middle of a transaction holds up everybody else: they take over soon.
_IDLE_SECONDS = 15
_CONNECT_SECONDS = "10"
# Longer than the server takes by itself: it has gone, and nobody told us.
_SILENCE_SECONDS = _STATEMENT_SECONDS + _LOCK_SECONDS + 10
_YEAR = 365 * 86400
_NO_SUCH_TABLE = 1146


def mariadb_engine(url: URL, *, reading: bool = False, patient: bool = False) -> Engine:
    """Return an engine; nothing is opened yet. `reading`: no transaction of it can write.
    `patient`: it waits for as long as the change of a table takes.

    Raises OperatorError if the driver is missing.
    """
    try:
        engine = create_engine(
            _connectable(url),
            connect_args=_timeouts(reading=reading, patient=patient),
            isolation_level="REPEATABLE READ",
            pool_pre_ping=True,
            # An error that names them would put a customer's words into the log.
            hide_parameters=True,
        )
    except ImportError as error:
        raise OperatorError(
            f"MariaDB's driver is not installed: {error}",
            where="database.url",
            advice="install it, in the folder with maildaemon's source: "
            "pip install --require-hashes -r requirements/mariadb.txt",
        ) from error
    # Before SQLAlchemy's own first look, which would stumble over what is refused here.
    event.listen(engine, "connect", _require_fit, insert=True)
    if not reading:
        event.listen(engine, "connect", _require_writable)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") == "AUTOCOMMIT":
            return
        if reading or options.get("reading"):
            connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        else:
            _wait_for_other_writers(connection)

    return engine


def _wait_for_other_writers(connection: Connection) -> None:
    try:
        connection.exec_driver_sql("SELECT version_num FROM alembic_version FOR UPDATE")
    except ProgrammingError as error:
        # Without tables there is nothing to write; who makes them has a lock of his own.
        if code_of(error) != _NO_SUCH_TABLE:
            raise


def _connectable(url: URL) -> URL:
    """Return the URL with our driver, and what the operator left open."""
    query = {"connect_timeout": _CONNECT_SECONDS, **url.query, "charset": CHARSET}
    return url.set(drivername="mariadb+pymysql", query=query)


def _timeouts(*, reading: bool, patient: bool) -> dict[str, Any]:
    bounded = not patient
    settings = {
        # Whatever the server has been told: what does not fit is an error, and no zero date.
        "sql_mode": "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
        "NO_ENGINE_SUBSTITUTION'",
        "time_zone": "'+00:00'",
        "collation_connection": COLLATION,
        "default_storage_engine": "InnoDB",
        "max_statement_time": _STATEMENT_SECONDS if bounded else 0,
        "innodb_lock_wait_timeout": _LOCK_SECONDS,
        "lock_wait_timeout": _LOCK_SECONDS if bounded else _YEAR,
        "idle_transaction_timeout": _IDLE_SECONDS if bounded and not reading else 0,
        # One that does nothing but hold a lock.
        "wait_timeout": _YEAR,
    }
    words = ", ".join(f"{name}={value}" for name, value in settings.items())
    silence = {"read_timeout": _SILENCE_SECONDS, "write_timeout": _SILENCE_SECONDS}
    return {"init_command": f"SET SESSION {words}", **(silence if bounded else {})}


def _require_fit(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Raise OperatorError if the server, or the database, cannot keep what we want to keep."""
    version, charset, collation, packet, name = _ask(
        connection,
        "SELECT version(), @@character_set_database, @@collation_database, @@max_allowed_packet, "
        "database()",
    )
    number = tuple(map(int, re.findall(r"\d+", version)[:2]))
    if "mariadb" not in version.lower() or number < _OLDEST:
        raise OperatorError(
            f"the server is {version}, and no MariaDB {'.'.join(map(str, _OLDEST))} or newer",
            where="database.url",
            advice="use such a MariaDB, or SQLite, or PostgreSQL",
        )
    if (charset, collation) != (CHARSET, COLLATION):
        raise OperatorError(
            f"the database `{name}` compares its texts by {collation}, to which different names "
            "are the same",
            where="database.url",
            advice=f"while it is empty: ALTER DATABASE `{name}` CHARACTER SET {CHARSET} "
            f"COLLATE {COLLATION}",
        )
    if packet < _PACKET_MB << 20:
        raise OperatorError(
            f"the server takes no statement above {packet >> 20} MB (`max_allowed_packet`), "
            "and a mail may be larger",
            where="database.url",
            advice=f"set `max_allowed_packet = {_PACKET_MB}M` in its configuration, below [mysqld]",
        )


def _require_writable(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # It may be on its way from one role to another: that is waited for.
    if any(_ask(connection, "SELECT @@read_only, @@innodb_read_only")):
        raise StoreUnavailableError(
            "the database server is read-only; `database.url` must name the one that is written to"
        )


def _ask(connection: DBAPIConnection, question: str) -> tuple[Any, ...]:
    cursor = connection.cursor()
    cursor.execute(question)
    found = cursor.fetchone()
    cursor.close()
    return tuple(found or ())


# The names of locks are the server's, not the database's, and may have 64 characters.
_LOCK = "CONCAT('maildaemon.{}.', LEFT(SHA2(DATABASE(), 256), 32))"
# A lock has one owner. So each daemon takes one of these, and who wants to be alone all of them.
RUN_LOCKS = tuple(_LOCK.format(f"run{number}") for number in range(16))
_SCHEMA_LOCK = _LOCK.format("schema")
_VERSION, _UNFINISHED = "alembic_version", "unfinished_upgrade"
_BEGUN_AT = select(column("revision", String)).select_from(table(_UNFINISHED))
_VERSION_NUM = select(column("version_num", String)).select_from(table(_VERSION))


@contextmanager
def changing_tables(url: URL) -> Iterator[Connection]:
    """Give a connection that may change tables, however long that takes; who comes second waits.

    MariaDB takes no such change back. So it is noted that one has begun: tables that were being
    made when somebody died are made anew, and an upgrade that was broken off is an OperatorError.
    """
    engine = mariadb_engine(url, patient=True)
    try:
        alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        with alone.connect() as holding:
            # Before any transaction: who waited here within one would hold up whom he waits for.
            holding.exec_driver_sql(f"SELECT GET_LOCK({_SCHEMA_LOCK}, {_YEAR})")
            with engine.begin() as connection:
                _note_beginning(connection)
                yield connection
                connection.exec_driver_sql(f"DROP TABLE {_UNFINISHED}")
    finally:
        engine.dispose()  # the lock ends with its connection


def is_half_made(connection: Connection) -> bool:
    """Tell whether the first tables of this database were being made when somebody died."""
    return inspect(connection).has_table(_UNFINISHED) and connection.scalar(_BEGUN_AT) == ""


def _note_beginning(connection: Connection) -> None:
    if is_half_made(connection):
        connection.exec_driver_sql("SET foreign_key_checks=0")
        for each in (*metadata.tables, _VERSION, _UNFINISHED):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS `{each}`")
        connection.exec_driver_sql("SET foreign_key_checks=1")
    elif inspect(connection).has_table(_UNFINISHED):
        raise OperatorError(
            "an upgrade of the tables was broken off, which MariaDB does not take back",
            where="database.url",
            advice="empty the database, bring the last backup back into it, and upgrade again",
        )
    before = ""
    if inspect(connection).has_table(_VERSION):
        before = connection.scalar(_VERSION_NUM) or ""
    connection.exec_driver_sql(
        f"CREATE TABLE {_UNFINISHED} SELECT CAST('{before}' AS CHAR(32)) AS revision"
    )


def take_run(connection: Connection, *, alone: bool) -> bool:
    """Take the lock of `run`, which ends with the connection: with others, or `alone`; False if
    that cannot be now.
    """
    for lock in RUN_LOCKS:
        taken = bool(connection.exec_driver_sql(f"SELECT GET_LOCK({lock}, 0)").scalar())
        if taken is not alone:
            # One is enough, or one is missing.
            break
    if not taken:
        connection.exec_driver_sql("DO RELEASE_ALL_LOCKS()")
    return taken


def run_holder(connection: Connection) -> str | None:
    """Return who holds the lock of `run`, as words; None if nobody does."""
    used = ", ".join(f"IS_USED_LOCK({one})" for one in RUN_LOCKS)
    holder = connection.exec_driver_sql(f"SELECT COALESCE({used})").scalar()
    if holder is None:
        return None
    # Of others than ourselves only some users are told.
    seen = "SELECT host FROM information_schema.processlist WHERE id = %s"
    host = connection.exec_driver_sql(seen, (holder,)).scalar()
    return f"from {host.rpartition(':')[0] or host}" if host else f"connection {holder}"


def client_options(url: URL) -> tuple[tuple[str, ...], str | None]:
    """Return the address as MariaDB's own programs take it, and the password apart."""
    query = {name: one for name, one in url.query.items() if isinstance(one, str)}
    given = {
        # It must stand first.
        "defaults-extra-file": query.get("read_default_file"),
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "socket": query.get("unix_socket"),
        "ssl-ca": query.get("ssl_ca"),
        "ssl-cert": query.get("ssl_cert"),
        "ssl-key": query.get("ssl_key"),
    }
    options = tuple(f"--{name}={value}" for name, value in given.items() if value is not None)
    return options, url.password or query.get("password") or query.get("passwd")


def code_of(error: DBAPIError) -> int | None:
    """Return the number of an error of MariaDB's; None if it is another database's."""
    code = error.orig.args[0] if error.orig is not None and error.orig.args else None
    return code if isinstance(code, int) else None


# What passes: too many are connected, it is stopping, full, locked, read-only, or somewhere else.
# The driver calls nearly everything an operational error.
_PASSING = frozenset(
    (
        *(1021, 1030, 1037, 1038, 1040, 1041, 1047, 1053, 1114, 1129, 1158, 1159, 1160, 1161),
        *(1020, 1180, 1184, 1203, 1205, 1213, 1226, 1290, 1317, 1836, 1927, 1969, 3100, 4031),
    )
)


def is_passing(code: int) -> bool:
    """Tell whether waiting helps against an error."""
    # From 2000 on it is the driver that speaks: of the network.
    return code in _PASSING or 2000 <= code < 3000  # noqa: PLR2004


# Login, database, host, privilege, plugin, TLS: what the server says to whom it does not let in.
_REFUSALS = frozenset((1044, 1045, 1049, 1130, 1142, 1227, 1251, 1698, 1820, 2026, 2059, 4151))


def explain_refusal(place: str, error: DBAPIError) -> MaildaemonError:
    """Return what it means that the server lets nobody in."""
    code, *words = error.orig.args if error.orig is not None else (0,)
    said = " ".join(" ".join(map(str, words)).split())
    if code in _REFUSALS:
        return OperatorError(
            f"the database cannot be opened: {said}",
            where=place,
            advice="correct `database.url`, or make the user and its database on the server",
        )
    return StoreUnavailableError(f"{place}: cannot open the database: {said}")
