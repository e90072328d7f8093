"""Notes what a daemon works with, so that `status` need not take the file's word for it."""

from datetime import datetime

from maildaemon.domain.in_force import InForce, fact_of
from maildaemon.ports.store import Store
from maildaemon.services.desk import Desk


def note_in_force(store: Store, desk: Desk, in_force: InForce) -> None:
    """Note what holds in a mailbox from now on, in place of what held before."""
    with store.begin() as tx:
        tx.brakes.keep_fact(fact_of(desk.mailbox_id), in_force.written())


def note_refusal(store: Store, desk: Desk, now: datetime) -> None:
    """Note that a changed configuration was refused, until another one is in force."""
    with store.begin() as tx:
        noted = tx.brakes.fact(fact_of(desk.mailbox_id))
        if found := InForce.read(noted) if noted else None:
            tx.brakes.keep_fact(fact_of(desk.mailbox_id), found.refused(now).written())
