"""Notes what a daemon works with, so that `status` need not take the file's word for it."""

from datetime import datetime

from maildaemon.domain.in_force import InForce, fact_of
from maildaemon.ports.store import Store, Transaction
from maildaemon.services.desk import Desk


def note_in_force(store: Store, desk: Desk, in_force: InForce) -> None:
    """Note what holds in a mailbox from now on, in place of what held before."""
    with store.begin() as tx:
        tx.brakes.keep_fact(fact_of(desk.mailbox_id), in_force.written())


def in_force_since(tx: Transaction, desk: Desk) -> datetime | None:
    """Return since when the daemon works that began with a mailbox last; None if none ever did."""
    found = _noted(tx, desk)
    return found.since if found else None


def note_refusal(store: Store, desk: Desk, now: datetime) -> None:
    """Note that a changed configuration was refused, until another one is in force."""
    with store.begin() as tx:
        if found := _noted(tx, desk):
            tx.brakes.keep_fact(fact_of(desk.mailbox_id), found.refused(now).written())


def _noted(tx: Transaction, desk: Desk) -> InForce | None:
    noted = tx.brakes.fact(fact_of(desk.mailbox_id))
    return InForce.read(noted) if noted else None
