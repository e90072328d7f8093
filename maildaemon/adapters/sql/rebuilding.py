"""Records that are made anew from the mailbox and the kept bytes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from maildaemon.adapters.sql.tables import inbound, message, outbox, thread
from maildaemon.domain.automatic import Kind
from maildaemon.domain.delivery import OutboxState
from maildaemon.domain.threads import Status
from maildaemon.ports.rebuild import Holdings
from maildaemon.ports.rows import FolderRow

_UNSETTLED = (Status.OPEN.value, Status.WORKING.value, Status.PENDING.value)
# What we wrote stands in Sent, whatever became of what it answers.
_OURS = (Kind.OWN.value, Kind.STAFF.value)


class SqlRebuilding:
    """`ports.rebuild.Rebuilding` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def journaled(self, contents: Sequence[str]) -> frozenset[str]:
        """See `Rebuilding.journaled`."""
        there = select(inbound.c.raw_sha256).where(inbound.c.raw_sha256.in_(contents)).distinct()
        return frozenset(one for one in self._connection.scalars(there) if one)

    def settle_absent(self, folder: FolderRow, now: datetime) -> int:
        """See `Rebuilding.settle_absent`."""
        here = (
            select(message.c.thread_id)
            .join(inbound, inbound.c.message_id == message.c.id)
            .where(inbound.c.folder_id == folder.folder_id, message.c.thread_id.is_not(None))
        )
        elsewhere = (
            select(message.c.thread_id)
            .join(inbound, inbound.c.message_id == message.c.id)
            .where(
                inbound.c.folder_id != folder.folder_id,
                message.c.thread_id.is_not(None),
                message.c.kind.not_in(_OURS),
            )
        )
        return self._connection.execute(
            update(thread)
            .where(
                thread.c.status.in_(_UNSETTLED),
                thread.c.history.is_(True),
                thread.c.id.in_(here),
                thread.c.id.not_in(elsewhere),
            )
            .values(status=Status.RESOLVED.value, resolved_at=now)
        ).rowcount

    def revive(self, mailbox_id: int, since: datetime) -> int:
        """See `Rebuilding.revive`."""
        return self._connection.execute(
            update(thread)
            .where(
                thread.c.mailbox_id == mailbox_id,
                thread.c.history.is_(True),
                thread.c.last_message_at >= since,
            )
            .values(history=False)
        ).rowcount

    def holdings(self, mailbox_id: int) -> Holdings:
        """See `Rebuilding.holdings`."""
        count = select(func.count())
        threads = count.where(thread.c.mailbox_id == mailbox_id, thread.c.merged_into.is_(None))
        asked = (
            count.where(message.c.mailbox_id == mailbox_id),
            threads,
            threads.where(thread.c.status.in_((Status.OPEN.value, Status.WORKING.value))),
            threads.where(thread.c.status == Status.PENDING.value),
            count.where(
                outbox.c.mailbox_id == mailbox_id, outbox.c.state == OutboxState.SENT.value
            ),
            count.where(inbound.c.mailbox_id == mailbox_id, inbound.c.state == "parked"),
        )
        return Holdings(*(self._connection.scalar(one) or 0 for one in asked))
