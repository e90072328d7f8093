"""The one mechanism by which work is taken and given back, the same on every database.

Taking work commits the next attempt before this one is made: the row is simply due again later
if we die. No state says "in progress", no heartbeat, nobody rescues. Zero rows changed means
that somebody else was first.
"""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, Update, bindparam, update

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
        _claiming(table),
        {"row": row_id, "seen": seen, "attempts": seen + 1, "next_attempt_at": until, **more},
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
        _finishing(table), {"row": row_id, "fence": fence, "expected": expect, **values}
    )
    if finished.rowcount != 1:
        raise StaleClaimError(f"{table.name} {row_id} was concluded by somebody else")


# What is given when they are executed, besides the names asked for here, is set.


@cache
def _claiming(table: Table) -> Update:
    return update(table).where(
        table.c.id == bindparam("row"), table.c.attempts == bindparam("seen")
    )


@cache
def _finishing(table: Table) -> Update:
    return update(table).where(
        table.c.id == bindparam("row"),
        table.c.attempts == bindparam("fence"),
        table.c.state == bindparam("expected"),
    )
