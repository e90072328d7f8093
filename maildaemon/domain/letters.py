"""What colleagues read when something is due: short, and saying what stops it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from maildaemon.domain.dates import tell_end
from maildaemon.domain.timers import TimerKind
from maildaemon.domain.understanding import Matter


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a colleague is written to. `since`: when the clock began; `until`: by when something is
    promised or asked for, None if there is no such date. Instants are told in `zone`. `customer` is
    an address, empty if nobody is known. `mailbox` is where the conversation lies.
    """

    kind: TimerKind
    reference: str
    customer: str
    subject: str
    matter: Matter
    since: datetime
    until: datetime | None
    zone: tzinfo
    mailbox: str
    now: datetime


_HEADLINES = {
    TimerKind.WARNING: "A promise is at risk",
    TimerKind.LATE: "A promise was not kept",
    TimerKind.UPDATE: "Time for an update",
    TimerKind.RESOLUTION: "Still not settled",
    TimerKind.ESCALATION: "Please take this over",
    TimerKind.UNANSWERED: "Still not answered",
}
_WHAT = {
    TimerKind.WARNING: "A customer waits for our answer, and the time that we promised runs out.",
    TimerKind.LATE: "A customer waits for our answer, and the time that we promised is over.",
    TimerKind.UPDATE: "A case is open, and the customer has not heard from us for a while.",
    TimerKind.RESOLUTION: "A case has been open for longer than we promised.",
    TimerKind.ESCALATION: "This conversation needs somebody who can do more: you.",
    TimerKind.UNANSWERED: "This conversation was handed to you, and is still not answered.",
}
_SINCE = {
    TimerKind.UPDATE: "Last word",
    TimerKind.RESOLUTION: "Open since",
    TimerKind.UNANSWERED: "Yours since",
}
_UNTIL = {TimerKind.WARNING: "Promised by", TimerKind.LATE: "Promised by"}
_ANSWER = "Just answer the customer, in the message itself, with the mail program you always use."
_TO_DO = {
    TimerKind.UPDATE: "Two lines to the customer that say how it stands are enough.",
    TimerKind.RESOLUTION: f"{_ANSWER} If it is settled already, say so:",
}
_UNITS = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)


def staff_letter(occasion: Occasion) -> tuple[str, str]:
    """Return the subject and the text of a mail to a colleague."""
    kind, reference = occasion.kind, occasion.reference
    about = " ".join(occasion.subject.split())
    subject = f"[#{reference}] {_HEADLINES[kind]}: {about or 'no subject'}"
    lines = [f"{name}: {' '.join(value.split())}" for name, value in _facts(occasion)]
    stops = f"Your answer is seen in the sent mail of {occasion.mailbox}, and stops the clock."
    paragraphs = (
        _WHAT[kind],
        "\n".join(line for line in lines if not line.endswith(": ")),
        _TO_DO.get(kind, _ANSWER),
        *([f"maildaemon threads resolve {reference}"] if kind is TimerKind.RESOLUTION else ()),
        f"{stops} Nothing else is needed; an answer to this mail reaches no customer.",
        _where(occasion),
    )
    return subject, "\n\n".join(paragraphs)


def _facts(occasion: Occasion) -> Iterator[tuple[str, str]]:
    kind = occasion.kind
    yield "Customer", occasion.customer
    yield "Subject", occasion.subject
    yield _SINCE.get(kind, "Waiting since"), _told(occasion.since, occasion)
    if occasion.until:
        yield _UNTIL.get(kind, "Answer by"), _told_end(occasion.until, occasion)
    yield "Category", occasion.matter.category or ""
    yield "Priority", occasion.matter.priority.value
    yield "Reference", occasion.reference


def _where(occasion: Occasion) -> str:
    """Return how to find the conversation."""
    wanted = occasion.customer or " ".join(occasion.subject.split())
    search = f"search {occasion.mailbox} for {wanted}, or " if wanted else ""
    return f"To find it: {search}maildaemon threads show {occasion.reference}"


def _told(at: datetime, occasion: Occasion) -> str:
    """Return `Tuesday, 1 December 2026, 09:00 (Europe/Rome), 2 days 3 hours ago`."""
    local = at.astimezone(occasion.zone)
    return _when(local, f"{local:%H:%M}", at, occasion)


def _told_end(at: datetime, occasion: Occasion) -> str:
    """Return the same of a deadline, by the day that the customer was told."""
    return _when(*tell_end(at, occasion.zone), at, occasion)


def _when(day: date, clock: str, at: datetime, occasion: Occasion) -> str:
    shown = f"{day:%A}, {day.day} {day:%B %Y}, {clock} ({occasion.zone})"
    ahead = at - occasion.now
    if abs(ahead) < timedelta(minutes=1):
        return f"{shown}, now"
    return f"{shown}, in {_span(ahead)}" if ahead > timedelta() else f"{shown}, {_span(-ahead)} ago"


def _span(span: timedelta) -> str:
    """Return a time as people say it: its largest unit, and the next one if it is not nothing."""
    parts: list[str] = []
    for name, unit in _UNITS:
        count, span = divmod(span, unit)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
        elif parts:
            break
    return " ".join(parts[:2])
