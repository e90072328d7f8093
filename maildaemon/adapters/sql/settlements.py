"""What is still to be done in the mailbox: copies for Sent, drafts for Drafts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, func, select, update

from maildaemon.adapters.sql.claim import claim, finish
from maildaemon.adapters.sql.inserts import insert_missing
from maildaemon.adapters.sql.tables import message, outbox, settlement
from maildaemon.domain.delivery import MailKind, OutboxState, Section
from maildaemon.ports.rows import SettlementRow, Verb

# Put together once, as in `questions`.
_DUE = (
    select(
        settlement.c.id.label("settlement_id"),
        settlement.c.mailbox_id,
        settlement.c.outbox_id,
        settlement.c.verb,
        settlement.c.attempts,
        settlement.c.failures,
        outbox.c.kind,
        outbox.c.message_id,
        outbox.c.sections,
        outbox.c.raw,
        outbox.c.thread_id,
        outbox.c.queued_at,
        outbox.c.expires_at,
        outbox.c.concluded_at,
        message.c.recorded_at,
    )
    .join(outbox, outbox.c.id == settlement.c.outbox_id)
    .outerjoin(message, message.c.id == outbox.c.cause_id)
    .where(
        settlement.c.mailbox_id == bindparam("mailbox"),
        settlement.c.state == "waiting",
        settlement.c.next_attempt_at <= bindparam("now"),
    )
    .order_by(settlement.c.next_attempt_at)
    .limit(bindparam("most", type_=Integer))
)

_REMOVED = ("done", "marked", "given_up")


class SqlSettlements:
    """The half of `ports.store.Outbox` that concerns the mailbox."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def add_settlement(
        self, mailbox_id: int, outbox_id: int, at: datetime, verb: Verb = Verb.FILE_COPY
    ) -> None:
        """Have a mail put into the mailbox from that time on, once."""
        values = {
            "mailbox_id": mailbox_id,
            "verb": verb.value,
            "outbox_id": outbox_id,
            "state": "waiting",
            "attempts": 0,
            "failures": 0,
            "next_attempt_at": at,
        }
        if insert_missing(self._connection, settlement, [values]) == 0:
            # Another copy of what was deleted, or was to be, has turned up.
            over = _REMOVED if verb is Verb.REMOVE_PROBE else ("cancelled",)
            self._wait_again(outbox_id, verb, at, *over)

    def _wait_again(self, outbox_id: int, verb: Verb, at: datetime, *states: str) -> bool:
        again = self._connection.execute(
            update(settlement)
            .where(
                settlement.c.outbox_id == outbox_id,
                settlement.c.verb == verb.value,
                settlement.c.state.in_(states),
            )
            .values(state="waiting", next_attempt_at=at, failures=0, error=None)
        )
        return again.rowcount > 0

    def claim_settlements(
        self, mailbox_id: int, now: datetime, until: datetime, limit: int
    ) -> tuple[SettlementRow, ...]:
        """Take what is still to be done in the mailbox."""
        due = self._connection.execute(
            _DUE, {"mailbox": mailbox_id, "now": now, "most": limit}
        ).all()
        return tuple(
            SettlementRow(
                settlement_id=row.settlement_id,
                mailbox_id=row.mailbox_id,
                outbox_id=row.outbox_id,
                verb=Verb(row.verb),
                kind=MailKind(row.kind),
                message_id=row.message_id,
                sections=tuple(Section(section) for section in row.sections),
                raw=row.raw,
                fence=row.attempts + 1,
                failures=row.failures,
                thread_id=row.thread_id,
                queued_at=row.queued_at,
                expires_at=row.expires_at,
                # A copy waits from the moment at which the mail was sent.
                sent_at=row.concluded_at or row.queued_at,
                cause_recorded_at=row.recorded_at,
            )
            for row in due
            if claim(
                self._connection, settlement, row.settlement_id, seen=row.attempts, until=until
            )
        )

    def finish_settlement(self, row: SettlementRow, state: str, error: str | None) -> None:
        """See `ports.settlements`."""
        self._finish_settlement(row, state=state, error=error, next_attempt_at=None)

    def retry_settlement(
        self, row: SettlementRow, at: datetime, error: str, *, failed: bool
    ) -> None:
        """Try again at that time."""
        failures = row.failures + failed
        self._finish_settlement(row, failures=failures, error=error, next_attempt_at=at)

    def _finish_settlement(self, row: SettlementRow, **values: Any) -> None:
        finish(
            self._connection,
            settlement,
            row.settlement_id,
            fence=row.fence,
            expect="waiting",
            **values,
        )

    def drafts_to(
        self, mailbox_id: int, to: Sequence[str], since: datetime
    ) -> list[tuple[int, bytes]]:
        """Return the automatic mails that were left to a person, to any of these keys: rows and
        bytes.
        """
        drafts = select(outbox.c.id, outbox.c.raw).where(
            outbox.c.mailbox_id == mailbox_id,
            outbox.c.state == OutboxState.DRAFT.value,
            outbox.c.kind.in_((MailKind.RESPONSE.value, MailKind.TIMED.value)),
            func.lower(outbox.c.recipient).in_(to),
            outbox.c.queued_at >= since,
        )
        return [(row.id, row.raw) for row in self._connection.execute(drafts)]

    def draft_sent(self, outbox_id: int, now: datetime) -> None:
        """Note that a person has sent a draft as we wrote it; the first time counts."""
        draft = outbox.c.id == outbox_id, outbox.c.filed_at.is_(None)
        self._connection.execute(update(outbox).where(*draft).values(filed_at=now))

    def is_draft(self, outbox_id: int) -> bool:
        """Tell whether this mail is still meant for the Drafts folder."""
        draft = outbox.c.state == OutboxState.DRAFT.value, outbox.c.filed_at.is_(None)
        meant = select(outbox.c.id).where(outbox.c.id == outbox_id, *draft)
        return self._connection.scalar(meant) is not None

    def close_draft(self, outbox_id: int, state: OutboxState, why: str, now: datetime) -> None:
        """Conclude a draft, unless it was cancelled meanwhile; `draft`: it is in the folder."""
        self._connection.execute(
            update(outbox)
            .where(outbox.c.id == outbox_id, outbox.c.state == OutboxState.DRAFT.value)
            .values(state=state.value, why=why, concluded_at=now)
        )

    def _draft_again(self, outbox_id: int, now: datetime, expires_at: datetime) -> bool:
        """Let a draft that could not be put be tried again; False if it is none."""
        if not self._wait_again(outbox_id, Verb.PUT_DRAFT, now, "given_up"):
            return False
        self._connection.execute(
            update(outbox)
            .where(outbox.c.id == outbox_id)
            .values(
                state=OutboxState.DRAFT.value,
                expires_at=expires_at,
                concluded_at=None,
                why="retried by an operator",
            )
        )
        return True
