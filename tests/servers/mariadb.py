"""A throw-away MariaDB on loopback, without root: one a session, a clean database a test.

What a test writes is gone with it anyway, so nothing is waited for to reach the disk. Nobody is
asked for a password but the user `guarded`, whom a test makes itself.
"""

import contextlib
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from maildaemon.adapters.sql.mariadb import CHARSET, COLLATION
from maildaemon.adapters.sql.reading import newest_revision
from maildaemon.adapters.sql.schema import ensure_schema
from maildaemon.adapters.sql.store import SqlStore
from tests.servers import process
from tests.servers.process import HOST, ServerMissingError

PACKAGES = "mariadb-server-core mariadb-client"
_TEMPLATE = "maildaemon"
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


class Mariadb:
    """A running server; its port and data outlive `stop` and `kill`, so that it can come back."""

    def __init__(self, *, durable: bool = False, **settings: str) -> None:
        """`durable`: what is committed is safe; else it is lost when the server is killed."""
        if importlib.util.find_spec("pymysql") is None:
            raise ServerMissingError("MariaDB's driver is not installed; run: make .venv/.ready")
        self._settings = {**_SETTINGS, **({} if durable else _HURRIED), **settings}
        self._install = process.require_program("mariadb-install-db", PACKAGES)
        self._program = process.require_program("mariadbd", PACKAGES)
        self.base = process.temporary_folder("mariadb", in_memory=not durable)
        [self.port] = process.free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._clean: list[str] = []
        self._tables: list[str] = []

    def __enter__(self) -> Self:
        try:
            self._make()
            self.start()
        except BaseException:
            self._forget()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._forget()

    def _forget(self) -> None:
        shutil.rmtree(self.base, ignore_errors=True)

    @property
    def log(self) -> str:
        log = self.base / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    @property
    def socket(self) -> Path:
        return self.base / "socket"

    @property
    def _user(self) -> dict[str, Any]:
        _, uid, gid = process.unprivileged()
        # It refuses to run as root.
        return {"user": uid, "group": gid, "extra_groups": []} if os.getuid() == 0 else {}

    @property
    def _environment(self) -> dict[str, str]:
        # Where we keep what is temporary, its user may not write.
        return {**os.environ, "TMPDIR": str(self.base)}

    def _make(self) -> None:
        if os.getuid() == 0:
            os.chown(self.base, *process.unprivileged()[1:])
        done = subprocess.run(
            [
                *(self._install, "--no-defaults", f"--datadir={self.base / 'data'}", _LOG_SIZE),
                *("--auth-root-authentication-method=normal", "--skip-test-db"),
                *("--skip-name-resolve", "--innodb-flush-method=nosync"),
            ],
            cwd=self.base,
            check=False,
            capture_output=True,
            timeout=60,
            **self._user,
            env=self._environment,
        )
        if done.returncode:
            raise RuntimeError(
                f"mariadb-install-db failed:\n{(done.stdout + done.stderr).decode()}"
            )

    def start(self) -> None:
        """Start (again) with the same data; return when it answers."""
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        with (self.base / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(*process.dies_with_us("KILL"), self._program, "--no-defaults"),
                    *(f"--datadir={self.base / 'data'}", f"--socket={self.socket}", _LOG_SIZE),
                    *(f"--port={self.port}", f"--bind-address={HOST}", "--skip-name-resolve"),
                    *(f"--character-set-server={CHARSET}", f"--collation-server={COLLATION}"),
                    *(f"--pid-file={self.base / 'pid'}", *options),
                ],
                cwd=self.base,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._user,
                env=self._environment,
            )
        try:
            process.wait_until(self._answers, 30, "MariaDB answers")
        except AssertionError as error:
            self.kill()
            raise RuntimeError(f"MariaDB did not start:\n{self.log}") from error

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError("MariaDB ended at once")
        try:
            self.connect("mysql").close()
        except DBAPIError:
            return False
        return True

    def stop(self) -> None:
        """End in an orderly way; connections are broken off."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Die as in a power cut."""
        self._end(signal.SIGKILL)

    def _end(self, sig: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(sig)
            self._process.wait(30)
            self._process = None

    def connect(self, database: str) -> Connection:
        """Return a connection of our own, as the administrator; every statement commits."""
        return self._engine(database).connect()

    def _engine(self, database: str) -> Engine:
        # Not the program's own: that one asks for more than an empty server has.
        url = self.url(database).replace("mariadb:", "mariadb+pymysql:")
        return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def url(self, database: str, user: str = "root") -> str:
        return f"mariadb://{user}@{HOST}:{self.port}/{database}"

    def run(self, *statements: str, database: str = "mysql") -> None:
        """Have these done by the administrator."""
        with self.connect(database) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def empty(self) -> str:
        """Return the name of a new database without tables."""
        name = f"empty{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return name

    def take(self) -> str:
        """Return the name of a database with our tables, and nothing in them."""
        if self._clean:
            return self._clean.pop()
        if not self._tables:
            self._make_template()
        name = f"test{next(self._numbers)}"
        self._make_like(_TEMPLATE, name)
        return name

    def copy(self, name: str) -> str:
        """Return the name of a copy."""
        copied = f"copy{next(self._numbers)}"
        self._make_like(name, copied)
        copying = [
            f"INSERT INTO {copied}.`{it}` SELECT * FROM {name}.`{it}`" for it in self._tables
        ]
        self.run(f"DELETE FROM {copied}.alembic_version", "SET foreign_key_checks=0", *copying)
        return copied

    def give_back(self, name: str) -> None:
        """Make a database ready for the next test: no connections, rows, numbers."""
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
        """End all connections to a database; return when they are gone."""
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

    def _make_template(self) -> None:
        self.run(f"CREATE DATABASE {_TEMPLATE}")
        store = SqlStore(self.url(_TEMPLATE))
        ensure_schema(store.engine)
        store.close()
        with self.connect(_TEMPLATE) as connection:
            self._tables = list(connection.exec_driver_sql("SHOW TABLES").scalars())

    def _make_like(self, model: str, name: str) -> None:
        """Make a database with the tables of another one, which takes less than to migrate it."""
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
