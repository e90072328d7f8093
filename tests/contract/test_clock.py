"""What ticks."""

import asyncio
from datetime import timedelta
from typing import Any

from maildaemon.adapters.clock import SchedulerTicker

_OFTEN = timedelta(milliseconds=10)


async def test_each_callback_has_its_turn_whatever_becomes_of_another() -> None:
    failed: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: failed.append(told))
    ticker, called = SchedulerTicker(), asyncio.Event()

    def fails() -> None:
        raise ValueError

    ticker.every(_OFTEN, fails)
    ticker.every(_OFTEN, called.set)
    ticker.start()
    async with asyncio.timeout(10):
        await called.wait()
    ticker.stop()

    assert isinstance(failed[0]["exception"], ValueError)
