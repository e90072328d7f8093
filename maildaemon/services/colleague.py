"""Reads the Sent folder of a colleague's own account for answers to the mailboxes we look after.

What belongs to a thread of theirs is recorded there, as if it stood in their own Sent. Of
everything else nothing is kept: its header is looked at, and forgotten. As the answer may be seen
before the message that it answers has been processed, what answers something unknown is looked at
again until the other mailboxes have been read and decided past it; until then the cursor waits.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maildaemon.domain.matching import Author, match_thread, telling_subject
from maildaemon.domain.message import Message
from maildaemon.domain.threads import Clues
from maildaemon.domain.tokens import is_ours
from maildaemon.errors import MailboxRefusedError
from maildaemon.ports import BlobStore, FolderName, FolderState, Listed, Mailbox, Now, Parser, Role
from maildaemon.ports.rows import FolderRow, GapRow
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.context import staff_recipients
from maildaemon.services.desk import Desk, log
from maildaemon.services.receive import ask_again, fetch_seen

_AT_ONCE = 100


def read_colleague(
    store: Store,
    mailbox: Mailbox,
    blobs: BlobStore,
    parser: Parser,
    desk: Desk,
    now: Now,
    news: Callable[[], None] = lambda: None,
) -> int:
    """Record what a colleague has newly answered; return how many mails.

    `news` is called after each commit that recorded some. Raises what the mailbox raises, and
    MailboxRefusedError where there is no folder of sent mail; what was committed stays.
    """
    name = next((one for one in mailbox.folders() if one.role is Role.SENT), None)
    if name is None:
        raise MailboxRefusedError(
            "the account has no folder of sent mail, and nothing else of it is read",
            where=desk.policy.mailbox,
            advice="name the folder in the configuration (`imap.sent`)",
        )
    return _Reading(store, mailbox, blobs, parser, desk, now, news).read(name)


@dataclass(frozen=True, slots=True)
class _Look:
    """What came of a look at some messages: `undecided` may answer what nobody has read yet."""

    homes: dict[int, int]
    undecided: frozenset[int]
    withheld: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What reading one account takes."""

    store: Store
    mailbox: Mailbox
    blobs: BlobStore
    parser: Parser
    desk: Desk
    now: Now
    news: Callable[[], None]

    def read(self, name: FolderName) -> int:
        asked_at = self.now()
        state = self.mailbox.examine(name.name)
        folder = self._cursor(name, state)
        listed: Sequence[Listed] = ()
        if state.uidnext is None or state.uidnext - 1 > folder.last_uid:
            listed = self.mailbox.list_after(name.name, folder.last_uid)
        # Asked first, looked at afterwards: what they decided by then is seen.
        decided = folder.held_since is not None and self._have_decided(folder.held_since)
        forgotten = (folder.held_uid or 0) if decided else 0
        count, waiting = self._sort(folder, listed, forgotten)
        count += self._retry_gaps(folder)
        self._move_on(folder, listed, waiting, asked_at, keep=not decided)
        return count

    def _cursor(self, name: FolderName, state: FolderState) -> FolderRow:
        """Return how far the folder has been read. What stood there at first is left alone."""
        mailbox_id = self.desk.mailbox_id
        with self.store.read() as tx:
            started_at = tx.mailboxes.get(mailbox_id).started_at
            known = {row.name: row for row in tx.mailboxes.folders(mailbox_id)}
        folder = known.get(name.name)
        if folder and folder.uidvalidity == state.uidvalidity and folder.role is Role.SENT:
            return folder
        newest = state.uidnext - 1 if state.uidnext is not None else None
        if newest is None:
            newest = max((one.uid for one in self.mailbox.list_after(name.name, 0)), default=0)
        since = self.mailbox.list_since(name.name, started_at) if started_at else ()
        last_uid = min((one.uid - 1 for one in since), default=newest)
        with self.store.begin() as tx:
            for row in known.values():
                if row.role is Role.SENT and row.name != name.name:
                    tx.mailboxes.demote(row.folder_id)
            row = tx.mailboxes.set_cursor(
                mailbox_id, name.name, Role.SENT, state.uidvalidity, last_uid
            )
            if started_at is None:
                tx.mailboxes.started(mailbox_id, self.now())
        return row

    def _have_decided(self, since: datetime) -> bool:
        with self.store.read() as tx:
            return all(tx.mailboxes.has_decided_since(home, since) for home in self.desk.homes)

    def _sort(
        self, folder: FolderRow, listed: Sequence[Listed], forgotten: int
    ) -> tuple[int, list[int]]:
        """Record what belongs to somebody; return how many, and the UIDs that must wait."""
        with self.store.read() as tx:
            known = tx.inbound.known_uids(folder, [one.uid for one in listed])
        count = 0
        waiting: list[int] = []
        for chunk in _chunks([one for one in listed if one.uid not in known]):
            look = self._look(folder, chunk)
            count += self._record(folder, [one for one in chunk if one.uid in look.homes], look)
            waiting += [uid for uid in look.undecided if uid > forgotten]
        return count, waiting

    def _look(self, folder: FolderRow, listed: Sequence[Listed]) -> _Look:
        uids = [one.uid for one in listed]
        headers = {
            one.uid: self.parser.parse(one.raw, self.desk.policy.reading).message
            for one in self.mailbox.fetch_headers(folder.name, uids)
        }
        with self.store.begin() as tx:
            # One transaction writes at a time: what is just being decided there is waited for.
            found = {uid: self._home(tx, header) for uid, header in headers.items()}
        homes = {uid: home for uid, home in found.items() if home is not None}
        undecided = {uid for uid, one in headers.items() if one.cited and uid not in homes}
        return _Look(homes, frozenset(undecided), frozenset(uids) - frozenset(headers))

    def _home(self, tx: Transaction, message: Message) -> int | None:
        """Return the mailbox to one of whose threads this belongs; None if it is nobody's."""
        tokens = (message.message_id, *message.field("x-maildaemon-loop"))
        if any(is_ours(self.desk.key, token) for token in tokens):
            return None  # a mail of ours that was redirected here proves nothing
        recipients = {one.key for one in (*message.to, *message.cc, *message.bcc)}
        second_best = None
        for home in self.desk.homes:
            lookups = tx.records.lookups(home, message, self._clues(message))
            # To whom she writes without naming the matter may be her own affair.
            lookups = replace(lookups, waiting=None)
            thread = match_thread(message, lookups, Author("", staff=True)).thread
            if thread is not None and recipients & thread.customers:
                return home
            if thread is not None and second_best is None:
                second_best = home
        return second_best

    def _clues(self, message: Message) -> Clues:
        """Return by what else than ids an answer of hers, of which only the header is known, may
        be told: an order number or the subject, and to whom it is.
        """
        policy = self.desk.policy
        numbers = message.found.numbers if message.found else ()
        return Clues(
            recipients=staff_recipients(message, policy, in_sent=True),
            order_numbers=numbers,
            subject=telling_subject(message),
            since=(message.date or self.now()) - policy.limits.same_subject_within,
        )

    def _record(self, folder: FolderRow, matched: Sequence[Listed], look: _Look) -> int:
        limit = self.desk.policy.max_message_size
        seen = fetch_seen(self.mailbox, self.blobs, folder.name, matched, limit, self.now)
        withheld = {one.uid for one in matched} - {one.uid for one in seen} | look.withheld
        if not seen and not withheld:
            return 0
        now = self.now()
        with self.store.begin() as tx:
            for one in seen:
                tx.inbound.record(look.homes[one.uid], folder, [one], now=now)
            tx.inbound.add_gaps(folder, sorted(withheld), now)
        for one in seen:
            log("answer.received", mailbox=self.desk.policy.mailbox, uid=one.uid, size=one.size)
        if seen:
            self.news()
        return len(seen)

    def _retry_gaps(self, folder: FolderRow) -> int:
        with self.store.read() as tx:
            gaps = tx.inbound.due_gaps(folder, self.now())
        if not gaps:
            return 0
        listed = {one.uid: one for one in self.mailbox.list_after(folder.name, gaps[0].uid - 1)}
        return sum(self._retry_gap(folder, gap, listed.get(gap.uid)) for gap in gaps)

    def _retry_gap(self, folder: FolderRow, gap: GapRow, listed: Listed | None) -> int:
        """Ask once more for what the server withheld; `listed` None: it lists it no more."""
        decided = self._have_decided(gap.seen_at)
        look = self._look(folder, [listed]) if listed else None
        if look is None or not (look.withheld or look.undecided or look.homes):
            with self.store.begin() as tx:
                tx.inbound.close_gap(gap.gap_id, "closed" if look else "gone")
            return 0
        if look.homes and listed and self._record(folder, [listed], look):
            with self.store.begin() as tx:
                tx.inbound.close_gap(gap.gap_id, "closed")
            return 1
        if look.undecided and decided:
            with self.store.begin() as tx:
                tx.inbound.close_gap(gap.gap_id, "closed")
            return 0
        ask_again(self.store, self.desk, folder, gap, self.now())
        return 0

    def _move_on(
        self,
        folder: FolderRow,
        listed: Sequence[Listed],
        waiting: Iterable[int],
        asked_at: datetime,
        *,
        keep: bool,
    ) -> None:
        """Move the cursor up to the first message that must wait, and remember since when."""
        first = min(waiting, default=None)
        newest = max((one.uid for one in listed), default=folder.last_uid)
        held: tuple[int | None, datetime | None] = (None, None)
        if first is not None:
            held = (newest, asked_at)
            if keep and folder.held_since is not None:
                held = (folder.held_uid, folder.held_since)
        with self.store.begin() as tx:
            tx.mailboxes.advance(folder, newest if first is None else first - 1)
            tx.mailboxes.hold(folder, *held)
            tx.mailboxes.looked(folder, asked_at)


def _chunks(listed: Sequence[Listed]) -> Iterator[Sequence[Listed]]:
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]
