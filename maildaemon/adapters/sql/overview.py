"""How a whole mailbox stands, for people; `ports.overview` says what each part means."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, or_, select

from maildaemon.adapters.sql.standing import SqlStanding
from maildaemon.adapters.sql.tables import (
    attachment,
    event,
    folder,
    inbound,
    message,
    outbox,
    participant,
    thread,
)
from maildaemon.adapters.sql.timers import SqlTimers
from maildaemon.adapters.sql.transcript import read_transcript
from maildaemon.domain.attachments import Verdict
from maildaemon.domain.automatic import Kind
from maildaemon.domain.delivery import MailKind, OutboxState
from maildaemon.domain.overview import (
    About,
    Day,
    KeptFile,
    Mail,
    MailboxFacts,
    Owed,
    OwnMail,
    Wait,
    Waiting,
    find_wait,
)
from maildaemon.domain.policy import Policy, Reads
from maildaemon.domain.standing import Standing, lasting_troubles
from maildaemon.domain.threads import Status
from maildaemon.domain.transcript import Transcript
from maildaemon.domain.understanding import Priority

_OURS = (Status.OPEN.value, Status.WORKING.value)
_MOST = 200
_LONGEST = 200
# A draft that nobody has sent by then is not wanted.
_DRAFTS_SINCE = timedelta(days=14)
_UNTOLD_SINCE = timedelta(days=7)
_NOT_DELIVERED = (OutboxState.FAILED, OutboxState.EXPIRED, OutboxState.UNKNOWN)
_CUSTOMER = (
    select(participant.c.address)
    .where(participant.c.thread_id == thread.c.id, participant.c.role == "customer")
    .order_by(participant.c.id)
    .limit(1)
    .scalar_subquery()
    .label("customer")
)
_ABOUT = (thread.c.reference, thread.c.subject.label("about"), _CUSTOMER)


class SqlOverview:
    """`ports.overview.Overview` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def facts(
        self, mailbox_id: int, policy: Policy, poll_every: timedelta, since: datetime, now: datetime
    ) -> MailboxFacts:
        """Return how a mailbox stands now, and what has happened in it since then."""
        standing = SqlStanding(self._connection, mailbox_id, now).read()
        troubles = lasting_troubles(standing, poll_every, now)
        if policy.reads is Reads.SENT_ONLY:
            return MailboxFacts(policy.mailbox, troubles=troubles)
        look = _Look(self._connection, mailbox_id, since, now)
        waiting, owed, unlisted = open_threads(self._connection, mailbox_id, policy, now, _MOST)
        return MailboxFacts(
            mailbox=policy.mailbox,
            mode=policy.mode,
            day=look.day(),
            troubles=troubles,
            waiting=waiting,
            owed=owed,
            unlisted=unlisted,
            held=look.mails(outbox.c.state == OutboxState.HELD.value),
            drafts=look.mails(*look.unsent_drafts()),
            shadow=look.mails(
                outbox.c.state == OutboxState.SHADOW.value, outbox.c.queued_at >= since
            ),
            failed=look.mails(
                outbox.c.kind != MailKind.PROBE.value,
                outbox.c.state.in_([one.value for one in _NOT_DELIVERED]),
                outbox.c.concluded_at >= since,
            ),
            files=tuple(look.files()),
            junk=tuple(look.junk()),
            bounced=tuple(look.bounces()),
            parked=tuple(look.parked()),
            too_large=tuple(look.too_large()),
            withheld=tuple(look.withheld()),
            feedback=tuple(look.feedback()),
        )

    def standing(self, mailbox_id: int, now: datetime) -> Standing:
        """Return how a mailbox is doing."""
        return SqlStanding(self._connection, mailbox_id, now).read()

    def transcript(self, thread_id: int) -> Transcript | None:
        """Return what a thread's customer and our people have written to each other."""
        return read_transcript(self._connection, thread_id)


def open_threads(
    connection: Connection, mailbox_id: int, policy: Policy, now: datetime, most: int | None
) -> tuple[tuple[Waiting, ...], tuple[Owed, ...], int]:
    """Return who waits, what is open otherwise, and how many were not looked into: all but `most`,
    which were opened first.
    """
    ours = (
        thread.c.mailbox_id == mailbox_id,
        thread.c.status.in_(_OURS),
        thread.c.history.is_(False),
        thread.c.merged_into.is_(None),
        thread.c.junked_at.is_(None),
    )
    rows = connection.execute(
        select(thread, thread.c.subject.label("about"), _CUSTOMER)
        .where(*ours)
        .order_by(thread.c.opened_at, thread.c.id)
        .limit(most)
    ).all()
    waiting: list[Waiting] = []
    owed: list[Owed] = []
    for row in rows:
        wait = find_wait(SqlTimers(connection).history(row.id), policy, now)
        if wait is None:
            owed.append(Owed(_conversation(row), row.last_message_at))
        else:
            waiting.append(_waiting(row, wait))
    every = select(func.count()).where(*ours)
    left = (connection.scalar(every) or 0) - len(rows) if len(rows) == most else 0
    return tuple(waiting), tuple(owed), left


def _waiting(row: Row[Any], wait: Wait) -> Waiting:
    return Waiting(
        about=_conversation(row),
        wait=wait,
        priority=Priority(row.priority),
        working=row.status == Status.WORKING.value,
        assigned_to=row.assigned_to,
    )


class _Look:
    """One look at one mailbox."""

    def __init__(
        self,
        connection: Connection,
        mailbox_id: int,
        since: datetime,
        now: datetime,
    ) -> None:
        self._connection = connection
        self._mailbox_id = mailbox_id
        self._since = since
        self._now = now

    def day(self) -> Day:
        """Return what has happened."""
        ours, new = message.c.mailbox_id == self._mailbox_id, message.c.recorded_at >= self._since
        answers = select(func.count(message.c.thread_id.distinct())).where(
            ours, new, message.c.kind == Kind.STAFF.value, message.c.staff_answer.is_(True)
        )
        return Day(
            came=self._count(
                ours, new, message.c.kind == Kind.CUSTOMER.value, message.c.history.is_(False)
            ),
            answered=self._connection.scalar(answers) or 0,
            resolved=self._count(
                thread.c.mailbox_id == self._mailbox_id,
                thread.c.status == Status.RESOLVED.value,
                thread.c.resolved_at >= self._since,
            ),
            sent=self._count(
                outbox.c.mailbox_id == self._mailbox_id,
                outbox.c.state == OutboxState.SENT.value,
                outbox.c.concluded_at >= self._since,
                outbox.c.kind.in_((MailKind.RESPONSE.value, MailKind.TIMED.value)),
            ),
        )

    def mails(self, *which: ColumnElement[bool]) -> tuple[OwnMail, ...]:
        """Return mails of ours, the oldest first."""
        statement = (
            select(outbox, *_ABOUT)
            .outerjoin(thread, thread.c.id == outbox.c.thread_id)
            .where(outbox.c.mailbox_id == self._mailbox_id, *which)
            .order_by(outbox.c.id)
        )
        return tuple(
            OwnMail(
                outbox_id=row.id,
                recipient=row.recipient,
                what=" and ".join(row.sections or (row.kind,)),
                at=row.queued_at,
                about=_about(row),
                why=_why(row),
            )
            for row in self._some(statement)
        )

    def unsent_drafts(self) -> tuple[ColumnElement[bool], ...]:
        """Tell of an outbox row whether it is a draft after which no person has written."""
        written = exists().where(
            message.c.thread_id == outbox.c.thread_id,
            message.c.kind == Kind.STAFF.value,
            message.c.received_at >= outbox.c.queued_at,
        )
        return (
            outbox.c.state == OutboxState.DRAFT.value,
            outbox.c.queued_at >= self._now - _DRAFTS_SINCE,
            ~written,
        )

    def files(self) -> Iterator[KeptFile]:
        """Yield files that wait for a judgement, and those that were refused."""
        refused = and_(
            attachment.c.verdict == Verdict.REFUSED.value,
            or_(
                message.c.recorded_at >= self._since,
                and_(
                    attachment.c.told_at.is_(None),
                    message.c.recorded_at >= self._now - _UNTOLD_SINCE,
                ),
            ),
        )
        held = and_(
            attachment.c.verdict == Verdict.HELD.value,
            attachment.c.released_at.is_(None),
            attachment.c.dropped_at.is_(None),
            attachment.c.held_until > self._now,
        )
        statement = (
            self._messages(attachment)
            .join(attachment, attachment.c.message_id == message.c.id)
            .where(
                or_(held, refused),
                message.c.kind.in_((Kind.CUSTOMER.value, Kind.BULK.value, Kind.LIST.value)),
                message.c.history.is_(False),
            )
            .order_by(attachment.c.id)
        )
        for row in self._some(statement):
            yield KeptFile(
                attachment_id=row.id,
                filename=row.filename,
                reason=row.reason or "",
                held=row.verdict == Verdict.HELD.value,
                told=row.told_at is not None,
                sender=row.from_address,
                about=_about(row),
            )

    def junk(self) -> Iterator[Mail]:
        """Yield what lies in Junk from whom we have had real mail, or have answered."""
        other = message.alias("other")
        wrote = exists().where(
            other.c.mailbox_id == self._mailbox_id,
            other.c.sender_sha256 == message.c.sender_sha256,
            other.c.kind == Kind.CUSTOMER.value,
            other.c.in_junk.is_(False),
        )
        conversation = thread.alias("conversation")
        answered = (
            exists()
            .where(
                participant.c.address_sha256 == message.c.sender_sha256,
                participant.c.role == "customer",
            )
            .where(
                conversation.c.id == participant.c.thread_id,
                conversation.c.mailbox_id == self._mailbox_id,
                conversation.c.answered_at.is_not(None),
            )
        )
        statement = self._new(Kind.SPAM).where(message.c.in_junk.is_(True), or_(wrote, answered))
        for row in self._some(statement):
            # The thread that it opened itself is none that anybody knows.
            yield Mail(row.from_address, row.subject, row.received_at)

    def bounces(self) -> Iterator[Mail]:
        """Yield reports that a mail of ours, or of staff's, did not arrive."""
        for row in self._some(self._new(Kind.BOUNCE).where(message.c.thread_id.is_not(None))):
            for recipient in _recipients(row.report):
                status = recipient.get("status")
                what = f"The other server says {status}" if status else ""
                to = recipient.get("address") or ""
                yield Mail(to, row.subject, row.received_at, what, _about(row))

    def parked(self) -> Iterator[Mail]:
        """Yield what could not be processed."""
        statement = (
            select(inbound, folder.c.name.label("place"))
            .join(folder, folder.c.id == inbound.c.folder_id)
            .where(inbound.c.mailbox_id == self._mailbox_id, inbound.c.state == "parked")
            .order_by(inbound.c.id)
        )
        for row in self._some(statement):
            error = (row.error or "")[:_LONGEST]
            yield Mail("", f"Message {row.id}, in {row.place}", row.received_at, error)

    def too_large(self) -> Iterator[Mail]:
        """Yield mails of customers of which only the header was read."""
        statement = self._new(Kind.CUSTOMER).where(
            exists().where(inbound.c.message_id == message.c.id, inbound.c.header_only.is_(True))
        )
        for row in self._some(statement):
            yield Mail(row.from_address, row.subject, row.received_at, about=_about(row))

    def withheld(self) -> Iterator[Mail]:
        """Yield what a partner should have got, and must not."""
        statement = (
            self._messages(event)
            .join(event, event.c.message_id == message.c.id)
            .where(
                # Found by their threads: events have no index of their own.
                thread.c.mailbox_id == self._mailbox_id,
                thread.c.last_message_at >= self._since - _UNTOLD_SINCE,
                event.c.thread_id == thread.c.id,
                event.c.event == "forward_withheld",
                event.c.at >= self._since,
            )
            .order_by(event.c.id)
        )
        for row in self._some(statement):
            what = f"For {row.detail['partner']}: {row.detail['why']}"
            yield Mail(row.from_address, row.subject, row.received_at, what, _about(row))

    def feedback(self) -> Iterator[Mail]:
        """Yield what customers have said about us."""
        for row in self._some(self._new(Kind.FEEDBACK)):
            said = " ".join(row.reply_text.split())[:_LONGEST]
            yield Mail(row.from_address, row.subject, row.received_at, said, _about(row))

    def _new(self, kind: Kind) -> Select[Any]:
        return (
            self._messages()
            .where(
                message.c.kind == kind.value,
                message.c.recorded_at >= self._since,
                message.c.history.is_(False),
            )
            .order_by(message.c.id)
        )

    def _messages(self, *more: Any) -> Select[Any]:
        said = (
            message.c.from_address,
            message.c.subject,
            message.c.received_at,
            message.c.reply_text,
            message.c.report,
        )
        return (
            select(*more, *said, *_ABOUT)
            .select_from(message)
            .outerjoin(thread, thread.c.id == message.c.thread_id)
            .where(message.c.mailbox_id == self._mailbox_id)
        )

    def _some(self, statement: Select[Any]) -> Iterable[Row[Any]]:
        return self._connection.execute(statement.limit(_MOST)).all()

    def _count(self, *conditions: ColumnElement[bool]) -> int:
        return self._connection.scalar(select(func.count()).where(*conditions)) or 0


def _about(row: Row[Any]) -> About | None:
    return None if row.reference is None else _conversation(row)


def _conversation(row: Row[Any]) -> About:
    return About(row.reference, row.customer or "", row.about)


def _why(row: Row[Any]) -> str:
    said = f"{row.reply_code} {row.reply_text}" if row.reply_code else row.why or ""
    return said[:_LONGEST] if row.state in {one.value for one in _NOT_DELIVERED} else ""


def _recipients(report: Any) -> list[dict[str, Any]]:
    return list((report or {}).get("recipients") or [{}])
