"""Watches what everything else relies on: that the clock goes on, and that the database remembers.

Looked at before each step that decides or sends, so that nothing is done by a clock that jumped, or
while nothing can be written.
"""

import json
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from maildaemon.domain.brakes import (
    Brake,
    ClockReading,
    why_behind,
    why_jumped,
    why_long_ago,
)
from maildaemon.errors import OperatorError, StoreUnavailableError
from maildaemon.ports import Now
from maildaemon.ports.brakes import Beat, Pulse
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.brakes import doubt_memory, put_on, release
from maildaemon.services.desk import Desk
from maildaemon.services.outage import Outage
from maildaemon.services.starts import note_end, note_start

Moved = TypeVar("Moved")

_BEAT_EVERY = 60.0
_HEARTBEAT = "heartbeat"
# What the lost life did after its last beat is not known either.
_AFTER_THE_BEAT = timedelta(minutes=5)
# Many loops ask at once, and each answer may take the database its whole time-out.
_ASK_AGAIN_AFTER = 5.0


class Guard:
    """One for a process. `boot` returns the seconds since the machine was started."""

    def __init__(
        self,
        store: Store,
        pulse: Pulse,
        now: Now,
        boot: Callable[[], float],
        desks: Sequence[Desk],
        *,
        reads: bool,
        outage: Outage,
        holds: Callable[[Desk], bool] = lambda _desk: True,
    ) -> None:
        """Take the clock for right as it is now. `desks` are those that mail is sent for; `reads`:
        they are also read, so that Sent can be waited for. What this process does not hold now
        concerns another one, with a clock of its own. `outage` is told what cannot be written.
        """
        self._store, self._pulse, self._now, self._boot = store, pulse, now, boot
        self._desks, self._reads = desks, reads
        self._holds = holds
        self._begun: frozenset[int] = frozenset()
        self._begun_at: dict[int, datetime] = {}
        self._last = self._written = self._read_clocks()
        self._trusted: ClockReading | None = None
        self._beat_at = self._last.boot
        self._outage = outage
        self._failed: tuple[float, str] | None = None
        self._busy = threading.Lock()

    def _read_clocks(self) -> ClockReading:
        return ClockReading(self._now(), self._boot())

    def watching(self, step: Callable[[], Awaitable[Moved]]) -> Callable[[], Awaitable[Moved]]:
        """Return the step of a loop, after whose failure to write a look is a closer one."""

        async def watched() -> Moved:
            began = self._read_clocks()
            try:
                return await step()
            except StoreUnavailableError:
                # A step may last for hours in which all went well.
                since = max(began, self._written, key=lambda one: one.boot)
                self._outage.suspect(since, self._read_clocks())
                raise

        return watched

    def note_written(self) -> None:
        """Note that the database has just taken what was to be written."""
        self._written = self._read_clocks()

    def look(self) -> None:
        """Stop if the clock has jumped since the last look, and let mail flow again if it is back;
        when it begins with a mailbox, compare database, heartbeat file and clock. Cheap while
        nothing happens.

        Raises StoreUnavailableError or OperatorError while nothing can be written; `outage` is to
        be told when it lasts.
        """
        with self._busy:
            clocks = self._read_clocks()
            if self._failed and clocks.boot - self._failed[0] < _ASK_AGAIN_AFTER:
                raise StoreUnavailableError(self._failed[1])
            try:
                self._look(clocks)
            except (StoreUnavailableError, OperatorError) as error:
                after = self._read_clocks()
                self._failed = after.boot, str(error)
                self._outage.suspect(clocks, after)
                self._outage.lasts(error, after)
                raise
            self._failed = None

    def look_for_room(self, largest: int) -> None:
        """Look, and raise StoreUnavailableError without room for mail up to that size."""
        self.look()
        with self._busy:
            self._outage.need_room(largest, self._now())

    def _look(self, clocks: ClockReading) -> None:
        desks = [desk for desk in self._desks if self._holds(desk)]
        if new := [desk for desk in desks if desk.mailbox_id not in self._begun]:
            self._begin(new, clocks.wall)
        self._begun = frozenset(desk.mailbox_id for desk in desks)
        if why := why_jumped(self._last, clocks):
            with self._store.begin() as tx:
                for desk in desks:
                    put_on(tx, desk, Brake.CLOCK, why, clocks.wall)
            self._trusted = self._trusted or self._last
        if self._trusted and why_jumped(self._trusted, clocks) is None:
            self._clock_is_back(desks, clocks.wall)
            self._trusted = None
        self._last = clocks
        if self._outage.is_suspected or clocks.boot - self._beat_at >= _BEAT_EVERY:
            self._beat(None)
            self._beat_at = clocks.boot
            self._outage.is_over(clocks.wall)

    def _begin(self, desks: Sequence[Desk], now: datetime) -> None:
        outside = self._pulse.read()
        with self._store.begin() as tx:
            inside = _beat(tx.brakes.fact(_HEARTBEAT))
            # Without one the records are new, and what is not recorded yet is history.
            if inside is not None:
                for desk in desks:
                    _compare(tx, desk, inside, outside, now)
            for desk in desks:
                if (before := self._begun_at.get(desk.mailbox_id)) is not None:
                    # We still live: who loses a lease and has it again has not died.
                    note_end(tx, desk.mailbox_id, before)
                note_start(tx, desk.mailbox_id, now)
                if self._reads:
                    tx.brakes.begun(desk.mailbox_id, now)
        self._begun_at |= {desk.mailbox_id: now for desk in desks}
        self._beat(outside)

    def end(self) -> None:
        """Note that this process ends in order; without a database, it counts as one that died."""
        with suppress(StoreUnavailableError), self._store.begin() as tx:
            for mailbox_id, began_at in self._begun_at.items():
                note_end(tx, mailbox_id, began_at)

    def _clock_is_back(self, desks: Sequence[Desk], now: datetime) -> None:
        why = "by itself: the clock is back where it was"
        with self._store.begin() as tx:
            for desk in desks:
                mailbox = desk.policy.mailbox
                release(tx, desk.mailbox_id, mailbox, now, brake=Brake.CLOCK, why=why)

    def _beat(self, outside: Beat | None) -> None:
        """Give a sign of life: to the database first, so that the file is never ahead of it."""
        with self._store.begin() as tx:
            inside = _beat(tx.brakes.fact(_HEARTBEAT))
            number = max(one.number for one in (inside, outside, Beat(0, self._now())) if one)
            beat = Beat(number + 1, self._now())
            written = json.dumps({"beat": beat.number, "at": beat.at.isoformat()})
            tx.brakes.keep_fact(_HEARTBEAT, written)
        self._pulse.write(beat)


def _compare(
    tx: Transaction, desk: Desk, inside: Beat, outside: Beat | None, now: datetime
) -> None:
    if outside is not None and outside.number > inside.number:
        lost = f"{inside.at:%Y-%m-%d %H:%M} UTC"
        why = f"the database is older than the data folder: it was restored as it was at {lost}"
        doubt_memory(tx, desk, why, now, since=_soon_after(outside.at, now))
    last = max(one.at for one in (inside, outside) if one)
    if why_wrong := why_behind(last, now, "the last heartbeat") or why_long_ago(last, now):
        put_on(tx, desk, Brake.CLOCK, why_wrong, now)


def _soon_after(beat_at: datetime, now: datetime) -> datetime:
    return now if beat_at >= now - _AFTER_THE_BEAT else beat_at + _AFTER_THE_BEAT


def _beat(text: str | None) -> Beat | None:
    if text is None:
        return None
    found = json.loads(text)
    return Beat(int(found["beat"]), datetime.fromisoformat(found["at"]))
