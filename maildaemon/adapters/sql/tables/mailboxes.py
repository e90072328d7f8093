"""Mailboxes and their folders, what was seen there, and what a person should know of them."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, UniqueConstraint

from maildaemon.adapters.sql.tables.columns import (
    Name,
    Sha256,
    flag,
    metadata,
    own_id,
    queue_columns,
    ref,
)
from maildaemon.adapters.sql.values import AnyJson, AnyText, Code, Instant, WholeNumber, Word

mailbox = Table(
    "mailbox",
    metadata,
    own_id(),
    Column("name", Name, nullable=False, unique=True),
    Column("started_at", Instant),  # the first start; None until the history has been read
    Column("server_files_sent", Boolean),  # None until it has been seen
    Column("paced_until", Instant),  # the leaky bucket of what may be sent
    Column("paced_at", Instant),  # when a mail was taken from the queue last
    Column("next_slot_at", Instant),  # what the pace said then about the next one
    Column("late_since", Instant),  # mail waits for the pace so long that staff were told
    Column("begun_at", Instant),  # the newest start of the daemon that reads it
)

folder = Table(
    "folder",
    metadata,
    own_id(),
    ref("mailbox_id", "mailbox", nullable=False),
    Column("name", Name, nullable=False),
    Column("role", Word(16), nullable=False),
    Column("uidvalidity", WholeNumber, nullable=False),
    Column("last_uid", WholeNumber, nullable=False),
    # What is not above it stood there before we did, and need not be recorded; None: not kept then.
    Column("began_uid", WholeNumber),
    Column("looked_at", Instant),  # when everything the server listed was recorded
    # A colleague's Sent: up to where, and since when, it waits for the other mailboxes.
    Column("held_uid", WholeNumber),
    Column("held_since", Instant),
    Column("modseq", WholeNumber),  # up to which change its keywords are known
    UniqueConstraint("mailbox_id", "name"),
)

account = Table(
    "account",
    metadata,
    ref("mailbox_id", "mailbox", primary_key=True),
    Column("service", Word(8), primary_key=True),  # imap, smtp
    Column("refusals", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Column("next_attempt_at", Instant),
    Column("credential", Sha256),  # keyed hash of what was refused; another one may try at once
    Column("last_error", AnyText),
    Column("last_error_at", Instant),
    Column("last_success_at", Instant),
)

inbound = Table(
    "inbound",
    metadata,
    own_id(),
    ref("mailbox_id", "mailbox", nullable=False),
    ref("folder_id", "folder", nullable=False),
    Column("uidvalidity", WholeNumber, nullable=False),
    Column("uid", WholeNumber, nullable=False),
    Column("state", Code(16), nullable=False),  # waiting, done, parked
    Column("claim", Word(8), nullable=False, default=""),  # "", batch, alone: not concluded
    flag("history"),
    flag("header_only"),
    Column("size", WholeNumber, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("raw_sha256", Sha256),
    *queue_columns(),
    ref("message_id", "message"),
    Column("error", AnyText),
    UniqueConstraint("folder_id", "uidvalidity", "uid"),
    Index(None, "mailbox_id", "state", "history", "next_attempt_at"),
    Index(None, "folder_id", "state", "history"),
    Index(None, "message_id"),
    Index(None, "raw_sha256"),
)

gap = Table(
    "gap",
    metadata,
    own_id(),
    ref("folder_id", "folder", nullable=False),
    Column("uidvalidity", WholeNumber, nullable=False),
    Column("uid", WholeNumber, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("state", Code(16), nullable=False),  # open, closed, gone, alarmed
    *queue_columns(),
    UniqueConstraint("folder_id", "uidvalidity", "uid"),
    Index(None, "folder_id", "state"),
)

# Keywords on a message: what was seen there, and what we are just writing, which is nobody's word.
mark = Table(
    *("mark", metadata, ref("message_id", "message", primary_key=True)),
    *(Column("seen", AnyJson, nullable=False), Column("writing", AnyJson), *queue_columns()),
)

# What a person should know of a mailbox for as long as it lasts.
concern = Table(
    "concern",
    metadata,
    ref("mailbox_id", "mailbox", primary_key=True),
    Column("name", Name, primary_key=True),  # kind:what, such as folder:Orders
    Column("what", AnyText, nullable=False),
    Column("advice", AnyText, nullable=False),
    Column("since", Instant, nullable=False),
)
