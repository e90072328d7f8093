"""The one mechanism by which work is taken and given back, the same on every database.

Taking work commits the next attempt before this one is made: the row is simply due again later
if we die. No state says "in progress", no heartbeat, nobody rescues. Zero rows changed means
that somebody else was first.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, update

from maildaemon.errors import StaleClaimError


def claim(
    connection: Connection,
    table: Table,
    row_id: int,
    *,
    seen: int,
    until: datetime,
    **more: Any,
) -> bool:
    """Take a row that was read with `attempts == seen`; it is due again at `until`.

    Return False if somebody else took it first. After the commit, the attempt counts even if
    the process dies; `seen + 1` is the fence that `finish` asks for.
    """
    taken = connection.execute(
        update(table)
        .where(table.c.id == row_id, table.c.attempts == seen)
        .values(attempts=seen + 1, next_attempt_at=until, **more)
    )
    return taken.rowcount == 1


def finish(
    connection: Connection,
    table: Table,
    row_id: int,
    *,
    fence: int,
    expect: str,
    **values: Any,
) -> None:
    """Conclude a claimed row: the last statement of the transaction that holds the effects.

    Raises StaleClaimError if the row was claimed again, or left the state `expect`, since it
    was taken; the transaction is then rolled back and no effect of it remains.
    """
    finished = connection.execute(
        update(table)
        .where(table.c.id == row_id, table.c.attempts == fence, table.c.state == expect)
        .values(**values)
    )
    if finished.rowcount != 1:
        raise StaleClaimError(f"{table.name} {row_id} was concluded by somebody else")
