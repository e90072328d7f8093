"""Every table, once. `migrations/` must arrive at exactly this (a test compares).

Queue rows (`inbound`, `outbox`, `settlement`, `gap`) share `attempts` and `next_attempt_at`; see
`claim`. Texts that come from mail are unbounded; what is looked up by them is a sha256 beside
them, because MariaDB indexes only the first 768 characters of a text and ignores case.
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
)

from maildaemon.adapters.sql.values import (
    AnyJson,
    AnyText,
    Bytes,
    Instant,
    Key,
    LongText,
    WholeNumber,
    Word,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_Sha256 = Word(64)
_Name = Word(191)


def _id() -> Column[int]:
    return Column("id", Key, primary_key=True, autoincrement=True)


def _ref(name: str, target: str, **options: Any) -> Column[int]:
    return Column(name, Key, ForeignKey(f"{target}.id"), **options)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, default=False)


def _queue() -> tuple[Column[Any], ...]:
    """`attempts` only fences; `failures` counts what was the row's own fault."""
    return (
        Column("attempts", Integer, nullable=False, default=0),
        Column("failures", Integer, nullable=False, default=0),
        Column("next_attempt_at", Instant, nullable=True),
    )


mailbox = Table(
    "mailbox",
    metadata,
    _id(),
    Column("name", _Name, nullable=False, unique=True),
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
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    Column("name", _Name, nullable=False),
    Column("role", Word(16), nullable=False),
    Column("uidvalidity", WholeNumber, nullable=False),
    Column("last_uid", WholeNumber, nullable=False),
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
    _ref("mailbox_id", "mailbox", primary_key=True),
    Column("service", Word(8), primary_key=True),  # imap, smtp
    Column("refusals", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Column("next_attempt_at", Instant),
    Column("credential", _Sha256),  # keyed hash of what was refused; another one may try at once
    Column("last_error", AnyText),
    Column("last_error_at", Instant),
    Column("last_success_at", Instant),
)

inbound = Table(
    "inbound",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    _ref("folder_id", "folder", nullable=False),
    Column("uidvalidity", WholeNumber, nullable=False),
    Column("uid", WholeNumber, nullable=False),
    Column("state", Word(16), nullable=False),  # waiting, done, parked
    Column("claim", Word(8), nullable=False, default=""),  # "", batch, alone: not concluded
    _flag("history"),
    _flag("header_only"),
    Column("size", WholeNumber, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("raw_sha256", _Sha256),
    *_queue(),
    _ref("message_id", "message"),
    Column("error", AnyText),
    UniqueConstraint("folder_id", "uidvalidity", "uid"),
    Index(None, "mailbox_id", "state", "history", "next_attempt_at"),
    Index(None, "folder_id", "state", "history"),
    Index(None, "message_id"),
)

gap = Table(
    "gap",
    metadata,
    _id(),
    _ref("folder_id", "folder", nullable=False),
    Column("uidvalidity", WholeNumber, nullable=False),
    Column("uid", WholeNumber, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("state", Word(16), nullable=False),  # open, closed, gone, alarmed
    *_queue(),
    UniqueConstraint("folder_id", "uidvalidity", "uid"),
    Index(None, "folder_id", "state"),
)

message = Table(
    "message",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    Column("identity", _Sha256, nullable=False),
    Column("message_id", AnyText, nullable=False),
    Column("message_id_sha256", _Sha256, nullable=False),
    _ref("thread_id", "thread"),
    Column("kind", Word(16), nullable=False),
    Column("evidence", AnyJson, nullable=False),
    Column("from_name", AnyText, nullable=False),
    Column("from_address", AnyText, nullable=False),
    Column("sender_sha256", _Sha256, nullable=False),
    Column("recipients", AnyJson, nullable=False),
    Column("subject", AnyText, nullable=False),
    Column("bare_subject", AnyText, nullable=False),
    Column("sent_at", Instant),  # the Date field; None where it makes no sense
    Column("received_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("size", WholeNumber, nullable=False),
    Column("raw_sha256", _Sha256),
    Column("text", LongText, nullable=False),
    Column("reply_text", LongText, nullable=False),
    Column("language", Word(16)),
    Column("defects", AnyJson, nullable=False),
    Column("match", Word(32), nullable=False),
    Column("why_match", AnyText, nullable=False),
    Column("silence", Word(32)),
    Column("report", AnyJson),
    Column("understood", AnyJson),  # what it is about; None: nothing is said of it
    Column("rating", Integer),  # how it went, from 1 to 5; None: it says nothing of that
    _flag("staff_answer"),
    _flag("history"),
    _flag("in_junk"),  # decided as spam's neighbour; moved out by a person, it is decided again
    UniqueConstraint("mailbox_id", "identity"),
    Index(None, "mailbox_id", "message_id_sha256"),
    Index(None, "thread_id"),
    Index(None, "mailbox_id", "sender_sha256", "id"),
    Index(None, "mailbox_id", "kind", "recorded_at"),
    Index(None, "mailbox_id", "kind", "received_at"),
)

citation = Table(
    "citation",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    Column("cited_sha256", _Sha256, nullable=False),
    _ref("message_id", "message", nullable=False),
    _flag("direct"),  # it is what the message answers (In-Reply-To)
    Index(None, "mailbox_id", "cited_sha256", "message_id"),
)

earlier = Table(
    "earlier",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    Column("message_id_sha256", _Sha256, nullable=False),
    Column("sender_sha256", _Sha256, nullable=False),
    Column("sent_at", Instant),
    UniqueConstraint("mailbox_id", "message_id_sha256"),
    Index(None, "mailbox_id", "sender_sha256"),
)

thread = Table(
    "thread",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    Column("reference", Word(16), nullable=False, unique=True),
    Column("status", Word(16), nullable=False),
    Column("subject", AnyText, nullable=False),
    Column("bare_subject", AnyText, nullable=False),
    Column("language", Word(16)),
    Column("opened_at", Instant, nullable=False),
    Column("last_message_at", Instant, nullable=False),
    Column("acknowledged_at", Instant),
    Column("answered_at", Instant),
    Column("first_reply_seconds", WholeNumber),  # how long the customer waited for a person
    Column("muted_until", Instant),
    Column("junked_at", Instant),  # a person moved a message of it to Junk; None: it came back
    _ref("linked_to", "thread"),
    Column("assigned_to", AnyText),
    Column("merged_into", Word(16)),  # the reference of the thread that took its mails
    Column("resolved_at", Instant),  # None as well for what was resolved before this was kept
    # What it is about, from all its messages; `facts` are there, `asked` were asked for.
    Column("category", Word(64)),
    Column("priority", Word(16), nullable=False, default="normal"),
    Column("tags", AnyJson, nullable=False, default=list),
    Column("promise", Word(16)),
    Column("after_answer", Word(16)),
    Column("facts", AnyJson, nullable=False, default=list),
    Column("missing", AnyJson, nullable=False, default=list),
    Column("asked", AnyJson, nullable=False, default=list),
    _flag("stranger"),
    _flag("begun_earlier"),
    _flag("history"),
    _flag("by_hand"),  # a person has said whose turn it is, and nobody has written since
    _flag("kept_apart"),  # a person undid a merge of it: no message merges it again
    _flag("plan_wanted"),  # its history has grown since its timers were planned
    Index(None, "mailbox_id", "last_message_at"),
    Index(None, "mailbox_id", "plan_wanted"),
    Index(None, "merged_into"),
)

participant = Table(
    "participant",
    metadata,
    _id(),
    _ref("thread_id", "thread", nullable=False),
    Column("address", AnyText, nullable=False),
    Column("address_sha256", _Sha256, nullable=False),
    Column("name", AnyText, nullable=False),
    Column("role", Word(16), nullable=False),  # customer, copied, list, partner
    _flag("proven"),  # our own server has vouched for a mail of his: it must from now on
    UniqueConstraint("thread_id", "address_sha256"),
    Index(None, "address_sha256"),
)

# Numbers of ours in a message, by which a customer's later mail about that order finds its thread.
order_number = Table(
    "order_number",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    _ref("thread_id", "thread", nullable=False),
    _ref("message_id", "message", nullable=False),
    Column("name", _Name, nullable=False),  # which kind of number
    Column("number", AnyText, nullable=False),
    Column("number_sha256", _Sha256, nullable=False),  # of its letters and digits alone
    Column("known", Boolean),  # None: it was looked up nowhere, or nobody could tell
    UniqueConstraint("message_id", "name", "number_sha256"),
    Index(None, "mailbox_id", "number_sha256", "id"),
    Index(None, "thread_id"),
)

attachment = Table(
    "attachment",
    metadata,
    _id(),
    _ref("message_id", "message", nullable=False),
    Column("position", Integer, nullable=False),
    Column("filename", AnyText, nullable=False),
    Column("names", AnyJson, nullable=False),
    Column("declared_type", AnyText, nullable=False),
    Column("detected_type", AnyText),
    Column("size", WholeNumber, nullable=False),
    Column("sha256", _Sha256, nullable=False),
    _flag("inline"),
    Column("findings", AnyJson, nullable=False),
    Column("verdict", Word(16), nullable=False),
    Column("reason", Word(32)),
    Column("told_at", Instant),
    Column("held_until", Instant),
    Column("released_at", Instant),
    Column("dropped_at", Instant),
    Index(None, "message_id"),
    Index(None, "verdict", "message_id"),
    Index(None, "sha256"),
    Index(None, "dropped_at", "held_until"),
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("message_id", _Name, nullable=False, unique=True),  # derived from the cause
    _ref("mailbox_id", "mailbox", nullable=False),
    _ref("thread_id", "thread"),
    _ref("cause_id", "message"),
    Column("kind", Word(32), nullable=False),
    Column("sections", AnyJson, nullable=False),
    Column("language", Word(16), nullable=False),
    Column("reverse_path", AnyText, nullable=False),
    Column("recipient", AnyText, nullable=False),
    Column("raw", Bytes, nullable=False),
    Column("state", Word(16), nullable=False),
    Column("phase", Word(16), nullable=False),
    *_queue(),
    Column("queued_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("uncertain_at", Instant),
    Column("concluded_at", Instant),
    Column("filed_at", Instant),  # when a copy was first seen in Sent; of a draft: a person sent it
    Column("provider_id_sha256", _Sha256),
    Column("reply_code", Integer),
    Column("reply_text", AnyText),
    Column("why", AnyText),
    _flag("resent"),
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
    _id(),
    Column("key", _Name, nullable=False, unique=True),  # two processes cannot both pass
    _ref("mailbox_id", "mailbox", nullable=False),
    _ref("thread_id", "thread"),
    Column("recipient_sha256", _Sha256, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "mailbox_id", "recipient_sha256", "at"),
    Index(None, "thread_id"),
)

settlement = Table(
    "settlement",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    Column("verb", Word(16), nullable=False),  # file_copy, put_draft
    _ref("outbox_id", "outbox", nullable=False),
    Column("state", Word(16), nullable=False),  # waiting, done, by_server, given_up
    *_queue(),
    Column("error", AnyText),
    UniqueConstraint("outbox_id", "verb"),
    Index(None, "mailbox_id", "state", "next_attempt_at"),
)

# Keywords on a message: what was seen there, and what we are just writing, which is nobody's word.
mark = Table(
    *("mark", metadata, _ref("message_id", "message", primary_key=True)),
    *(Column("seen", AnyJson, nullable=False), Column("writing", AnyJson), *_queue()),
)

undeliverable = Table(
    "undeliverable",
    metadata,
    _ref("mailbox_id", "mailbox", primary_key=True),
    Column("address_sha256", _Sha256, primary_key=True),
    Column("until", Instant, nullable=False),
    Column("status", Word(16), nullable=False),
)

# What is to happen at a time: a function of a thread's history and the policy, kept as rows because
# it is due with the records. `key` names kind, step and the instant its clock began: one a thread.
timer = Table(
    "timer",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    _ref("thread_id", "thread", nullable=False),
    Column("key", _Name, nullable=False),
    Column("kind", Word(16), nullable=False),
    Column("since", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("state", Word(16), nullable=False),  # armed, fired, cancelled
    *_queue(),
    Column("fired_at", Instant),
    Column("outcome", AnyText),  # what came of it, in words
    _ref("outbox_id", "outbox"),  # what it sent to the customer
    UniqueConstraint("thread_id", "key"),
    Index(None, "mailbox_id", "state", "next_attempt_at"),
    Index(None, "outbox_id"),
)

# Since when a part of the policy holds: what was due before is not made up for.
in_force = Table(
    "in_force",
    metadata,
    _ref("mailbox_id", "mailbox", primary_key=True),
    Column("part", _Name, primary_key=True),
    Column("since", Instant, nullable=False),
)

muted_sender = Table(
    "muted_sender",
    metadata,
    _ref("mailbox_id", "mailbox", primary_key=True),
    Column("address_sha256", _Sha256, primary_key=True),
    Column("address", AnyText, nullable=False),
    Column("muted_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("why", AnyText, nullable=False),
)

# What a person should know of a mailbox for as long as it lasts.
concern = Table(
    "concern",
    metadata,
    _ref("mailbox_id", "mailbox", primary_key=True),
    Column("name", _Name, primary_key=True),  # kind:what, such as folder:Orders
    Column("what", AnyText, nullable=False),
    Column("advice", AnyText, nullable=False),
    Column("since", Instant, nullable=False),
)

# What this installation knows of itself, such as its last heartbeat.
installation = Table(
    "installation",
    metadata,
    Column("name", Word(32), primary_key=True),
    Column("value", AnyText, nullable=False),
)

brake = Table(
    "brake",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    Column("name", Word(32), nullable=False),  # domain/brakes.py
    Column("reason", AnyText, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("doubts_before", Instant),  # mail from before then may only look new
    Column("released_at", Instant),
    Index(None, "mailbox_id", "released_at"),
)

# What `alerts.command` is to be told. Of one subject one alarm an hour; more are added to it.
alert = Table(
    "alert",
    metadata,
    _id(),
    Column("subject_sha256", _Sha256, nullable=False),
    Column("event", Word(32), nullable=False),
    Column("mailbox", _Name),
    Column("text", AnyText, nullable=False),
    Column("facts", AnyJson, nullable=False),
    Column("count", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", Word(16), nullable=False),  # waiting, told, given_up
    *_queue(),
    Column("told_at", Instant),
    Index(None, "subject_sha256", "state"),
    Index(None, "state", "next_attempt_at"),
)

event = Table(
    "event",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    _ref("thread_id", "thread"),
    Column("at", Instant, nullable=False),
    Column("event", Word(32), nullable=False),
    _ref("message_id", "message"),
    _ref("outbox_id", "outbox"),
    Column("detail", AnyJson, nullable=False),
    Index(None, "thread_id"),
)
