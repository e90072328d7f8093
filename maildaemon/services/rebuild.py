"""Builds the records anew from what outlives a database: the mailbox, and the bytes that are kept.

Everything is recorded as history, and history is silent: nothing automatic follows from it. What
was sent is known by its copy in Sent, so nothing is sent again.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from maildaemon.domain.message import Message
from maildaemon.domain.reading import Reading
from maildaemon.domain.recipients import addressed
from maildaemon.ports import BlobStore, Mailbox, Now, Parser, Role
from maildaemon.ports.rebuild import Holdings
from maildaemon.ports.rows import Concern, FolderRow, Seen
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.desk import Desk
from maildaemon.services.first_start import start_mailbox
from maildaemon.services.receive import record_everything

# No folder of a server is called so.
KEPT = "(kept bytes)"
_BEGINNING = datetime(1970, 1, 2, tzinfo=UTC)
_CURRENT = timedelta(days=30)
_AT_ONCE = 200
_CONCERN = "rebuild"
_UNFINISHED = Concern(
    "unfinished",
    "the records are being built anew, and are not whole",
    "if no `maildaemon rebuild` is running: start it again, it goes on where it was",
)

Progress = Callable[[str, int, int], None]


def record_mailbox(
    store: Store,
    mailbox: Mailbox,
    blobs: BlobStore,
    parser: Parser,
    desk: Desk,
    now: Now,
    progress: Progress,
) -> int:
    """Record all that lies in the watched folders; return how many messages are new.

    May be broken off and repeated. What arrives from now on is new, and read by the daemon.
    """
    with store.begin() as tx:
        tx.mailboxes.set_concerns(desk.mailbox_id, _CONCERN, [_UNFINISHED], now())
    start_mailbox(store, mailbox, parser, desk, now)
    return record_everything(store, mailbox, blobs, desk, _BEGINNING, now, progress)


def record_kept(
    store: Store,
    blobs: BlobStore,
    parser: Parser,
    desks: Sequence[Desk],
    arrived: Callable[[bytes], datetime | None],
    now: Now,
    progress: Progress,
) -> int:
    """Record messages whose bytes are kept, and that lie in no watched folder any more; return how
    many. `arrived` tells when a message came, by its header.
    """
    names, total, looked = blobs.names(), 0, 0
    while batch := list(islice(names, _AT_ONCE)):
        with store.read() as tx:
            known = tx.rebuild.journaled(batch)
        found: dict[int, list[Seen]] = {}
        for sha256 in (one for one in batch if one not in known):
            raw = blobs.get(sha256)
            head = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            at = min(arrived(raw) or now(), now())
            desk = _owner(parser.parse(head, Reading()).message, desks)
            found.setdefault(desk.mailbox_id, []).append(Seen(0, len(raw), at, sha256))
        for mailbox_id, seen in found.items():
            with store.begin() as tx:
                total += _journal(tx, mailbox_id, seen, now())
        looked += len(batch)
        progress("kept bytes", looked, looked)
    return total


def _owner(message: Message, desks: Sequence[Desk]) -> Desk:
    """Return the mailbox that a message came to."""
    to = addressed(message)
    return next((one for one in desks if not to.isdisjoint(one.policy.addresses)), desks[0])


def _journal(tx: Transaction, mailbox_id: int, seen: Sequence[Seen], now: datetime) -> int:
    folder = _kept_folder(tx, mailbox_id) or tx.mailboxes.set_cursor(
        mailbox_id, KEPT, Role.OTHER, 1, 0
    )
    numbered = [
        Seen(folder.last_uid + number, one.size, one.received_at, one.raw_sha256)
        for number, one in enumerate(seen, 1)
    ]
    count = tx.inbound.record(mailbox_id, folder, numbered, now=now, history=True)
    tx.mailboxes.advance(folder, numbered[-1].uid)
    return count


def _kept_folder(tx: Transaction, mailbox_id: int) -> FolderRow | None:
    rows: Iterator[FolderRow] = iter(tx.mailboxes.folders(mailbox_id))
    return next((row for row in rows if row.name == KEPT), None)


def conclude(store: Store, desk: Desk, now: Now) -> Holdings:
    """Conclude the rebuild of a mailbox once all of it is processed; return what there is now.

    Who has written lately is looked after again, as far as he writes again: all that stands there
    is history. What lies in the mailbox no more waits for nobody.
    """
    with store.begin() as tx:
        if kept := _kept_folder(tx, desk.mailbox_id):
            tx.rebuild.settle_absent(kept, now())
        tx.rebuild.revive(desk.mailbox_id, now() - _CURRENT)
        tx.mailboxes.set_concerns(desk.mailbox_id, _CONCERN, [], now())
        return tx.rebuild.holdings(desk.mailbox_id)
