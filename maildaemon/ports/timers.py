"""What the services need from the database about time: timers, and what they follow from."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from maildaemon.domain.decide_timer import TimerContext
from maildaemon.domain.policy import Policy
from maildaemon.domain.timers import History, Timer, TimerKind

# The event of a mail that names a date: `since` the customer asked, `until` he is to be answered.
DATE_NAMED = "date_named"


@dataclass(frozen=True, slots=True)
class TimerRow:
    """A timer as it is kept. `fence` is its `attempts`. `outbox_id`: what it sent the customer."""

    timer_id: int
    thread_id: int
    key: str
    kind: TimerKind
    due_at: datetime
    state: str
    fence: int
    failures: int
    outbox_id: int | None


@dataclass(frozen=True, slots=True)
class Correspondence:
    """What a mail within a thread is written from. `message_ids` are those of its messages, the
    oldest first. `answered`: a person has answered in it.
    """

    reference: str
    subject: str
    message_ids: tuple[str, ...]
    answered: bool


class Case(Protocol):
    """A thread as time sees it: read once, for all that is planned and done in a transaction."""

    @property
    def history(self) -> History:
        """What its timers follow from."""

    @property
    def correspondence(self) -> Correspondence:
        """What a mail within it is written from."""

    @property
    def outdated(self) -> bool:
        """Whether its history has grown since its timers were planned."""

    def context(self, policy: Policy, now: datetime) -> TimerContext:
        """Return what is known of it when one of its timers is due."""

    def plan(self, timers: Sequence[Timer], now: datetime) -> tuple[TimerRow, ...]:
        """Let exactly these be armed, but for those that have fired, and note that it is done. A
        mail that waits to be sent for a timer which is planned no more is cancelled. Return the
        timers that came to nothing by it.
        """

    def after(self, fired: TimerRow, at: datetime) -> "Case":
        """Return the case once a timer has fired that changed nothing else of its history."""


class Timers(Protocol):
    """Timers, a queue like the others; and threads whose timers are to be planned anew."""

    def threads_to_plan(self, mailbox_id: int, limit: int) -> tuple[int, ...]:
        """Return threads whose history has grown since their timers were planned."""

    def case(self, thread_id: int) -> Case:
        """Return a thread as time sees it."""

    def history(self, thread_id: int) -> History:
        """Return what the timers of a thread follow from."""

    def next_due(
        self, mailbox_id: int, now: datetime, kinds: Collection[TimerKind] | None = None
    ) -> TimerRow | None:
        """Return the timer of these kinds (None: of any) that has been due for longest, None if
        none is.
        """

    def clock_of(self, outbox_id: int) -> datetime | None:
        """Return since when the clock ran by which this mail was sent; None if by none."""

    def claim(self, row: TimerRow, until: datetime) -> TimerRow | None:
        """Take a timer; None if it was taken or cancelled meanwhile."""

    def finish(
        self, row: TimerRow, outcome: str, fired_at: datetime, outbox_id: int | None = None
    ) -> None:
        """Conclude a timer as fired: the last statement of the transaction with its effects.

        Raises StaleClaimError if it was cancelled or claimed again meanwhile.
        """

    def fail(self, row: TimerRow, error: str, failures: int, retry_at: datetime | None) -> None:
        """Give a timer back that has failed so often; parked if `retry_at` is None."""

    def put_off(self, row: TimerRow, until: datetime) -> None:
        """Give a timer back, due at a later time; a new plan may bring it forward again."""

    def asked_elsewhere_at(
        self, mailbox_id: int, thread_id: int, recipient: str, since: datetime
    ) -> datetime | None:
        """Return when this person was last asked for something by a mail that time brought in
        another thread, None if not since then.
        """

    def dates_named(self, thread_id: int) -> tuple[tuple[int, datetime, datetime], ...]:
        """Return the dates that mails of ours name in a thread: the mail, since when the customer
        waited, and until when he is to be answered.
        """

    def in_force(self, mailbox_id: int) -> Mapping[str, datetime]:
        """Return since when which parts of the policy hold."""

    def put_in_force(self, mailbox_id: int, parts: Iterable[str], now: datetime) -> bool:
        """Let exactly these parts hold, those that are new from now on; tell whether that changed
        anything.
        """

    def bring_forward(self, mailbox_id: int, now: datetime) -> None:
        """Let what is to hold only later hold from now on."""

    def plan_all(self, mailbox_id: int, settled_since: datetime) -> None:
        """Have every thread planned anew that is under way, or was settled since then."""
