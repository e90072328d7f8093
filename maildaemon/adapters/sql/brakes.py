"""What stops automatic mail, or lets it wait."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from maildaemon.adapters.sql import questions
from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.tables import (
    brake,
    inbound,
    installation,
    mailbox,
    muted_sender,
    outbox,
    settlement,
    undeliverable,
)
from maildaemon.domain.brakes import Brake, Braking
from maildaemon.domain.delivery import OutboxState
from maildaemon.domain.pacing import Queue
from maildaemon.domain.waiting import LONGEST_WAITS
from maildaemon.ports.brakes import Muted

_FACT_NAME_AT_MOST = 32
# Put together once, as in `questions`.
_IT = mailbox.c.id == bindparam("mailbox_id")
_PACED = select(mailbox.c.paced_until, mailbox.c.paced_at).where(_IT)
_LATE_SINCE = select(mailbox.c.late_since).where(_IT)
_BEGUN_AT = select(mailbox.c.begun_at).where(_IT)
_CHANGE = update(mailbox).where(_IT)
_QUEUED_AT = select(outbox.c.queued_at).where(outbox.c.id == bindparam("row"))
_FACT = select(installation.c.value).where(installation.c.name == bindparam("called"))


class SqlBrakes:
    """`ports.brakes.Brakes` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def put_on(self, mailbox_id: int, braking: Braking) -> bool:
        """Stop automatic mail; False if this brake was on already."""
        if any(one.brake is braking.brake for one in self.on(mailbox_id)):
            return False
        self._connection.execute(
            insert(brake).values(
                mailbox_id=mailbox_id,
                name=braking.brake.value,
                reason=braking.reason,
                set_at=braking.set_at,
                doubts_before=braking.doubts_before,
            )
        )
        return True

    def on(self, mailbox_id: int) -> tuple[Braking, ...]:
        """Return the brakes that are on, the first one first."""
        rows = self._connection.execute(questions.BRAKES, {"mailbox_id": mailbox_id})
        return tuple(
            Braking(Brake(row.name), row.reason, row.set_at, row.doubts_before) for row in rows
        )

    def release(
        self, mailbox_id: int, at: datetime, which: Brake | None = None
    ) -> tuple[Brake, ...]:
        """Release one brake, or all (None); return those that were on."""
        released = tuple(one.brake for one in self.on(mailbox_id) if which in {None, one.brake})
        for one in released:
            self._release(mailbox_id, one, at)
        if Brake.CLOCK in released:
            self._hasten(mailbox_id, at)
        return released

    def _hasten(self, mailbox_id: int, now: datetime) -> None:
        """Let what waits for a time that a wrong clock has named be due now."""
        queues = (inbound, "waiting"), (outbox, OutboxState.QUEUED.value), (settlement, "waiting")
        for (queue, state), longest in zip(queues, LONGEST_WAITS, strict=True):
            put_off = queue.c.state == state, queue.c.next_attempt_at > now + longest
            ours = queue.c.mailbox_id == mailbox_id
            self._connection.execute(
                update(queue).where(ours, *put_off).values(next_attempt_at=now)
            )

    def _release(self, mailbox_id: int, one: Brake, at: datetime) -> None:
        self._connection.execute(
            update(brake)
            .where(
                brake.c.mailbox_id == mailbox_id,
                brake.c.name == one.value,
                brake.c.released_at.is_(None),
            )
            .values(released_at=at)
        )

    def last_release(self, mailbox_id: int, which: Brake) -> datetime | None:
        """Return when this brake was released last: what was counted before counts no more."""
        released_at: datetime | None = self._connection.scalar(
            questions.LAST_RELEASE, {"mailbox_id": mailbox_id, "brake": which.value}
        )
        return released_at

    def mute(self, mailbox_id: int, muted: Muted, at: datetime) -> None:
        """Let nothing automatic go to this address for a while."""
        ours = self._muted(mailbox_id, muted.address)
        self._connection.execute(delete(muted_sender).where(*ours))
        self._connection.execute(
            insert(muted_sender).values(
                mailbox_id=mailbox_id,
                address_sha256=digest(muted.address),
                address=muted.address,
                muted_at=at,
                until=muted.until,
                why=muted.why,
            )
        )

    def _muted(self, mailbox_id: int, address: str) -> tuple[Any, ...]:
        return (
            muted_sender.c.mailbox_id == mailbox_id,
            muted_sender.c.address_sha256 == digest(address),
        )

    def unmute(self, mailbox_id: int, address: str, now: datetime) -> int:
        """Let automatic mail go to an address again."""
        count = 0
        for table in (muted_sender, undeliverable):
            statement = update(table).where(
                table.c.mailbox_id == mailbox_id,
                table.c.address_sha256 == digest(address),
                table.c.until > now,
            )
            count += self._connection.execute(statement.values(until=now)).rowcount
        return count

    def arrived_since(self, mailbox_id: int, since: datetime) -> int:
        """Return how many customers' mails have arrived since then."""
        asked = {"mailbox_id": mailbox_id, "since": since}
        return self._connection.scalar(questions.ARRIVED_SINCE, asked) or 0

    def newest_before(self, mailbox_id: int, at: datetime) -> datetime | None:
        """Return when the newest of the mails arrived that were recorded last by then."""
        asked = {"mailbox_id": mailbox_id, "since": at}
        newest: datetime | None = self._connection.scalar(questions.NEWEST_BEFORE, asked)
        return newest

    def old_since(self, mailbox_id: int, since: datetime, older_than: datetime) -> int:
        """Return how many customers' mails recorded since then are older than that."""
        asked = {"mailbox_id": mailbox_id, "since": since, "older_than": older_than}
        return self._connection.scalar(questions.OLD_SINCE, asked) or 0

    def queue(self, mailbox_id: int, sent_since: datetime, now: datetime) -> Queue | None:
        """Return what the pace depends on; None if nothing is due."""
        asked = {"mailbox_id": mailbox_id, "now": now}
        waiting, first = self._connection.execute(questions.DUE, asked).one()
        if first is None:
            return None
        paced = self._connection.execute(_PACED, {"mailbox_id": mailbox_id}).one()
        sent = self._connection.scalar(questions.SENT_BETWEEN, {**asked, "since": sent_since})
        return Queue(
            waiting=waiting,
            oldest_at=self._connection.scalar(_QUEUED_AT, {"row": first}) or now,
            paced_until=paced.paced_until,
            paced_at=paced.paced_at,
            sent=sent or 0,
        )

    def pace(
        self, mailbox_id: int, *, paced_until: datetime, paced_at: datetime, next_at: datetime
    ) -> None:
        """Note that a mail was taken, and what that means for the next one."""
        self._update(mailbox_id, paced_until=paced_until, paced_at=paced_at, next_slot_at=next_at)

    def late_since(self, mailbox_id: int) -> datetime | None:
        """Return since when staff know that mail is late, None if it is not."""
        asked = {"mailbox_id": mailbox_id}
        late_since: datetime | None = self._connection.scalar(_LATE_SINCE, asked)
        return late_since

    def note_late(self, mailbox_id: int, since: datetime | None) -> None:
        """Note that staff know that mail is late (None: it is late no more)."""
        self._update(mailbox_id, late_since=since)

    def begun(self, mailbox_id: int, at: datetime) -> None:
        """Note that the daemon which reads this mailbox was started."""
        self._update(mailbox_id, begun_at=at)

    def begun_at(self, mailbox_id: int) -> datetime | None:
        """Return when the daemon which reads this mailbox was started."""
        begun_at: datetime | None = self._connection.scalar(_BEGUN_AT, {"mailbox_id": mailbox_id})
        return begun_at

    def _update(self, mailbox_id: int, **values: Any) -> None:
        self._connection.execute(_CHANGE, {"mailbox_id": mailbox_id, **values})

    def fact(self, name: str) -> str | None:
        """Return what this installation knows of itself by this name."""
        value: str | None = self._connection.scalar(_FACT, {"called": _fact_name(name)})
        return value

    def keep_fact(self, name: str, value: str) -> None:
        """Remember something of this installation."""
        changed = self._connection.execute(
            update(installation).where(installation.c.name == _fact_name(name)).values(value=value)
        )
        if changed.rowcount == 0:
            what = insert(installation).values(name=_fact_name(name), value=value)
            self._connection.execute(what)


def _fact_name(name: str) -> str:
    # Cut, names that begin alike would be one.
    return name if len(name) <= _FACT_NAME_AT_MOST else digest(name)[:_FACT_NAME_AT_MOST]
