"""A throw-away PostgreSQL on loopback, without root: one a session, a clean database a test.

`initdb` makes it without fsync; what a test writes is gone with it anyway. Nobody is asked for a
password but the user `guarded`, whose password is `secret`.
"""

import signal
import subprocess
from pathlib import Path
from typing import Any

import psycopg

from maildaemon.adapters.sql.reading import newest_revision
from tests.servers import process
from tests.servers.database import DatabaseServer
from tests.servers.process import HOST

PACKAGES = "postgresql"
# Above this, a new one is made sooner than the rows of the last test are deleted.
_LARGEST = 14_000_000
_SETTINGS = {
    "listen_addresses": HOST,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
}
# Whatever a test left behind: connections, locks, rows, numbers, another revision.
_CLEAN = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$ DECLARE it text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR it IN SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
  LOOP EXECUTE format('DELETE FROM %I', it); END LOOP;
  PERFORM setval(relname::regclass, 1, false) FROM pg_class
    WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace;
END $$;
"""


class Postgres(DatabaseServer):
    """A running server."""

    name = "PostgreSQL"
    # At SIGTERM it would wait for its clients.
    stopping = signal.SIGINT
    killing = signal.SIGQUIT

    def __init__(self, *, durable: bool = False) -> None:
        """`durable`: what is committed is safe, which nobody but a bench has to pay for."""
        self._settings = {"listen_addresses": HOST} if durable else _SETTINGS
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version)
        where = ":".join(map(str, reversed(folders)))
        self._initdb = process.require_program("initdb", PACKAGES, where)
        self._program = process.require_program("postgres", PACKAGES, where)
        super().__init__()
        [self.port] = process.free_ports(1)

    def _make(self) -> None:
        ways = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        done = subprocess.run(
            [self._initdb, "--no-sync", f"--pgdata={self.base / 'data'}", *ways],
            check=False,
            capture_output=True,
            timeout=60,
            **self._around,
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{(done.stdout + done.stderr).decode()}")
        guard = self.base / "data" / "pg_hba.conf"
        guard.write_text(f"host all guarded {HOST}/32 scram-sha-256\n" + guard.read_text())

    def _command(self) -> list[str]:
        settings = {**self._settings, "port": self.port, "unix_socket_directories": self.base}
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [self._program, "-D", str(self.base / "data"), *options]

    def _greets(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, database: str) -> "psycopg.Connection[Any]":
        return psycopg.connect(
            host=HOST, port=self.port, user="postgres", dbname=database, autocommit=True
        )

    def url(self, database: str, user: str = "postgres") -> str:
        return f"postgresql://{user}@{HOST}:{self.port}/{database}"

    def run(self, *statements: str) -> None:
        with self.connect("postgres") as connection:
            for statement in statements:
                connection.execute(statement)

    def copy(self, name: str) -> str:
        copied = f"copy{next(self._numbers)}"
        self.break_off(name)
        self._make_like(name, copied)
        return copied

    def give_back(self, name: str) -> None:
        with self.connect(name) as connection:
            connection.execute(_CLEAN)
            connection.execute("UPDATE alembic_version SET version_num = %s", (newest_revision(),))
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        if row is not None and row[0] < _LARGEST:
            self._clean.append(name)
        else:
            self.drop(name)

    def break_off(self, name: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
                (name,),
            )

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def _make_like(self, model: str, name: str) -> None:
        self.run(f"CREATE DATABASE {name} TEMPLATE {model}")


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0
