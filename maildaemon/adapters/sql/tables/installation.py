"""What stops automatic mail, what is to be told, and what the installation knows of itself, such as
which daemons work for it.
"""

from sqlalchemy import Column, Index, Integer, Table

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
    own_id(),
    ref("mailbox_id", "mailbox", nullable=False),
    Column("name", Word(32), nullable=False),  # domain/brakes.py
    Column("reason", AnyText, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("doubts_before", Instant),  # mail from before then may only look new
    Column("released_at", Instant),
    Index(None, "mailbox_id", "released_at"),
)

# What people are to be told, by each path of `alerts`; what was just raised has none yet. Of one
# subject one alarm an hour goes by each; more are added to it.
alert = Table(
    "alert",
    metadata,
    own_id(),
    Column("subject_sha256", Sha256, nullable=False),
    Column("topic_sha256", Sha256, nullable=False),  # the same for an alarm and for its end
    flag("ends"),
    Column("path", AnyText),
    Column("event", Word(32), nullable=False),
    Column("mailbox", Name),
    Column("text", AnyText, nullable=False),
    Column("facts", AnyJson, nullable=False),
    Column("count", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", Code(16), nullable=False),  # waiting, told, given_up
    *queue_columns(),
    Column("told_at", Instant),
    Index(None, "subject_sha256", "state"),
    Index(None, "state", "next_attempt_at"),
)

# Bytes that no record holds any more and that may still lie on the disk.
removal = Table(
    "removal",
    metadata,
    own_id(),
    flag("is_file"),  # or a whole message
    Column("sha256", Sha256, nullable=False),
    flag("at_once"),  # however young it is
)

# Who works on a database of a server. Until when each lives is said by the server's own clock.
daemon = Table(
    "daemon",
    metadata,
    Column("id", Word(32), primary_key=True),  # of the process
    Column("home", Word(32), nullable=False),  # of its data folder, which one process holds
    Column("place", Name, nullable=False),  # for people
    Column("key_mark", Sha256, nullable=False),
    Column("mailboxes", AnyJson, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
)

# Which of them works on what: a mailbox, or what belongs to none. The fence grows with each change.
lease = Table(
    "lease",
    metadata,
    Column("name", Name, primary_key=True),
    Column("holder", Word(32)),  # a daemon, which may be gone; None: it was given back
    Column("fence", WholeNumber, nullable=False),
    Column("since", Instant),
)
