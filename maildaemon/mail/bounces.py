"""Delivery reports: RFC 3464, and what mail servers wrote before it and still write."""

import re
from collections.abc import Iterator
from itertools import islice

from maildaemon.domain.message import DeliveryReport, Message, ReportAction, ReportedRecipient
from maildaemon.mail.headers import clean, decode_text, parse_message_ids
from maildaemon.mail.notices import looks_like_notice, read_notice
from maildaemon.mail.prescan import Scan, scan
from maildaemon.mail.structure import Structure, transfer_encoding
from maildaemon.mail.transfer import decode_transfer
from maildaemon.mail.tree import Tree

MAX_RECIPIENTS = 200
_MAX_DIAGNOSTIC = 500
_MAX_FIELD = 1_000
_MAX_STATUS = 4_096

_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_ORIGINAL_TYPES = (
    *("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"),
    "message/global-headers",
)
_BLANK_LINES = re.compile(rb"\r?\n[ \t]*\r?\n")
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_ADDRESS = re.compile(r"[^\s<>\"',;]{1,64}@[^\s<>\"',;]{1,255}")
_ID_IN_TEXT = re.compile(
    r"^[> \t]*message-id[ \t]*:[ \t]*(<[^<>\s]{1,998}>)", re.IGNORECASE | re.MULTILINE
)

# RFC 3463 §2: the first digit of a status tells what became of the mail.
_BY_CLASS = {"2": ReportAction.DELIVERED, "4": ReportAction.DELAYED, "5": ReportAction.FAILED}


def parse_bounce(
    message: Message, tree: Tree, structure: Structure, text: str
) -> DeliveryReport | None:
    """Return what a delivery report says; None if the message is none.

    Whether it is to be believed is decided elsewhere: anybody can write one.
    """
    recipients = tuple(islice(_standard(tree, structure), MAX_RECIPIENTS))
    if not recipients:
        if not looks_like_notice(message, text):
            return None
        recipients = read_notice(message, text)
    original = _original_id(tree, structure, text)
    if not recipients and original is None:
        return None
    return DeliveryReport(recipients[:MAX_RECIPIENTS], original)


def _standard(tree: Tree, structure: Structure) -> Iterator[ReportedRecipient]:
    """RFC 3464 §2.1: one block of fields for the message, then one for each recipient."""
    for leaf in structure.files:
        if leaf.part.media_type not in _STATUS_TYPES:
            continue
        content, _ = decode_transfer(tree.raw(leaf.part), transfer_encoding(leaf.part))
        for block in _BLANK_LINES.split(content)[: MAX_RECIPIENTS + 1]:
            recipient = _recipient(scan(block.strip()[:_MAX_STATUS] + b"\n\n"))
            if recipient is not None:
                yield recipient


def _recipient(block: Scan) -> ReportedRecipient | None:
    """Return one recipient: the address that the sender wrote to, where the report names it."""
    address = _typed_address(block, b"original-recipient") or _typed_address(
        block, b"final-recipient"
    )
    if address is None:
        return None
    code = _field(block, b"diagnostic-code")
    kind, typed, rest = code.partition(";")
    diagnostic = clean(rest if typed and " " not in kind else code) or None
    found = _STATUS.search(_field(block, b"status")) or _STATUS.search(diagnostic or "")
    status = found[0] if found else None
    return ReportedRecipient(
        address=address,
        action=_action(_field(block, b"action"), status),
        status=status,
        diagnostic=diagnostic[:_MAX_DIAGNOSTIC] if diagnostic else None,
    )


def _field(block: Scan, name: bytes) -> str:
    return next((decode_text(value)[:_MAX_FIELD] for value in block.values(name)), "")


def _typed_address(block: Scan, name: bytes) -> str | None:
    """RFC 3464 §2.3.1: `rfc822; address`, sometimes with its `+` and `=` escaped."""
    value = _field(block, name)
    found = _ADDRESS.search(value.partition(";")[2] or value)
    return found[0].rstrip(".").replace("+3D", "=").replace("+2B", "+") if found else None


def _action(value: str, status: str | None) -> ReportAction:
    """RFC 3464 §2.3.3: one of five words in any case; else what the status tells."""
    word = value.partition(" ")[0].strip(" ;.").lower()
    if word in set(ReportAction):
        return ReportAction(word)
    return _BY_CLASS.get((status or "5")[0], ReportAction.FAILED)


def _original_id(tree: Tree, structure: Structure, text: str) -> str | None:
    """Return the Message-ID of the returned mail, attached or copied into the text."""
    for leaf in structure.files:
        if leaf.part.media_type in _ORIGINAL_TYPES:
            content, _ = decode_transfer(tree.raw(leaf.part), transfer_encoding(leaf.part))
            ids = parse_message_ids(map(decode_text, scan(content).values(b"message-id")))
            if ids:
                return ids[0]
    copied = _ID_IN_TEXT.search(text)
    return next(iter(parse_message_ids([copied[1]])), None) if copied else None
