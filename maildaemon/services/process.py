"""Turns recorded bytes into records and decisions, in the order in which they came.

Claimed and committed first; parsed without a transaction; then context, decision, effects and the
finish in one transaction. A death in between means that the same message is processed again.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from maildaemon.domain.authentication import find_writer
from maildaemon.domain.decide import Context, Decision, decide
from maildaemon.domain.message import Message, Parsed
from maildaemon.domain.tokens import is_ours, thread_reference
from maildaemon.domain.waiting import PARK_AFTER_FAILURES, process_wait
from maildaemon.errors import MaildaemonError, StaleClaimError, TemporaryError
from maildaemon.ports import BlobStore, Composer, Now, Parser, Role
from maildaemon.ports.store import InboundRow, Store, Transaction
from maildaemon.services.apply import adopt_answer, apply
from maildaemon.services.desk import Desk, log
from maildaemon.services.loop import attempt

CLAIM = timedelta(minutes=5)
# Well within the claim: nobody else may have taken the rows while we still work on them.
_DEADLINE = CLAIM - timedelta(seconds=30)
_BATCH_MESSAGES = 50
_BATCH_BYTES = 16_000_000
_LONGEST_CEILING = timedelta(days=14)
# The slowest servers take minutes to file what they have sent.
_FILED_WITHIN = timedelta(hours=1)


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
    never keeps another message waiting.
    """
    with store.begin() as tx:
        began_at = now()
        rows = tx.inbound.claim_due(
            desk.mailbox_id,
            began_at,
            began_at + CLAIM,
            limit=_BATCH_MESSAGES,
            max_bytes=_BATCH_BYTES,
        )
    parsed: list[tuple[InboundRow, Parsed]] = []
    for row in rows:
        if now() - began_at > _DEADLINE / 2:
            # The rest comes back when its claim ends.
            break
        parsed.append((row, _parse(row, parser, blobs, files, desk)))
    if not _together(store, composer, desk, parsed, now):
        for row, one in parsed:
            if now() - began_at > _DEADLINE:
                break
            _alone(store, composer, desk, row, one, now)
    return len(rows)


def _parse(
    row: InboundRow, parser: Parser, blobs: BlobStore, files: BlobStore, desk: Desk
) -> Parsed:
    raw = blobs.get(row.raw_sha256) if row.raw_sha256 else b""
    parsed = parser.parse(raw, desk.policy.languages)
    for content in parsed.contents.values():
        files.put(content)
    return parsed


def _together(
    store: Store,
    composer: Composer,
    desk: Desk,
    parsed: Sequence[tuple[InboundRow, Parsed]],
    now: Now,
) -> bool:
    """Conclude a backlog in one transaction; on any trouble nothing of it remains."""
    if len(parsed) == 1:
        return False

    def conclude() -> list[dict[str, Any]]:
        with store.begin() as tx:
            return [_conclude(tx, composer, desk, row, one, now()) for row, one in parsed]

    lines = attempt(conclude)
    if isinstance(lines, Exception):
        # One by one, each meets its own trouble by itself.
        log("batch.split", logging.WARNING, count=len(parsed), error=repr(lines))
        return False
    for line in lines:
        log("message.filed", **line)
    return True


def _alone(
    store: Store, composer: Composer, desk: Desk, row: InboundRow, one: Parsed, now: Now
) -> None:
    def conclude() -> dict[str, Any]:
        with store.begin() as tx:
            return _conclude(tx, composer, desk, row, one, now())

    line = attempt(conclude)
    match line:
        case StaleClaimError():
            log("message.left", mailbox=desk.policy.mailbox, uid=row.uid, why=str(line))
        case TemporaryError():
            raise line
        case Exception():
            # A poisonous message must not stop the mailbox.
            _fail(store, desk, row, line, now)
        case _:
            log("message.filed", **line)


def _fail(store: Store, desk: Desk, row: InboundRow, error: Exception, now: Now) -> None:
    failures = row.failures + 1
    parked = failures >= PARK_AFTER_FAILURES
    why = str(error) if isinstance(error, MaildaemonError) else repr(error)
    with store.begin() as tx:
        tx.inbound.fail(row, why, None if parked else now() + process_wait(failures))
    log(
        "message.parked" if parked else "message.failed",
        logging.ERROR,
        mailbox=desk.policy.mailbox,
        inbound=row.inbound_id,
        uid=row.uid,
        failures=failures,
        error=why,
        advice="see `maildaemon parked list`" if parked else None,
        failure=error,
    )


def _conclude(
    tx: Transaction,
    composer: Composer,
    desk: Desk,
    row: InboundRow,
    parsed: Parsed,
    now: datetime,
) -> dict[str, Any]:
    """Record one message with everything that follows from it; return its log line."""
    message = parsed.message
    line: dict[str, Any] = {"mailbox": desk.policy.mailbox, "uid": row.uid}
    recorded = tx.records.find(row.mailbox_id, message.identity)
    if recorded is not None:
        if row.role is Role.SENT:
            _see_in_sent(tx, row, message, recorded, desk, now)
        tx.inbound.finish(row, recorded)
        return {**line, "message": recorded, "known": True}
    if tx.records.holds_id(row.mailbox_id, message.message_id):
        # Outlook reuses ids, and whoever wants a mail overlooked plays its id first.
        message = replace(message, defects=(*message.defects, "reused_message_id"))
    context = load_context(tx, row, message, desk, now)
    decision = decide(message, context)
    message_id = apply(tx, composer, desk, row, message, decision, now)
    tx.inbound.finish(row, message_id)
    return {**line, "message": message_id, **_summary(decision)}


def _see_in_sent(
    tx: Transaction, row: InboundRow, message: Message, recorded: int, desk: Desk, now: datetime
) -> None:
    """Look again at a message that was recorded from another folder, or twice from Sent."""
    seen_there = tx.inbound.seen_there(row, recorded)
    if is_ours(desk.key, message.message_id):
        tx.outbox.note_filed(row.mailbox_id, message.message_id, now)
        fresh = tx.outbox.accepted_since(row.mailbox_id, message.message_id, now - _FILED_WITHIN)
        if seen_there and fresh:
            # Two copies, ours and the server's. Later it would be a person who moves one about.
            tx.mailboxes.learn_server_files_sent(row.mailbox_id, files=True)
        return
    if seen_there:
        return
    # A colleague answered with a copy to our own address: that copy proved nothing, this does.
    decision = decide(message, load_context(tx, row, message, desk, now))
    if decision.staff_answer:
        adopt_answer(tx, desk, recorded, decision, row.received_at, now)


def _summary(decision: Decision) -> dict[str, Any]:
    mail = decision.mail
    return {
        "kind": decision.judgement.kind.value,
        "match": decision.match.rule.value,
        "silence": decision.silence.value if decision.silence else None,
        "response": "+".join(mail.sections) if mail else None,
        "refused": sum(one.verdict.value == "refused" for one in decision.verdicts) or None,
    }


def load_context(
    tx: Transaction, row: InboundRow, message: Message, desk: Desk, now: datetime
) -> Context:
    """Gather what `decide` wants to know about this message."""
    writer = find_writer(message, desk.policy)
    author = writer.key if writer else ""
    mailbox_id = row.mailbox_id
    lookups = tx.records.lookups(mailbox_id, message)
    report = message.bounce.original_message_id if message.bounce else None
    sent = tx.records.find_sent(mailbox_id, report) if report else None
    return Context(
        policy=desk.policy,
        now=now,
        received_at=row.received_at,
        recorded_at=row.recorded_at,
        new_reference=_free_reference(tx, desk, message),
        lookups=lookups,
        in_sent=row.role is Role.SENT,
        in_junk=row.role is Role.JUNK,
        history=row.history,
        own=_is_own(tx, desk, row, message),
        reported_ours=sent is not None,
        reported_thread=sent.thread if sent else None,
        undeliverable_until=tx.records.undeliverable_until(mailbox_id, author),
        sender_responses_at=tx.records.sender_responses_at(
            mailbox_id, author, now - _LONGEST_CEILING
        ),
        sender_known=tx.records.sender_known(mailbox_id, author),
        earlier_language=tx.records.sender_language(mailbox_id, author),
        breaker_open=tx.mailboxes.braked(mailbox_id) is not None,
    )


def _is_own(tx: Transaction, desk: Desk, row: InboundRow, message: Message) -> bool:
    """Tell whether this is a mail of ours: by signature, or by the id the server gave it."""
    tokens = (message.message_id, *message.field("x-maildaemon-loop"))
    if any(is_ours(desk.key, token) for token in tokens):
        return True
    return tx.records.is_provider_id(row.mailbox_id, message.message_id)


def _free_reference(tx: Transaction, desk: Desk, message: Message) -> str:
    attempt = 0
    while not tx.records.reference_free(
        reference := thread_reference(desk.key, message.identity, attempt)
    ):
        attempt += 1
    return reference
