"""Drops the bytes of files that nobody has asked for in time, and what no record knows of."""

from datetime import timedelta
from itertools import islice

from maildaemon.ports import BlobStore, Now
from maildaemon.ports.store import Store
from maildaemon.services.desk import log

_BATCH = 200
# What is younger may belong to a message that is being processed.
_SETTLED = timedelta(days=1)
# Whoever restores the wrong backup, which knows none of the newest files, needs time to see it.
_FORGOTTEN = timedelta(days=14)


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
    names = files.names()
    while batch := list(islice(names, _BATCH)):
        with store.read() as tx:
            held = tx.records.holds_files(batch)
        dropped += sum(files.remove(one, now() - _FORGOTTEN) for one in batch if one not in held)
    if dropped:
        log("orphans.dropped", count=dropped)
    return dropped


def drop_unfinished(blobs: BlobStore, now: Now) -> None:
    """Drop what a death has left half written."""
    if dropped := blobs.drop_unfinished(now() - _SETTLED):
        log("unfinished.dropped", count=dropped)
