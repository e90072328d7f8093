"""Changes at a person's word: to threads, and to mails of ours that were held back."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, func, select, update

from maildaemon.adapters.sql import second_look, timers
from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.inserts import insert_missing
from maildaemon.adapters.sql.matters import matter_as_columns, matter_of
from maildaemon.adapters.sql.outbox import SqlOutbox
from maildaemon.adapters.sql.questions import ASKED_AT
from maildaemon.adapters.sql.records import CHANGE_THREAD
from maildaemon.adapters.sql.tables import (
    event,
    ledger,
    message,
    order_number,
    outbox,
    participant,
    thread,
    undeliverable,
)
from maildaemon.domain.by_hand import HeldMail, ThreadState
from maildaemon.domain.delivery import MailKind, OutboxState, Phase, Section
from maildaemon.domain.threads import Status
from maildaemon.domain.understand import joined
from maildaemon.domain.understanding import Priority
from maildaemon.errors import StaleClaimError
from maildaemon.ports.rows import NewMail

# What belongs to a thread and moves with it.
_MOVING: tuple[Table, ...] = (message, outbox, ledger, order_number)
_COALESCED = ("acknowledged_at", "answered_at", "first_reply_seconds")


class SqlByHand:
    """`ports.by_hand.ByHand` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def thread(self, reference: str) -> ThreadState | None:
        """Return the thread with exactly this reference, None if there is none."""
        return self._thread(thread.c.reference == reference)

    def _thread(self, which: Any) -> ThreadState | None:
        row = self._connection.execute(select(thread).where(which)).first()
        return thread_state(row) if row else None

    def set_status(self, thread_id: int, status: Status, at: datetime) -> None:
        """Say whose turn it is."""
        resolved_at = at if status is Status.RESOLVED else None
        self._update(thread_id, status=status.value, by_hand=True, resolved_at=resolved_at)

    def set_priority(self, thread_id: int, priority: Priority) -> None:
        """Say how urgent a thread is."""
        self._update(thread_id, priority=priority.value)

    def is_asked(self, thread_id: int) -> bool:
        """Tell whether a customer has written in a thread whom nobody has answered since."""
        return self._connection.scalar(ASKED_AT, {"thread_id": thread_id}) is not None

    def last_was(self, thread_id: int, event_name: str) -> str | None:
        """Return what was before the newest event of this kind, None if there is none."""
        detail = self._connection.scalar(
            select(event.c.detail)
            .where(event.c.thread_id == thread_id, event.c.event == event_name)
            .order_by(event.c.id.desc())
            .limit(1)
        )
        return None if detail is None else detail.get("was")

    def mute(self, thread_id: int, until: datetime | None) -> None:
        """Let nothing automatic be said in a thread until then."""
        self._update(thread_id, muted_until=until)

    def assign(self, thread_id: int, name: str | None) -> None:
        """Note who looks after a thread."""
        self._update(thread_id, assigned_to=name)

    def merge(self, source: ThreadState, target: ThreadState, status: Status) -> dict[str, Any]:
        """Move everything of a thread into another, and leave a redirect."""
        done = {
            "moved": {table.name: self._move(table, source, target) for table in _MOVING},
            "people": self._admit(source, target),
            "redirected": self._redirect(source, target),
            "source_was": asdict(source)["status"],
            "target_was": asdict(target)["status"],
            "filled": self._fill(source, target),
            "matter_was": self._join_matters(source, target),
        }
        newest = self._connection.scalar(
            select(func.max(thread.c.last_message_at)).where(
                thread.c.id.in_((source.thread_id, target.thread_id))
            )
        )
        self._update(target.thread_id, status=status.value, last_message_at=newest)
        merged = {"merged_into": target.reference, "status": Status.IGNORED.value}
        self._update(source.thread_id, **merged)
        return done

    def last_merge(self, thread_id: int) -> dict[str, Any] | None:
        """Return what the last `merge` of this thread returned, None if there was none."""
        details = self._connection.scalars(
            select(event.c.detail)
            .where(event.c.thread_id == thread_id, event.c.event == "thread_merged")
            .order_by(event.c.id.desc())
        )
        return next((one["undo"] for one in details if "undo" in one), None)

    def split(self, source: ThreadState, target: ThreadState, merge: dict[str, Any]) -> None:
        """Undo a merge. What has come into the other thread since stays there."""
        for table in _MOVING:
            # A merge from before a table was there moved nothing of it.
            self._give_back(table, merge["moved"].get(table.name, []), source, target)
        self._connection.execute(
            update(thread)
            .where(
                thread.c.reference.in_(merge["redirected"]),
                # One of them may have been taken out again by itself.
                thread.c.merged_into == target.reference,
            )
            .values(merged_into=source.reference)
        )
        timers.keep_fired(self._connection, source.thread_id, target.thread_id)
        was = {"merged_into": None, "status": merge["source_was"], "kept_apart": True}
        self._update(source.thread_id, **was)
        self._update(target.thread_id, kept_apart=True)
        self._dismiss(target, merge["people"])
        newest = self._connection.scalar(
            select(func.max(message.c.received_at)).where(message.c.thread_id == target.thread_id)
        )
        before: dict[str, Any] = {} if newest is None else {"last_message_at": newest}
        if not self._written_since(source, target):
            before |= {"status": merge["target_was"], **dict.fromkeys(merge["filled"])}
            before |= merge.get("matter_was", {})
        self._update(target.thread_id, **before)

    def mail(self, outbox_id: int) -> HeldMail | None:
        """Return a mail of ours with what decides whether it may go, None if there is none."""
        row = self._connection.execute(select(outbox).where(outbox.c.id == outbox_id)).first()
        if row is None:
            return None
        until = self._connection.scalar(
            select(undeliverable.c.until).where(
                undeliverable.c.mailbox_id == row.mailbox_id,
                undeliverable.c.address_sha256 == digest(row.recipient.lower()),
            )
        )
        return HeldMail(
            outbox_id=row.id,
            mailbox_id=row.mailbox_id,
            state=OutboxState(row.state),
            sections=tuple(Section(one) for one in row.sections),
            recipient=row.recipient,
            expires_at=row.expires_at,
            thread=self._thread(thread.c.id == row.thread_id) if row.thread_id else None,
            undeliverable_until=until,
            draft=second_look.is_a_persons(self._connection, outbox_id),
            junked=row.why == second_look.WITHDRAWN,
        )

    def release(self, mail: HeldMail, now: datetime) -> None:
        """Queue a mail that was held back, due now."""
        # It counts, and waits, from now on; what was cancelled has counted since it was queued.
        since = {"queued_at": now} if mail.state is OutboxState.SHADOW else {}
        changed = self._connection.execute(
            update(outbox)
            .where(outbox.c.id == mail.outbox_id, outbox.c.state == mail.state.value)
            .values(
                state=OutboxState.QUEUED.value,
                phase=Phase.WAITING.value,
                uncertain_at=None,
                next_attempt_at=now,
                concluded_at=None,
                released_at=now,
                why="released by a person",
                **since,
            )
        )
        if changed.rowcount != 1:
            raise StaleClaimError(f"mail {mail.outbox_id} has just been changed by somebody else")
        if mail.state is OutboxState.SHADOW:
            self._count(mail.outbox_id, now)

    def _count(self, outbox_id: int, now: datetime) -> None:
        row = self._connection.execute(select(outbox).where(outbox.c.id == outbox_id)).one()
        sections = tuple(Section(one) for one in row.sections)
        mail = NewMail(
            mailbox_id=row.mailbox_id,
            thread_id=row.thread_id,
            cause_id=row.cause_id,
            message_id=row.message_id,
            kind=MailKind(row.kind),
            sections=sections,
            language=row.language,
            reverse_path=row.reverse_path,
            recipient=row.recipient,
            raw=row.raw,
            state=OutboxState.QUEUED,
            queued_at=now,
            send_at=now,
            expires_at=row.expires_at,
        )
        SqlOutbox(self._connection).count_response(mail)

    def _move(self, table: Table, source: ThreadState, target: ThreadState) -> list[int]:
        theirs = table.c.thread_id == source.thread_id
        ids = list(self._connection.scalars(select(table.c.id).where(theirs)))
        self._connection.execute(update(table).where(theirs).values(thread_id=target.thread_id))
        return ids

    def _give_back(
        self, table: Table, ids: list[int], source: ThreadState, target: ThreadState
    ) -> None:
        self._connection.execute(
            update(table)
            .where(table.c.id.in_(ids), table.c.thread_id == target.thread_id)
            .values(thread_id=source.thread_id)
        )

    def _admit(self, source: ThreadState, target: ThreadState) -> list[str]:
        """Let the people of a thread into another; return the hashes of those who are new."""
        there = set(self._people(target))
        rows = self._connection.execute(
            select(participant).where(participant.c.thread_id == source.thread_id)
        ).all()
        columns = ("address", "address_sha256", "name", "role", "proven")
        new = [
            {**{name: getattr(row, name) for name in columns}, "thread_id": target.thread_id}
            for row in rows
            if row.address_sha256 not in there
        ]
        insert_missing(self._connection, participant, new)
        return [row["address_sha256"] for row in new]

    def _people(self, one: ThreadState) -> list[str]:
        hashes = select(participant.c.address_sha256).where(
            participant.c.thread_id == one.thread_id
        )
        return list(self._connection.scalars(hashes))

    def _dismiss(self, target: ThreadState, people: list[str]) -> None:
        """Take those out again whom the merge let in, but for whoever has written there since."""
        wrote = select(message.c.sender_sha256).where(message.c.thread_id == target.thread_id)
        # Others that are part of it by now had let them in on the way.
        parts = select(thread.c.id).where(thread.c.merged_into == target.reference)
        there = participant.c.thread_id
        self._connection.execute(
            participant.delete().where(
                (there == target.thread_id) | there.in_(parts),
                participant.c.address_sha256.in_(people),
                participant.c.address_sha256.not_in(wrote),
            )
        )

    def _redirect(self, source: ThreadState, target: ThreadState) -> list[str]:
        """Let what led to the one thread lead to the other, so that one step is always enough."""
        led = thread.c.merged_into == source.reference
        references = list(self._connection.scalars(select(thread.c.reference).where(led)))
        self._connection.execute(update(thread).where(led).values(merged_into=target.reference))
        return references

    def _fill(self, source: ThreadState, target: ThreadState) -> list[str]:
        """Let the customer count as acknowledged or answered if he was in either thread."""
        filled = {
            name: getattr(source, name)
            for name in _COALESCED
            if getattr(target, name) is None and getattr(source, name) is not None
        }
        self._update(target.thread_id, **filled)
        return list(filled)

    def _join_matters(self, source: ThreadState, target: ThreadState) -> dict[str, Any]:
        """Let a thread be about what both are about; return what it was about before."""
        one, other = (
            matter_of(self._connection.execute(select(thread).where(thread.c.id == it)).one())
            for it in (target.thread_id, source.thread_id)
        )
        self._update(target.thread_id, **matter_as_columns(joined(one, other)))
        return matter_as_columns(one)

    def _written_since(self, source: ThreadState, target: ThreadState) -> bool:
        """Tell whether anything has come into the other thread since the merge."""
        merged_at = select(func.max(event.c.at)).where(
            event.c.thread_id == source.thread_id, event.c.event == "thread_merged"
        )
        since = select(func.count()).where(
            message.c.thread_id == target.thread_id,
            message.c.recorded_at > merged_at.scalar_subquery(),
        )
        return bool(self._connection.scalar(since))

    def _update(self, thread_id: int, **values: Any) -> None:
        if values:
            self._connection.execute(CHANGE_THREAD, {"thread": thread_id, **values})


def thread_state(row: Row[Any]) -> ThreadState:
    """Return a thread as a person's word finds it."""
    return ThreadState(
        thread_id=row.id,
        mailbox_id=row.mailbox_id,
        reference=row.reference,
        status=Status(row.status),
        acknowledged_at=row.acknowledged_at,
        answered_at=row.answered_at,
        first_reply_seconds=row.first_reply_seconds,
        muted_until=row.muted_until,
        assigned_to=row.assigned_to,
        merged_into=row.merged_into,
        priority=Priority(row.priority),
    )
