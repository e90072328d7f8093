"""Whether a person may have answered, and we have not looked yet."""

import logging
from datetime import UTC, datetime

from maildaemon.domain.waiting import waits_for_sent
from maildaemon.ports.store import Transaction
from maildaemon.services.desk import Desk, log

_BEGINNING = datetime.min.replace(tzinfo=UTC)


def may_be_answered(
    tx: Transaction,
    desk: Desk,
    *,
    cause_recorded_at: datetime | None,
    queued_at: datetime,
    due_at: datetime,
    now: datetime,
) -> bool:
    """Tell whether a mail must wait because an answer by a person may not have been seen yet.

    Our own Sent must have been read since the message was recorded that it answers. A colleague's
    account must have been read since that message was decided: only then could an answer there be
    known for one. Nothing waits for longer than an hour.
    """
    own = tx.mailboxes.sent_read_until(desk.mailbox_id, now)
    needs = [(desk.policy.mailbox, cause_recorded_at, own)]
    for mailbox_id, name in desk.colleagues:
        read_until = tx.mailboxes.sent_read_until(mailbox_id, now) or _BEGINNING
        needs.append((name, queued_at, read_until))
    if any(waits_for_sent(needed, until, due_at, now) for _, needed, until in needs):
        return True
    for name, needed, until in needs:
        if needed is not None and until is not None and until < needed:
            why = "its folder of sent mail could not be read for an hour: an answer may be unseen"
            log("sent.unread", logging.ERROR, mailbox=desk.policy.mailbox, account=name, why=why)
    return False
