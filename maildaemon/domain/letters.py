"""What colleagues read when something is due: short, and saying what stops it."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

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
    TimerKind.RESOLUTION: "A case is open for longer than we promised to need for it.",
    TimerKind.ESCALATION: "This conversation needs somebody who can do more: you.",
    TimerKind.UNANSWERED: "This conversation was handed to you, and is still not answered.",
}
_SINCE = {
    TimerKind.UPDATE: "Last word",
    TimerKind.RESOLUTION: "Open since",
    TimerKind.UNANSWERED: "Yours since",
}
_UNTIL = {TimerKind.WARNING: "Promised by", TimerKind.LATE: "Promised by"}


def staff_letter(occasion: Occasion) -> tuple[str, str]:
    """Return the subject and the text of a mail to a colleague."""
    kind, reference = occasion.kind, occasion.reference
    headline = _HEADLINES[kind]
    subject = f"[#{reference}] {headline}: {occasion.subject or 'no subject'}"
    facts = (
        ("Reference", reference),
        ("Customer", occasion.customer),
        ("Subject", occasion.subject),
        ("Mailbox", occasion.mailbox),
        (_SINCE.get(kind, "Waiting since"), _told(occasion.since, occasion.zone)),
        (_UNTIL.get(kind, "Answer by"), _told(occasion.until, occasion.zone)),
        ("Category", occasion.matter.category or ""),
        ("Priority", occasion.matter.priority.value),
    )
    lines = [f"{name}: {' '.join(value.split())}" for name, value in facts if value.strip()]
    text = (
        _WHAT[kind],
        "",
        *lines,
        "",
        f"What to do: answer the customer from {occasion.mailbox}, in the message itself. Nothing",
        "else is needed: the answer is seen in the folder of sent mail, and stops the clock.",
        f"The whole conversation: maildaemon threads show {reference}",
    )
    return subject, "\n".join(text)


def _told(at: datetime | None, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M %Z") if at else ""
