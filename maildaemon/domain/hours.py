"""When something is due, in working time: by the clock on the wall of the shop.

A moment counts if the wall clock then shows a day, or an opening, that counts. So a business day on
which the clock changes has 23 or 25 hours, and all of them count; a time that is skipped takes no
time, a time that is repeated counts twice. What closes after midnight belongs to the day on which
it opened: on a holiday it does not open, and on the eve of one it closes as always.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise, takewhile
from math import ceil, floor

from maildaemon.domain.opening import Hours, Opening
from maildaemon.domain.spans import Counting, Span

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_MIDNIGHT = time()
_ALL_DAY = (Opening(0, 24 * 60),)
_FORESEEABLE = timedelta(days=366)


def due_at(start: datetime, span: Span, hours: Hours) -> datetime:
    """Return the earliest instant, in UTC, at which the span has elapsed since `start`.

    What starts on a closed day starts with the first minute of the next business day, and open
    hours at the next opening. Business days lead to the same local time: the first of two if the
    clock is set back over it, the moment of the change if it is set forward over it.
    """
    return _due_at(start.astimezone(UTC), span, hours)


# A conversation is planned again whenever something happens in it, and asks the same each time.
@lru_cache(maxsize=1 << 14)
def _due_at(start: datetime, span: Span, hours: Hours) -> datetime:
    if span.counting is Counting.ELAPSED:
        return start + span.length
    if span.counting is Counting.BUSINESS_DAYS:
        return _same_time_later(start, span.length // _DAY, hours)
    left, pieces = span.length, _counted(start, span.counting, hours)
    begins, ends = next(pieces)
    while left > ends - begins:
        left -= ends - begins
        begins, ends = next(pieces)
    return begins + left


def opens_at(hours: Hours, at: datetime) -> datetime | None:
    """Return from when on the shop is open, in UTC: `at` itself if it is open then, else the next
    opening; None if it stays closed for a year.
    """
    begins, _ = next(_counted(at, Counting.OPEN_HOURS, hours))
    return begins if begins - at <= _FORESEEABLE else None


def over_while_closed(
    span: Span, hours: Hours, since: datetime
) -> tuple[datetime, datetime] | None:
    """Return after which closing a promise of so long is over before anybody is there again, and
    when it is; None if it never is. Holidays are left out; the week after `since` is looked at.
    """
    usual = replace(hours, holidays=frozenset())
    pieces = pairwise(_counted(since, Counting.OPEN_HOURS, usual))
    for (_, closes), (opens, _) in takewhile(lambda two: two[0][1] <= since + _WEEK, pieces):
        if closes < opens and (due := due_at(closes, span, usual)) < opens:
            return closes, due
    return None


def not_before_opening(at: datetime, hours: Hours) -> datetime:
    """Return the instant itself, in UTC; but if the shop opens later on that day, when it does."""
    opens = opens_at(hours, at)
    if opens is None or _day(opens, hours) != _day(at, hours):
        return at
    return opens


def _day(at: datetime, hours: Hours) -> date:
    return at.astimezone(hours.zone).date()


def is_business_day(hours: Hours, day: date) -> bool:
    """Tell whether the shop opens on a day: its week names it, and it is no holiday."""
    return bool(_openings(hours, day))


def _openings(hours: Hours, day: date) -> tuple[Opening, ...]:
    return () if day in hours.holidays else hours.week.days[day.weekday()]


def _same_time_later(start: datetime, days: int, hours: Hours) -> datetime:
    local = start.astimezone(hours.zone)
    day, at = local.date(), local.time()
    if not is_business_day(hours, day):
        day, at = _next_business_day(day, hours), _MIDNIGHT
    for _ in range(days):
        day = _next_business_day(day, hours)
    return _first_instant(datetime.combine(day, at), hours.zone)


def _next_business_day(day: date, hours: Hours) -> date:
    while True:
        day += _DAY
        if is_business_day(hours, day) and _exists(day, hours.zone):
            return day


def _exists(day: date, zone: tzinfo) -> bool:
    """Tell whether a place has seen the day: who moves across the date line skips one."""
    dawn = _first_instant(datetime.combine(day, _MIDNIGHT), zone)
    return dawn.astimezone(zone).date() == day


def _counted(
    start: datetime, counting: Counting, hours: Hours
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the time that counts from `start` on, piece by piece, in UTC; there is always more."""
    # Time does not end, and neither does this loop.
    for since, until, offset in _steady(start.astimezone(UTC), hours.zone):  # pragma: no branch
        day = (since + offset).date()
        for day_of_opening in (day - _DAY, day):
            openings = _openings(hours, day_of_opening)
            if openings and counting is Counting.BUSINESS_HOURS:
                openings = _ALL_DAY
            midnight = datetime.combine(day_of_opening, _MIDNIGHT, UTC) - offset
            for opening in openings:
                begins = max(since, midnight + timedelta(minutes=opening.opens))
                ends = min(until, midnight + timedelta(minutes=opening.closes))
                if begins < ends:
                    yield begins, ends


def _steady(at: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield all time from `at` on in pieces of one local day each, during which the clock of the
    zone is not changed, with its offset then. No zone changes its clock twice within a day.
    """
    while True:
        offset = _offset(at, zone)
        midnight = datetime.combine((at + offset).date() + _DAY, _MIDNIGHT, UTC) - offset
        until = midnight if _offset(midnight, zone) == offset else _change(at, midnight, zone)
        yield at, until, offset
        at = until


def _first_instant(local: datetime, zone: tzinfo) -> datetime:
    """Return when the clock of the zone first shows a local time, or jumps over it, in UTC."""
    first = local.replace(tzinfo=zone).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local:
        return first
    # PEP 495: of a time that is skipped, `fold` chooses the offset before or after the change.
    return _change(local.replace(tzinfo=zone, fold=1).astimezone(UTC), first, zone)


def _change(since: datetime, until: datetime, zone: tzinfo) -> datetime:
    """Return the first instant after `since`, up to `until`, with the offset of `until`."""
    before, after, changed = floor(since.timestamp()), ceil(until.timestamp()), _offset(until, zone)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(datetime.fromtimestamp(middle, UTC), zone) == changed:
            after = middle
        else:
            before = middle
    return datetime.fromtimestamp(after, UTC)


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
