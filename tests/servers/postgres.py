"""A throw-away PostgreSQL on loopback, without root: one a session, a clean database a test.

`initdb` makes it without fsync; what a test writes is gone with it anyway. Nobody is asked for a
password but the user `guarded`, whose password is `secret`.
"""

import itertools
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, Self

import psycopg

from maildaemon.adapters.sql.reading import newest_revision
from maildaemon.adapters.sql.schema import ensure_schema
from maildaemon.adapters.sql.store import SqlStore
from tests.servers import process
from tests.servers.process import HOST

PACKAGES = "postgresql"
_TEMPLATE = "maildaemon"
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


class Postgres:
    """A running server; its port and data outlive `stop` and `kill`, so that it can come back."""

    def __init__(self, *, durable: bool = False) -> None:
        """`durable`: what is committed is safe, which nobody but a bench has to pay for."""
        self._settings = {"listen_addresses": HOST} if durable else _SETTINGS
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version)
        where = ":".join(map(str, reversed(folders)))
        self._initdb = process.require_program("initdb", PACKAGES, where)
        self._program = process.require_program("postgres", PACKAGES, where)
        self.base = process.temporary_folder("postgres")
        [self.port] = process.free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._clean: list[str] = []
        self._has_template = False

    def __enter__(self) -> Self:
        try:
            self._make()
            self.start()
        except BaseException:
            self._forget()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._forget()

    def _forget(self) -> None:
        shutil.rmtree(self.base, ignore_errors=True)

    @property
    def log(self) -> str:
        log = self.base / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    @property
    def _user(self) -> dict[str, Any]:
        _, uid, gid = process.unprivileged()
        # It refuses to run as root.
        return {"user": uid, "group": gid, "extra_groups": []} if os.getuid() == 0 else {}

    def _make(self) -> None:
        if os.getuid() == 0:
            os.chown(self.base, *process.unprivileged()[1:])
        ways = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        done = subprocess.run(
            [self._initdb, "--no-sync", f"--pgdata={self.base / 'data'}", *ways],
            cwd=self.base,
            check=False,
            capture_output=True,
            timeout=60,
            **self._user,
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{(done.stdout + done.stderr).decode()}")
        guard = self.base / "data" / "pg_hba.conf"
        guard.write_text(f"host all guarded {HOST}/32 scram-sha-256\n" + guard.read_text())

    def start(self) -> None:
        """Start (again) with the same data; return when it answers."""
        settings = {**self._settings, "port": self.port, "unix_socket_directories": self.base}
        options = [f"--{name}={value}" for name, value in settings.items()]
        with (self.base / "log").open("ab") as log:
            self._process = subprocess.Popen(
                # SIGINT ends it at once; at SIGTERM it would wait for its clients.
                [
                    *process.dies_with_us("INT"),
                    self._program,
                    "-D",
                    str(self.base / "data"),
                    *options,
                ],
                cwd=self.base,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._user,
            )
        try:
            process.wait_until(self._answers, 20, "PostgreSQL answers")
        except AssertionError as error:
            self.kill()
            raise RuntimeError(f"PostgreSQL did not start:\n{self.log}") from error

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError("PostgreSQL ended at once")
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End in an orderly way; connections are broken off."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Die as in a power cut."""
        self._end(signal.SIGQUIT)

    def _end(self, sig: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(sig)
            self._process.wait(20)
            self._process = None

    def connect(self, database: str) -> "psycopg.Connection[Any]":
        """Return a connection of our own, as the superuser; every statement commits."""
        return psycopg.connect(
            host=HOST, port=self.port, user="postgres", dbname=database, autocommit=True
        )

    def url(self, database: str, user: str = "postgres") -> str:
        return f"postgresql://{user}@{HOST}:{self.port}/{database}"

    def empty(self) -> str:
        """Return the name of a new database without tables."""
        name = f"empty{next(self._numbers)}"
        self._administrate(f"CREATE DATABASE {name}")
        return name

    def take(self) -> str:
        """Return the name of a database with our tables, and nothing in them."""
        if self._clean:
            return self._clean.pop()
        if not self._has_template:
            self._make_template()
        name = f"test{next(self._numbers)}"
        self._administrate(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return name

    def copy(self, name: str) -> str:
        """Return the name of a copy; idle connections to the original are broken off."""
        copied = f"copy{next(self._numbers)}"
        self.break_off(name)
        self._administrate(f"CREATE DATABASE {copied} TEMPLATE {name}")
        return copied

    def give_back(self, name: str) -> None:
        """Make a database ready for the next test."""
        with self.connect(name) as connection:
            connection.execute(_CLEAN)
            connection.execute("UPDATE alembic_version SET version_num = %s", (newest_revision(),))
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        if row is not None and row[0] < _LARGEST:
            self._clean.append(name)
        else:
            self.drop(name)

    def break_off(self, name: str) -> None:
        """End all connections to a database."""
        with self.connect("postgres") as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
                (name,),
            )

    def drop(self, name: str) -> None:
        self._administrate(f"DROP DATABASE {name} WITH (FORCE)")

    def _make_template(self) -> None:
        self._administrate(f"CREATE DATABASE {_TEMPLATE}")
        store = SqlStore(self.url(_TEMPLATE))
        ensure_schema(store.engine)
        store.close()
        self._has_template = True

    def _administrate(self, statement: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(statement)


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0
