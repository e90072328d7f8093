"""Reads the whole days of a calendar file (.ics), as calendar programs export them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import takewhile
from pathlib import Path

from maildaemon.settings.publicholidays import YEARS

_DAY = timedelta(days=1)
_LARGEST = 5_000_000
_LONGEST = 366
_MOST_DAYS = 100_000
_EXPORT = "export the calendar again, as iCalendar (.ics)"
_PROPERTY = re.compile(r'([A-Za-z0-9-]+)((?:;[^=:;"]+=(?:"[^"]*"|[^":;])*)*):(.*)', re.DOTALL)
_WEEKDAY = "[+-]?[1-5]?(?:MO|TU|WE|TH|FR|SA|SU)"
# Rules that are not these take a library minutes to find that they never apply.
_RULE_PARTS = re.compile(
    "|".join(
        (
            r"FREQ=(?:YEARLY|MONTHLY|WEEKLY)|INTERVAL=[1-9]\d?|COUNT=[1-9]\d{0,4}|UNTIL=\d{8}",
            rf"BYDAY={_WEEKDAY}(?:,{_WEEKDAY})*|WKST={_WEEKDAY}|BYSETPOS=[+-]?[1-5]",
            *(
                f"{name}={one}(?:,{one})*"
                for name, one in (
                    ("BYMONTH", r"(?:0?[1-9]|1[0-2])"),
                    ("BYMONTHDAY", r"[+-]?(?:0?[1-9]|[12]\d|3[01])"),
                )
            ),
        )
    )
)
_WRITTEN = {"\\n": " ", "\\N": " ", "\\,": ",", "\\;": ";", "\\\\": "\\"}


@dataclass(slots=True)
class _Event:
    line: int
    fields: dict[str, tuple[int, str]] = field(default_factory=dict)
    lists: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return self.fields.get(name, (0, ""))[1]

    def dates(self, name: str) -> Iterator[date]:
        for line, value in self.lists.get(name, ()):
            yield from (_date(line, one) for one in value.split(","))


def read_whole_days(path: Path) -> Mapping[date, str]:
    """Return every day that a whole-day entry of the file covers, with what is written there.

    Entries with times of the day are left out. ValueError says what is wrong, with file and line.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ValueError(f"{path}: {why}; put the calendar file there, or take this out") from error
    if len(content) > _LARGEST:
        raise ValueError(f"{path}: larger than 5 MB; export only the calendar of the holidays")
    try:
        return _whole_days(content.decode("utf-8-sig", errors="replace"))
    except _BrokenError as error:
        raise ValueError(f"{path}, line {error.line}: {error}") from error


class _BrokenError(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _whole_days(text: str) -> dict[date, str]:
    events = [event for event in _events(text) if event.value("STATUS").upper() != "CANCELLED"]
    moved = _moved(events)
    days: dict[date, str] = {}
    left = _MOST_DAYS
    for event in events:
        if (span := _span(event)) is None:
            continue
        begins, length = span
        gone = () if "RECURRENCE-ID" in event.fields else moved.get(event.value("UID"), ())
        name = _plain(event.value("SUMMARY"))
        for first in _occurrences(event, begins):
            left -= length
            if left < 0:
                raise _BrokenError(event.line, "more than 100,000 days; shorten the repetitions")
            if first not in gone:
                days.update((first + count * _DAY, name) for count in range(length))
    return {day: name for day, name in days.items() if day.year in YEARS}


def _moved(events: list[_Event]) -> dict[str, set[date]]:
    """RFC 5545 §3.8.4.4: an entry of its own may replace one day of a repeated one."""
    moved: dict[str, set[date]] = {}
    for event in events:
        if "RECURRENCE-ID" in event.fields:
            day = _date(*event.fields["RECURRENCE-ID"])
            moved.setdefault(event.value("UID"), set()).add(day)
    return moved


def _events(text: str) -> list[_Event]:
    """Return the entries of a calendar; what stands within an entry (an alarm) is left out."""
    events: list[_Event] = []
    within: list[str] = []
    line = 0
    for line, content in _unfolded(text):
        match = _PROPERTY.fullmatch(content)
        if match is None or (not within and content.upper() != "BEGIN:VCALENDAR"):
            raise _BrokenError(line, f"this is no line of a calendar; {_EXPORT}")
        name, value = match[1].upper(), match[3].strip()
        if name == "BEGIN":
            within.append(value.upper())
            if within[-1] == "VEVENT":
                events.append(_Event(line))
        elif name == "END":
            if within.pop() != value.upper():
                raise _BrokenError(line, f"`{content}` ends what has not begun; {_EXPORT}")
        elif within[-1] == "VEVENT":
            events[-1].fields.setdefault(name, (line, value))
            events[-1].lists.setdefault(name, []).append((line, value))
    if within or not line:
        raise _BrokenError(max(line, 1), f"the file ends before the calendar does; {_EXPORT}")
    return events


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """RFC 5545 §3.1: a line that begins with a space continues the one before."""
    began, content = 0, ""
    for line, one in enumerate(re.split(r"\r?\n|\r", text), 1):
        if one[:1] in (" ", "\t"):
            content += one[1:]
            continue
        if content.strip():
            yield began, content
        began, content = line, one
    if content.strip():
        yield began, content


def _span(event: _Event) -> tuple[date, int] | None:
    """Return the first day and how many they are; None if it is an hour rather than a day."""
    if "DTSTART" not in event.fields:
        raise _BrokenError(event.line, f"this entry has no `DTSTART`; {_EXPORT}")
    starts, ends = event.value("DTSTART"), event.value("DTEND")
    # Outlook writes a whole day as one from midnight to midnight.
    if "T" in starts and not (starts != ends and _is_midnight(starts) and _is_midnight(ends)):
        return None
    begins = _date(*event.fields["DTSTART"])
    length = _length(event, begins)
    if length > _LONGEST:
        raise _BrokenError(event.line, f"this entry lasts {length} days; correct its end")
    return begins, length


def _is_midnight(value: str) -> bool:
    return value.endswith("T000000")


def _length(event: _Event, begins: date) -> int:
    """RFC 5545 §3.6.1: the end is the day after the last one; without end or length it is a day."""
    if "DTEND" in event.fields:
        line, _ = event.fields["DTEND"]
        days = (_date(*event.fields["DTEND"]) - begins).days
        if days < 0:
            raise _BrokenError(line, "it ends before it begins; correct it")
        return days or 1  # some programs name the last day itself
    if "DURATION" not in event.fields:
        return 1
    line, value = event.fields["DURATION"]
    match = re.fullmatch(r"\+?P(\d{1,4})([DW])(?:T0[HMS])?", value.upper())
    if match is None or not int(match[1]):
        raise _BrokenError(line, f"`{value}` is no number of days; write for example `P2D`")
    return int(match[1]) * (7 if match[2] == "W" else 1)


def _occurrences(event: _Event, begins: date) -> Iterator[date]:
    gone = set(event.dates("EXDATE"))
    days = {begins, *event.dates("RDATE")}
    if "RRULE" in event.fields:
        days.update(_repeated(*event.fields["RRULE"], begins))
    yield from (day for day in days - gone if day.year < YEARS.stop)


def _repeated(line: int, rule: str, begins: date) -> list[date]:
    # RFC 5545 §3.3.10: the end of a rule may carry a time and a zone; days have neither.
    rule = re.sub(r"UNTIL=(\d{8})\w*", r"UNTIL=\1", rule.upper())
    advice = "write the days out, or name them in `add`"
    if "FREQ=" not in rule or not all(map(_RULE_PARTS.fullmatch, rule.split(";"))):
        raise _BrokenError(line, f"`{rule}` is no repetition that is known here; {advice}")
    # Loaded only for what repeats: it takes a tenth of a second.
    from dateutil.rrule import rrulestr

    try:
        moments = rrulestr(rule, dtstart=datetime.combine(begins, datetime.min.time()))
    except ValueError as error:
        raise _BrokenError(line, f"`{rule}` cannot be read; {advice}") from error
    days = [one.date() for one in takewhile(lambda one: one.year < YEARS.stop, moments)]
    if not days:
        raise _BrokenError(line, f"`{rule}` leads to no day; correct it, or {advice}")
    return days


def _date(line: int, value: str) -> date:
    try:
        return datetime.strptime(value[:8], "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise _BrokenError(line, f"`{value}` is no date; {_EXPORT}") from None


def _plain(text: str) -> str:
    return re.sub(r"\\[nN,;\\]", lambda escape: _WRITTEN[escape[0]], text).strip()
