"""Content transfer encodings (RFC 2045 §6), decoded as far as possible.

Beside the bytes stands what is doubtful about them: where two readers may see different files,
an attachment rule must know.
"""

import binascii
import re

from maildaemon.mail.uuencode import BEGIN, decode_lines

AMBIGUOUS = "ambiguous"
UNREADABLE = "unreadable"

_IDENTITY = (
    *("", "7bit", "8bit", "binary"),
    *("7-bit", "8-bit", "7bits", "8bits", "7 bit", "8 bit", "none", "identity", "plain"),
)
_UUENCODE = ("x-uuencode", "uuencode", "x-uue", "uue")

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_SPACE = b"\r\n\t "
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET) - {ord("=")})

# What is wrong in quoted-printable, and what of it every reader understands as one thing.
_ODD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n)")
_SOFT_BREAK = re.compile(rb"=[ \t]{0,200}(?:\r\n?|\n|\Z)")


def decode_transfer(raw: bytes, encoding: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the content, and `ambiguous` or `unreadable` where that holds."""
    if encoding in _IDENTITY:
        return raw, ()
    if encoding == "base64":
        return _decode_base64(raw)
    if encoding == "quoted-printable":
        return _decode_quoted_printable(raw)
    if encoding in _UUENCODE:
        return _decode_uuencode(raw)
    # RFC 2045 §6.4: nobody knows what an unknown encoding hides.
    return raw, (AMBIGUOUS,)


def _decode_base64(raw: bytes) -> tuple[bytes, tuple[str, ...]]:
    packed = raw.translate(None, _SPACE)
    try:
        # Skips what is no base64, and stops at padding: both show in the length.
        content = binascii.a2b_base64(packed)
    except binascii.Error:
        content = b""
    letters = len(packed) - packed.count(b"=", -2)
    if content and len(content) == letters * 3 // 4 and letters % 4 != 1:
        return content, ()
    return _decode_damaged(raw, packed)


def _decode_quoted_printable(raw: bytes) -> tuple[bytes, tuple[str, ...]]:
    if _ODD_ESCAPE.search(raw) is None:
        return binascii.a2b_qp(raw), ()
    # RFC 2045 §6.7 (3): white space at the end of a line was added on the way.
    joined = _SOFT_BREAK.sub(b"=\r\n", raw)
    mended, bare = _ODD_ESCAPE.subn(b"=3D", joined)
    return binascii.a2b_qp(mended), (AMBIGUOUS,) if bare else ()


def _decode_damaged(raw: bytes, packed: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return everything that anybody may read out of it."""
    letters = packed.translate(None, _NOT_BASE64)
    # What follows padding is read by some programs and ignored by others.
    runs = [run for run in letters.split(b"=") if run]
    findings = (AMBIGUOUS,) if len(runs) > 1 or len(letters) != len(packed) else ()
    content = b"".join(_decode_run(run) for run in runs)
    if packed and not content:
        return raw, (UNREADABLE,)
    if runs and len(runs[-1]) % 4 == 1:
        return content, (*findings, UNREADABLE)
    return content, findings


def _decode_run(run: bytes) -> bytes:
    whole = run[: len(run) - (len(run) % 4 == 1)]
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))


def _decode_uuencode(raw: bytes) -> tuple[bytes, tuple[str, ...]]:
    begin = BEGIN.search(raw)
    if begin is None:
        return raw, (UNREADABLE,)
    content, _, whole = decode_lines(raw, begin.end())
    return content, () if whole else (UNREADABLE,)
