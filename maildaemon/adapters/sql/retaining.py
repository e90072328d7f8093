"""Lets go of what was kept for long enough, by classes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select, update

from maildaemon.adapters.sql.erasing import unheld
from maildaemon.adapters.sql.tables import (
    attachment,
    event,
    inbound,
    ledger,
    message,
    outbox,
    thread,
    timer,
)
from maildaemon.domain.erasure import without_words
from maildaemon.domain.threads import Status

# What we owe an answer in is not over, however old it is.
_OUR_TURN = (Status.OPEN.value, Status.WORKING.value)
_WORDLESS = {"subject": "", "bare_subject": ""}


class SqlRetaining:
    """`ports.retention.Retaining` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def drop_raw(self, mailbox_id: int, before: datetime, most: int) -> tuple[int, tuple[str, ...]]:
        """See `Retaining.drop_raw`. What could not be read yet keeps its bytes."""
        rows = self._connection.execute(
            select(inbound.c.id, inbound.c.message_id, inbound.c.raw_sha256)
            .where(
                inbound.c.mailbox_id == mailbox_id,
                inbound.c.state == "done",
                inbound.c.received_at < before,
                inbound.c.raw_sha256.is_not(None),
            )
            .limit(most)
        ).all()
        for table, ids in (
            (inbound, [row.id for row in rows]),
            (message, [row.message_id for row in rows if row.message_id is not None]),
        ):
            self._connection.execute(
                update(table).where(table.c.id.in_(ids)).values(raw_sha256=None)
            )
        names = {row.raw_sha256 for row in rows}
        return len(rows), unheld(
            self._connection, names, inbound.c.raw_sha256, message.c.raw_sha256
        )

    def drop_files(
        self, mailbox_id: int, before: datetime, at: datetime, most: int
    ) -> tuple[int, tuple[str, ...]]:
        """See `Retaining.drop_files`. Their names go with the texts."""
        rows = self._connection.execute(
            select(attachment.c.id, attachment.c.sha256)
            .join(message, message.c.id == attachment.c.message_id)
            .where(
                message.c.mailbox_id == mailbox_id,
                message.c.received_at < before,
                attachment.c.dropped_at.is_(None),
            )
            .limit(most)
        ).all()
        ids = [row.id for row in rows]
        these = update(attachment).where(attachment.c.id.in_(ids))
        self._connection.execute(these.values(dropped_at=at, held_until=None))
        names = {row.sha256 for row in rows}
        held = select(attachment.c.sha256).where(
            attachment.c.sha256.in_(names), attachment.c.dropped_at.is_(None)
        )
        return len(rows), tuple(sorted(names - {*self._connection.scalars(held)}))

    def drop_bodies(self, mailbox_id: int, before: datetime, most: int) -> int:
        """See `Retaining.drop_bodies`: texts, subjects, names of files, our mails, notes."""
        said = or_(message.c.text != "", message.c.subject != "", message.c.reply_text != "")
        messages = self._messages(mailbox_id, before, said, most)
        gone = {"text": "", "reply_text": "", **_WORDLESS}
        self._connection.execute(update(message).where(message.c.id.in_(messages)).values(**gone))
        self._connection.execute(
            update(attachment)
            .where(attachment.c.message_id.in_(messages))
            .values(filename="", names=[])
        )
        return len(messages) + self._wordless_threads(mailbox_id, before, most)

    def _wordless_threads(self, mailbox_id: int, before: datetime, most: int) -> int:
        threads = self._threads(mailbox_id, before, thread.c.subject != "", most)
        self._connection.execute(update(thread).where(thread.c.id.in_(threads)).values(**_WORDLESS))
        noted = select(event).where(event.c.thread_id.in_(threads), event.c.event == "thread_noted")
        for row in self._connection.execute(noted).all():
            detail = without_words(row.detail, before)
            self._connection.execute(
                update(event).where(event.c.id == row.id).values(detail=detail, salt=None)
            )
        mails = self._connection.scalars(
            select(outbox.c.id)
            .where(
                outbox.c.mailbox_id == mailbox_id,
                outbox.c.concluded_at < before,
                outbox.c.raw != b"",
            )
            .limit(most)
        ).all()
        self._connection.execute(update(outbox).where(outbox.c.id.in_(mails)).values(raw=b""))
        return len(threads) + len(mails)

    def over(self, mailbox_id: int, before: datetime, most: int) -> Sequence[int]:
        """See `Retaining.over`."""
        return self._messages(mailbox_id, before, message.c.erased_at.is_(None), most)

    def drop_statistics(self, mailbox_id: int, before: datetime, most: int) -> int:
        """See `Retaining.drop_statistics`. That a message was seen stays: it is not new again."""
        # Whoever counts on from the newest entry (SQLite does) must not give its number again: what
        # is sealed up to there would seem forged.
        newest = self._connection.scalar(select(func.max(event.c.id)))
        last = exists().where(event.c.thread_id == thread.c.id, event.c.id == newest)
        told = exists().where(event.c.thread_id == thread.c.id) & ~last
        threads = self._threads(mailbox_id, before, told, most)
        for table in (event, timer, ledger):
            self._connection.execute(delete(table).where(table.c.thread_id.in_(threads)))
        nothing: dict[str, Any] = {
            "category": None,
            "tags": [],
            "first_reply_seconds": None,
            "seal": None,
            "history": True,
            "plan_wanted": False,
        }
        self._connection.execute(update(thread).where(thread.c.id.in_(threads)).values(**nothing))
        self._connection.execute(
            update(message)
            .where(message.c.thread_id.in_(threads))
            .values(rating=None, silence=None, understood=None)
        )
        return len(threads)

    def _messages(
        self, mailbox_id: int, before: datetime, wanted: ColumnElement[bool], most: int
    ) -> Sequence[int]:
        over = or_(thread.c.id.is_(None), self._is_over(before))
        return self._connection.scalars(
            select(message.c.id)
            .outerjoin(thread, thread.c.id == message.c.thread_id)
            .where(message.c.mailbox_id == mailbox_id, message.c.received_at < before, over, wanted)
            .order_by(message.c.id)
            .limit(most)
        ).all()

    def _threads(
        self, mailbox_id: int, before: datetime, wanted: ColumnElement[bool], most: int
    ) -> Sequence[int]:
        return self._connection.scalars(
            select(thread.c.id)
            .where(thread.c.mailbox_id == mailbox_id, self._is_over(before), wanted)
            .limit(most)
        ).all()

    def _is_over(self, before: datetime) -> ColumnElement[bool]:
        idle = thread.c.last_message_at < before
        return idle & (thread.c.history.is_(True) | thread.c.status.not_in(_OUR_TURN))
