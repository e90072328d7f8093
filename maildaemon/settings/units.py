"""Durations, sizes and rates as people write them, both ways.

Readers raise ValueError with a sentence for the operator: what is wrong, what to write instead.
"""

import re
from datetime import timedelta

from maildaemon.domain.policy import Rate

KB = 1000
MB = 1000 * KB

_LARGEST = 2.0**62

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_DURATION_WORDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 604800),
}
_BYTES = {"GB": 1000 * MB, "GiB": 1024**3, "MB": MB, "MiB": 1024**2, "kB": KB, "KiB": 1024}
_SIZE_WORDS = {
    **dict.fromkeys(("b", "byte", "bytes"), 1),
    **dict.fromkeys(("k", "kb"), KB),
    **dict.fromkeys(("m", "mb"), MB),
    **dict.fromkeys(("g", "gb"), 1000 * MB),
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
}
_PIECE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([^\W\d_]+)\s*")
_RATE = re.compile(r"([0-9]{1,9})\s+in\s+(.+)")


def parse_duration(text: str) -> timedelta:
    """Return the elapsed time that `10 minutes`, `24h` or `1 h 30 min` mean; else ValueError."""
    if re.search(r"\b(business|open)\b", text):
        raise ValueError("working time does not count here; write plain hours or days")
    seconds = sum(
        number * _factor(word, _DURATION_WORDS, "seconds, minutes, hours, days, weeks")
        for number, word in _pieces(text, "a duration such as `10 minutes` or `24h`")
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


def parse_size(text: str) -> int:
    """Return the bytes that `25 MB` or `25 MiB` mean; else ValueError."""
    size = sum(
        number * _factor(word, _SIZE_WORDS, "kB, MB, GB, KiB, MiB, GiB")
        for number, word in _pieces(text, "a size such as `25 MB`")
    )
    if size > _LARGEST:
        raise ValueError(f"`{text}` is too large to be meant")
    return round(size)


def format_size(size: int) -> str:
    """Return the size in the largest unit that is exact."""
    for unit, factor in _BYTES.items():
        if size and size % factor == 0:
            return f"{size // factor} {unit}"
    return f"{size} B"


def parse_rate(text: str) -> Rate:
    """Return the rate that `3 in 24 hours` means; else ValueError."""
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"`{text}` is no rate; write for example `3 in 24 hours`")
    rate = Rate(int(match[1]), parse_duration(match[2]))
    if rate.count == 0 or not rate.per:
        raise ValueError(f"`{text}` would allow nothing at all; both numbers must be above 0")
    return rate


def format_rate(rate: Rate) -> str:
    """Return the form in which the configuration has it."""
    return f"{rate.count} in {format_duration(rate.per)}"


def _pieces(text: str, wanted: str) -> list[tuple[float, str]]:
    """Split `1 h 30 min` into numbers and units."""
    text = text.strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise ValueError(f"`{text}` has no unit; write {wanted}")
    if not re.fullmatch(f"(?:{_PIECE.pattern})+", text):
        raise ValueError(f"`{text}` cannot be read; write {wanted}")
    return [(float(number), word) for number, word in _PIECE.findall(text)]


def _factor(word: str, words: dict[str, int], known: str) -> int:
    if word.lower() not in words:
        raise ValueError(f"`{word}` is no unit that is known here; use {known}")
    return words[word.lower()]


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
