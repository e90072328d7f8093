"""Lets mail arrive on a virtual clock, and does what the daemon would do, by the same functions.

Only the clock and the network differ: each message is decided at the moment of its arrival, every
timer fires at the moment it is due. The clock leaps from one of these moments to the next. What is
queued has gone at once: the store says so (`SentAtOnce`), and whatever was written before that
moment has been decided and planned by then, so that a last look would find nothing new.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from maildaemon.domain.message import Message
from maildaemon.domain.tokens import is_ours
from maildaemon.ports import Role
from maildaemon.ports.rows import FolderRow, InboundRow, Seen
from maildaemon.ports.store import Store, Transaction
from maildaemon.ports.timers import TimerRow
from maildaemon.services.brakes import release
from maildaemon.services.conclude import conclude
from maildaemon.services.desk import Desk
from maildaemon.services.explain import Unwritten
from maildaemon.services.fire import fire
from maildaemon.services.lookup import look_up
from maildaemon.services.loop import attempt
from maildaemon.services.plan import plan_next, put_in_force

_CLAIM = timedelta(minutes=5)
_A_MOMENT = timedelta(microseconds=1)


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
    """A walk through the mail of some mailboxes. `store` is empty, may be written to, and takes
    what is queued for sent.

    `cancelled` are the timers that came to nothing, `left_out` the mails that nothing could be
    decided about, with the reason; `own` counts mails of the daemon's own that stood in Sent.
    """

    store: Store
    desks: tuple[Desk, ...]
    at: datetime
    cancelled: list[tuple[datetime, TimerRow]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    stopped: list[Stopped] = field(default_factory=list)
    own: int = 0
    _in_force: dict[int, Mapping[str, datetime]] = field(default_factory=dict)
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
            with self.store.read() as tx:
                # Nobody changes it here.
                self._in_force[desk.mailbox_id] = tx.timers.in_force(desk.mailbox_id)

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
        self._plan(post.desk)
        self._let_go(post.desk)

    def pass_time(self, until: datetime) -> None:
        """Let everything happen that is due until then, each thing at its time."""
        while (due := self._next_due(until)) is not None:
            desk, timer = due
            self.at = max(self.at, timer.due_at)
            in_force = self._in_force[desk.mailbox_id]
            fire(self.store, _NOBODY, desk, timer, self._now, self._over, in_force)
            self._plan(desk)
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

    def _let_go(self, desk: Desk) -> None:
        with self.store.read() as tx:
            brakes = tx.brakes.on(desk.mailbox_id)
        if brakes:
            self.stopped += (Stopped(self.at, one.brake.value, one.reason) for one in brakes)
            with self.store.begin() as tx:
                mailbox = desk.policy.mailbox
                release(tx, desk.mailbox_id, mailbox, self.at, why="in the simulation")

    def _plan(self, desk: Desk) -> None:
        """Plan anew what has changed, and note what has come to nothing by it."""
        in_force = self._in_force[desk.mailbox_id]
        plan_next(self.store, desk, self.at, self._over, in_force)

    def _over(self, timer: TimerRow) -> None:
        self.cancelled.append((self.at, timer))


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

    def drop_unfinished(self, before: datetime) -> int:
        return 0


_NOBODY, _NOTHING = Unwritten(), _Nothing()
