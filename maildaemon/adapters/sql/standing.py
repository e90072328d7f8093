"""Counts what tells how a mailbox is doing; every count runs along an index."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
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
)
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
from maildaemon.ports.rows import Verb

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)


class SqlStanding:
    """The counts of one mailbox, on one connection."""

    def __init__(self, connection: Connection, mailbox_id: int, now: datetime) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection
        self._mailbox_id = mailbox_id
        self._now = now

    def read(self) -> Standing:
        """Return everything at once."""
        row = self._connection.execute(
            select(mailbox.c.name, mailbox.c.started_at, mailbox.c.late_since).where(
                mailbox.c.id == self._mailbox_id
            )
        ).one()
        held_by, waiting = SqlLeases(self._connection).holding(row.name)
        return Standing(
            started_at=row.started_at,
            in_force=self._in_force(row.name),
            held_by=held_by,
            waiting=waiting,
            imap=self._account("imap"),
            smtp=self._account("smtp"),
            inbound=self._inbound(),
            outbox=self._outbox(row.late_since),
            files=self._files(),
            probe=SqlProbes(self._connection).standing(self._mailbox_id, self._now),
            concerns=self._concerns(),
            brakes=SqlBrakes(self._connection).on(self._mailbox_id),
            muted=self._muted(),
        )

    def _in_force(self, name: str) -> InForce | None:
        noted = SqlBrakes(self._connection).fact(fact_of(self._mailbox_id))
        found = InForce.read(noted) if noted else None
        # What a daemon has noted that holds the mailbox no more tells nothing of the present one.
        stands = found is not None and found.fence == SqlLeases(self._connection).fence(name)
        return found if stands else None

    def _muted(self) -> tuple[MutedStanding, ...]:
        rows = self._connection.execute(
            select(muted_sender.c.address, muted_sender.c.until)
            .where(muted_sender.c.mailbox_id == self._mailbox_id, muted_sender.c.until > self._now)
            .order_by(muted_sender.c.until)
        )
        return tuple(MutedStanding(row.address, row.until) for row in rows)

    def _concerns(self) -> tuple[Concern, ...]:
        rows = self._connection.execute(
            select(concern.c.what, concern.c.advice, concern.c.since)
            .where(concern.c.mailbox_id == self._mailbox_id)
            .order_by(concern.c.since, concern.c.name)
        )
        return tuple(Concern(*row) for row in rows)

    def _account(self, service: str) -> Account:
        columns = [account.c[name] for name in Account.__dataclass_fields__]
        row = self._connection.execute(
            select(*columns).where(
                account.c.mailbox_id == self._mailbox_id, account.c.service == service
            )
        ).first()
        return Account(*row) if row else Account()

    def _inbound(self) -> InboundStanding:
        ours = inbound.c.mailbox_id == self._mailbox_id
        live = and_(ours, inbound.c.state == "waiting", inbound.c.history == false())
        history = and_(ours, inbound.c.state == "waiting", inbound.c.history == true())
        gaps = select(func.count()).select_from(gap).join(folder, folder.c.id == gap.c.folder_id)
        gaps = gaps.where(folder.c.mailbox_id == self._mailbox_id)
        return InboundStanding(
            waiting=self._count(live),
            oldest_at=self._connection.scalar(select(func.min(inbound.c.recorded_at)).where(live)),
            history=self._count(history),
            parked=self._count(ours, inbound.c.state == "parked"),
            gaps=self._connection.scalar(gaps.where(gap.c.state.in_(("open", "alarmed")))) or 0,
            gaps_alarmed=self._connection.scalar(gaps.where(gap.c.state == "alarmed")) or 0,
        )

    def _outbox(self, late_since: datetime | None) -> OutboxStanding:
        ours = outbox.c.mailbox_id == self._mailbox_id
        queued = and_(ours, outbox.c.state == OutboxState.QUEUED.value)
        due = and_(queued, outbox.c.next_attempt_at <= self._now)
        ours_there = settlement.c.mailbox_id == self._mailbox_id
        copies = and_(ours_there, settlement.c.verb == Verb.FILE_COPY.value)
        stuck = and_(settlement.c.verb == Verb.PUT_DRAFT.value, settlement.c.failures > 0)
        since = {OutboxState.SENT: _DAY}
        ended = {
            state.value: self._count(
                ours,
                outbox.c.kind != MailKind.PROBE.value,
                outbox.c.state == state.value,
                outbox.c.concluded_at >= self._now - since.get(state, _WEEK),
            )
            for state in (
                OutboxState.SENT,
                OutboxState.FAILED,
                OutboxState.EXPIRED,
                OutboxState.UNKNOWN,
            )
        }
        due_since = self._connection.scalar(select(func.min(outbox.c.next_attempt_at)).where(due))
        slot = select(mailbox.c.next_slot_at).where(mailbox.c.id == self._mailbox_id)
        slot_at = self._connection.scalar(slot)
        queued_count = self._count(queued)
        return OutboxStanding(
            queued=queued_count,
            due=self._count(due),
            # What waits for its turn is not overdue.
            due_since=max(due_since, slot_at) if due_since and slot_at else due_since,
            late_since=late_since if queued_count else None,
            uncertain=self._count(queued, outbox.c.phase == "dot"),
            drafts=self._count(
                ours,
                outbox.c.state == OutboxState.DRAFT.value,
                outbox.c.concluded_at >= self._now - _WEEK,
            ),
            shadow=self._count(ours, outbox.c.state == OutboxState.SHADOW.value),
            held=self._count(ours, outbox.c.state == OutboxState.HELD.value),
            drafts_stuck=self._count(ours_there, settlement.c.state == "waiting", stuck),
            copies_waiting=self._count(copies, settlement.c.state == "waiting"),
            copies_given_up=self._count(copies, settlement.c.state == "given_up"),
            **ended,
        )

    def _files(self) -> FilesStanding:
        def count(verdict: str) -> int:
            statement = (
                select(func.count())
                .select_from(attachment)
                .join(message, message.c.id == attachment.c.message_id)
                .where(
                    attachment.c.verdict == verdict,
                    attachment.c.held_until > self._now,
                    attachment.c.released_at.is_(None),
                    message.c.mailbox_id == self._mailbox_id,
                )
            )
            return self._connection.scalar(statement) or 0

        return FilesStanding(held=count("held"), refused=count("refused"))

    def _count(self, *conditions: ColumnElement[Any]) -> int:
        return self._connection.scalar(select(func.count()).where(*conditions)) or 0
