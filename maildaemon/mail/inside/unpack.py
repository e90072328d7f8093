"""Unpacks piece by piece, so that nothing grows larger than it may."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from maildaemon.mail.inside.budget import KEPT, Budget

_PIECE = 256 * 1024
# What a byte costs, measured in bytes of DEFLATE.
_COST = {"stored": 0.2, "deflate": 1, "gzip": 1, "bzip2": 10, "xz": 5, "lzma": 5}
_ERRORS = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError)
_LZMA_MEMORY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came out: the beginning, up to `KEPT` bytes, and how much it was (or got to be).

    `finished` tells whether that is all; `sound`, whether nothing was damaged. `rest` is how many
    of the packed bytes were not needed.
    """

    content: bytes
    size: int
    finished: bool
    sound: bool = True
    rest: int = 0

    @property
    def whole(self) -> bool:
        """Tell whether `content` is all there is."""
        return self.finished and self.sound and len(self.content) == self.size


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class _Deflate:
    """zlib with the manners of bz2 and lzma."""

    def __init__(self, window: int) -> None:
        self._zlib = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = _PIECE) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail or data, max_length)


_MAKERS: dict[str, Callable[[], _Decompressor]] = {
    "deflate": lambda: _Deflate(-15),
    "zlib": lambda: _Deflate(15),
    "gzip": lambda: _Deflate(31),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_AUTO, _LZMA_MEMORY),
}


def unpack(
    packed: bytes, method: str, budget: Budget, *, most: int | None = None, keep: int = KEPT
) -> Unpacked:
    """Return what unpacking yields; it stops beyond `most` bytes, or when the budget is spent."""
    if method == "stored":
        budget.spend(int(len(packed) * _COST[method]))
        return Unpacked(packed[:keep], len(packed), finished=True)
    yielded = _Yielded(keep)
    piece_size = min(_PIECE, keep) or _PIECE
    fed = 0
    try:
        inner = _MAKERS[method]()
        while not inner.eof:
            if inner.needs_input and fed >= len(packed):
                return yielded.end(finished=False, sound=False)
            fresh = packed[fed : fed + _PIECE] if inner.needs_input else b""
            fed += len(fresh)
            piece = inner.decompress(fresh, piece_size)
            yielded.add(piece)
            budget.spend(int(len(piece) * _COST.get(method, 1)))
            if (most is not None and yielded.size > most) or not budget.left:
                return yielded.end(finished=False)
    except _ERRORS:
        return yielded.end(finished=False, sound=False)
    return yielded.end(finished=True, rest=len(packed) - fed + len(inner.unused_data))


class _Yielded:
    """What has come out so far."""

    def __init__(self, keep: int) -> None:
        self.size = 0
        self._pieces: list[bytes] = []
        self._room = keep

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if self._room > 0:
            self._pieces.append(piece[: self._room])
            self._room -= len(self._pieces[-1])

    def end(self, *, finished: bool, sound: bool = True, rest: int = 0) -> Unpacked:
        return Unpacked(b"".join(self._pieces), self.size, finished, sound, rest)
