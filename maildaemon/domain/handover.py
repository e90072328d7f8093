"""Which colleague is told of a customer's message, and which partner gets it.

Rules say who (`assign`, `forward`). A person wins: who has been given a conversation, by a rule or
by hand, keeps it.
"""

from collections.abc import Iterator

from maildaemon.domain.actions import Assign, Forward, WithholdForward
from maildaemon.domain.attachments import Judged, Verdict
from maildaemon.domain.cards import PAYMENT_CARD
from maildaemon.domain.delivery import is_writable
from maildaemon.domain.message import Address, Message
from maildaemon.domain.policy import Partner, Policy
from maildaemon.domain.threads import ThreadFacts
from maildaemon.domain.understanding import Understanding

_LINES = 12
_LINE = 200
_BEGINNING = 1200


def is_partner(address: Address | None, policy: Policy) -> bool:
    """Tell whether this is a partner's address (it may be forged: it gives nobody any power)."""
    return address is not None and address.key in {one.address for one in policy.partners}


def hand_over(
    message: Message,
    verdicts: tuple[Judged, ...],
    understood: Understanding,
    thread: ThreadFacts | None,
    policy: Policy,
) -> Iterator[Assign | Forward | WithholdForward]:
    """Yield who inside gets word of a message that a customer has just written."""
    if understood.assign and (thread is None or thread.assigned_to is None):
        yield Assign(understood.assign)
    partner = next((one for one in policy.partners if one.name == understood.forward), None)
    if partner is None:
        return
    if why := why_not_forwarded(message, verdicts, partner):
        yield WithholdForward(partner.name, why)
    else:
        yield Forward(partner.name, partner.address)


def why_not_forwarded(
    message: Message, verdicts: tuple[Judged, ...], partner: Partner
) -> str | None:
    """Return why a message goes to nobody else, None if it may go.

    It goes as it came, byte for byte, or not at all: what was refused, or awaits a person's
    judgement, is in it, or a number of a payment card. A person may forward it by hand.
    """
    if not is_writable(partner.address):
        return "the partner's address cannot be written to"
    if message.header_only:
        return "it is too large: only its header was read"
    if PAYMENT_CARD in message.defects:
        return "a payment card number is in it"
    bad = next((one for one in verdicts if one.verdict is not Verdict.ACCEPTED), None)
    if bad is None:
        return None
    reason = f": {bad.reason.value}" if bad.reason else ""
    return f"a file is {bad.verdict.value}{reason}"


def assignment_subject(message: Message, reference: str) -> str:
    """Return the subject of the mail by which a colleague learns of a conversation."""
    return f"[#{reference}] For you: {message.subject or 'no subject'}"


def assignment_text(
    message: Message,
    writer: Address | None,
    understood: Understanding,
    reference: str,
    policy: Policy,
) -> str:
    """Return what a colleague reads: who, about what, how it begins, and where to find it."""
    who = f"{writer.name} <{writer.address}>".strip() if writer else "unknown"
    facts = (
        ("Reference", reference),
        ("From", who),
        ("Subject", message.subject),
        ("Date", message.date.strftime("%Y-%m-%d %H:%M %Z") if message.date else ""),
        ("Mailbox", policy.sender.address),
        ("Category", understood.category or ""),
        ("Priority", understood.priority.value),
        ("Tags", ", ".join(understood.tags)),
        ("Upset", "; ".join(understood.distress)),
        ("Files", ", ".join(one.filename for one in message.attachments if not one.inline)),
        ("Rules", ", ".join(understood.rules)),
    )
    lines = [f"{name}: {' '.join(value.split())}" for name, value in facts if value.strip()]
    return "\n".join(
        (
            "This conversation is yours now.",
            "",
            *lines,
            "",
            *(f"> {line}" for line in _beginning(message.reply_text)),
            "",
            f"Please answer the customer from the mailbox {policy.sender.address}, in the message",
            "itself: an answer to this mail reaches nobody outside.",
            f"The whole conversation: maildaemon threads show {reference}",
        )
    )


def _beginning(text: str) -> list[str]:
    """Return the first lines of a text."""
    lines = [line.strip()[:_LINE] for line in text[:_BEGINNING].splitlines() if line.strip()]
    more = len(text) > _BEGINNING or len(lines) > _LINES
    return [*lines[:_LINES], *(["…"] if more else [])]
