"""Drops the bytes of files that nobody has asked for in time, and what no record knows of."""

import logging
from datetime import timedelta

from maildaemon.ports import BlobStore, Now
from maildaemon.ports.store import Store
from maildaemon.services.desk import log

_BATCH = 200
# What is younger may belong to a message that is being processed.
_SETTLED = timedelta(days=1)


def prune_next(store: Store, files: BlobStore, now: Now) -> int:
    """Drop a batch of files whose time is over; return how many records were concluded (0: none).

    The record goes first. If the process dies in between, the bytes are found as an orphan.
    """
    with store.begin() as tx:
        count, unneeded = tx.records.drop_files(now(), _BATCH)
    for sha256 in unneeded:
        files.remove(sha256, now() - _SETTLED)
    if count:
        log("files.dropped", count=count)
    return count


def drop_orphans(store: Store, files: BlobStore, now: Now) -> int:
    """Drop the bytes that no record holds (a death left them); return how many."""
    dropped = 0
    batch: list[str] = []
    for name in (*files.names(), None):
        if name is not None:
            batch.append(name)
        if len(batch) < _BATCH and name is not None:
            continue
        with store.read() as tx:
            held = tx.records.holds_files(batch)
        dropped += sum(files.remove(one, now() - _SETTLED) for one in batch if one not in held)
        batch.clear()
    if dropped:
        log("orphans.dropped", logging.INFO, count=dropped)
    return dropped
