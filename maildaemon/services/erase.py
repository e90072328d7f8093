"""Takes a person out of the records, the kept bytes and files.

The tombstone is written before anything goes: whatever dies afterwards, what is left of him is
known, and the next look (`forget.forget_next`, or the same command again) takes it away. What he
writes later is new.

Kept files are read while nobody waits: a transaction that writes holds up all others, and a
database server ends one in which nothing is asked for seconds. It looks whether the records still
say what the plan was made of, and only then is the tombstone written: what a plan named that did
not hold, somebody else's answer in what has become his conversation, say, may have to stay.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from maildaemon.domain.erasure import People, Tombstone, Tombstones, Words, mark_of
from maildaemon.domain.person import Personal, Row
from maildaemon.domain.subjects import bare_subject
from maildaemon.errors import StoreUnavailableError
from maildaemon.ports import BlobStore
from maildaemon.ports.persons import Bytes, Graves
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.desk import log
from maildaemon.services.removal import remove_noted

_AT_ONCE = 500
# Whoever is writing a file has done so by then.
_WRITTEN = timedelta(minutes=10)
# A customer's records change when he writes, or is written to: hardly ever twice in a minute.
_ATTEMPTS = 5
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Places:
    """Where something of a person can stand, and the key by which he is remembered. `scrub` writes
    the database anew and returns in which files something may stay all the same, None for none.
    `people` tells who takes part in bytes that nobody has read.
    """

    store: Store
    raw: BlobStore
    files: BlobStore
    graves: Graves
    key: bytes
    scrub: Callable[[], str | None]
    people: Callable[[bytes], People]


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes. `quotes` are messages of others, as they are to be, and `copies` their bytes;
    `files` are theirs, with his words in them; `waiting` is in the journal and was not read;
    `orphans` no record knows. `ours`: our own addresses. `searched` are the messages of others, and
    `kept` their files, in which his words were looked for: while the records say the same, the plan
    holds.
    """

    personal: Personal
    quotes: tuple[Row, ...] = ()
    files: tuple[Row, ...] = ()
    copies: tuple[str, ...] = ()
    waiting: tuple[tuple[int, str], ...] = ()
    orphans: tuple[str, ...] = ()
    ours: frozenset[str] = frozenset()
    searched: tuple[Row, ...] = ()
    kept: tuple[Row, ...] = ()

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
    ours = frozenset(one.lower() for one in ours)
    with places.store.read() as tx:
        plan = _of_records(tx, places, addresses, ours)
        his = frozenset(plan.personal.addresses)
        waiting = tuple(
            (inbound_id, sha256)
            for inbound_id, sha256 in tx.persons.unprocessed()
            if _is_by(places, sha256, his)
        )
        orphans = tuple(_orphans(tx, places, his, ours))
    return replace(plan, waiting=waiting, orphans=orphans)


def _of_records(
    tx: Transaction, places: Places, addresses: Sequence[str], ours: Collection[str]
) -> Plan:
    personal = tx.persons.doomed(addresses, ours)
    plan = with_quotes(tx, places, personal, Tombstones(places.key))
    return replace(plan, ours=frozenset(ours))


def erase_person(places: Places, shown: Plan, at: datetime, by: str) -> Plan:
    """Erase what was planned, as it is by now, and remember it by keyed marks, even if nothing is
    kept; return what went. Raises StoreUnavailableError if his records change all the time: nothing
    has changed then.
    """
    plan = undisturbed(lambda: _erase(places, shown, at, by))
    remove_noted(places.store, places.raw, places.files, at, at_once=True)
    for blobs in (places.raw, places.files):
        blobs.drop_unfinished(at - _WRITTEN)
    log("person.erased", messages=plan.counts["messages"])
    return plan


def undisturbed(attempt: Callable[[], T | None]) -> T:
    """Return what the first attempt brings that is not None: the records have not changed in it."""
    for _ in range(_ATTEMPTS):
        done = attempt()
        if done is not None:
            return done
    raise StoreUnavailableError("the records of who is to be erased change all the time")


def _erase(places: Places, shown: Plan, at: datetime, by: str) -> Plan | None:
    """Erase, and return what went; None if the daemon has worked on it meanwhile."""
    with places.store.read() as tx:
        plan = _of_records(tx, places, shown.personal.addresses, shown.ours)
    plan = replace(plan, waiting=shown.waiting, orphans=shown.orphans)
    stone = _stone(places.key, plan, at)
    with places.store.begin() as tx:
        if not holds(tx, plan, tx.persons.doomed(plan.personal.addresses, plan.ours)):
            return None
        # Written before anything is gone, and before the database may forget it again.
        places.graves.add(stone)
        plan = _without_known(tx, plan)
        carry_out(tx, places.key, plan, at)
        for mailbox_id in sorted(plan.personal.mailboxes):
            # Who it was is not named once more.
            tx.records.note(mailbox_id, "person_erased", at, by=by, **plan.counts)
    return plan


def _without_known(tx: Transaction, plan: Plan) -> Plan:
    """Return the plan without what has become a record while somebody thought it over."""
    unread = {*tx.persons.unprocessed()}
    known = tx.rebuild.journaled(plan.orphans)
    return replace(
        plan,
        waiting=tuple(one for one in plan.waiting if one in unread),
        orphans=tuple(one for one in plan.orphans if one not in known),
    )


def holds(tx: Transaction, plan: Plan, personal: Personal, quoting: Collection[int] = ()) -> bool:
    """Tell whether the records say what they said when the plan was made; `personal` is what goes
    by now.
    """
    ids = [row["id"] for row in plan.quotes]
    return (
        personal == plan.personal
        and tx.persons.quoting(personal, quoting) == plan.searched
        and tx.persons.files_of(ids) == plan.kept
        and tx.persons.bytes_of(ids) == plan.copies
    )


def with_quotes(
    tx: Transaction,
    places: Places,
    personal: Personal,
    stones: Tombstones,
    quoting: Collection[int] = (),
) -> Plan:
    """Return the plan for what goes, with what others have quoted of it; `quoting` are known to.
    Reads kept files: for a transaction that only reads.
    """
    words = _words_of(personal, lambda one: one.lower() in personal.addresses or one in stones)
    rows = tx.persons.quoting(personal, quoting)
    quotes = tuple(
        _without(row, words, stones)
        for row in rows
        if row["id"] in quoting or words.stand_in(_said(row))
    )
    own = {row["sha256"] for row in personal.of("attachment")}
    kept = tx.persons.files_of([row["id"] for row in quotes])
    files = tuple(
        row
        for row in kept
        if row["sha256"] in own
        or words.stand_in(row["filename"])
        or _holds(places.files, row["sha256"], words)
    )
    copies = tx.persons.bytes_of([row["id"] for row in quotes])
    return Plan(personal, quotes, files, copies, searched=rows, kept=kept)


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
        tuple(sorted(_bytes(plan))),
        tuple(sorted({row["sha256"] for row in (*personal.of("attachment"), *plan.files)})),
    )


def _marks(key: bytes, rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(mark_of(key, row["message_id"]) for row in rows if row["message_id"])


def _bytes(plan: Plan) -> set[str]:
    """Return every copy of a message that goes."""
    rows = (*plan.personal.of("message"), *plan.personal.of("inbound"))
    held = {row["raw_sha256"] for row in rows} | {row["was"] for row in plan.quotes}
    waiting = {sha256 for _, sha256 in plan.waiting}
    return {one for one in held if one} | waiting | {*plan.copies, *plan.orphans}


def carry_out(tx: Transaction, key: bytes, plan: Plan, at: datetime) -> None:
    gone = tx.persons.erase(plan.personal, key, at, plan.quotes)
    files = tx.persons.drop_files(plan.files, at)
    for inbound_id, _ in plan.waiting:
        tx.persons.let_go(inbound_id)
    waiting = tuple(sha256 for _, sha256 in plan.waiting)
    # Whatever its age: no record holds it, and none will.
    left = Bytes((*gone.raw, *waiting, *plan.orphans), (*gone.files, *files))
    tx.removals.note(left, at_once=True)


def _orphans(
    tx: Transaction, places: Places, his: frozenset[str], ours: frozenset[str]
) -> Iterable[str]:
    """Yield kept messages of his, or ours to him alone, that no record knows: a death, or a
    restore, has left them. What others wrote may be all that is left of it.
    """
    kept = places.raw.names()
    while batch := list(islice(kept, _AT_ONCE)):
        known = tx.rebuild.journaled(batch)
        for one in batch:
            if one not in known and _is_by(places, one, his, ours):
                yield one


def _is_by(
    places: Places, sha256: str, his: frozenset[str], ours: frozenset[str] = frozenset()
) -> bool:
    """Tell whether nobody else wrote a message: to lose what another says for a mention of him
    would be worse than to keep it. One of `ours` is his if it went to nobody else for certain.
    """
    try:
        people = places.people(places.raw.get(sha256))
    except KeyError:
        return False
    authors, recipients = people.authors, people.recipients
    if authors and authors <= his:
        return True
    to_him = bool(authors and recipients) and authors <= ours and recipients <= his
    return to_him and people.is_whole


def _holds(blobs: BlobStore, sha256: str, words: Words) -> bool:
    try:
        return words.stand_in_bytes(blobs.get(sha256))
    except KeyError:
        return False
