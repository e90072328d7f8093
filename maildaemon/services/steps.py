"""The steps of one mailbox, each over the connection it needs, and with what a failure there means.

Blocking work is done in threads; each step returns how many items it moved, or a `Rest`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from maildaemon.errors import (
    MailboxRefusedError,
    MailboxUnavailableError,
    MaildaemonError,
    SecretError,
    TransportRefusedError,
    TransportUnavailableError,
)
from maildaemon.ports import Composer, FolderName, Mailbox, Now, Role
from maildaemon.ports.due import Queue
from maildaemon.ports.store import Store
from maildaemon.services.accounts import note_failure, note_success, resting_until
from maildaemon.services.audit import audit_next
from maildaemon.services.backlog import process_backlog
from maildaemon.services.colleague import read_colleague
from maildaemon.services.crew import Crew, Step, Works
from maildaemon.services.deliver import deliver_next
from maildaemon.services.desk import Desk, log
from maildaemon.services.fire import fire_next
from maildaemon.services.first_start import start_mailbox
from maildaemon.services.forget import forget_or_tell
from maildaemon.services.guard import Guard
from maildaemon.services.last_look import Look, look
from maildaemon.services.lookout import Lookout
from maildaemon.services.loop import Rest, Result
from maildaemon.services.marks import make_folders, notice_marks, show_marks
from maildaemon.services.polling import Polling
from maildaemon.services.probe import probe_next
from maildaemon.services.process import Batch
from maildaemon.services.receive import Haste, receive_new
from maildaemon.services.settle import settle_next
from maildaemon.services.sign_ins import look_after

# Well within the time after which `note_success` writes it down again.
_ON_RECORD_FOR = timedelta(seconds=20)
# Seconds; what comes meanwhile is told as soon as we listen again.
_DEAF_FOR = 0.1
# A mailbox, whose hold on it, and a service.
_Account = tuple[int, int | None, str]


class Steps:
    """What is done for a mailbox, whichever of `crews` it is. `wake` lets another step look for
    work soon; once `stopping` is set, a connection that breaks is no failure.
    """

    def __init__(
        self,
        works: Works,
        crews: tuple[Crew, ...],
        guard: Guard,
        wake: Callable[[Crew, str], None],
        stopping: asyncio.Event,
    ) -> None:
        """Nothing is done yet."""
        self._works, self._crews, self._guard = works, crews, guard
        self._wake, self._stopping = wake, stopping
        self._polling = {crew.desk.mailbox_id: Polling(works.boot) for crew in crews}
        self._read: set[int] = set()
        # The inbox and where sent mail lies, as the server has listed them.
        self._soon: dict[int, tuple[FolderName, ...]] = {}
        # Accounts that need not rest, and since when it is on record that one lets us in: until the
        # next failure nobody has to ask the records.
        self._free: set[_Account] = set()
        self._let_in: dict[_Account, datetime] = {}

    def polling(self, crew: Crew) -> Polling:
        """Return how often a mailbox is to be looked into."""
        return self._polling[crew.desk.mailbox_id]

    def has_read(self, crew: Crew) -> bool:
        """Tell whether the mailbox has been read since the start: it is watched."""
        return crew.desk.mailbox_id in self._read

    def of(self, step: Step) -> Callable[[Crew], Awaitable[int | Rest]]:
        """Return what does a step of a crew."""
        steps: dict[Step, Callable[[Crew], Awaitable[int | Rest]]] = {
            Step.RECEIVE: self.receive,
            Step.PROCESS: self.process,
            Step.FIRE: self.fire,
            Step.DELIVER: self.deliver,
            Step.SETTLE: self.settle,
        }
        return steps[step]

    def _store(self, crew: Crew) -> Store:
        return self._works.fenced(crew.lease)

    def _largest(self) -> int:
        """Return how large a mail may be that any mailbox takes: they share one disk."""
        return max(one.desk.policy.max_message_size for one in self._crews)

    async def receive(self, crew: Crew) -> int | Rest:
        loop = asyncio.get_running_loop()

        # What a colleague answers is processed, and lets mail go, where it was asked.
        served = [one for one in self._crews if not one.only_sent] if crew.only_sent else [crew]

        def news() -> None:
            for one in served:
                loop.call_soon_threadsafe(self._wake, one, Step.PROCESS)

        def sent_read() -> None:
            loop.call_soon_threadsafe(self._wake, crew, Step.DELIVER)

        def receive() -> tuple[int, frozenset[Queue]]:
            count = self._read_anew(crew, news, sent_read)
            self._note_success(crew, "imap")
            # While nothing is to be sent, nothing waits for Sent to be read.
            waiting = [one for one in served if count or not self.polling(one).is_quiet]
            return count, self._due([one.desk.mailbox_id for one in waiting])

        received = await self._over_imap(crew, receive)
        if isinstance(received, Rest):
            return received
        count, due = received
        self._note_read(crew)
        # The server lets us in: from the first time on, IDLE need not wait for its next look.
        self._wake(crew, "watch")
        # What waited for Sent to be read may go now.
        for one in served:
            if (one.desk.mailbox_id, Step.DELIVER.value) in due:
                self._wake(one, Step.DELIVER)
        if count:
            self.polling(crew).stir()
        # What has come meanwhile the server tells of, or the next look finds; another one at once
        # would be in the way of those who have to work with what is there.
        return 0

    def _note_read(self, crew: Crew) -> None:
        if not self.has_read(crew):
            self._read.add(crew.desk.mailbox_id)
            self._works.watching(crew.desk.policy.mailbox)

    def _read_anew(
        self, crew: Crew, news: Callable[[], None], sent_read: Callable[[], None]
    ) -> int:
        works, store, desk, now = self._works, self._store(crew), crew.desk, self._works.now
        self._guard.look_for_room(self._largest())
        if crew.only_sent:
            return read_colleague(store, crew.work, works.blobs, works.parser, desk, now, news)
        if not self.has_read(crew):
            start_mailbox(store, crew.work, works.parser, desk, now)
        haste = self._haste(crew, sent_read)
        count = receive_new(store, crew.work, works.blobs, desk, now, news, haste)
        notice_marks(store, crew.work, desk, now)
        return count

    def _haste(self, crew: Crew, sent_read: Callable[[], None]) -> Haste:
        mailbox_id = crew.desk.mailbox_id

        def listed(names: Sequence[FolderName]) -> None:
            self._soon[mailbox_id] = _soon(names)

        expect = partial(self._works.parser.expect, reading=crew.desk.policy.reading)
        return Haste(self._soon.get(mailbox_id, ()), sent_read, listed, expect)

    def _due(self, mailbox_ids: Collection[int]) -> frozenset[Queue]:
        if not mailbox_ids:
            return frozenset()
        with self._works.store.read() as tx:
            return tx.due.queues(mailbox_ids, self._works.now())

    async def process(self, crew: Crew) -> int:
        works, loop = self._works, asyncio.get_running_loop()

        def batch() -> Batch:
            store, parser, composer = self._store(crew), works.parser, crew.composer
            return Batch(store, parser, composer, works.blobs, works.files, crew.desk, works.now)

        def concluded(_taken: int) -> bool:
            self._guard.note_written()
            # First of all: somebody waits for it. What is to be planned is found by the look at the
            # queues; at once it would be in the way.
            loop.call_soon_threadsafe(self._wake, crew, Step.DELIVER)
            forget_or_tell(works.places, works.now)
            self._guard.look()
            return not self._stopping.is_set()

        def process() -> int:
            self._guard.look()
            return process_backlog(batch, concluded)

        await asyncio.to_thread(process)
        # It has been worked off to its end; to look again at once would be in the way.
        return 0

    async def fire(self, crew: Crew) -> int:
        """Plan and fire; what is paced or looked for at the last moment is the next loop's."""
        return await self._write(crew, fire_next)

    async def _write(self, crew: Crew, write: Callable[[Store, Composer, Desk, Now], int]) -> int:
        """Have mail written that no message has caused; what is queued may go at once."""

        def look_and_write() -> int:
            self._guard.look()
            return write(self._store(crew), crew.composer, crew.desk, self._works.now)

        count = await asyncio.to_thread(look_and_write)
        if count:
            self._wake(crew, Step.DELIVER)
        return count

    async def deliver(self, crew: Crew) -> int | Rest:
        works = self._works
        if crew.transport is None:
            return 0
        if rest := await self._rest(crew, "smtp", crew.smtp_credential):
            return rest
        try:
            count = await deliver_next(
                self._store(crew),
                crew.transport,
                crew.desk,
                works.now,
                works.jitter,
                lambda since: self._last_look(crew, since),
                self._guard.look,
            )
        except (TransportUnavailableError, TransportRefusedError, SecretError) as error:
            await self._note_failure(crew, "smtp", crew.smtp_credential, error)
            raise
        if count:
            self.polling(crew).stir()
            self._wake(crew, Step.SETTLE)
        return count

    async def _last_look(self, crew: Crew, since: datetime) -> Look:
        store = self._works.store
        try:
            found = await self._over_imap(crew, lambda: look(store, crew.work, crew.desk, since))
        except (MailboxUnavailableError, MailboxRefusedError, SecretError):
            return Look.UNREACHABLE
        if isinstance(found, Rest):
            return Look.UNREACHABLE
        if found is Look.UNREAD:
            self._wake(crew, Step.RECEIVE)
            self._wake(crew, Step.PROCESS)
        return found

    async def settle(self, crew: Crew) -> int | Rest:
        works = self._works

        def settle() -> int:
            store, work, desk = self._store(crew), crew.work, crew.desk
            count = settle_next(store, work, desk, works.now)
            make_folders(store, work, desk, works.now)
            count += show_marks(store, work, desk, works.now)
            if count:
                self._note_success(crew, "imap")
            return count

        settled = await self._over_imap(crew, settle)
        if settled and not isinstance(settled, Rest):
            # Our copy is in Sent by now: read before the next customer writes, it keeps no
            # response to him waiting.
            self._wake(crew, Step.RECEIVE)
        return settled

    async def audit(self, crew: Crew) -> int | Rest:
        works, store = self._works, self._store(crew)
        audit = partial(audit_next, store, crew.work, works.parser, crew.desk, works.now)
        return await self._over_imap(crew, audit)

    def lookout(self, crew: Crew) -> Callable[[Crew], Awaitable[int | Rest]]:
        lookout = Lookout(crew.desk, crew.poll_every, crew.certificates, self._works.now)

        async def look(crew: Crew) -> int:
            return await asyncio.to_thread(lookout.look, self._store(crew))

        return look

    async def probe(self, crew: Crew) -> int:
        return await self._write(crew, probe_next)

    async def keep_signed_in(self, crew: Crew) -> int:
        store, now = self._store(crew), self._works.now
        for sign_in in crew.sign_ins:
            await asyncio.to_thread(look_after, store, sign_in, crew.desk, now())
        return 0

    async def _over_imap(self, crew: Crew, work: Callable[[], Result]) -> Result | Rest:
        """Use the working connection, unless the account rests."""
        async with crew.busy:
            if rest := await self._rest(crew, "imap", crew.imap_credential):
                return rest
            try:
                return await asyncio.to_thread(work)
            except (MailboxUnavailableError, MailboxRefusedError, SecretError) as error:
                await self._note_failure(crew, "imap", crew.imap_credential, error)
                raise

    async def watch(self, crew: Crew) -> int | Rest:
        """Wait on the server for news in the inbox; a hint only, polling goes on beside it."""
        works, watch, loop = self._works, crew.watch, asyncio.get_running_loop()
        if watch is None:
            return 0
        if not await asyncio.to_thread(self._is_well, crew):
            # Never knock on a second door of a server that does not let us in at the first.
            return Rest(None)
        # A connection that stands outlives its password: the second one has refusals of its own.
        if rest := await self._rest(crew, "watch", crew.imap_credential):
            return rest

        def wait() -> bool:
            news = watch.wait(self._inbox(crew, watch).name, crew.idle)
            if news:
                loop.call_soon_threadsafe(self._wake, crew, Step.RECEIVE)
            self._note_success(crew, "watch")
            return news

        try:
            with self.polling(crew).told():
                news = await asyncio.to_thread(wait)
        except NotImplementedError:
            log("watch.unavailable", mailbox=crew.desk.policy.mailbox, why="the server has no IDLE")
            await self._stopping.wait()
            return 0
        except (MailboxUnavailableError, MailboxRefusedError, SecretError) as error:
            await self._note_failure(crew, "watch", crew.imap_credential, error)
            raise
        if news:
            log("mailbox.changed", logging.DEBUG, mailbox=crew.desk.policy.mailbox, at=works.now())
            # To listen again at once would be in the way of those who read what has come.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _DEAF_FOR)
        return 1

    def _inbox(self, crew: Crew, watch: Mailbox) -> FolderName:
        """Return the inbox; the server is asked once, and again after a failure."""
        mailbox_id = crew.desk.mailbox_id
        soon = self._soon.get(mailbox_id)
        if not soon:
            soon = self._soon[mailbox_id] = _soon(watch.folders())
        return soon[0]

    def _is_well(self, crew: Crew) -> bool:
        """Tell whether we have been let in since we began: before that, with whatever password."""
        with self._works.store.read() as tx:
            account = tx.mailboxes.account(crew.desk.mailbox_id, "imap")
        return self.has_read(crew) and account.next_attempt_at is None

    async def _rest(self, crew: Crew, service: str, credential: Callable[[], str]) -> Rest | None:
        """Return whether the account is to be left alone; raises SecretError."""
        if _account(crew, service) in self._free:
            return None
        return await asyncio.to_thread(self._resting, crew, service, credential)

    def _resting(self, crew: Crew, service: str, credential: Callable[[], str]) -> Rest | None:
        store, now = self._store(crew), self._works.now()
        if until := resting_until(store, crew.desk, service, credential, now):
            return Rest(until - now)
        self._free.add(_account(crew, service))
        return None

    def _note_success(self, crew: Crew, service: str) -> None:
        account, now = _account(crew, service), self._works.now()
        noted_at = self._let_in.get(account)
        if noted_at is None or not timedelta(0) <= now - noted_at < _ON_RECORD_FOR:
            note_success(self._store(crew), crew.desk, service, now)
            self._let_in[account] = now

    async def _note_failure(
        self, crew: Crew, service: str, credential: Callable[[], str], error: MaildaemonError
    ) -> None:
        if self._stopping.is_set():
            return  # we have broken it off ourselves
        self._soon.pop(crew.desk.mailbox_id, None)
        self._free.discard(_account(crew, service))
        self._let_in.pop(_account(crew, service), None)
        store, now = self._store(crew), self._works.now()
        until = await asyncio.to_thread(
            note_failure, store, crew.desk, service, credential, error, now
        )
        # The log and `status` tell of the same moment.
        error.retry_in = until - now


def _account(crew: Crew, service: str) -> _Account:
    return crew.desk.mailbox_id, crew.lease.fence if crew.lease else None, service


def _soon(names: Sequence[FolderName]) -> tuple[FolderName, ...]:
    """Return the inbox and then the folders of sent mail."""
    found = (name for role in (Role.INBOX, Role.SENT) for name in names if name.role is role)
    return tuple(found)
