"""Works off what is recorded, at the pace of the machine: while one batch is concluded, the next is
read.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from maildaemon.services.loop import attempt
from maildaemon.services.process import Batch


def process_backlog(batches: Callable[[], Batch], told: Callable[[int], bool]) -> int:
    """Process all that is due, in its order; return how many messages (0: nothing is due). What is
    given back comes after what waits already.

    `batches` makes a batch with nothing in it. `told` is called with how many were taken with each
    one, once it is concluded; what it answers says whether to go on.

    What is concluded stands. What fails is tried again later by itself, and parked after three
    failures of its own: it never keeps another message waiting. What an outage keeps from being
    concluded is given back as it was. If the process dies, what two batches had taken is due again
    when the claim ends, one by one.
    """
    total, batch, following = 0, batches(), batches()
    reading: Future[None] | None = None
    with ThreadPoolExecutor(1, thread_name_prefix="reading") as ahead:
        try:
            taken = batch.take()
            while taken:
                _read(batch, reading)
                following, reading = batches(), None
                # Whoever is alone is served soonest by one who does nothing else.
                beside = following.take(beside=True) if taken > 1 else 0
                reading = ahead.submit(following.read) if beside else None
                batch.conclude()
                batch.give_back()
                total += taken
                if not told(taken):
                    # Who stops is not to be waited for.
                    _abandon(following, reading)
                    break
                if not beside:
                    following = batches()
                batch, taken = following, beside or following.take()
        except Exception:
            attempt(batch.give_back)
            attempt(partial(_abandon, following, reading))
            raise
    return total


def _read(batch: Batch, reading: Future[None] | None) -> None:
    """Read a batch, or wait until that is done."""
    if reading:
        reading.result()
    else:
        batch.read()


def _abandon(batch: Batch, reading: Future[None] | None) -> None:
    """Give back a batch, which may be under way."""
    batch.abandon()
    if reading:
        wait([reading])
    batch.give_back()
