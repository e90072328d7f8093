"""What is kept of people beside their messages: it comes back with a database that is restored."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, RowMapping, Table, func, select

from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.erasing import RULES
from maildaemon.adapters.sql.tables import (
    alert,
    brake,
    message,
    muted_sender,
    outbox,
    participant,
    thread,
    undeliverable,
)
from maildaemon.domain.erasure import addresses_in
from maildaemon.domain.person import Personal

# SQLite takes so many variables in one statement, and many more; the others more still.
_MANY = 500

Covers = Callable[[str, datetime], bool]


def left_behind(connection: Connection, covers: Covers) -> Personal:
    """See `Persons.left_behind`."""
    people = (*_participants(connection, covers),)
    sent = _rows(connection, outbox, outbox.c.recipient, outbox.c.queued_at, covers)
    muted = _rows(connection, muted_sender, muted_sender.c.address, muted_sender.c.muted_at, covers)
    addresses = {
        *(row["address"] for row in (*people, *muted)),
        *(row["recipient"] for row in sent),
    }
    keys = [digest(one.lower()) for one in sorted(addresses)]
    found = {
        "participant": people,
        "outbox": sent,
        "muted_sender": muted,
        "undeliverable": _of(connection, undeliverable, undeliverable.c.address_sha256, keys),
        "alert": _told(connection, alert, alert.c.at, (alert.c.text, alert.c.facts), covers),
        "brake": _told(connection, brake, brake.c.set_at, (brake.c.reason,), covers),
    }
    return Personal((), {name: tuple(map(dict, found.get(name, ()))) for name in RULES})


def _participants(connection: Connection, covers: Covers) -> Iterator[RowMapping]:
    """Yield who takes part in what is over, and wrote nothing that stays."""
    wrote = select(message.c.id).where(
        message.c.thread_id == participant.c.thread_id,
        message.c.sender_sha256 == participant.c.address_sha256,
        message.c.erased_at.is_(None),
    )
    rows = connection.execute(
        select(participant, thread.c.last_message_at)
        .join(thread, thread.c.id == participant.c.thread_id)
        .where(participant.c.address != "", ~wrote.exists())
    ).mappings()
    return (row for row in rows if covers(row["address"], row["last_message_at"]))


def _rows(
    connection: Connection, table: Table, who: Column[Any], at: Column[Any], covers: Covers
) -> tuple[RowMapping, ...]:
    pairs = connection.execute(select(who, func.min(at)).where(who != "").group_by(who)).all()
    named = [one for one, since in pairs if covers(one, since)]
    return tuple(
        row for row in _of(connection, table, who, named) if covers(row[who.name], row[at.name])
    )


def _told(
    connection: Connection,
    table: Table,
    at: Column[Any],
    columns: Sequence[Column[Any]],
    covers: Covers,
) -> tuple[RowMapping, ...]:
    def names_one(row: RowMapping) -> bool:
        said = " ".join(str(row[column.name]) for column in columns)
        return any(covers(one, row[at.name]) for one in addresses_in(said))

    return tuple(filter(names_one, connection.execute(select(table)).mappings()))


def _of(
    connection: Connection, table: Table, who: Column[Any], ones: Sequence[str]
) -> tuple[RowMapping, ...]:
    return tuple(
        row
        for start in range(0, len(ones), _MANY)
        for row in connection.execute(
            select(table).where(who.in_(ones[start : start + _MANY]))
        ).mappings()
    )
