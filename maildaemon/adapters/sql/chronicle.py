"""Reads the whole history of a database at once: what happened, and how each timer ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from maildaemon.adapters.sql.cases import PARKED
from maildaemon.adapters.sql.store import SqlStore
from maildaemon.adapters.sql.tables import event, mailbox, message, outbox, thread, timer
from maildaemon.domain.automatic import Kind
from maildaemon.domain.delivery import MailKind
from maildaemon.domain.threads import Status
from maildaemon.domain.timeline import Clock, Entry, Event, Told, merge_cancelled, tell
from maildaemon.domain.timers import TimerKind
from maildaemon.ports.timers import TimerRow

_ENTRIES = (
    select(
        event.c.at,
        event.c.event,
        event.c.detail,
        thread.c.reference,
        message.c.from_address,
        message.c.subject,
        message.c.kind,
        outbox.c.kind.label("mail_kind"),
        outbox.c.sections,
        outbox.c.recipient,
    )
    .select_from(event)
    .outerjoin(thread, thread.c.id == event.c.thread_id)
    .outerjoin(message, message.c.id == event.c.message_id)
    .outerjoin(outbox, outbox.c.id == event.c.outbox_id)
    .order_by(event.c.id)
)
_CLOCKS = (
    select(
        timer.c.id,
        timer.c.kind,
        timer.c.since,
        timer.c.due_at,
        timer.c.fired_at,
        timer.c.state,
        timer.c.outcome,
        thread.c.reference,
    )
    .join(thread, thread.c.id == timer.c.thread_id)
    .order_by(timer.c.id)
)
_CASES = (
    select(
        thread.c.reference,
        thread.c.status,
        thread.c.subject,
        thread.c.category,
        thread.c.priority,
        thread.c.merged_into,
        mailbox.c.name.label("mailbox"),
    )
    .join(mailbox, mailbox.c.id == thread.c.mailbox_id)
    .order_by(thread.c.opened_at, thread.c.id)
)


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation as it stands at the end."""

    reference: str
    status: Status
    subject: str
    category: str | None
    priority: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class Chronicle:
    """The whole history. `entries` in their order, `clocks` by the id of their timer, `cases`
    without those that became others. `parked` are the timers that could not be fired.
    """

    entries: tuple[Entry, ...]
    clocks: Mapping[int, Clock]
    cases: tuple[Case, ...]
    parked: tuple[Told, ...] = ()


def tell_all(
    chronicle: Chronicle, cancelled: Iterable[tuple[datetime, TimerRow]]
) -> tuple[Told, ...]:
    """Return what happened, in order, with the timers that came to nothing, and when."""
    told = tell(chronicle.entries, tuple(chronicle.clocks.values()))
    over = (
        Told(
            at,
            Event.TIMER_CANCELLED,
            chronicle.clocks[timer.timer_id].thread,
            mail=timer.kind.value,
            due_at=timer.due_at,
        )
        for at, timer in cancelled
    )
    merged = merge_cancelled(told, over)
    return tuple(sorted((*merged, *chronicle.parked), key=lambda one: one.at))


def read_chronicle(store: SqlStore) -> Chronicle:
    """Return everything that stands in the history."""
    with store.engine.connect() as connection:
        cases = connection.execute(_CASES)
        clocks = connection.execute(_CLOCKS).all()
        return Chronicle(
            entries=tuple(map(_entry, connection.execute(_ENTRIES))),
            clocks={row.id: _clock(row) for row in clocks},
            parked=tuple(_parked(row) for row in clocks if row.state == PARKED),
            cases=tuple(
                Case(
                    row.reference,
                    Status(row.status),
                    row.subject,
                    row.category,
                    row.priority,
                    row.mailbox,
                )
                for row in cases
                if row.merged_into is None
            ),
        )


def _entry(row: Any) -> Entry:
    return Entry(
        at=row.at,
        event=row.event,
        thread=row.reference,
        detail=row.detail,
        author=row.from_address or "",
        subject=row.subject or "",
        kind=Kind(row.kind) if row.kind else None,
        mail_kind=MailKind(row.mail_kind) if row.mail_kind else None,
        sections=tuple(row.sections or ()),
        to=row.recipient,
    )


def _clock(row: Any) -> Clock:
    return Clock(row.reference, TimerKind(row.kind), row.since, row.due_at, row.fired_at)


def _parked(row: Any) -> Told:
    return Told(
        row.due_at,
        Event.TIMER_PARKED,
        row.reference,
        mail=row.kind,
        why=row.outcome,
        since=row.since,
    )
