"""Addresses and dates, read by mail-parser; more loosely where it gives up.

Only its reading of addresses and dates is asked, field by field: its walk over the parts would
cost more than all the rest.
"""

import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from email.errors import MessageError

from mailparser.exceptions import MailParserError
from mailparser.utils import convert_mail_date, get_addresses

from maildaemon.domain.message import Address
from maildaemon.mail.headers import clean, decode_words
from maildaemon.mail.loose import (
    ADDRESS_FIELDS,
    MAX_ADDRESSES,
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

# RFC 2047 §5 (3): in a name, an encoded-word holds none of the characters that addresses are made
# of. Some programs write them all the same.
_BARE_SPECIALS = re.compile(
    r"=\?[^?\s]{1,75}\?[qQ]\?(?=[^?\s:@,;<>()\"\[\]]*+[:@,;<>()\"\[\]])[^?\s]*+\?="
)

# `Support <support@shop.example>`, or the address alone: nobody reads it in another way, and to
# ask the library costs as much as to read the rest of the header.
_WORDS = r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*"
_ADDRESS = r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*"
# `=?utf-8?b?SsO8cmdlbg==?= <juergen@shop.example>`, if the name is nothing but words.
_WORD = r"=\?utf-8\?(?:b\?[a-z0-9+/]+={0,2}|q\?(?:[a-z0-9_]|=[0-9a-f]{2})+)\?="
_ENCODED = re.compile(rf"(?P<word>{_WORD}) <(?P<inside>{_ADDRESS})>", re.IGNORECASE | re.ASCII)
_PLAIN = re.compile(rf"(?:(?P<name>{_WORDS}) )?<(?P<inside>{_ADDRESS})>|(?P<alone>{_ADDRESS})")


def parse_addressing(fields: Mapping[str, tuple[str, ...]]) -> Addressing:
    """Return the addresses of all occurrences of each field, and the first date."""
    found = {
        name: _read_addresses(", ".join(clean(value) for value in values))
        for name in ADDRESS_FIELDS
        if (values := fields.get(name))
    }
    dates = fields.get("date", ())
    return addressing(found, _read_date(clean(dates[0])[:MAX_DATE]) if dates else None)


def _read_addresses(value: str) -> tuple[Address, ...]:
    """Return what the library reads, then what it leaves, read loosely."""
    doubts: list[dict[str, object]] = []
    value = _BARE_SPECIALS.sub(_in_base64, value)
    if ";" in value and not {":", '"'} & {*value}:
        value = value.replace(";", ",")  # no group, but Outlook's way to write a list
    try:
        pairs = _pairs(value, doubts)
    except _LIBRARY_ERRORS:
        return parse_loosely(value)
    found = tuple(
        Address(_name(name), clean(address)) for name, address in pairs if is_address(address)
    )
    # What it takes for one member may hold several, or be encoded as a whole.
    left = [str(doubt["raw"]) for doubt in doubts if not doubt["recovered"]]
    if found and left and len(found) < MAX_ADDRESSES:
        found += parse_loosely(", ".join(left))
    return found or parse_loosely(value)


def _pairs(value: str, doubts: list[dict[str, object]]) -> list[tuple[str, str]]:
    if plain := _PLAIN.fullmatch(value):
        return [(plain["name"] or "", plain["inside"] or plain["alone"])]
    if encoded := _ENCODED.fullmatch(value):
        name = decode_words(encoded["word"])
        if all(map(str.isalpha, name.split(" "))):
            return [(name, encoded["inside"])]
    return get_addresses(value, defects=doubts, decode_names=True)


def _name(display: str) -> str:
    name = clean(decode_words(display))
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        name = name[1:-1]  # quoted before it was encoded
    return name[:MAX_NAME]


def _in_base64(word: re.Match[str]) -> str:
    """Return an encoded-word as one in which nothing can be taken for an address."""
    text = decode_words(word[0]).encode("utf-8", "replace")
    return f"=?utf-8?b?{binascii.b2a_base64(text, newline=False).decode('ascii')}?="


def _read_date(value: str) -> datetime | None:
    try:
        date: datetime = convert_mail_date(value)[0]  # type: ignore[no-untyped-call]
    except _LIBRARY_ERRORS:
        return parse_date(value)
    return date
