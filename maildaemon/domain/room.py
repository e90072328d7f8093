"""How much room mail and records need on a disk."""

_RESERVE = 200 * 10**6
# So much more, and somebody has days to make room before anything stands still.
_DAYS = 10**9


def least_room(largest: int) -> int:
    """Return the bytes below which no mail is fetched, of which the largest may have so many: what
    is left then is for the records.
    """
    return 2 * largest + _RESERVE


def ample_room(largest: int) -> int:
    """Return the bytes below which people are told that the disk is filling up."""
    return least_room(largest) + _DAYS
