"""Concludes one message within one transaction: what it is, where it belongs, what follows."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from maildaemon.domain.automatic import Kind
from maildaemon.domain.context import Decision
from maildaemon.domain.control import Change
from maildaemon.domain.decide import decide
from maildaemon.domain.message import Message
from maildaemon.domain.probes import FIELD
from maildaemon.domain.tokens import is_ours
from maildaemon.domain.understanding import Understanding
from maildaemon.ports import BlobStore, Composer, Role
from maildaemon.ports.rows import InboundRow, Recognised, Recorded
from maildaemon.ports.store import Transaction
from maildaemon.services.adopt import adopt
from maildaemon.services.apply import adopt_answer, apply, apply_again, take_back
from maildaemon.services.brakes import watch_arrivals
from maildaemon.services.context import load_context
from maildaemon.services.desk import Desk
from maildaemon.services.filed import Filed
from maildaemon.services.probe import see_probe_again
from maildaemon.services.rivals import watch_rivals
from maildaemon.services.steer import BY_FOLDER, BY_MOVING, steer

# The slowest servers take minutes to file what they have sent.
_FILED_WITHIN = timedelta(hours=1)


def conclude(
    tx: Transaction,
    composer: Composer,
    blobs: BlobStore,
    desk: Desk,
    row: InboundRow,
    message: Message,
    now: datetime,
    draft: int | None = None,
) -> dict[str, Any]:
    """Record a message that was taken, with everything that follows from it; return its log line.
    `draft`: which of ours it is, sent by a person.
    """
    return _Case(tx, composer, blobs, desk, row, message, now, draft).conclude()


def conclude_twin(
    tx: Transaction, desk: Desk, row: InboundRow, recorded: int, now: datetime
) -> dict[str, Any] | None:
    """Conclude a message whose bytes are those of a record, as `Inbound.twins` told; return its log
    line. None, and nothing is done, if it must be read after all: it has been moved since.
    """
    # In Sent it has only got another number.
    if row.role is not Role.SENT and not _is_stale(tx, row, recorded):
        if (row.role is Role.JUNK) != tx.records.is_junk(recorded):
            return None
        _steer_by_folder(tx, row, recorded, now)
    if desk.policy.probe is not None:
        see_probe_again(tx, desk, row, recorded, now)
    tx.inbound.finish(row, recorded)
    return {**_line(desk, row), "message": recorded, "known": True}


def _line(desk: Desk, row: InboundRow) -> dict[str, Any]:
    header_only = row.header_only or None
    return {"mailbox": desk.policy.mailbox, "uid": row.uid, "header_only": header_only}


def _is_stale(tx: Transaction, row: InboundRow, recorded: int) -> bool:
    """Tell whether a row says nothing of where its message is now."""
    return row.history or tx.inbound.overtaken(row, recorded)


def _steer_by_folder(tx: Transaction, row: InboundRow, recorded: int, now: datetime) -> None:
    """Do what a person says who moves a message into a folder of `control.folders`, or back."""
    seen_in = tx.marks.last_role(recorded, row.inbound_id)
    before = BY_FOLDER.get(seen_in) if seen_in else None
    after = BY_FOLDER.get(row.role)
    thread = tx.records.recorded(recorded).thread if before is not after else None
    if thread is None:
        return
    for keyword, on in ((before, False), (after, True)):
        if keyword is not None:
            steer(tx, thread.reference, Change(keyword, on=on), BY_MOVING, now)


@dataclass(frozen=True, slots=True)
class _Case:
    """One message that is to be concluded, within one transaction. `draft`: which of ours it is,
    sent by a person.
    """

    tx: Transaction
    composer: Composer
    blobs: BlobStore
    desk: Desk
    row: InboundRow
    message: Message
    now: datetime
    draft: int | None = None

    def conclude(self) -> dict[str, Any]:
        """Record the message with everything that follows from it; return its log line."""
        line = _line(self.desk, self.row)
        known = self.tx.records.recognise(self.row.mailbox_id, self.message)
        if (recorded := known.message_id) is not None:
            seen = self._see_again(recorded)
            self.tx.inbound.finish(self.row, recorded)
            return {**line, "message": recorded, "known": True, **seen}
        case = self._with_what_is_known(known)
        decision = case.decision()
        message_id = case.record(decision)
        self.tx.inbound.finish(self.row, message_id)
        return {**line, "message": message_id, **_summary(decision)}

    def _with_what_is_known(self, known: Recognised) -> "_Case":
        """Return the case of a message that is not recorded yet, with what is known of it."""
        row, message = self._dated_row(), self.message
        if known.earlier:
            # Moved out and back, or numbered anew: it has waited since before the first start.
            row = replace(row, history=True)
        if known.reused:
            # Outlook reuses ids, and whoever wants a mail overlooked plays its id first.
            message = replace(message, defects=(*message.defects, "reused_message_id"))
        return replace(self, row=row, message=message)

    def _dated_row(self) -> InboundRow:
        """Return the row of the message; what a person sent came after what it answers."""
        row, cited = self.row, self.message.cited
        if row.role is not Role.SENT or not cited:
            return row
        # Clients give their copy whatever date they like: that of their clock, or of another zone.
        answered = self.tx.records.newest_of(row.mailbox_id, cited)
        return row if answered is None else replace(row, received_at=max(answered, row.received_at))

    def decision(self, known: Recorded | None = None) -> Decision:
        context = load_context(self.tx, self.row, self.message, self.desk, self.now, known)
        return decide(self.message, context)

    def record(self, decision: Decision) -> int:
        tx, desk, row, message, now = self.tx, self.desk, self.row, self.message, self.now
        if self.draft is not None:
            tx.outbox.draft_sent(self.draft, now)
        message_id = apply(tx, self.composer, desk, row, message, decision, now, self.blobs)
        if decision.judgement.kind is Kind.CUSTOMER and not row.history:
            answered = decision.silence is None
            watch_arrivals(tx, desk, row.received_at, message.date, now, answered=answered)
        watch_rivals(tx, desk, row, message, now)
        if (keyword := BY_FOLDER.get(row.role)) and decision.thread and not row.history:
            # Moved there before we have seen it anywhere else.
            steer(tx, decision.thread, Change(keyword, on=True), BY_MOVING, now)
        return message_id

    def _see_again(self, recorded: int) -> dict[str, Any]:
        """Take note of a recorded message that has turned up once more; return what to log."""
        tx, row = self.tx, self.row
        signed = self.message.field(FIELD.lower())
        if signed and see_probe_again(tx, self.desk, row, recorded, self.now):
            return {}
        if row.role is Role.SENT:
            self._see_in_sent(recorded)
            return {}
        if _is_stale(tx, row, recorded):
            return {}
        _steer_by_folder(tx, row, recorded, self.now)
        if (row.role is Role.JUNK) == tx.records.is_junk(recorded):
            return {}
        if row.role is not Role.JUNK:
            return self._rescue(recorded)
        known = tx.records.recorded(recorded)
        if known.kind is not Kind.CUSTOMER:
            return {}
        cancelled = take_back(tx, self.desk, known, self.decision(known), self.now)
        return {"moved": "into Junk", "cancelled": cancelled}

    def _rescue(self, recorded: int) -> dict[str, Any]:
        """Decide again about a message that somebody took out of Junk."""
        tx = self.tx
        tx.records.unjunk(recorded)
        known = tx.records.recorded(recorded)
        if known.kind is not Kind.SPAM or known.erased:
            return {}
        # Some servers date what is moved anew, but it is as old as it was.
        received_at = min(self.row.received_at, known.received_at)
        row = replace(self.row, received_at=received_at, history=known.history)
        decision = replace(self, row=row).decision(known)
        apply_again(
            tx,
            self.composer,
            self.desk,
            row,
            self.message,
            decision,
            recorded,
            self.now,
            blobs=self.blobs,
        )
        return {"moved": "out of Junk", **_summary(decision)}

    def _see_in_sent(self, recorded: int) -> None:
        """Look again at a message that was recorded from another folder, or twice from Sent."""
        tx, desk, row, now = self.tx, self.desk, self.row, self.now
        message_id = self.message.message_id
        seen_there = tx.inbound.seen_there(row, recorded)
        if is_ours(desk.key, message_id):
            self._adopt(recorded)
            tx.outbox.note_filed(row.mailbox_id, message_id, now)
            fresh = tx.outbox.accepted_since(row.mailbox_id, message_id, now - _FILED_WITHIN)
            if seen_there and fresh:
                # Two copies, ours and the server's. Later it would be a person who moves one about.
                tx.mailboxes.learn_server_files_sent(row.mailbox_id, files=True)
            return
        if seen_there:
            return
        # A colleague answered with a copy to our own address: that copy proved nothing, this does.
        row = self._dated_row()
        decision = replace(self, row=row).decision()
        if decision.staff_answer:
            adopt_answer(tx, desk, recorded, decision, row.received_at, now)

    def _adopt(self, recorded: int) -> None:
        """Enter a recorded mail of ours into the outbox if that has forgotten it."""
        if self.tx.outbox.is_known(self.message.message_id):
            return
        thread = self.tx.records.recorded(recorded).thread
        filed = Filed(
            self.tx,
            self.composer,
            self.desk,
            self.row,
            self.message,
            thread.thread_id if thread else None,
            thread.reference if thread else "",
            recorded,
            self.now,
            Understanding(),
            self.blobs,
        )
        adopt(filed)


def _summary(decision: Decision) -> dict[str, Any]:
    mail = decision.mail
    return {
        "thread": decision.thread,
        "kind": decision.judgement.kind.value,
        "match": decision.match.rule.value,
        "silence": decision.silence.value if decision.silence else None,
        "response": "+".join(mail.sections) if mail else None,
        "refused": sum(one.verdict.value == "refused" for one in decision.verdicts) or None,
    }
