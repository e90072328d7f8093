"""Ordinary values for tests, of which a test changes only what it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from maildaemon.domain.context import Context
from maildaemon.domain.message import Address, Attachment, Message
from maildaemon.domain.policy import (
    ArchivePolicy,
    AttachmentPolicy,
    EchoSubject,
    Limits,
    Mode,
    Policy,
    Rate,
    Treatment,
)
from maildaemon.domain.threads import Known, Lookups, Status, ThreadFacts
from maildaemon.settings.filetypes import ALLOWED_TYPES, BLOCKED_EXTENSIONS

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

SHOP = Address("Example Shop", "support@shop.example")
ANNA = Address("Anna", "anna@shop.example")  # staff
CLARA = Address("Clara", "clara@customer.example")  # the customer
EVE = Address("Eve", "eve@elsewhere.example")  # nobody we know


def a_message(*, headers: Mapping[str, str] | None = None, **overrides: Any) -> Message:
    """Return what Clara writes to the shop; `headers` are added as fields."""
    fields = tuple((name.lower(), value) for name, value in (headers or {}).items())
    author = overrides.get("from_", CLARA)
    message = Message(
        message_id="c1@customer.example",
        identity="c1" * 32,
        from_=CLARA,
        subject="My order",
        date=NOW,
        size=1000,
        to=(SHOP,),
        return_path=author.address if author else None,
        fields=fields,
        text="Where is my order?",
        reply_text="Where is my order?",
        language="en",
        language_confidence=1.0,
    )
    return replace(message, **overrides)


def a_file(**overrides: Any) -> Attachment:
    """Return a photograph."""
    name = overrides.get("filename", "photo.jpg")
    file = Attachment(
        filename=name,
        names=(name,),
        declared_type="image/jpeg",
        detected_type="image/jpeg",
        size=100_000,
        sha256=str(overrides.get("sha256", "f1" * 32)),
        inline=False,
    )
    return replace(file, **overrides)


ARCHIVES = ArchivePolicy(
    max_depth=3, max_files=1000, max_size=200_000_000, max_ratio=100, encrypted=Treatment.REFUSE
)

TOOL = a_file(
    filename="tool.exe",
    declared_type="application/octet-stream",
    detected_type="application/x-msdownload",
)


def a_policy(**overrides: Any) -> Policy:
    """Return the policy of a shop with one address and one colleague."""
    policy = Policy(
        mailbox="support",
        sender=SHOP,
        addresses=frozenset({SHOP.key}),
        staff=frozenset({ANNA.key}),
        warned=(ANNA.key,),
        trust_reply_to=frozenset(),
        authserv_id=None,
        default_language="en",
        languages=("en", "it", "de"),
        reply_within=timedelta(hours=24),
        mode=Mode.LIVE,
        echo_subject=EchoSubject.KNOWN,
        max_message_size=25_000_000,
        attachments=a_file_policy(),
        limits=Limits(
            per_address=(Rate(1, timedelta(minutes=10)), Rate(3, timedelta(hours=24))),
            per_thread=Rate(3, timedelta(hours=24)),
            per_mailbox=Rate(60, timedelta(hours=1)),
            burst=20,
            longest_delay=timedelta(hours=6),
        ),
    )
    return replace(policy, **overrides)


def a_file_policy(**overrides: Any) -> AttachmentPolicy:
    """Return the limits and lists as they are shipped."""
    policy = AttachmentPolicy(
        max_file_size=10_000_000,
        max_total_size=20_000_000,
        max_files=20,
        allowed_types=ALLOWED_TYPES,
        blocked_extensions=frozenset(BLOCKED_EXTENSIONS),
        archives=ARCHIVES,
        macros=Treatment.REFUSE,
        unscanned=Treatment.HOLD,
    )
    return replace(policy, **overrides)


def a_context(**overrides: Any) -> Context:
    """Return what is known when a message has just come into an empty mailbox."""
    context = Context(
        policy=a_policy(),
        now=NOW,
        received_at=NOW,
        recorded_at=NOW,
        new_reference="K7F3-Q2",
    )
    return replace(context, **overrides)


def a_thread(**overrides: Any) -> ThreadFacts:
    """Return Clara's thread, in which nothing has been sent yet."""
    thread = ThreadFacts(
        thread_id=1,
        reference="AAAA-22",
        status=Status.OPEN,
        bare_subject="my order",
        participants=frozenset({CLARA.key}),
        customers=frozenset({CLARA.key}),
    )
    return replace(thread, **overrides)


def a_known(message_id: str = "c0@customer.example", **overrides: Any) -> Known:
    """Return a stored message of Clara's thread."""
    return replace(Known(message_id, thread_id=1, bare_subject="my order"), **overrides)


def knowing(
    *known: Known,
    threads: Iterable[ThreadFacts] | None = None,
    tagged: int | None = None,
    **others: Any,
) -> Lookups:
    """Return look-ups that found these; Clara's thread is the only one unless others are given."""
    all_threads = (a_thread(),) if threads is None else tuple(threads)
    found = {thread.thread_id: thread for thread in all_threads}
    return Lookups(known=known, tagged=tagged, threads=found, **others)


def in_thread(thread: ThreadFacts | None = None, **overrides: Any) -> Context:
    """Return the context of a message that answers `c0@customer.example` in this thread."""
    found = thread or a_thread()
    known = a_known(thread_id=found.thread_id)
    return a_context(**{"lookups": knowing(known, threads=[found]), **overrides})
