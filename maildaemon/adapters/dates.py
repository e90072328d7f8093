"""Writes days and times as the customer's language writes them."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from maildaemon.adapters.vocabulary import Vocabulary
from maildaemon.domain.dates import Told, tell_deadline, tell_opening

_MINUTES = 60
# By which clock whoever writes in a language takes a time to be meant. Languages of many clocks
# (English, Spanish, Portuguese, Russian) are missing: there the zone is always named.
_CLOCKS: Mapping[str, ZoneInfo] = {
    "de": ZoneInfo("Europe/Berlin"),
    "fr": ZoneInfo("Europe/Paris"),
    "it": ZoneInfo("Europe/Rome"),
    "nl": ZoneInfo("Europe/Amsterdam"),
    "pl": ZoneInfo("Europe/Warsaw"),
    "uk": ZoneInfo("Europe/Kyiv"),
}


def show_deadline(at: datetime, zone: tzinfo, now: datetime, words: Vocabulary) -> str:
    """Return what stands after "by": `Thursday, 3 December 2026`, near ones with the time."""
    told = tell_deadline(at, zone, now)
    day = _day(told.day, "weekdays_by", words)
    return _with_time("by_time", day, told, at, words)


def show_opening(at: datetime, zone: tzinfo, now: datetime, words: Vocabulary) -> str:
    """Return what stands after "we open again": `on Monday at 09:00`."""
    told = tell_opening(at, zone, now)
    if told.this_week:
        day = words.items("weekdays_on")[told.day.weekday()]
    else:
        day = _day(told.day, "weekdays_on", words)
    return _with_time("on_time", day, told, at, words)


def _day(day: date, weekdays: str, words: Vocabulary) -> str:
    weekday = words.items(weekdays)[day.weekday()]
    return words.fill("day", weekday=weekday, date=words.show_day(day))


def _with_time(line: str, day: str, told: Told, at: datetime, words: Vocabulary) -> str:
    if told.at is None:
        return day
    shown = _clock(told.at, words)
    if not _is_guessed(told.offset, at, words.language):
        shown = words.fill("clock_zone", time=shown, zone=_zone(told.offset))
    return words.fill(line, day=day, time=shown)


def _clock(at: time, words: Vocabulary) -> str:
    minute = f"{at.minute:02}"
    name = "clock" if at.minute else "clock_hour"
    return words.fill(name, hour=at.hour, hours=f"{at.hour:02}", minutes=minute)


def _is_guessed(offset: timedelta, at: datetime, language: str) -> bool:
    """Tell whether a customer with this language takes the time as it is meant."""
    clock = _CLOCKS.get(language.partition("-")[0])
    return clock is not None and at.astimezone(clock).utcoffset() == offset


def _zone(offset: timedelta) -> str:
    """Return `UTC+1`, which everybody can look up; `CET` and the like mean several things."""
    minutes = round(offset.total_seconds() / _MINUTES)
    hours, rest = divmod(abs(minutes), _MINUTES)
    sign = "+" if minutes > 0 else "\N{MINUS SIGN}"
    return f"UTC{sign}{hours}{f':{rest:02}' if rest else ''}" if minutes else "UTC"
