r"""Fetches what is new and writes it down, bytes first. The mailbox is only read.

A cursor (UIDVALIDITY, last UID) per folder says how far we are; it moves in the same transaction
as the journal rows of what was fetched and the gaps of what was not delivered, so that a death
at any point only means that something is fetched again. `\Seen` belongs to people.
"""

import logging
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from maildaemon.domain.brakes import Brake
from maildaemon.domain.waiting import gap_is_alarming, next_gap_attempt
from maildaemon.errors import NoSuchFolderError
from maildaemon.ports import (
    BlobStore,
    FolderName,
    FolderState,
    Listed,
    Mailbox,
    Now,
    Role,
)
from maildaemon.ports.rows import FolderRow, GapRow, Seen
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.brakes import put_on, watch_clock
from maildaemon.services.desk import Desk, log
from maildaemon.services.folders import tell_missing, watched
from maildaemon.services.renumbered import NOTHING_KNOWN, Journaled, journaled, recognise

_BATCH_MESSAGES = 50
_BATCH_BYTES = 8_000_000
_WINDOW = 1_000


@dataclass(frozen=True, slots=True)
class Haste:
    """What lets whoever has just written wait for little.

    `soon`: the inbox and then the folders of sent mail, as they were last listed; they are read
    before the server is asked for its folders, and `read` is called if anything was new. `listed`
    is told of the folders. `expect` is given the bytes of a mail that comes alone to an inbox,
    before they are kept.
    """

    soon: tuple[FolderName, ...] = ()
    read: Callable[[], None] = lambda: None
    listed: Callable[[Sequence[FolderName]], None] = lambda _: None
    expect: Callable[[bytes], None] = lambda _: None


def receive_new(
    store: Store,
    mailbox: Mailbox,
    blobs: BlobStore,
    desk: Desk,
    now: Now,
    news: Callable[[], None] = lambda: None,
    haste: Haste = Haste(),
) -> int:
    """Record what is new in the watched folders; return how many messages.

    Each batch is committed by itself, and `news` called after it. Raises what the mailbox raises;
    what was committed stays.
    """
    reading = _Reading(store, mailbox, blobs, desk, now, haste.expect)
    count = 0
    looked: list[tuple[FolderRow, datetime]] = []
    with store.read() as tx:
        known = {row.name: row for row in tx.mailboxes.folders(desk.mailbox_id)}
        withheld = tx.inbound.folders_with_due_gaps(desk.mailbox_id, now())

    def read(name: FolderName) -> int:
        asked_at = now()
        folder, new = reading.read_new(name, known.get(name.name), withheld, news)
        looked.append((folder, asked_at))
        return new

    # One may have another name by now: then the list tells.
    with suppress(NoSuchFolderError):
        for name in haste.soon:
            count += read(name)
            if not count:
                break
    done = {folder.name for folder, _ in looked}
    if count:
        with store.begin() as tx:
            _note_looked(tx, looked)
        looked.clear()
        haste.read()
    names = watched(mailbox)
    haste.listed(names)
    tell_missing(store, mailbox, desk, names, [*known.values()], now())
    others = sum(read(name) for name in names if name.name not in done)
    early = [name for name in names if name.role is Role.SENT and name.name in done]
    if others and early:
        # It may be answered in what was read before it was recorded.
        with store.read() as tx:
            known |= {row.name: row for row in tx.mailboxes.folders(desk.mailbox_id)}
        count += sum(read(name) for name in early)
    count += others
    with store.begin() as tx:
        _note_looked(tx, looked)
        _demote(tx, desk, {name.name for name in names if name.role is Role.SENT})
    return count


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
    reading = _Reading(store, mailbox, blobs, desk, now)
    # Spam of the past is nobody's history.
    names = [name for name in watched(mailbox) if name.role is not Role.JUNK]
    return sum(reading.read_history(name, since, progress) for name in names)


def record_everything(
    store: Store,
    mailbox: Mailbox,
    blobs: BlobStore,
    desk: Desk,
    since: datetime,
    now: Now,
    progress: Callable[[str, int, int], None],
) -> int:
    """Do what `backfill` does in all watched folders, Junk as well; what lies in them since then
    must be recorded from now on.
    """
    reading = _Reading(store, mailbox, blobs, desk, now)
    count = 0
    for name in watched(mailbox):
        count += reading.read_history(name, since, progress)
        with store.begin() as tx:
            for row in tx.mailboxes.folders(desk.mailbox_id):
                if row.name == name.name:
                    tx.mailboxes.began(row, 0)
    return count


def record_again(
    store: Store,
    mailbox: Mailbox,
    blobs: BlobStore,
    desk: Desk,
    name: str,
    uids: Sequence[int],
    void: Sequence[int],
    now: Now,
) -> int:
    """Record these messages of a folder although its cursor has passed them; return how many are
    new. Of those in `void` what is in the journal is another message.
    """
    reading = _Reading(store, mailbox, blobs, desk, now)
    return reading.record_again(name, frozenset(uids), void)


def _note_looked(tx: Transaction, looked: Iterable[tuple[FolderRow, datetime]]) -> None:
    for folder, asked_at in looked:
        tx.mailboxes.looked(folder, asked_at)


def _demote(tx: Transaction, desk: Desk, sent: Collection[str]) -> None:
    """Take for no folder of sent mail what is not among these by now."""
    for row in tx.mailboxes.folders(desk.mailbox_id):
        if row.role is Role.SENT and row.name not in sent:
            # Nobody looks there any more: what is not in it proves nothing.
            tx.mailboxes.demote(row.folder_id)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What reading the folders of one mailbox takes."""

    store: Store
    mailbox: Mailbox
    blobs: BlobStore
    desk: Desk
    now: Now
    expect: Callable[[bytes], None] = lambda _: None

    def read_new(
        self,
        name: FolderName,
        known: FolderRow | None,
        withheld: frozenset[int],
        news: Callable[[], None],
    ) -> tuple[FolderRow, int]:
        """Record what is new in one folder; return the folder and how many messages. `withheld`:
        in which folders something is to be asked for again.
        """
        state = self.mailbox.examine(name.name)
        folder = self._cursor(name, known, state)
        count = 0
        # UIDNEXT is a lower bound: if it has not moved, there is nothing to ask for.
        if state.uidnext is None or state.uidnext - 1 > folder.last_uid:
            for window in _windows(self.mailbox.list_after(name.name, folder.last_uid)):
                journal = journaled(self.store, folder, window)
                with closing(self._fetched_ahead(folder, window, journal)) as batches:
                    for batch, seen in batches:
                        count += self._keep(folder, batch, seen)
                        news()
        if count or folder.folder_id in withheld:
            self._retry_gaps(folder)
        return folder, count

    def read_history(
        self, name: FolderName, since: datetime, progress: Callable[[str, int, int], None]
    ) -> int:
        """Record what stands below the cursor and is not recorded; return how many are new."""
        with self.store.read() as tx:
            rows = {row.name: row for row in tx.mailboxes.folders(self.desk.mailbox_id)}
        folder = self._cursor(name, rows.get(name.name), self.mailbox.examine(name.name))
        listed = self.mailbox.list_since(name.name, since)
        # Above the cursor it is no history: the ordinary way takes it, and may answer it.
        older = [one for one in listed if one.uid <= folder.last_uid]
        with self.store.read() as tx:
            known = tx.inbound.known_uids(folder, [one.uid for one in older])
        missing = [one for one in older if one.uid not in known]
        new = done = 0
        with closing(self._fetched_ahead(folder, missing)) as batches:
            for batch, seen in batches:
                new += self._keep(folder, batch, seen, history=True)
                done += len(batch)
                progress(name.name, done, len(missing))
        return new

    def record_again(self, name: str, uids: frozenset[int], void: Sequence[int]) -> int:
        """See `record_again`."""
        with self.store.read() as tx:
            rows = {row.name: row for row in tx.mailboxes.folders(self.desk.mailbox_id)}
        folder = rows.get(name)
        if not uids or folder is None:
            return 0
        if self.mailbox.examine(name).uidvalidity != folder.uidvalidity:
            return 0  # it is read again as a whole
        with self.store.begin() as tx:
            for uid in void:
                tx.audit.forget(folder, uid)
        listed = [one for one in self.mailbox.list_after(name, min(uids) - 1) if one.uid in uids]
        with closing(self._fetched_ahead(folder, listed)) as batches:
            return sum(self._keep(folder, *one) for one in batches)

    def _fetched_ahead(
        self, folder: FolderRow, listed: Sequence[Listed], known: Journaled = NOTHING_KNOWN
    ) -> Generator[tuple[tuple[Listed, ...], list[Seen]], None, None]:
        """Yield batches with what the server delivers of them, its bytes kept; while one is
        committed, the next one is on its way. It has to be closed: whoever leaves before its end
        must not use the connection beside it.
        """
        batches = [*_batches(listed)]
        with ThreadPoolExecutor(1, thread_name_prefix="fetching") as ahead:
            coming: Future[list[Seen]] | None = None
            for batch, following in zip_longest(batches, batches[1:]):
                seen = coming.result() if coming else self._fetch(folder, batch, known)
                # One connection is used by one thread at a time.
                coming = ahead.submit(self._fetch, folder, following, known) if following else None
                yield batch, seen

    def _cursor(self, name: FolderName, folder: FolderRow | None, state: FolderState) -> FolderRow:
        """Return how far the folder has been read, as far as its UIDs still mean the same."""
        if folder is None:
            return self._set_cursor(name, state, self._since_first_start(name, state))
        if folder.uidvalidity != state.uidvalidity:
            self._tell_renumbered(name)
            return self._set_cursor(name, state, 0)
        if folder.role is not name.role:
            return self._set_cursor(name, state, folder.last_uid)
        return folder

    def _set_cursor(self, name: FolderName, state: FolderState, last_uid: int) -> FolderRow:
        with self.store.begin() as tx:
            return tx.mailboxes.set_cursor(
                self.desk.mailbox_id, name.name, name.role, state.uidvalidity, last_uid
            )

    def _since_first_start(self, name: FolderName, state: FolderState) -> int:
        """Return where a folder that appears later begins: what is older stays history."""
        with self.store.read() as tx:
            started_at = tx.mailboxes.get(self.desk.mailbox_id).started_at
        newer = self.mailbox.list_since(name.name, started_at) if started_at else ()
        if newer:
            return min(one.uid for one in newer) - 1
        return newest_uid(self.mailbox, name, state)

    def _tell_renumbered(self, name: FolderName) -> None:
        # RFC 9051 §2.3.1.1: all UIDs are void. Everything is read again and recognised by content.
        log(
            "folder.renumbered",
            logging.WARNING,
            mailbox=self.desk.policy.mailbox,
            folder=name.name,
        )
        if name.role in {Role.SENT, Role.JUNK}:
            return  # nothing there is ever answered
        why = f"the server has numbered its messages anew in {name.name}"
        with self.store.begin() as tx:
            # What was never recorded cannot be recognised, and old mail may look new by now.
            put_on(tx, self.desk, Brake.RENUMBERED, why, self.now())

    def _keep(
        self,
        folder: FolderRow,
        batch: tuple[Listed, ...],
        seen: Sequence[Seen],
        *,
        history: bool = False,
    ) -> int:
        """Commit what is known of a batch, whose bytes are kept."""
        withheld = {one.uid for one in batch} - {one.uid for one in seen}
        now = self.now()
        with self.store.begin() as tx:
            new = tx.inbound.record(self.desk.mailbox_id, folder, seen, now=now, history=history)
            tx.inbound.add_gaps(folder, sorted(withheld), now)
            if not history:
                tx.mailboxes.advance(folder, batch[-1].uid)
            dates = [one.internal_date for one in batch if one.internal_date is not None]
            if dates and not history and folder.role is Role.INBOX:
                watch_clock(tx, self.desk, max(dates), now)
        for one in seen:
            log(
                "message.received",
                mailbox=self.desk.policy.mailbox,
                folder=folder.name,
                uid=one.uid,
                size=one.size,
                raw=(one.raw_sha256 or "")[:12],
                header_only=one.header_only or None,
                history=history or None,
            )
        return new

    def _fetch(
        self, folder: FolderRow, batch: Sequence[Listed], known: Journaled = NOTHING_KNOWN
    ) -> list[Seen]:
        limit = self.desk.policy.max_message_size
        again = recognise(self.mailbox, self.blobs, folder, batch, known)
        uids = {one.uid for one in again}
        rest = [one for one in batch if one.uid not in uids]
        # What is alone is what somebody waits for.
        expect = self.expect if folder.role is Role.INBOX and len(rest) == 1 else None
        fetched = fetch_seen(self.mailbox, self.blobs, folder.name, rest, limit, self.now, expect)
        return sorted((*again, *fetched), key=lambda one: one.uid)

    def _retry_gaps(self, folder: FolderRow) -> None:
        with self.store.read() as tx:
            gaps = tx.inbound.due_gaps(folder, self.now())
        if not gaps:
            return
        listed = {one.uid: one for one in self.mailbox.list_after(folder.name, gaps[0].uid - 1)}
        for gap in gaps:
            self._retry_gap(folder, gap, listed.get(gap.uid))

    def _retry_gap(self, folder: FolderRow, gap: GapRow, listed: Listed | None) -> None:
        """Ask once more for what the server withheld; `listed` None: it lists it no more."""
        seen = self._fetch(folder, [listed]) if listed else []
        now = self.now()
        with self.store.begin() as tx:
            if seen:
                tx.inbound.record(self.desk.mailbox_id, folder, seen, now=now)
                tx.inbound.close_gap(gap.gap_id, "closed")
                return
            if listed is None:
                tx.inbound.close_gap(gap.gap_id, "gone")
                return
        ask_again(self.store, self.desk, folder, gap, now)


def fetch_seen(
    mailbox: Mailbox,
    blobs: BlobStore,
    folder: str,
    batch: Sequence[Listed],
    limit: int,
    now: Now,
    expect: Callable[[bytes], None] | None = None,
) -> list[Seen]:
    """Return what the server delivers of a batch, its bytes kept; above `limit` only headers.
    `expect` is given those of whole messages before.
    """
    by_uid = {one.uid: one for one in batch}
    whole = [one.uid for one in batch if one.size <= limit]
    large = [one.uid for one in batch if one.size > limit]
    found = [(one, False) for one in (mailbox.fetch(folder, whole) if whole else ())]
    if expect is not None:
        for one, _ in found:
            expect(one.raw)
    found += [(one, True) for one in (mailbox.fetch_headers(folder, large) if large else ())]
    kept = blobs.put_all([one.raw for one, _ in found])
    seen = []
    for (fetched, header_only), sha256 in zip(found, kept, strict=True):
        listed = by_uid[fetched.uid]
        # Clients date their copies in Sent by clocks that run ahead: what is there has come by now.
        received_at = min(listed.internal_date or now(), now())
        size = listed.size if header_only else len(fetched.raw)
        seen.append(Seen(fetched.uid, size, received_at, sha256, header_only))
    return seen


def ask_again(store: Store, desk: Desk, folder: FolderRow, gap: GapRow, now: datetime) -> None:
    """Have what the server still withholds asked for again later; after a day people are told."""
    alarmed = gap_is_alarming(gap.seen_at, now)
    retry_at = next_gap_attempt(gap.attempts + 1, gap.seen_at, now)
    with store.begin() as tx:
        tx.inbound.retry_gap(gap, retry_at, alarmed=alarmed)
    log(
        "message.withheld",
        logging.ERROR if alarmed else logging.WARNING,
        mailbox=desk.policy.mailbox,
        folder=folder.name,
        uid=gap.uid,
        since=gap.seen_at.isoformat(),
        attempts=gap.attempts + 1,
    )


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


def _windows(listed: Sequence[Listed]) -> Iterator[Sequence[Listed]]:
    """Yield what is listed in parts for which the journal is looked through once each."""
    for start in range(0, len(listed), _WINDOW):
        yield listed[start : start + _WINDOW]


def newest_uid(mailbox: Mailbox, name: FolderName, state: FolderState) -> int:
    """Return the UID of the newest message of a folder that was just examined, 0 for none."""
    if state.uidnext is not None:
        return state.uidnext - 1
    return max((one.uid for one in mailbox.list_after(name.name, 0)), default=0)
