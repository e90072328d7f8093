"""Lets no byte of what was erased stay in the files of a database."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from maildaemon.adapters.sql.reading import sqlite_path
from maildaemon.adapters.sql.servers import is_mariadb, server_engine

_BUSY_SECONDS = 60


def scrub(url: str) -> str | None:
    """Have the database written anew without what it holds no more; return what may stay in its
    files nevertheless, None if nothing does.
    """
    path = sqlite_path(url)
    if path is not None:
        return _scrub_file(path)
    parsed = make_url(url)
    if is_mariadb(parsed):
        return "the server's files and binary logs, until it uses the space again"
    engine = server_engine(parsed)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))
    except DBAPIError as error:
        return f"the server's files: VACUUM was not possible ({error.orig})"
    finally:
        engine.dispose()
    return "the server's files and its WAL, until it uses the space again"


def _scrub_file(path: Path) -> str | None:
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as base:
            # What was changed in place may have left its words between the rows.
            base.execute("VACUUM")
            # It waits for whoever reads, as long as for whoever writes.
            (busy, *_) = base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        return f"{path.name} and its WAL: it could not be written anew ({error}); try again"
    return f"{path.name}-wal, until the next start: somebody reads the database" if busy else None
