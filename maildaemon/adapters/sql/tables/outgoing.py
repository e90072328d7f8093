"""What is to be sent, what is to happen at a time, and who is sent nothing."""

from sqlalchemy import Column, Index, Integer, Table, UniqueConstraint

from maildaemon.adapters.sql.tables.columns import (
    Name,
    Sha256,
    flag,
    metadata,
    own_id,
    queue_columns,
    ref,
)
from maildaemon.adapters.sql.values import AnyJson, AnyText, Bytes, Code, Instant, Word

outbox = Table(
    "outbox",
    metadata,
    own_id(),
    Column("message_id", Name, nullable=False, unique=True),  # derived from the cause
    ref("mailbox_id", "mailbox", nullable=False),
    ref("thread_id", "thread"),
    ref("cause_id", "message"),
    Column("kind", Code(32), nullable=False),
    Column("sections", AnyJson, nullable=False),
    Column("language", Word(16), nullable=False),
    Column("reverse_path", AnyText, nullable=False),
    Column("recipient", AnyText, nullable=False),
    Column("raw", Bytes, nullable=False),
    Column("state", Code(16), nullable=False),
    Column("phase", Code(16), nullable=False),
    *queue_columns(),
    Column("queued_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("uncertain_at", Instant),
    Column("concluded_at", Instant),
    Column("filed_at", Instant),  # when a copy was first seen in Sent; of a draft: a person sent it
    Column("provider_id_sha256", Sha256),
    Column("reply_code", Integer),
    Column("reply_text", AnyText),
    Column("why", AnyText),
    flag("resent"),
    Column("released_at", Instant),  # by a person, whose word holds in any mode
    Index(None, "mailbox_id", "state", "next_attempt_at"),
    Index(None, "thread_id"),
    Index(None, "mailbox_id", "state", "concluded_at"),
    Index(None, "mailbox_id", "message_id"),
    Index(None, "mailbox_id", "provider_id_sha256"),
)

ledger = Table(
    "ledger",
    metadata,
    own_id(),
    Column("key", Name, nullable=False, unique=True),  # two processes cannot both pass
    ref("mailbox_id", "mailbox", nullable=False),
    ref("thread_id", "thread"),
    Column("recipient_sha256", Sha256, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "mailbox_id", "recipient_sha256", "at"),
    Index(None, "thread_id"),
)

# A mail to ourselves, and the record of it when it is back.
probe = Table(
    "probe",
    metadata,
    ref("outbox_id", "outbox", primary_key=True),
    ref("mailbox_id", "mailbox", nullable=False),
    Column("queued_at", Instant, nullable=False),
    ref("message_id", "message"),
    Column("back_at", Instant),  # when it was seen outside Sent
    flag("junked"),  # it came back into Junk
    Index(None, "mailbox_id", "outbox_id"),
    Index(None, "message_id"),
)

settlement = Table(
    "settlement",
    metadata,
    own_id(),
    ref("mailbox_id", "mailbox", nullable=False),
    Column("verb", Word(16), nullable=False),  # file_copy, put_draft, remove_probe
    ref("outbox_id", "outbox", nullable=False),
    Column("state", Code(16), nullable=False),  # `finish_settlement`; or waiting
    *queue_columns(),
    Column("error", AnyText),
    UniqueConstraint("outbox_id", "verb"),
    Index(None, "mailbox_id", "state", "next_attempt_at"),
)

undeliverable = Table(
    "undeliverable",
    metadata,
    ref("mailbox_id", "mailbox", primary_key=True),
    Column("address_sha256", Sha256, primary_key=True),
    Column("until", Instant, nullable=False),
    Column("status", Word(16), nullable=False),
)

# What is to happen at a time: a function of a thread's history and the policy, kept as rows because
# it is due with the records. `key` names kind, step and the instant its clock began: one a thread.
timer = Table(
    "timer",
    metadata,
    own_id(),
    ref("mailbox_id", "mailbox", nullable=False),
    ref("thread_id", "thread", nullable=False),
    Column("key", Name, nullable=False),
    Column("kind", Word(16), nullable=False),
    Column("since", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("state", Code(16), nullable=False),  # armed, fired, cancelled
    *queue_columns(),
    Column("fired_at", Instant),
    Column("outcome", AnyText),  # what came of it, in words
    ref("outbox_id", "outbox"),  # what it sent to the customer
    UniqueConstraint("thread_id", "key"),
    Index(None, "mailbox_id", "state", "next_attempt_at"),
    Index(None, "outbox_id"),
)

# Since when a part of the policy holds: what was due before is not made up for.
in_force = Table(
    "in_force",
    metadata,
    ref("mailbox_id", "mailbox", primary_key=True),
    Column("part", Name, primary_key=True),
    Column("since", Instant, nullable=False),
)

muted_sender = Table(
    "muted_sender",
    metadata,
    ref("mailbox_id", "mailbox", primary_key=True),
    Column("address_sha256", Sha256, primary_key=True),
    Column("address", AnyText, nullable=False),
    Column("muted_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("why", AnyText, nullable=False),
)
