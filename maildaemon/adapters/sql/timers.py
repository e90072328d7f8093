"""Timers, and what they follow from; `ports.timers` says what each part means."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    union_all,
    update,
)

from maildaemon.adapters.sql.cases import (
    ARMED,
    FIRED,
    PARKED,
    TIMER_COLUMNS,
    date_in,
    read_case,
    timer_row,
)
from maildaemon.adapters.sql.claim import claim, finish
from maildaemon.adapters.sql.inserts import insert_missing
from maildaemon.adapters.sql.tables import (
    event,
    in_force,
    outbox,
    thread,
    timer,
)
from maildaemon.adapters.sql.values import Instant, at_most
from maildaemon.domain.delivery import ASKING, MailKind, OutboxState
from maildaemon.domain.threads import Status
from maildaemon.domain.timers import History, TimerKind
from maildaemon.ports.timers import DATE_NAMED, Case, TimerRow

_THREAD: Any = bindparam("thread")
_MAILBOX: Any = bindparam("mailbox")

# Put together once, as in `questions`.
_DATES_NAMED = (
    select(event.c.outbox_id, event.c.detail)
    .where(event.c.thread_id == _THREAD, event.c.event == DATE_NAMED)
    .order_by(event.c.id)
)
_TO_PLAN = (
    select(thread.c.id)
    .where(thread.c.mailbox_id == _MAILBOX, thread.c.plan_wanted == true())
    .order_by(thread.c.id)
    .limit(bindparam("most", type_=Integer))
)
_NEXT_DUE = (
    select(*TIMER_COLUMNS)
    .where(
        timer.c.mailbox_id == _MAILBOX,
        timer.c.state == ARMED,
        timer.c.next_attempt_at <= bindparam("now"),
    )
    .order_by(timer.c.next_attempt_at, timer.c.id)
    .limit(at_most(1))
)
_NEXT_DUE_OF = _NEXT_DUE.where(timer.c.kind.in_(bindparam("kinds", expanding=True)))
_IN_FORCE = select(in_force.c.part, in_force.c.since).where(in_force.c.mailbox_id == _MAILBOX)

# What is about to go, and what went: each along an index of its own.
_TIMED_FOR = select(
    func.coalesce(outbox.c.concluded_at, outbox.c.queued_at, type_=Instant).label("at"),
    outbox.c.sections,
).where(
    outbox.c.mailbox_id == bindparam("mailbox"),
    outbox.c.kind == MailKind.TIMED.value,
    outbox.c.thread_id != bindparam("thread"),
    func.lower(outbox.c.recipient) == bindparam("recipient"),
)
_TIMED_ELSEWHERE = union_all(
    _TIMED_FOR.where(outbox.c.state == OutboxState.QUEUED.value),
    _TIMED_FOR.where(
        outbox.c.state == OutboxState.SENT.value, outbox.c.concluded_at > bindparam("since")
    ),
)


class SqlTimers:
    """`ports.timers.Timers` on one connection."""

    def __init__(self, connection: Connection, grown: set[int] | None = None) -> None:
        """Work within the transaction of this connection; `grown` as in `SqlTransaction`."""
        self._connection = connection
        self._grown = set[int]() if grown is None else grown

    def threads_to_plan(self, mailbox_id: int, limit: int) -> tuple[int, ...]:
        """Return threads whose history has grown since their timers were planned."""
        asked = {"mailbox": mailbox_id, "most": limit}
        return tuple(self._connection.scalars(_TO_PLAN, asked))

    def case(self, thread_id: int) -> Case:
        """Return a thread as time sees it."""
        return read_case(self._connection, thread_id, self._grown)

    def history(self, thread_id: int) -> History:
        """Return what the timers of a thread follow from."""
        return self.case(thread_id).history

    def next_due(
        self, mailbox_id: int, now: datetime, kinds: Collection[TimerKind] | None = None
    ) -> TimerRow | None:
        """Return the timer of these kinds that has been due for longest, None if none is."""
        asked: dict[str, Any] = {"mailbox": mailbox_id, "now": now}
        if kinds is not None:
            asked["kinds"] = [one.value for one in kinds]
        statement = _NEXT_DUE if kinds is None else _NEXT_DUE_OF
        row = self._connection.execute(statement, asked).first()
        return timer_row(row) if row else None

    def clock_of(self, outbox_id: int) -> datetime | None:
        """Return since when the clock ran by which this mail was sent; None if by none."""
        since: datetime | None = self._connection.scalar(
            select(timer.c.since).where(timer.c.outbox_id == outbox_id)
        )
        return since

    def claim(self, row: TimerRow, until: datetime) -> TimerRow | None:
        """Take a timer; None if it was taken or cancelled meanwhile."""
        took = claim(self._connection, timer, row.timer_id, seen=row.fence, until=until)
        return replace(row, fence=row.fence + 1) if took else None

    def finish(
        self, row: TimerRow, outcome: str, fired_at: datetime, outbox_id: int | None = None
    ) -> None:
        """Conclude a timer as fired."""
        self._finish(
            row,
            state=FIRED,
            fired_at=fired_at,
            outcome=outcome,
            outbox_id=outbox_id,
            next_attempt_at=None,
        )

    def fail(self, row: TimerRow, error: str, failures: int, retry_at: datetime | None) -> None:
        """Give a timer back that has failed so often; parked if `retry_at` is None."""
        state = PARKED if retry_at is None else ARMED
        self._finish(row, state=state, failures=failures, outcome=error, next_attempt_at=retry_at)

    def put_off(self, row: TimerRow, until: datetime) -> None:
        """Give a timer back, due at a later time; a new plan may bring it forward again."""
        self._finish(row, state=ARMED, due_at=until, next_attempt_at=until)

    def asked_elsewhere_at(
        self, mailbox_id: int, thread_id: int, recipient: str, since: datetime
    ) -> datetime | None:
        """Return when this person was last asked for something in another thread, None if not
        since then.
        """
        asked = {
            "mailbox": mailbox_id,
            "thread": thread_id,
            "recipient": recipient.lower(),
            "since": since,
        }
        rows = self._connection.execute(_TIMED_ELSEWHERE, asked)
        return max((row.at for row in rows if ASKING.intersection(row.sections)), default=None)

    def _finish(self, row: TimerRow, **values: Any) -> None:
        finish(self._connection, timer, row.timer_id, fence=row.fence, expect=ARMED, **values)

    def dates_named(self, thread_id: int) -> tuple[tuple[int, datetime, datetime], ...]:
        """Return the dates that mails of ours name in a thread."""
        rows = self._connection.execute(_DATES_NAMED, {"thread": thread_id})
        return tuple((row.outbox_id, *date_in(row.detail)) for row in rows)

    def in_force(self, mailbox_id: int) -> Mapping[str, datetime]:
        """Return since when which parts of the policy hold."""
        rows = self._connection.execute(_IN_FORCE, {"mailbox": mailbox_id})
        return {row.part: row.since for row in rows}

    def put_in_force(self, mailbox_id: int, parts: Iterable[str], now: datetime) -> bool:
        """Let exactly these parts hold, those that are new from now on."""
        wanted, known = set(parts), self.in_force(mailbox_id).keys()
        if wanted == known:
            return False
        self._connection.execute(
            delete(in_force).where(
                in_force.c.mailbox_id == mailbox_id, in_force.c.part.in_(known - wanted)
            )
        )
        new = [{"mailbox_id": mailbox_id, "part": one, "since": now} for one in wanted - known]
        if new:
            self._connection.execute(insert(in_force), new)
        return True

    def bring_forward(self, mailbox_id: int, now: datetime) -> None:
        """Let what is to hold only later hold from now on."""
        later = (in_force.c.mailbox_id == mailbox_id, in_force.c.since > now)
        self._connection.execute(update(in_force).where(*later).values(since=now))

    def plan_all(self, mailbox_id: int, settled_since: datetime) -> None:
        """Have every thread planned anew that is under way, or was settled since then."""
        alive = [one.value for one in (Status.OPEN, Status.WORKING, Status.PENDING)]
        self._connection.execute(
            update(thread)
            .where(
                thread.c.mailbox_id == mailbox_id,
                or_(thread.c.status.in_(alive), thread.c.resolved_at >= settled_since),
            )
            .values(plan_wanted=True)
        )


def keep_fired(connection: Connection, source_id: int, target_id: int) -> None:
    """Let a thread that is taken out of another have done what that has done meanwhile."""
    theirs = timer.c.thread_id == target_id, timer.c.state == FIRED
    fired = connection.execute(select(timer).where(*theirs)).all()
    unfired = timer.c.thread_id == source_id, timer.c.state != FIRED
    connection.execute(delete(timer).where(*unfired, timer.c.key.in_([one.key for one in fired])))
    rows = [{**one._asdict(), "thread_id": source_id, "outbox_id": None} for one in fired]
    for row in rows:
        del row["id"]
    insert_missing(connection, timer, rows)
