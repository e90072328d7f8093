"""Looks which queues hold something that is due."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    exists,
    false,
    literal,
    or_,
    select,
    true,
    union_all,
)

from maildaemon.adapters.sql.cases import ARMED
from maildaemon.adapters.sql.tables import (
    alert,
    inbound,
    mailbox,
    outbox,
    settlement,
    thread,
    timer,
)
from maildaemon.adapters.sql.values import at_most
from maildaemon.domain.delivery import OutboxState
from maildaemon.ports.due import Queue


def _waiting(queue: Table, state: str, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    """Tell whether there is a first one: along the index, whatever the server takes for usual."""
    due = select(queue.c.id).where(
        queue.c.mailbox_id == mailbox.c.id,
        queue.c.state == state,
        *more,
        queue.c.next_attempt_at <= bindparam("now"),
    )
    return due.order_by(queue.c.next_attempt_at).limit(at_most(1)).scalar_subquery().is_not(None)


def _where(step: str, *found: ColumnElement[bool]) -> Select[Any]:
    ours = mailbox.c.id.in_(bindparam("mailboxes", expanding=True))
    return select(mailbox.c.id, literal(step).label("step")).where(ours, or_(*found))


# Put together once, as in `questions`. Each is a few steps along an index, however long the queue.
_QUEUES = union_all(
    _where(
        "process",
        _waiting(inbound, "waiting", inbound.c.history == false()),
        _waiting(inbound, "waiting", inbound.c.history == true()),
    ),
    _where(
        "fire",
        exists().where(thread.c.mailbox_id == mailbox.c.id, thread.c.plan_wanted == true()),
        _waiting(timer, ARMED),
    ),
    _where("deliver", _waiting(outbox, OutboxState.QUEUED.value)),
    _where("settle", _waiting(settlement, "waiting")),
)

# As `alerts` has it: what is not spread yet, what is due, and what a clock that was ahead put off.
_ALARMS = select(
    exists().where(
        alert.c.state == "waiting",
        or_(
            alert.c.path.is_(None),
            alert.c.next_attempt_at <= bindparam("now"),
            alert.c.at > bindparam("now"),
        ),
    )
)


class SqlDue:
    """`ports.due.Due` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def queues(self, mailbox_ids: Collection[int], now: datetime) -> frozenset[Queue]:
        """Return which queues hold something that is due."""
        asked = {"mailboxes": sorted(mailbox_ids), "now": now}
        return frozenset((row.id, row.step) for row in self._connection.execute(_QUEUES, asked))

    def alarms(self, now: datetime) -> bool:
        """Tell whether an alarm is to be spread or told, by whatever path."""
        return bool(self._connection.scalar(_ALARMS, {"now": now}))
