"""Does what is left to do in the mailbox: files copies of what was sent.

Only where the server does not file them itself; that is seen once and remembered. Before a copy
is filed a second time after a death, Sent is read: it may be there.
"""

import logging
from datetime import datetime, timedelta

from maildaemon.domain.waiting import GIVE_UP_SETTLING_AFTER, settle_wait
from maildaemon.errors import MailboxRefusedError
from maildaemon.ports import FolderName, Mailbox, Now, Role
from maildaemon.ports.rows import SettlementRow
from maildaemon.ports.store import Store
from maildaemon.services.desk import Desk, log

CLAIM = timedelta(minutes=2)
_DEADLINE = CLAIM - timedelta(seconds=30)
_AT_ONCE = 20
_READ_SENT_FIRST = timedelta(seconds=10)


def settle_next(store: Store, mailbox: Mailbox, desk: Desk, now: Now) -> int:
    """File the copies that are due; return how many entries were worked on."""
    began_at = now()
    with store.begin() as tx:
        rows = tx.outbox.claim_settlements(desk.mailbox_id, now(), now() + CLAIM, _AT_ONCE)
    if not rows:
        return 0
    sent = next((name for name in mailbox.folders() if name.role is Role.SENT), None)
    for row in rows:
        if now() - began_at > _DEADLINE:
            break  # the rest comes back when its claim ends
        _settle(store, mailbox, desk, row, sent, now)
    return len(rows)


def _settle(
    store: Store,
    mailbox: Mailbox,
    desk: Desk,
    row: SettlementRow,
    sent: FolderName | None,
    now: Now,
) -> None:
    with store.read() as tx:
        files = tx.mailboxes.get(desk.mailbox_id).server_files_sent
        seen = tx.outbox.is_filed(row.outbox_id)
        horizon = tx.mailboxes.witness_horizon(desk.mailbox_id)
    if sent is None:
        _finish(store, row, "given_up", "the mailbox has no folder for sent mail")
        return
    if files or seen:
        # What we have not tried to file is the server's.
        untouched = row.fence == 1
        learned = True if seen and files is None and untouched else None
        _finish(store, row, "by_server" if untouched else "done", None, learn=learned, desk=desk)
        return
    may_be_there = row.fence > 1 or files is None
    if may_be_there and (horizon is None or horizon < _must_have_seen(row, now())):
        with store.begin() as tx:
            why = "reading Sent first: the copy may be there"
            tx.outbox.retry_settlement(row, now() + _READ_SENT_FIRST, why, failed=False)
        return
    try:
        mailbox.append(sent.name, row.raw, row.sent_at)
    except MailboxRefusedError as error:
        _refused(store, desk, row, error, now())
        return
    _finish(store, row, "done", None, learn=False if files is None else None, desk=desk)
    log("copy.filed", mailbox=desk.policy.mailbox, outbox=row.outbox_id, folder=sent.name)


def _must_have_seen(row: SettlementRow, now: datetime) -> datetime:
    return max(row.sent_at, now - 3 * _READ_SENT_FIRST)


def _finish(
    store: Store,
    row: SettlementRow,
    state: str,
    error: str | None,
    *,
    learn: bool | None = None,
    desk: Desk | None = None,
) -> None:
    with store.begin() as tx:
        tx.outbox.finish_settlement(row, state, error)
        if learn is not None and desk is not None:
            tx.mailboxes.learn_server_files_sent(desk.mailbox_id, learn)


def _refused(
    store: Store, desk: Desk, row: SettlementRow, error: MailboxRefusedError, now: datetime
) -> None:
    given_up = row.failures + 1 >= GIVE_UP_SETTLING_AFTER
    with store.begin() as tx:
        if given_up:
            tx.outbox.finish_settlement(row, "given_up", str(error))
        else:
            retry_at = now + settle_wait(row.failures + 1)
            tx.outbox.retry_settlement(row, retry_at, str(error), failed=True)
    log(
        "copy.given_up" if given_up else "copy.refused",
        logging.WARNING,
        mailbox=desk.policy.mailbox,
        outbox=row.outbox_id,
        error=str(error),
    )
