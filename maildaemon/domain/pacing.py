"""When the next mail of a mailbox may go: its rate delays, and silences nobody."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from maildaemon.domain.brakes import always_allowed
from maildaemon.domain.policy import Limits

_TELL_AFTER_SHARE = 6
_AIM = 0.9


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits to be sent, and what was: `oldest_at` is when the oldest was queued.

    `paced_until`: when the leaky bucket is empty. `paced_at`: when a mail was taken last.
    `sent`: how many were sent within the breaker's window.
    """

    waiting: int
    oldest_at: datetime
    paced_until: datetime | None = None
    paced_at: datetime | None = None
    sent: int = 0


def next_slot(limits: Limits, queue: Queue, now: datetime) -> datetime:
    """Return when the next mail may go, not before `now`.

    The rate and its burst, or faster, evenly, where some would wait for longer than
    `longest_delay`; never as fast as what trips the breaker: then they are late, which is told.
    """
    if queue.sent + 1 > always_allowed(limits):
        return now + _interval(limits)
    full_until = min(_full_until(queue, now), now + _interval(limits) * limits.burst)
    slot = max(now, full_until - _interval(limits) * (limits.burst - 1))
    # With a margin: an SMTP server has its slow moments.
    left = max(queue.oldest_at + _AIM * limits.longest_delay - now, timedelta(0))
    hurried = min(queue.paced_at or now, now) + left / max(queue.waiting, 1)
    return min(slot, max(now, hurried))


def take_slot(limits: Limits, queue: Queue, now: datetime) -> datetime:
    """Return until when the bucket is full after one more mail: never fuller than full."""
    interval = _interval(limits)
    return min(max(_full_until(queue, now), now) + interval, now + interval * limits.burst)


def is_late(limits: Limits, queue: Queue, now: datetime) -> bool:
    """Tell whether mail waits for so long that staff should know: an hour as shipped."""
    return now - queue.oldest_at > limits.longest_delay / _TELL_AFTER_SHARE


def _full_until(queue: Queue, now: datetime) -> datetime:
    # What was noted by a clock that was ahead counts for nothing: it would keep mail until then.
    if queue.paced_until is None or (queue.paced_at is not None and queue.paced_at > now):
        return now
    return queue.paced_until


def _interval(limits: Limits) -> timedelta:
    return limits.per_mailbox.per / limits.per_mailbox.count
