"""Keeps out of the records whoever was erased, and clears away what a death has left of him."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from maildaemon.domain.erasure import Tombstone, Tombstones
from maildaemon.domain.person import Personal
from maildaemon.errors import OperatorError
from maildaemon.ports import Now
from maildaemon.ports.brakes import Alarm
from maildaemon.ports.persons import Bytes, Suspect
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.desk import log
from maildaemon.services.erase import Places, Plan, carry_out, holds, undisturbed, with_quotes
from maildaemon.services.removal import remove_noted

_AT_ONCE = 500
_FETCHED = "erased.fetched"
_SCRUB, _WANTED, _SCRUBBED = "scrub", "wanted", "scrubbed"
_SCRUB_EVERY = timedelta(days=1)


def forget_next(places: Places, now: Now) -> int:
    """Erase once more what has come back of whoever was erased; return how many messages.

    Only what was recorded since the last look is looked at, all of it after a new erasure and in
    records that were restored or made anew. What a death has left of an erasure goes, too.
    """
    total = _forget(places, now)
    drop_fetched(places.store)
    remove_noted(places.store, places.raw, places.files, now(), at_once=True)
    return total


def _forget(places: Places, now: Now) -> int:
    written = places.graves.read()
    stones = Tombstones.of(places.key, written)
    if not stones.name:
        return 0
    with places.store.read() as tx:
        is_new = tx.brakes.fact(_looked(stones)) is None
    if is_new:
        _meet(places, stones, written, now())
    total = 0
    while True:
        looked, found = undisturbed(lambda: _forget_some(places, stones, now()))
        total += found
        if not looked:
            break
    if total:
        with places.store.begin() as tx:
            tx.brakes.keep_fact(_SCRUB, _WANTED)
        log("person.forgotten", messages=total)
    return total


def forget_or_tell(places: Places, now: Now) -> None:
    """`forget_next` beside the work that must go on: whoever cannot be forgotten now is later, and
    somebody is told. Where nobody ever was, nothing is looked for: what retention lets go of, the
    chores clear away.
    """
    try:
        if places.graves.read():
            forget_next(places, now)
    except OperatorError as error:
        why = str(error)
        log("erasure.failed", logging.ERROR, error=why)
        with places.store.begin() as tx:
            text = f"whoever was erased may come back until this is put right: {why}"
            tx.alerts.raise_alarm(Alarm("erasure.failed", None, text), now())


def scrub_next(places: Places, now: Now) -> None:
    """Have the database written anew if something was taken out of it: at most once a day, for all
    that works on it waits meanwhile.
    """
    with places.store.read() as tx:
        wanted, done = tx.brakes.fact(_SCRUB), tx.brakes.fact(_SCRUBBED)
    if wanted != _WANTED or (done and now() - datetime.fromisoformat(done) < _SCRUB_EVERY):
        return
    scrub(places, now())


def scrub(places: Places, at: datetime) -> str | None:
    """Have the database written anew; return what may stay in its files, None if nothing does."""
    with places.store.begin() as tx:
        tx.brakes.keep_fact(_SCRUB, "")
        tx.brakes.keep_fact(_SCRUBBED, at.isoformat())
    left = places.scrub()
    log("database.scrubbed", left=left)
    return left


def drop_fetched(store: Store) -> None:
    """Let go of bytes that were fetched once more though their message is erased."""
    with store.read() as tx:
        after = int(tx.brakes.fact(_FETCHED) or 0)
        found = tx.persons.fetched_again(after)
    if not found.inbound and found.until < after + _AT_ONCE:
        return
    with store.begin() as tx:
        gone = tx.persons.let_bytes_go(found.inbound)
        tx.removals.note(Bytes(raw=gone), at_once=True)
        tx.brakes.keep_fact(_FETCHED, str(found.until))


def _meet(places: Places, stones: Tombstones, written: Sequence[Tombstone], at: datetime) -> None:
    """Hold a database against stones that it has not seen: it may be an older one, restored."""
    raw = tuple({name for one in written for name in one.raw})
    files = tuple({name for one in written for name in one.files})
    with places.store.read() as tx:
        left = tx.persons.left_behind(stones.covers)
    with places.store.begin() as tx:
        # What was added since is not of before the erasure, or goes with its message.
        tx.persons.erase(left, places.key, at, told=False)
        # What a record holds by then stays until that is erased as well.
        tx.removals.note(Bytes(raw, files), at_once=True)
        tx.brakes.keep_fact(_looked(stones), "0")


def _forget_some(places: Places, stones: Tombstones, at: datetime) -> tuple[int, int] | None:
    """Return how many messages were looked at, and how many of them erased; None if the records
    have changed meanwhile.
    """

    def doomed_by(tx: Transaction) -> Personal:
        return tx.persons.doomed_again(doomed, quoting, stones.__contains__)

    plan: Plan | None = None
    with places.store.read() as tx:
        after = int(tx.brakes.fact(_looked(stones)) or 0)
        suspects = tx.persons.since(after, _AT_ONCE)
        doomed = [one.message for one in suspects if _is_erased(one, stones)]
        quoting = [
            one.message
            for one in suspects
            if one.message not in doomed and _is_quoting(one, stones)
        ]
        if doomed or quoting:
            plan = with_quotes(tx, places, doomed_by(tx), stones, quoting)
    if not suspects:
        return 0, 0
    with places.store.begin() as tx:
        if plan:
            if not holds(tx, plan, doomed_by(tx), quoting):
                return None
            carry_out(tx, places.key, plan, at)
        tx.brakes.keep_fact(_looked(stones), str(suspects[-1].message))
    return len(suspects), len(doomed) + (len(plan.quotes) if plan else 0)


def _is_erased(one: Suspect, stones: Tombstones) -> bool:
    if stones.covers_message(one.message_id):
        return True
    people = (one.author, *one.recipients)
    by_address = any(stones.covers(address, one.at) for address in people)
    return by_address and not stones.is_quoting(one.message_id)


def _is_quoting(one: Suspect, stones: Tombstones) -> bool:
    """Tell whether it is to lose what it has quoted of somebody; it was not read when he was
    erased, or the records have forgotten that.
    """
    known = stones.is_quoting(one.message_id) or stones.are_named_in(one.said, one.at)
    return known and not one.is_quoted


def _looked(stones: Tombstones) -> str:
    """Return the fact that tells up to which message all were held against these stones: each
    machine has its own.
    """
    return f"erased.{stones.name}"
