"""Sizes and rates as people write them, both ways.

Readers raise ValueError with a sentence for the operator: what is wrong, what to write instead.
"""

import re

from maildaemon.domain.policy import Rate
from maildaemon.domain.spans import factor, format_duration, parse_duration, pieces

KB = 1000
MB = 1000 * KB

_LARGEST = 2.0**62

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
_RATE = re.compile(r"([0-9]{1,9})\s+in\s+(.+)")


def parse_size(text: str) -> int:
    """Return the bytes that `25 MB` or `25 MiB` mean; else ValueError."""
    size = sum(
        number * factor(word, _SIZE_WORDS, "kB, MB, GB, KiB, MiB, GiB")
        for number, word in pieces(text, "a size such as `25 MB`")
    )
    if size > _LARGEST:
        raise ValueError(f"`{text}` is too large to be meant")
    return round(size)


def format_size(size: int) -> str:
    """Return the size in the largest unit that is exact."""
    for unit, worth in _BYTES.items():
        if size and size % worth == 0:
            return f"{size // worth} {unit}"
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
