"""What is still to be removed from the disk: noted with what let go of it, in one transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from maildaemon.adapters.sql.inserts import CHUNK
from maildaemon.adapters.sql.tables import removal
from maildaemon.ports.persons import Bytes
from maildaemon.ports.removals import Removal


class SqlRemovals:
    """`ports.removals.Removals` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def note(self, gone: Bytes, *, at_once: bool) -> None:
        """See `Removals.note`."""
        rows = [
            {"is_file": is_file, "sha256": one, "at_once": at_once}
            for is_file, names in ((False, gone.raw), (True, gone.files))
            for one in sorted({*names})
        ]
        for start in range(0, len(rows), CHUNK):
            self._connection.execute(insert(removal), rows[start : start + CHUNK])

    def next(self, after: int, most: int, *, at_once: bool) -> tuple[Removal, ...]:
        """See `Removals.next`."""
        wanted = select(removal).where(removal.c.id > after).order_by(removal.c.id).limit(most)
        if at_once:
            wanted = wanted.where(removal.c.at_once.is_(True))
        rows = self._connection.execute(wanted)
        return tuple(Removal(row.id, row.is_file, row.sha256, row.at_once) for row in rows)

    def done(self, removals: Sequence[Removal]) -> None:
        """See `Removals.done`. An id alone may be another's by now: SQLite gives it out again."""
        this = (removal.c.id == bindparam("of"), removal.c.sha256 == bindparam("bytes"))
        gone = [{"of": one.removal_id, "bytes": one.sha256} for one in removals]
        self._connection.execute(delete(removal).where(*this), gone)
