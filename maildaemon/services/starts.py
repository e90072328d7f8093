"""How often a mailbox was begun with of late by processes that have not ended in order.

A daemon that dies of other things must not put innocent messages aside for it.
"""

import json
from datetime import datetime, timedelta

from maildaemon.ports.store import Transaction

_LATELY = timedelta(hours=1)
_KEPT = 50


def note_start(tx: Transaction, mailbox_id: int, now: datetime) -> None:
    """Note that a process begins with this mailbox; if it dies, the note remains."""
    _keep(tx, mailbox_id, [*_read(tx, mailbox_id), now])


def note_end(tx: Transaction, mailbox_id: int, began_at: datetime) -> None:
    """Take back what was noted then: the process ends in order."""
    _keep(tx, mailbox_id, [at for at in _read(tx, mailbox_id) if at != began_at])


def starts_lately(tx: Transaction, mailbox_id: int, now: datetime) -> int:
    """Return how many processes have begun with it within the last hour, the present one too, but
    for those that have ended in order.
    """
    return sum(now - _LATELY <= at <= now for at in _read(tx, mailbox_id))


def _read(tx: Transaction, mailbox_id: int) -> list[datetime]:
    text = tx.brakes.fact(_name(mailbox_id))
    return [datetime.fromisoformat(at) for at in json.loads(text)] if text else []


def _keep(tx: Transaction, mailbox_id: int, starts: list[datetime]) -> None:
    tx.brakes.keep_fact(_name(mailbox_id), json.dumps([at.isoformat() for at in starts[-_KEPT:]]))


def _name(mailbox_id: int) -> str:
    return f"starts of mailbox {mailbox_id}"
