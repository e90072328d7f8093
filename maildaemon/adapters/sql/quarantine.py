"""Files that are kept for a while only: what may be dropped, and what is still needed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from maildaemon.adapters.sql.tables import attachment
from maildaemon.domain.attachments import Verdict


def drop_files(connection: Connection, now: datetime, most: int) -> tuple[int, list[str]]:
    """Note that files are over whose time is; return how many, and the contents that no record
    holds any more.
    """
    over = connection.execute(
        select(attachment.c.id, attachment.c.sha256)
        .where(
            attachment.c.dropped_at.is_(None),
            attachment.c.held_until <= now,
            # It may have been decided again since.
            attachment.c.verdict != Verdict.ACCEPTED.value,
        )
        .order_by(attachment.c.held_until)
        .limit(most)
    ).all()
    if not over:
        return 0, []
    connection.execute(
        update(attachment)
        .where(attachment.c.id.in_([row.id for row in over]))
        .values(dropped_at=now)
    )
    contents = list(dict.fromkeys(row.sha256 for row in over))
    held = holds_files(connection, contents)
    return len(over), [one for one in contents if one not in held]


def holds_files(connection: Connection, contents: Sequence[str]) -> frozenset[str]:
    """Return those of the contents that a record still holds."""
    rows = connection.execute(
        select(attachment.c.sha256)
        .where(attachment.c.sha256.in_(contents), attachment.c.dropped_at.is_(None))
        .distinct()
    )
    return frozenset(row.sha256 for row in rows)
