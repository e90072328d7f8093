"""How much work the files of one message may cause, however they are packed."""

# What is larger is not kept whole, so it is not looked into.
KEPT = 16 * 1024 * 1024
_BYTES = 250_000_000
_ENTRIES = 12_000


class Budget:
    """What is left of it; shared by all files of a message."""

    def __init__(self, unpacked: int = _BYTES, entries: int = _ENTRIES) -> None:
        """Allow so many bytes to be unpacked and so many entries to be looked at."""
        self._bytes = unpacked
        self._entries = entries

    @property
    def left(self) -> int:
        """Return how many bytes may still be unpacked."""
        return self._bytes

    @property
    def entries(self) -> int:
        """Return how many entries may still be looked at."""
        return self._entries

    def spend(self, count: int) -> None:
        """Note that so many bytes were unpacked (slow ways of packing count more)."""
        self._bytes = max(0, self._bytes - count)

    def enter(self) -> bool:
        """Note one more entry; return whether it may still be looked at."""
        self._entries -= 1
        return self._entries >= 0
