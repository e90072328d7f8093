"""Opening times of a week, as people write them.

Readers raise ValueError with a sentence for the operator: what is wrong, what to write instead.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_TIMES = re.compile(r"([0-9]{1,2}):([0-9]{2})[-–]([0-9]{1,2}):([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Opening:
    """Open from `opens` until before `closes`, in minutes after the midnight that begins the day.
    `closes` is above 1440 where the shop closes on the next day.
    """

    opens: int
    closes: int

    def __str__(self) -> str:
        """Return `09:00-18:00`."""
        closes = self.closes if self.closes <= _DAY else self.closes - _DAY
        return f"{_clock(self.opens)}-{_clock(closes)}"


@dataclass(frozen=True, slots=True)
class Week:
    """The opening times of the seven days, Monday first; a day without any is closed. In a week
    without any, nothing would ever be due: ValueError.
    """

    days: tuple[tuple[Opening, ...], ...]

    def __post_init__(self) -> None:
        """Refuse what would never let working time pass."""
        if not any(self.days):
            raise ValueError("a shop that never opens never answers; name at least one day")


WORKING_DAYS = Week((*(((Opening(0, _DAY),),) * 5), (), ()))


@dataclass(frozen=True, slots=True)
class Hours:
    """When the shop works: its week, in its own time zone, without its holidays."""

    week: Week = WORKING_DAYS
    zone: tzinfo = UTC
    holidays: frozenset[date] = frozenset()


def is_open(hours: Hours, at: datetime) -> bool:
    """Tell whether the shop is open at an instant."""
    local = at.astimezone(hours.zone)
    minute = local.hour * 60 + local.minute
    # What closes after midnight belongs to the day on which it opened.
    return any(
        opening.opens <= since_midnight < opening.closes
        for day, since_midnight in (
            (local.date(), minute),
            (local.date() - timedelta(days=1), minute + _DAY),
        )
        if day not in hours.holidays
        for opening in hours.week.days[day.weekday()]
    )


def parse_days(text: str) -> tuple[str, ...] | None:
    """Return the days that `wed`, or a range such as `mon-fri` or `sat-mon`, names; None if it
    names none.
    """
    first, *last = re.split(r"\s*[-–]\s*", text.strip())
    if len(last) > 1 or not {first, *last} <= {*DAYS}:
        return None
    begins, ends = DAYS.index(first), DAYS.index(last[0] if last else first)
    return tuple(DAYS[(begins + day) % 7] for day in range((ends - begins) % 7 + 1))


def parse_openings(text: str) -> tuple[Opening, ...]:
    """Return what `09:00-13:00 14:00-18:00` means, in order; else ValueError.

    `24:00` is the end of the day; what closes before it opens closes on the next day.
    """
    if not text.strip():
        raise ValueError("nothing is given here; write `09:00-18:00`, or take the day out")
    parts = re.split(r"[\s,]+", re.sub(r"\s*([-–])\s*", r"\1", text.strip()))
    openings = tuple(_opening(part) for part in parts)
    for before, after in pairwise(openings):
        if after.opens < before.closes:
            raise ValueError(f"`{before}` and `{after}` overlap, or stand in the wrong order")
    return openings


def why_no_week(days: dict[str, tuple[Opening, ...]]) -> tuple[str, str] | None:
    """Return the day that opens while the night before is still open, and a sentence about it."""
    for before, after in pairwise((*DAYS, DAYS[0])):
        late, early = days.get(before, ()), days.get(after, ())
        if late and early and late[-1].closes > _DAY + early[0].opens:
            closes = _clock(late[-1].closes - _DAY)
            return after, f"`{before}` closes at {closes} on the next day, when `{after}` is open"
    return None


def _opening(text: str) -> Opening:
    match = _TIMES.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is no opening time; write `09:00-18:00`")
    opens, closes = (_minutes(match[at], match[at + 1]) for at in (1, 3))
    if opens in (closes, _DAY):
        raise ValueError(f"`{text}` is no time at all; for a whole day write `00:00-24:00`")
    return Opening(opens, closes if closes > opens else closes + _DAY)


def _minutes(hours: str, minutes: str) -> int:
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > _DAY:  # noqa: PLR2004 - the minutes of an hour
        raise ValueError(f"`{hours}:{minutes}` is no time of the day; it ends at `24:00`")
    return total


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
