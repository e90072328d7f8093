"""The clock, and APScheduler, which only ticks: every timer that matters is a row of ours."""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def seconds_since_boot() -> float:
    """Return how long the machine has been on, sleep included: nobody can set this clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def jitter() -> float:
    """Return a factor around 1, so that many daemons do not knock at the same moment."""
    return random.uniform(0.8, 1.2)  # noqa: S311  no secret depends on it


class SchedulerTicker:
    """`ports.Ticker` on APScheduler, in the running event loop."""

    def __init__(self) -> None:
        """Prepare; nothing ticks before `start`."""
        # Loaded here: commands that only want to know the time should not wait for it.
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        # What was missed is not made up for, however late: a tick only says "look".
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._callbacks: dict[timedelta, list[Callable[[], None]]] = {}

    def every(self, interval: timedelta, callback: Callable[[], None]) -> None:
        """Call back each interval, for the first time after one interval."""
        if interval in self._callbacks:
            self._callbacks[interval].append(callback)
            return
        # One job an interval: with many mailboxes a job costs more than what it calls.
        callbacks = self._callbacks[interval] = [callback]

        async def tick() -> None:
            # A coroutine runs in the event loop; a plain function would go to a thread.
            loop = asyncio.get_running_loop()
            for one in callbacks:
                # By itself: whatever becomes of it, the others have their turn.
                loop.call_soon(one)

        self._scheduler.add_job(tick, "interval", seconds=interval.total_seconds())

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """Tick no more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
