"""Removes from the disk what the records have let go of."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from maildaemon.ports import BlobStore
from maildaemon.ports.removals import Removal
from maildaemon.ports.store import Store

_AT_ONCE = 500
# What is younger may belong to a message that is being processed.
SETTLED = timedelta(days=1)


def remove_noted(
    store: Store, raw: BlobStore, files: BlobStore, at: datetime, *, at_once: bool = False
) -> None:
    """Remove the bytes that were noted with what let go of them, and then the note of it: what a
    death leaves goes with the next call. `at_once`: only what does not have to settle first.
    """
    after = 0
    while True:
        with store.read() as tx:
            noted = tx.removals.next(after, _AT_ONCE, at_once=at_once)
            held = tx.rebuild.journaled([one.sha256 for one in noted if not one.is_file])
            held |= tx.records.holds_files([one.sha256 for one in noted if one.is_file])
        if not noted:
            return
        after = noted[-1].removal_id
        done = _remove(noted, held, raw, files, at)
        if done:
            with store.begin() as tx:
                tx.removals.done(done)


def _remove(
    noted: Sequence[Removal], held: frozenset[str], raw: BlobStore, files: BlobStore, at: datetime
) -> list[Removal]:
    """Return what is done: it is gone, or a record holds it again."""
    ever = datetime.max.replace(tzinfo=at.tzinfo)

    def is_done(one: Removal) -> bool:
        blobs = files if one.is_file else raw
        before = ever if one.at_once else at - SETTLED
        return one.sha256 in held or blobs.remove(one.sha256, before)

    return [one for one in noted if is_done(one)]
