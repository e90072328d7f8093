"""Reports about mail that arrived: it was read, or somebody calls it spam."""

from maildaemon.domain.message import Receipt
from maildaemon.mail.headers import decode_text, parse_message_ids
from maildaemon.mail.prescan import Scan, scan
from maildaemon.mail.returned import attached_mails, read_returned
from maildaemon.mail.structure import Structure
from maildaemon.mail.tree import Tree

_DISPOSITION = ("message/disposition-notification", "message/global-disposition-notification")
_FEEDBACK = ("message/feedback-report",)
_MAX_FIELDS = 4_096

# RFC 5965 §7.3, RFC 6591: these tell of no complaint.
_NO_COMPLAINT = frozenset({"not-spam", "auth-failure", "dmarc"})


def parse_receipt(tree: Tree, structure: Structure, text: str) -> Receipt | None:
    """Return what a report says of a mail that arrived; None if the message is none.

    Whether it is to be believed is decided elsewhere: anybody can write one.
    """
    # RFC 6522 §3: only in a report; what a person sends on has the same parts.
    if tree.root.media_type != "multipart/report":
        return None
    if fields := _fields(tree, structure, _FEEDBACK):
        # RFC 5965 §3.1: `abuse`, `fraud`, and whatever else people complain about.
        kind = _first(fields, b"feedback-type").lower()
        returned = read_returned(attached_mails(tree, structure), text)
        return Receipt(returned.message_id, complaint=kind not in _NO_COMPLAINT)
    if fields := _fields(tree, structure, _DISPOSITION):
        # RFC 8098 §3.2.5: the id of the mail that was read.
        ids = parse_message_ids([_first(fields, b"original-message-id")])
        returned = read_returned(attached_mails(tree, structure), text)
        return Receipt(ids[0] if ids else returned.message_id)
    return None


def _fields(tree: Tree, structure: Structure, types: tuple[str, ...]) -> Scan | None:
    for leaf in structure.files:
        if leaf.part.media_type in types:
            content, _ = tree.decoded(leaf.part)
            # RFC 5965 §3.1, RFC 8098 §3.1: fields like those of a header, perhaps in blocks.
            lines = (line for line in content[:_MAX_FIELDS].splitlines() if line.strip())
            return scan(b"\n".join(lines) + b"\n\n")
    return None


def _first(fields: Scan, name: bytes) -> str:
    return next((decode_text(value) for value in fields.values(name)), "")
