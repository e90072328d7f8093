"""Reads many mails a little ahead of whoever wants them in order, in several parse processes."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from maildaemon.adapters.worker import ProcessParser
from maildaemon.ports import Parser

Item = TypeVar("Item")
Result = TypeVar("Result")

_WORKERS = 2
_AHEAD = 32


def parse_ahead(items: Sequence[Item], read: Callable[[Parser, Item], Result]) -> Iterator[Result]:
    """Yield `read(parser, item)` of each, in their order; several are read at a time. Close it (or
    exhaust it) to end the processes.
    """
    parsers = [ProcessParser() for _ in range(_workers(len(items)))]
    free: SimpleQueue[ProcessParser] = SimpleQueue()
    for parser in parsers:
        parser.start()
        free.put(parser)

    def work(item: Item) -> Result:
        parser = free.get()
        try:
            return read(parser, item)
        finally:
            free.put(parser)

    pool = ThreadPoolExecutor(len(parsers))
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for parser in parsers:
            parser.close()
        pool.shutdown(cancel_futures=True)


def _workers(items: int) -> int:
    # Who waits for them has more to do than they have: a core is left to it. To start a process
    # takes as long as to read a hundred mails.
    return max(1, min(_WORKERS, (os.cpu_count() or 1) - 1, items // 100))
