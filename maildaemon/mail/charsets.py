"""Bytes to text, whatever the charset label says.

The ladder: the declared charset (its aliases and supersets, and UTF-8 where the bytes are plainly
that), UTF-16 without a mark, UTF-8, a guess from the bytes, Windows-1252, Latin-1. A byte is
never dropped: what nothing can read becomes U+FFFD.
"""

import codecs
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from maildaemon.mail.charset_labels import ALIASES, NOT_CHARSETS, WINDOWS_OF

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

_SURROGATES = re.compile("[\ud800-\udfff]")

# A word wholly of high bytes is Cyrillic rather than Latin with accents.
_WORD_OF_HIGH_BYTES = re.compile(rb"[\xc0-\xff]{4}")

_WINDOWS = re.compile(r"(?:x-)?(?:win|windows|cp|ms|ansi)-?(125[0-8]|874)")
_LABEL = re.compile(r"^[^a-z0-9]*(?:charset\s*=\s*)?[\"']?([a-z0-9][a-z0-9.+-]*)")
_YEAR = re.compile(r":\d{4}.*$")

# Charsets that carry other letters in 7-bit bytes: for these, ASCII bytes are not ASCII text.
# (UTF-16 shows by its NULs.)
_SEVEN_BIT = re.compile(r"(?:iso2022|utf-7|hz|cp037|cp500|cp1026|cp1140|cp273)")
_ESCAPES = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$", "iso2022_jp_ext"))

# What two bytes make one letter of looks like UTF-8 now and then; so does Thai.
_OFTEN_LIKE_UTF_8 = re.compile(r"(?:gb|big5|cp9|euc|johab|cp874|hz)")
_LATIN = re.compile(r"(?:cp1252|cp1250|cp1254|cp1257|iso8859-(?:1|2|3|4|9|10|13|14|15|16)$|mac-r)")
_LEADS = bytes(range(0xC2, 0xF5))

_C1 = re.compile("[\x80-\x84\x86-\x9f]")

_SAMPLE = 16 * 1024
_FEW = 4
_MAX_LABEL = 60
_SHORT = 60
_ALPHABETS = [
    *("cp1252", "cp1251", "koi8_r", "cp1250", "iso8859_2", "cp1253", "cp1254", "cp1255", "cp1256"),
]
# In a few bytes a guess finds Chinese and Japanese everywhere.
_ALL_LIKELY = [*_ALPHABETS, "cp932", "euc_jp", "gb18030", "big5", "cp949"]


def decode(data: bytes, charset: str | None) -> tuple[str, bool]:
    """Return the text, and whether it is what the declared charset says (or plain ASCII)."""
    codec = find_codec(charset)
    if b"\x00" in data and (wide := _wide_codec(data, codec)):
        expected = bool(codec and codec.startswith(wide[:6]))
        return _without_surrogates(data.decode(wide, "replace")), expected
    if data.isascii() and not (codec and _SEVEN_BIT.match(codec)):
        escaped = next((name for escape, name in _ESCAPES if escape in data), None)
        if escaped:
            return data.decode(escaped, "replace"), False
        return data.decode("ascii"), True
    if codec and codec != "ascii" and not _is_plainly_utf_8(data, codec):
        text = _decode_mostly(data, codec)
        if text is not None:
            return _without_surrogates(_beyond_iso(data, codec, text)), True
    return _without_surrogates(_guess(data)), False


@lru_cache(maxsize=512)
def find_codec(charset: str | None) -> str | None:
    """Return the name of Python's codec for a charset label; None if it means nothing."""
    if not charset or len(charset) > _MAX_LABEL:
        return None
    found = _LABEL.match(_YEAR.sub("", charset.lower().replace("_", "-")))
    if found is None:
        return None
    label = found[1]
    windows = _WINDOWS.fullmatch(label)
    label = f"cp{windows[1]}" if windows else ALIASES.get(label, label)
    name = _python_codec(label) or _python_codec(label.removeprefix("x-"))
    return None if name in NOT_CHARSETS else name


def _python_codec(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
        b"x".decode(name, "replace")  # refuses what is no text encoding (zlib, hex, rot13 …)
    except (LookupError, ValueError):
        return None
    return name


def _wide_codec(data: bytes, codec: str | None) -> str | None:
    """Return the UTF-16 or UTF-32 that many NULs at the same places show, or the declared one."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = data[: _SAMPLE & ~1]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if (even + odd) * 8 < len(sample) or min(even, odd) * 8 > max(even, odd):
        return codec if codec and codec.startswith(("utf-16", "utf-32")) else None
    return "utf-16-be" if even > odd else "utf-16-le"


def _is_plainly_utf_8(data: bytes, codec: str) -> bool:
    """Tell whether the bytes are UTF-8 although the label names a legacy charset."""
    if codec == "utf-8":
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    characters = len(data) - len(data.translate(None, _LEADS))
    if _OFTEN_LIKE_UTF_8.match(codec):
        return characters > _FEW + 1
    return characters > (0 if _LATIN.match(codec) else 1)


def _decode_mostly(data: bytes, codec: str) -> str | None:
    """Decode; a few damaged bytes become U+FFFD, many mean that the label is a lie (None)."""
    try:
        return data.decode(codec)
    except UnicodeError:
        pass
    if codec == "cp1252":
        # Five bytes mean nothing in Windows-1252, something in Latin-1, which is its label.
        return data.decode("latin-1")
    text = data.decode(codec, "replace")
    lost = text.count("\ufffd")
    foreign = sum(1 for character in text[:_SAMPLE] if character > "\x7f") - lost
    # What reads as UTF-8 by chance is rare, what reads as some other charset is not.
    return text if lost * (1 if codec == "utf-8" else 5) <= foreign else None


def _beyond_iso(data: bytes, codec: str, text: str) -> str:
    """Read what an ISO charset takes for control characters as Windows, which wrote it."""
    windows = WINDOWS_OF.get(codec)
    if windows is None or not _C1.search(text):
        return text
    try:
        return data.decode(windows)
    except UnicodeDecodeError:
        return text


def _guess(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    mostly = _decode_mostly(data, "utf-8")
    return mostly if mostly is not None else _guess_legacy(data)


def _guess_legacy(data: bytes) -> str:
    sample = data[:_SAMPLE]
    codec = "cp1252"
    if len(sample.translate(None, bytes(range(128)))) >= _FEW:
        # Imported here: most mail never needs a guess, and the import takes 70 ms.
        from charset_normalizer import from_bytes

        likely = _ALPHABETS if len(sample) < _SHORT else _ALL_LIKELY
        matches = from_bytes(sample, cp_isolation=likely)
        best = matches.best()
        if best is not None:
            equal = {match.encoding for match in matches if _as_good(match, best)}
            first = ("cp1251", "cp1252") if _WORD_OF_HIGH_BYTES.search(sample) else ("cp1252",)
            codec = next((name for name in first if name in equal), best.encoding)
    try:
        return data.decode(codec)
    except UnicodeError:
        return data.decode("latin-1")


def _as_good(match: "CharsetMatch", best: "CharsetMatch") -> bool:
    return (match.chaos, match.coherence) == (best.chaos, best.coherence)


def _without_surrogates(text: str) -> str:
    try:
        text.encode()  # to try is faster than to search
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text)
    return text
