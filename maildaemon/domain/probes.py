"""A mail to ourselves now and then: it proves that mail goes out, and that mail comes in.

Each is numbered by the second in which it was written, and carries a signature of that number and
of its mailbox: nobody else can write one. Whoever copies one has a mail that came back before.
"""

import re
from datetime import datetime, timedelta

from maildaemon.domain.brakes import Brake
from maildaemon.domain.delivery import OutboxState
from maildaemon.domain.policy import Probing
from maildaemon.domain.standing import Account, ProbeStanding, Standing
from maildaemon.domain.tokens import read_probe_mark

FIELD = "X-Maildaemon-Probe"
SUBJECT = "maildaemon: a mail to ourselves"
TEXT = """\
maildaemon has sent this mail to itself, to see that mail goes out and comes in. When it is back, it
is deleted. Nobody has to read or answer it.

If many of these lie here: they are safe to delete, and `maildaemon status` tells what is wrong.
"""
LIVES = timedelta(hours=1)
KEPT_FOR = timedelta(days=7)
_BEING_READ = timedelta(minutes=1)
_NOT_READ = timedelta(minutes=2)
_FOLDED = re.compile(rb"\r?\n[ \t]+")


def cause_of(mailbox: str, number: int) -> str:
    """Return the cause from which the ids of a probe are derived."""
    return f"probe:{mailbox}:{number}"


def number_in(key: bytes, mailbox: str, marks: tuple[str, ...]) -> int | None:
    """Return which probe of a mailbox bears these marks (the values of its field), None if it is
    none of ours.
    """
    return read_probe_mark(key, mailbox, marks[0]) if len(marks) == 1 else None


def marks_of(raw: bytes) -> tuple[str, ...]:
    """Return the marks in the header of a message as a server delivers it."""
    header = _FOLDED.sub(b" ", raw.partition(b"\r\n\r\n")[0])
    fields = (line.partition(b":") for line in header.split(b"\r\n"))
    name = FIELD.lower().encode()
    return tuple(
        value.strip().decode("ascii", "replace")
        for field, _, value in fields
        if field.strip().lower() == name
    )


def is_due(probing: Probing, last_at: datetime | None, now: datetime) -> bool:
    """Tell whether the next one is to be written; `last_at` may lie ahead if the clock did."""
    return last_at is None or not timedelta(0) <= now - last_at < probing.every


def is_missed(probing: Probing, standing: ProbeStanding, now: datetime) -> bool:
    """Tell whether one that is under way should have come back by now."""
    since = standing.waiting_since
    return since is not None and now - since > probing.late_after


def is_told_otherwise(standing: Standing, poll_every: timedelta, now: datetime) -> bool:
    """Tell whether something keeps a probe from its way, or from being seen, that people are told
    of by itself: a server out of reach, a queue, a doubtful clock.
    """
    imap, inbound, probe = standing.imap, standing.inbound, standing.probe
    read_at = imap.last_success_at
    unread = read_at is None or now - read_at > max(_NOT_READ, 3 * poll_every)
    behind = inbound.oldest_at is not None and now - inbound.oldest_at > _BEING_READ
    # What no server has been asked to take yet stands still with all the other mail.
    waits = probe.waiting_state is OutboxState.QUEUED and not probe.waiting_failures
    untried = waits and standing.smtp.last_error is None
    stopped = any(one.brake is Brake.CLOCK for one in standing.brakes)
    return any((_is_known(imap), _is_known(standing.smtp), unread, behind, untried, stopped))


def _is_known(account: Account) -> bool:
    """Tell whether an account is in trouble of which an alarm tells when it lasts."""
    known = account.last_success_at is not None or account.stopped
    return account.last_error is not None and known


def why_missed(probing: Probing, standing: Standing) -> tuple[str, str]:
    """Return what is wrong with the one that is missed, and what to do."""
    probe = standing.probe
    since = f"{probe.waiting_since:%Y-%m-%d %H:%M} UTC"
    mail = f"the mail to ourselves ({probing.to})"
    why = standing.smtp.last_error or probe.waiting_why
    said = f": {why}" if why else ""
    own = "if the server knows no plus addresses, name one that it delivers here in "
    own += "`mailboxes[].probe_address`"
    match probe.waiting_state:
        case OutboxState.SENT:
            what = f"{mail} of {since} was sent and has not come back: what customers write may "
            what += "not arrive either"
            look = f"write to {probing.to} from elsewhere, and look in the mailbox and its spam "
            return what, f"{look}folder where it lands; {own}"
        case OutboxState.FAILED:
            return f"the mail server refuses {mail}{said}", own
        case _:
            advice = "try `maildaemon check --connect`; mail to customers may not go either"
            return f"{mail} of {since} could not be sent{said}", advice
