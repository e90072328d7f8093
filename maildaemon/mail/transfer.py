"""Content transfer encodings (RFC 2045 §6), decoded as far as possible.

Beside the bytes stands what is doubtful about them: where two readers may see different files,
an attachment rule must know.
"""

import binascii
import re

AMBIGUOUS = "ambiguous"
UNREADABLE = "unreadable"

_IDENTITY = ("", "7bit", "8bit", "binary")
_UUENCODE = ("x-uuencode", "uuencode", "x-uue", "uue")

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_SPACE = b"\r\n\t "
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET) - {ord("=")})
_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\r\n]{0,255}\r?\n", re.MULTILINE)


def decode_transfer(raw: bytes, encoding: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the content, and `ambiguous` or `unreadable` where that holds."""
    if encoding in _IDENTITY:
        return raw, ()
    if encoding == "base64":
        return _decode_base64(raw)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(raw), ()
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
    begin = _BEGIN.search(raw)
    if begin is None:
        return raw, (UNREADABLE,)
    output: list[bytes] = []
    for line in raw[begin.end() :].splitlines():
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            output.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders pad the line; the length it states is right.
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                output.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                return b"".join(output), (UNREADABLE,)
    return b"".join(output), ()
