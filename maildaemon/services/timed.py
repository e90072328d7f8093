"""What keeps timed mail from going: an unread mailbox, or a day gone by."""

import logging
from datetime import UTC, datetime, timedelta

from maildaemon.domain.delivery import TOO_LATE, OutboxState
from maildaemon.ports.brakes import Alarm
from maildaemon.ports.rows import OutboxRow
from maildaemon.ports.store import Store
from maildaemon.services.desk import Desk, log
from maildaemon.services.last_look import Look

CLAIM = timedelta(minutes=3)
LOOK_AGAIN = timedelta(seconds=5)
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_ASK_AGAIN = timedelta(minutes=1)
_TELL_AFTER = timedelta(hours=1)
_WHY = {
    Look.UNREAD: "waits: something in the mailbox is not read and decided yet",
    Look.HIDDEN: "waits: a message in Sent cannot be read; it may be an answer",
    Look.UNREACHABLE: "waits: the mailbox cannot be looked at",
}


def put_off(store: Store, row: OutboxRow, until: datetime, why: str) -> None:
    """Let a mail be looked at again at that time; others go meanwhile."""
    with store.begin() as tx:
        claimed = tx.outbox.claim(row, until + CLAIM)
        if claimed is not None:
            tx.outbox.retry(claimed, until, why, None, failed=False)


def wait_unseen(store: Store, desk: Desk, row: OutboxRow, found: Look, now: datetime) -> None:
    """Let a mail wait until the mailbox has been read; after an hour somebody is told of it."""
    wait = LOOK_AGAIN if found is Look.UNREAD else _ASK_AGAIN
    put_off(store, row, now + wait, _WHY[found])
    if now - row.queued_at <= _TELL_AFTER or not _lasts(store, desk, found, now):
        return
    mailbox = desk.policy.mailbox
    text = (
        f"{mailbox}: timed mail is held back, because it is not certain that nobody has answered: "
        "the mailbox could not be read to its end for an hour. What to do: see `maildaemon status`"
    )
    with store.begin() as tx:
        tx.alerts.raise_alarm(Alarm("mail.unseen", mailbox, text, facts={}), now)
    log("outbox.unseen", logging.ERROR, mailbox=mailbox, outbox=row.outbox_id, why=found.value)


def _lasts(store: Store, desk: Desk, found: Look, now: datetime) -> bool:
    """Tell whether the mailbox has been so for an hour: a mail may have waited for other reasons,
    and something is just arriving.
    """
    if found is Look.HIDDEN:
        return True
    with store.read() as tx:
        return tx.mailboxes.is_behind(desk.mailbox_id, now - _TELL_AFTER)


def colleague_unread(store: Store, desk: Desk, row: OutboxRow) -> str | None:
    """Return whose account has not been read since a mail was queued: she may have answered; None
    if all have.
    """
    with store.read() as tx:
        return next(
            (
                name
                for mailbox_id, name in desk.colleagues
                if (tx.mailboxes.witness_horizon(mailbox_id) or _BEGINNING) < row.queued_at
            ),
            None,
        )


def hold(store: Store, desk: Desk, row: OutboxRow, now: datetime) -> None:
    """Hold a mail for a person: it is a day late."""
    with store.begin() as tx:
        claimed = tx.outbox.claim(row, now + CLAIM)
        if claimed is None:
            return
        tx.outbox.conclude(claimed, OutboxState.HELD, TOO_LATE, now, None)
        tx.records.note(
            desk.mailbox_id,
            "mail_held",
            now,
            thread_id=row.thread_id,
            outbox_id=row.outbox_id,
            why=TOO_LATE,
        )
    log("outbox.held", logging.WARNING, mailbox=desk.policy.mailbox, outbox=row.outbox_id)
