"""A conversation as time sees it: read once for all that is planned and done in a transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Row,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)

from maildaemon.adapters.sql import second_look
from maildaemon.adapters.sql.inserts import insert_missing
from maildaemon.adapters.sql.matters import MATTER, matter_of
from maildaemon.adapters.sql.records import CHANGE_THREAD
from maildaemon.adapters.sql.tables import (
    event,
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
from maildaemon.ports.timers import DATE_NAMED, Case, Correspondence, TimerRow

ARMED, FIRED, CANCELLED, PARKED = "armed", "fired", "cancelled", "parked"
_OVERTAKEN = "overtaken: its reason is gone"
_THREAD: Any = bindparam("thread")
_MAILBOX: Any = bindparam("mailbox")

# Put together once, as in `questions`.
_absorbed = thread.alias()
_THREAD_ROW: Executable = select(
    *(thread.c[name] for name in MATTER),
    thread.c.id,
    thread.c.mailbox_id,
    thread.c.reference,
    thread.c.status,
    thread.c.subject,
    thread.c.language,
    thread.c.acknowledged_at,
    thread.c.answered_at,
    thread.c.muted_until,
    thread.c.junked_at,
    thread.c.assigned_to,
    thread.c.history,
    thread.c.plan_wanted,
    exists().where(_absorbed.c.merged_into == thread.c.reference).label("absorbed"),
).where(thread.c.id == _THREAD)
_WRITTEN: Executable = (
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
_CUSTOMER_KEYS = select(participant.c.address_sha256).where(
    participant.c.thread_id == _THREAD, participant.c.role == "customer"
)
_SINCE_WROTE = select(
    message.c.received_at, message.c.thread_id, message.c.kind, message.c.history
).where(
    message.c.mailbox_id == bindparam("mailbox"),
    message.c.sender_sha256.in_(_CUSTOMER_KEYS),
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
# What `timer_row` is made from.
TIMER_COLUMNS: tuple[ColumnElement[Any], ...] = (
    timer.c.id,
    timer.c.thread_id,
    timer.c.key,
    timer.c.kind,
    timer.c.due_at,
    timer.c.state,
    timer.c.attempts,
    timer.c.failures,
    timer.c.outbox_id,
)
# A case that stays open for a year has been reminded of eighty times: of the reminders that fired,
# the newest tells when that was, and one whose mail has not gone may still be called off.
_LAST_REMINDED = (
    select(func.max(timer.c.fired_at))
    .where(timer.c.thread_id == _THREAD, timer.c.kind == TimerKind.UPDATE.value)
    .scalar_subquery()
)
_TIMERS: Executable = (
    select(
        *TIMER_COLUMNS,
        timer.c.fired_at,
        outbox.c.state.in_(second_look.NOT_GONE).label("waits"),
    )
    .outerjoin(outbox, outbox.c.id == timer.c.outbox_id)
    .where(
        timer.c.thread_id == _THREAD,
        or_(
            timer.c.state != FIRED,
            timer.c.kind != TimerKind.UPDATE.value,
            timer.c.fired_at == _LAST_REMINDED,
            outbox.c.state.in_(second_look.NOT_GONE),
        ),
    )
)
# What a thread has done is done, though it has become part of another one.
_ELSEWHERE = (
    select(timer.c.key, timer.c.fired_at)
    .join(thread, thread.c.id == timer.c.thread_id)
    .where(
        timer.c.state == FIRED,
        thread.c.merged_into
        == select(thread.c.reference).where(thread.c.id == _THREAD).scalar_subquery(),
    )
)
# By what it is, and whether it stands in the thread that is asked about.
_OVERLOOKED = {(Kind.CUSTOMER.value, False), (Kind.SPAM.value, False), (Kind.SPAM.value, True)}
# Whoever holds it meanwhile must not finish it.
_CHANGE = (
    update(timer)
    .where(timer.c.id == bindparam("timer"))
    .values(attempts=timer.c.attempts + 1, next_attempt_at=bindparam("due"))
)
_DROP = _CHANGE.values(state=CANCELLED)
_MOVE = _CHANGE.values(state=ARMED, due_at=bindparam("due"), failures=0)
_CUSTOMERS = (
    select(
        participant.c.address,
        participant.c.address_sha256,
        *(
            select(table.c.until)
            .where(
                table.c.mailbox_id == _MAILBOX,
                table.c.address_sha256 == participant.c.address_sha256,
            )
            .scalar_subquery()
            .label(f"{table.name}_until")
            for table in (muted_sender, undeliverable)
        ),
    )
    .where(participant.c.thread_id == _THREAD, participant.c.role == "customer")
    .order_by(participant.c.id)
)


@dataclass(frozen=True, slots=True)
class SqlCase:
    """`ports.timers.Case`: what was read, all at once."""

    connection: Connection
    grown: set[int]
    row: Row[Any]
    written: Sequence[Row[Any]]
    timers: Mapping[str, TimerRow]
    waiting: frozenset[str]
    elsewhere: frozenset[str]
    history: History

    def after(self, fired: TimerRow, at: datetime) -> Case:
        """Return the case once a timer has fired that changed nothing else of it."""
        history = replace(self.history, fired={**self.history.fired, fired.key: at})
        timers = {**self.timers, fired.key: replace(fired, state=FIRED)}
        return replace(self, history=history, timers=timers)

    def plan(self, timers: Sequence[Timer], now: datetime) -> tuple[TimerRow, ...]:
        """Let exactly these be armed, but for those that have fired; return those cancelled."""
        planned = {one.key: one for one in timers}
        for key in self.elsewhere:
            if key not in self.timers or self.timers[key].state != FIRED:
                planned.pop(key, None)
        self._keep(planned, now)
        rows = [
            {
                "mailbox_id": self.row.mailbox_id,
                "thread_id": self.row.id,
                "key": one.key,
                "kind": one.kind.value,
                "since": one.since,
                "due_at": one.due_at,
                "state": ARMED,
                "attempts": 0,
                "failures": 0,
                "next_attempt_at": one.due_at,
            }
            for key, one in planned.items()
            if key not in self.timers
        ]
        insert_missing(self.connection, timer, rows)
        self.grown.discard(self.row.id)
        if self.row.plan_wanted:
            self.connection.execute(CHANGE_THREAD, {"thread": self.row.id, "plan_wanted": False})
        over = (it for it in self.timers.values() if it.state == ARMED and it.key not in planned)
        return tuple(sorted(over, key=lambda one: one.due_at))

    def _keep(self, planned: Mapping[str, Timer], now: datetime) -> None:
        """Let the timers that are kept be as they are planned now; what has fired stays fired."""
        for key in self.waiting - planned.keys():
            if outbox_id := self.timers[key].outbox_id:
                second_look.cancel_mail(self.connection, outbox_id, _OVERTAKEN, now)
        unfired = [(it, planned.get(it.key)) for it in self.timers.values() if it.state != FIRED]
        over = [it for it, due in unfired if due is None and it.state != CANCELLED]
        if over:
            self.connection.execute(_DROP, [_changed(it, None) for it in over])
        moved = [
            _changed(it, timer.due_at)
            for it, timer in unfired
            if timer and (it.state == CANCELLED or it.due_at != timer.due_at)
        ]
        if moved:
            self.connection.execute(_MOVE, moved)

    def context(self, policy: Policy, now: datetime) -> TimerContext:
        """Return what is known of the thread when one of its timers is due."""
        row = self.row
        asked = {"thread": row.id, "mailbox": row.mailbox_id}
        customers = self.connection.execute(_CUSTOMERS, asked).all()
        mails = [one for one in self.written if one.kind == Kind.CUSTOMER.value]
        newest = mails[-1].sender_sha256 if mails else None
        # Who wrote last; a form writes for somebody else.
        found = sorted(customers, key=lambda one: one.address_sha256 != newest)
        customer = found[0] if found else None
        languages = (one.language for one in reversed(mails) if one.language)
        return TimerContext(
            policy=policy,
            now=now,
            # His own display name stays out: it is text of the customer's.
            customer=Address("", customer.address) if customer else None,
            spoken_to=row.acknowledged_at is not None or row.answered_at is not None,
            language=next(languages, row.language),
            matter=self.history.matter,
            assigned_to=row.assigned_to,
            muted_until=row.muted_until,
            sender_muted_until=customer.muted_sender_until if customer else None,
            undeliverable_until=customer.undeliverable_until if customer else None,
            junked=row.junked_at is not None,
        )

    @property
    def outdated(self) -> bool:
        """Whether its history has grown since its timers were planned."""
        return bool(self.row.plan_wanted)

    @property
    def correspondence(self) -> Correspondence:
        """What a mail within the thread is written from."""
        said = [
            one for one in self.written if one.kind == Kind.CUSTOMER.value or one.staff_answer
        ] or self.written
        return Correspondence(
            reference=self.row.reference,
            subject=self.row.subject,
            message_ids=tuple(one.message_id for one in said),
            answered=self.row.answered_at is not None,
        )


def read_case(connection: Connection, thread_id: int, grown: set[int]) -> SqlCase:
    asked = {"thread": thread_id}
    row = connection.execute(_THREAD_ROW, asked).one()
    written = connection.execute(_WRITTEN, asked).all()
    timers = connection.execute(_TIMERS, asked).all()
    absorbed = connection.execute(_ELSEWHERE, asked).all() if row.absorbed else ()
    fired = {one.key: one.fired_at for one in absorbed}
    fired |= {one.key: one.fired_at for one in timers if one.state == FIRED}
    milestones = connection.execute(_MILESTONES, asked).all()
    status = Status.IGNORED if row.history else Status(row.status)
    history = History(
        status=status,
        matter=matter_of(row),
        written=tuple(_written(written)),
        resolved_at=max(settled_at(milestones)[-1:], default=None),
        promised=dates_told(milestones),
        fired=fired,
        elsewhere_at=_elsewhere_at(connection, row) if status is Status.PENDING else None,
    )
    return SqlCase(
        connection,
        grown,
        row,
        written,
        timers={one.key: timer_row(one) for one in timers},
        waiting=frozenset(one.key for one in timers if one.waits),
        elsewhere=frozenset(one.key for one in absorbed),
        history=history,
    )


def _written(rows: Sequence[Row[Any]]) -> Iterable[Written]:
    for at, row in enumerate(rows):
        begins = at == 0 and row.kind == Kind.STAFF.value
        if row.history:
            continue
        if row.kind == Kind.CUSTOMER.value:
            yield Written(row.received_at, True, THANKS_ONLY in row.evidence)
        elif row.staff_answer or begins:
            yield Written(row.received_at, False)


def _elsewhere_at(connection: Connection, row: Row[Any]) -> datetime | None:
    """Return when a customer of this thread wrote last in another one, or what a filter took for
    spam; None if never.
    """
    asked = {"thread": row.id, "mailbox": row.mailbox_id}
    # What it is is looked at here: by it a database would search among everybody's mail.
    wrote = (
        one.received_at
        for one in connection.execute(_SINCE_WROTE, asked)
        if not one.history and (one.kind, one.thread_id == row.id) in _OVERLOOKED
    )
    return max(wrote, default=None)


def _changed(row: TimerRow, due_at: datetime | None) -> dict[str, Any]:
    return {"timer": row.timer_id, "due": due_at}


def timer_row(row: Row[Any]) -> TimerRow:
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
    return dict(date_in(row.detail) for row in events if row.event == DATE_NAMED)


def date_in(detail: Mapping[str, str]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(detail["since"]), datetime.fromisoformat(detail["until"])
