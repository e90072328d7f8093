"""Turns recorded bytes into records and decisions, in the order in which they came.

Claimed and committed first; parsed without a transaction; then context, decision, effects and the
finish in one transaction. A death in between means that the same message is processed again.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from maildaemon.domain.cards import without_cards
from maildaemon.domain.message import Message, Parsed
from maildaemon.domain.responder import OUR_WORDS, says_the_same
from maildaemon.domain.waiting import PARK_AFTER_FAILURES, PROCESS_CLAIM, is_deadly, process_wait
from maildaemon.errors import (
    MaildaemonError,
    StaleClaimError,
    StoreUnavailableError,
)
from maildaemon.ports import BlobStore, Composer, Now, Parser, Role, Trouble
from maildaemon.ports.brakes import Alarm
from maildaemon.ports.rows import InboundRow
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.conclude import conclude, conclude_twin
from maildaemon.services.context import staff_recipients
from maildaemon.services.desk import Desk, log
from maildaemon.services.lookup import look_up, tell_troubles
from maildaemon.services.loop import attempt
from maildaemon.services.scan import scan_files
from maildaemon.services.starts import starts_lately

# Well within the claim: nobody else may have taken the rows while we still work on them.
_DEADLINE = PROCESS_CLAIM - timedelta(seconds=30)
_BATCH_MESSAGES = 50
_BATCH_BYTES = 16_000_000
_DEADLY = "the process died each time it worked on this message alone"
# What nobody has sent by then nobody sends.
_DRAFT_LIES = timedelta(days=60)
# Bytes that another machine has kept: the mailbox is read every few seconds.
_FETCHED_WITHIN = timedelta(seconds=10)
_AS_TEXT, _AS_NOTHING = b"Content-Type: text/plain", b"Content-Type: application/x-none"


class Batch:
    """Rows taken together; what is not concluded yet is left, and may be given back."""

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
        self._abandoned = False
        # None: it is known by its bytes.
        self._read: list[tuple[InboundRow, Message | None]] = []
        self._twins: dict[int, int] = {}
        # Which draft of ours a person has sent, by the row of what was found in Sent.
        self._sent_drafts: dict[int, int] = {}

    def take(self, *, beside: bool = False) -> int:
        """Claim what is due; return how many rows. `beside`: while another batch is under way."""
        with self._store.begin() as tx:
            rows = tx.inbound.claim_due(
                self._desk.mailbox_id,
                self._began_at,
                self._began_at + PROCESS_CLAIM,
                limit=_BATCH_MESSAGES,
                max_bytes=_BATCH_BYTES,
                beside=beside,
            )
            deadly = [row for row in rows if self._is_deadly(tx, row)]
            for row in deadly:
                tx.inbound.fail(row, _DEADLY, row.failures, None)
                tx.alerts.raise_alarm(self._parked(row, _DEADLY), self._began_at)
        for row in deadly:
            self._tell_failure(row, _DEADLY, row.failures, None)
        self._left = {row.inbound_id: row for row in rows if row not in deadly}
        return len(rows)

    def _is_deadly(self, tx: Transaction, row: InboundRow) -> bool:
        if row.failures < PARK_AFTER_FAILURES:
            return False
        return is_deadly(row.failures, starts_lately(tx, row.mailbox_id, self._began_at))

    def read(self) -> None:
        """Parse what was taken and is not known by its bytes, as far as the time goes, and keep the
        files in it.
        """
        with self._store.read() as tx:
            self._twins = dict(tx.inbound.twins(self._left.values()))
        contents: list[bytes] = []
        troubles: tuple[Trouble, ...] | None = None
        for row in [*self._left.values()]:
            if self._abandoned or self._late(0.5):
                break
            if row.inbound_id in self._twins:
                self._read.append((row, None))
            elif found := self._parse(row):
                message, asked = look_up(self._desk, found.message)
                troubles = troubles if asked is None else asked
                self._read.append((row, self._with_our_words(row, message)))
                contents += self._wanted(row, found)
        if troubles is not None:
            tell_troubles(self._store, self._desk, troubles, self._now())
        if not self._abandoned:
            self._files.put_all(contents)

    def _wanted(self, row: InboundRow, found: Parsed) -> tuple[bytes, ...]:
        """Return the files to keep: of a message that was erased none comes back."""
        if not found.contents:
            return ()
        with self._store.read() as tx:
            known = tx.records.recognise(row.mailbox_id, found.message).message_id
            if known is not None and tx.records.recorded(known).is_cleared:
                return ()
        return tuple(found.contents.values())

    def conclude(self) -> None:
        """Conclude what was read, as far as the time goes."""
        if len(self._read) > 1 and self._conclude_together(self._read):
            return
        for row, message in self._read:
            if self._late(1):
                break
            self._conclude_alone(row, message)

    def abandon(self) -> None:
        """Read no further; may be called from another thread."""
        self._abandoned = True

    def give_back(self) -> None:
        """Let what was not reached be taken again at once, no worse than it was before."""
        if not self._left:
            return
        with self._store.begin() as tx:
            for row in self._left.values():
                with suppress(StaleClaimError):
                    tx.inbound.give_back(row, self._now())
        self._left.clear()

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
        if row.header_only:
            return Parsed(result.message.without_body(row.size), {})
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

    def _conclude_together(self, read: Sequence[tuple[InboundRow, Message | None]]) -> bool:
        """Conclude a backlog in one transaction; on any trouble nothing of it remains."""

        def conclude() -> list[dict[str, Any] | None]:
            with self._store.begin() as tx:
                return [self._conclude(tx, row, message) for row, message in read]

        lines = attempt(conclude)
        if isinstance(lines, StoreUnavailableError):
            raise lines
        if isinstance(lines, Exception):
            # One by one, each meets its own trouble by itself.
            log("batch.split", logging.WARNING, count=len(read), error=repr(lines))
            return False
        for (row, _), line in zip(read, lines, strict=True):
            self._note_concluded(row, line)
        return True

    def _conclude_alone(self, row: InboundRow, message: Message | None) -> None:
        def conclude() -> dict[str, Any] | None:
            with self._store.begin() as tx:
                return self._conclude(tx, row, message)

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
                self._note_concluded(row, line)

    def _conclude(
        self, tx: Transaction, row: InboundRow, message: Message | None
    ) -> dict[str, Any] | None:
        """Conclude one; None if what was known by its bytes must be read after all."""
        desk, now = self._desk, self._now()
        if message is None:
            return conclude_twin(tx, desk, row, self._twins[row.inbound_id], now)
        draft = self._sent_drafts.get(row.inbound_id)
        return conclude(tx, self._composer, self._blobs, desk, row, message, now, draft)

    def _note_concluded(self, row: InboundRow, line: dict[str, Any] | None) -> None:
        if line is not None:
            del self._left[row.inbound_id]
            log("message.filed", **line)

    def _fail(self, row: InboundRow, error: Exception) -> None:
        failures = row.failures + 1
        # An error may quote what it failed at.
        why = without_cards(repr(error))
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
