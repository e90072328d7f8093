"""Every table, once. `migrations/` must arrive at exactly this (a test compares).

Queue rows (`inbound`, `outbox`, `settlement`, `gap`) share `attempts` and `next_attempt_at`; see
`claim`. Texts that come from mail are unbounded; what is looked up by them is a sha256 beside
them, because MariaDB indexes only the first 768 characters of a text and ignores case.
"""

from maildaemon.adapters.sql.tables.columns import metadata
from maildaemon.adapters.sql.tables.installation import (
    alert,
    brake,
    daemon,
    installation,
    lease,
    removal,
)
from maildaemon.adapters.sql.tables.mailboxes import (
    account,
    concern,
    folder,
    gap,
    inbound,
    mailbox,
    mark,
)
from maildaemon.adapters.sql.tables.outgoing import (
    in_force,
    ledger,
    muted_sender,
    outbox,
    probe,
    settlement,
    timer,
    undeliverable,
)
from maildaemon.adapters.sql.tables.records import (
    attachment,
    citation,
    earlier,
    event,
    message,
    order_number,
    participant,
    thread,
)

__all__ = [
    "account",
    "alert",
    "attachment",
    "brake",
    "citation",
    "concern",
    "daemon",
    "earlier",
    "event",
    "folder",
    "gap",
    "in_force",
    "inbound",
    "installation",
    "lease",
    "ledger",
    "mailbox",
    "mark",
    "message",
    "metadata",
    "muted_sender",
    "order_number",
    "outbox",
    "participant",
    "probe",
    "removal",
    "settlement",
    "thread",
    "timer",
    "undeliverable",
]
