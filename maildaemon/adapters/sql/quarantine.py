"""Files that are kept for a while only: what may be dropped, and what is still needed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from maildaemon.adapters.sql.tables import attachment
from maildaemon.domain.attachments import Judged, Reason, Verdict


def as_columns(judged: Judged, held_until: datetime, now: datetime) -> dict[str, Any]:
    """Return the columns that say what was decided about a file, and how long it is kept."""
    # Those of malware never were.
    malware = judged.reason is Reason.MALWARE
    held = judged.verdict is not Verdict.ACCEPTED and not malware
    return {
        "verdict": judged.verdict.value,
        "reason": judged.reason.value if judged.reason else None,
        "held_until": held_until if held else None,
        "dropped_at": now if malware else None,
    }


def judge_again(
    connection: Connection,
    message_id: int,
    position: int,
    judged: Judged,
    held_until: datetime,
    now: datetime,
) -> None:
    """Put a later verdict in the place of the first."""
    connection.execute(
        update(attachment)
        .where(attachment.c.message_id == message_id, attachment.c.position == position)
        .values(as_columns(judged, held_until, now))
    )


def drop_files(connection: Connection, now: datetime, most: int) -> tuple[int, list[str]]:
    """Note that files are over whose time is; return how many, and the contents that no record
    holds any more.
    """
    over = connection.execute(
        select(attachment.c.id, attachment.c.sha256)
        .where(
            attachment.c.dropped_at.is_(None),
            attachment.c.held_until <= now,
            # Earlier versions left it where a file was decided again.
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
