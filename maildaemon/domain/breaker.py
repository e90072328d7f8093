"""When so much automatic mail goes out, or comes back, that something must be wrong."""

from datetime import timedelta

from maildaemon.domain.policy import Limits

WINDOW = timedelta(minutes=10)
FORTNIGHT = timedelta(days=14)
_TIMES_THE_MEAN = 5
_BOUNCES_AT_MOST = 10


def always_allowed(limits: Limits) -> float:
    """Return how many mails within `WINDOW` are never too much, whatever is usual."""
    return limits.burst + limits.per_mailbox.count * (WINDOW / limits.per_mailbox.per)


def why_break(limits: Limits, sent: int, sent_in_fortnight: int, bounces: int) -> str | None:
    """Return why all automatic mail must stop, None if it may flow.

    `sent` and `bounces` are counted over `WINDOW`. What the mailbox's own rate lets pass in that
    time is never too much: 30 with the limits as they are shipped.
    """
    allowed = always_allowed(limits)
    mean = sent_in_fortnight * (WINDOW / FORTNIGHT)
    if sent > max(allowed, _TIMES_THE_MEAN * mean):
        return f"{sent} automatic mails in 10 minutes, {mean:.1f} is usual"
    if bounces > _BOUNCES_AT_MOST:
        return f"{bounces} of our mails bounced within 10 minutes"
    return None
