"""Timers, and what they follow from; `ports.timers` says what each part means."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Row,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from maildaemon.adapters.sql import second_look
from maildaemon.adapters.sql.claim import claim, finish
from maildaemon.adapters.sql.inserts import insert_missing
from maildaemon.adapters.sql.matters import matter_of
from maildaemon.adapters.sql.tables import (
    event,
    in_force,
    message,
    muted_sender,
    outbox,
    participant,
    thread,
    timer,
    undeliverable,
)
from maildaemon.domain.automatic import Kind
from maildaemon.domain.decide import THANKS_ONLY
from maildaemon.domain.decide_timer import TimerContext
from maildaemon.domain.delivery import OutboxState
from maildaemon.domain.message import Address
from maildaemon.domain.policy import Policy
from maildaemon.domain.threads import Status
from maildaemon.domain.timers import History, Timer, TimerKind, Written
from maildaemon.ports.timers import DATE_NAMED, Correspondence, TimerRow

_ARMED, _FIRED, _CANCELLED, _PARKED = "armed", "fired", "cancelled", "parked"
_OVERTAKEN = "overtaken: its reason is gone"
_THREAD: Any = bindparam("thread")
_MAILBOX: Any = bindparam("mailbox")

# Put together once, as in `questions`.
_THREAD_ROW = select(thread).where(thread.c.id == _THREAD)
_WRITTEN = (
    select(
        message.c.kind,
        message.c.received_at,
        message.c.staff_answer,
        message.c.evidence,
        message.c.history,
        message.c.message_id,
        message.c.sender_sha256,
        message.c.language,
    )
    .where(message.c.thread_id == _THREAD)
    .order_by(message.c.received_at, message.c.id)
)
SETTLING = ("thread_resolved", "thread_reopened", "thread_working", "thread_pending")
# What has left us, or is about to; of a draft, what a person has sent.
_TOLD = (OutboxState.QUEUED.value, OutboxState.SENT.value, OutboxState.UNKNOWN.value)
IS_TOLD = or_(
    outbox.c.state.in_(_TOLD),
    and_(outbox.c.state == OutboxState.DRAFT.value, outbox.c.filed_at.is_not(None)),
)
# By the order in which it was recorded: the index of a sender ends with it.
_LAST_ANSWER = (
    select(func.max(message.c.id))
    .where(message.c.thread_id == _THREAD, message.c.staff_answer.is_(True))
    .scalar_subquery()
)
_SINCE_WROTE = select(
    message.c.received_at, message.c.thread_id, message.c.kind, message.c.history
).where(
    message.c.mailbox_id == bindparam("mailbox"),
    message.c.sender_sha256.in_(bindparam("senders", expanding=True)),
    message.c.id > _LAST_ANSWER,
)
_MILESTONES = (
    select(event.c.event, event.c.at, event.c.detail)
    .outerjoin(outbox, outbox.c.id == event.c.outbox_id)
    .where(
        event.c.thread_id == _THREAD,
        or_(event.c.event.in_(SETTLING), and_(event.c.event == DATE_NAMED, IS_TOLD)),
    )
    .order_by(event.c.id)
)
_DATES_NAMED = (
    select(event.c.outbox_id, event.c.detail)
    .where(event.c.thread_id == _THREAD, event.c.event == DATE_NAMED)
    .order_by(event.c.id)
)
_TIMERS = select(timer).where(timer.c.thread_id == _THREAD)
# What a thread has done is done, though it has become part of another one.
_ELSEWHERE = (
    select(timer.c.key, timer.c.fired_at)
    .join(thread, thread.c.id == timer.c.thread_id)
    .where(
        timer.c.state == _FIRED,
        thread.c.merged_into
        == select(thread.c.reference).where(thread.c.id == _THREAD).scalar_subquery(),
    )
)
_TO_PLAN = (
    select(thread.c.id)
    .where(thread.c.mailbox_id == _MAILBOX, thread.c.plan_wanted.is_(True))
    .order_by(thread.c.id)
    .limit(bindparam("most", type_=Integer))
)
_PLANNED = update(thread).where(thread.c.id == _THREAD)
_CHANGE = update(timer).where(timer.c.id == bindparam("timer"))
_NEXT_DUE = (
    select(timer)
    .where(
        timer.c.mailbox_id == _MAILBOX,
        timer.c.state == _ARMED,
        timer.c.next_attempt_at <= bindparam("now"),
        timer.c.kind.in_(bindparam("kinds", expanding=True)),
    )
    .order_by(timer.c.next_attempt_at, timer.c.id)
    .limit(1)
)
_IN_FORCE = select(in_force.c.part, in_force.c.since).where(in_force.c.mailbox_id == _MAILBOX)
_UNTIL = {
    table: select(table.c.until).where(
        table.c.mailbox_id == _MAILBOX, table.c.address_sha256 == bindparam("address")
    )
    for table in (muted_sender, undeliverable)
}
_CUSTOMERS = (
    select(participant)
    .where(participant.c.thread_id == _THREAD, participant.c.role == "customer")
    .order_by(participant.c.id)
)


class SqlTimers:
    """`ports.timers.Timers` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def threads_to_plan(self, mailbox_id: int, limit: int) -> tuple[int, ...]:
        """Return threads whose history has grown since their timers were planned."""
        asked = {"mailbox": mailbox_id, "most": limit}
        return tuple(self._connection.scalars(_TO_PLAN, asked))

    def history(self, thread_id: int) -> History:
        """Return what the timers of a thread follow from."""
        asked = {"thread": thread_id}
        row = self._connection.execute(_THREAD_ROW, asked).one()
        status = Status.IGNORED if row.history else Status(row.status)
        milestones = self._connection.execute(_MILESTONES, asked).all()
        own = {
            one.key: one.fired_at
            for one in self._connection.execute(_TIMERS, asked)
            if one.state == _FIRED
        }
        return History(
            status=status,
            matter=matter_of(row),
            written=tuple(self._written(thread_id)),
            resolved_at=max(settled_at(milestones)[-1:], default=None),
            promised=dates_told(milestones),
            fired=self._fired_elsewhere(thread_id) | own,
            elsewhere_at=self._elsewhere_at(row) if status is Status.PENDING else None,
        )

    def _elsewhere_at(self, row: Row[Any]) -> datetime | None:
        """Return when a customer of this thread wrote last in another one, None if never."""
        customers = self._connection.execute(_CUSTOMERS, {"thread": row.id})
        senders = [one.address_sha256 for one in customers]
        asked = {"thread": row.id, "mailbox": row.mailbox_id, "senders": senders}
        # What it is is looked at here: by it a database would search among everybody's mail.
        wrote = (
            one.received_at
            for one in self._connection.execute(_SINCE_WROTE, asked)
            if one.kind == Kind.CUSTOMER.value and not one.history and one.thread_id != row.id
        )
        return max(wrote, default=None)

    def _fired_elsewhere(self, thread_id: int) -> dict[str, datetime]:
        """Return when which timers fired of threads that have become part of this one."""
        rows = self._connection.execute(_ELSEWHERE, {"thread": thread_id})
        return {row.key: row.fired_at for row in rows}

    def _written(self, thread_id: int) -> Iterable[Written]:
        first = True
        for row in self._connection.execute(_WRITTEN, {"thread": thread_id}):
            begins = first and row.kind == Kind.STAFF.value
            first = False
            if row.history:
                continue
            if row.kind == Kind.CUSTOMER.value:
                yield Written(row.received_at, True, THANKS_ONLY in row.evidence)
            elif row.staff_answer or begins:
                yield Written(row.received_at, False)

    def of_thread(self, thread_id: int) -> tuple[TimerRow, ...]:
        """Return every timer that this thread has, or had."""
        return tuple(map(_timer_row, self._connection.execute(_TIMERS, {"thread": thread_id})))

    def plan(
        self, mailbox_id: int, thread_id: int, timers: Sequence[Timer], now: datetime
    ) -> tuple[TimerRow, ...]:
        """Let exactly these be armed, but for those that have fired; return those cancelled."""
        planned = {one.key: one for one in timers}
        kept = {one.key: one for one in self.of_thread(thread_id)}
        for key in self._fired_elsewhere(thread_id):
            if key not in kept or kept[key].state != _FIRED:
                planned.pop(key, None)
        for key, row in kept.items():
            self._keep(row, planned.get(key), now)
        rows = [
            {
                "mailbox_id": mailbox_id,
                "thread_id": thread_id,
                "key": one.key,
                "kind": one.kind.value,
                "since": one.since,
                "due_at": one.due_at,
                "state": _ARMED,
                "attempts": 0,
                "failures": 0,
                "next_attempt_at": one.due_at,
            }
            for key, one in planned.items()
            if key not in kept
        ]
        insert_missing(self._connection, timer, rows)
        self._connection.execute(_PLANNED, {"thread": thread_id, "plan_wanted": False})
        over = (row for key, row in kept.items() if key not in planned and row.state == _ARMED)
        return tuple(sorted(over, key=lambda one: one.due_at))

    def _keep(self, row: TimerRow, planned: Timer | None, now: datetime) -> None:
        """Let a timer that is kept be as it is planned now; one that has fired stays fired."""
        if row.state == _FIRED:
            if planned is None and row.outbox_id is not None:
                second_look.cancel_mail(self._connection, row.outbox_id, _OVERTAKEN, now)
            return
        if planned is None:
            if row.state != _CANCELLED:
                self._update(row, state=_CANCELLED, next_attempt_at=None)
        elif row.state == _CANCELLED or row.due_at != planned.due_at:
            due = planned.due_at
            self._update(row, state=_ARMED, due_at=due, next_attempt_at=due, failures=0)

    def _update(self, row: TimerRow, **values: Any) -> None:
        # Whoever holds it meanwhile must not finish it.
        values |= {"attempts": row.fence + 1}
        self._connection.execute(_CHANGE, {"timer": row.timer_id, **values})

    def next_due(
        self, mailbox_id: int, now: datetime, kinds: Collection[TimerKind] = tuple(TimerKind)
    ) -> TimerRow | None:
        """Return the timer of these kinds that has been due for longest, None if none is."""
        asked = {"mailbox": mailbox_id, "now": now, "kinds": [one.value for one in kinds]}
        row = self._connection.execute(_NEXT_DUE, asked).first()
        return _timer_row(row) if row else None

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
            state=_FIRED,
            fired_at=fired_at,
            outcome=outcome,
            outbox_id=outbox_id,
            next_attempt_at=None,
        )

    def fail(self, row: TimerRow, error: str, failures: int, retry_at: datetime | None) -> None:
        """Give a timer back that has failed so often; parked if `retry_at` is None."""
        state = _PARKED if retry_at is None else _ARMED
        self._finish(row, state=state, failures=failures, outcome=error, next_attempt_at=retry_at)

    def _finish(self, row: TimerRow, **values: Any) -> None:
        finish(self._connection, timer, row.timer_id, fence=row.fence, expect=_ARMED, **values)

    def context(self, thread_id: int, policy: Policy, now: datetime) -> TimerContext:
        """Return what is known of a thread when one of its timers is due."""
        asked = {"thread": thread_id}
        row = self._connection.execute(_THREAD_ROW, asked).one()
        written = self._connection.execute(_WRITTEN, asked).all()
        mails = [one for one in written if one.kind == Kind.CUSTOMER.value]
        customers = self._connection.execute(_CUSTOMERS, asked).all()
        newest = mails[-1].sender_sha256 if mails else None
        # Who wrote last; a form writes for somebody else.
        found = sorted(customers, key=lambda one: one.address_sha256 != newest)
        customer = found[0] if found else None
        key = customer.address_sha256 if customer else ""
        languages = (one.language for one in reversed(mails) if one.language)
        return TimerContext(
            policy=policy,
            now=now,
            # His own display name stays out: it is text of the customer's.
            customer=Address("", customer.address) if customer else None,
            spoken_to=row.acknowledged_at is not None or row.answered_at is not None,
            language=next(languages, row.language),
            matter=matter_of(row),
            assigned_to=row.assigned_to,
            muted_until=row.muted_until,
            sender_muted_until=self._until(muted_sender, row.mailbox_id, key),
            undeliverable_until=self._until(undeliverable, row.mailbox_id, key),
            junked=row.junked_at is not None,
        )

    def _until(self, table: Any, mailbox_id: int, key: str) -> datetime | None:
        asked = {"mailbox": mailbox_id, "address": key}
        until: datetime | None = self._connection.scalar(_UNTIL[table], asked)
        return until

    def correspondence(self, thread_id: int) -> Correspondence:
        """Return what a mail within this thread is written from."""
        row = self._connection.execute(_THREAD_ROW, {"thread": thread_id}).one()
        written = self._connection.execute(_WRITTEN, {"thread": thread_id}).all()
        said = [
            one for one in written if one.kind == Kind.CUSTOMER.value or one.staff_answer
        ] or written
        return Correspondence(
            reference=row.reference,
            subject=row.subject,
            message_ids=tuple(one.message_id for one in said),
            answered=row.answered_at is not None,
        )

    def dates_named(self, thread_id: int) -> tuple[tuple[int, datetime, datetime], ...]:
        """Return the dates that mails of ours name in a thread."""
        rows = self._connection.execute(_DATES_NAMED, {"thread": thread_id})
        return tuple((row.outbox_id, *_date_in(row.detail)) for row in rows)

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


def _timer_row(row: Row[Any]) -> TimerRow:
    return TimerRow(
        timer_id=row.id,
        thread_id=row.thread_id,
        key=row.key,
        kind=TimerKind(row.kind),
        due_at=row.due_at,
        state=row.state,
        fence=row.attempts,
        failures=row.failures,
        outbox_id=row.outbox_id,
    )


def settled_at(events: Iterable[Any]) -> list[datetime]:
    """Return when a matter was settled, each time. Who opens it again by hand undoes that."""
    settled: list[datetime] = []
    for row in events:
        if row.event == "thread_resolved":
            settled.append(row.at)
        elif settled and (
            row.event == "thread_reopened" or row.detail.get("was") == Status.RESOLVED.value
        ):
            settled.pop()
    return settled


def dates_told(events: Iterable[Any]) -> dict[datetime, datetime]:
    """Return the dates that the customer was told, by since when he waited for it."""
    return dict(_date_in(row.detail) for row in events if row.event == DATE_NAMED)


def _date_in(detail: Mapping[str, str]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(detail["since"]), datetime.fromisoformat(detail["until"])
