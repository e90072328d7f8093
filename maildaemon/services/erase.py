"""Takes a person out of the records, the kept bytes and files, and keeps him out.

The tombstone is written first: whatever dies afterwards, what is left of him is known, and the next
look (`forget_next`, or the same command again) takes it away. What he writes later is new.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from maildaemon.domain.erasure import Tombstone, Tombstones, Words, mark_of
from maildaemon.domain.person import Personal, Row
from maildaemon.domain.subjects import bare_subject
from maildaemon.ports import BlobStore, Now
from maildaemon.ports.persons import Bytes, Graves, Suspect
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.desk import log

_AT_ONCE = 500
_LOOKED_AT = "erased"


@dataclass(frozen=True, slots=True)
class Places:
    """Where something of a person can stand, and the key by which he is remembered. `scrub` writes
    the database anew and returns in which files something may stay all the same, None for none.
    """

    store: Store
    raw: BlobStore
    files: BlobStore
    graves: Graves
    key: bytes
    scrub: Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes. `quotes` are messages of others, as they are to be; `files` are theirs, with his
    words in them; `waiting` is in the journal and was not read; `orphans` no record knows.
    """

    personal: Personal
    quotes: tuple[Row, ...] = ()
    files: tuple[Row, ...] = ()
    waiting: tuple[tuple[int, str], ...] = ()
    orphans: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to erase."""
        return not (self.personal.is_known or self.quotes or self.waiting or self.orphans)

    @property
    def counts(self) -> dict[str, int]:
        """Return how much goes."""
        return {
            "messages": len(self.personal.of("message")) + len(self.waiting) + len(self.orphans),
            "files": len(self.personal.of("attachment")) + len(self.files),
            "mails": len(self.personal.of("outbox")),
            "conversations": len(self.personal.of("thread")),
            "quotes": len(self.quotes),
        }


def plan_erasure(places: Places, addresses: Sequence[str], ours: Collection[str]) -> Plan:
    """Return what goes when this person is erased. Nothing is changed."""
    with places.store.read() as tx:
        personal = tx.persons.doomed(addresses, ours)
        plan = _with_quotes(tx, places, personal, Tombstones(places.key))
        names = [one.encode() for one in personal.addresses]
        waiting = tuple(
            (inbound_id, sha256)
            for inbound_id, sha256 in tx.persons.unprocessed()
            if _holds(places.raw, sha256, names)
        )
        orphans = tuple(_orphans(tx, places.raw, names))
    return Plan(personal, plan.quotes, plan.files, waiting, orphans)


def erase_person(places: Places, plan: Plan, at: datetime, by: str) -> None:
    """Erase what was planned, and remember it by keyed marks."""
    with places.store.begin() as tx:
        # Written before anything is gone, and before the database may forget it again.
        places.graves.add(_stone(places.key, plan, at))
        gone = _carry_out(tx, places.key, plan, at)
        for mailbox_id in sorted(plan.personal.mailboxes):
            # Who it was is not named once more.
            tx.records.note(mailbox_id, "person_erased", at, by=by, **plan.counts)
    _remove(places, gone, at)
    log("person.erased", messages=plan.counts["messages"])


def forget_next(places: Places, now: Now) -> int:
    """Erase once more what has come back of whoever was erased; return how many messages.

    Only what was recorded since the last look is looked at, all of it after a new erasure and in
    records that were restored or made anew.
    """
    written = places.graves.read()
    stones = Tombstones.of(places.key, written)
    if not stones.count:
        return 0
    with places.store.read() as tx:
        is_new = not _looked_at(tx, stones)
    total = 0
    while True:
        looked, found = _forget_some(places, stones, now())
        total += found
        if not looked:
            break
    if is_new:
        _sweep(places, written, now())
    with places.store.begin() as tx:
        fetched = Bytes(raw=tx.persons.bytes_of_erased())
    _remove(places, fetched, now())
    if total:
        log("person.forgotten", messages=total, left=places.scrub())
    return total


def _forget_some(places: Places, stones: Tombstones, at: datetime) -> tuple[int, int]:
    with places.store.read() as tx:
        after = _looked_at(tx, stones)
        suspects = tx.persons.since(after, _AT_ONCE)
    if not suspects:
        return 0, 0
    quoting = [one.message for one in suspects if stones.is_quoting(one.message_id)]
    doomed = [one.message for one in suspects if _is_erased(one, stones)]
    with places.store.begin() as tx:
        personal = tx.persons.doomed_again(doomed, quoting, stones.__contains__)
        plan = _with_quotes(tx, places, personal, stones, quoting)
        gone = _carry_out(tx, places.key, plan, at)
        tx.brakes.keep_fact(_LOOKED_AT, f"{stones.count} {suspects[-1].message}")
    _remove(places, gone, at)
    return len(suspects), len(doomed) + len(plan.quotes)


def _is_erased(one: Suspect, stones: Tombstones) -> bool:
    if stones.is_quoting(one.message_id):
        return False
    people = (one.author, *one.recipients)
    by_address = any(stones.covers(address, one.at) for address in people)
    return by_address or stones.covers_message(one.message_id)


def _looked_at(tx: Transaction, stones: Tombstones) -> int:
    """Return up to which message all were looked at with the tombstones of today."""
    count, _, message = (tx.brakes.fact(_LOOKED_AT) or "0 0").partition(" ")
    return int(message) if int(count) == stones.count else 0


def _with_quotes(
    tx: Transaction,
    places: Places,
    personal: Personal,
    stones: Tombstones,
    quoting: Collection[int] = (),
) -> Plan:
    """Return the plan for what goes, with what others have quoted of it; `quoting` are known to."""
    words = _words_of(personal, lambda one: one.lower() in personal.addresses or one in stones)
    rows = tx.persons.quoting(personal, quoting)
    quotes = tuple(
        _without(row, words, stones)
        for row in rows
        if row["id"] in quoting or words.stand_in(_said(row))
    )
    names = [one.encode() for one in words.found]
    own = {row["sha256"] for row in personal.of("attachment")}
    files = tuple(
        row
        for row in tx.persons.files_of([row["id"] for row in quotes])
        if row["sha256"] in own
        or words.stand_in(row["filename"])
        or _holds(places.files, row["sha256"], names)
    )
    return Plan(personal, quotes, files)


def _words_of(personal: Personal, is_his: Callable[[str], bool]) -> Words:
    wrote = [row for row in personal.of("message") if is_his(row["from_address"])]
    to = [one for row in personal.of("message") for one in row["recipients"]]
    known = (*personal.of("participant"), *to)
    people = [
        *((row["from_name"], row["from_address"]) for row in wrote),
        *((one["name"], one["address"]) for one in known if is_his(one["address"])),
    ]
    return Words.of(
        (*personal.addresses, *(address for _, address in people)),
        (name for name, _ in people),
        (row["bare_subject"] for row in wrote),
        (row["text"] for row in wrote),
    )


def _said(row: Row) -> str:
    people = (f"{one['name']} {one['address']}" for one in row["recipients"])
    return "\n".join((row["from_name"], row["subject"], row["text"], *people))


def _without(row: Row, words: Words, stones: Tombstones) -> Row:
    """Return what stays of a message of somebody else: what is new in it, without his words. Its
    bytes go, for nothing can be taken out of them.
    """

    def out_of(text: str) -> str:
        return stones.without_addresses(words.out_of(text))

    said, subject = out_of(row["reply_text"]), out_of(row["subject"])
    return {
        "id": row["id"],
        "message_id": row["message_id"],
        "from_name": out_of(row["from_name"]),
        "recipients": [
            one for one in row["recipients"] if out_of(one["address"]) == one["address"]
        ],
        "subject": subject,
        "bare_subject": bare_subject(subject),
        "text": said,
        "reply_text": said,
        "report": None,
        "raw_sha256": None,
        "was": row["raw_sha256"],
    }


def _stone(key: bytes, plan: Plan, at: datetime) -> Tombstone:
    personal = plan.personal
    return Tombstone(
        at,
        tuple(mark_of(key, one) for one in personal.addresses),
        _marks(key, personal.of("message")),
        _marks(key, plan.quotes),
        tuple(sorted({*_bytes(personal.of("message")), *_bytes(plan.quotes)})),
        tuple(sorted({row["sha256"] for row in (*personal.of("attachment"), *plan.files)})),
    )


def _marks(key: bytes, rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(mark_of(key, row["message_id"]) for row in rows if row["message_id"])


def _bytes(rows: Iterable[Row]) -> Iterator[str]:
    return (one for row in rows for one in (row.get("was", row["raw_sha256"]),) if one)


def _carry_out(tx: Transaction, key: bytes, plan: Plan, at: datetime) -> Bytes:
    gone = tx.persons.erase(plan.personal, key, at, plan.quotes)
    files = tx.persons.drop_files(plan.files, at)
    for inbound_id, _ in plan.waiting:
        tx.persons.let_go(inbound_id)
    waiting = tuple(sha256 for _, sha256 in plan.waiting)
    return Bytes((*gone.raw, *waiting, *plan.orphans), (*gone.files, *files))


def _remove(places: Places, gone: Bytes, at: datetime) -> None:
    # Whatever its age: no record holds it, and none will.
    for sha256 in gone.raw:
        places.raw.remove(sha256, datetime.max.replace(tzinfo=at.tzinfo))
    for sha256 in gone.files:
        places.files.remove(sha256, datetime.max.replace(tzinfo=at.tzinfo))


def _sweep(places: Places, stones: Sequence[Tombstone], at: datetime) -> None:
    """Remove what a death has left of an erasure, or a restore has brought back."""
    raw = tuple({name for one in stones for name in one.raw})
    files = tuple({name for one in stones for name in one.files})
    with places.store.read() as tx:
        held = {one for some in _some(raw) for one in tx.rebuild.journaled(some)}
        held |= {one for some in _some(files) for one in tx.records.holds_files(some)}
    _remove(places, Bytes(_without_those(raw, held), _without_those(files, held)), at)


def _some(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE))


def _without_those(names: Iterable[str], held: Collection[str]) -> tuple[str, ...]:
    return tuple(one for one in names if one not in held)


def _orphans(tx: Transaction, raw: BlobStore, names: Sequence[bytes]) -> Iterable[str]:
    """Yield kept messages of his that no record knows: a death, or a restore, has left them."""
    kept = raw.names()
    while batch := list(islice(kept, _AT_ONCE)):
        known = tx.rebuild.journaled(batch)
        yield from (one for one in batch if one not in known and _holds(raw, one, names))


def _holds(blobs: BlobStore, sha256: str, names: Sequence[bytes]) -> bool:
    try:
        content = blobs.get(sha256).lower()
    except KeyError:
        return False
    return any(one in content for one in names)
