"""Every table, once. `migrations/` must arrive at exactly this (a test compares).

Queue rows (`inbound`, `outbox`, `settlement`, `gap`) share `attempts` and `next_attempt_at`; see
`claim`. Texts that come from mail are unbounded; what is looked up by them is a sha256 beside
them, because MariaDB indexes only the first 768 characters of a text and ignores case.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant with microseconds; SQLite and MariaDB would drop the offset."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """MariaDB keeps whole seconds unless told otherwise."""
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive instants: nobody knows what they mean."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what was stored as aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


# SQLite numbers rows itself only where the key is a plain INTEGER.
_Id = BigInteger().with_variant(Integer, "sqlite")
_Sha256 = String(64)
_Name = String(191)
# Mail may hold 16 MB of text; MariaDB's TEXT ends at 64 KB.
_LongText = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
_Bytes = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


def _ref(name: str, target: str, **options: Any) -> Column[int]:
    return Column(name, _Id, ForeignKey(f"{target}.id"), **options)


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
)

folder = Table(
    "folder",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    Column("name", _Name, nullable=False),
    Column("role", String(16), nullable=False),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("last_uid", BigInteger, nullable=False),
    Column("looked_at", Instant),  # when everything the server listed was recorded
    # A colleague's Sent: what was listed up to here, and when, is forgotten once it matches no
    # thread although all other mailboxes have been read and decided since.
    Column("held_uid", BigInteger),
    Column("held_since", Instant),
    UniqueConstraint("mailbox_id", "name"),
)

account = Table(
    "account",
    metadata,
    _ref("mailbox_id", "mailbox", primary_key=True),
    Column("service", String(8), primary_key=True),  # imap, smtp
    Column("refusals", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Column("next_attempt_at", Instant),
    Column("credential", _Sha256),  # keyed hash of what was refused; another one may try at once
    Column("last_error", Text),
    Column("last_error_at", Instant),
    Column("last_success_at", Instant),
)

inbound = Table(
    "inbound",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    _ref("folder_id", "folder", nullable=False),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),  # waiting, done, parked
    Column("claim", String(8), nullable=False, default=""),  # "", batch, alone: not concluded
    _flag("history"),
    _flag("header_only"),
    Column("size", BigInteger, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("raw_sha256", _Sha256),
    *_queue(),
    _ref("message_id", "message"),
    Column("error", Text),
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
    Column("uidvalidity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),  # open, closed, gone, alarmed
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
    Column("message_id", Text, nullable=False),
    Column("message_id_sha256", _Sha256, nullable=False),
    _ref("thread_id", "thread"),
    Column("kind", String(16), nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("from_name", Text, nullable=False),
    Column("from_address", Text, nullable=False),
    Column("sender_sha256", _Sha256, nullable=False),
    Column("recipients", JSON, nullable=False),
    Column("subject", Text, nullable=False),
    Column("bare_subject", Text, nullable=False),
    Column("sent_at", Instant),  # the Date field; None where it makes no sense
    Column("received_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("raw_sha256", _Sha256),
    Column("text", _LongText, nullable=False),
    Column("reply_text", _LongText, nullable=False),
    Column("language", String(16)),
    Column("defects", JSON, nullable=False),
    Column("match", String(32), nullable=False),
    Column("why_match", Text, nullable=False),
    Column("silence", String(32)),
    Column("report", JSON),
    _flag("staff_answer"),
    _flag("history"),
    _flag("in_junk"),  # decided as spam's neighbour; moved out by a person, it is decided again
    UniqueConstraint("mailbox_id", "identity"),
    Index(None, "mailbox_id", "message_id_sha256"),
    Index(None, "thread_id"),
    Index(None, "mailbox_id", "sender_sha256"),
    Index(None, "mailbox_id", "kind", "recorded_at"),
)

citation = Table(
    "citation",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    Column("cited_sha256", _Sha256, nullable=False),
    _ref("message_id", "message", nullable=False),
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
    Column("reference", String(16), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("subject", Text, nullable=False),
    Column("bare_subject", Text, nullable=False),
    Column("language", String(16)),
    Column("opened_at", Instant, nullable=False),
    Column("last_message_at", Instant, nullable=False),
    Column("acknowledged_at", Instant),
    Column("answered_at", Instant),
    Column("muted_until", Instant),
    Column("junked_at", Instant),  # a person moved a message of it to Junk; None: it came back
    _ref("linked_to", "thread"),
    Column("assigned_to", Text),
    Column("merged_into", String(16)),  # the reference of the thread that took its mails
    _flag("stranger"),
    _flag("begun_earlier"),
    _flag("history"),
    Index(None, "mailbox_id", "last_message_at"),
    Index(None, "merged_into"),
)

participant = Table(
    "participant",
    metadata,
    _id(),
    _ref("thread_id", "thread", nullable=False),
    Column("address", Text, nullable=False),
    Column("address_sha256", _Sha256, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),  # customer, copied
    UniqueConstraint("thread_id", "address_sha256"),
    Index(None, "address_sha256"),
)

attachment = Table(
    "attachment",
    metadata,
    _id(),
    _ref("message_id", "message", nullable=False),
    Column("position", Integer, nullable=False),
    Column("filename", Text, nullable=False),
    Column("names", JSON, nullable=False),
    Column("declared_type", Text, nullable=False),
    Column("detected_type", Text),
    Column("size", BigInteger, nullable=False),
    Column("sha256", _Sha256, nullable=False),
    _flag("inline"),
    Column("findings", JSON, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reason", String(32)),
    Column("told_at", Instant),
    Column("held_until", Instant),
    Column("released_at", Instant),
    Index(None, "message_id"),
    Index(None, "verdict", "message_id"),
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("message_id", _Name, nullable=False, unique=True),  # derived from the cause
    _ref("mailbox_id", "mailbox", nullable=False),
    _ref("thread_id", "thread"),
    _ref("cause_id", "message"),
    Column("kind", String(32), nullable=False),
    Column("sections", JSON, nullable=False),
    Column("language", String(16), nullable=False),
    Column("reverse_path", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("raw", _Bytes, nullable=False),
    Column("state", String(16), nullable=False),
    Column("phase", String(16), nullable=False),
    *_queue(),
    Column("queued_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("uncertain_at", Instant),
    Column("concluded_at", Instant),
    Column("filed_at", Instant),  # when a copy was first seen in Sent
    Column("provider_id_sha256", _Sha256),
    Column("reply_code", Integer),
    Column("reply_text", Text),
    Column("why", Text),
    _flag("resent"),
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
    Column("verb", String(16), nullable=False),  # file_copy, put_draft
    _ref("outbox_id", "outbox", nullable=False),
    Column("state", String(16), nullable=False),  # waiting, done, by_server, given_up
    *_queue(),
    Column("error", Text),
    UniqueConstraint("outbox_id", "verb"),
    Index(None, "mailbox_id", "state", "next_attempt_at"),
)

undeliverable = Table(
    "undeliverable",
    metadata,
    _ref("mailbox_id", "mailbox", primary_key=True),
    Column("address_sha256", _Sha256, primary_key=True),
    Column("until", Instant, nullable=False),
    Column("status", String(16), nullable=False),
)

muted_sender = Table(
    "muted_sender",
    metadata,
    _ref("mailbox_id", "mailbox", primary_key=True),
    Column("address_sha256", _Sha256, primary_key=True),
    Column("until", Instant, nullable=False),
    Column("why", Text, nullable=False),
)

# What a person should know of a mailbox for as long as it lasts.
concern = Table(
    "concern",
    metadata,
    _ref("mailbox_id", "mailbox", primary_key=True),
    Column("name", _Name, primary_key=True),  # kind:what, such as folder:Orders
    Column("what", Text, nullable=False),
    Column("advice", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

# What this installation knows of itself, such as its last heartbeat.
installation = Table(
    "installation",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

brake = Table(
    "brake",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    Column("name", String(32), nullable=False),  # breaker
    Column("reason", Text, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("released_at", Instant),
    Index(None, "mailbox_id", "released_at"),
)

event = Table(
    "event",
    metadata,
    _id(),
    _ref("mailbox_id", "mailbox", nullable=False),
    _ref("thread_id", "thread"),
    Column("at", Instant, nullable=False),
    Column("event", String(32), nullable=False),
    _ref("message_id", "message"),
    _ref("outbox_id", "outbox"),
    Column("detail", JSON, nullable=False),
    Index(None, "thread_id"),
)
