"""Whether a person may have answered, and we have not looked yet."""

from datetime import datetime

from maildaemon.domain.waiting import waits_for_sent
from maildaemon.ports.store import Transaction
from maildaemon.services.desk import Desk


def may_be_answered(
    tx: Transaction,
    desk: Desk,
    cause_recorded_at: datetime | None,
    due_at: datetime,
    now: datetime,
) -> bool:
    """Tell whether a mail must wait because an answer by a person may not have been seen yet."""
    read_until = tx.mailboxes.sent_read_until(desk.mailbox_id, now)
    return waits_for_sent(cause_recorded_at, read_until, due_at, now)
