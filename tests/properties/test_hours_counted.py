"""When something is due, against somebody who counts the minutes one by one.

A shop is made at random for each place and time: its week, its holidays; then starts and spans,
more of them where clocks change. `python -m tests.properties.test_hours_counted 200` counts more.
"""

import functools
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from maildaemon.domain.hours import due_at
from maildaemon.domain.opening import DAYS, Hours, Week, parse_openings, why_no_week
from maildaemon.domain.spans import parse_span
from tests.counting import DAY, MINUTE, Calendar, Clock, Wall

LENGTH = 45
STARTS = 110

# A day in the midst of what is counted: clocks change there, or the calendar does something.
OCCASIONS = (
    ("Australia/Lord_Howe", "2026-04-05"),  # half an hour back
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Africa/Casablanca", "2026-02-15"),  # Ramadan begins, an hour back
    ("Africa/Casablanca", "2026-03-22"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Europe/Rome", "2027-03-28"),
    ("Europe/Rome", "2026-12-31"),
    ("Asia/Kathmandu", "2028-02-29"),
    ("Asia/Kathmandu", "2026-01-01"),
    ("Pacific/Apia", "2011-12-30"),  # a day that never was
    ("Pacific/Chatham", "2026-09-27"),  # at a quarter to three
    ("Pacific/Chatham", "2027-04-04"),
    ("America/Havana", "2026-03-08"),  # midnight is skipped
    ("America/Havana", "2026-11-01"),
)
OPENINGS = (
    "09:00-18:00",
    "09:00-13:00 14:00-18:00",
    "00:00-24:00",
    "00:00-06:00",
    "01:15-02:45 03:05-04:00",
    "22:00-02:00",
    "18:00-24:00",
    "02:00-03:00",
    "08:17-08:18",
)


def hours_of(wall: Wall) -> Hours:
    """Return the same shop in the words of the program."""
    week = Week(tuple(parse_openings(wall.week[one]) if one in wall.week else () for one in DAYS))
    return Hours(week, ZoneInfo(wall.zone), wall.holidays)


def a_wall(zone: str, middle: datetime, dice: random.Random) -> Wall:
    """Return a shop that somebody may have: mostly five or six days, split, past midnight."""
    while True:
        days = dice.sample(DAYS, dice.choice((1, 4, 5, 5, 6, 7)))
        week = {day: dice.choice(OPENINGS) for day in days}
        if why_no_week({day: parse_openings(text) for day, text in week.items()}) is None:
            break
    off = frozenset(
        (middle + dice.randrange(-LENGTH // 2, LENGTH // 2) * DAY).date() for _ in range(4)
    )
    return Wall(zone, week, off)


def spans(dice: random.Random) -> tuple[int, str]:
    kind = dice.choice(("business hours", "open hours", "business days", "hours", "days"))
    few = dice.choice((1, 2, 3, 4, 9, 12, 24, 36, 48, 72))
    return (few if "hours" in kind else dice.randrange(1, 8)), kind


@functools.cache
def a_clock(zone: str, middle: datetime) -> Clock:
    return Clock(zone, middle - 15 * DAY, LENGTH)


def differences(zone: str, day: str, seed: int) -> Iterator[tuple[str, bool]]:
    """Yield each case that could be counted, and whether the program agrees."""
    dice = random.Random(f"{zone} {day} {seed}")
    middle = datetime.fromisoformat(f"{day}T02:00").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    wall = a_wall(zone, middle, dice)
    hours, calendar = hours_of(wall), Calendar(wall, a_clock(zone, middle))
    for _ in range(STARTS):
        near = dice.random() < 0.5
        away = dice.randrange(-36 * 60, 36 * 60) if near else dice.randrange(-14 * 1440, 20 * 1440)
        start = middle + away * MINUTE + timedelta(seconds=dice.choice((0, 0, 1, 37, 59)))
        count, kind = spans(dice)
        try:
            counted = calendar.due_at(start, count, kind)
        except IndexError:
            continue  # it leads beyond the days that were counted
        unit = kind if count > 1 else kind.removesuffix("s")
        due = due_at(start, parse_span(f"{count} {unit}"), hours)
        case = f"{wall} {start.astimezone(hours.zone)} + {count} {kind}: {counted}, not {due}"
        yield case, due == counted


@pytest.mark.parametrize(("zone", "day"), OCCASIONS)
def test_whoever_counts_the_minutes_comes_to_the_same_time(zone: str, day: str) -> None:
    found = [one for seed in range(2) for one in differences(zone, day, seed)]

    assert len(found) > STARTS
    assert [case for case, agrees in found if not agrees] == []


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    counted = [
        one
        for occasion in OCCASIONS
        for seed in range(many)
        for one in differences(*occasion, seed)
    ]
    wrong = [case for case, agrees in counted if not agrees]
    print(*wrong[:20], f"{len(counted)} cases, {len(wrong)} differ", sep="\n")
    sys.exit(bool(wrong))
