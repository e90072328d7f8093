"""Turns recorded bytes into records and decisions, in the order in which they came.

Claimed and committed first; parsed without a transaction; then context, decision, effects and the
finish in one transaction. A death in between means that the same message is processed again.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from maildaemon.domain.automatic import Kind
from maildaemon.domain.context import Decision
from maildaemon.domain.control import Change
from maildaemon.domain.decide import decide
from maildaemon.domain.message import Message, Parsed
from maildaemon.domain.responder import OUR_WORDS, says_the_same
from maildaemon.domain.tokens import is_ours
from maildaemon.domain.understanding import Understanding
from maildaemon.domain.waiting import PARK_AFTER_FAILURES, process_wait
from maildaemon.errors import (
    MaildaemonError,
    StaleClaimError,
    StoreUnavailableError,
)
from maildaemon.ports import BlobStore, Composer, Now, Parser, Role, Trouble
from maildaemon.ports.brakes import Alarm
from maildaemon.ports.rows import InboundRow, Recognised, Recorded
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.adopt import adopt
from maildaemon.services.apply import adopt_answer, apply, apply_again, take_back
from maildaemon.services.brakes import watch_arrivals
from maildaemon.services.context import load_context, staff_recipients
from maildaemon.services.desk import Desk, log
from maildaemon.services.filed import Filed
from maildaemon.services.lookup import look_up, tell_troubles
from maildaemon.services.loop import attempt
from maildaemon.services.rivals import watch_rivals
from maildaemon.services.scan import scan_files
from maildaemon.services.steer import BY_FOLDER, BY_MOVING, steer

CLAIM = timedelta(minutes=5)
# Well within the claim: nobody else may have taken the rows while we still work on them.
_DEADLINE = CLAIM - timedelta(seconds=30)
_BATCH_MESSAGES = 50
_BATCH_BYTES = 16_000_000
_DEADLY = "the process died each time it worked on this message alone"
# What nobody has sent by then nobody sends.
_DRAFT_LIES = timedelta(days=60)
# The slowest servers take minutes to file what they have sent.
_FILED_WITHIN = timedelta(hours=1)
# Bytes that another machine has kept: the mailbox is read every few seconds.
_FETCHED_WITHIN = timedelta(seconds=10)
_AS_TEXT, _AS_NOTHING = b"Content-Type: text/plain", b"Content-Type: application/x-none"


def process_next(
    store: Store,
    parser: Parser,
    composer: Composer,
    blobs: BlobStore,
    files: BlobStore,
    desk: Desk,
    now: Now,
) -> int:
    """Process one batch of recorded messages; return how many were taken (0: nothing is due).

    What fails is tried again later by itself, and parked after three failures of its own: it
    never keeps another message waiting. What an outage keeps from being concluded is given back
    as it was. If the process dies, what it had taken is due again when the claim ends, one by one.
    """
    batch = Batch(store, parser, composer, blobs, files, desk, now)
    taken = batch.take()
    trouble = attempt(batch.read)
    if trouble is None:
        trouble = attempt(batch.conclude)
    batch.give_back()
    if isinstance(trouble, Exception):
        raise trouble
    return taken


class Batch:
    """Rows taken together; what is not concluded yet stays in `_left`."""

    def __init__(
        self,
        store: Store,
        parser: Parser,
        composer: Composer,
        blobs: BlobStore,
        files: BlobStore,
        desk: Desk,
        now: Now,
    ) -> None:
        self._store, self._parser, self._composer = store, parser, composer
        self._blobs, self._files, self._desk, self._now = blobs, files, desk, now
        self._began_at = now()
        self._left: dict[int, InboundRow] = {}
        self._parsed: list[tuple[InboundRow, Message]] = []
        # Which draft of ours a person has sent, by the row of what was found in Sent.
        self._sent_drafts: dict[int, int] = {}

    def take(self) -> int:
        """Claim what is due; return how many rows."""
        with self._store.begin() as tx:
            rows = tx.inbound.claim_due(
                self._desk.mailbox_id,
                self._began_at,
                self._began_at + CLAIM,
                limit=_BATCH_MESSAGES,
                max_bytes=_BATCH_BYTES,
            )
            deadly = [row for row in rows if row.failures >= PARK_AFTER_FAILURES]
            for row in deadly:
                tx.inbound.fail(row, _DEADLY, row.failures, None)
                tx.alerts.raise_alarm(self._parked(row, _DEADLY), self._began_at)
        for row in deadly:
            self._tell_failure(row, _DEADLY, row.failures, None)
        self._left = {row.inbound_id: row for row in rows if row not in deadly}
        return len(rows)

    def read(self) -> None:
        """Parse what was taken, as far as the time goes, and keep the files in it."""
        contents: list[bytes] = []
        troubles: tuple[Trouble, ...] | None = None
        for row in [*self._left.values()]:
            if self._late(0.5):
                break
            if found := self._parse(row):
                message, asked = look_up(self._desk, found.message)
                troubles = troubles if asked is None else asked
                self._parsed.append((row, self._with_our_words(row, message)))
                contents += found.contents.values()
        if troubles is not None:
            tell_troubles(self._store, self._desk, troubles, self._now())
        self._files.put_all(contents)

    def conclude(self) -> None:
        """Conclude what was parsed, as far as the time goes."""
        if len(self._parsed) > 1 and self._conclude_together(self._parsed):
            return
        for row, message in self._parsed:
            if self._late(1):
                break
            self._conclude_alone(row, message)

    def give_back(self) -> None:
        """Let what was not reached be taken again at once, no worse than it was before."""
        if not self._left:
            return
        with self._store.begin() as tx:
            for row in self._left.values():
                with suppress(StaleClaimError):
                    tx.inbound.give_back(row, self._now())

    def _late(self, share: float) -> bool:
        return self._now() - self._began_at > _DEADLINE * share

    def _parse(self, row: InboundRow) -> Parsed | None:
        """Return the message and its files; None if that failed by its own fault, or its bytes are
        to be fetched again.
        """

        def parse() -> Parsed:
            raw = self._blobs.get(row.raw_sha256) if row.raw_sha256 else b""
            return self._parser.parse(raw, self._desk.policy.reading)

        result = attempt(parse)
        if isinstance(result, KeyError) and self._fetch_again(row):
            return None
        if isinstance(result, MaildaemonError):
            raise result
        if isinstance(result, Exception):
            self._fail(row, result)
            return None
        if "patterns_timed_out" in result.message.defects:
            self._tell_slow(row)
        return scan_files(self._store, self._desk, result, self._now)

    def _fetch_again(self, row: InboundRow) -> bool:
        """Ask the mailbox for bytes that another daemon has kept elsewhere, or a disk has lost."""
        if row.raw_sha256 is None or self._blobs.has(row.raw_sha256):
            return False
        with self._store.begin() as tx:
            if not tx.inbound.fetch_again(row, self._now()):
                return False
            tx.inbound.give_back(row, self._now() + _FETCHED_WITHIN)
        del self._left[row.inbound_id]
        mailbox = self._desk.policy.mailbox
        log("message.missed", logging.WARNING, mailbox=mailbox, inbound=row.inbound_id, uid=row.uid)
        return True

    def _with_our_words(self, row: InboundRow, message: Message) -> Message:
        """Return the message, flagged if a person has sent a draft of ours as it was."""
        people = staff_recipients(message, self._desk.policy, in_sent=row.role is Role.SENT)
        if not people:
            return message
        with self._store.read() as tx:
            since = row.received_at - _DRAFT_LIES
            drafts = tx.outbox.drafts_to(row.mailbox_id, people, since)
        for outbox_id, raw in drafts:
            if says_the_same(message.reply_text, *self._read_draft(raw)):
                self._sent_drafts[row.inbound_id] = outbox_id
                return replace(message, defects=(*message.defects, OUR_WORDS))
        return message

    def _read_draft(self, raw: bytes) -> Iterator[str]:
        """Yield what a draft of ours says: its text, and its page, which has headings as well. Many
        programs send what they make of the page.
        """
        for one in (raw, raw.replace(_AS_TEXT, _AS_NOTHING, 1)):
            draft = attempt(partial(self._parser.parse, one, self._desk.policy.reading))
            if isinstance(draft, MaildaemonError):
                raise draft
            if isinstance(draft, Parsed):
                yield draft.message.reply_text

    def _conclude_together(self, parsed: Sequence[tuple[InboundRow, Message]]) -> bool:
        """Conclude a backlog in one transaction; on any trouble nothing of it remains."""

        def conclude() -> list[dict[str, Any]]:
            with self._store.begin() as tx:
                return [self._case(tx, row, message).conclude() for row, message in parsed]

        lines = attempt(conclude)
        if isinstance(lines, StoreUnavailableError):
            raise lines
        if isinstance(lines, Exception):
            # One by one, each meets its own trouble by itself.
            log("batch.split", logging.WARNING, count=len(parsed), error=repr(lines))
            return False
        for (row, _), line in zip(parsed, lines, strict=True):
            del self._left[row.inbound_id]
            log("message.filed", **line)
        return True

    def _conclude_alone(self, row: InboundRow, message: Message) -> None:
        def conclude() -> dict[str, Any]:
            with self._store.begin() as tx:
                return self._case(tx, row, message).conclude()

        line = attempt(conclude)
        match line:
            case StaleClaimError():
                log("message.left", mailbox=self._desk.policy.mailbox, uid=row.uid, why=str(line))
            case MaildaemonError():
                raise line
            case Exception():
                # A poisonous message must not stop the mailbox.
                self._fail(row, line)
            case _:
                del self._left[row.inbound_id]
                log("message.filed", **line)

    def _case(self, tx: Transaction, row: InboundRow, message: Message) -> "_Case":
        draft = self._sent_drafts.get(row.inbound_id)
        return _Case(tx, self._composer, self._blobs, self._desk, row, message, self._now(), draft)

    def _fail(self, row: InboundRow, error: Exception) -> None:
        failures = row.failures + 1
        why = repr(error)
        parked = failures >= PARK_AFTER_FAILURES
        retry_at = None if parked else self._now() + process_wait(failures)
        with self._store.begin() as tx:
            tx.inbound.fail(row, why, failures, retry_at)
            if parked:
                tx.alerts.raise_alarm(self._parked(row, why), self._now())
        del self._left[row.inbound_id]
        self._tell_failure(row, why, failures, error)

    def _parked(self, row: InboundRow, why: str) -> Alarm:
        mailbox = self._desk.policy.mailbox
        text = f"{mailbox}: a message could not be processed and was put aside: {why}. "
        text += "What to do: `maildaemon parked list`"
        return Alarm("message.parked", mailbox, text, facts={"inbound": str(row.inbound_id)})

    def _tell_slow(self, row: InboundRow) -> None:
        log(
            "patterns.timed_out",
            logging.WARNING,
            mailbox=self._desk.policy.mailbox,
            inbound=row.inbound_id,
            uid=row.uid,
            advice="a regular expression of `rules` or `order_numbers` takes too long; make it "
            "simpler: nothing was looked for in this message",
        )

    def _tell_failure(
        self, row: InboundRow, why: str, failures: int, error: Exception | None
    ) -> None:
        parked = failures >= PARK_AFTER_FAILURES
        log(
            "message.parked" if parked else "message.failed",
            logging.ERROR,
            mailbox=self._desk.policy.mailbox,
            inbound=row.inbound_id,
            uid=row.uid,
            failures=failures,
            error=why,
            advice="see `maildaemon parked list`" if parked else None,
            failure=error,
        )


def conclude(
    tx: Transaction,
    composer: Composer,
    blobs: BlobStore,
    desk: Desk,
    row: InboundRow,
    message: Message,
    now: datetime,
) -> None:
    """Record a message that was taken, with everything that follows from it."""
    _Case(tx, composer, blobs, desk, row, message, now).conclude()


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
        line: dict[str, Any] = {"mailbox": self.desk.policy.mailbox, "uid": self.row.uid}
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
        if row.role is Role.SENT:
            self._see_in_sent(recorded)
            return {}
        if row.history or tx.inbound.overtaken(row, recorded):
            return {}
        self._steer_by_folder(recorded)
        known = tx.records.recorded(recorded)
        if row.role is Role.JUNK and not known.in_junk and known.kind is Kind.CUSTOMER:
            cancelled = take_back(tx, self.desk, known, self.decision(known), self.now)
            return {"moved": "into Junk", "cancelled": cancelled}
        if row.role is not Role.JUNK and known.in_junk:
            return self._rescue(recorded)
        return {}

    def _steer_by_folder(self, recorded: int) -> None:
        """Do what a person says who moves a message into a folder of `control.folders`, or back."""
        tx, row = self.tx, self.row
        seen_in = tx.marks.last_role(recorded, row.inbound_id)
        before = BY_FOLDER.get(seen_in) if seen_in else None
        after = BY_FOLDER.get(row.role)
        reference = tx.records.recorded(recorded).thread if before is not after else None
        if reference is None:
            return
        for keyword, on in ((before, False), (after, True)):
            if keyword is not None:
                steer(tx, reference.reference, Change(keyword, on=on), BY_MOVING, self.now)

    def _rescue(self, recorded: int) -> dict[str, Any]:
        """Decide again about a message that somebody took out of Junk."""
        tx = self.tx
        tx.records.unjunk(recorded)
        known = tx.records.recorded(recorded)
        if known.kind is not Kind.SPAM:
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
