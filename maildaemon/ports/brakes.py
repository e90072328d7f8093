"""What the services need from the database to stop automatic mail, and to tell people."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from maildaemon.domain.brakes import Brake, Braking
from maildaemon.domain.pacing import Queue


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that people must be told at once. `event` is a log event's name, `about` what
    tells one such event from another (an address, the name of a brake). `facts` are short.
    `ends`: what was told of the same noun before (`account.out`) is over.
    """

    event: str
    mailbox: str | None
    text: str
    about: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    ends: bool = False

    @property
    def subject(self) -> str:
        """Return what is told at most once an hour."""
        return f"{self.mailbox or ''}\0{self.event}\0{self.about}"

    @property
    def topic(self) -> str:
        """Return what an alarm and the word that it is over have in common."""
        return f"{self.mailbox or ''}\0{self.event.partition('.')[0]}\0{self.about}"


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alarm that is to be told; `count` is how often it was raised meanwhile. `ends` as in
    `Alarm`.
    """

    alert_id: int
    event: str
    mailbox: str | None
    text: str
    facts: dict[str, str]
    count: int
    at: datetime
    fence: int
    failures: int
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Muted:
    """An address that gets nothing automatic for a while."""

    address: str
    until: datetime
    why: str


class Alert(Protocol):
    """One of the operator's paths to be told."""

    def tell(self, alarm: AlertRow) -> None:
        """Tell it, within a minute; AlertFailedError if that was not possible."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life: numbered, so that two of them can be compared whatever the clock says."""

    number: int
    at: datetime


class Pulse(Protocol):
    """A sign of life outside of the database, which tells when that is older than the world."""

    def read(self) -> Beat | None:
        """Return the last one; None if there is none, or none that can be read."""

    def write(self, beat: Beat) -> None:
        """Keep it in place of the last one."""


class Alerts(Protocol):
    """The queue of what people are to be told."""

    def raise_alarm(self, alarm: Alarm, now: datetime) -> None:
        """Queue an alarm, for whatever paths there are."""

    def spread_alarms(self, paths: Sequence[str], now: datetime) -> None:
        """Give what was raised to each path, from where each tells it by itself; without any it is
        given up, and so is what has waited for a day for a path that is none of these. By one path,
        of one subject only one an hour goes out; what comes before it was told, or within the hour
        after, is counted in the next one. That something is over is not told if it has come again.
        """

    def claim_alert(self, path: str, now: datetime, until: datetime) -> AlertRow | None:
        """Take the oldest alarm that is due on this path, None if none is. That something is over
        is told after what was told of it.
        """

    def conclude_alert(self, row: AlertRow, state: str, now: datetime) -> None:
        """Conclude as `told`, or `given_up`."""

    def retry_alert(self, row: AlertRow, at: datetime) -> None:
        """Try again at that time."""


class Brakes(Protocol):
    """What stops automatic mail, or lets it wait."""

    def put_on(self, mailbox_id: int, braking: Braking) -> bool:
        """Stop automatic mail; False if this brake was on already."""

    def on(self, mailbox_id: int) -> tuple[Braking, ...]:
        """Return the brakes that are on, the first one first; empty if automatic mail may flow."""

    def release(
        self, mailbox_id: int, at: datetime, which: Brake | None = None
    ) -> tuple[Brake, ...]:
        """Release one brake, or all (None); return those that were on. With that of the clock, what
        was put off by a clock that was ahead is due.
        """

    def last_release(self, mailbox_id: int, which: Brake) -> datetime | None:
        """Return when this brake was released last: what was counted before counts no more."""

    def mute(self, mailbox_id: int, muted: Muted, at: datetime) -> None:
        """Let nothing automatic go to this address for a while."""

    def unmute(self, mailbox_id: int, address: str, now: datetime) -> int:
        """Let automatic mail go to an address again, whether it was muted or held for
        undeliverable; return how often it was not allowed.
        """

    def arrived_since(self, mailbox_id: int, since: datetime) -> int:
        """Return how many customers' mails have arrived since then that are answered."""

    def newest_before(self, mailbox_id: int, at: datetime) -> datetime | None:
        """Return when the newest of the customers' mails arrived that were recorded last by then;
        None if there were none.
        """

    def old_since(self, mailbox_id: int, since: datetime, older_than: datetime) -> int:
        """Return how many customers' mails recorded since then are older than that."""

    def queue(self, mailbox_id: int, sent_since: datetime, now: datetime) -> Queue | None:
        """Return what the pace depends on; None if nothing is due."""

    def pace(
        self, mailbox_id: int, *, paced_until: datetime, paced_at: datetime, next_at: datetime
    ) -> None:
        """Note that a mail was taken, and what that means for the next one."""

    def late_since(self, mailbox_id: int) -> datetime | None:
        """Return since when staff know that mail is late, None if it is not."""

    def note_late(self, mailbox_id: int, since: datetime | None) -> None:
        """Note that staff know that mail is late (None: it is late no more)."""

    def begun(self, mailbox_id: int, at: datetime) -> None:
        """Note that the daemon which reads this mailbox was started."""

    def begun_at(self, mailbox_id: int) -> datetime | None:
        """Return when the daemon which reads this mailbox was started; None if it never was."""

    def fact(self, name: str) -> str | None:
        """Return what this installation knows of itself by this name."""

    def keep_fact(self, name: str, value: str) -> None:
        """Remember something of this installation; no name is too long."""
