"""Spans of time as people write them, of the four kinds that a promise may count in.

Readers raise ValueError with a sentence for the operator: what is wrong, what to write instead.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_WORDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 604800),
}
_PIECE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([^\W\d_]+)\s*")
_WORKING = re.compile(r"(?i)([0-9]{1,6})\s+(business|open)\s+([a-z]+)")
_OF_A_KIND = re.compile(r"(?i)([0-9]+)\s+([a-z]+)\s+((?:hour|day)s?)")
_LONGEST = timedelta(days=3650)


class Counting(StrEnum):
    """Which time counts. Of a business day all 24 hours count, of `open hours` those of the shop;
    `business days` lead to the same local time so many business days later.
    """

    ELAPSED = "elapsed"
    BUSINESS_HOURS = "business hours"
    BUSINESS_DAYS = "business days"
    OPEN_HOURS = "open hours"


@dataclass(frozen=True, slots=True)
class Span:
    """So much time of that kind; a business day stands as 24 hours in `length`."""

    counting: Counting
    length: timedelta

    def __str__(self) -> str:
        """Return the form in which a person would write it; `parse_span` reads it back."""
        if self.counting is Counting.ELAPSED:
            return format_duration(self.length)
        unit = timedelta(days=1) if self.counting is Counting.BUSINESS_DAYS else timedelta(hours=1)
        count = self.length // unit
        return f"{count} {self.counting if count != 1 else self.counting.removesuffix('s')}"

    def is_longer_than(self, other: "Span") -> bool:
        """Tell whether it is longer; False if the two count differently, so that nobody knows."""
        return self.counting is other.counting and self.length > other.length


def parse_span(text: str) -> Span:
    """Return what `48 business hours`, `3 business days`, `9 open hours`, `36 hours` mean."""
    if meant := _misspelt(text):
        raise ValueError(f"`{text}` cannot be read; did you mean `{meant}`?")
    if not re.search(r"(?i)business|open|working", text):
        return Span(Counting.ELAPSED, _within_reason(parse_duration(text), text))
    match = _WORKING.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"`{text}` cannot be read; write `48 business hours`, `3 business days`, `9 open "
            "hours` or `36 hours`"
        )
    counting = _counting(match[2].lower(), match[3].lower())
    unit = timedelta(days=1) if counting is Counting.BUSINESS_DAYS else timedelta(hours=1)
    return Span(counting, _within_reason(int(match[1]) * unit, text))


def _misspelt(text: str) -> str | None:
    """Return what is meant by `3 busness days`, None if nothing is misspelt or nobody can tell."""
    if (match := _OF_A_KIND.fullmatch(text.strip())) is None:
        return None
    count, kind, unit = match.groups()
    known = get_close_matches(kind.lower(), ("business", "open"), 1)
    return f"{count} {known[0]} {unit}" if known and known[0] != kind.lower() else None


def _counting(kind: str, unit: str) -> Counting:
    if kind == "open" and unit in ("day", "days"):
        raise ValueError("days are counted in `business days`; `open` counts hours")
    if unit not in ("hour", "hours", "day", "days"):
        raise ValueError(f"`{unit}` of working time are not counted; write whole hours or days")
    return Counting(f"{kind} {unit.removesuffix('s')}s")


def _within_reason(length: timedelta, text: str) -> timedelta:
    if not length:
        raise ValueError("nothing would ever be in time; write more than 0")
    if length > _LONGEST:
        raise ValueError(f"`{text}` is more than ten years; write less")
    return length


def parse_duration(text: str) -> timedelta:
    """Return the elapsed time that `10 minutes`, `24h` or `1 h 30 min` mean; else ValueError."""
    if re.search(r"(?i)\b(business|open)\b", text):
        raise ValueError("working time does not count here; write plain hours or days")
    seconds = sum(
        number * factor(word, _WORDS, "seconds, minutes, hours, days, weeks")
        for number, word in pieces(text, "a duration such as `10 minutes` or `24h`")
    )
    try:
        return timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError(f"`{text}` is longer than time itself") from None


def format_duration(duration: timedelta) -> str:
    """Return the duration as a person would write it; exact to the second."""
    seconds = round(duration.total_seconds())
    for word in ("day", "hour", "minute"):
        # One and two days are commonly called 24 and 48 hours.
        enough = 3 if word == "day" else 1
        count, rest = divmod(seconds, _SECONDS[word])
        if rest == 0 and count >= enough:
            return _counted(count, word)
    return _counted(seconds, "second")


def pieces(text: str, wanted: str) -> list[tuple[float, str]]:
    """Split `1 h 30 min` into numbers and units; ValueError says that `wanted` is expected."""
    text = text.strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise ValueError(f"`{text}` has no unit; write {wanted}")
    if not re.fullmatch(f"(?:{_PIECE.pattern})+", text):
        raise ValueError(f"`{text}` cannot be read; write {wanted}")
    return [(float(number), word) for number, word in _PIECE.findall(text)]


def factor(word: str, words: dict[str, int], known: str) -> int:
    """Return what a unit is worth; ValueError names the units that are known."""
    if word.lower() not in words:
        raise ValueError(f"`{word}` is no unit that is known here; use {known}")
    return words[word.lower()]


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
