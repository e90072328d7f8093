"""Lets mail arrive on a virtual clock, and does what the daemon would do, by the same functions.

Only the clock and the network differ: each message is decided at the moment of its arrival, every
timer fires at the moment it is due, and what is queued has gone at once. The clock leaps from one
of these moments to the next.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from maildaemon.domain.delivery import Reply
from maildaemon.domain.message import Message
from maildaemon.domain.timeline import Event, Told
from maildaemon.domain.tokens import is_ours
from maildaemon.ports import Role
from maildaemon.ports.rows import FolderRow, InboundRow, Seen
from maildaemon.ports.store import Store, Transaction
from maildaemon.ports.timers import TimerRow
from maildaemon.services.brakes import release
from maildaemon.services.desk import Desk
from maildaemon.services.explain import Unwritten
from maildaemon.services.fire import fire_next
from maildaemon.services.lookup import look_up
from maildaemon.services.loop import attempt
from maildaemon.services.plan import plan_next, put_in_force
from maildaemon.services.process import conclude

_CLAIM = timedelta(minutes=5)
_A_MOMENT = timedelta(microseconds=1)
_TAKEN = Reply(250, "simulated")


@dataclass(frozen=True, slots=True)
class Post:
    """A mail of a mailbox, at the moment in which it arrived, or was sent by one of us."""

    at: datetime
    name: str
    desk: Desk
    role: Role
    message: Message


@dataclass(frozen=True, slots=True)
class Stopped:
    """A brake that would have stopped all automatic mail."""

    at: datetime
    brake: str
    reason: str


@dataclass(slots=True)
class Walk:
    """A walk through the mail of some mailboxes. `store` is empty and may be written to.

    `cancelled` are the timers that came to nothing, `left_out` the mails that nothing could be
    decided about, with the reason; `own` counts mails of the daemon's own that stood in Sent.
    """

    store: Store
    desks: tuple[Desk, ...]
    at: datetime
    cancelled: list[Told] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    stopped: list[Stopped] = field(default_factory=list)
    own: int = 0
    _folders: dict[tuple[int, Role], FolderRow] = field(default_factory=dict)
    _uid: int = 0

    def begin(self, until: datetime) -> None:
        """Let the mailboxes be read from now on, and the policy hold."""
        for desk in self.desks:
            with self.store.begin() as tx:
                for role in (Role.INBOX, Role.SENT, Role.JUNK):
                    row = tx.mailboxes.set_cursor(desk.mailbox_id, role.value, role, 1, 0)
                    # Nothing is ever unread here: whatever has been written by now is decided.
                    tx.mailboxes.looked(row, until)
                    self._folders[desk.mailbox_id, role] = row
                tx.mailboxes.started(desk.mailbox_id, self.at)
            put_in_force(self.store, desk, self.at)

    def receive(self, post: Post, *, history: bool = False) -> None:
        """Let a mail arrive; everything that was due before has happened first."""
        self.pass_time(post.at - _A_MOMENT)
        self.at = max(self.at, post.at)
        if post.role is Role.SENT and is_ours(post.desk.key, post.message.message_id):
            # What a daemon has sent is not what one of us answered; here it is sent anew.
            self.own += 1
            return
        trouble = attempt(lambda: self._decide(post, history=history))
        if isinstance(trouble, Exception):
            self.left_out.append((post.name, f"nothing could be decided about it: {trouble!r}"))
        self._carry_on(post.desk)

    def pass_time(self, until: datetime) -> None:
        """Let everything happen that is due until then, each thing at its time."""
        while (due := self._next_due(until)) is not None:
            desk, timer = due
            self.at = max(self.at, timer.due_at)
            if not fire_next(self.store, _NOBODY, desk, self._now):
                self.left_out.append((timer.key, "this timer could not be fired"))
                return
            self._carry_on(desk)
        self.at = max(self.at, until)

    def _now(self) -> datetime:
        return self.at

    def _next_due(self, until: datetime) -> tuple[Desk, TimerRow] | None:
        with self.store.read() as tx:
            found = (
                (desk, timer)
                for desk in self.desks
                if (timer := tx.timers.next_due(desk.mailbox_id, until)) is not None
            )
            return min(found, key=lambda one: one[1].due_at, default=None)

    def _decide(self, post: Post, *, history: bool) -> None:
        message, _ = look_up(post.desk, post.message)
        with self.store.begin() as tx:
            for row in self._journal(tx, post, history=history):
                conclude(tx, _NOBODY, _NOTHING, post.desk, row, message, self.at)

    def _journal(self, tx: Transaction, post: Post, *, history: bool) -> tuple[InboundRow, ...]:
        self._uid += 1
        mailbox_id, too_large = post.desk.mailbox_id, post.desk.policy.max_message_size
        header_only = post.message.size > too_large
        seen = Seen(self._uid, post.message.size, post.at, post.message.identity, header_only)
        folder = self._folders[mailbox_id, post.role]
        tx.inbound.record(mailbox_id, folder, [seen], now=self.at, history=history)
        until = self.at + _CLAIM
        return tx.inbound.claim_due(mailbox_id, self.at, until, limit=1, max_bytes=1)

    def _carry_on(self, desk: Desk) -> None:
        """Plan anew what has changed, send what is queued, and let no brake stay on."""
        while self._plan(desk):
            pass
        with self.store.begin() as tx:
            # By the last look: what has lost its reason is cancelled by now.
            while (mail := tx.outbox.next_due(desk.mailbox_id, self.at)) is not None:
                claimed = tx.outbox.claim(mail, self.at + _CLAIM)
                if claimed is not None:
                    tx.outbox.sent(claimed, _TAKEN, self.at)
            self._let_go(tx, desk)

    def _let_go(self, tx: Transaction, desk: Desk) -> None:
        brakes = tx.brakes.on(desk.mailbox_id)
        if brakes:
            self.stopped += (Stopped(self.at, one.brake.value, one.reason) for one in brakes)
            release(tx, desk.mailbox_id, desk.policy.mailbox, self.at, why="in the simulation")

    def _plan(self, desk: Desk) -> int:
        with self.store.read() as tx:
            wanting = tx.timers.threads_to_plan(desk.mailbox_id, 50)
            before = [one for thread in wanting for one in tx.timers.of_thread(thread)]
        planned = plan_next(self.store, desk, self.at)
        armed = {one.timer_id: one for one in before if one.state == "armed"}
        if armed:
            self._note_cancelled(armed)
        return planned

    def _note_cancelled(self, armed: dict[int, TimerRow]) -> None:
        with self.store.read() as tx:
            for thread_id in sorted({one.thread_id for one in armed.values()}):
                over = (
                    one
                    for one in tx.timers.of_thread(thread_id)
                    if one.state == "cancelled" and one.timer_id in armed
                )
                for timer in sorted(over, key=lambda one: one.due_at):
                    reference = tx.timers.correspondence(thread_id).reference
                    self.cancelled.append(_cancelled(self.at, reference, timer))


def _cancelled(at: datetime, reference: str, timer: TimerRow) -> Told:
    mail = timer.kind.value
    return Told(at, Event.TIMER_CANCELLED, reference, mail=mail, due_at=timer.due_at)


def walk(
    store: Store,
    desks: Iterable[Desk],
    posts: Iterable[Post],
    *,
    since: datetime,
    until: datetime,
) -> Walk:
    """Let all of this mail arrive, and time pass until then; what came before `since` is known and
    nothing else.
    """
    walk = Walk(store, tuple(desks), since)
    walk.begin(until)
    for post in posts:
        walk.receive(post, history=post.at < since)
    walk.pass_time(until)
    return walk


class _Nothing:
    """A `BlobStore` that keeps nothing: nobody reads the mails that would be sent."""

    def put_all(self, contents: Sequence[bytes]) -> list[str]:
        return [sha256(one).hexdigest() for one in contents]

    def get(self, sha256: str) -> bytes:
        return b""

    def has(self, sha256: str) -> bool:
        return False

    def remove(self, sha256: str, before: datetime) -> bool:
        return False

    def names(self) -> Iterator[str]:
        return iter(())


_NOBODY, _NOTHING = Unwritten(), _Nothing()
