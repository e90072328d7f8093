"""What the command line lists: read-only queries."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, and_, cast, func, select

from maildaemon.adapters.sql.cases import IS_TOLD
from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.figures import SqlFigures
from maildaemon.adapters.sql.lines import (
    EventLine,
    FileLine,
    Line,
    MailLine,
    MessageLine,
    MessageTexts,
    NumberLine,
    ParkedLine,
    ParticipantLine,
    PlaceLine,
    RatingLine,
    ThreadLine,
    TimerLine,
)
from maildaemon.adapters.sql.standing import SqlStanding
from maildaemon.adapters.sql.store import SqlStore, SqlTransaction
from maildaemon.adapters.sql.tables import (
    attachment,
    event,
    folder,
    inbound,
    mailbox,
    message,
    order_number,
    outbox,
    participant,
    thread,
    timer,
)
from maildaemon.domain.attachments import Verdict
from maildaemon.domain.delivery import MailKind, OutboxState
from maildaemon.domain.figures import Chronicle, Sent
from maildaemon.domain.overview import Waiting
from maildaemon.domain.policy import Policy
from maildaemon.domain.ratings import words_beside
from maildaemon.domain.standing import Standing
from maildaemon.ports.store import Transaction
from maildaemon.ports.timers import DATE_NAMED


@contextmanager
def read_listings(store: SqlStore) -> Iterator["SqlListings"]:
    """Begin a transaction that only reads, so that all listings of a command fit together."""
    with store.read() as tx:
        yield listings_in(tx)


def listings_in(tx: Transaction) -> "SqlListings":
    """Return listings that show what this transaction sees, its own changes included."""
    assert isinstance(tx, SqlTransaction)  # noqa: S101  what every SqlStore gives out
    return SqlListings(tx._connection)  # noqa: SLF001  the same package, one connection


class SqlListings:
    """The questions of the command line, on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def mailbox_id(self, name: str) -> int | None:
        """Return the id of a mailbox, None if it has never been used."""
        return self._connection.scalar(select(mailbox.c.id).where(mailbox.c.name == name))

    def standing(self, mailbox_id: int, now: datetime) -> Standing:
        """Return how a mailbox is doing."""
        return SqlStanding(self._connection, mailbox_id, now).read()

    def chronicle(
        self, mailbox_id: int, policy: Policy, since: datetime, until: datetime, now: datetime
    ) -> Chronicle:
        """Return all that a report counts of a mailbox."""
        figures = SqlFigures(self._connection, mailbox_id)
        return figures.chronicle(policy, since, until, now)

    def lately(self, mailbox_id: int, since: datetime) -> tuple[dict[str, int], tuple[Sent, ...]]:
        """Return how often and why there was no automatic answer since then, and which mails of
        ours went.
        """
        return SqlFigures(self._connection, mailbox_id).lately(since)

    def waiting(self, mailbox_id: int, policy: Policy, now: datetime) -> tuple[Waiting, ...]:
        """Return the customers who wait for us."""
        return SqlFigures(self._connection, mailbox_id).waiting(policy, now)

    def threads(
        self,
        *,
        mailbox_name: str | None,
        limit: int | None,
        tag: str | None = None,
        **wanted: str | None,
    ) -> list[ThreadLine]:
        """Return threads, the last active first; `limit` None for all. `wanted` are values of
        columns, None for any. What was merged into another is left out: it is empty.
        """
        statement = _threads().where(thread.c.merged_into.is_(None))
        statement = statement.order_by(thread.c.last_message_at.desc(), thread.c.id.desc())
        for name, value in wanted.items():
            if value is not None:
                statement = statement.where(thread.c[name] == value)
        if tag is not None:
            # Tags are short names: nothing in them has a meaning of its own here.
            written = cast(thread.c.tags, Text)
            statement = statement.where(written.contains(f'"{tag}"', autoescape=True))
        return [_thread_line(row) for row in self._some(statement, mailbox_name, limit)]

    def thread(self, reference: str) -> ThreadLine | None:
        """Return a thread by its public reference."""
        row = self._connection.execute(
            _threads().where(thread.c.reference == reference.upper())
        ).first()
        return _thread_line(row) if row else None

    def participants(self, reference: str) -> list[ParticipantLine]:
        """Return who takes part in a thread."""
        statement = (
            select(participant.c.address, participant.c.name, participant.c.role)
            .join(thread, thread.c.id == participant.c.thread_id)
            .where(thread.c.reference == reference)
            .order_by(participant.c.id)
        )
        return [ParticipantLine.of(row) for row in self._connection.execute(statement)]

    def timers(self, reference: str) -> list[TimerLine]:
        """Return what is to happen in a thread, and what has; the earliest first."""
        statement = (
            select(*_columns(timer, TimerLine))
            .join(thread, thread.c.id == timer.c.thread_id)
            .where(thread.c.reference == reference, timer.c.state != "cancelled")
            .order_by(timer.c.due_at, timer.c.id)
        )
        return [TimerLine.of(row) for row in self._connection.execute(statement)]

    def numbers(self, reference: str) -> list[NumberLine]:
        """Return the order numbers that were named in a thread, each once."""
        statement = (
            select(*_columns(order_number, NumberLine))
            .join(thread, thread.c.id == order_number.c.thread_id)
            .where(thread.c.reference == reference)
            .order_by(order_number.c.id)
        )
        rows = self._connection.execute(statement)
        return [*dict.fromkeys(NumberLine.of(row) for row in rows)]

    def rating(self, reference: str) -> RatingLine | None:
        """Return how the customer of a thread rated the help, None if he has not."""
        row = self._connection.execute(
            select(message.c.rating, message.c.reply_text, message.c.id, message.c.received_at)
            .join(thread, thread.c.id == message.c.thread_id)
            .where(thread.c.reference == reference, message.c.rating.is_not(None))
            .order_by(message.c.received_at.desc(), message.c.id.desc())
            .limit(1)
        ).first()
        if row is None:
            return None
        words = words_beside(row.reply_text, row.rating)
        return RatingLine(row.rating, words, row.id, row.received_at)

    def events(self, reference: str) -> list[EventLine]:
        """Return the history of a thread and of those merged into it, oldest first."""
        statement = (
            select(
                event.c.at,
                event.c.event,
                event.c.message_id.label("message"),
                event.c.outbox_id.label("outbox"),
                event.c.detail,
            )
            .join(thread, thread.c.id == event.c.thread_id)
            .where((thread.c.reference == reference) | (thread.c.merged_into == reference))
            .order_by(event.c.id)
        )
        return [EventLine.of(row) for row in self._connection.execute(statement)]

    def messages_of(self, reference: str) -> list[MessageLine]:
        """Return the messages of a thread as they came."""
        statement = _messages().where(thread.c.reference == reference).order_by(message.c.id)
        return [MessageLine.of(row) for row in self._connection.execute(statement)]

    def messages(self, name: str) -> list[MessageLine]:
        """Return the messages with this number or Message-ID; several may share an id."""
        statement = _messages().order_by(message.c.id)
        if name.isascii() and name.isdigit():
            statement = statement.where(message.c.id == int(name))
        else:
            statement = statement.where(message.c.message_id_sha256 == digest(name))
        return [MessageLine.of(row) for row in self._connection.execute(statement)]

    def texts(self, message_id: int) -> MessageTexts:
        """Return the texts of a message."""
        row = self._connection.execute(
            select(message.c.text, message.c.reply_text).where(message.c.id == message_id)
        ).one()
        return MessageTexts.of(row)

    def places(self, message_id: int) -> list[PlaceLine]:
        """Return where a message was seen in the mailbox."""
        statement = (
            select(folder.c.name.label("folder"), inbound.c.uid, inbound.c.state)
            .join(folder, folder.c.id == inbound.c.folder_id)
            .where(inbound.c.message_id == message_id)
            .order_by(inbound.c.id)
        )
        return [PlaceLine.of(row) for row in self._connection.execute(statement)]

    def mails(
        self, *, mailbox_name: str | None, state: str | None, limit: int | None
    ) -> list[MailLine]:
        """Return mails of ours, newest first; of those to ourselves only what was not sent."""
        sent_to_us = and_(
            outbox.c.kind == MailKind.PROBE.value, outbox.c.state == OutboxState.SENT.value
        )
        statement = _mails().where(~sent_to_us).order_by(outbox.c.id.desc())
        if state is not None:
            statement = statement.where(outbox.c.state == state)
        return [MailLine.of(row) for row in self._some(statement, mailbox_name, limit)]

    def mail(self, outbox_id: int) -> tuple[MailLine, bytes] | None:
        """Return a mail of ours with its bytes."""
        row = self._connection.execute(_mails().where(outbox.c.id == outbox_id)).first()
        if row is None:
            return None
        raw = self._connection.scalar(select(outbox.c.raw).where(outbox.c.id == outbox_id))
        return MailLine.of(row), bytes(raw or b"")

    def mails_of(self, reference: str) -> list[MailLine]:
        """Return the mails of ours in a thread."""
        statement = _mails().where(thread.c.reference == reference).order_by(outbox.c.id)
        return [MailLine.of(row) for row in self._connection.execute(statement)]

    def mails_for(self, message_id: int) -> list[MailLine]:
        """Return the mails of ours that respond to a message."""
        statement = _mails().where(outbox.c.cause_id == message_id).order_by(outbox.c.id)
        return [MailLine.of(row) for row in self._connection.execute(statement)]

    def files(
        self, verdicts: tuple[Verdict, ...], *, mailbox_name: str | None, limit: int | None
    ) -> list[FileLine]:
        """Return files with one of these verdicts, newest first."""
        statement = (
            _files()
            .where(attachment.c.verdict.in_([one.value for one in verdicts]))
            .order_by(attachment.c.id.desc())
        )
        return [FileLine.of(row) for row in self._some(statement, mailbox_name, limit)]

    def file(self, attachment_id: int) -> FileLine | None:
        """Return one file."""
        row = self._connection.execute(_files().where(attachment.c.id == attachment_id)).first()
        return FileLine.of(row) if row else None

    def files_of(self, message_id: int) -> list[FileLine]:
        """Return the files of a message in their order."""
        statement = _files().where(message.c.id == message_id).order_by(attachment.c.position)
        return [FileLine.of(row) for row in self._connection.execute(statement)]

    def parked(self, *, mailbox_name: str | None) -> list[ParkedLine]:
        """Return what could not be processed, oldest first."""
        statement = (
            select(
                *_columns(inbound, ParkedLine),
                mailbox.c.name.label("mailbox"),
                folder.c.name.label("folder"),
            )
            .join(mailbox, mailbox.c.id == inbound.c.mailbox_id)
            .join(folder, folder.c.id == inbound.c.folder_id)
            .where(inbound.c.state == "parked")
            .order_by(inbound.c.id)
        )
        return [ParkedLine.of(row) for row in self._some(statement, mailbox_name, None)]

    def _some(
        self, statement: Select[Any], mailbox_name: str | None, limit: int | None
    ) -> Iterator[Row[Any]]:
        if mailbox_name is not None:
            statement = statement.where(mailbox.c.name == mailbox_name)
        yield from self._connection.execute(statement.limit(limit))


def _columns(table: Any, line: type[Line], *not_these: str) -> list[Any]:
    """Return the columns of a table that are called like fields of a line."""
    fields: list[str] = list(getattr(line, "__dataclass_fields__", ()))
    return [table.c[name] for name in fields if name in table.c and name not in not_these]


def _threads() -> Select[Any]:
    linked = thread.alias("linked")
    customer = (
        select(participant.c.address)
        .where(participant.c.thread_id == thread.c.id, participant.c.role == "customer")
        .order_by(participant.c.id)
        .limit(1)
        .scalar_subquery()
    )
    rating = (
        select(message.c.rating)
        .where(message.c.thread_id == thread.c.id, message.c.rating.is_not(None))
        .order_by(message.c.received_at.desc(), message.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    count = select(func.count()).where(message.c.thread_id == thread.c.id).scalar_subquery()
    told = (
        select(event.c.detail)
        .join(outbox, outbox.c.id == event.c.outbox_id)
        .where(event.c.thread_id == thread.c.id, event.c.event == DATE_NAMED, IS_TOLD)
        .order_by(event.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            *_columns(thread, ThreadLine, "linked_to"),
            mailbox.c.name.label("mailbox"),
            customer.label("customer"),
            count.label("messages"),
            rating.label("rating"),
            told.label("told"),
            linked.c.reference.label("linked_to"),
        )
        .join(mailbox, mailbox.c.id == thread.c.mailbox_id)
        .outerjoin(linked, linked.c.id == thread.c.linked_to)
    )


def _thread_line(row: Row[Any]) -> ThreadLine:
    values = {**row._mapping}  # noqa: SLF001  the documented way to a row as a mapping
    told = values.pop("told")
    return ThreadLine(**values, promised_at=told and datetime.fromisoformat(told["until"]))


def _messages() -> Select[Any]:
    return (
        select(
            *_columns(message, MessageLine),
            mailbox.c.name.label("mailbox"),
            thread.c.reference.label("thread"),
        )
        .join(mailbox, mailbox.c.id == message.c.mailbox_id)
        .outerjoin(thread, thread.c.id == message.c.thread_id)
    )


def _mails() -> Select[Any]:
    return (
        select(
            *_columns(outbox, MailLine),
            mailbox.c.name.label("mailbox"),
            thread.c.reference.label("thread"),
            outbox.c.cause_id.label("cause"),
        )
        .join(mailbox, mailbox.c.id == outbox.c.mailbox_id)
        .outerjoin(thread, thread.c.id == outbox.c.thread_id)
    )


def _files() -> Select[Any]:
    return (
        select(
            *_columns(attachment, FileLine),
            mailbox.c.name.label("mailbox"),
            thread.c.reference.label("thread"),
            message.c.id.label("message"),
            message.c.from_address,
            message.c.received_at,
        )
        .join(message, message.c.id == attachment.c.message_id)
        .join(mailbox, mailbox.c.id == message.c.mailbox_id)
        .outerjoin(thread, thread.c.id == message.c.thread_id)
    )
