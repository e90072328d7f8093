"""Where a person stands in the records, table by table.

Each table is either read here or named in `NOBODY`, with the reason why it holds nothing of a
person: a table that is in neither fails a test.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    String,
    Table,
    cast,
    func,
    or_,
    select,
)

from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.tables import (
    alert,
    attachment,
    brake,
    citation,
    earlier,
    event,
    inbound,
    ledger,
    mark,
    message,
    muted_sender,
    order_number,
    outbox,
    participant,
    settlement,
    thread,
    timer,
    undeliverable,
)
from maildaemon.adapters.sql.values import AnyJson
from maildaemon.domain.authentication import person_key
from maildaemon.domain.person import Personal

NOBODY: Mapping[str, str] = {
    "account": "how the logins of the mailbox go",
    "concern": "what is wrong with a mailbox or a folder",
    "daemon": "processes of ours",
    "folder": "folders and cursors",
    "gap": "numbers of messages that the server withholds",
    "in_force": "since when a policy holds",
    "installation": "what the installation knows of itself",
    "lease": "who of our processes works on what",
    "mailbox": "mailboxes of ours",
}
# SQLite takes so many variables in one statement, and many more; the others more still.
_MANY = 500
_ESCAPE = "\\"


class SqlPersons:
    """`ports.persons.Persons` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of this connection."""
        self._connection = connection

    def read(self, addresses: Sequence[str]) -> Personal:
        """See `Persons.read`."""
        wanted = tuple(sorted({one.strip().lower() for one in addresses}))
        return _Reading(self._connection, wanted).all()


class _Reading:
    """Reads once, from what is surely his to what belongs to it."""

    def __init__(self, connection: Connection, addresses: tuple[str, ...]) -> None:
        self._connection = connection
        self._addresses = addresses
        self._keys = [digest(one) for one in addresses]
        self._rows: dict[str, tuple[RowMapping, ...]] = {}

    def all(self) -> Personal:
        his = self._threads()
        alone = self._without_other_customers(his)
        messages = self._messages(alone)
        sent = self._sent(alone)
        self._belongings(messages, sent)
        self._conversations(alone, messages, sent)
        self._told_of_him()
        return Personal(
            self._addresses,
            {name: tuple(map(dict, found)) for name, found in self._rows.items()},
            frozenset(one["id"] for one in self._rows["message"] if not self._is_his(one)),
            self._mentions(messages),
        )

    def _threads(self) -> list[int]:
        return self._ids(participant.c.thread_id, participant.c.address_sha256.in_(self._keys))

    def _without_other_customers(self, threads: Sequence[int]) -> list[int]:
        shared = {
            row.thread_id
            for some in _some(threads)
            for row in self._connection.execute(
                select(participant.c.thread_id).where(
                    participant.c.thread_id.in_(some),
                    participant.c.role == "customer",
                    participant.c.address_sha256.not_in(self._keys),
                )
            )
        }
        return [one for one in threads if one not in shared]

    def _messages(self, alone: Sequence[int]) -> list[int]:
        named = or_(*(_has(message.c.recipients, f'"{one}"') for one in self._addresses))
        found = {
            *self._ids(message.c.id, message.c.sender_sha256.in_(self._keys)),
            *self._ids(message.c.id, named),
            *self._of(message.c.id, message.c.thread_id, alone),
        }
        self._take(message, message.c.id, sorted(found))
        return sorted(found)

    def _sent(self, alone: Sequence[int]) -> list[int]:
        found = {
            *self._ids(outbox.c.id, func.lower(outbox.c.recipient).in_(self._addresses)),
            *self._of(outbox.c.id, outbox.c.thread_id, alone),
        }
        self._take(outbox, outbox.c.id, sorted(found))
        return sorted(found)

    def _belongings(self, messages: Sequence[int], sent: Sequence[int]) -> None:
        for table in (inbound, attachment, citation, order_number, mark):
            self._take(table, table.c.message_id, messages)
        self._take(settlement, settlement.c.outbox_id, sent)

    def _conversations(
        self, alone: Sequence[int], messages: Sequence[int], sent: Sequence[int]
    ) -> None:
        """Take of a conversation with other customers what is about his messages and mails."""
        events = {
            *self._of(event.c.id, event.c.thread_id, alone),
            *self._of(event.c.id, event.c.message_id, messages),
            *self._of(event.c.id, event.c.outbox_id, sent),
        }
        self._take(event, event.c.id, sorted(events))
        self._take(thread, thread.c.id, alone)
        self._take(timer, timer.c.thread_id, alone)
        self._take(participant, participant.c.address_sha256, self._keys)

    def _told_of_him(self) -> None:
        persons = [digest(person_key(one)) for one in self._addresses]
        self._take(ledger, ledger.c.recipient_sha256, sorted({*persons, *self._keys}))
        self._take(earlier, earlier.c.sender_sha256, self._keys)
        self._take(muted_sender, muted_sender.c.address_sha256, self._keys)
        self._take(undeliverable, undeliverable.c.address_sha256, self._keys)
        for table, columns in ((alert, (alert.c.text, alert.c.facts)), (brake, (brake.c.reason,))):
            told = or_(*(_has(column, one) for one in self._addresses for column in columns))
            self._take(table, table.c.id, self._ids(table.c.id, told))

    def _mentions(self, messages: Sequence[int]) -> tuple[int, ...]:
        words = (message.c.text, message.c.subject, message.c.from_name, message.c.recipients)
        named = or_(*(_has(column, one) for one in self._addresses for column in words))
        known = frozenset(messages)
        return tuple(one for one in self._ids(message.c.id, named) if one not in known)

    def _is_his(self, row: RowMapping) -> bool:
        to = {str(one["address"]).strip().lower() for one in row["recipients"]}
        return row["sender_sha256"] in self._keys or not to.isdisjoint(self._addresses)

    def _ids(self, wanted: Column[int], where: ColumnElement[bool]) -> list[int]:
        return [*self._connection.scalars(select(wanted).where(where).distinct().order_by(wanted))]

    def _of(self, wanted: Column[int], owner: Column[Any], ids: Sequence[int]) -> Iterator[int]:
        for some in _some(ids):
            yield from self._ids(wanted, owner.in_(some))

    def _take(self, table: Table, owner: Column[Any], ids: Sequence[Any]) -> None:
        key = [*table.primary_key.columns]
        self._rows[table.name] = tuple(
            row
            for some in _some(ids)
            for row in self._connection.execute(
                select(table).where(owner.in_(some)).order_by(*key)
            ).mappings()
        )


def _some(ids: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for start in range(0, len(ids), _MANY):
        yield ids[start : start + _MANY]


def _has(column: Column[Any], words: str) -> ColumnElement[bool]:
    """Tell whether the words stand in a text, or in the JSON of a column."""
    if isinstance(column.type, AnyJson):
        # As it is kept: what is not ASCII is written as an escape.
        words = json.dumps(words)[1:-1].replace('\\"', '"')
    for sign in (_ESCAPE, "%", "_"):
        words = words.replace(sign, _ESCAPE + sign)
    return func.lower(cast(column, String)).like(f"%{words}%", escape=_ESCAPE)
