"""Looks up the order numbers of a message, outside of any transaction of ours."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from maildaemon.domain.message import Message
from maildaemon.ports import Trouble
from maildaemon.ports.rows import Concern
from maildaemon.ports.store import Store
from maildaemon.services.desk import Desk, log

_KIND = "lookup"
_ADVICE = "look at `order_numbers[].lookup`; until then what looks right counts as ours"


def look_up(desk: Desk, message: Message) -> tuple[Message, tuple[Trouble, ...] | None]:
    """Return the message with what is known of its numbers, and what could not be asked; None if
    nothing was asked at all.
    """
    found = message.found
    if desk.lookup is None or found is None or not found.numbers:
        return message, None
    looked = desk.lookup.look_up(found.numbers)
    return replace(message, found=replace(found, numbers=looked.numbers)), looked.troubles


def tell_troubles(store: Store, desk: Desk, troubles: Sequence[Trouble], now: datetime) -> None:
    """Have it known what could not be asked, and forget what can be again."""
    found = [
        Concern(one.name, f"numbers called `{one.name}` cannot be looked up: {one.why}", _ADVICE)
        for one in troubles
    ]
    with store.read() as tx:
        if tx.mailboxes.concerned(desk.mailbox_id, _KIND, found):
            return
    with store.begin() as tx:
        new = tx.mailboxes.set_concerns(desk.mailbox_id, _KIND, found, now)
    for one in new:
        log(
            "lookup.failed",
            logging.WARNING,
            mailbox=desk.policy.mailbox,
            numbers=one.name,
            why=one.what,
            advice=one.advice,
        )
