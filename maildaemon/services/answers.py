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

    Our own Sent must have been read, and what was found decided, since the message was recorded
    that it answers. A colleague's
    account must have been read since that message was decided: only then could an answer there be
    known for one. Nothing waits for longer than an hour.
    """
    # What was taken before the daemon began was left by a death: that is not waited for.
    begun_at = tx.brakes.begun_at(desk.mailbox_id) or _BEGINNING
    own = tx.mailboxes.sent_read_until(desk.mailbox_id, now, begun_at)
    needs = [(desk.policy.mailbox, cause_recorded_at, own)]
    for mailbox_id, name in desk.colleagues:
        # Answers there are few: what a death left half done is waited for as well.
        read_until = tx.mailboxes.witness_horizon(mailbox_id) or _BEGINNING
        needs.append((name, queued_at, read_until))
    if any(waits_for_sent(needed, until, due_at, now) for _, needed, until in needs):
        return True
    for name, needed, until in needs:
        if needed is not None and until is not None and until < needed:
            why = "its folder of sent mail could not be read for an hour: an answer may be unseen"
            log("sent.unread", logging.ERROR, mailbox=desk.policy.mailbox, account=name, why=why)
    return False


def may_be_forgotten(tx: Transaction, desk: Desk, now: datetime) -> bool:
    """Tell whether mail must wait because we may have sent what we do not remember: whether the
    records are older than the world, Sent knows, and it is read once after each start first.
    """
    begun_at = tx.brakes.begun_at(desk.mailbox_id)
    # What was recorded before cannot tell: its database knew what had been sent by then. So the
    # claims of the dead are not waited for.
    decided_until = tx.mailboxes.witness_horizon(desk.mailbox_id, since=begun_at)
    return waits_for_sent(begun_at, decided_until, begun_at or now, now)
