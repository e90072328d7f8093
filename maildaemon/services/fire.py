"""Does what is due by time: claimed first, decided by the newest history, applied at once.

Nothing fires before the mailbox has been read since it was due, and all of it decided: whoever
wrote in time has stopped it by then. A death in between means that it is due again later.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from maildaemon.domain.decide_timer import (
    ASKED_AGAIN_AFTER,
    ASKS,
    KeepSilent,
    Resolve,
    TellStaff,
    TimedAction,
    TimerContext,
    WriteCustomer,
    decide_timer,
    may_go_at,
)
from maildaemon.domain.delivery import Draft, MailKind, OutboxState, Section
from maildaemon.domain.letters import Occasion, staff_letter
from maildaemon.domain.policy import EchoSubject, Mode
from maildaemon.domain.ratings import rating_links
from maildaemon.domain.threads import Status, trim_references
from maildaemon.domain.timers import TOLD_TO_STAFF, Timer, TimerKind, plan_timers
from maildaemon.domain.tokens import issue_draft_id, issue_loop_token
from maildaemon.domain.waiting import (
    PARK_AFTER_FAILURES,
    mail_lives,
    names_until,
    process_wait,
)
from maildaemon.errors import MaildaemonError, StaleClaimError
from maildaemon.ports import Composer, Now
from maildaemon.ports.brakes import Alarm
from maildaemon.ports.rows import NewMail
from maildaemon.ports.store import Store, Transaction
from maildaemon.ports.timers import Correspondence, TimerRow
from maildaemon.services.desk import Desk, log
from maildaemon.services.loop import attempt
from maildaemon.services.outgoing import STATES, name_date, own_id, queue_mail, queue_note
from maildaemon.services.plan import apply_plan, plan_next
from maildaemon.services.respond import reply_address

CLAIM = timedelta(minutes=5)
_WAITS_AT_MOST = timedelta(hours=1)


def fire_next(store: Store, composer: Composer, desk: Desk, now: Now) -> int:
    """Plan what has to be planned anew, then fire one timer that is due; return how many of both.

    0 as well while a brake is on, or the mailbox has not been read since the timer was due. Where
    only a colleague's account has not, what goes to staff waits for an hour at most; what comes of
    it for the customer waits in the outbox. If the process dies, the timer is due again when its
    claim ends, and nothing of its effects stands.
    """
    planned = plan_next(store, desk, now())
    if planned:
        return planned
    row = _due(store, desk, now())
    if row is None:
        return 0
    fire(store, composer, desk, row, now)
    return 1


def fire(
    store: Store,
    composer: Composer,
    desk: Desk,
    row: TimerRow,
    now: Now,
    over: Callable[[TimerRow], None] = lambda _timer: None,
    in_force: Mapping[str, datetime] | None = None,
) -> None:
    """Fire one timer, unless somebody else has taken it; its thread has just been planned. `over`
    and `in_force` as in `plan_next`.
    """
    with store.begin() as tx:
        claimed = tx.timers.claim(row, now() + CLAIM)
    if claimed is None:
        return
    outcome = attempt(lambda: _fire(store, composer, desk, claimed, now(), over, in_force))
    match outcome:
        case StaleClaimError():
            pass  # its reason went away meanwhile
        case MaildaemonError():
            raise outcome
        case Exception():
            _fail(store, desk, claimed, outcome, now())
        case str():
            log("timer.fired", mailbox=desk.policy.mailbox, timer=claimed.key, outcome=outcome)
        case datetime():
            until = outcome.isoformat(timespec="seconds")
            log("timer.put_off", mailbox=desk.policy.mailbox, timer=claimed.key, until=until)
        case None:
            log("timer.dropped", mailbox=desk.policy.mailbox, timer=claimed.key)


def _due(store: Store, desk: Desk, now: datetime) -> TimerRow | None:
    with store.read() as tx:
        row = tx.timers.next_due(desk.mailbox_id, now)
        if row is None or tx.brakes.on(desk.mailbox_id):
            return None
        if not _is_read(tx, desk, row.due_at):
            return None
        if _are_read(tx, desk.colleagues, row.due_at):
            return row
        # Colleagues are not kept waiting for ever: the worst is that they know already.
        return tx.timers.next_due(desk.mailbox_id, now - _WAITS_AT_MOST, TOLD_TO_STAFF)


def _is_read(tx: Transaction, desk: Desk, since: datetime) -> bool:
    """Tell whether all that had come into the mailbox by then is decided."""
    if not tx.mailboxes.has_decided_since(desk.mailbox_id, since):
        return False
    sent = tx.mailboxes.witness_horizon(desk.mailbox_id)
    return sent is None or sent >= since


def _are_read(tx: Transaction, colleagues: Iterable[tuple[int, str]], since: datetime) -> bool:
    """Tell whether all that colleagues had answered by then, in their own accounts, is decided."""
    sent = (tx.mailboxes.witness_horizon(mailbox_id) for mailbox_id, _ in colleagues)
    return all(until is not None and until >= since for until in sent)


def _fire(
    store: Store,
    composer: Composer,
    desk: Desk,
    row: TimerRow,
    now: datetime,
    over: Callable[[TimerRow], None],
    in_force: Mapping[str, datetime] | None,
) -> str | datetime | None:
    """Decide and apply in one transaction; return what came of it, or until when it is put off;
    None if nothing is wanted.
    """
    with store.begin() as tx:
        # Something may have been written since it was planned.
        case = tx.timers.case(row.thread_id)
        known = tx.timers.in_force(desk.mailbox_id) if in_force is None else in_force
        timers = plan_timers(case.history, desk.policy, known)
        timer = next((one for one in timers if one.key == row.key and one.due_at <= now), None)
        if timer is None or case.outdated:
            apply_plan(case, timers, now, over)
        if timer is None:
            return None
        context = _asked(tx, desk, row, timer, case.context(desk.policy, now))
        if (go_at := may_go_at(timer, context)) > now:
            tx.timers.put_off(row, go_at)
            return go_at
        actions = decide_timer(timer, context)
        thread = case.correspondence
        firing = _Firing(tx, composer, desk, row.thread_id, thread, timer, context, now)
        if timer.kind is TimerKind.LATE:
            firing.note("promise_broken", promised_at=timer.due_at.isoformat())
        done = [firing.carry_out(action) for action in actions]
        outcome = "; ".join(word for word, _ in done)
        firing.note("timer_fired", timer=timer.kind.value, outcome=outcome)
        outbox_id = next((sent for _, sent in done if sent is not None), None)
        if not case.outdated and _are_no_news(actions):
            # All that its history has grown by is this: what comes next is known at once.
            case = case.after(row, now)
            apply_plan(case, plan_timers(case.history, desk.policy, known), now, over)
        tx.timers.finish(row, outcome, now, outbox_id)
    return outcome


def _asked(
    tx: Transaction, desk: Desk, row: TimerRow, timer: Timer, context: TimerContext
) -> TimerContext:
    """Add when the customer was asked for something elsewhere, if this would ask him as well."""
    if timer.kind not in ASKS or context.customer is None:
        return context
    since = timer.due_at - ASKED_AGAIN_AFTER
    address = context.customer.address
    asked_at = tx.timers.asked_elsewhere_at(desk.mailbox_id, row.thread_id, address, since)
    return replace(context, asked_at=asked_at)


def _are_no_news(actions: Sequence[TimedAction]) -> bool:
    """Tell whether nothing of this stands in a history but that the timer has fired."""
    return not any(
        isinstance(one, Resolve) or (isinstance(one, WriteCustomer) and one.asked_at is not None)
        for one in actions
    )


def _fail(store: Store, desk: Desk, row: TimerRow, error: Exception, now: datetime) -> None:
    failures = row.failures + 1
    parked = failures >= PARK_AFTER_FAILURES
    with store.begin() as tx:
        retry_at = None if parked else now + process_wait(failures)
        tx.timers.fail(row, repr(error), failures, retry_at)
        if parked:
            mailbox = desk.policy.mailbox
            text = f"{mailbox}: a timer could not be fired and was put aside: {error!r}"
            tx.alerts.raise_alarm(Alarm("timer.parked", mailbox, text, facts={}), now)
    event = "timer.parked" if parked else "timer.failed"
    log(event, logging.ERROR, mailbox=desk.policy.mailbox, timer=row.key, failure=error)


@dataclass(frozen=True, slots=True)
class _Firing:
    """A timer that is due, and what all that comes of it shares."""

    tx: Transaction
    composer: Composer
    desk: Desk
    thread_id: int
    thread: Correspondence
    timer: Timer
    context: TimerContext
    now: datetime

    def carry_out(self, action: TimedAction) -> tuple[str, int | None]:
        """Do it; return what was done in words, and the mail to the customer that it led to."""
        match action:
            case WriteCustomer():
                outbox_id = self._write(action)
                late = ", held: too late" if action.too_late else ""
                told = f"; promised for {action.until}" if action.asked_at else ""
                return f"{action.section} to {action.to.address}{late}{told}", outbox_id
            case TellStaff(to, until):
                for address in to:
                    self._tell(address, until)
                return f"told {', '.join(to)}", None
            case Resolve():
                self._resolve()
                return "resolved", None
            case KeepSilent(reason):
                self.note("silence", reason=reason.value, timer=self.timer.kind.value)
                return f"silent: {reason.value}", None
            case _:
                assert_never(action)

    def _resolve(self) -> None:
        self.tx.by_hand.set_status(self.thread_id, Status.RESOLVED, self.now)
        cancelled = self.tx.outbox.cancel_thread(self.thread_id, "resolved", self.now)
        was = Status.PENDING.value
        self.note("thread_resolved", by="maildaemon", was=was, cancelled=cancelled)

    def _tell(self, to: str, until: datetime | None) -> None:
        subject, text = staff_letter(self._occasion(until))
        queue_note(
            self.tx,
            self.composer,
            self.desk,
            self.now,
            cause=f"{self._cause}:{to.lower()}",
            thread_id=self.thread_id,
            cause_id=None,
            kind=MailKind.STAFF,
            to=to,
            subject=subject,
            text=text,
            expires_at=self.now + mail_lives(()),
        )

    def _occasion(self, until: datetime | None) -> Occasion:
        customer, policy = self.context.customer, self.desk.policy
        return Occasion(
            kind=self.timer.kind,
            reference=self.thread.reference,
            customer=customer.address if customer else "",
            subject=self.thread.subject,
            matter=self.context.matter,
            since=self.timer.since,
            until=until,
            zone=policy.hours.zone,
            mailbox=policy.sender.address,
            now=self.now,
        )

    def _write(self, action: WriteCustomer) -> int | None:
        policy, sections = self.desk.policy, (action.section,)
        draft = self._draft(action)
        mode = policy.mode_of(sections)
        held = action.too_late and mode is Mode.LIVE
        send_at = max(self.now, action.not_before or self.now)
        mail = NewMail(
            mailbox_id=self.desk.mailbox_id,
            thread_id=self.thread_id,
            cause_id=None,
            message_id=own_id(self.desk, self._cause),
            kind=MailKind.TIMED,
            sections=sections,
            language=action.language,
            reverse_path=draft.reply_to or policy.sender.address,
            recipient=action.to.address,
            raw=self.composer.compose(draft),
            state=OutboxState.HELD if held else STATES[mode],
            # What is to wait is neither late nor unseen before its time has come.
            queued_at=send_at,
            send_at=send_at,
            expires_at=names_until(
                action.until if action.asked_at else None, send_at + mail_lives(sections)
            ),
        )
        outbox_id = queue_mail(
            self.tx, self.desk, mail, mode, self.now, section=action.section.value, held=held
        )
        if action.asked_at and action.until:
            name_date(
                self.tx,
                self.desk.mailbox_id,
                self.thread_id,
                outbox_id,
                action.asked_at,
                action.until,
                self.now,
            )
        return outbox_id

    def _draft(self, action: WriteCustomer) -> Draft:
        policy, thread = self.desk.policy, self.thread
        message_id = own_id(self.desk, self._cause)
        by_a_person = policy.mode_of((action.section,)) is Mode.DRAFTS
        # Whom a person has answered is no stranger: his subject is no spammer's text.
        echo = thread.answered and policy.echo_subject is not EchoSubject.NEVER
        return Draft(
            message_id=issue_draft_id(self.desk.key, message_id) if by_a_person else message_id,
            date=self.now.replace(microsecond=0),
            sender=policy.sender,
            recipient=action.to,
            language=action.language,
            reference=thread.reference,
            sections=(action.section,),
            subject=thread.subject if echo else None,
            in_reply_to=thread.message_ids[-1] if thread.message_ids else None,
            references=trim_references(thread.message_ids),
            loop_token=issue_loop_token(self.desk.key, self._cause),
            reply_to=reply_address(self.desk, thread.reference, by_a_person=by_a_person),
            # RFC 3834 §5: a timer is no message.
            auto_submitted=None if by_a_person else "auto-generated",
            sender_known=thread.answered,
            zone=policy.hours.zone,
            until=action.until,
            template=action.template,
            ratings=self._rating_links(action),
        )

    def _rating_links(self, action: WriteCustomer) -> tuple[str, ...]:
        if action.section is not Section.FEEDBACK:
            return ()
        policy, reference = self.desk.policy, self.thread.reference
        return rating_links(
            self.desk.key, policy.sender.address, reference, plus_address=policy.plus_address
        )

    @property
    def _cause(self) -> str:
        return f"{self.thread.reference}:{self.timer.key}"

    def note(self, event: str, **detail: Any) -> None:
        """Add an event to the history of the thread."""
        self.tx.records.note(
            self.desk.mailbox_id, event, self.now, thread_id=self.thread_id, **detail
        )
