"""Opens what a command works with that reads the mailbox itself, beside a daemon or without one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from maildaemon.cli.progress import show_progress
from maildaemon.errors import AlreadyRunningError

if TYPE_CHECKING:
    from maildaemon.bootstrap import Tools
    from maildaemon.services.desk import Desk
    from maildaemon.settings import Settings


@contextmanager
def working(settings: "Settings", *, locked: bool = False) -> Iterator[tuple["Tools", bool]]:
    """Give the tools, and whether no daemon works with them: then none can begin to. `locked`:
    whoever calls has seen to that.
    """
    from maildaemon import locks
    from maildaemon.adapters.log import set_up_log
    from maildaemon.bootstrap import open_tools

    with ExitStack() as stack:
        try:
            if not locked:
                stack.enter_context(locks.alone(settings))
            alone = True
        except AlreadyRunningError:
            alone = False
        tools = stack.enter_context(open_tools(settings))
        # One line a message would drown the progress; warnings are still told.
        hidden = settings.service.log_addresses.value
        set_up_log(json_lines=False, level="warning", addresses=hidden, key=tools.key)
        yield tools, alone


def process_all(tools: "Tools", desk: "Desk") -> int:
    """Process what is recorded of a mailbox, showing how far it is; return how many messages. No
    daemon works on it: what a dead process had taken is not waited for.
    """
    from maildaemon.adapters.clock import utc_now
    from maildaemon.adapters.sql.listings import read_listings
    from maildaemon.bootstrap import make_batches, make_places
    from maildaemon.services.backlog import process_backlog
    from maildaemon.services.forget import forget_next, scrub

    with tools.store.begin() as tx:
        tx.inbound.release(desk.mailbox_id, utc_now())
    with read_listings(tools.store) as listings:
        inbound = listings.standing(desk.mailbox_id, utc_now()).inbound
    total = inbound.waiting + inbound.history
    done = 0
    with show_progress("messages") as progress:

        def told(taken: int) -> bool:
            nonlocal done
            done += taken
            progress("processed", done, max(done, total))
            return True

        processed = process_backlog(make_batches(tools, desk), told)
    # What was erased may lie in the mailbox still.
    places = make_places(tools)
    if forget_next(places, utc_now):
        scrub(places, utc_now())
    return processed
