"""The journal and the records, as an audit holds them against the mailbox."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, func, select, tuple_

from maildaemon.adapters.sql.inserts import CHUNK
from maildaemon.adapters.sql.tables import gap, inbound, message, outbox
from maildaemon.domain.automatic import Kind
from maildaemon.ports.audit import JournalLine, Twice
from maildaemon.ports.rows import FolderRow

_LINE = (
    select(
        inbound.c.uid,
        inbound.c.state,
        inbound.c.header_only,
        inbound.c.received_at,
        message.c.message_id,
        inbound.c.error,
    )
    .select_from(inbound)
    .outerjoin(message, message.c.id == inbound.c.message_id)
)


class SqlAudits:
    """`ports.audit.Audits` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def lines(self, folder: FolderRow, uids: Sequence[int]) -> dict[int, JournalLine]:
        """See `Audits.lines`."""
        asked = (_LINE.where(*_in(folder), inbound.c.uid.in_(some)) for some in _chunks(uids))
        return {line.uid: line for one in asked for line in self._lines(one)}

    def _lines(self, statement: Select[Any]) -> tuple[JournalLine, ...]:
        return tuple(JournalLine(*row) for row in self._connection.execute(statement))

    def withheld(self, folder: FolderRow, uids: Sequence[int]) -> frozenset[int]:
        """See `Audits.withheld`."""
        found: set[int] = set()
        for some in _chunks(uids):
            found.update(
                self._connection.scalars(
                    select(gap.c.uid).where(
                        gap.c.folder_id == folder.folder_id,
                        gap.c.uidvalidity == folder.uidvalidity,
                        gap.c.state.in_(("open", "alarmed")),
                        gap.c.uid.in_(some),
                    )
                )
            )
        return frozenset(found)

    def lines_since(
        self, folder: FolderRow, since: datetime, after: int, most: int
    ) -> tuple[JournalLine, ...]:
        """See `Audits.lines_since`."""
        return self._lines(
            _LINE.where(*_in(folder), inbound.c.uid > after, inbound.c.received_at >= since)
            .order_by(inbound.c.uid)
            .limit(most)
        )

    def copies_doubled(self, folder: FolderRow, since: datetime) -> tuple[Twice, ...]:
        """See `Audits.copies_doubled`."""
        doubled = (
            _own_in(folder, since, message.c.message_id_sha256)
            .group_by(message.c.message_id_sha256)
            .having(func.count() > 1)
        )
        copies = _own_in(
            folder, since, message.c.message_id, inbound.c.uid, inbound.c.received_at
        ).where(message.c.message_id_sha256.in_(doubled))
        return _gathered(self._connection.execute(copies.order_by(inbound.c.uid)))

    def mails_unknown(self, folder: FolderRow, since: datetime) -> tuple[JournalLine, ...]:
        """See `Audits.mails_unknown`."""
        ours = exists().where(outbox.c.message_id == message.c.message_id)
        renamed = exists().where(outbox.c.provider_id_sha256 == message.c.message_id_sha256)
        return self._lines(
            _LINE.where(
                *_in(folder),
                inbound.c.received_at >= since,
                message.c.kind == Kind.OWN.value,
                ~ours,
                ~renamed,
            ).order_by(inbound.c.uid)
        )

    def recorded_alike(self, mailbox_id: int, since: datetime) -> tuple[Twice, ...]:
        """See `Audits.recorded_alike`."""
        alike = (message.c.message_id_sha256, message.c.sender_sha256, message.c.sent_at)
        several = (
            select(*alike)
            .where(
                message.c.mailbox_id == mailbox_id,
                message.c.received_at >= since,
                message.c.sent_at.is_not(None),
            )
            .group_by(*alike)
            .having(func.count() > 1)
        )
        rows = self._connection.execute(
            select(message.c.message_id, message.c.id, message.c.received_at, message.c.text)
            .where(
                message.c.mailbox_id == mailbox_id,
                tuple_(*alike).in_(several),
                message.c.erased_at.is_(None),
            )
            .order_by(message.c.id)
        )
        # A list that adds its footer sends the same mail with another text: both are kept.
        found = _gathered(rows, lambda row: (row.message_id, " ".join(row.text.split())))
        return tuple(one for one in found if len(one.where) > 1)

    def forget(self, folder: FolderRow, uid: int) -> None:
        """See `Audits.forget`."""
        self._connection.execute(delete(inbound).where(*_in(folder), inbound.c.uid == uid))


def _in(folder: FolderRow) -> tuple[Any, Any]:
    return (
        inbound.c.folder_id == folder.folder_id,
        inbound.c.uidvalidity == folder.uidvalidity,
    )


def _own_in(folder: FolderRow, since: datetime, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(inbound)
        .join(message, message.c.id == inbound.c.message_id)
        .where(
            *_in(folder),
            inbound.c.received_at >= since,
            message.c.kind == Kind.OWN.value,
        )
    )


def _gathered(
    rows: Iterable[Any], key: Callable[[Any], object] = lambda row: row.message_id
) -> tuple[Twice, ...]:
    """Return rows of (Message-ID, number, date, …), those of one message together."""
    found: dict[object, Twice] = {}
    for row in rows:
        message_id, number, received_at = row[:3]
        before = found.get(key(row))
        where = (*before.where, number) if before else (number,)
        found[key(row)] = Twice(message_id, where, received_at)
    return tuple(found.values())


def _chunks(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), CHUNK):
        yield uids[start : start + CHUNK]
