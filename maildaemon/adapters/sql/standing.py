"""Counts what tells how a mailbox is doing; every count runs along an index."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Label,
    ScalarSelect,
    and_,
    bindparam,
    false,
    func,
    select,
    true,
)

from maildaemon.adapters.sql.brakes import SqlBrakes
from maildaemon.adapters.sql.leases import SqlLeases
from maildaemon.adapters.sql.probes import SqlProbes
from maildaemon.adapters.sql.tables import (
    account,
    attachment,
    concern,
    folder,
    gap,
    inbound,
    mailbox,
    message,
    muted_sender,
    outbox,
    settlement,
    thread,
)
from maildaemon.domain.automatic import Kind
from maildaemon.domain.delivery import MailKind, OutboxState
from maildaemon.domain.in_force import InForce, fact_of
from maildaemon.domain.standing import (
    Account,
    Concern,
    FilesStanding,
    InboundStanding,
    MutedStanding,
    OutboxStanding,
    Standing,
)
from maildaemon.domain.threads import Status
from maildaemon.ports.rows import Verb

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)

# Put together once, as in `questions`: somebody looks every other minute, at every mailbox.
_OURS: Any = bindparam("mailbox_id")
_NOW: Any = bindparam("now")
_WEEK_AGO: Any = bindparam("week_ago")

_MAILBOX = select(
    mailbox.c.name, mailbox.c.started_at, mailbox.c.late_since, mailbox.c.next_slot_at
).where(mailbox.c.id == _OURS)
_MUTED = (
    select(muted_sender.c.address, muted_sender.c.until)
    .where(muted_sender.c.mailbox_id == _OURS, muted_sender.c.until > _NOW)
    .order_by(muted_sender.c.until)
)
_CONCERNS = (
    select(concern.c.what, concern.c.advice, concern.c.since)
    .where(concern.c.mailbox_id == _OURS)
    .order_by(concern.c.since, concern.c.name)
)
_ACCOUNTS = select(
    account.c.service, *(account.c[name] for name in Account.__dataclass_fields__)
).where(account.c.mailbox_id == _OURS)


def _count(*conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    return select(func.count()).where(*conditions).scalar_subquery()


def _waiting(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(inbound.c.mailbox_id == _OURS, inbound.c.state == "waiting", *conditions)


def _gaps(*states: str) -> ScalarSelect[Any]:
    ours = select(func.count()).select_from(gap).join(folder, folder.c.id == gap.c.folder_id)
    return ours.where(folder.c.mailbox_id == _OURS, gap.c.state.in_(states)).scalar_subquery()


_LIVE = _waiting(inbound.c.history == false())
_INBOUND = select(
    _count(_LIVE).label("waiting"),
    select(func.min(inbound.c.recorded_at)).where(_LIVE).scalar_subquery().label("oldest_at"),
    _count(_waiting(inbound.c.history == true())).label("history"),
    _count(inbound.c.mailbox_id == _OURS, inbound.c.state == "parked").label("parked"),
    _gaps("open", "alarmed").label("gaps"),
    _gaps("alarmed").label("gaps_alarmed"),
)


def _mails(state: OutboxState, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(outbox.c.mailbox_id == _OURS, outbox.c.state == state.value, *conditions)


def _ended(state: OutboxState, since: Any) -> Label[Any]:
    not_probe = outbox.c.kind != MailKind.PROBE.value
    return _count(_mails(state, not_probe, outbox.c.concluded_at >= since)).label(state.value)


def _settlements(verb: Verb, state: str, *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    return _count(
        settlement.c.mailbox_id == _OURS,
        settlement.c.verb == verb.value,
        settlement.c.state == state,
        *conditions,
    )


_DUE = _mails(OutboxState.QUEUED, outbox.c.next_attempt_at <= _NOW)
_OUTBOX = select(
    _count(_mails(OutboxState.QUEUED)).label("queued"),
    _count(_DUE).label("due"),
    select(func.min(outbox.c.next_attempt_at)).where(_DUE).scalar_subquery().label("due_since"),
    _count(_mails(OutboxState.QUEUED, outbox.c.phase == "dot")).label("uncertain"),
    _count(_mails(OutboxState.DRAFT, outbox.c.concluded_at >= _WEEK_AGO)).label("drafts"),
    _count(_mails(OutboxState.SHADOW)).label("shadow"),
    _count(_mails(OutboxState.HELD)).label("held"),
    _settlements(Verb.PUT_DRAFT, "waiting", settlement.c.failures > 0).label("drafts_stuck"),
    _settlements(Verb.FILE_COPY, "waiting").label("copies_waiting"),
    _settlements(Verb.FILE_COPY, "given_up").label("copies_given_up"),
    _ended(OutboxState.SENT, bindparam("day_ago")),
    *(
        _ended(state, _WEEK_AGO)
        for state in (OutboxState.FAILED, OutboxState.EXPIRED, OutboxState.UNKNOWN)
    ),
)


def _files(verdict: str) -> ScalarSelect[Any]:
    return (
        select(func.count())
        .select_from(attachment)
        .join(message, message.c.id == attachment.c.message_id)
        .where(
            attachment.c.verdict == verdict,
            attachment.c.held_until > _NOW,
            attachment.c.released_at.is_(None),
            message.c.mailbox_id == _OURS,
        )
        .scalar_subquery()
    )


_TOO_LARGE = (
    select(func.count(message.c.id.distinct()))
    .select_from(message)
    .join(thread, thread.c.id == message.c.thread_id)
    .join(inbound, inbound.c.message_id == message.c.id)
    .where(
        message.c.mailbox_id == _OURS,
        message.c.kind == Kind.CUSTOMER.value,
        message.c.recorded_at >= _WEEK_AGO,
        message.c.history.is_(False),
        inbound.c.header_only.is_(True),
        thread.c.status.in_((Status.OPEN.value, Status.WORKING.value)),
    )
    .scalar_subquery()
)
_FILES = select(
    _files("held").label("held"),
    _files("refused").label("refused"),
    _TOO_LARGE.label("too_large"),
)


class SqlStanding:
    """The counts of one mailbox, on one connection."""

    def __init__(self, connection: Connection, mailbox_id: int, now: datetime) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection
        self._mailbox_id = mailbox_id
        self._now = now

    def read(self) -> Standing:
        """Return everything at once."""
        ours = {"mailbox_id": self._mailbox_id}
        of_now = {**ours, "now": self._now, "week_ago": self._now - _WEEK}
        row = self._connection.execute(_MAILBOX, ours).one()
        held_by, waiting = SqlLeases(self._connection).holding(row.name)
        accounts = {
            service: Account(*columns)
            for service, *columns in self._connection.execute(_ACCOUNTS, ours)
        }
        in_force = self._in_force(row.name)
        # By a clock that was ahead it may be in the future: then nobody knows.
        known = in_force is not None and in_force.since <= self._now
        return Standing(
            started_at=row.started_at,
            began_at=in_force.since if in_force and known else None,
            in_force=in_force,
            held_by=held_by,
            waiting=waiting,
            imap=accounts.get("imap", Account()),
            smtp=accounts.get("smtp", Account()),
            inbound=InboundStanding(*self._connection.execute(_INBOUND, ours).one()),
            outbox=self._outbox(row.late_since, row.next_slot_at),
            files=FilesStanding(*self._connection.execute(_FILES, of_now).one()),
            probe=SqlProbes(self._connection).standing(self._mailbox_id, self._now),
            concerns=tuple(Concern(*one) for one in self._connection.execute(_CONCERNS, ours)),
            brakes=SqlBrakes(self._connection).on(self._mailbox_id),
            muted=tuple(MutedStanding(*one) for one in self._connection.execute(_MUTED, of_now)),
        )

    def _in_force(self, name: str) -> InForce | None:
        noted = SqlBrakes(self._connection).fact(fact_of(self._mailbox_id))
        found = InForce.read(noted) if noted else None
        # What a daemon has noted that holds the mailbox no more tells nothing of the present one.
        stands = found is not None and found.fence == SqlLeases(self._connection).fence(name)
        return found if stands else None

    def _outbox(self, late_since: datetime | None, slot_at: datetime | None) -> OutboxStanding:
        asked = {
            "mailbox_id": self._mailbox_id,
            "now": self._now,
            "week_ago": self._now - _WEEK,
            "day_ago": self._now - _DAY,
        }
        found = OutboxStanding(
            **self._connection.execute(_OUTBOX, asked).one()._mapping  # noqa: SLF001  as in `lines`
        )
        since = found.due_since
        return replace(
            found,
            turn_at=slot_at if since and slot_at and slot_at > self._now else None,
            # What waits for its turn is not overdue.
            due_since=max(since, slot_at) if since and slot_at else since,
            late_since=late_since if found.queued else None,
        )
