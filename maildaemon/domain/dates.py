"""Which day, and whether which hour, a customer is told for an instant.

Whoever reads "by Thursday" waits until Thursday is over. The hour is named only where a day would
say too little.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_PRECISE_BELOW = timedelta(days=2)
_WEEK = timedelta(days=7)
_INSTANT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Told:
    """A day of the shop's calendar, and a time of its clock; None: the day says enough.

    `offset` is what that clock is ahead of UTC. `this_week`: the weekday alone says which day.
    """

    day: date
    at: time | None
    offset: timedelta
    this_week: bool = False


def tell_deadline(at: datetime, zone: tzinfo, now: datetime) -> Told:
    """Return how to name the end of a time, for "by …".

    What ends at midnight ends with the day before. The hour is named if less than two days are
    left, and of what is over already if that was today.
    """
    local = at.astimezone(zone)
    # The last moment that is in time: also where the clock leaves out midnight.
    day = (at - _INSTANT).astimezone(zone).date()
    near = at - now < _PRECISE_BELOW if at > now else day == now.astimezone(zone).date()
    precise = near and day == local.date()
    return Told(day, local.time() if precise else None, _offset(local))


def over_at(at: datetime, zone: tzinfo, told_at: datetime) -> datetime:
    """Return when that is over which a customer was told at `told_at`: where no hour was named, he
    waits until the day ends.
    """
    told = tell_deadline(at, zone, told_at)
    if told.at is not None:
        return at
    return datetime.combine(told.day + timedelta(days=1), time.min, zone).astimezone(UTC)


def tell_opening(at: datetime, zone: tzinfo, now: datetime) -> Told:
    """Return how to name the moment at which the shop opens, for "on …".

    A shop that opens at midnight works all day long: the day says enough.
    """
    local = at.astimezone(zone)
    ahead = local.date() - now.astimezone(zone).date()
    opens = local.time() if local.time() != time.min else None
    # On the same day its name could as well mean next week's.
    return Told(local.date(), opens, _offset(local), timedelta() < ahead < _WEEK)


def tell_end(at: datetime, zone: tzinfo) -> tuple[date, str]:
    """Return the day and the time of a deadline, for a colleague: what ends at midnight ends with
    the day before, which is the day that the customer was told.
    """
    local = at.astimezone(zone)
    day = (at - _INSTANT).astimezone(zone).date()
    return day, f"{local:%H:%M}" if day == local.date() else "24:00"


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()
