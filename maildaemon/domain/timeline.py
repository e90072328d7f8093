"""What happened, or would happen, in the conversations of a mailbox, told in order.

The history that the daemon keeps says more than people want to know, and says some of it in
several places; what stands here is what `maildaemon simulate` tells.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from maildaemon.domain.automatic import Kind
from maildaemon.domain.delivery import MailKind
from maildaemon.domain.timers import TimerKind


class Event(StrEnum):
    """What can happen in a conversation."""

    MESSAGE_RECEIVED = "message_received"
    STAFF_ANSWERED = "staff_answered"
    MAIL_QUEUED = "mail_queued"
    SILENCE = "silence"
    FORWARD_WITHHELD = "forward_withheld"
    STAFF_WARNED = "staff_warned"
    PROMISE_BROKEN = "promise_broken"
    ESCALATED = "escalated"
    TIMER_CANCELLED = "timer_cancelled"
    TIMER_PARKED = "timer_parked"
    THREAD_RESOLVED = "thread_resolved"
    THREAD_REOPENED = "thread_reopened"


# What somebody gets.
SENT = frozenset({Event.MAIL_QUEUED, Event.STAFF_WARNED, Event.ESCALATED})


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the history as it is kept, with what it says of its message and its mail.

    `author`, `subject`, `kind` are the message's; `mail_kind`, `sections`, `to` the mail's.
    """

    at: datetime
    event: str
    thread: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    author: str = ""
    subject: str = ""
    kind: Kind | None = None
    mail_kind: MailKind | None = None
    sections: tuple[str, ...] = ()
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A timer as it ended. `fired_at` None: it has not fired."""

    thread: str
    kind: TimerKind
    since: datetime
    due_at: datetime
    fired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened. `mail` names what somebody gets, or a timer; `why` is a code, or, of
    a timer that was put aside, what went wrong.

    `author` and `subject` are those of a message; `since` is when the clock began that led to it,
    `due_at` the date that it is about.
    """

    at: datetime
    event: Event
    thread: str | None
    mail: str | None = None
    to: str | None = None
    why: str | None = None
    author: str = ""
    subject: str = ""
    since: datetime | None = None
    due_at: datetime | None = None


def tell(entries: Iterable[Entry], clocks: Sequence[Clock]) -> tuple[Told, ...]:
    """Return what happened, as the history has it, in its order."""
    since = {(one.thread, one.kind, one.fired_at): one.since for one in clocks}
    told: list[Told] = []
    fired: list[Told] = []  # what a timer has led to; which one is said right behind it
    for entry in entries:
        if entry.event == "timer_fired":
            kind = TimerKind(entry.detail["timer"])
            began = since.get((entry.thread or "", kind, entry.at))
            told += (_by_timer(one, kind, began) for one in fired)
            fired = []
            continue
        for one in _told(entry):
            by_timer = _is_by_timer(entry)
            (fired if by_timer else told).append(one)
    return tuple(told)


def _is_by_timer(entry: Entry) -> bool:
    timed = entry.mail_kind in {MailKind.TIMED, MailKind.STAFF}
    silent = entry.event == "silence" and "timer" in entry.detail
    resolved = entry.event == "thread_resolved" and "was" in entry.detail
    return timed or silent or resolved or entry.event == "promise_broken"


def _by_timer(one: Told, kind: TimerKind, since: datetime | None) -> Told:
    if one.event is Event.SILENCE:
        return replace(one, mail=kind.value, since=since)
    event, mail = one.event, one.mail
    if event is Event.STAFF_WARNED:
        mail = kind.value
        event = Event.ESCALATED if kind is TimerKind.ESCALATION else event
    why = one.why or kind.value
    return replace(one, event=event, mail=mail, why=why, since=since)


def _told(entry: Entry) -> Iterator[Told]:
    detail = entry.detail
    match entry.event:
        case "message_received":
            yield _line(entry, Event.MESSAGE_RECEIVED, why=detail["kind"])
            if detail.get("reopens"):
                yield _line(entry, Event.THREAD_REOPENED, why=Event.MESSAGE_RECEIVED)
        case "staff_answered":
            yield _line(entry, Event.STAFF_ANSWERED)
        case "mail_queued":
            yield _mail(entry)
        case "silence":
            yield _line(entry, Event.SILENCE, why=detail["reason"])
        case "forward_withheld":
            held = _line(entry, Event.FORWARD_WITHHELD, why=detail["why"])
            yield replace(held, to=detail["partner"])
        case "promise_broken":
            due_at = datetime.fromisoformat(detail["promised_at"])
            yield replace(_line(entry, Event.PROMISE_BROKEN), due_at=due_at)
        case "thread_resolved":
            yield _line(entry, Event.THREAD_RESOLVED)
        case _:
            return


def _mail(entry: Entry) -> Told:
    match entry.mail_kind:
        case MailKind.STAFF:
            return _line(entry, Event.STAFF_WARNED)
        case MailKind.TIMED:
            return _line(entry, Event.MAIL_QUEUED, mail="+".join(entry.sections))
        case MailKind.RESPONSE:
            mail = "+".join(entry.sections)
        case _:
            mail = str(entry.mail_kind)
    return _line(entry, Event.MAIL_QUEUED, mail=mail, why=Event.MESSAGE_RECEIVED)


def _line(entry: Entry, event: Event, *, mail: str | None = None, why: str | None = None) -> Told:
    return Told(entry.at, event, entry.thread, mail, entry.to, why, entry.author, entry.subject)


def merge_cancelled(told: Sequence[Told], cancelled: Iterable[Told]) -> tuple[Told, ...]:
    """Return all of it in order; a timer is cancelled after what happened at the same moment, and
    because of it.
    """
    causes: dict[tuple[str | None, datetime], str] = {}
    for one in told:
        if one.event in _CAUSES:
            causes[one.thread, one.at] = one.event.value
    named = (replace(one, why=causes.get((one.thread, one.at))) for one in cancelled)
    return tuple(sorted((*told, *named), key=lambda one: one.at))


_CAUSES = frozenset(
    {
        Event.MESSAGE_RECEIVED,
        Event.STAFF_ANSWERED,
        Event.THREAD_RESOLVED,
        Event.ESCALATED,
        Event.STAFF_WARNED,
    }
)
