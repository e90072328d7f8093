"""Plans what is to happen in threads and when, and applies the difference to what was planned."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from maildaemon.domain.brakes import Brake
from maildaemon.domain.timers import Timer, parts_in_force, plan_timers
from maildaemon.ports.store import Store, Transaction
from maildaemon.ports.timers import Case, TimerRow
from maildaemon.services.desk import Desk, log

_AT_ONCE = 50
# Nobody is asked how it was after more time than that.
_SETTLED_AT_MOST = timedelta(days=60)


def put_in_force(store: Store, desk: Desk, now: datetime) -> None:
    """Note what of the policy is new, and have everything planned by it that is under way.

    What would have been due before is not made up for. If the process dies, it is noted at the
    next start, or it was.
    """
    with store.begin() as tx:
        parts = parts_in_force(desk.policy)
        if tx.timers.put_in_force(desk.mailbox_id, parts, now):
            tx.timers.plan_all(desk.mailbox_id, now - _SETTLED_AT_MOST)
            log("policy.in_force", mailbox=desk.policy.mailbox)


def plan_next(
    store: Store,
    desk: Desk,
    now: datetime,
    over: Callable[[TimerRow], None] = lambda _timer: None,
    in_force: Mapping[str, datetime] | None = None,
) -> int:
    """Plan threads anew whose history has grown; return how many. `over` hears of each timer that
    has come to nothing. `in_force`: since when what holds, None if that is to be looked up.
    """
    with store.read() as tx:
        wanting = tx.timers.threads_to_plan(desk.mailbox_id, _AT_ONCE)
    if not wanting:
        return 0
    with store.begin() as tx:
        known = _in_force(tx, desk, now) if in_force is None else in_force
        for thread_id in wanting:
            plan_thread(tx, desk, thread_id, now, known, over)
    return len(wanting)


def _in_force(tx: Transaction, desk: Desk, now: datetime) -> Mapping[str, datetime]:
    """Return since when what holds. What a clock that ran ahead has noted holds from now on: else
    nothing at all would be due until then.
    """
    known = tx.timers.in_force(desk.mailbox_id)
    if all(since <= now for since in known.values()):
        return known
    if any(one.brake is Brake.CLOCK for one in tx.brakes.on(desk.mailbox_id)):
        return known
    tx.timers.bring_forward(desk.mailbox_id, now)
    tx.timers.plan_all(desk.mailbox_id, now - _SETTLED_AT_MOST)
    return tx.timers.in_force(desk.mailbox_id)


def plan_thread(
    tx: Transaction,
    desk: Desk,
    thread_id: int,
    now: datetime,
    in_force: Mapping[str, datetime] | None = None,
    over: Callable[[TimerRow], None] = lambda _timer: None,
) -> Case:
    """Let exactly those timers be armed that follow from the thread's history; return it as it was
    read.
    """
    known = tx.timers.in_force(desk.mailbox_id) if in_force is None else in_force
    case = tx.timers.case(thread_id)
    apply_plan(case, plan_timers(case.history, desk.policy, known), now, over)
    return case


def apply_plan(
    case: Case, timers: Sequence[Timer], now: datetime, over: Callable[[TimerRow], None]
) -> None:
    """Let exactly these timers be armed; `over` as in `plan_next`."""
    for cancelled in case.plan(timers, now):
        over(cancelled)
