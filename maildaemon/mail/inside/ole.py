"""OLE files (Word, Excel and PowerPoint up to 2003, Outlook messages): a file system in a file."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from maildaemon.mail.inside.budget import KEPT

_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST = 0xFFFFFFFA  # from here on a number means something else than a sector
_HEADER = 512
_ENTRY = 128
_MOST_ENTRIES = 20_000
_ROOT = 5


@dataclass(frozen=True, slots=True)
class Node:
    """A stream or a storage (a folder of streams)."""

    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


class OleFile:
    """Read as far as it can be: a damaged file has fewer nodes, and nothing raises."""

    def __init__(self, content: bytes) -> None:
        """Read the tables and the directory."""
        self._content = content
        self._sector = 1 << min(max(_word(content, 30), 7), 12)
        self._mini = 1 << min(max(_word(content, 32), 4), 9)
        self._cutoff = _long(content, 56)
        self._fat = self._read_fat()
        self.nodes = tuple(self._read_nodes())
        root = next((one for one in self.nodes if one.kind == _ROOT), None)
        self._small = self._chain(root.start, root.size) if root else b""
        self._minifat = _longs(self._chain(_long(content, 60), len(content)))

    def stream(self, node: Node, most: int = KEPT) -> bytes:
        """Return what a stream holds, at most so much."""
        wanted = min(node.size, most)
        if node.size >= self._cutoff:
            return self._chain(node.start, wanted)
        return _follow(self._small, self._minifat, node.start, self._mini, 0, wanted)

    def children(self, storage: Node) -> Iterator[Node]:
        """Yield what a storage holds directly."""
        seen: set[int] = set()
        ahead = [storage.child]
        while ahead:
            number = ahead.pop()
            if number < len(self.nodes) and number not in seen:
                seen.add(number)
                node = self.nodes[number]
                ahead += [node.left, node.right]
                yield node

    def _read_fat(self) -> tuple[int, ...]:
        content, per_sector = self._content, self._sector // 4
        sectors = list(_longs(content[76:_HEADER]))
        further = _long(content, 68)
        # No more tables than there is file.
        for _ in range(len(content) // self._sector + 1):
            if further >= _LAST:
                break
            more = _longs(self._block(further))
            if len(more) < per_sector:
                break
            sectors += more[:-1]
            further = more[-1]
        most = len(content) // self._sector + 1
        used = [one for one in sectors if one < _LAST][: most // per_sector + 1]
        return _longs(b"".join(self._block(one) for one in used))

    def _read_nodes(self) -> Iterator[Node]:
        table = self._chain(_long(self._content, 48), _MOST_ENTRIES * _ENTRY)
        for at in range(0, len(table) - _ENTRY + 1, _ENTRY):
            entry = table[at : at + _ENTRY]
            length = min(max(_word(entry, 64) - 2, 0), 62)
            yield Node(
                name=entry[:length].decode("utf-16-le", "replace"),
                kind=entry[66],
                left=_long(entry, 68),
                right=_long(entry, 72),
                child=_long(entry, 76),
                start=_long(entry, 116),
                size=_long(entry, 120),
            )

    def _block(self, sector: int) -> bytes:
        at = (sector + 1) * self._sector
        return self._content[at : at + self._sector]

    def _chain(self, start: int, most: int) -> bytes:
        return _follow(self._content, self._fat, start, self._sector, self._sector, most)


def is_ole(content: bytes) -> bool:
    """Tell whether this is an OLE file."""
    return content.startswith(_SIGNATURE) and len(content) > _HEADER


def _follow(
    content: bytes, table: tuple[int, ...], start: int, size: int, offset: int, most: int
) -> bytes:
    """Return the sectors of a chain, one after the other; a circle ends where it closes."""
    pieces: list[bytes] = []
    left, sector = min(most, len(content)), start
    while left > 0 and sector < len(table):
        at = offset + sector * size
        pieces.append(content[at : at + min(size, left)])
        left -= size
        sector = table[sector]
    return b"".join(pieces)


def _word(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 2], "little")


def _long(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 4], "little")


def _longs(content: bytes) -> tuple[int, ...]:
    count = len(content) // 4
    return struct.unpack(f"<{count}I", content[: 4 * count])
