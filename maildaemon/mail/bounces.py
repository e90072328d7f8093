"""Delivery reports: RFC 3464, and what mail servers wrote before it and still write."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from maildaemon.domain.message import DeliveryReport, Message, ReportedRecipient
from maildaemon.mail.delivery_status import MAX_RECIPIENTS, read_status
from maildaemon.mail.notices import looks_like_notice, read_notice
from maildaemon.mail.returned import Returned, attached_mails, read_returned
from maildaemon.mail.structure import Structure
from maildaemon.mail.tree import Tree

_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_MAX_TEXT = 64_000


def parse_bounce(
    message: Message, tree: Tree, structure: Structure, text: str
) -> DeliveryReport | None:
    """Return what a delivery report says; None if the message is none.

    Whether it is to be believed is decided elsewhere: anybody can write one.
    """
    if not _may_report(message, tree, text):
        return None
    attached = attached_mails(tree, structure)
    returned = read_returned(attached, text)
    recipients = tuple(islice(_standard(tree, structure), MAX_RECIPIENTS))
    # Filters on the way wrap a report, or make one text of it.
    recipients = recipients or tuple(_quoted((*attached, text.encode("utf-8", "replace"))))
    recipients = tuple(_addressed(recipients, returned)) or read_notice(message, text, returned)
    # Some return nothing of the mail, and answer it.
    cited = (*message.in_reply_to, *reversed(message.references))
    original = returned.message_id or next(iter(cited), None)
    if not recipients and original is None:
        return None
    return DeliveryReport(recipients[:MAX_RECIPIENTS], original)


def _may_report(message: Message, tree: Tree, text: str) -> bool:
    """RFC 6522 §3: the type says so. A person may forward a report, with all its parts."""
    stated = tree.root.structured("content-type").first("report-type") or message.report_type or ""
    if stated.lower() == "delivery-status":
        return True
    if stated.lower() == "disposition-notification":
        # RFC 5429 §2.1.2: a recipient's rule that refuses a mail says that it was "deleted".
        return any("reject" in value.lower() for value in message.field("auto-submitted"))
    return looks_like_notice(message, text)


def _standard(tree: Tree, structure: Structure) -> Iterator[ReportedRecipient]:
    for leaf in structure.files:
        if leaf.part.media_type in _STATUS_TYPES:
            content, _ = tree.decoded(leaf.part)
            yield from read_status(content)


def _quoted(contents: tuple[bytes, ...]) -> Iterator[ReportedRecipient]:
    for content in contents:
        yield from islice(read_status(content[:_MAX_TEXT]), MAX_RECIPIENTS)


def _addressed(
    recipients: tuple[ReportedRecipient, ...], returned: Returned
) -> Iterator[ReportedRecipient]:
    """Yield the recipients that have an address: a server may name its user as it likes."""
    for recipient in recipients:
        if recipient.address:
            yield recipient
        elif len(returned.to) == 1:
            yield replace(recipient, address=returned.to[0])
