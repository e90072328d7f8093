"""Where a person stands in the records, table by table.

Each table is either read here or named in `NOBODY`, with the reason why it holds nothing of a
person: a table that is in neither fails a test.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    String,
    Table,
    and_,
    cast,
    func,
    or_,
    select,
)

from maildaemon.adapters.sql import erasing
from maildaemon.adapters.sql.digests import digest
from maildaemon.adapters.sql.leavings import left_behind
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
from maildaemon.domain.erasure import Words
from maildaemon.domain.person import Personal, Row
from maildaemon.ports.persons import Bytes, Fetched, Suspect

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
    "probe": "mails of ours to ourselves",
    "removal": "which bytes are about to go",
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
        return _Reading(self._connection, _lowered(addresses)).all()

    def doomed(self, addresses: Sequence[str], ours: Collection[str]) -> Personal:
        """See `Persons.doomed`."""
        return _Reading(self._connection, _lowered(addresses)).all(frozenset(_lowered(ours)))

    def doomed_again(
        self, messages: Sequence[int], quoting: Sequence[int], is_erased: Callable[[str], bool]
    ) -> Personal:
        """See `Persons.doomed_again`."""
        return _Reading(self._connection, ()).these(messages, quoting, is_erased)

    def quoting(self, personal: Personal, these: Collection[int] = ()) -> tuple[Row, ...]:
        """See `Persons.quoting`."""
        return erasing.quoting(self._connection, personal, these)

    def erase(
        self,
        personal: Personal,
        key: bytes,
        at: datetime,
        quotes: Sequence[Row] = (),
        *,
        told: bool = True,
    ) -> Bytes:
        """See `Persons.erase`."""
        work = erasing.Erasing(self._connection, personal, key, at, tuple(quotes), told)
        return erasing.erase(work)

    def left_behind(self, covers: Callable[[str, datetime], bool]) -> Personal:
        """See `Persons.left_behind`."""
        return left_behind(self._connection, covers)

    def fetched_again(self, after: int) -> Fetched:
        """See `Persons.fetched_again`."""
        return erasing.fetched_again(self._connection, after)

    def let_bytes_go(self, inbound: Sequence[int]) -> tuple[str, ...]:
        """See `Persons.let_bytes_go`."""
        return erasing.let_bytes_go(self._connection, inbound)

    def bytes_of(self, messages: Sequence[int]) -> tuple[str, ...]:
        """See `Persons.bytes_of`."""
        return erasing.bytes_of(self._connection, messages)

    def since(self, message_id: int, most: int) -> tuple[Suspect, ...]:
        """See `Persons.since`."""
        return erasing.since(self._connection, message_id, most)

    def files_of(self, messages: Sequence[int]) -> tuple[Row, ...]:
        """See `Persons.files_of`."""
        return erasing.files_of(self._connection, messages)

    def drop_files(self, files: Sequence[Row], at: datetime) -> tuple[str, ...]:
        """See `Persons.drop_files`."""
        return erasing.drop_files(self._connection, files, at)

    def unprocessed(self) -> tuple[tuple[int, str], ...]:
        """See `Persons.unprocessed`."""
        return erasing.unprocessed(self._connection)

    def let_go(self, inbound_id: int) -> None:
        """See `Persons.let_go`."""
        erasing.let_go(self._connection, inbound_id)


class _Reading:
    """Reads once, from what is surely his to what belongs to it."""

    def __init__(self, connection: Connection, addresses: tuple[str, ...]) -> None:
        self._connection = connection
        self._addresses = addresses
        self._keys = [digest(one) for one in addresses]
        self._rows: dict[str, tuple[RowMapping, ...]] = {}

    def all(self, ours: frozenset[str] | None = None) -> Personal:
        """`ours` None: with what went to him and to others of whom none is of these."""
        his = self._threads()
        alone = self._without_other_customers(his)
        messages = self._messages(alone)
        if ours is not None:
            messages = self._keep(lambda row: not self._is_others(row, alone, ours))
        sent = self._sent(alone, messages)
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

    def these(
        self, messages: Sequence[int], quoting: Sequence[int], is_erased: Callable[[str], bool]
    ) -> Personal:
        """Return what belongs to these messages, the threads in which there are no others, and who
        takes part in others without a word of his own.
        """
        self._take(message, message.c.id, messages)
        threads = {row["thread_id"] for row in self._rows["message"]} - {None}
        alone = [one for one in sorted(threads) if self._holds_only(one, messages)]
        sent = self._sent(alone, messages)
        self._belongings(messages, sent)
        self._conversations(alone, messages, sent)
        shared = {*self._of(message.c.thread_id, message.c.id, [*messages, *quoting])} - {None}
        self._take(participant, participant.c.thread_id, sorted(shared | {*alone}))
        self._rows["participant"] = tuple(
            row
            for row in self._rows["participant"]
            if row["thread_id"] in alone
            or (is_erased(row["address"]) and not self._writes(row, messages))
        )
        self._take(ledger, ledger.c.thread_id, alone)
        ids = [row["message_id_sha256"] for row in self._rows["message"]]
        self._take(earlier, earlier.c.message_id_sha256, ids)
        for table in (muted_sender, undeliverable, alert, brake):
            self._rows[table.name] = ()
        rows = {name: tuple(map(dict, found)) for name, found in self._rows.items()}
        return Personal((), rows, mentioned=self._mentions(messages))

    def _holds_only(self, thread_id: int, messages: Sequence[int]) -> bool:
        there = (message.c.thread_id == thread_id, message.c.erased_at.is_(None))
        inside = self._ids(message.c.id, and_(*there))
        return frozenset(inside) <= frozenset(messages)

    def _writes(self, row: RowMapping, but_for: Sequence[int]) -> bool:
        """Tell whether a participant has written something in the thread that stays."""
        his = (
            message.c.thread_id == row["thread_id"],
            message.c.sender_sha256 == row["address_sha256"],
        )
        return bool({*self._ids(message.c.id, and_(*his))} - {*but_for})

    def _keep(self, wanted: Callable[[RowMapping], bool]) -> list[int]:
        kept = tuple(row for row in self._rows["message"] if wanted(row))
        self._rows["message"] = kept
        return [row["id"] for row in kept]

    def _is_others(self, row: RowMapping, alone: Sequence[int], ours: frozenset[str]) -> bool:
        """Tell whether somebody else wrote it to somebody else as well: it is theirs too."""
        if row["sender_sha256"] in self._keys or row["thread_id"] in alone:
            return False
        to = {str(one["address"]).strip().lower() for one in row["recipients"]}
        theirs = {row["from_address"].lower(), *to} - ours - {*self._addresses}
        return bool(theirs)

    def _sent(self, alone: Sequence[int], messages: Sequence[int]) -> list[int]:
        found = {
            *self._of(outbox.c.id, outbox.c.cause_id, messages),
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
            self._take(table, table.c.id, self._naming(table, told, columns))

    def _mentions(self, messages: Sequence[int]) -> tuple[int, ...]:
        words = (message.c.text, message.c.subject, message.c.from_name, message.c.recipients)
        if not self._addresses:
            return ()
        named = or_(*(_has(column, one) for one in self._addresses for column in words))
        known = frozenset(messages)
        found = self._naming(message, named, words)
        return tuple(one for one in found if one not in known)

    def _naming(
        self, table: Table, like: ColumnElement[bool], columns: Sequence[Column[Any]]
    ) -> list[int]:
        """Return the rows that name him: what is like his address may be a longer one."""
        words = Words.of(self._addresses)
        rows = self._connection.execute(select(table.c.id, *columns).where(like))
        return sorted(one for one, *said in rows if words.stand_in("\n".join(map(str, said))))

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


def _lowered(addresses: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted({one.strip().lower() for one in addresses}))


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
