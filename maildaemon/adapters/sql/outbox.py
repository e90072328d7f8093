"""What is to be sent, what was sent, and what is still to be filed in the mailbox."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from maildaemon.adapters.sql import questions, second_look
from maildaemon.adapters.sql.claim import claim, finish
from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.inserts import insert_new
from maildaemon.adapters.sql.settlements import SqlSettlements
from maildaemon.adapters.sql.tables import ledger, message, outbox, settlement
from maildaemon.adapters.sql.values import at_most
from maildaemon.domain.authentication import person_key
from maildaemon.domain.delivery import (
    TOO_LATE,
    MailKind,
    OutboxState,
    Phase,
    Reply,
    Section,
    provider_id,
)
from maildaemon.domain.waiting import RETRIED_MAIL_LIVES
from maildaemon.errors import StaleClaimError
from maildaemon.ports.rows import NewMail, OutboxRow

_QUEUED = OutboxState.QUEUED.value
# States out of which a proof of acceptance still leads to `sent`.
_NOT_PROVEN = tuple(
    state.value for state in OutboxState if state not in {OutboxState.SENT, OutboxState.SHADOW}
)

# Put together once, as in `questions`.
_ID_OF = select(outbox.c.id).where(outbox.c.message_id == bindparam("message_id"))
_ONE = outbox.c.id == bindparam("row")
# The sum keeps PostgreSQL from looking for the lowest key along the primary key, through all that
# was ever sent.
_DUE = select(func.min(outbox.c.id + 0)).where(
    outbox.c.mailbox_id == bindparam("mailbox"),
    outbox.c.state == _QUEUED,
    outbox.c.next_attempt_at <= bindparam("now"),
)
_DUE_OF_KIND = _DUE.where(outbox.c.kind == bindparam("of_kind"))
_ENDING = _DUE.where(
    or_(outbox.c.phase == Phase.DOT.value, outbox.c.expires_at <= bindparam("now"))
)
_ROW = (
    select(outbox, message.c.recorded_at)
    .outerjoin(message, message.c.id == outbox.c.cause_id)
    .where(_ONE)
)
_STATE = select(outbox.c.state).where(_ONE)
_CHANGE = update(outbox).where(_ONE)
_NEWEST_ENTRY = select(func.max(ledger.c.id)).where(
    ledger.c.mailbox_id == bindparam("mailbox_id"),
    ledger.c.recipient_sha256 == bindparam("recipient"),
)
_ENTER = insert(ledger)


class SqlOutbox(SqlSettlements):
    """`ports.store.Outbox` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        super().__init__(connection)
        self._connection = connection

    def queue(self, mail: NewMail) -> int | None:
        """Queue a mail; None if the same cause has queued one already, and not withdrawn it."""
        values = {
            "message_id": mail.message_id,
            "mailbox_id": mail.mailbox_id,
            "thread_id": mail.thread_id,
            "cause_id": mail.cause_id,
            "kind": mail.kind.value,
            "sections": [section.value for section in mail.sections],
            "language": mail.language,
            "reverse_path": mail.reverse_path,
            "recipient": mail.recipient,
            "raw": mail.raw,
            "state": mail.state.value,
            "phase": Phase.WAITING.value,
            "attempts": 0,
            "failures": 0,
            "next_attempt_at": mail.send_at if mail.state is OutboxState.QUEUED else None,
            "queued_at": mail.queued_at,
            "expires_at": mail.expires_at,
            "resent": False,
            "released_at": None,
            # In a simulation it is accepted in the same moment.
            "concluded_at": mail.queued_at if mail.state is OutboxState.SENT else None,
            "why": TOO_LATE if mail.state is OutboxState.HELD else None,
        }
        queued = insert_new(self._connection, outbox, **values)
        if queued is None:
            # One that was taken back before it was sent may be queued anew.
            del values["attempts"]  # the fence of whoever still holds it must not come again
            again = self._connection.execute(
                update(outbox)
                .where(
                    outbox.c.message_id == mail.message_id,
                    outbox.c.state == OutboxState.CANCELLED.value,
                    outbox.c.why == second_look.WITHDRAWN,
                )
                .values(**values)
            )
            if again.rowcount == 0:
                return None
            queued = self._connection.scalar(_ID_OF, {"message_id": mail.message_id})
        return queued

    def adopt(self, mail: NewMail) -> int | None:
        """Enter a mail that was sent before these records began; None if it is known."""
        adopted = self.queue(mail)
        if adopted is not None:
            seen = {"concluded_at": mail.queued_at, "filed_at": mail.queued_at}
            self._connection.execute(_CHANGE, {"row": adopted, **seen, "why": "found in Sent"})
        return adopted

    def count_response(self, mail: NewMail) -> None:
        """Enter a response into the ledger; StaleClaimError if another process was faster."""
        recipient = digest(person_key(mail.recipient))
        # Not how many there are: were old ones deleted, a key would come a second time.
        asked = {"mailbox_id": mail.mailbox_id, "recipient": recipient}
        newest = self._connection.scalar(_NEWEST_ENTRY, asked)
        entries = [_entry(mail, f"response:{mail.mailbox_id}:{recipient}:{newest or 0}", recipient)]
        if Section.ACKNOWLEDGEMENT in mail.sections and mail.thread_id is not None:
            # It only holds the key "one acknowledgement a thread", and counts for nobody.
            key = f"acknowledgement:{mail.thread_id}"
            entries.append({**_entry(mail, key, ""), "thread_id": None})
        try:
            self._connection.execute(_ENTER, entries)
        except IntegrityError as error:
            raise StaleClaimError("another process has just answered this person") from error

    def next_due(self, mailbox_id: int, now: datetime) -> OutboxRow | None:
        """Return the queued row that is to be looked at next: what only is to be concluded first,
        then as they were queued. Ids are given in that order, and stand in the index.
        """
        asked = {"mailbox": mailbox_id, "now": now}
        first = self._connection.scalar(_ENDING, asked) or self._connection.scalar(_DUE, asked)
        if first is None:
            return None
        return _outbox_row(self._connection.execute(_ROW, {"row": first}).one())

    def next_of_kind(self, mailbox_id: int, kind: MailKind, now: datetime) -> OutboxRow | None:
        """Return the queued row of this kind that is to be sent next."""
        asked = {"mailbox": mailbox_id, "now": now}
        first = self._connection.scalar(_DUE_OF_KIND, {**asked, "of_kind": kind.value})
        if first is None:
            return None
        return _outbox_row(self._connection.execute(_ROW, {"row": first}).one())

    def claim(self, row: OutboxRow, until: datetime) -> OutboxRow | None:
        """Take a row; None if it was taken, concluded or cancelled meanwhile."""
        state = self._connection.scalar(_STATE, {"row": row.outbox_id})
        more = {} if row.phase is Phase.DOT else {"phase": Phase.CLAIMED.value}
        took = state == _QUEUED and claim(
            self._connection, outbox, row.outbox_id, seen=row.fence, until=until, **more
        )
        return replace(row, fence=row.fence + 1) if took else None

    def mark_dot(self, row: OutboxRow, now: datetime, until: datetime) -> None:
        """Note that from now on the server may have accepted the mail."""
        self._finish(row, phase=Phase.DOT.value, uncertain_at=now, next_attempt_at=until)

    def sent(self, row: OutboxRow, reply: Reply, now: datetime) -> None:
        """Conclude as sent. Beats every fence: a 250 happened, whatever was decided since."""
        given = provider_id(reply.text)
        self._connection.execute(
            _CHANGE,
            {
                "row": row.outbox_id,
                "state": OutboxState.SENT.value,
                "phase": Phase.WAITING.value,
                "next_attempt_at": None,
                "concluded_at": now,
                "reply_code": reply.code,
                "reply_text": reply.text,
                "provider_id_sha256": digest(given) if given else None,
                "why": "accepted",
            },
        )

    def conclude(
        self, row: OutboxRow, state: OutboxState, why: str, now: datetime, reply: Reply | None
    ) -> None:
        """Conclude a claimed row finally without a 250."""
        self._finish(
            row,
            state=state.value,
            phase=Phase.WAITING.value,
            next_attempt_at=None,
            concluded_at=now,
            why=why,
            **_reply(reply),
        )

    def retry(
        self, row: OutboxRow, at: datetime, why: str, reply: Reply | None, *, failed: bool
    ) -> None:
        """Give a claimed row back to be tried from the start at that time."""
        self._finish(
            row,
            phase=Phase.WAITING.value,
            uncertain_at=None,
            next_attempt_at=at,
            failures=row.failures + failed,
            why=why,
            **_reply(reply),
        )

    def resend(self, row: OutboxRow, at: datetime) -> None:
        """Give an uncertain row back to be sent once more, and list it as resent."""
        self._finish(
            row,
            phase=Phase.WAITING.value,
            uncertain_at=None,
            next_attempt_at=at,
            resent=True,
            why="no witness was found; sent once more",
        )

    def wait_uncertain(self, row: OutboxRow, at: datetime, why: str) -> None:
        """Look again at that time whether a witness has been seen."""
        self._finish(row, next_attempt_at=at, why=why)

    def _finish(self, row: OutboxRow, **values: Any) -> None:
        finish(self._connection, outbox, row.outbox_id, fence=row.fence, expect=_QUEUED, **values)

    def witnessed(self, mailbox_id: int, message_id: str, now: datetime) -> int | None:
        """Conclude a mail as sent because it was seen; return its id if that was news."""
        outbox_id: int | None = self._connection.scalar(
            select(outbox.c.id).where(
                outbox.c.mailbox_id == mailbox_id,
                outbox.c.message_id == message_id,
                outbox.c.state.in_(_NOT_PROVEN),
            )
        )
        if outbox_id is None:
            return None
        self._connection.execute(
            update(outbox)
            .where(outbox.c.id == outbox_id)
            .values(
                state=OutboxState.SENT.value,
                phase=Phase.WAITING.value,
                next_attempt_at=None,
                concluded_at=now,
                why="seen by a witness",
            )
        )
        return outbox_id

    def note_filed(self, mailbox_id: int, message_id: str, now: datetime) -> None:
        """Note that a copy of a mail was seen in Sent; the first time counts."""
        self._connection.execute(
            update(outbox)
            .where(
                outbox.c.mailbox_id == mailbox_id,
                outbox.c.message_id == message_id,
                outbox.c.filed_at.is_(None),
            )
            .values(filed_at=now)
        )

    def is_filed(self, outbox_id: int) -> bool:
        """Tell whether a copy of the mail was seen in Sent."""
        filed_at = self._connection.scalar(
            select(outbox.c.filed_at).where(outbox.c.id == outbox_id)
        )
        return filed_at is not None

    def accepted_since(self, mailbox_id: int, message_id: str, since: datetime) -> bool:
        """Tell whether the server has accepted this mail of ours since then."""
        accepted = exists().where(
            outbox.c.mailbox_id == mailbox_id,
            outbox.c.message_id == message_id,
            outbox.c.state == OutboxState.SENT.value,
            outbox.c.concluded_at >= since,
        )
        return bool(self._connection.scalar(select(accepted)))

    def server_files_still(self, mailbox_id: int, until: datetime) -> bool:
        """Tell whether the server itself filed the newest mail that it has accepted and filed, or
        accepted by then.
        """
        newest = self._connection.execute(
            select(outbox.c.filed_at, settlement.c.state)
            .outerjoin(settlement, settlement.c.outbox_id == outbox.c.id)
            .where(
                outbox.c.mailbox_id == mailbox_id,
                outbox.c.kind != MailKind.PROBE.value,
                outbox.c.state == OutboxState.SENT.value,
                outbox.c.filed_at.is_not(None) | (outbox.c.concluded_at <= until),
            )
            .order_by(outbox.c.concluded_at.desc(), outbox.c.id.desc())
            .limit(at_most(1))
        ).first()
        return bool(newest and newest.filed_at and newest.state in {None, "by_server"})

    def cancel_thread(self, thread_id: int, why: str, now: datetime) -> int:
        """Cancel what is queued in a thread; return how many mails."""
        return second_look.cancel_thread(self._connection, thread_id, why, now)

    def cancel_acknowledgements(self, thread_id: int, why: str, now: datetime) -> int:
        """Cancel what is queued in a thread and only acknowledges; return how many mails."""
        return second_look.cancel_acknowledgements(self._connection, thread_id, why, now)

    def withdraw(self, thread_id: int, now: datetime) -> int:
        """Cancel what is queued in a thread as if it had never been queued; return how many."""
        return second_look.withdraw(self._connection, thread_id, now)

    def sent_between(self, mailbox_id: int, since: datetime, until: datetime) -> int:
        """Return how many mails were accepted in this time."""
        asked = {"mailbox_id": mailbox_id, "since": since, "now": until}
        return self._connection.scalar(questions.SENT_BETWEEN, asked) or 0

    def timed_since(self, mailbox_id: int, since: datetime) -> int:
        """Return how many mails that time brought were accepted since then."""
        counted = select(func.count()).where(
            outbox.c.mailbox_id == mailbox_id,
            outbox.c.state == OutboxState.SENT.value,
            outbox.c.concluded_at > since,
            outbox.c.kind == MailKind.TIMED.value,
        )
        return self._connection.scalar(counted) or 0

    def discard(self, mailbox_id: int, why: str, now: datetime) -> int:
        """Cancel everything that waits and surely has not left us; return how many mails."""
        return self._connection.execute(
            update(outbox)
            .where(outbox.c.mailbox_id == mailbox_id, second_look.is_unsent())
            .values(
                state=OutboxState.CANCELLED.value, next_attempt_at=None, concluded_at=now, why=why
            )
        ).rowcount

    def doubt_queued(self, mailbox_id: int, at: datetime, look_at: datetime) -> int:
        """Take everything that is queued for uncertain since `at`; return how many mails."""
        return self._connection.execute(
            update(outbox)
            .where(*_unsent(mailbox_id))
            .values(
                phase=Phase.DOT.value,
                uncertain_at=at,
                next_attempt_at=look_at,
                attempts=outbox.c.attempts + 1,
                why="the database was restored: it may have been sent before",
            )
        ).rowcount

    def is_known(self, message_id: str) -> bool:
        """Tell whether any mailbox has ever queued a mail of this Message-ID."""
        known = exists().where(outbox.c.message_id == message_id)
        return bool(self._connection.scalar(select(known)))

    def retry_now(self, outbox_id: int, now: datetime) -> bool:
        """Make a failed, expired or unknown mail due again; an operator's word."""
        # A draft is a person's to send: it goes back to where it was on its way.
        if self._draft_again(outbox_id, now, now + RETRIED_MAIL_LIVES):
            return True
        again = (OutboxState.FAILED, OutboxState.EXPIRED, OutboxState.UNKNOWN)
        changed = self._connection.execute(
            update(outbox)
            .where(outbox.c.id == outbox_id, outbox.c.state.in_([s.value for s in again]))
            .values(
                state=_QUEUED,
                phase=Phase.WAITING.value,
                uncertain_at=None,
                next_attempt_at=now,
                # It had its time; without more it would expire at the first look.
                expires_at=now + RETRIED_MAIL_LIVES,
                concluded_at=None,
                released_at=now,
                why="retried by an operator",
            )
        )
        return changed.rowcount > 0

    def cancel(self, outbox_id: int, why: str, now: datetime) -> bool:
        """Cancel a queued mail; an operator's word."""
        changed = self._connection.execute(
            update(outbox)
            .where(
                outbox.c.id == outbox_id,
                second_look.is_unsent(),
            )
            .values(
                state=OutboxState.CANCELLED.value,
                next_attempt_at=None,
                concluded_at=now,
                why=why,
            )
        )
        return changed.rowcount > 0


def _unsent(mailbox_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        outbox.c.mailbox_id == mailbox_id,
        outbox.c.state == _QUEUED,
        outbox.c.phase != Phase.DOT.value,
    )


def _entry(mail: NewMail, key: str, recipient: str) -> dict[str, Any]:
    return {
        "key": key,
        "mailbox_id": mail.mailbox_id,
        "recipient_sha256": recipient,
        "thread_id": mail.thread_id,
        "at": mail.queued_at,
    }


def _reply(reply: Reply | None) -> dict[str, Any]:
    if reply is None:
        return {}
    return {"reply_code": reply.code, "reply_text": reply.text}


def _outbox_row(row: Row[Any]) -> OutboxRow:
    return OutboxRow(
        outbox_id=row.id,
        mailbox_id=row.mailbox_id,
        thread_id=row.thread_id,
        message_id=row.message_id,
        kind=MailKind(row.kind),
        sections=tuple(Section(section) for section in row.sections),
        reverse_path=row.reverse_path,
        recipient=row.recipient,
        raw=row.raw,
        state=OutboxState(row.state),
        phase=Phase(row.phase),
        fence=row.attempts,
        failures=row.failures,
        queued_at=row.queued_at,
        due_at=row.next_attempt_at,
        expires_at=row.expires_at,
        uncertain_at=row.uncertain_at,
        resent=row.resent,
        released_at=row.released_at,
        cause_recorded_at=row.recorded_at,
    )
