"""Notes that a person took a file out of quarantine."""

from datetime import datetime

from sqlalchemy import update

from maildaemon.adapters.sql.store import SqlStore, SqlTransaction
from maildaemon.adapters.sql.tables import attachment


def note_release(store: SqlStore, attachment_id: int, now: datetime) -> None:
    """Note when a file was released; the first time counts."""
    with store.begin() as tx:
        assert isinstance(tx, SqlTransaction)  # noqa: S101  what every SqlStore gives out
        tx._connection.execute(  # noqa: SLF001  the same package, one connection
            update(attachment)
            .where(attachment.c.id == attachment_id, attachment.c.released_at.is_(None))
            .values(released_at=now)
        )
