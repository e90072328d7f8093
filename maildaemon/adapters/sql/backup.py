"""Copies a database while others write to it."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from maildaemon.adapters.sql.mariadb import client_options
from maildaemon.adapters.sql.postgresql import libpq_address
from maildaemon.adapters.sql.reading import connect_reading, place_of
from maildaemon.adapters.sql.servers import is_mariadb
from maildaemon.errors import OperatorError, StoreUnavailableError

_PAGES = 1000
_BUSY_SECONDS = 20


def back_up(source: Path, target: Path, progress: Callable[[int, int], None]) -> int:
    """Write a copy of the database as it is at one moment; return its size in bytes.

    `target` must not exist; it appears only when it is whole (0600). `progress(done, total)`
    counts pages. Raises OperatorError if it cannot be written, StoreUnavailableError if the
    source cannot be read.
    """
    with _appearing_whole(target) as temporary:
        try:
            _copy(source, temporary, progress)
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"the database cannot be copied: {error}") from error
    return target.stat().st_size


def dump(url: str, target: Path) -> int:
    """Have the server's own program write a database as it is at one moment; return the size in
    bytes.

    `target` and its errors: as `back_up`. It is what pg_restore, or `mariadb`, brings back.
    """
    dumping = _mariadb_dump if is_mariadb(make_url(url)) else _pg_dump
    with _appearing_whole(target) as temporary:
        command, secret = dumping(url, temporary)
        done = subprocess.run(  # noqa: S603  the address is an argument, from the configuration
            # The password is not among the arguments, which everybody on this machine can read.
            command,
            env={**os.environ, **secret},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = " ".join(done.stderr.decode(errors="replace").split())
            raise StoreUnavailableError(f"{place_of(url)}: the database cannot be copied: {said}")
    return target.stat().st_size


def _pg_dump(url: str, target: Path) -> tuple[list[str], dict[str, str]]:
    program = _program(url, "PostgreSQL", "pg_dump --format=custom")
    address, password = libpq_address(url)
    command = [program, "--format=custom", "--no-password", f"--file={target}", address]
    return command, {"PGPASSWORD": password} if password else {}


def _mariadb_dump(url: str, target: Path) -> tuple[list[str], dict[str, str]]:
    program = _program(url, "MariaDB", "mariadb-dump --single-transaction")
    parsed = make_url(url)
    options, password = client_options(parsed)
    ways = ("--single-transaction", "--quick", "--hex-blob", "--default-character-set=utf8mb4")
    command = [program, *options, *ways, f"--result-file={target}", parsed.database or ""]
    return command, {"MYSQL_PWD": password} if password else {}


def _program(url: str, server: str, command: str) -> str:
    name = command.partition(" ")[0]
    program = shutil.which(name)
    if program is None:
        raise OperatorError(
            f"{name} is not installed",
            where=place_of(url),
            advice=f"install {server}'s client programs, or run `{command}` where they are",
        )
    return program


@contextmanager
def _appearing_whole(target: Path) -> Iterator[Path]:
    """Give a file (0600) to write to; it takes its name when it is whole."""
    if target.exists():
        raise OperatorError(
            "there is a file already", where=str(target), advice="name one that does not exist"
        )
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield temporary
        # Never over a file that has appeared meanwhile.
        os.link(temporary, target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        temporary.unlink()


def find_damage(path: Path) -> tuple[str, ...]:
    """Return what SQLite finds wrong with a file; empty if it is sound."""
    connection = connect_reading(path)
    try:
        rows = connection.execute("PRAGMA integrity_check(20)").fetchall()
        orphans = connection.execute("PRAGMA foreign_key_check").fetchmany(20)
    except sqlite3.Error as error:
        return (str(error),)
    finally:
        connection.close()
    damage = [str(row[0]) for row in rows if row[0] != "ok"]
    damage += [f"row {row[1]} of {row[0]} refers to a {row[2]} that is missing" for row in orphans]
    return tuple(damage)


def _copy(source: Path, target: Path, progress: Callable[[int, int], None]) -> None:
    # An ordinary connection: it sees one moment even if a daemon starts meanwhile.
    uri = f"{source.absolute().as_uri()}?mode=rw"
    origin = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_SECONDS)
    copy = sqlite3.connect(target)
    try:
        # Without a transaction of its own the copy would begin anew after each write of others,
        # and never end beside a busy daemon. In WAL mode it keeps nobody from writing.
        origin.execute("BEGIN")
        origin.execute("SELECT count(*) FROM sqlite_master").fetchone()
        origin.backup(
            copy,
            pages=_PAGES,
            progress=lambda _status, left, total: progress(total - left, total),
        )
        # The copy is a single file: without this it would want a WAL beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
    finally:
        copy.close()
        origin.close()


def _unwritable(path: Path, error: OSError) -> OperatorError:
    return OperatorError(
        f"cannot be written: {(error.strerror or str(error)).lower()}",
        where=str(path),
        advice="name a file in a folder that you may write to",
    )
