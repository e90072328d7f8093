"""Keeps a loop step going whatever happens: survive, wait, back off.

The only place where an arbitrary exception is caught; everything else lets it pass.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from maildaemon.domain.waiting import outage_wait
from maildaemon.errors import OperatorError, ParserUnavailableError, TemporaryError
from maildaemon.services.desk import log

Result = TypeVar("Result")
_OPERATOR_WAIT = timedelta(minutes=1)
# A process of ours that does not start hammers nobody, and all mail waits for it.
_OWN_PROCESS_WAIT = timedelta(seconds=4)
# A changed password is noticed within this time, and asked for no more often.
_LONGEST_REST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rest:
    """A step's answer: nothing was tried, because a server is left alone after a failure.

    `wait`: how long still; None until woken.
    """

    wait: timedelta | None


def attempt(work: Callable[[], Result]) -> Result | Exception:
    """Return what the work returns, or the exception it ended with."""
    try:
        return work()
    except Exception as error:
        return error


class Loop:
    """Repeats one step while it finds work, then waits to be woken.

    `step` returns how many items it moved; 0 means that nothing is due, `Rest` that it was not
    even tried. `jitter` returns a factor around 1, so that many daemons do not knock at the same
    moment.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], Awaitable[int | Rest]],
        stopping: asyncio.Event,
        jitter: Callable[[], float],
    ) -> None:
        """Nothing runs before `run`."""
        self.name = name
        self._step = step
        self._stopping = stopping
        self._jitter = jitter
        self._woken = asyncio.Event()
        self._failures = 0
        self._trouble: str | None = None

    def wake(self) -> None:
        """Look for work soon. May be called as often as one likes, from the event loop."""
        self._woken.set()

    async def run(self) -> None:
        """Work until the daemon stops."""
        ending = asyncio.create_task(self._wake_at_the_end())
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                wait = await self._work_off()
                await self._wait(wait)
        finally:
            ending.cancel()

    async def _wake_at_the_end(self) -> None:
        await self._stopping.wait()
        self._woken.set()

    async def _work_off(self) -> timedelta | None:
        """Work until nothing is due; return how long to leave it alone (None: until woken)."""
        try:
            while not isinstance(moved := await self._step(), Rest):
                self._recovered()
                if not moved or self._stopping.is_set():
                    return None
        except ParserUnavailableError as error:
            wait = min(outage_wait(self._failures + 1), _OWN_PROCESS_WAIT)
            return self._troubled(error, logging.WARNING, wait)
        except TemporaryError as error:
            return self._troubled(error, logging.WARNING, error.retry_in)
        except OperatorError as error:
            return self._troubled(error, logging.ERROR, error.retry_in or _OPERATOR_WAIT)
        except Exception as error:
            return self._troubled(error, logging.CRITICAL, None)
        # Neither well nor worse: what was said about the trouble still stands.
        return moved.wait and min(moved.wait, _LONGEST_REST) * self._jitter()

    def _recovered(self) -> None:
        if self._trouble is not None:
            log("loop.recovered", loop=self.name, after_failures=self._failures)
        self._failures, self._trouble = 0, None

    def _troubled(self, error: Exception, level: int, wait: timedelta | None) -> timedelta | None:
        if self._stopping.is_set():
            return None
        self._failures += 1
        told = wait or outage_wait(self._failures)
        trouble = str(error) or repr(error)
        # Loud once per change of state; the rest of an outage is one fact, not a thousand.
        news = trouble != self._trouble
        self._trouble = trouble
        if news:
            log(
                "loop.failed",
                level,
                loop=self.name,
                error=trouble,
                retry_in=f"{told.total_seconds():.0f}s",
                failure=error if level == logging.CRITICAL else None,
            )
        return (min(wait, _LONGEST_REST) if wait else told) * self._jitter()

    async def _wait(self, wait: timedelta | None) -> None:
        # The end may have come while we worked, and its wake-up is forgotten by now.
        if wait is None and not self._stopping.is_set():
            await self._woken.wait()
        elif wait is not None:
            # During an outage wake-ups are ignored: they would turn the wait into a hammer.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait.total_seconds())
