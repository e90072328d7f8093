"""Who takes part in a message, by its header alone: for bytes that nobody has read yet."""

import re

from maildaemon.domain.erasure import People
from maildaemon.mail.headers import clean, decode_raw
from maildaemon.mail.loose import parse_loosely
from maildaemon.mail.prescan import scan

_AUTHORS = ("from",)
_RECIPIENTS = ("to", "cc", "bcc")
_ASIDE = (
    *("sender", "reply-to", "resent-from", "resent-sender", "resent-reply-to"),
    *("resent-to", "resent-cc", "resent-bcc"),
)
# Of the damage that a header can have taken, this hides no field and no part of one.
_HARMLESS = frozenset({"space_before_colon"})

_ATOM = r'[^\s<>,;:"()\[\]\\@]++'
_ADDRESS = rf"(?![^\s<>,;]*=\?){_ATOM}@{_ATOM}"
_COMMENT = r"\((?:[^()\\]|\\.)*+\)"
_PHRASE = rf'(?:\s*+(?:"(?:[^"\\]|\\.)*+"|{_COMMENT}|{_ADDRESS}|{_ATOM}))'
# RFC 5322 §3.4, as far as there is only one way to read it. A group without members hides them.
_MEMBER = re.compile(
    rf"(?:{_PHRASE}*+\s*+<\s*+(?P<angled>{_ADDRESS})\s*+>|{_PHRASE}++\s*+:\s*+;"
    rf"|\s*+(?P<bare>{_ADDRESS}))?+(?:\s*+{_COMMENT})*+\s*+"
)


def read_people(raw: bytes) -> People:
    """Return who takes part in a message. Total and linear: it may be given any bytes."""
    scanned = scan(raw)
    is_whole = scanned.exceeded is None and {*scanned.defects} <= _HARMLESS

    def named(fields: tuple[str, ...]) -> frozenset[str]:
        nonlocal is_whole
        found: set[str] = set()
        for name in fields:
            values = [decode_raw(one, None) for one in scanned.values(name.encode("ascii"))]
            found |= {one.address.lower() for one in parse_loosely(", ".join(values))}
            for value in values:
                members, understood = _members(clean(value))
                found |= members
                is_whole &= understood
        return frozenset(found)

    authors, recipients, aside = map(named, (_AUTHORS, _RECIPIENTS, _ASIDE))
    return People(authors, recipients, aside, is_whole)


def _members(value: str) -> tuple[set[str], bool]:
    """Return the addresses of a list, and whether nothing stands in it that is none, or no name of
    one.
    """
    found: set[str] = set()
    at = 0
    while member := _MEMBER.match(value, at):
        if address := member["angled"] or member["bare"]:
            found.add(address.lower())
        at = member.end()
        if at == len(value) or value[at] != ",":
            break
        at += 1
    return found, at == len(value)
