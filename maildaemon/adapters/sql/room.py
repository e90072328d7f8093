"""What stands where records are to be made anew, and how it is put aside."""

from datetime import datetime
from enum import Enum
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.exc import DBAPIError

from maildaemon.adapters.sql.reading import ReadingStore, is_new, place_of, sqlite_path
from maildaemon.adapters.sql.tables import installation, mailbox, message
from maildaemon.errors import MaildaemonError, OperatorError

# The fact by which a rebuild that was broken off is known.
UNDER_WAY = "rebuild"


class Found(Enum):
    """What stands where the records are to be built."""

    NOTHING = "nothing"
    UNDER_WAY = "under way"
    RECORDS = "records"
    UNREADABLE = "unreadable"


def what_stands_there(url: str) -> Found:
    """Return what the database of this URL holds. Raises what opening it raises, unless it is a
    file that cannot be read as a database.
    """
    path = sqlite_path(url)
    try:
        if is_new(url) or (path is not None and path.stat().st_size == 0):
            return Found.NOTHING
        store = ReadingStore(url)
        try:
            with store.engine.connect() as connection:
                return _look(connection)
        finally:
            store.close()
    except (DBAPIError, MaildaemonError):
        if path is None:
            raise
        return Found.UNREADABLE


def _look(connection: Connection) -> Found:
    tables = set(inspect(connection).get_table_names())
    if not tables or not {"message", "mailbox", "installation"} <= tables:
        return Found.RECORDS if tables else Found.NOTHING
    fact = select(installation.c.value).where(installation.c.name == UNDER_WAY)
    if connection.scalar(fact):
        return Found.UNDER_WAY
    begun = connection.scalar(select(func.count()).where(mailbox.c.started_at.is_not(None)))
    recorded = connection.scalar(select(func.count()).select_from(message))
    return Found.RECORDS if begun or recorded else Found.NOTHING


def put_aside(url: str, now: datetime) -> Path:
    """Rename the files of an SQLite database, and return what it is called from now on.

    Raises OperatorError for any other database: it is not ours to take away.
    """
    path = sqlite_path(url)
    if path is None:
        raise OperatorError(
            "only the file of an SQLite database can be put aside",
            where=place_of(url),
            advice="make an empty database and name it in `database.url`",
        )
    aside = path.with_name(f"{path.name}.before-rebuild-{now:%Y%m%d-%H%M%S}")
    for suffix in ("", "-wal", "-shm"):
        source = path.with_name(path.name + suffix)
        if source.exists():
            source.rename(aside.with_name(aside.name + suffix))
    return aside
