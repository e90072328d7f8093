"""ZIP files, read from their directory, and compared with what stands before each file.

Python's own reader makes an object of every entry before it hands out the first, and believes
the directory; what matters here is where the two tell different stories.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from maildaemon.domain.message import Finding

_END = b"PK\x05\x06"
_LONGEST_END = 65_557
_END_FIXED = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_UTF8 = 0x800
_UNIX = 3
_LINK = 0o12
_WIDE, _UNICODE_PATH = 0x0001, 0x7075
_METHODS = {0: "stored", 8: "deflate", 12: "bzip2"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its names (more than one if they differ), where it lies and how it is packed.

    `method` is None for one that is not known here; sizes as the directory tells them.
    """

    names: tuple[str, ...]
    method: str | None
    encrypted: bool
    packed: int
    size: int
    begins_at: int
    is_link: bool

    @property
    def is_folder(self) -> bool:
        """Tell whether it holds nothing and only names a folder."""
        return self.names[0].endswith(("/", "\\")) and not self.size


@dataclass(frozen=True, slots=True)
class Directory:
    """The entries, at most as many as were asked for; `count` is how many there are."""

    entries: tuple[Entry, ...]
    count: int
    findings: tuple[Finding, ...]


def find_end(content: bytes) -> int:
    """Return where the directory ends, -1 if this is no ZIP file."""
    return content.rfind(_END, max(0, len(content) - _LONGEST_END))


def has_directory(content: bytes) -> bool:
    """Tell whether a ZIP file ends here, whatever it begins with."""
    end = find_end(content)
    if end < 0 or len(content) < end + _END_FIXED.size:
        return False
    *_, count, size, _, _ = _END_FIXED.unpack_from(content, end)
    return bool(count) and content[end - size : end - size + 4] == b"PK\x01\x02"


def read_directory(content: bytes, most: int) -> Directory:
    """Return what is in a ZIP file; `unreadable` if its end is missing or makes no sense."""
    end = find_end(content)
    if end < 0 or len(content) < end + _END_FIXED.size:
        return Directory((), 0, (Finding.UNREADABLE,))
    *_, count, size, offset, _ = _END_FIXED.unpack_from(content, end)
    stop = end
    if count == _FULL16 or _FULL32 in (size, offset):
        stop, count, size, offset = _end64(content, end, (count, size, offset))
    start = stop - size
    before = start - offset
    if start < 0 or before < 0:
        return Directory((), count, (Finding.UNREADABLE,))
    reader = _Reader(content, before)
    entries = tuple(reader.entries(start, stop, most))
    if before:
        # Something stands before it: another program, or another archive.
        reader.findings[Finding.AMBIGUOUS] = None
    if len(entries) < most and _hides_more(content, reader.spans, before, start):
        # Programs that read from the beginning see files that the directory does not tell of.
        reader.findings[Finding.AMBIGUOUS] = None
    if _overlap(entries):
        reader.findings[Finding.OVERLAPPING] = None
    return Directory(entries, max(count, len(entries)), tuple(reader.findings))


def _end64(content: bytes, end: int, told: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Return where the directory ends, and its numbers, from the larger of two records."""
    locator = end - _LOCATOR.size
    if locator >= 0 and content[locator : locator + 4] == b"PK\x06\x07":
        # Where it says it is, or (with something before the archive) right before the locator.
        for at in (_LOCATOR.unpack_from(content, locator)[2], locator - _END64.size):
            if 0 <= at <= locator - _END64.size and content[at : at + 4] == b"PK\x06\x06":
                count, size, offset = map(int, _END64.unpack_from(content, at)[-3:])
                return at, count, size, offset
    count, size, offset = told
    return end, count, size, offset


class _Reader:
    def __init__(self, content: bytes, before: int) -> None:
        self.findings: dict[Finding, None] = {}
        self.spans: list[tuple[int, int]] = []
        self._content = content
        self._before = before

    def entries(self, at: int, stop: int, most: int) -> Iterator[Entry]:
        content = self._content
        while most > 0 and at + _ENTRY.size <= stop and content[at : at + 4] == b"PK\x01\x02":
            fields = _ENTRY.unpack_from(content, at)
            lengths = fields[10:13]
            name_at = at + _ENTRY.size
            name = content[name_at : name_at + lengths[0]]
            extra = content[name_at + lengths[0] : name_at + lengths[0] + lengths[1]]
            yield self._entry(fields, name, _extras(extra))
            at = name_at + sum(lengths)
            most -= 1

    def _entry(self, fields: tuple[int, ...], name: bytes, extras: dict[int, bytes]) -> Entry:
        made_by, flags, method = fields[1], fields[3], fields[4]
        packed, size, offset = _sizes(fields, extras.get(_WIDE, b""))
        begins_at = self._begin(self._before + offset, name)
        self.spans.append((self._before + offset, begins_at + packed))
        if flags & 1 == 0 and method == 0 and packed != size:
            self.findings[Finding.OVERLAPPING] = None
        return Entry(
            names=_names(name, flags, extras.get(_UNICODE_PATH, b"")),
            method=_METHODS.get(method),
            encrypted=bool(flags & 1),
            packed=packed,
            size=size,
            begins_at=begins_at,
            is_link=made_by >> 8 == _UNIX and fields[15] >> 28 == _LINK,
        )

    def _begin(self, header_at: int, name: bytes) -> int:
        """Return where the content lies; programs that go by the local header must see the same."""
        content = self._content
        if content[header_at : header_at + 4] != b"PK\x03\x04" or (
            header_at + _LOCAL.size > len(content)
        ):
            self.findings[Finding.UNREADABLE] = None
            return len(content)
        *_, name_length, extra_length = _LOCAL.unpack_from(content, header_at)
        name_at = header_at + _LOCAL.size
        if content[name_at : name_at + name_length] != name:
            self.findings[Finding.AMBIGUOUS] = None
        return name_at + int(name_length) + int(extra_length)


def _extras(extra: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        found.setdefault(kind, extra[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def _sizes(fields: tuple[int, ...], wide: bytes) -> tuple[int, int, int]:
    """Return packed size, size and offset, each from its wide form where it has one."""
    values = [fields[9], fields[8], fields[16]]  # in the order in which the wide forms stand
    for at, value in enumerate(values):
        if value == _FULL32 and len(wide) >= 8:  # noqa: PLR2004 - bytes of a wide number
            values[at] = int.from_bytes(wide[:8], "little")
            wide = wide[8:]
    size, packed, offset = values
    return packed, size, offset


def _names(name: bytes, flags: int, unicode_path: bytes) -> tuple[str, ...]:
    plain = name.decode("utf-8" if flags & _UTF8 else "cp437", "replace")
    other = unicode_path[5:].decode("utf-8", "replace")
    return tuple(dict.fromkeys(one for one in (plain, other) if one)) or ("",)


def _hides_more(content: bytes, spans: list[tuple[int, int]], begin: int, end: int) -> bool:
    """Tell whether another file begins between those that the directory tells of."""
    at = begin
    for first, last in (*sorted(spans), (end, end)):
        if at < first and content.find(b"PK\x03\x04", at, first) >= 0:
            return True
        at = max(at, last)
    return False


def _overlap(entries: tuple[Entry, ...]) -> bool:
    """Tell whether two files share bytes: then much can be unpacked from little."""
    spans = sorted((one.begins_at, one.begins_at + one.packed) for one in entries if one.packed)
    return any(end > after for (_, end), (after, _) in pairwise(spans))
