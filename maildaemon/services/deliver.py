"""Sends what is queued: claimed before the network is touched, concluded by what the server said.

The row is marked (`phase = dot`) as late as possible before the server can accept the mail. What
died earlier is safe to send again; what died later is uncertain: first a witness is waited for.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from maildaemon.domain.brakes import FORTNIGHT, Brake, always_allowed, why_break
from maildaemon.domain.decide_timer import LATE_AFTER, why_not_written
from maildaemon.domain.delivery import (
    FOR_NAMED,
    FOR_OURSELVES,
    Accepted,
    Deferred,
    Envelope,
    MailKind,
    OutboxState,
    Outcome,
    Phase,
    Rejected,
    Uncertain,
)
from maildaemon.domain.policy import Mode, Rate
from maildaemon.domain.report import UNDELIVERABLE_FOR, is_dead_address
from maildaemon.domain.uncertain import Verdict, conclude_uncertain
from maildaemon.domain.waiting import OTHER_MODE_WAIT, WITNESS_WITHIN, file_copy_at, mail_wait
from maildaemon.errors import (
    LeaseLostError,
    StaleClaimError,
    StoreUnavailableError,
    TransportUnavailableError,
)
from maildaemon.ports import Now, Transport
from maildaemon.ports.rows import OutboxRow
from maildaemon.ports.store import Store, Transaction
from maildaemon.ports.timers import Case
from maildaemon.services.accounts import note_success
from maildaemon.services.answers import may_be_answered, may_be_forgotten
from maildaemon.services.brakes import counted_since, put_on
from maildaemon.services.desk import Desk, log
from maildaemon.services.last_look import LastLook, Look
from maildaemon.services.lease import unfenced
from maildaemon.services.pacing import take_turn, waits_its_turn
from maildaemon.services.plan import plan_thread
from maildaemon.services.timed import LOOK_AGAIN, colleague_unread, hold, put_off, wait_unseen

CLAIM = timedelta(minutes=3)
DOT_CLAIM = timedelta(minutes=12)
_MARGIN = timedelta(seconds=30)
_AFTER_AN_OUTAGE = timedelta(seconds=30)
WRITE_AGAIN_AFTER = timedelta(seconds=5)
# Nobody should learn from a burst that a program was asleep.
TIMED_RATE = Rate(20, timedelta(minutes=10))
_PACE = timedelta(minutes=1)
_TAKEN_OVER = "another daemon took the mailbox over before the final dot"


async def deliver_next(
    store: Store,
    transport: Transport,
    desk: Desk,
    now: Now,
    jitter: Callable[[], float],
    look: LastLook,
    guard: Callable[[], None] = lambda: None,
) -> int:
    """Attempt one due entry; return how many were attempted (0 or 1).

    0 as well while a brake is on, until Sent has been read since the message arrived that the mail
    answers (a person may have answered it), or until it is its turn. Timed mail goes only after a
    last `look` at the mailbox. `guard` is called first, in the thread that chooses; what it raises
    keeps all mail back. The attempt is committed before the network is touched. If the
    process dies while talking to the server, the entry is due again later, with the same
    Message-ID. Trouble with the session raises and leaves the entry as it was.
    """

    def choose() -> OutboxRow | int:
        guard()
        return _choose(store, desk, now())

    # Each way to a thread and back is a wait of its own: as few as the network leaves.
    row = await asyncio.to_thread(choose)
    if not isinstance(row, OutboxRow):
        return row
    # Before the claim: a refused login is no failure of this mail.
    await transport.open()
    if row.kind is MailKind.TIMED and await _is_unseen(store, desk, row, look, now):
        return 1
    claimed = await asyncio.to_thread(_claim, store, desk, row, now())
    if claimed is None:
        return 1
    outcome = await _send(store, transport, desk, claimed, now)
    if outcome is None:
        _tell(desk, row, "outbox.stood_down", logging.INFO)
        return 1
    try:
        what_happened = unfenced(store)
        await _write_down(lambda: _conclude(what_happened, desk, claimed, outcome, now(), jitter))
    except StaleClaimError:
        # A person answered while the server refused it or broke off: there is nothing left to do.
        _tell(desk, row, "outbox.stood_down", logging.INFO)
    return 1


async def _write_down(write: Callable[[], None]) -> None:
    """Repeat until it is written: what the server has said stands nowhere but in our memory."""
    while True:
        try:
            return await asyncio.to_thread(write)
        except StoreUnavailableError as error:
            log("outbox.unwritten", logging.ERROR, error=str(error))
            await asyncio.sleep(WRITE_AGAIN_AFTER.total_seconds())


def _choose(store: Store, desk: Desk, now: datetime) -> OutboxRow | int:
    """Return what is to be sent now; else how many rows were dealt with instead (0 or 1)."""
    row = _due(store, desk, now)
    if row is None:
        return 0
    if _is_dealt_with(store, desk, row, now):
        return 1
    with store.read() as tx:
        allowed = _let_through(tx, desk, row, now)
        if allowed is None or _is_unsure(tx, desk, allowed, now):
            return 0
        too_much = _why_too_much(tx, desk, allowed, now)
    if too_much is not None:
        with store.begin() as tx:
            put_on(tx, desk, Brake.BREAKER, too_much, now)
        return 0
    return 0 if _waits_its_turn(store, desk, allowed, now) else allowed


def _due(store: Store, desk: Desk, now: datetime) -> OutboxRow | None:
    with store.read() as tx:
        if any(one.brake is Brake.CLOCK for one in tx.brakes.on(desk.mailbox_id)):
            return None  # by a wrong clock nothing may expire either
        first = None
        if desk.policy.probe is not None:
            # Behind those that wait for their turn it would tell of our pace, and of nothing else.
            first = tx.outbox.next_of_kind(desk.mailbox_id, MailKind.PROBE, now)
        return first or tx.outbox.next_due(desk.mailbox_id, now)


def _let_through(tx: Transaction, desk: Desk, row: OutboxRow, now: datetime) -> OutboxRow | None:
    """Return what may go: under a brake nothing but the digest, which tells colleagues of it, and
    what goes to ourselves, which tells whether mail moves at all.
    """
    if row.kind in FOR_OURSELVES or not tx.brakes.on(desk.mailbox_id):
        return row
    return tx.outbox.next_of_kind(desk.mailbox_id, MailKind.DIGEST, now)


def _is_dealt_with(store: Store, desk: Desk, row: OutboxRow, now: datetime) -> bool:
    """Deal with a row that is not to be sent now; tell whether it was one."""
    if row.phase is Phase.DOT:
        _conclude_uncertain(store, desk, row, now)
    elif row.expires_at <= now:
        _expire(store, desk, row, now)
    elif row.released_at is None and _mode(desk, row) is not Mode.LIVE:
        _put_off(store, row, now)
    else:
        return row.kind is MailKind.TIMED and _is_put_aside(store, desk, row, now)
    return True


def _mode(desk: Desk, row: OutboxRow) -> Mode:
    return desk.policy.mode_of_mail(row.kind, row.sections)


async def _is_unseen(store: Store, desk: Desk, row: OutboxRow, look: LastLook, now: Now) -> bool:
    """Tell whether timed mail waits, because somebody may just have written."""
    found = await look(await asyncio.to_thread(_clock_of, store, desk, row, now()))
    if found is Look.CLEAR:
        return False
    await asyncio.to_thread(wait_unseen, store, desk, row, found, now())
    return True


def _clock_of(store: Store, desk: Desk, row: OutboxRow, now: datetime) -> datetime:
    note_success(store, desk, "smtp", now)
    with store.read() as tx:
        return tx.timers.clock_of(row.outbox_id) or row.queued_at


def _put_off(store: Store, row: OutboxRow, now: datetime) -> None:
    """Keep what was queued in live mode from going out in another; it may be live again in time."""
    put_off(store, row, now + OTHER_MODE_WAIT, "waits: the mode is not `live` any more")


def _claim(store: Store, desk: Desk, row: OutboxRow, now: datetime) -> OutboxRow | None:
    """Take a row, now that the server has let us in; None if it may not go any more."""
    note_success(store, desk, "smtp", now)
    with store.begin() as tx:
        # Logging in may have taken a while, and a brake stops everything at once.
        if row.kind not in FOR_OURSELVES and tx.brakes.on(desk.mailbox_id):
            return None
        if row.kind is MailKind.TIMED and row.thread_id is not None:
            # What was written last may have taken its reason away: then it is cancelled by this.
            case = plan_thread(tx, desk, row.thread_id, now)
            _cancel_if_unwanted(tx, desk, row, case, now)
        elif row.kind in FOR_NAMED:
            _cancel_if_unnamed(tx, desk, row, now)
        claimed = tx.outbox.claim(row, now + CLAIM)
        if claimed is not None and row.kind is not MailKind.PROBE:
            take_turn(tx, desk, now)
        return claimed


def _cancel_if_unwanted(
    tx: Transaction, desk: Desk, row: OutboxRow, case: Case, now: datetime
) -> None:
    """Cancel timed mail if its customer was muted, or became unreachable, since it was queued."""
    why = why_not_written(case.context(desk.policy, now))
    if why is not None and row.released_at is None:
        tx.outbox.cancel(row.outbox_id, why.value, now)


def _cancel_if_unnamed(tx: Transaction, desk: Desk, row: OutboxRow, now: datetime) -> None:
    """Cancel a mail to a colleague or a partner whom the configuration has ceased to name since it
    was queued, unless the conversation is his.
    """
    if desk.policy.names(row.recipient) or row.thread_id is None:
        return
    assigned = tx.timers.case(row.thread_id).context(desk.policy, now).assigned_to
    if assigned is None or assigned.lower() != row.recipient.lower():
        tx.outbox.cancel(
            row.outbox_id, "the configuration does not name the recipient any more", now
        )


def _is_unsure(tx: Transaction, desk: Desk, row: OutboxRow, now: datetime) -> bool:
    """Tell whether a person may have answered, or the records may be older than the world. What
    goes to ourselves waits for neither.
    """
    if row.kind is MailKind.PROBE:
        return False
    # What tells colleagues of the time has waited for their accounts before it was written.
    waited = row.kind in {MailKind.STAFF, MailKind.DIGEST}
    unread = may_be_answered(
        tx,
        replace(desk, colleagues=()) if waited else desk,
        cause_recorded_at=row.cause_recorded_at,
        queued_at=row.queued_at,
        due_at=row.due_at,
        now=now,
    )
    return unread or may_be_forgotten(tx, desk, now)


def _waits_its_turn(store: Store, desk: Desk, row: OutboxRow, now: datetime) -> bool:
    return row.kind is not MailKind.PROBE and waits_its_turn(store, desk, now)


def _is_put_aside(store: Store, desk: Desk, row: OutboxRow, now: datetime) -> bool:
    """Tell whether timed mail was put aside: held for a person as it is too late, or for a while
    as a colleague may have answered, or many went just now.
    """
    if row.released_at is None and now - row.queued_at > LATE_AFTER:
        hold(store, desk, row, now)
        return True
    if name := colleague_unread(store, desk, row):
        put_off(store, row, now + LOOK_AGAIN, f"waits: the account of {name} is not read yet")
        return True
    with store.read() as tx:
        sent = tx.outbox.timed_since(desk.mailbox_id, now - TIMED_RATE.per)
    if sent < TIMED_RATE.count:
        return False
    put_off(store, row, now + _PACE, "waits: many timed mails went just now")
    return True


def _why_too_much(tx: Transaction, desk: Desk, row: OutboxRow, now: datetime) -> str | None:
    """Return why automatic mail is to stop, if there is far too much of it."""
    if row.kind in FOR_OURSELVES:
        return None
    start = counted_since(tx, desk.mailbox_id, Brake.BREAKER, now)
    sent = tx.outbox.sent_between(desk.mailbox_id, start, now)
    # A fortnight is counted only when the answer matters.
    much = sent > always_allowed(desk.policy.limits)
    return why_break(
        desk.policy.limits,
        sent=sent,
        sent_in_fortnight=tx.outbox.sent_between(desk.mailbox_id, now - FORTNIGHT, now)
        if much
        else 0,
        bounces=tx.records.bounces_since(desk.mailbox_id, start),
    )


async def _send(
    store: Store, transport: Transport, desk: Desk, row: OutboxRow, now: Now
) -> Outcome | None:
    """Return what became of the mail; None if it was cancelled before the dot, and not sent."""
    envelope = Envelope(row.reverse_path, row.recipient)
    loop = asyncio.get_running_loop()
    marked = asyncio.Event()
    try:
        async with asyncio.timeout((CLAIM - _MARGIN).total_seconds()) as deadline:

            async def before_dot() -> None:
                at = now()
                await asyncio.to_thread(_mark_dot, store, row, at)
                desk.require_lease()
                marked.set()
                deadline.reschedule(loop.time() + (DOT_CLAIM - _MARGIN).total_seconds())
                log("outbox.dot", logging.DEBUG, outbox=row.outbox_id)

            return await transport.send(envelope, row.raw, before_dot)
    except TimeoutError:
        await transport.close()
        if marked.is_set():
            return Uncertain("no reply to the final dot in time")
        why = "the SMTP server took too long"
        await asyncio.to_thread(_give_back, store, row, why, now())
        raise TransportUnavailableError(why) from None
    except StaleClaimError:
        # A person answered in the last moment; the server never saw the dot.
        await transport.close()
        return None
    except LeaseLostError:
        await transport.close()
        await asyncio.to_thread(_give_back, store, row, _TAKEN_OVER, now())
        raise
    except TransportUnavailableError as error:
        # Provably before the dot: it may go out at once when the server is back.
        await asyncio.to_thread(_give_back, store, row, str(error), now())
        raise


def _mark_dot(store: Store, row: OutboxRow, now: datetime) -> None:
    with store.begin() as tx:
        tx.outbox.mark_dot(row, now, now + DOT_CLAIM)


def _give_back(store: Store, row: OutboxRow, why: str, now: datetime) -> None:
    # If it was cancelled meanwhile, or taken by another daemon, what is told is still why.
    with suppress(StaleClaimError), unfenced(store).begin() as tx:
        tx.outbox.retry(row, now + _AFTER_AN_OUTAGE, why, None, failed=False)


def _conclude(
    store: Store,
    desk: Desk,
    row: OutboxRow,
    outcome: Outcome,
    now: datetime,
    jitter: Callable[[], float],
) -> None:
    """Write down what the server said, and what follows from it, at once."""
    match outcome:
        case Accepted():
            _conclude_sent(store, desk, row, outcome, now)
        case Deferred(reply):
            retry_at = now + mail_wait(row.failures + 1) * jitter()
            with store.begin() as tx:
                tx.outbox.retry(row, retry_at, "deferred by the server", reply, failed=True)
            _tell(desk, row, "outbox.deferred", logging.WARNING, reply=f"{reply.code} {reply.text}")
        case Rejected(reply):
            with store.begin() as tx:
                tx.outbox.conclude(row, OutboxState.FAILED, "refused by the server", now, reply)
                if is_dead_address(reply):
                    tx.records.mark_undeliverable(
                        desk.mailbox_id,
                        row.recipient.lower(),
                        now + UNDELIVERABLE_FOR,
                        str(reply.code),
                    )
                tx.records.note(
                    desk.mailbox_id,
                    "mail_failed",
                    now,
                    thread_id=row.thread_id,
                    outbox_id=row.outbox_id,
                    reply=f"{reply.code} {reply.text}",
                )
            _tell(desk, row, "outbox.failed", logging.ERROR, reply=f"{reply.code} {reply.text}")
        case Uncertain(reason):
            with store.begin() as tx:
                tx.outbox.wait_uncertain(row, now + WITNESS_WITHIN, reason)
            _tell(desk, row, "outbox.uncertain", logging.WARNING, why=reason)
        case _:
            assert_never(outcome)


def _conclude_sent(
    store: Store, desk: Desk, row: OutboxRow, outcome: Accepted, now: datetime
) -> None:
    with store.begin() as tx:
        tx.outbox.sent(row, outcome.reply, now)
        files = tx.mailboxes.get(desk.mailbox_id).server_files_sent
        if not files and row.kind is not MailKind.PROBE:
            tx.outbox.add_settlement(desk.mailbox_id, row.outbox_id, file_copy_at(files, now))
        tx.records.note(
            desk.mailbox_id,
            "mail_sent",
            now,
            thread_id=row.thread_id,
            outbox_id=row.outbox_id,
        )
    reply = f"{outcome.reply.code} {outcome.reply.text}"
    waited = round((now - row.queued_at).total_seconds(), 3)
    _tell(desk, row, "outbox.sent", logging.INFO, reply=reply, after_s=waited)


def _conclude_uncertain(store: Store, desk: Desk, row: OutboxRow, now: datetime) -> None:
    """Decide about a mail that died at the dot and that no witness has shown to be accepted."""
    with store.begin() as tx:
        claimed = tx.outbox.claim(row, now + CLAIM)
        if claimed is None:
            return
        since = row.uncertain_at or row.queued_at
        proves = not tx.mailboxes.hidden_in_sent(desk.mailbox_id, since)
        verdict, at = conclude_uncertain(
            row.sections,
            since,
            tx.mailboxes.witness_horizon(desk.mailbox_id),
            now,
            server_files_sent=proves
            and tx.outbox.server_files_still(desk.mailbox_id, now - WITNESS_WITHIN),
            # What may have gone to ourselves is worth no second one.
            resent=row.resent or row.kind is MailKind.PROBE,
        )
        match verdict:
            case Verdict.WAIT:
                tx.outbox.wait_uncertain(claimed, at, "waiting for a witness")
            case Verdict.RESEND:
                tx.outbox.resend(claimed, at)
            case Verdict.UNKNOWN:
                why = "the connection ended at the final dot and no witness was found"
                tx.outbox.conclude(claimed, OutboxState.UNKNOWN, why, now, None)
            case _:
                assert_never(verdict)
    if verdict is not Verdict.WAIT:
        _tell(desk, row, f"outbox.{_PAST[verdict]}", logging.WARNING)


_PAST = {Verdict.RESEND: "resent", Verdict.UNKNOWN: "given_up"}


def _expire(store: Store, desk: Desk, row: OutboxRow, now: datetime) -> None:
    with store.begin() as tx:
        claimed = tx.outbox.claim(row, now + CLAIM)
        if claimed is None:
            return
        why = "could not be sent in time"
        tx.outbox.conclude(claimed, OutboxState.EXPIRED, why, now, None)
        tx.records.note(
            desk.mailbox_id,
            "mail_expired",
            now,
            thread_id=row.thread_id,
            outbox_id=row.outbox_id,
        )
    _tell(desk, row, "outbox.expired", logging.ERROR)


def _tell(desk: Desk, row: OutboxRow, event: str, level: int, **facts: Any) -> None:
    log(event, level, mailbox=desk.policy.mailbox, outbox=row.outbox_id, **facts)
