"""What a report says of the mail it returns: the id, and to whom that one was addressed."""

import re
from dataclasses import dataclass

from maildaemon.mail.headers import decode_text, parse_message_ids
from maildaemon.mail.prescan import Scan, scan
from maildaemon.mail.structure import Structure
from maildaemon.mail.tree import Tree

_MAX_COPY = 64_000
_MAX_RECIPIENTS = 50
_TYPES = (
    *("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"),
    "message/global-headers",
)
# RFC 2919: what a list distributes is addressed to the list, and not to whom it could not reach.
_OF_LISTS = frozenset({b"list-id", b"list-post", b"mailing-list", b"x-beenthere"})
_ADDRESS = re.compile(r"[^\s<>\"',;:()\[\]]{1,64}@[^\s<>\"',;:()\[\]]{1,255}")

# Copied into the text, perhaps quoted or indented, perhaps cut off anywhere.
_FIELD_IN_TEXT = re.compile(
    r"^[>|* \t]{0,20}(message-id|to|list-id)[ \t]*:[ \t]*(?:\n[> \t]{1,20})?([^\n]{1,998})",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Returned:
    """`message_id` is None if the report does not tell; `to` are addresses in lower case."""

    message_id: str | None
    to: tuple[str, ...]


def attached_mails(tree: Tree, structure: Structure) -> list[bytes]:
    """Return what was attached of other mails, or of their headers alone; each one's beginning."""
    return [
        tree.decoded(leaf.part)[0][:_MAX_COPY]
        for leaf in structure.files
        if leaf.part.media_type in _TYPES
    ]


def read_returned(attached: list[bytes], text: str) -> Returned:
    """Return what is known of the returned mail, attached or copied into the text."""
    for content in attached:
        scanned = scan(content)
        ids = parse_message_ids(map(decode_text, scanned.values(b"message-id")))
        if scanned.fields:
            copied = None if ids else _copied(text).message_id
            return Returned(ids[0] if ids else copied, _addressed(scanned))
    return _copied(text)


def _addressed(scanned: Scan) -> tuple[str, ...]:
    if any(name in _OF_LISTS for name, _ in scanned.fields):
        return ()
    values = map(decode_text, scanned.values(b"to"))
    found = (address.lower() for value in values for address in _ADDRESS.findall(value))
    return tuple(dict.fromkeys(found))[:_MAX_RECIPIENTS]


def _copied(text: str) -> Returned:
    """Return what stands of another mail's header in the text."""
    values: dict[str, str] = {}
    for field in _FIELD_IN_TEXT.finditer(text):
        values.setdefault(field[1].lower(), field[2])
    angled = "<" in values.get("message-id", "")
    ids = parse_message_ids([values["message-id"]]) if angled else ()
    to = [] if "list-id" in values else _ADDRESS.findall(values.get("to", ""))
    return Returned(ids[0] if ids else None, tuple(one.lower() for one in to)[:_MAX_RECIPIENTS])
