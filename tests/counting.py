"""Counts working time minute by minute, as somebody with a calendar and a clock on the wall would.

This shares nothing with the program but the words that a shop writes; what it says is compared with
what the program computes.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Wall:
    """A shop as it stands on its door: its zone, `{"mon": "09:00-18:00"}`, and its holidays."""

    zone: str
    week: Mapping[str, str]
    holidays: frozenset[date] = frozenset()

    def works_on(self, day: date) -> bool:
        return WEEKDAYS[day.weekday()] in self.week and day not in self.holidays

    def open_minutes(self, day: date) -> bytearray:
        """Return for each minute of a day whether the shop is open then."""
        flags = bytearray(24 * 60)
        # What opens on the evening before may be open still.
        for begun, offset in ((day - DAY, 24 * 60), (day, 0)):
            if self.works_on(begun):
                for opens, closes in _times(self.week[WEEKDAYS[begun.weekday()]]):
                    for minute in range(max(opens - offset, 0), min(closes - offset, 24 * 60)):
                        flags[minute] = 1
        return flags


def _times(text: str) -> Iterable[tuple[int, int]]:
    for opening in text.split():
        numbers = [int(one) for one in re.findall(r"\d+", opening)]
        opens, closes = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
        yield opens, closes if closes > opens else closes + 24 * 60


class Clock:
    """What a clock on a wall shows in every minute of some days."""

    def __init__(self, zone: str, begins: datetime, days: int) -> None:
        self.begins = begins.astimezone(UTC).replace(second=0, microsecond=0)
        place = ZoneInfo(zone)
        at, self.shows = self.begins, list[datetime]()
        for _ in range(days * 24 * 60):
            self.shows.append(at.astimezone(place))
            at += MINUTE
        # The days that came, with their first minute: one that the zone leaves out never did.
        self.days = dict[date, int]()
        for minute, shown in enumerate(self.shows):
            self.days.setdefault(shown.date(), minute)


class Calendar:
    """Every minute of some days, and which of them count in a shop."""

    def __init__(self, wall: Wall, clock: Clock) -> None:
        self.wall, self.begins, self.local = wall, clock.begins, clock.shows
        works = {day: wall.works_on(day) for day in clock.days}
        opens = {day: wall.open_minutes(day) for day in clock.days}
        self.counts: dict[str, list[int]] = {"business hours": [], "open hours": []}
        for minute, at in enumerate(clock.shows):
            day = at.date()
            if works[day]:
                self.counts["business hours"].append(minute)
            if opens[day][at.hour * 60 + at.minute]:
                self.counts["open hours"].append(minute)
        self.days = [day for day, does in works.items() if does]
        self._first = clock.days

    def due_at(self, start: datetime, count: int, kind: str) -> datetime:
        """Return when `count` of a kind have passed since a start; IndexError: outside of this."""
        if kind in ("hours", "days"):
            return start + count * (timedelta(hours=1) if kind == "hours" else DAY)
        if kind == "business days":
            return self._days_later(start, count)
        minute, seconds = divmod(start - self.begins, MINUTE)
        counted = self.counts[kind]
        at = bisect_left(counted, minute)  # the first that counts from here on
        if counted[at] != minute:
            seconds = timedelta()  # it begins with the first minute that counts
        if seconds:
            return self.begins + counted[at + count * 60] * MINUTE + seconds
        return self.begins + (counted[at + count * 60 - 1] + 1) * MINUTE

    def _days_later(self, start: datetime, count: int) -> datetime:
        minute, seconds = divmod(start - self.begins, MINUTE)
        local = self.local[minute]
        today, at = local.date(), local.time()
        to_come = self.days[bisect_right(self.days, today) :]
        if not self.wall.works_on(today):
            # It begins at 00:00 of the first of them, and the others are counted from there.
            to_come, at, seconds = to_come[1:], time(), timedelta()
        last = to_come[count - 1]
        found = self._first[last]
        # The first minute of that day at which the clock has reached this time.
        while self.local[found].date() == last and self.local[found].time() < at:
            found += 1
        was_skipped = (self.local[found].date(), self.local[found].time()) != (last, at)
        return self.begins + found * MINUTE + (timedelta() if was_skipped else seconds)
