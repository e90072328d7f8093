"""A record of a message that must not be parsed: only what a tolerant scan can find.

Needs no library and little memory, so that it also works where a parser has just been killed.
"""

import re
from dataclasses import replace

from maildaemon.domain.message import Parsed
from maildaemon.mail.fields import message_of_header
from maildaemon.mail.loose import parse_addressing_loosely
from maildaemon.mail.prescan import MAX_FIELD, Scan, identity, scan

_SEARCHED = 4 * 1024 * 1024
_WANTED = (
    b"from|to|cc|reply-to|subject|date|message-id|in-reply-to|references|return-path|auto-submitted"
    b"|precedence|list-id|x-failed-recipients|delivered-to|x-original-to|sender"
)
_FIELD = re.compile(
    rb"^("
    + _WANTED
    + rb")[ \t]*:[ \t]*([^\r\n]{0,%d}(?:\r?\n[ \t][^\r\n]{0,998}){0,100})" % MAX_FIELD,
    re.IGNORECASE | re.MULTILINE,
)


def parse_degraded(raw: bytes, reason: str) -> Parsed:
    """Return From, Subject, Date and the ids of a message; `reason` becomes a defect."""
    scanned = scan(raw)
    if scanned.exceeded:
        scanned = replace(scanned, fields=scanned.fields + _late_fields(raw, scanned))
    message = message_of_header(scanned, identity(scanned), len(raw), parse_addressing_loosely)
    message = replace(message, degraded=True, defects=(*message.defects, reason))
    return Parsed(message, {})


def _late_fields(raw: bytes, scanned: Scan) -> tuple[tuple[bytes, bytes], ...]:
    """Return the first occurrence of each wanted field that stands behind the limits."""
    present = {name for name, _ in scanned.fields}
    late: dict[bytes, bytes] = {}
    for match in _FIELD.finditer(raw, 0, _SEARCHED):
        name = match[1].lower()
        if name not in present:
            late.setdefault(name, b" ".join(match[2].split()))
    return tuple(late.items())
