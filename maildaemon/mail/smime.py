"""S/MIME: what is signed as a whole can be read, what is sealed cannot.

RFC 5652 §5: the content lies in the signature as one string. The walk looks at tags and lengths
only, and follows no more than it needs; no signature is checked.
"""

from collections.abc import Iterator

SMIME_TYPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_DATA = bytes.fromhex("06092a864886f70d010701")
_SEQUENCE, _CONTEXT, _STRING, _STRING_IN_PIECES = 0x30, 0xA0, 0x04, 0x24
_MAX_PIECES = 200_000
_MAX_DEPTH = 8
_LONG_FORM = 0x80

# (tag, where the content begins, where it ends, where the next element begins)
_Element = tuple[int, int, int, int]


class _NotSignedError(Exception):
    """Nothing of the expected shape stands there."""


def signed_content(data: bytes) -> bytes | None:
    """Return the MIME entity in an opaque signature; None if there is none to be read."""
    try:
        return _content(data)
    except (_NotSignedError, IndexError, RecursionError):
        return None


def _content(data: bytes) -> bytes:
    info = _enter(data, 0, len(data), _SEQUENCE)
    signed = _enter(data, _after(data, info, _SIGNED_DATA), info[2], _CONTEXT)
    inner = _enter(data, signed[1], signed[2], _SEQUENCE)
    for element in _elements(data, inner[1], inner[2]):
        # version, digests, then the only sequence: what is signed
        if element[0] == _SEQUENCE:
            wrapped = _enter(data, _after(data, element, _DATA), element[2], _CONTEXT)
            return b"".join(_strings(data, wrapped[1], wrapped[2], 0))
    raise _NotSignedError


def _enter(data: bytes, position: int, end: int, tag: int) -> _Element:
    element = _element(data, position, end)
    if element[0] != tag:
        raise _NotSignedError
    return element


def _after(data: bytes, element: _Element, identifier: bytes) -> int:
    """Return where it goes on after the object identifier that must come first."""
    if not data.startswith(identifier, element[1]):
        raise _NotSignedError
    return element[1] + len(identifier)


def _element(data: bytes, position: int, end: int, depth: int = 0) -> _Element:
    tag, size = data[position], data[position + 1]
    start = position + 2
    if size == _LONG_FORM:
        return _indefinite(data, tag, start, end, depth)
    if size > _LONG_FORM:
        more = size - _LONG_FORM
        if more > 4:  # noqa: PLR2004  # bytes of a length; 4 GB are more than any mail
            raise _NotSignedError
        size = int.from_bytes(data[start : start + more], "big")
        start += more
    # A wrapper that was cut on its way is read as far as it goes.
    stop = min(start + size, end)
    return tag, start, stop, stop


def _indefinite(data: bytes, tag: int, start: int, end: int, depth: int) -> _Element:
    """RFC 5652 §2: lengths may be left open (BER); two zero bytes end the element."""
    if depth > _MAX_DEPTH:
        raise _NotSignedError
    position = start
    for _ in range(_MAX_PIECES):
        if position >= end or data[position : position + 2] == b"\x00\x00":
            return tag, start, position, min(position + 2, end)
        position = _element(data, position, end, depth + 1)[3]
    raise _NotSignedError


def _elements(data: bytes, position: int, end: int) -> Iterator[_Element]:
    for _ in range(_MAX_PIECES):
        if position >= end:
            return
        element = _element(data, position, end)
        yield element
        position = element[3]


def _strings(data: bytes, position: int, end: int, depth: int) -> Iterator[bytes]:
    """Yield the pieces of a string, which may be one or many."""
    if depth > _MAX_DEPTH:
        raise _NotSignedError
    for tag, start, stop, _ in _elements(data, position, end):
        if tag == _STRING:
            yield data[start:stop]
        elif tag == _STRING_IN_PIECES:
            yield from _strings(data, start, stop, depth + 1)
        else:
            raise _NotSignedError
