"""Addresses and dates that no standard describes, and any where no library may be used."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from maildaemon.domain.message import Address
from maildaemon.mail.headers import clean, decode_words

MAX_ADDRESS = 320
MAX_NAME = 200
MAX_DATE = 200
MAX_ADDRESSES = 1_000

ADDRESS_FIELDS = ("from", "to", "cc", "bcc", "reply-to")

_ENCODED = re.compile(r"=\?[^?\s]{1,75}\?[bBqQ]\?[^?\s]{0,1000}\?=")
_QUOTED = re.compile(r'"[^"]*"|\([^()]*\)')
_HALF_DAY = re.compile(r"(?<=\d)[ \t]*\b([aApP])\.?[mM]\b\.?")
_BETWEEN = re.compile(r"[\s<>,;:\"()\[\]]+")


@dataclass(frozen=True, slots=True)
class Addressing:
    """Who wrote to whom, and when (UTC; None if the field is absent or means nothing)."""

    from_: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    date: datetime | None


def addressing(found: Mapping[str, tuple[Address, ...]], date: datetime | None) -> Addressing:
    """Return the fields by name as one value."""
    authors, to, cc, bcc, reply_to = (found.get(name, ()) for name in ADDRESS_FIELDS)
    return Addressing(authors, to, cc, bcc, reply_to, date)


def parse_addressing_loosely(fields: Mapping[str, tuple[str, ...]]) -> Addressing:
    """Return what can only be an address or a date; total and linear."""
    found = {name: parse_loosely(", ".join(fields.get(name, ()))) for name in ADDRESS_FIELDS}
    dates = fields.get("date", ())
    return addressing(found, parse_date(dates[0]) if dates else None)


def parse_loosely(value: str) -> tuple[Address, ...]:
    """Return the words that can only be addresses; what is encoded or quoted is a name."""
    value = clean(value)
    bare = _QUOTED.sub(" ", _ENCODED.sub(" ", value))
    words = [*dict.fromkeys(word for word in _BETWEEN.split(bare) if is_address(word))]
    if not words and _ENCODED.fullmatch(value.strip()):
        # The whole field was encoded. In it, only an address in angle brackets is one: a bare
        # one may have been meant to look like a name.
        whole = clean(decode_words(value))
        angled = whole.partition("<")[2].partition(">")[0]
        words = [angled] if is_address(angled) else []
        value = whole
    if len(words) == 1:
        return (Address(_name_before(words[0], value), words[0]),)
    return tuple(Address("", word) for word in words[:MAX_ADDRESSES])


def _name_before(address: str, value: str) -> str:
    before = value.partition(address)[0].rpartition(",")[2].partition("<")[0]
    return clean(decode_words(before)).strip('"[ ')[:MAX_NAME]


def is_address(word: str) -> bool:
    """Tell whether a word has the shape of an address and nothing encoded in it."""
    local_part, at, domain = word.rpartition("@")
    shaped = bool(local_part and at and domain) and (
        "@" not in local_part or local_part.startswith('"')
    )
    return shaped and "=?" not in word and len(word) <= MAX_ADDRESS


def parse_date(value: str) -> datetime | None:
    """Return an instant (UTC) for what is not quite a date of RFC 5322; None if hopeless."""
    text = _QUOTED.sub(" ", value[:MAX_DATE]).strip()
    half = _HALF_DAY.search(text)
    if half:
        text = text.replace(half[0], " ")
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            date = parse(text)
            if half:
                date = date.replace(hour=date.hour % 12 + (12 if half[1] in "pP" else 0))
            return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
        except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError):
            continue
    return None
