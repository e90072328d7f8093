r"""Fetches what is new and writes it down, bytes first. The mailbox is only read.

A cursor (UIDVALIDITY, last UID) per folder says how far we are; it moves in the same transaction
as the journal rows of what was fetched and the gaps of what was not delivered, so that a death
at any point only means that something is fetched again. `\Seen` belongs to people.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from maildaemon.domain.waiting import gap_is_alarming, next_gap_attempt
from maildaemon.ports import BlobStore, FolderName, Listed, Mailbox, Now, Parser, Role
from maildaemon.ports.rows import Earlier, FolderRow, GapRow, Seen
from maildaemon.ports.store import Store
from maildaemon.services.desk import Desk, log

WATCHED = frozenset({Role.INBOX, Role.SENT, Role.OTHER})
HISTORY_READ_AT_START = timedelta(days=90)
_BATCH_MESSAGES = 50
_BATCH_BYTES = 8_000_000
_HEADERS_AT_ONCE = 500


def receive_new(
    store: Store,
    mailbox: Mailbox,
    blobs: BlobStore,
    desk: Desk,
    now: Now,
    news: Callable[[], None] = lambda: None,
) -> int:
    """Record what is new in the watched folders; return how many messages.

    Each batch is committed by itself, and `news` called after it. Raises what the mailbox raises;
    what was committed stays.
    """
    count = 0
    # Sent comes last: a mail goes out once Sent has been read after its cause was recorded.
    names = sorted(mailbox.folders(), key=lambda name: name.role is Role.SENT)
    looked: list[tuple[FolderRow, datetime]] = []
    for name in names:
        if name.role in WATCHED:
            asked_at = now()
            folder, new = _receive_folder(store, mailbox, blobs, desk, name, now, news)
            looked.append((folder, asked_at))
            count += new
    with store.begin() as tx:
        for folder, asked_at in looked:
            tx.mailboxes.looked(folder, asked_at)
        sent = {name.name for name in names if name.role is Role.SENT}
        for row in tx.mailboxes.folders(desk.mailbox_id):
            if row.role is Role.SENT and row.name not in sent:
                # Nobody looks there any more: what is not in it proves nothing.
                tx.mailboxes.demote(row.folder_id)
    return count


def _receive_folder(
    store: Store,
    mailbox: Mailbox,
    blobs: BlobStore,
    desk: Desk,
    name: FolderName,
    now: Now,
    news: Callable[[], None],
) -> tuple[FolderRow, int]:
    state = mailbox.examine(name.name)
    folder = _cursor(store, mailbox, desk, name, state.uidvalidity)
    count = 0
    # UIDNEXT is a lower bound: if it has not moved, there is nothing to ask for.
    if state.uidnext is None or state.uidnext - 1 > folder.last_uid:
        for batch in _batches(mailbox.list_after(name.name, folder.last_uid)):
            count += _record(store, mailbox, blobs, desk, folder, batch, now)
            news()
    _retry_gaps(store, mailbox, blobs, desk, folder, now)
    return folder, count


def _cursor(
    store: Store, mailbox: Mailbox, desk: Desk, name: FolderName, uidvalidity: int
) -> FolderRow:
    with store.read() as tx:
        known = {row.name: row for row in tx.mailboxes.folders(desk.mailbox_id)}
        row = tx.mailboxes.ensure(desk.policy.mailbox)
    folder = known.get(name.name)
    if folder and folder.uidvalidity == uidvalidity and folder.role is name.role:
        return folder
    last_uid = 0
    if folder is None:
        # A folder that appears later: what is older than our first start stays history.
        newer = mailbox.list_since(name.name, row.started_at) if row.started_at else ()
        last_uid = min((one.uid for one in newer), default=1) - 1
    elif folder.uidvalidity == uidvalidity:
        last_uid = folder.last_uid
    else:
        # RFC 9051 §2.3.1.1: all UIDs are void. Everything is read again and recognised by content.
        log(
            "folder.renumbered",
            level=logging.WARNING,
            mailbox=desk.policy.mailbox,
            folder=name.name,
        )
    with store.begin() as tx:
        return tx.mailboxes.set_cursor(desk.mailbox_id, name.name, name.role, uidvalidity, last_uid)


def _batches(listed: Sequence[Listed]) -> Iterator[tuple[Listed, ...]]:
    """Yield runs of messages that are fetched and committed together."""
    batch: list[Listed] = []
    size = 0
    for one in listed:
        if batch and (len(batch) == _BATCH_MESSAGES or size + one.size > _BATCH_BYTES):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(one)
        size += one.size
    if batch:
        yield tuple(batch)


def _record(
    store: Store,
    mailbox: Mailbox,
    blobs: BlobStore,
    desk: Desk,
    folder: FolderRow,
    batch: tuple[Listed, ...],
    now: Now,
    *,
    history: bool = False,
) -> int:
    """Fetch a batch, keep the bytes, then commit rows, gaps and cursor at once."""
    seen = _fetch(mailbox, blobs, desk, folder, batch, now)
    withheld = {one.uid for one in batch} - {one.uid for one in seen}
    with store.begin() as tx:
        new = tx.inbound.record(desk.mailbox_id, folder, seen, now=now(), history=history)
        tx.inbound.add_gaps(folder, sorted(withheld), now())
        if not history:
            tx.mailboxes.advance(folder, batch[-1].uid)
    for one in seen:
        log(
            "message.received",
            mailbox=desk.policy.mailbox,
            folder=folder.name,
            uid=one.uid,
            size=one.size,
            raw=(one.raw_sha256 or "")[:12],
            history=history or None,
        )
    return new


def _fetch(
    mailbox: Mailbox,
    blobs: BlobStore,
    desk: Desk,
    folder: FolderRow,
    batch: tuple[Listed, ...],
    now: Now,
) -> list[Seen]:
    by_uid = {one.uid: one for one in batch}
    limit = desk.policy.max_message_size
    whole = [one.uid for one in batch if one.size <= limit]
    large = [one.uid for one in batch if one.size > limit]
    seen = []
    fetches = ((mailbox.fetch, whole, False), (mailbox.fetch_headers, large, True))
    for fetch, uids, header_only in fetches:
        for fetched in fetch(folder.name, uids) if uids else ():
            listed = by_uid[fetched.uid]
            received_at = listed.internal_date or now()
            size = listed.size if header_only else len(fetched.raw)
            seen.append(Seen(fetched.uid, size, received_at, blobs.put(fetched.raw), header_only))
    return seen


def _retry_gaps(
    store: Store, mailbox: Mailbox, blobs: BlobStore, desk: Desk, folder: FolderRow, now: Now
) -> None:
    with store.read() as tx:
        gaps = tx.inbound.due_gaps(folder, now())
    for gap in gaps:
        listed = [one for one in mailbox.list_after(folder.name, gap.uid - 1) if one.uid == gap.uid]
        seen = _fetch(mailbox, blobs, desk, folder, tuple(listed), now) if listed else []
        with store.begin() as tx:
            if seen:
                tx.inbound.record(desk.mailbox_id, folder, seen, now=now())
                tx.inbound.close_gap(gap.gap_id, "closed")
            elif not listed:
                tx.inbound.close_gap(gap.gap_id, "gone")
            else:
                alarmed = gap_is_alarming(gap.seen_at, now())
                retry_at = next_gap_attempt(gap.attempts + 1, gap.seen_at, now())
                tx.inbound.retry_gap(gap, retry_at, alarmed=alarmed)
                _tell_gap(desk, folder, gap, alarmed=alarmed)


def _tell_gap(desk: Desk, folder: FolderRow, gap: GapRow, *, alarmed: bool) -> None:
    log(
        "message.withheld",
        logging.ERROR if alarmed else logging.WARNING,
        mailbox=desk.policy.mailbox,
        folder=folder.name,
        uid=gap.uid,
        since=gap.seen_at.isoformat(),
        attempts=gap.attempts + 1,
    )


def start_mailbox(store: Store, mailbox: Mailbox, parser: Parser, desk: Desk, now: Now) -> bool:
    """On the first start, set the cursors to the newest message and read the headers of the last
    90 days, so that running conversations are known. Return False if that was done before.

    Nothing of it is ever answered. A death in the middle only means that it is read again.
    """
    with store.read() as tx:
        if tx.mailboxes.ensure(desk.policy.mailbox).started_at is not None:
            return False
        known = {folder.name for folder in tx.mailboxes.folders(desk.mailbox_id)}
    started_at = now()
    names = [name for name in mailbox.folders() if name.role in WATCHED]
    for name in names:
        if name.name not in known:
            _begin_at_newest(store, mailbox, desk, name)
    count = sum(_read_headers(store, mailbox, parser, desk, name, started_at) for name in names)
    with store.begin() as tx:
        tx.mailboxes.started(desk.mailbox_id, started_at)
    log("mailbox.started", mailbox=desk.policy.mailbox, earlier=count)
    return True


def _begin_at_newest(store: Store, mailbox: Mailbox, desk: Desk, name: FolderName) -> None:
    state = mailbox.examine(name.name)
    newest = state.uidnext - 1 if state.uidnext is not None else None
    if newest is None:
        newest = max((one.uid for one in mailbox.list_after(name.name, 0)), default=0)
    with store.begin() as tx:
        tx.mailboxes.set_cursor(desk.mailbox_id, name.name, name.role, state.uidvalidity, newest)


def _read_headers(
    store: Store,
    mailbox: Mailbox,
    parser: Parser,
    desk: Desk,
    name: FolderName,
    started_at: datetime,
) -> int:
    with store.read() as tx:
        folder = {row.name: row for row in tx.mailboxes.folders(desk.mailbox_id)}[name.name]
    listed = mailbox.list_since(name.name, started_at - HISTORY_READ_AT_START)
    uids = [one.uid for one in listed if one.uid <= folder.last_uid]
    for start in range(0, len(uids), _HEADERS_AT_ONCE):
        chunk = uids[start : start + _HEADERS_AT_ONCE]
        found = [
            parser.parse(fetched.raw, ()).message
            for fetched in mailbox.fetch_headers(name.name, chunk)
        ]
        with store.begin() as tx:
            tx.add_earlier(
                desk.mailbox_id,
                [
                    Earlier(one.message_id, one.from_.key if one.from_ else "", one.date)
                    for one in found
                ],
            )
    return len(uids)


def backfill(
    store: Store,
    mailbox: Mailbox,
    blobs: BlobStore,
    desk: Desk,
    since: datetime,
    now: Now,
    progress: Callable[[str, int, int], None],
) -> int:
    """Record the history since a date, whole and silently; return how many messages are new.

    `progress(folder, done, total)` is called after each committed batch. May be broken off and
    repeated: what stands in the journal is not fetched again.
    """
    new = 0
    for name in mailbox.folders():
        if name.role not in WATCHED:
            continue
        state = mailbox.examine(name.name)
        folder = _cursor(store, mailbox, desk, name, state.uidvalidity)
        # Above the cursor it is no history: the ordinary way takes it, and may answer it.
        listed = [one for one in mailbox.list_since(name.name, since) if one.uid <= folder.last_uid]
        with store.read() as tx:
            known = tx.inbound.known_uids(folder, [one.uid for one in listed])
        missing = [one for one in listed if one.uid not in known]
        done = 0
        for batch in _batches(missing):
            new += _record(store, mailbox, blobs, desk, folder, batch, now, history=True)
            done += len(batch)
            progress(name.name, done, len(missing))
    return new
