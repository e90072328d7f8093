"""Gathers what a decision wants to know of a message: of its ids, its sender, and its thread."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from maildaemon.domain.authentication import by_form, find_writer, speaks_for_us
from maildaemon.domain.context import Context
from maildaemon.domain.matching import telling_subject
from maildaemon.domain.message import Message
from maildaemon.domain.policy import Policy
from maildaemon.domain.probes import FIELD, number_in
from maildaemon.domain.recipients import is_one_of_us
from maildaemon.domain.recipients import recipients as recipients_of
from maildaemon.domain.responder import SUSPECTED_WITHIN
from maildaemon.domain.threads import Clues
from maildaemon.domain.tokens import (
    is_ours,
    read_rating_address,
    read_rating_subject,
    read_reply_address,
    thread_reference,
)
from maildaemon.ports import Role
from maildaemon.ports.rows import InboundRow, Recorded
from maildaemon.ports.store import Transaction
from maildaemon.services.desk import Desk

_LONGEST_CEILING = timedelta(days=14)
_BEGINNING = datetime.min.replace(tzinfo=UTC)
# Whoever names more does not answer us.
_RECIPIENTS_AT_MOST = 50


def load_context(
    tx: Transaction,
    row: InboundRow,
    message: Message,
    desk: Desk,
    now: datetime,
    known: Recorded | None = None,
) -> Context:
    """Gather what `decide` wants to know about this message; `known`: how it was decided before."""
    writer = find_writer(message, desk.policy)
    author = writer.key if writer else ""
    mailbox_id = row.mailbox_id
    rated = _rated(message, desk)
    lookups = tx.records.lookups(mailbox_id, message, _clues(row, message, desk, rated))
    reported = message.reported_id
    sent = tx.records.find_sent(mailbox_id, reported) if reported else None
    # Our server can refuse a person's answer, too.
    answer = tx.records.find_answer(mailbox_id, reported) if reported and not sent else None
    reference = thread_reference(desk.key, message.identity, 0)
    look = tx.records.first_look(mailbox_id, author, message.message_id, reference)
    # What lies in Sent is one of ours, whoever wrote it: nothing is answered.
    is_sent = row.role is Role.SENT
    glances, language = (
        ((), None)
        if is_sent
        else tx.records.lately_from(
            mailbox_id, author, *_lately(row, look.sender_muted_until, now), desk.policy.languages
        )
    )
    ceiling_from = now - _LONGEST_CEILING
    brakes = tx.brakes.on(mailbox_id) if look.braked else ()
    probe = number_in(desk.key, desk.policy.mailbox, message.field(FIELD.lower()))
    oldest_date = min(row.received_at, message.date or row.received_at)
    return Context(
        policy=desk.policy,
        now=now,
        received_at=row.received_at,
        recorded_at=row.recorded_at,
        new_reference=reference if look.reference_free else _free_reference(tx, desk, message),
        lookups=lookups,
        in_sent=is_sent,
        in_junk=row.role is Role.JUNK,
        rescued=known is not None and row.role is not Role.JUNK,
        placed=known.thread if known else None,
        history=row.history,
        own=probe is None and (look.is_provider_id or _is_signed(desk, message)),
        probe=probe,
        reported_to=sent.recipient if sent else None,
        reported_thread=sent.thread if sent else answer,
        undeliverable_until=look.undeliverable_until,
        sender_muted_until=look.sender_muted_until,
        sender_lately=glances,
        sender_responses_at=()
        if is_sent
        else tx.records.sender_responses_at(mailbox_id, author, ceiling_from),
        sender_known=look.sender_known,
        earlier_language=language,
        breaker_open=any(one.doubts(oldest_date) for one in brakes),
        rating=rated[1] if rated else None,
    )


def _lately(
    row: InboundRow, muted_until: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    """Return of which span the sender's other mail makes a program of him. What a death has delayed
    is judged by what came before it, not by what followed.
    """
    # Nor is whom somebody has let in again judged by what came before that.
    let_in_at = min(muted_until or _BEGINNING, now)
    return max(row.received_at - SUSPECTED_WITHIN, let_in_at), row.received_at


# What servers write the envelope's recipient into, and where people write theirs.
_RECIPIENT_FIELDS = (
    *("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to"),
    *("to", "cc"),
)


def _clues(row: InboundRow, message: Message, desk: Desk, rated: tuple[str, int] | None) -> Clues:
    """Return by what else than ids this message may be known; `rated`: the thread that it rates."""
    writer = find_writer(message, desk.policy)
    within = desk.policy.limits.same_subject_within
    recipients = staff_recipients(message, desk.policy, in_sent=row.role is Role.SENT)
    # In a form anybody may give any address as his own.
    doubtful = writer is None or by_form(message, desk.policy)
    doubtful = not recipients and (doubtful or row.role is Role.SENT)
    numbers = message.found.numbers if message.found and not doubtful else ()
    return Clues(
        reply_token=rated[0] if rated else _reply_token(message, desk),
        author=writer.key if writer else "",
        recipients=recipients,
        answers=bool(message.cited),
        # What was looked up and not found is no number of ours.
        order_numbers=tuple(one for one in numbers if one.known is not False),
        subject=None if doubtful or not within else telling_subject(message),
        since=row.received_at - within,
    )


def staff_recipients(message: Message, policy: Policy, *, in_sent: bool) -> tuple[str, ...]:
    """Return to whom outside (keys) one of us provably writes; empty if it is not proven."""
    if not speaks_for_us(message, policy, in_sent=in_sent):
        return ()
    outside = (one.key for one in recipients_of(message) if not is_one_of_us(one, policy))
    return tuple(dict.fromkeys(outside))[:_RECIPIENTS_AT_MOST]


def _reply_token(message: Message, desk: Desk) -> str | None:
    """Return the reference of a reply address of ours to which this was sent."""
    found = (read_reply_address(desk.key, word) for word in _detailed(message))
    return next((one for one in found if one is not None), None)


def _rated(message: Message, desk: Desk) -> tuple[str, int] | None:
    """Return which thread (by reference) a mark of ours says that this rates, and how."""
    by_address = (read_rating_address(desk.key, word) for word in _detailed(message))
    found = (*by_address, read_rating_subject(desk.key, message.subject))
    return next((one for one in found if one is not None), None)


def _detailed(message: Message) -> Iterator[str]:
    """Yield the addresses with a detail to which this was sent."""
    words = (
        word.strip("<>,;\"'")
        for name in _RECIPIENT_FIELDS
        for value in message.field(name)
        for word in value.replace(",", " ").replace("<", " ").split()
        if "+" in word
    )
    return islice(words, _RECIPIENTS_AT_MOST)


def _is_signed(desk: Desk, message: Message) -> bool:
    """Tell whether this carries what only we can have signed."""
    tokens = (message.message_id, *message.field("x-maildaemon-loop"))
    return any(is_ours(desk.key, token) for token in tokens)


def _free_reference(tx: Transaction, desk: Desk, message: Message) -> str:
    attempt = 1
    while not tx.records.reference_free(
        reference := thread_reference(desk.key, message.identity, attempt)
    ):
        attempt += 1
    return reference
