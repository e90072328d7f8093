"""Works off what is recorded, at the pace of the machine: while one batch is concluded, the next is
read.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from maildaemon.services.loop import attempt
from maildaemon.services.process import Batch


def process_backlog(batches: Callable[[], Batch], told: Callable[[int], bool]) -> int:
    """Process all that is due, in its order; return how many messages (0: nothing is due).

    `batches` makes a batch with nothing in it. `told` is called with how many were taken with each
    one, once it is concluded; what it answers says whether to go on.

    What is concluded stands. What fails is tried again later by itself, and parked after three
    failures of its own: it never keeps another message waiting. What an outage keeps from being
    concluded is given back as it was. If the process dies, what two batches had taken is due again
    when the claim ends, one by one.
    """
    total = 0
    with ThreadPoolExecutor(1, thread_name_prefix="reading") as ahead:
        batch, reading = batches(), None
        taken = batch.take()
        while taken:
            trouble = reading.result() if reading else attempt(batch.read)
            following = batches()
            # Whoever is alone is served soonest by one who does nothing else.
            beside = following.take(beside=True) if taken > 1 and trouble is None else 0
            reading = ahead.submit(attempt, following.read) if beside else None
            trouble = trouble or attempt(batch.conclude)
            batch.give_back()
            goes_on = attempt(partial(told, taken)) if trouble is None else trouble
            total += taken
            if goes_on is not True:
                if reading:
                    reading.result()
                    following.give_back()
                if isinstance(goes_on, Exception):
                    raise goes_on
                break
            batch, taken = following, beside or following.take()
    return total
