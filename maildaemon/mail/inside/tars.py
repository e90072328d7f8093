"""tar archives: a block that tells of a file, then the file, up to the end."""

from collections.abc import Iterator
from dataclasses import dataclass

_BLOCK = 512
_LONGEST_NAME = 4096
_OCTAL = frozenset(b"01234567")
_LINKS = (b"1", b"2")
_DEVICES = (b"3", b"4", b"6")
_WITHOUT_CONTENT = (*_LINKS, *_DEVICES, b"5")


@dataclass(frozen=True, slots=True)
class Member:
    """One file, by its name; `target` is where a link leads, `is_device` is true for a device."""

    name: str
    begins_at: int
    size: int
    target: str | None
    is_device: bool


def read_members(content: bytes) -> Iterator[Member | None]:
    """Yield every member in order; None where the archive is damaged, and then nothing more."""
    at = 0
    long_name = long_target = ""
    while at + _BLOCK <= len(content):
        block = content[at : at + _BLOCK]
        at += _BLOCK
        if not block.strip(b"\x00"):
            return
        size = _number(block[124:136])
        if size is None or not _is_sound(block):
            yield None
            return
        kind, begins_at = block[156:157], at
        if kind not in _WITHOUT_CONTENT:
            at += -(-size // _BLOCK) * _BLOCK
        text = content[begins_at : begins_at + min(size, _LONGEST_NAME)]
        if kind == b"L":
            long_name = _text(text)
        elif kind == b"K":
            long_target = _text(text)
        elif kind == b"x":
            long_name, long_target = _pax(text, b"path"), _pax(text, b"linkpath")
        elif kind in (b"g", b"D", b"V", b"N", b"M", b"5"):
            long_name = long_target = ""
        else:
            target = (long_target or _text(block[157:257])) if kind in _LINKS else None
            yield Member(long_name or _name(block), begins_at, size, target, kind in _DEVICES)
            long_name = long_target = ""


def _name(block: bytes) -> str:
    prefix = _text(block[345:500]) if block[257:262] == b"ustar" else ""
    return f"{prefix}/{_text(block[:100])}" if prefix else _text(block[:100])


def _number(field: bytes) -> int | None:
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    digits = field.strip(b"\x00 ") or b"0"
    return int(digits, 8) if set(digits) <= _OCTAL else None


def _is_sound(block: bytes) -> bool:
    told = _number(block[148:156])
    # The sum counts its own field as spaces.
    return told == sum(block) - sum(block[148:156]) + 8 * 32


def _text(field: bytes) -> str:
    return field.split(b"\x00", 1)[0].decode("utf-8", "replace")


def _pax(text: bytes, key: bytes) -> str:
    """Return the last value of a key in records of the form `LENGTH key=value`."""
    found = b""
    for line in text.split(b"\n"):
        name, _, value = line.partition(b"=")
        if name.partition(b" ")[2] == key:
            found = value
    return found.decode("utf-8", "replace")
