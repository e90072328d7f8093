"""RAR and 7z, of which only the headers can be read here: is there a password, what is in it."""

from collections.abc import Iterator

from maildaemon.domain.message import Finding
from maildaemon.mail.inside.look import Look

_HEADERS = 2000
_RAR4, _RAR5 = b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00"
_AES = b"\x06\xf1\x07\x01"
_MOST_HEADER = 2 * 1024 * 1024


def look_into_rar(look: Look, content: bytes) -> None:
    """Note the names in a RAR archive, and whether it has a password."""
    read = _read_rar5 if content.startswith(_RAR5) else _read_rar4
    for name in read(look, content):
        look.name((name,))


def look_into_7z(look: Look, content: bytes) -> None:
    """Note whether a 7z archive says that it has a password (most say so in its packed header)."""
    begins_at = 32 + int.from_bytes(content[12:20], "little")
    size = min(int.from_bytes(content[20:28], "little"), _MOST_HEADER)
    if _AES in content[begins_at : begins_at + size]:
        look.find(Finding.ENCRYPTED)


def _read_rar4(look: Look, content: bytes) -> Iterator[str]:
    at = len(_RAR4)
    for _ in range(_HEADERS):
        kind = content[at + 2 : at + 3]
        flags = int.from_bytes(content[at + 3 : at + 5], "little")
        size = int.from_bytes(content[at + 5 : at + 7], "little")
        if (kind == b"\x73" and flags & 0x80) or (kind == b"\x74" and flags & 0x04):
            look.find(Finding.ENCRYPTED)
        if kind == b"\x74":
            length = int.from_bytes(content[at + 26 : at + 28], "little")
            name_at = at + (40 if flags & 0x100 else 32)
            yield content[name_at : name_at + length].split(b"\x00")[0].decode("utf-8", "replace")
        follows = int.from_bytes(content[at + 7 : at + 11], "little") if flags & 0x8000 else 0
        at += max(size, 7) + follows
        if at >= len(content) or size < 7:  # noqa: PLR2004 - the smallest header
            return


def _read_rar5(look: Look, content: bytes) -> Iterator[str]:
    at = len(_RAR5)
    for _ in range(_HEADERS):
        size, begins_at = _number(content, at + 4)
        kind, here = _number(content, begins_at)
        flags, here = _number(content, here)
        extra, here = _number(content, here) if flags & 1 else (0, here)
        data, here = _number(content, here) if flags & 2 else (0, here)
        if kind == 4:  # noqa: PLR2004 - all that follows is encrypted
            look.find(Finding.ENCRYPTED)
            return
        if kind == 2:  # noqa: PLR2004 - a file
            yield _rar5_name(content, here)
            if _is_encrypted(content[begins_at + size - extra : begins_at + size]):
                look.find(Finding.ENCRYPTED)
        at = begins_at + size + data
        if not size or at >= len(content):
            return


def _rar5_name(content: bytes, at: int) -> str:
    flags, at = _number(content, at)
    for _ in range(2):  # size unpacked, attributes
        _, at = _number(content, at)
    at += 4 * bool(flags & 2) + 4 * bool(flags & 4)
    for _ in range(2):  # how it is packed, and by what system
        _, at = _number(content, at)
    length, at = _number(content, at)
    return content[at : at + min(length, 4096)].decode("utf-8", "replace")


def _is_encrypted(extra: bytes) -> bool:
    at = 0
    while at < len(extra):
        size, begins_at = _number(extra, at)
        kind, _ = _number(extra, begins_at)
        if kind == 1:
            return True
        at = begins_at + max(size, 1)
    return False


def _number(content: bytes, at: int) -> tuple[int, int]:
    """Return a number of RAR 5 and where it ends: seven bits a byte, the lowest first."""
    value = 0
    for shift in range(0, 70, 7):
        byte = content[at] if at < len(content) else 0
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            break
    return value, at
