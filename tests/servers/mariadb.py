"""A throw-away MariaDB on loopback, without root: one a session, a clean database a test.

What a test writes is gone with it anyway, so nothing is waited for to reach the disk. Nobody is
asked for a password but the user `guarded`, whom a test makes itself.
"""

import contextlib
import functools
import importlib.util
import subprocess
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from maildaemon.adapters.sql.mariadb import CHARSET, COLLATION
from maildaemon.adapters.sql.reading import newest_revision
from tests.servers import process
from tests.servers.database import TEMPLATE, DatabaseServer
from tests.servers.process import HOST, ServerMissingError

PACKAGES = "mariadb-server-core mariadb-client"
_LOG_SIZE = "--innodb-log-file-size=32M"
_SETTINGS = {
    "max-allowed-packet": "64M",
    "max-connections": "200",
    "innodb-buffer-pool-size": "64M",
    "performance-schema": "OFF",
    "innodb-file-per-table": "OFF",
}
_HURRIED = {
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-flush-method": "nosync",
    "innodb-doublewrite": "OFF",
    "innodb-fast-shutdown": "2",
}


class Mariadb(DatabaseServer):
    """A running server."""

    name = "MariaDB"

    def __init__(self, *, durable: bool = False, **settings: str) -> None:
        """`durable`: what is committed is safe; else it is lost when the server is killed."""
        if importlib.util.find_spec("pymysql") is None:
            raise ServerMissingError("MariaDB's driver is not installed; run: make .venv/.ready")
        self._settings = {**_SETTINGS, **({} if durable else _HURRIED), **settings}
        self._install = process.require_program("mariadb-install-db", PACKAGES)
        self._program = process.require_program("mariadbd", PACKAGES)
        super().__init__(in_memory=not durable)
        [self.port] = process.free_ports(1)

    @property
    def socket(self) -> Path:
        return self.base / "socket"

    def _make(self) -> None:
        done = subprocess.run(
            [
                *(self._install, "--no-defaults", f"--datadir={self.base / 'data'}", _LOG_SIZE),
                *("--auth-root-authentication-method=normal", "--skip-test-db"),
                *("--skip-name-resolve", "--innodb-flush-method=nosync"),
            ],
            check=False,
            capture_output=True,
            timeout=60,
            **self._around,
        )
        if done.returncode:
            raise RuntimeError(
                f"mariadb-install-db failed:\n{(done.stdout + done.stderr).decode()}"
            )

    def _command(self) -> list[str]:
        return [
            *(self._program, "--no-defaults"),
            *(f"--datadir={self.base / 'data'}", f"--socket={self.socket}", _LOG_SIZE),
            *(f"--port={self.port}", f"--bind-address={HOST}", "--skip-name-resolve"),
            *(f"--character-set-server={CHARSET}", f"--collation-server={COLLATION}"),
            f"--pid-file={self.base / 'pid'}",
            *(f"--{name}={value}" for name, value in self._settings.items()),
        ]

    def _greets(self) -> bool:
        try:
            self.connect("mysql").close()
        except DBAPIError:
            return False
        return True

    def connect(self, database: str) -> Connection:
        return self._engine(database).connect()

    def _engine(self, database: str) -> Engine:
        # Not the program's own: that one asks for more than an empty server has.
        url = self.url(database).replace("mariadb:", "mariadb+pymysql:")
        return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def url(self, database: str, user: str = "root") -> str:
        return f"mariadb://{user}@{HOST}:{self.port}/{database}"

    def run(self, *statements: str) -> None:
        with self.connect("mysql") as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def copy(self, name: str) -> str:
        copied = f"copy{next(self._numbers)}"
        self._make_like(name, copied)
        copying = [
            f"INSERT INTO {copied}.`{it}` SELECT * FROM {name}.`{it}`" for it in self._tables
        ]
        self.run(f"DELETE FROM {copied}.alembic_version", "SET foreign_key_checks=0", *copying)
        return copied

    def give_back(self, name: str) -> None:
        self.break_off(name)
        with self.connect(name) as connection:
            connection.exec_driver_sql("SET foreign_key_checks=0")
            tables = [it for it in self._tables if it != "alembic_version"]
            filled = " UNION ALL ".join(f"(SELECT '{it}' FROM `{it}` LIMIT 1)" for it in tables) + (
                " UNION ALL SELECT table_name FROM information_schema.tables "
                f"WHERE table_schema = '{name}' AND auto_increment > 1"
            )
            for it in set(connection.exec_driver_sql(filled).scalars()):
                connection.exec_driver_sql(f"TRUNCATE `{it}`")
            connection.exec_driver_sql(
                "UPDATE alembic_version SET version_num = %s", (newest_revision(),)
            )
        self._clean.append(name)

    def break_off(self, name: str) -> None:
        theirs = "FROM information_schema.processlist WHERE db = %s"
        with self.connect("mysql") as connection:
            for number in connection.exec_driver_sql(f"SELECT id {theirs}", (name,)).scalars():
                # It may have gone by itself.
                with contextlib.suppress(DBAPIError):
                    connection.exec_driver_sql(f"KILL CONNECTION {number}")
            count = f"SELECT COUNT(*) {theirs}"
            process.wait_until(
                lambda: connection.exec_driver_sql(count, (name,)).scalar() == 0, 10, "all are gone"
            )

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE {name}")

    def restore(self, name: str, copy: Path) -> None:
        """Bring a backup back into an empty database, as an operator does."""
        client = process.require_program("mariadb", PACKAGES)
        place = ("--no-defaults", f"--host={HOST}", f"--port={self.port}", "--user=root", name)
        with copy.open("rb") as source:
            subprocess.run([client, *place], stdin=source, check=True, timeout=60)

    @functools.cached_property
    def _tables(self) -> list[str]:
        with self.connect(TEMPLATE) as connection:
            return list(connection.exec_driver_sql("SHOW TABLES").scalars())

    def _make_like(self, model: str, name: str) -> None:
        with self.connect(model) as connection:
            shown = [
                str(connection.exec_driver_sql(f"SHOW CREATE TABLE `{it}`").one()[1])
                for it in self._tables
            ]
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
            connection.exec_driver_sql(f"USE {name}")
            connection.exec_driver_sql("SET foreign_key_checks=0")
            for statement in shown:
                connection.exec_driver_sql(statement.replace("%", "%%"))
            connection.exec_driver_sql(
                f"INSERT INTO alembic_version SELECT * FROM {model}.alembic_version"
            )
