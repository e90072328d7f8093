"""Knows what the server has numbered anew by what is cheap to fetch: nothing else of it is fetched.

A body is not fetched if the journal holds a message of the same folder, size and date of arrival
whose kept bytes begin with the very same header: of what others sent no second message has the
lines with which our own server took in the first one. A copy in Sent has none; there it is one of
the same Message-ID, Date and size, and says the same. Whatever differs, or is not kept any more, is
fetched whole.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from maildaemon.ports import BlobStore, Listed, Mailbox
from maildaemon.ports.rows import FolderRow, Seen
from maildaemon.ports.store import Store

# By size and date of arrival.
Journaled = Mapping[tuple[int, datetime], Sequence[Seen]]
NOTHING_KNOWN: Journaled = {}

# What is smaller is fetched whole: then nothing is gained.
_WORTH_IT = 50
# Whoever sends more mails of one size within a second gets them fetched again.
_ALIKE_AT_MOST = 8


def journaled(store: Store, folder: FolderRow, listed: Sequence[Listed]) -> Journaled:
    """Return what the journal holds of a folder under other numbers, from the time of what is
    listed; empty unless the folder has been numbered anew.
    """
    dates = [one.internal_date for one in listed if one.internal_date is not None]
    if len(listed) < _WORTH_IT or not dates:
        return NOTHING_KNOWN
    with store.read() as tx:
        known = tx.inbound.under_other_numbers(folder, min(dates), max(dates))
    found: dict[tuple[int, datetime], list[Seen]] = {}
    for one in known:
        alike = found.setdefault((one.size, one.received_at), [])
        if one.raw_sha256 not in {other.raw_sha256 for other in alike}:
            alike.append(one)
    return {key: alike for key, alike in found.items() if len(alike) <= _ALIKE_AT_MOST}


def recognise(
    mailbox: Mailbox,
    blobs: BlobStore,
    folder: FolderRow,
    batch: Sequence[Listed],
    known: Journaled,
) -> list[Seen]:
    """Return what of a batch is known by its header, under its new number."""
    asked = {
        one.uid: known[one.size, one.internal_date]
        for one in batch
        if one.internal_date is not None and (one.size, one.internal_date) in known
    }
    if not asked:
        return []
    found = []
    for header in mailbox.fetch_headers(folder.name, [*asked]):
        for one in asked[header.uid]:
            if _begins_with(blobs, one.raw_sha256, header.raw):
                found.append(Seen(header.uid, one.size, one.received_at, one.raw_sha256))
                break
    return found


def _begins_with(blobs: BlobStore, sha256: str | None, header: bytes) -> bool:
    if sha256 is None or not header.endswith(b"\r\n\r\n") or not blobs.has(sha256):
        return False
    return blobs.get(sha256).startswith(header)
