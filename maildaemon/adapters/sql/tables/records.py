"""Messages, the threads they stand in, their files, and the history of it all."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, UniqueConstraint

from maildaemon.adapters.sql.tables.columns import Name, Sha256, flag, metadata, own_id, ref
from maildaemon.adapters.sql.values import AnyJson, AnyText, Instant, LongText, WholeNumber, Word

message = Table(
    "message",
    metadata,
    own_id(),
    ref("mailbox_id", "mailbox", nullable=False),
    Column("identity", Sha256, nullable=False),
    Column("message_id", AnyText, nullable=False),
    Column("message_id_sha256", Sha256, nullable=False),
    ref("thread_id", "thread"),
    Column("kind", Word(16), nullable=False),
    Column("evidence", AnyJson, nullable=False),
    Column("from_name", AnyText, nullable=False),
    Column("from_address", AnyText, nullable=False),
    Column("sender_sha256", Sha256, nullable=False),
    Column("recipients", AnyJson, nullable=False),
    Column("subject", AnyText, nullable=False),
    Column("bare_subject", AnyText, nullable=False),
    Column("sent_at", Instant),  # the Date field; None where it makes no sense
    Column("received_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("size", WholeNumber, nullable=False),
    Column("raw_sha256", Sha256),
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
    flag("staff_answer"),
    flag("history"),
    flag("in_junk"),  # decided as spam's neighbour; moved out by a person, it is decided again
    Column("erased_at", Instant),  # what it said, and who said it, is gone
    Column("quoted_at", Instant),  # what it had quoted of somebody who was erased is, and its bytes
    UniqueConstraint("mailbox_id", "identity"),
    Index(None, "mailbox_id", "message_id_sha256"),
    Index(None, "thread_id"),
    Index(None, "mailbox_id", "sender_sha256", "id"),
    Index(None, "mailbox_id", "kind", "recorded_at"),
    Index(None, "mailbox_id", "kind", "received_at"),
    Index(None, "erased_at"),
)

citation = Table(
    "citation",
    metadata,
    own_id(),
    ref("mailbox_id", "mailbox", nullable=False),
    Column("cited_sha256", Sha256, nullable=False),
    ref("message_id", "message", nullable=False),
    flag("direct"),  # it is what the message answers (In-Reply-To)
    Index(None, "mailbox_id", "cited_sha256", "message_id"),
)

earlier = Table(
    "earlier",
    metadata,
    own_id(),
    ref("mailbox_id", "mailbox", nullable=False),
    Column("message_id_sha256", Sha256, nullable=False),
    Column("sender_sha256", Sha256, nullable=False),
    Column("sent_at", Instant),
    UniqueConstraint("mailbox_id", "message_id_sha256"),
    Index(None, "mailbox_id", "sender_sha256"),
)

thread = Table(
    "thread",
    metadata,
    own_id(),
    ref("mailbox_id", "mailbox", nullable=False),
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
    ref("linked_to", "thread"),
    Column("assigned_to", AnyText),
    Column("merged_into", Word(16)),  # the reference of the thread that took its mails
    Column("seal", Sha256),  # how the chain of its history ends
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
    flag("stranger"),
    flag("begun_earlier"),
    flag("history"),
    flag("by_hand"),  # a person has said whose turn it is, and nobody has written since
    flag("kept_apart"),  # a person undid a merge of it: no message merges it again
    flag("plan_wanted"),  # its history has grown since its timers were planned
    Index(None, "mailbox_id", "last_message_at"),
    Index(None, "mailbox_id", "plan_wanted"),
    Index(None, "merged_into"),
)

participant = Table(
    "participant",
    metadata,
    own_id(),
    ref("thread_id", "thread", nullable=False),
    Column("address", AnyText, nullable=False),
    Column("address_sha256", Sha256, nullable=False),
    Column("name", AnyText, nullable=False),
    Column("role", Word(16), nullable=False),  # customer, copied, list, partner
    flag("proven"),  # our own server has vouched for a mail of his: it must from now on
    UniqueConstraint("thread_id", "address_sha256"),
    Index(None, "address_sha256"),
)

# Numbers of ours in a message, by which a customer's later mail about that order finds its thread.
order_number = Table(
    "order_number",
    metadata,
    own_id(),
    ref("mailbox_id", "mailbox", nullable=False),
    ref("thread_id", "thread", nullable=False),
    ref("message_id", "message", nullable=False),
    Column("name", Name, nullable=False),  # which kind of number
    Column("number", AnyText, nullable=False),
    Column("number_sha256", Sha256, nullable=False),  # of its letters and digits alone
    Column("known", Boolean),  # None: it was looked up nowhere, or nobody could tell
    UniqueConstraint("message_id", "name", "number_sha256"),
    Index(None, "mailbox_id", "number_sha256", "id"),
    Index(None, "thread_id"),
)

attachment = Table(
    "attachment",
    metadata,
    own_id(),
    ref("message_id", "message", nullable=False),
    Column("position", Integer, nullable=False),
    Column("filename", AnyText, nullable=False),
    Column("names", AnyJson, nullable=False),
    Column("declared_type", AnyText, nullable=False),
    Column("detected_type", AnyText),
    Column("size", WholeNumber, nullable=False),
    Column("sha256", Sha256, nullable=False),
    flag("inline"),
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

event = Table(
    "event",
    metadata,
    own_id(),
    ref("mailbox_id", "mailbox", nullable=False),
    ref("thread_id", "thread"),
    Column("at", Instant, nullable=False),
    Column("event", Word(32), nullable=False),
    ref("message_id", "message"),
    ref("outbox_id", "outbox"),
    Column("detail", AnyJson, nullable=False),
    # domain/chain.py; None: not sealed yet. What is erased has lost its salt.
    Column("salt", Word(32)),
    Column("detail_sha256", Sha256),
    Column("seal", Sha256),
    Index(None, "thread_id"),
)
