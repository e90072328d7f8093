"""Carries out a decision within one transaction: one `case` for each action."""

from datetime import datetime
from typing import assert_never

from maildaemon.domain.actions import (
    Action,
    Assign,
    CancelQueued,
    Forward,
    JoinThread,
    MarkDeliverable,
    MarkUndeliverable,
    MergeThread,
    MuteSender,
    MuteThread,
    OpenThread,
    QueueMail,
    Rate,
    StaySilent,
    TakeProbe,
    WithholdForward,
    Witness,
)
from maildaemon.domain.authentication import (
    Trust,
    by_form,
    find_writer,
    judge_author,
    speaks_for_us,
)
from maildaemon.domain.automatic import Kind, Silence
from maildaemon.domain.by_hand import FOR_GOOD
from maildaemon.domain.context import Decision
from maildaemon.domain.evidence import list_id
from maildaemon.domain.handover import is_partner
from maildaemon.domain.message import Address, Message
from maildaemon.domain.recipients import is_one_of_us
from maildaemon.domain.subjects import may_be_forward
from maildaemon.domain.threads import GUESSABLE, Status, ThreadFacts
from maildaemon.domain.tokens import is_ours
from maildaemon.domain.waiting import file_copy_at
from maildaemon.ports import BlobStore, Composer, Role
from maildaemon.ports.brakes import Muted
from maildaemon.ports.rows import InboundRow, Recorded
from maildaemon.ports.store import Transaction
from maildaemon.services.adopt import adopt
from maildaemon.services.brakes import doubt_memory, mute_sender
from maildaemon.services.by_hand import merge
from maildaemon.services.desk import Desk
from maildaemon.services.filed import Filed
from maildaemon.services.handover import assign, forward, withhold
from maildaemon.services.probe import take_probe
from maildaemon.services.respond import respond


def apply(
    tx: Transaction,
    composer: Composer,
    desk: Desk,
    row: InboundRow,
    message: Message,
    decision: Decision,
    now: datetime,
    blobs: BlobStore | None = None,
) -> int:
    """Record the message and do what was decided; return the record's id.

    Nothing of it stands before the transaction is committed. `blobs` hold the message as it came;
    without them it is sent on to nobody.
    """
    thread_id, reference = _place(tx, row, message, decision, now)
    held_until = now + desk.hold_for
    message_id = tx.records.save_message(row, message, decision, thread_id, held_until)
    filing = _Filing(
        tx,
        composer,
        desk,
        row,
        message,
        thread_id,
        reference,
        message_id,
        now,
        decision.understanding,
        blobs,
    )
    filing.note(
        "message_received",
        kind=decision.judgement.kind.value,
        match=decision.match.rule.value,
        **({"reopens": True} if _reopens(decision) else {}),
    )
    filing.follow(decision)
    return message_id


def _reopens(decision: Decision) -> bool:
    """Tell whether a message opens again what was settled."""
    thread = decision.match.thread
    if thread is None or thread.status is not Status.RESOLVED:
        return False
    joined = (one for one in decision.actions if isinstance(one, JoinThread))
    return any(one.status not in {None, Status.RESOLVED} for one in joined)


def apply_again(  # noqa: PLR0913 - a first decision needs all of it but the record
    tx: Transaction,
    composer: Composer,
    desk: Desk,
    row: InboundRow,
    message: Message,
    decision: Decision,
    recorded: int,
    now: datetime,
    *,
    blobs: BlobStore | None = None,
) -> None:
    """Let a later decision about a recorded message take the place of the first one."""
    thread_id, reference = _place(tx, row, message, decision, now)
    held_until = now + desk.hold_for
    tx.records.decide_again(
        recorded, decision, thread_id, in_junk=False, held_until=held_until, now=now
    )
    filing = _Filing(
        tx,
        composer,
        desk,
        row,
        message,
        thread_id,
        reference,
        recorded,
        now,
        decision.understanding,
        blobs,
    )
    filing.note(
        "message_decided_again",
        moved="out of Junk",
        kind=decision.judgement.kind.value,
        match=decision.match.rule.value,
    )
    filing.follow(decision)


def take_back(
    tx: Transaction, desk: Desk, recorded: Recorded, decision: Decision, now: datetime
) -> int:
    """Let what is recorded as a customer's message be spam from now on, and cancel what is queued
    in its thread; return how many mails.
    """
    thread_id = recorded.thread.thread_id if recorded.thread else None
    held_until = now + desk.hold_for
    tx.records.decide_again(
        recorded.message_id, decision, thread_id, in_junk=True, held_until=held_until, now=now
    )
    cancelled = 0
    if thread_id is not None:
        tx.records.junk(thread_id, now)
        cancelled = tx.outbox.withdraw(thread_id, now)
    tx.records.note(
        desk.mailbox_id,
        "message_decided_again",
        now,
        thread_id=thread_id,
        message_id=recorded.message_id,
        moved="into Junk",
        kind=decision.judgement.kind.value,
        cancelled=cancelled,
    )
    return cancelled


def adopt_answer(
    tx: Transaction,
    desk: Desk,
    message_id: int,
    decision: Decision,
    at: datetime,
    now: datetime,
) -> None:
    """Let a recorded message count as the answer that it has turned out to be."""
    for action in decision.actions:
        match action:
            case MergeThread(source, into):
                _merge(tx, source, into, now)
            case JoinThread(thread_id, _, status):
                tx.records.join_thread(thread_id, status, at)
                tx.records.move_message(message_id, thread_id, decision)
            case CancelQueued(thread_id, reason):
                _cancel(tx, desk, thread_id, reason, message_id, at, now)
            case _:
                continue


def _cancel(
    tx: Transaction,
    desk: Desk,
    thread_id: int,
    reason: Silence,
    message_id: int,
    at: datetime,
    now: datetime,
) -> None:
    waited = tx.records.answered(thread_id, at, message_id)
    span = {} if waited is None else {"waited_seconds": round(waited.total_seconds())}
    cancelled = tx.outbox.cancel_thread(thread_id, reason.value, now)
    tx.records.note(
        desk.mailbox_id,
        "staff_answered",
        now,
        thread_id=thread_id,
        message_id=message_id,
        cancelled=cancelled,
        **span,
    )


def _place(
    tx: Transaction, row: InboundRow, message: Message, decision: Decision, now: datetime
) -> tuple[int | None, str]:
    """Return the thread that the message goes to and its reference; (None, "") for no thread."""
    for action in decision.actions:
        match action:
            case OpenThread(reference):
                opened = tx.records.open_thread(row, action, message, decision.matter)
                return opened, reference
            case MergeThread(source, into):
                _merge(tx, source, into, now)
            case JoinThread(thread_id, reference, joined_status, begins):
                at, matter = row.received_at, decision.matter
                live = not row.history
                tx.records.join_thread(
                    thread_id, joined_status, at, matter, begins=begins, live=live
                )
                return thread_id, reference
            case _:
                continue
    return None, ""


def _merge(tx: Transaction, source: str, into: str, now: datetime) -> None:
    """Make two threads one, as if a person had said so."""
    found, target = tx.by_hand.thread(source), tx.by_hand.thread(into)
    if found is not None and target is not None:
        merge(tx, found, target, _BY_ITSELF, now)


def _is_in(thread: ThreadFacts | None, key: str, *, proven: bool = False) -> bool:
    """Tell whether somebody is a customer of a thread already, and proven if that is asked."""
    return thread is not None and key in thread.customers and (not proven or key in thread.proven)


# A shop gets orders by form mailers and lists: their next mail belongs to the same thread.
_BY_ITSELF = "maildaemon"
_BY_PEOPLE = frozenset({Kind.CUSTOMER, Kind.LIST, Kind.BULK})


class _Filing(Filed):
    """Carries out the actions about one recorded message."""

    __slots__ = ()

    def follow(self, decision: Decision) -> None:
        """Let in whom the message brings, and do what was decided."""
        self.admit(decision)
        for action in decision.actions:
            self.carry_out(action)

    def carry_out(self, action: Action) -> None:
        match action:
            case OpenThread() | JoinThread() | MergeThread():
                pass  # done first: everything else needs the thread
            case StaySilent(reason):
                self.note("silence", reason=reason.value)
            case QueueMail():
                respond(self, action)
            case CancelQueued(thread_id, reason):
                at = self.row.received_at
                _cancel(self.tx, self.desk, thread_id, reason, self.message_id, at, self.now)
            case MarkUndeliverable() | MarkDeliverable() | MuteSender():
                self._note_about(action)
            case Assign() | Forward() | WithholdForward():
                self._hand_over(action)
            case MuteThread():
                self._mute()
            case Rate(rating):
                self.note("thread_rated", rating=rating)
            case Witness() | TakeProbe():
                self._see(action)
            case _:
                assert_never(action)

    def _see(self, action: Witness | TakeProbe) -> None:
        """Take note of a mail of ours that has turned up."""
        match action:
            case Witness(seen_id, filed):
                self._witness(seen_id, filed=filed)
            case TakeProbe(number):
                take_probe(self.tx, self.desk, self.row, number, self.message_id, self.now)
            case _:
                assert_never(action)

    def _note_about(self, action: MarkUndeliverable | MarkDeliverable | MuteSender) -> None:
        """Remember what is known of an address."""
        match action:
            case MarkUndeliverable(address, until, status):
                self.tx.records.mark_undeliverable(self.desk.mailbox_id, address, until, status)
            case MarkDeliverable(address):
                self.tx.records.mark_deliverable(self.desk.mailbox_id, address, self.now)
                self.note("address_revived", address=address)
            case MuteSender(address, until, why):
                mute_sender(self.tx, self.desk, Muted(address, until, why), self.now)
                self.note("sender_muted", address=address, until=until.isoformat())
            case _:
                assert_never(action)

    def _hand_over(self, action: Assign | Forward | WithholdForward) -> None:
        """Let a colleague or a partner have it. What stands in no thread is nobody's."""
        if self.thread_id is None:
            return
        match action:
            case Assign():
                assign(self, self.thread_id, action)
            case Forward() if self.row.raw_sha256 and self.blobs:
                forward(self, self.thread_id, action, self.blobs.get(self.row.raw_sha256))
            case Forward(partner):
                withhold(self, partner, "it is too large: only its header was read")
            case WithholdForward(partner, why):
                withhold(self, partner, why)
            case _:
                assert_never(action)

    def _mute(self) -> None:
        """Send nothing automatic in this thread any more, nor what is still queued."""
        if self.thread_id is None:
            return
        self.tx.by_hand.mute(self.thread_id, FOR_GOOD)
        cancelled = self.tx.outbox.cancel_thread(self.thread_id, "muted by a rule", self.now)
        self.note("thread_muted", by="a rule", until=FOR_GOOD.isoformat(), cancelled=cancelled)

    def admit(self, decision: Decision) -> None:
        """Let people into the thread: by a participant's or staff's hand only."""
        if self.thread_id is None:
            return
        message, add = self.message, self.tx.records.add_participants
        addressed = (*message.to, *message.cc, *message.bcc)
        policy = self.desk.policy
        others = [one for one in addressed if one.address and not is_one_of_us(one, policy)]
        others = [one for one in others if not is_partner(one, policy)]
        trust = judge_author(message, policy)
        writer = find_writer(message, policy)
        if decision.judgement.kind in _BY_PEOPLE and writer is not None:
            self._let_in(self.thread_id, writer, decision, proven=trust is Trust.PASSED)
            # By what anybody can guess somebody gets in himself, but brings nobody with him; nor
            # does a forger: whom he names would write among his friends.
            brings = trust is not Trust.FAILED and decision.match.rule not in GUESSABLE
            if brings or trust is Trust.PASSED:
                add(self.thread_id, self._wants_answers_at(), "reply_to")
                add(self.thread_id, others, "copied")
        elif decision.judgement.kind is Kind.SPAM and writer is not None:
            # A customer's mail may have been taken for it; he asks again, or a person answers him.
            add(self.thread_id, [writer], "customer")
        elif decision.judgement.kind is Kind.PARTNER and writer is not None:
            # Whom he copies in is his affair: they get nothing of ours by it, and have no say.
            add(self.thread_id, [writer], "partner")
        elif decision.staff_begins:
            self._begin_with(self.thread_id, others)
        elif decision.judgement.kind is Kind.STAFF:
            self._introduce(self.thread_id, others, decision)
        if decision.judgement.kind is Kind.LIST and (through := list_id(message)):
            add(self.thread_id, [Address("", through)], "list")
        if decision.staff_begins:
            self.tx.records.answered(self.thread_id, self.row.received_at, self.message_id)

    def _wants_answers_at(self) -> list[Address]:
        """Return where the writer asks that answers go: whoever presses Reply writes there. Nothing
        automatic does.
        """
        message, policy = self.message, self.desk.policy
        if by_form(message, policy):
            return []
        elsewhere = [one for one in message.reply_to if one.address and one != message.from_]
        return [
            one
            for one in elsewhere
            if not is_one_of_us(one, policy) and not is_partner(one, policy)
        ]

    def _begin_with(self, thread_id: int, others: list[Address]) -> None:
        """Let those in to whom staff write: customers of the thread, but for partners, and for whom
        somebody else's mail is passed on to (a supplier, say), as long as he is known for none.
        """
        message, add = self.message, self.tx.records.add_participants
        known = self.tx.records.has_asked
        passed_on = may_be_forward(message.subject)
        asked = [one for one in others if passed_on and not known(self.desk.mailbox_id, one.key)]
        addressed = (*message.to, *message.cc, *message.bcc)
        partners = [one for one in addressed if is_partner(one, self.desk.policy)]
        add(thread_id, [one for one in others if one not in asked], "customer")
        add(thread_id, [*asked, *partners], "partner")

    def _let_in(self, thread_id: int, writer: Address, decision: Decision, *, proven: bool) -> None:
        if not _is_in(decision.match.thread, writer.key, proven=proven):
            self.tx.records.add_participants(thread_id, [writer], "customer", proven=proven)

    def _introduce(self, thread_id: int, others: list[Address], decision: Decision) -> None:
        """Let those into a thread under way to whom one of us, provably, writes in it.

        Who is new there is asked by us: a supplier may tell us something, but an answer to him is
        none to the customer.
        """
        in_sent = self.row.role is Role.SENT
        thread = decision.match.thread
        if thread is None or not thread.customers:
            return  # what nobody has asked us is no matter of a customer's: all are strangers
        if not speaks_for_us(self.message, self.desk.policy, in_sent=in_sent):
            return
        known = thread.participants - thread.consulted
        for one in others:
            is_customer = one.name.strip().lower() in thread.customer_names
            # Whom the customer had copied in, and we answer together with him, is one as well.
            is_customer |= decision.staff_answer and one.key in known
            role = "customer" if is_customer else "partner"
            if is_customer and _is_in(thread, one.key):
                continue
            self.tx.records.add_participants(thread_id, [one], role)

    def _witness(self, seen_id: str, *, filed: bool) -> None:
        mailbox_id, tx = self.desk.mailbox_id, self.tx
        outbox_id = tx.outbox.witnessed(mailbox_id, seen_id, self.now)
        files = tx.mailboxes.get(mailbox_id).server_files_sent
        if outbox_id is not None:
            self.note("mail_witnessed", outbox_id=outbox_id, mail=seen_id)
        if outbox_id is None and seen_id == self.message.message_id:
            if filed:
                self._doubt_memory(seen_id)
            adopt(self)
        if not filed:
            # The recipient has it, as his reply shows; our own Sent may lack it.
            if outbox_id is not None and not files:
                tx.outbox.add_settlement(mailbox_id, outbox_id, file_copy_at(files, self.now))
            return
        tx.outbox.note_filed(mailbox_id, seen_id, self.now)
        # We file a copy only of what we know to be sent: this one is the server's, or our own
        # from before a database was restored. What is known already is not unlearnt by that.
        if outbox_id is not None and files is None:
            tx.mailboxes.learn_server_files_sent(mailbox_id, files=True)

    def _doubt_memory(self, seen_id: str) -> None:
        """Stop if we have sent what our records do not know: they are older than the world."""
        started_at = self.tx.mailboxes.get(self.desk.mailbox_id).started_at
        sent_at = self.message.date
        if self.row.history or not started_at or not sent_at or sent_at <= started_at:
            return
        if not is_ours(self.desk.key, seen_id) or self.tx.outbox.is_known(seen_id):
            return
        why = "a mail of ours stands in Sent that the database does not know: it was restored"
        doubt_memory(self.tx, self.desk, why, self.now, since=self.now)
