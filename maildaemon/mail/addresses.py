"""Addresses and dates, read by mail-parser; more loosely where it gives up.

mail-parser is given the header fields of the message and no body: its reading of addresses
and dates is good, and its walk over the parts would cost more than all the rest.
"""

from collections.abc import Mapping
from datetime import datetime
from email.errors import MessageError
from email.message import Message as EmailMessage

import mailparser
from mailparser.exceptions import MailParserError

from maildaemon.domain.message import Address
from maildaemon.mail.headers import clean, decode_words
from maildaemon.mail.loose import (
    ADDRESS_FIELDS,
    MAX_DATE,
    MAX_NAME,
    Addressing,
    addressing,
    is_address,
    parse_date,
    parse_loosely,
)

_LIBRARY_ERRORS = (
    *(AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError),
    *(MessageError, MailParserError),
)


def parse_addressing(fields: Mapping[str, tuple[str, ...]]) -> Addressing:
    """Return the addresses of all occurrences of each field, and the first date."""
    head = EmailMessage()
    for name in ADDRESS_FIELDS:
        if values := fields.get(name):
            head[name] = ", ".join(clean(value) for value in values)
    dates = fields.get("date", ())
    if dates:
        head["date"] = clean(dates[0])[:MAX_DATE]
    found, date = _ask_library(head)
    for name in ADDRESS_FIELDS:
        if name in head and not found.get(name):
            found[name] = parse_loosely(head[name])
    if dates and date is None:
        date = parse_date(head["date"])
    return addressing(found, date)


def _ask_library(head: EmailMessage) -> tuple[dict[str, tuple[Address, ...]], datetime | None]:
    """Return what mail-parser makes of the fields; nothing if it raises."""
    try:
        parsed = mailparser.MailParser(head)  # type: ignore[no-untyped-call]
        found = {
            name: tuple(
                Address(clean(decode_words(display))[:MAX_NAME], clean(address))
                for display, address in getattr(parsed, name.replace("-", "_"))
                if is_address(address)
            )
            for name in ADDRESS_FIELDS
            if name in head
        }
    except _LIBRARY_ERRORS:
        return {}, None
    return found, parsed.date
