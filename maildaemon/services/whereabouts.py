"""Finds a message of ours in a folder by its id: not by SEARCH, which lies on some servers."""

from collections.abc import Sequence

from maildaemon.ports import Listed, Mailbox


def find_message(
    mailbox: Mailbox, folder: str, listed: Sequence[Listed], message_id: str
) -> Listed | None:
    """Return the one among these that has the id (no brackets), None if none has."""
    uids = {one.uid: one for one in listed}
    field = f"message-id: <{message_id}>".lower().encode()
    # Some client may have folded the field meanwhile.
    found = mailbox.fetch_headers(folder, [*uids], "message-id") if uids else ()
    return next(
        (uids[one.uid] for one in found if field in b" ".join(one.raw.lower().split())), None
    )
