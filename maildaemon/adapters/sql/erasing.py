"""Takes a person out of the records, table by table.

Rows stay where something counts on them (that a message was seen, that a mail was sent); what they
said and whom they name goes. `RULES` has one entry for each table in which something of a person
can stand: one without fails a test.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, bindparam, delete, func, or_, select, true, update

from maildaemon.adapters.sql.inserts import CHUNK
from maildaemon.adapters.sql.tables import (
    alert,
    attachment,
    brake,
    citation,
    concern,
    earlier,
    event,
    inbound,
    ledger,
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
from maildaemon.domain.automatic import Kind
from maildaemon.domain.decide import THANKS_ONLY
from maildaemon.domain.delivery import MailKind, OutboxState
from maildaemon.domain.erasure import ERASED, Words, mark_of, without_words
from maildaemon.domain.person import Personal, Row
from maildaemon.domain.threads import Status
from maildaemon.ports.persons import Bytes, Fetched, Suspect

_OURS = frozenset({Kind.STAFF.value, Kind.OWN.value})
# What has left us, or lies in a folder of the mailbox, has: the others never will.
_HAS_LEFT = (OutboxState.SENT.value, OutboxState.DRAFT.value)
_ABOUT = ("subject_sha256", "topic_sha256")
_NO_BYTES = "0" * 64
_UNREAD = (inbound.c.message_id.is_(None), inbound.c.raw_sha256.is_not(None))
_NAMELESS: Mapping[str, Any] = {
    "filename": "",
    "names": [],
    "declared_type": "",
    "sha256": _NO_BYTES,
    "findings": [],
    "held_until": None,
}


@dataclass(frozen=True, slots=True)
class Erasing:
    """One erasure. `quotes`: rows of messages by others, as they are to be from now on, with the
    bytes that they have let go under `was`. `told`: what staff were told of all conversations since
    he wrote goes as well.
    """

    connection: Connection
    personal: Personal
    key: bytes
    at: datetime
    quotes: tuple[Row, ...] = ()
    told: bool = True

    @property
    def were(self) -> tuple[Row, ...]:
        """Return the bytes that the quoting messages had."""
        return tuple({"raw_sha256": row["was"]} for row in self.quotes)

    def mark(self, address: str) -> str:
        """Return what stands in the place of the sha256 of an address from now on."""
        return mark_of(self.key, address)

    def set_all(self, table: Table, **values: Any) -> None:
        """Give all his rows of a table these values."""
        for some in _some([row["id"] for row in self.personal.of(table.name)]):
            self.connection.execute(update(table).where(table.c.id.in_(some)).values(**values))

    def set_each(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Give each row what stands under its `id`."""
        if found := [{f"new_{name}": value for name, value in row.items()} for row in rows]:
            names = [name.removeprefix("new_") for name in found[0] if name != "new_id"]
            changed = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
            where = table.c.id == bindparam("new_id")
            self.connection.execute(update(table).where(where).values(**changed), found)


def erase(erasing: Erasing) -> Bytes:
    """Erase, in every table; return what no record holds any more."""
    personal = erasing.personal
    rows = (*personal.of("message"), *personal.of("inbound"), *erasing.were)
    # Of a mail with several copies each has its own bytes.
    copies = bytes_of(erasing.connection, [row["id"] for row in erasing.quotes])
    raw = {*(row["raw_sha256"] for row in rows), *copies} - {None}
    files = {row["sha256"] for row in personal.of("attachment")} - {_NO_BYTES}
    for rule in RULES.values():
        rule(erasing)
    return Bytes(
        unheld(erasing.connection, raw, inbound.c.raw_sha256, message.c.raw_sha256),
        unheld(erasing.connection, files, attachment.c.sha256),
    )


def unheld(connection: Connection, names: Iterable[str], *columns: Column[Any]) -> tuple[str, ...]:
    """Return those of some sha256 that stand in none of these columns."""
    left = set(names)
    for some in _some(sorted(left)):
        for column in columns:
            left -= {*connection.scalars(select(column).where(column.in_(some)))}
    return tuple(sorted(left))


def _messages(erasing: Erasing) -> None:
    erasing.set_each(message, (_emptied(erasing, row) for row in erasing.personal.of("message")))
    new = (
        {**{name: one for name, one in row.items() if name != "was"}, "quoted_at": erasing.at}
        for row in erasing.quotes
    )
    erasing.set_each(message, new)
    for some in _some([row["id"] for row in erasing.quotes]):
        of_them = inbound.c.message_id.in_(some)
        erasing.connection.execute(update(inbound).where(of_them).values(raw_sha256=None))


def _emptied(erasing: Erasing, row: Row) -> dict[str, Any]:
    ours = row["kind"] in _OURS
    return {
        "id": row["id"],
        "message_id": "",
        "evidence": [one for one in row["evidence"] if one == THANKS_ONLY],
        "from_name": row["from_name"] if ours else "",
        "from_address": row["from_address"] if ours else "",
        "sender_sha256": row["sender_sha256"] if ours else erasing.mark(row["from_address"]),
        "recipients": [],
        "subject": "",
        "bare_subject": "",
        "raw_sha256": None,
        "text": "",
        "reply_text": "",
        "defects": [one for one in row["defects"] if one.replace("_", "").isalpha()],
        "why_match": "",
        "report": None,
        "understood": None,
        "erased_at": row["erased_at"] or erasing.at,
    }


def _threads(erasing: Erasing) -> None:
    gone = {"subject": "", "bare_subject": ""}
    # What is history has no timers; whoever writes again makes it a live one.
    erasing.set_all(
        thread, **gone, status=Status.RESOLVED.value, by_hand=False, history=True, plan_wanted=False
    )
    references = [row["reference"] for row in erasing.personal.of("thread")]
    for some in _some(references):
        absorbed = thread.c.merged_into.in_(some)
        erasing.connection.execute(update(thread).where(absorbed).values(**gone))
    own = {row["bare_subject"] for row in erasing.personal.of("message")} - {""}
    shared = {row["thread_id"] for row in erasing.personal.of("message")}
    for some in _some(sorted(one for one in shared if one is not None)):
        named = (thread.c.id.in_(some), thread.c.bare_subject.in_(own))
        erasing.connection.execute(update(thread).where(*named).values(**gone))


def _outbox(erasing: Erasing) -> None:
    never = {
        "state": OutboxState.CANCELLED.value,
        "next_attempt_at": None,
        "concluded_at": erasing.at,
    }
    erasing.set_all(outbox, recipient="", raw=b"", reply_text=None, why=ERASED)
    for some in _some([row["id"] for row in erasing.personal.of("outbox")]):
        unsent = (outbox.c.id.in_(some), outbox.c.state.not_in(_HAS_LEFT))
        erasing.connection.execute(update(outbox).where(*unsent).values(**never))
    if not erasing.told or (since := _since(erasing.personal)) is None:
        return
    # What staff were told of all conversations names whoever waited.
    told = (outbox.c.kind == MailKind.DIGEST.value, outbox.c.queued_at >= since)
    for also, values in ((outbox.c.concluded_at.is_(None), never), (true(), {"raw": b""})):
        erasing.connection.execute(update(outbox).where(*told, also).values(**values))


def _since(personal: Personal) -> datetime | None:
    return min((row["recorded_at"] for row in personal.of("message")), default=None)


def _participants(erasing: Erasing) -> None:
    rows = {row["id"]: row for row in erasing.personal.of("participant")}
    for some in _some([row["id"] for row in erasing.personal.of("thread")]):
        found = select(participant).where(participant.c.thread_id.in_(some))
        rows |= {row["id"]: row for row in erasing.connection.execute(found).mappings()}
    erasing.set_each(
        participant,
        (
            {
                "id": row["id"],
                "address": "",
                "name": "",
                "address_sha256": erasing.mark(row["address"]),
            }
            for row in rows.values()
            if row["address"]
        ),
    )


def _order_numbers(erasing: Erasing) -> None:
    erasing.set_each(
        order_number,
        (
            {"id": row["id"], "number": "", "number_sha256": erasing.mark(row["number"])}
            for row in erasing.personal.of("order_number")
            if row["number"]
        ),
    )


def _events(erasing: Erasing) -> None:
    erasing.set_each(
        event,
        (
            # Without the salt its hash tells nothing, and the chain of the history holds.
            {"id": row["id"], "detail": without_words(row["detail"], erasing.at), "salt": None}
            for row in erasing.personal.of("event")
        ),
    )


def _ledger(erasing: Erasing) -> None:
    erasing.set_each(
        ledger,
        (
            {
                "id": row["id"],
                "key": f"erased:{row['id']}",
                "recipient_sha256": erasing.mark(row["recipient_sha256"]),
            }
            for row in erasing.personal.of("ledger")
            if not row["key"].startswith("erased:")
        ),
    )


def _attachments(erasing: Erasing) -> None:
    erasing.set_all(attachment, dropped_at=erasing.at, **_NAMELESS)


def _concerns(erasing: Erasing) -> None:
    """What an audit found names messages by their ids; the next one finds it again."""
    ids = [row["message_id"] for row in erasing.personal.of("message") if row["message_id"]]
    named = Words.of(erasing.personal.addresses)
    found = erasing.connection.execute(select(concern)).all()
    for row in found:
        if any(one in row.what for one in ids) or named.stand_in(row.what):
            this = (concern.c.mailbox_id == row.mailbox_id, concern.c.name == row.name)
            erasing.connection.execute(update(concern).where(*this).values(what=ERASED))


def _alerts(erasing: Erasing) -> None:
    gone = {"text": ERASED, "facts": {}}
    erasing.set_each(
        alert,
        (
            # What an alarm is about may be an address.
            {"id": row["id"], **gone, **{one: erasing.mark(row[one]) for one in _ABOUT}}
            for row in erasing.personal.of("alert")
        ),
    )
    for row in erasing.personal.of("message"):
        if row["message_id"]:
            named = alert.c.text.contains(row["message_id"], autoescape=True)
            erasing.connection.execute(update(alert).where(named).values(**gone))


def _earlier(erasing: Erasing) -> None:
    rows = erasing.personal.of("earlier")
    found = ({"id": row["id"], "sender_sha256": erasing.mark(row["sender_sha256"])} for row in rows)
    erasing.set_each(earlier, found)


def _removing(table: Table, column: Column[Any]) -> Callable[[Erasing], None]:
    def remove(erasing: Erasing) -> None:
        for row in erasing.personal.of(table.name):
            this = (table.c.mailbox_id == row["mailbox_id"], column == row[column.name])
            erasing.connection.execute(delete(table).where(*this))

    return remove


def _citations(erasing: Erasing) -> None:
    for some in _some([row["id"] for row in erasing.personal.of("citation")]):
        erasing.connection.execute(delete(citation).where(citation.c.id.in_(some)))


def _settlements(erasing: Erasing) -> None:
    erasing.set_all(settlement, error=None)
    for some in _some([row["id"] for row in erasing.personal.of("settlement")]):
        waits = (settlement.c.id.in_(some), settlement.c.state == "waiting")
        over = {"state": "cancelled", "next_attempt_at": None}
        erasing.connection.execute(update(settlement).where(*waits).values(**over))


def _timers(erasing: Erasing) -> None:
    erasing.set_all(timer, outcome=None)
    for some in _some([row["id"] for row in erasing.personal.of("timer")]):
        armed = (timer.c.id.in_(some), timer.c.state.in_(("armed", "parked")))
        over = {"state": "cancelled", "next_attempt_at": None}
        erasing.connection.execute(update(timer).where(*armed).values(**over))


def _stays(_: Erasing) -> None:
    """Of this nothing tells of him."""


RULES: Mapping[str, Callable[[Erasing], None]] = {
    "alert": _alerts,
    "attachment": _attachments,
    "brake": lambda one: one.set_all(brake, reason=ERASED),
    "citation": _citations,
    "concern": _concerns,
    "earlier": _earlier,
    "event": _events,
    "inbound": lambda one: one.set_all(inbound, raw_sha256=None, error=None),
    "ledger": _ledger,
    "mark": _stays,
    "message": _messages,
    "muted_sender": _removing(muted_sender, muted_sender.c.address_sha256),
    "order_number": _order_numbers,
    "outbox": _outbox,
    "participant": _participants,
    "settlement": _settlements,
    "thread": _threads,
    "timer": _timers,
    "undeliverable": _removing(undeliverable, undeliverable.c.address_sha256),
}


def quoting(connection: Connection, personal: Personal, these: Collection[int]) -> tuple[Row, ...]:
    """Return the messages by others in which his words may stand: those of the same conversations,
    those that name an address of his, and what we told staff of all conversations.
    """
    his = {row["id"] for row in personal.of("message")}
    threads = {row["thread_id"] for row in personal.of("message")} - {None}
    since = _since(personal)
    ids = {*personal.mentioned, *these}
    for some in _some(sorted(threads)):
        ids.update(connection.scalars(select(message.c.id).where(message.c.thread_id.in_(some))))
    if since is not None:
        told = (message.c.kind == Kind.OWN.value, message.c.thread_id.is_(None))
        later = message.c.recorded_at >= since
        ids.update(connection.scalars(select(message.c.id).where(*told, later)))
    found: list[Row] = []
    for some in _some(sorted(ids - his)):
        rows = select(message).where(message.c.id.in_(some), message.c.erased_at.is_(None))
        found += (dict(row) for row in connection.execute(rows).mappings())
    return tuple(found)


def fetched_again(connection: Connection, after: int) -> Fetched:
    """See `Persons.fetched_again`."""
    behind = inbound.c.id > after
    found = connection.scalars(
        select(inbound.c.id)
        .join(message, message.c.id == inbound.c.message_id)
        .where(
            behind,
            inbound.c.raw_sha256.is_not(None),
            or_(message.c.erased_at.is_not(None), message.c.quoted_at.is_not(None)),
        )
    ).all()
    # What is not read yet may turn out to be of an erased message.
    unread = connection.scalar(select(func.min(inbound.c.id)).where(behind, *_UNREAD))
    last = connection.scalar(select(func.max(inbound.c.id)))
    return Fetched(tuple(found), max(after, (last or 0) if unread is None else unread - 1))


def let_bytes_go(connection: Connection, ids: Sequence[int]) -> tuple[str, ...]:
    """See `Persons.let_bytes_go`."""
    names: set[str | None] = set()
    for some in _some(ids):
        these = inbound.c.id.in_(some)
        names.update(connection.scalars(select(inbound.c.raw_sha256).where(these)))
        connection.execute(update(inbound).where(these).values(raw_sha256=None))
    kept = (one for one in names if one)
    return unheld(connection, kept, inbound.c.raw_sha256, message.c.raw_sha256)


def bytes_of(connection: Connection, messages: Sequence[int]) -> tuple[str, ...]:
    """See `Persons.bytes_of`."""
    found: set[str | None] = set()
    for some in _some(messages):
        of_them = inbound.c.message_id.in_(some)
        found.update(connection.scalars(select(inbound.c.raw_sha256).where(of_them)))
    return tuple(sorted(one for one in found if one))


def since(connection: Connection, message_id: int, most: int) -> tuple[Suspect, ...]:
    """See `Persons.since`."""
    columns = (
        *("id", "message_id", "from_address", "recipients", "received_at", "sent_at", "history"),
        *("subject", "text", "from_name", "quoted_at"),
    )
    rows = connection.execute(
        select(*(message.c[name] for name in columns))
        .where(message.c.id > message_id, message.c.erased_at.is_(None))
        .order_by(message.c.id)
        .limit(most)
    )
    return tuple(
        Suspect(
            row.id,
            row.message_id,
            row.from_address,
            tuple(str(one["address"]) for one in row.recipients),
            # What somebody sends us today is of today, whatever Date he gives it.
            min(row.received_at, row.sent_at) if row.history and row.sent_at else row.received_at,
            f"{row.from_name}\n{row.subject}\n{row.text}",
            row.quoted_at is not None,
        )
        for row in rows
    )


def files_of(connection: Connection, messages: Sequence[int]) -> tuple[Row, ...]:
    """See `Persons.files_of`."""
    found: list[Row] = []
    for some in _some(messages):
        kept = (attachment.c.message_id.in_(some), attachment.c.dropped_at.is_(None))
        rows = connection.execute(select(attachment).where(*kept)).mappings()
        found += map(dict, rows)
    return tuple(found)


def drop_files(connection: Connection, files: Sequence[Row], at: datetime) -> tuple[str, ...]:
    """See `Persons.drop_files`."""
    for some in _some([row["id"] for row in files]):
        these = update(attachment).where(attachment.c.id.in_(some))
        connection.execute(these.values(dropped_at=at, **_NAMELESS))
    return unheld(connection, {row["sha256"] for row in files}, attachment.c.sha256)


def unprocessed(connection: Connection) -> tuple[tuple[int, str], ...]:
    """See `Persons.unprocessed`."""
    rows = connection.execute(select(inbound.c.id, inbound.c.raw_sha256).where(*_UNREAD))
    return tuple((row.id, row.raw_sha256) for row in rows)


def let_go(connection: Connection, inbound_id: int) -> None:
    """See `Persons.let_go`."""
    over = {"state": "done", "claim": "", "next_attempt_at": None, "error": None}
    this = update(inbound).where(inbound.c.id == inbound_id)
    connection.execute(this.values(raw_sha256=None, **over))


def _some(ids: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
