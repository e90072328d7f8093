"""Stops automatic mail of a mailbox, lets it flow again, and tells people: once each.

Recording goes on under every brake. What is queued waits, and expires in its own time. Of what
is decided meanwhile, only a message that the brake doubts to be new is left unanswered for good.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from maildaemon.domain.brakes import (
    OLD_MAIL,
    WINDOW,
    Brake,
    Braking,
    clocks_agree,
    why_behind,
    why_bulk,
    why_flooded,
)
from maildaemon.domain.waiting import WITNESS_WITHIN
from maildaemon.ports.brakes import Alarm, Muted
from maildaemon.ports.store import Transaction
from maildaemon.services.desk import Desk, log

_KNOWN_FOR = timedelta(days=1)
RELEASE = "look at `maildaemon outbox list --state queued`; then `maildaemon resume` sends what "
RELEASE += "is still fresh, and `maildaemon resume --discard` cancels it"


@dataclass(frozen=True, slots=True)
class Released:
    """What a release did: which brakes were on, and how many queued mails go or were cancelled."""

    brakes: tuple[Brake, ...]
    discarded: int = 0


def put_on(
    tx: Transaction,
    desk: Desk,
    brake: Brake,
    reason: str,
    now: datetime,
    *,
    since: datetime | None = None,
) -> None:
    """Stop automatic mail, and raise one alarm; nothing happens if this brake is on already.

    `since`: from when on messages are surely new, if that is not now.
    """
    braking = Braking(brake, reason, now, brake.doubts_before(since or now))
    if not tx.brakes.put_on(desk.mailbox_id, braking):
        return
    mailbox = desk.policy.mailbox
    text = f"{mailbox}: all automatic mail stands still: {reason}. What to do: {RELEASE}"
    facts = {"brake": brake.value, "reason": reason}
    tx.alerts.raise_alarm(Alarm("brake.set", mailbox, text, brake.value, facts), now)
    log("brake.set", logging.ERROR, mailbox=mailbox, brake=brake.value, why=reason, advice=RELEASE)


def release(
    tx: Transaction,
    mailbox_id: int,
    mailbox: str,
    now: datetime,
    *,
    brake: Brake | None = None,
    why: str = "by an operator",
    discard: bool = False,
) -> Released:
    """Release one brake of a mailbox, or all (None), and tell it; cancel what waits if wanted."""
    released = tx.brakes.release(mailbox_id, now, brake)
    discarded = tx.outbox.discard(mailbox_id, "discarded by an operator", now) if discard else 0
    for one in released:
        text = f"{mailbox}: the brake `{one.value}` was released {why}"
        facts = {"brake": one.value, "why": why}
        alarm = Alarm("brake.released", mailbox, text, one.value, facts, ends=True)
        tx.alerts.raise_alarm(alarm, now)
        log("brake.released", mailbox=mailbox, brake=one.value, why=why)
    return Released(released, discarded)


def mute_sender(tx: Transaction, desk: Desk, muted: Muted, now: datetime) -> None:
    """Let nothing automatic go to an address for a while, and tell it."""
    tx.brakes.mute(desk.mailbox_id, muted, now)
    mailbox, until = desk.policy.mailbox, muted.until.isoformat(timespec="minutes")
    advice = f"maildaemon resume --sender {muted.address}"
    text = f"{mailbox}: nothing automatic goes to {muted.address} until {until}: {muted.why}. "
    text += f"If a person writes there: {advice}"
    facts = {"address": muted.address, "until": until}
    tx.alerts.raise_alarm(Alarm("sender.muted", mailbox, text, muted.address, facts), now)
    log(
        "sender.muted",
        logging.WARNING,
        mailbox=mailbox,
        address=muted.address,
        until=until,
        why=muted.why,
        advice=advice,
    )


def doubt_memory(
    tx: Transaction, desk: Desk, reason: str, now: datetime, *, since: datetime
) -> None:
    """Stop because the database has forgotten something: it may hold for unsent what was sent.

    What it has queued is taken for uncertain, as if we had died at the dot: Sent is asked first.
    """
    if any(one.brake is Brake.RESTORED for one in tx.brakes.on(desk.mailbox_id)):
        return
    tx.outbox.doubt_queued(desk.mailbox_id, since, now + WITNESS_WITHIN)
    put_on(tx, desk, Brake.RESTORED, reason, now, since=since)


def watch_arrivals(
    tx: Transaction,
    desk: Desk,
    received_at: datetime,
    sent_at: datetime | None,
    now: datetime,
    *,
    answered: bool,
) -> None:
    """Stop if a customer's message that was just recorded is one of far too many: of old ones, or
    of those that are answered.
    """
    mailbox_id = desk.mailbox_id
    on = {one.brake for one in tx.brakes.on(mailbox_id)}
    older_than = now - OLD_MAIL
    if Brake.BULK_ARRIVAL not in on and min(received_at, sent_at or received_at) < older_than:
        since = counted_since(tx, mailbox_id, Brake.BULK_ARRIVAL, now)
        # What came while we were down for weeks is old, too, but nobody has put it there.
        newest = tx.brakes.newest_before(mailbox_id, since)
        older_than = min(older_than, newest or older_than)
        if why := why_bulk(tx.brakes.old_since(mailbox_id, since, older_than)):
            put_on(tx, desk, Brake.BULK_ARRIVAL, why, now)
    if answered and Brake.FLOOD not in on:
        since = counted_since(tx, mailbox_id, Brake.FLOOD, now)
        arrived = tx.brakes.arrived_since(mailbox_id, since)
        if why := why_flooded(desk.policy.limits, arrived):
            put_on(tx, desk, Brake.FLOOD, why, now)


def counted_since(tx: Transaction, mailbox_id: int, brake: Brake, now: datetime) -> datetime:
    """Return from when on a brake counts: what was before its last release counts no more."""
    released_at = tx.brakes.last_release(mailbox_id, brake)
    # By a clock that was wrong it may have been released in the future.
    counts_anew = released_at is not None and released_at <= now
    return max(now - WINDOW, released_at) if released_at and counts_anew else now - WINDOW


def watch_clock(tx: Transaction, desk: Desk, arrived_at: datetime, now: datetime) -> None:
    """Compare our clock with the server's, by the date it gave to the newest message of the inbox:
    stop if ours is behind, and let mail flow again if they agree.
    """
    mailbox_id, mailbox = desk.mailbox_id, desk.policy.mailbox
    on = any(one.brake is Brake.CLOCK for one in tx.brakes.on(mailbox_id))
    if on and clocks_agree(arrived_at, now):
        why = "by itself: the server dates a new message as our clock does"
        release(tx, mailbox_id, mailbox, now, brake=Brake.CLOCK, why=why)
        return
    why_wrong = why_behind(arrived_at, now, "the mail server")
    released_at = tx.brakes.last_release(mailbox_id, Brake.CLOCK)
    # Somebody knows already, and it may be the server that is wrong.
    if why_wrong and not (released_at and abs(now - released_at) < _KNOWN_FOR):
        put_on(tx, desk, Brake.CLOCK, why_wrong, now)
