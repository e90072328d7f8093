"""What to do about a mail that may or may not have been accepted."""

from datetime import datetime, timedelta
from enum import StrEnum

from maildaemon.domain.delivery import Section
from maildaemon.domain.waiting import WITNESS_WITHIN

_LOOK_AGAIN_AFTER = timedelta(minutes=1)


class Verdict(StrEnum):
    """`wait`: a witness may still be seen."""

    WAIT = "wait"
    UNKNOWN = "unknown"
    RESEND = "resend"


def conclude_uncertain(
    sections: tuple[Section, ...],
    uncertain_at: datetime,
    horizon: datetime | None,
    now: datetime,
    *,
    server_files_sent: bool,
    resent: bool = False,
) -> tuple[Verdict, datetime]:
    """Return what becomes of an uncertain mail that nobody has seen, and when to look again.

    `horizon`: until when everything in Sent has been seen, None if there is no such folder.
    Where the server files what it accepts (`server_files_sent`), what is not in Sent was not
    accepted: it is safe to send again. Anywhere else nothing is proven: a missing
    acknowledgement is cheaper than a doubled one; anything else is sent once more, byte for byte,
    so that receivers collapse it, and not a third time (`resent`).
    """
    seen_by = uncertain_at + WITNESS_WITHIN
    if now < seen_by:
        return Verdict.WAIT, seen_by
    if horizon is not None and horizon < seen_by:
        return Verdict.WAIT, now + _LOOK_AGAIN_AFTER
    if server_files_sent and horizon is not None:
        return Verdict.RESEND, now
    if Section.ACKNOWLEDGEMENT in sections or resent:
        return Verdict.UNKNOWN, now
    return Verdict.RESEND, now
