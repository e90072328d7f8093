"""Lets queued mail wait for its turn, and tells staff when that takes long."""

import logging
from datetime import datetime

from maildaemon.domain.brakes import Brake
from maildaemon.domain.pacing import Queue, is_late, next_slot, take_slot
from maildaemon.ports.brakes import Alarm
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.brakes import counted_since
from maildaemon.services.desk import Desk, log


def waits_its_turn(store: Store, desk: Desk, now: datetime) -> bool:
    """Tell whether the pace of the mailbox lets no mail go yet; staff are told once that it is
    late.
    """
    with store.read() as tx:
        queue = tx.brakes.queue(
            desk.mailbox_id, counted_since(tx, desk.mailbox_id, Brake.BREAKER, now), now
        )
        told_at = tx.brakes.late_since(desk.mailbox_id)
    if queue is None:
        return False
    limits = desk.policy.limits
    waits = next_slot(limits, queue, now) > now
    late = is_late(limits, queue, now)
    if waits and late and told_at is None:
        _tell_late(store, desk, queue, now)
    if not late and told_at is not None:
        with store.begin() as tx:
            tx.brakes.note_late(desk.mailbox_id, None)
    return waits


def take_turn(tx: Transaction, desk: Desk, now: datetime) -> None:
    """Note that a mail goes now, so that the next one waits for its own turn."""
    limits = desk.policy.limits
    queue = tx.brakes.queue(
        desk.mailbox_id, counted_since(tx, desk.mailbox_id, Brake.BREAKER, now), now
    )
    queue = queue or Queue(0, now)
    paced_until = take_slot(limits, queue, now)
    after = Queue(queue.waiting, queue.oldest_at, paced_until, now, queue.sent + 1)
    next_at = next_slot(limits, after, now)
    tx.brakes.pace(desk.mailbox_id, paced_until=paced_until, paced_at=now, next_at=next_at)


def _tell_late(store: Store, desk: Desk, queue: Queue, now: datetime) -> None:
    mailbox, limits = desk.policy.mailbox, desk.policy.limits
    oldest = queue.oldest_at.isoformat(timespec="minutes")
    text = (
        f"{mailbox}: {queue.waiting} automatic mails wait because of `limits.per_mailbox` "
        f"({limits.per_mailbox}), the oldest since {oldest}. All go out within "
        f"{limits.longest_delay} of being queued if that is possible without tripping the breaker"
    )
    facts = {"waiting": str(queue.waiting), "oldest": oldest}
    with store.begin() as tx:
        tx.brakes.note_late(desk.mailbox_id, now)
        tx.alerts.raise_alarm(Alarm("mail.late", mailbox, text, facts=facts), now)
    log("mail.late", logging.WARNING, mailbox=mailbox, waiting=queue.waiting, oldest=oldest)
