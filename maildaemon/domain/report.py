"""Reads what a delivery report means for us (RFC 3464, RFC 3463)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from maildaemon.domain.actions import Action, MarkUndeliverable, MuteSender, Witness
from maildaemon.domain.delivery import Reply
from maildaemon.domain.message import DeliveryReport, Message, ReportAction

UNDELIVERABLE_FOR = timedelta(days=30)
# For good, unless a person says that it was a mistake.
COMPLAINED_FOR = timedelta(days=36_525)

# RFC 3463 §3.2 and §3.3: the address itself is dead. Anything else may be the server's mood.
_DEAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})


_COMPLAINED = "our mail was reported as spam from there"


def follow_report(message: Message, to: str, now: datetime) -> Iterator[Action]:
    """Yield what a report on a mail of ours leads to; `to` (a key) is whom that mail went to, and
    nobody else is concerned.
    """
    if message.reported_id:
        yield Witness(message.reported_id)
    if message.bounce:
        yield from undeliverable(message.bounce, frozenset({to}), now)
    # RFC 5965 §2: whoever calls our mail spam gets no more of it that nobody wrote.
    if message.receipt and message.receipt.complaint:
        yield MuteSender(to, now + COMPLAINED_FOR, _COMPLAINED)


def undeliverable(
    report: DeliveryReport, people: frozenset[str], now: datetime
) -> tuple[MarkUndeliverable, ...]:
    """Return which addresses are dead.

    Call it only for a report about a mail that we sent, with the `people` (keys) it went to:
    anybody can forge a report (RFC 3464 §4.1), and whoever has our mail could name anybody in it.
    """
    return tuple(
        MarkUndeliverable(address, now + UNDELIVERABLE_FOR, status)
        for recipient in report.recipients
        if recipient.action is ReportAction.FAILED
        and (status := recipient.status or "") in _DEAD_ADDRESS
        and (address := recipient.address.strip().lower()) in people
    )


def is_dead_address(reply: Reply) -> bool:
    """Tell whether a refusal says that the address itself is dead (RFC 3463 in the reply text)."""
    return any(word.strip("<>[]();,.:#") in _DEAD_ADDRESS for word in reply.text.split())
