"""When all automatic mail of a mailbox must stand still, and what that means for a message."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from maildaemon.domain.policy import Limits

WINDOW = timedelta(minutes=10)
FORTNIGHT = timedelta(days=14)
OLD_MAIL = timedelta(days=7)
_TIMES_THE_MEAN = 5
_BOUNCES_AT_MOST = 10
# People move a few dozen mails at once from one folder to another.
_OLD_AT_MOST = 100
_TIMES_OUR_PACE = 10
_CLOCKS_DIFFER = timedelta(minutes=5)
_CLOCKS_AGREE = timedelta(minutes=2)
_NEVER_STOPPED_FOR = timedelta(days=30)
_ENDLESS = datetime.max.replace(tzinfo=UTC, microsecond=0)


class Brake(StrEnum):
    """What stops all automatic mail, by the names that `resume --brake` takes.

    `breaker`: far too much was sent, or came back. `flood`: far too many people wrote at once.
    `bulk_arrival`: old mail was put into the mailbox. `renumbered`: the server has numbered its
    messages anew. `restored`: the database is older than the world. `clock`: it cannot be right.
    `other_installation`: another maildaemon answers from this mailbox as well.
    """

    BREAKER = "breaker"
    FLOOD = "flood"
    BULK_ARRIVAL = "bulk_arrival"
    RENUMBERED = "renumbered"
    RESTORED = "restored"
    CLOCK = "clock"
    OTHER_INSTALLATION = "other_installation"

    def doubts_before(self, at: datetime) -> datetime | None:
        """Return from when on a message is surely new, for a brake that was set at this time;
        None if it never was in doubt that the messages are.
        """
        match self:
            case Brake.BREAKER | Brake.FLOOD | Brake.OTHER_INSTALLATION:
                return None
            case Brake.BULK_ARRIVAL | Brake.RENUMBERED | Brake.RESTORED:
                return at
            case Brake.CLOCK:
                return _ENDLESS


@dataclass(frozen=True, slots=True)
class Braking:
    """A brake that is on."""

    brake: Brake
    reason: str
    set_at: datetime
    doubts_before: datetime | None

    def doubts(self, oldest_date: datetime) -> bool:
        """Tell whether a message of this date may only look new: it is recorded and, whatever
        becomes of the brake, not answered automatically. Any other one is, once it is released.
        """
        return self.doubts_before is not None and oldest_date < self.doubts_before


def always_allowed(limits: Limits) -> float:
    """Return how many mails within `WINDOW` are never too much, whatever is usual."""
    return limits.burst + limits.per_mailbox.count * (WINDOW / limits.per_mailbox.per)


def why_break(limits: Limits, sent: int, sent_in_fortnight: int, bounces: int) -> str | None:
    """Return why all automatic mail must stop, None if it may flow.

    `sent` and `bounces` are counted over `WINDOW`. What the mailbox's own rate lets pass in that
    time is never too much: 30 with the limits as they are shipped.
    """
    mean = _mean(sent_in_fortnight)
    if sent > max(always_allowed(limits), _TIMES_THE_MEAN * mean):
        return f"{sent} automatic mails in 10 minutes, {mean:.1f} is usual"
    if bounces > _BOUNCES_AT_MOST:
        return f"{bounces} of our mails bounced within 10 minutes"
    return None


def why_flooded(limits: Limits, arrived: int) -> str | None:
    """Return why so many messages to answer (within `WINDOW`) are suspect, None if they are not.

    With the limits as they are shipped, 300 are not: many times what a shop gets on its busiest
    day. Who gets more has higher limits, or nobody would be answered in time.
    """
    if arrived > _TIMES_OUR_PACE * always_allowed(limits):
        return f"{arrived} mails that are to be answered arrived within 10 minutes"
    return None


def why_bulk(old: int) -> str | None:
    """Return why so many messages, recorded within `WINDOW`, are suspect that are older than
    `OLD_MAIL` and than what was recorded before them: among them are others that look new. None
    if they are not.
    """
    if old <= _OLD_AT_MOST:
        return None
    return f"{old} messages that are older than a week came into the mailbox within 10 minutes"


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The wall clock, and seconds since the machine was started, sleep included."""

    wall: datetime
    boot: float

    @property
    def offset(self) -> timedelta:
        """Return what stays the same as long as nobody sets the wall clock."""
        return self.wall - datetime.min.replace(tzinfo=UTC) - timedelta(seconds=self.boot)


def why_jumped(before: ClockReading, after: ClockReading) -> str | None:
    """Return how the wall clock was set between the two, None if it just went on. A sleep of the
    machine is no jump.
    """
    jump = after.offset - before.offset
    if abs(jump) <= _CLOCKS_DIFFER:
        return None
    return f"the clock jumped {_direction(jump)} by {_span(jump)}"


def why_behind(server: datetime, now: datetime, who: str) -> str | None:
    """Return that our clock is behind, because `who` knows a later time; None if it need not be."""
    behind = server - now
    if behind <= _CLOCKS_DIFFER:
        return None
    return f"{who} is {_span(behind)} ahead of the clock"


def why_long_ago(last: datetime, now: datetime) -> str | None:
    """Return that the clock may be ahead, because nothing was heard of us for so long."""
    if now - last <= _NEVER_STOPPED_FOR:
        return None
    days = (now - last).days
    return f"the last heartbeat is {days} days old: is the clock right?"


def clocks_agree(one: datetime, other: datetime) -> bool:
    """Tell whether two clocks show the same time, for what is done here."""
    return abs(one - other) <= _CLOCKS_AGREE


def _direction(jump: timedelta) -> str:
    return "forward" if jump > timedelta(0) else "back"


def _span(jump: timedelta) -> str:
    minutes = round(abs(jump).total_seconds() / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"  # noqa: PLR2004


def _mean(in_fortnight: int) -> float:
    return in_fortnight * (WINDOW / FORTNIGHT)
