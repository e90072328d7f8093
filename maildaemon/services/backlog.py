"""Works off what a command has recorded, at the pace of the machine: while one batch is concluded,
the next one is read.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from maildaemon.services.loop import attempt
from maildaemon.services.process import Batch


def process_backlog(batches: Callable[[], Batch], told: Callable[[int], None]) -> int:
    """Process all that is due, in its order; return how many messages. `batches` makes a batch
    with nothing in it; `told` is called with how many were taken with each one.

    What is concluded stands. If the process dies, what two batches had taken is due again when the
    claim ends, one by one.
    """
    total = 0
    with ThreadPoolExecutor(1, thread_name_prefix="reading") as ahead:
        batch = batches()
        taken = batch.take()
        reading = ahead.submit(attempt, batch.read)
        while taken:
            following = batches()
            waiting = following.take()
            trouble = reading.result()
            reading = ahead.submit(attempt, following.read)
            if trouble is None:
                trouble = attempt(batch.conclude)
            batch.give_back()
            if isinstance(trouble, Exception):
                reading.result()
                following.give_back()
                raise trouble
            total += taken
            told(taken)
            batch, taken = following, waiting
    return total
