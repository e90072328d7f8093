"""Machine-readable reports of delivery (RFC 3464, RFC 6533): who failed, and why."""

import re
import sys
from collections.abc import Iterator

from maildaemon.domain.message import ReportAction, ReportedRecipient
from maildaemon.mail.headers import clean, decode_text
from maildaemon.mail.prescan import scan
from maildaemon.mail.statuses import find_status, refine, status_in_words

MAX_RECIPIENTS = 200
_MAX_DIAGNOSTIC = 500
_MAX_FIELD = 1_000
_MAX_BLOCK = 4_096

_BLANK_LINES = re.compile(rb"\r?\n[ \t]*\r?\n")
_ADDRESS = re.compile(r"[^\s<>\"',;]{1,64}@[^\s<>\"',;]{1,255}")
# RFC 6533 §3: characters beyond ASCII, in the form that passes through old servers.
_ESCAPED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_NAMES = (b"original-recipient", b"final-recipient", b"action", b"status", b"diagnostic-code")
_FIRST_FIELD = re.compile(
    rb"^[> \t]*(?:original-recipient|final-recipient|action)[ \t]*:", re.IGNORECASE | re.MULTILINE
)

# RFC 3463 §2: the first digit of a status tells what became of the mail.
_BY_CLASS = {"2": ReportAction.DELIVERED, "4": ReportAction.DELAYED, "5": ReportAction.FAILED}

_Fields = dict[bytes, str]


def read_status(content: bytes) -> Iterator[ReportedRecipient]:
    """Yield the recipients of a message/delivery-status part, or of a text that quotes one.

    The address is empty where the report names none that mail could go to.
    """
    for fields in _groups(content):
        if b"original-recipient" in fields or b"final-recipient" in fields:
            yield _recipient(fields)


def _groups(content: bytes) -> Iterator[_Fields]:
    """RFC 3464 §2.1: a block of fields for each recipient, if servers keep to it.

    Some put no empty line between two recipients, and some put one within a recipient.
    """
    pending: _Fields = {}
    for block in _BLANK_LINES.split(content, MAX_RECIPIENTS * 2)[: MAX_RECIPIENTS * 2]:
        first = _FIRST_FIELD.search(block[:_MAX_BLOCK])
        if first is None:
            continue
        for name, value in scan(_unquoted(block[first.start() : _MAX_BLOCK])).fields:
            if name not in _NAMES:
                continue
            if name in pending:
                yield pending
                pending = {}
            pending[name] = decode_text(value)[:_MAX_FIELD]
        if b"action" in pending:
            yield pending
            pending = {}
    yield pending


def _unquoted(block: bytes) -> bytes:
    if block.startswith((b">", b" ", b"\t")):
        block = b"\n".join(line.lstrip(b"> \t") for line in block.split(b"\n"))
    return block + b"\n\n"


def _recipient(fields: _Fields) -> ReportedRecipient:
    """Return one recipient: the address that the sender wrote to, where the report names it."""
    address = _typed_address(fields, b"original-recipient") or _typed_address(
        fields, b"final-recipient"
    )
    code = fields.get(b"diagnostic-code", "")
    kind, typed, rest = code.partition(";")
    diagnostic = clean(rest if typed and " " not in kind else code)
    stated = fields.get(b"status", "")
    action = _action(fields.get(b"action", ""), find_status(stated) or find_status(diagnostic))
    status = refine(find_status(stated), diagnostic) or status_in_words(diagnostic, action)
    return ReportedRecipient(address, action, status, diagnostic[:_MAX_DIAGNOSTIC] or None)


def _typed_address(fields: _Fields, name: bytes) -> str:
    """RFC 3464 §2.3.1: `rfc822; address`, sometimes with its `+` and `=` escaped."""
    value = fields.get(name, "")
    value = _ESCAPED.sub(_unescaped, value)
    found = _ADDRESS.search(clean(value.partition(";")[2]) or value)
    return found[0].rstrip(".").replace("+3D", "=").replace("+2B", "+") if found else ""


def _unescaped(escape: re.Match[str]) -> str:
    number = int(escape[1], 16)
    return chr(number) if number <= sys.maxunicode and chr(number).isprintable() else "?"


def _action(value: str, status: str | None) -> ReportAction:
    """RFC 3464 §2.3.3: one of five words in any case; else what the status tells."""
    word = value.partition(" ")[0].strip(" ;.").lower()
    if word in set(ReportAction):
        return ReportAction(word)
    return _BY_CLASS.get((status or "5")[0], ReportAction.FAILED)
