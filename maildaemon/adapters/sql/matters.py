"""What messages and threads are about, as it stands in the database."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row

from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.inserts import insert_missing
from maildaemon.adapters.sql.tables import order_number
from maildaemon.domain.ordernumbers import number_key
from maildaemon.domain.understanding import (
    AfterAnswer,
    Fact,
    Matter,
    OrderNumber,
    Priority,
    Understanding,
)

_NOTHING = Understanding()
# The columns of a thread that say what it is about.
MATTER = (
    *("category", "priority", "tags", "promise", "after_answer"),
    *("facts", "missing", "asked"),
)


def understood_as_json(understood: Understanding) -> dict[str, Any] | None:
    """Return what is kept with a message, None if nothing is said of it."""
    return None if understood == _NOTHING else asdict(understood)


def save_numbers(
    connection: Connection,
    mailbox_id: int,
    thread_id: int | None,
    message_id: int,
    numbers: tuple[OrderNumber, ...],
) -> None:
    """Keep the numbers in a message, by which a later one finds its thread."""
    if thread_id is None:
        return
    rows = [
        {
            "mailbox_id": mailbox_id,
            "thread_id": thread_id,
            "message_id": message_id,
            "name": one.name,
            "number": one.number,
            "number_sha256": digest(number_key(one.number)),
            "known": one.known,
        }
        for one in numbers
    ]
    insert_missing(connection, order_number, rows)


def matter_as_columns(matter: Matter) -> dict[str, Any]:
    """Return the columns of a thread that say what it is about."""
    return {
        "category": matter.category,
        "priority": matter.priority.value,
        "tags": list(matter.tags),
        "promise": matter.promise.value if matter.promise else None,
        "after_answer": matter.after_answer.value if matter.after_answer else None,
        "facts": [one.value for one in matter.facts],
        "missing": [one.value for one in matter.missing],
        "asked": [one.value for one in matter.asked],
    }


def matter_of(row: Row[Any]) -> Matter:
    """Return what a thread is about, from its row."""
    return Matter(
        category=row.category,
        priority=Priority(row.priority),
        tags=tuple(row.tags),
        promise=Priority(row.promise) if row.promise else None,
        after_answer=AfterAnswer(row.after_answer) if row.after_answer else None,
        facts=tuple(map(Fact, row.facts)),
        missing=tuple(map(Fact, row.missing)),
        asked=tuple(map(Fact, row.asked)),
    )
