"""Bytes to text, whatever the charset label says.

The ladder: the declared charset, its aliases and supersets, UTF-8, a guess from the bytes,
Windows-1252, Latin-1. A byte is never dropped: what nothing can read becomes U+FFFD.
"""

import codecs
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

_SURROGATES = re.compile("[\ud800-\udfff]")

# A word wholly of high bytes is Cyrillic rather than Latin with accents.
_WORD_OF_HIGH_BYTES = re.compile(rb"[\xc0-\xff]{4}")

# Labels met in mail that Python does not know, and labels that in mail mean a superset
# (the WHATWG encoding standard does the same).
_ALIASES = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-8-e": "iso8859_8",
    "iso-8859-6-i": "iso8859_6",
    "iso-8859-6-e": "iso8859_6",
    "x-mac-roman": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ce": "mac_latin2",
    "x-mac-greek": "mac_greek",
    "x-mac-turkish": "mac_turkish",
    "ks-c-5601-1987": "cp949",
    "ks-c-5601": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "korean": "cp949",
    "gb2312": "gb18030",
    "gb-2312-80": "gb18030",
    "euc-cn": "gb18030",
    "x-gbk": "gb18030",
    "gbk": "gb18030",
    "chinese": "gb18030",
    "big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "ms-kanji": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "koi8-ru": "koi8_u",
    "unicode-1-1-utf-7": "utf_7",
    "x-unicode-1-1-utf-7": "utf_7",
    "unicode-1-1-utf-8": "utf_8",
    "utf8mb4": "utf_8",
    "utf-8-mac": "utf_8",
    "iso-10646-ucs-2": "utf_16",
}
_WINDOWS = re.compile(r"(?:x-)?(?:win|windows|cp|ms|ansi)-?(125[0-8]|874)")

# Codecs that Python has but that are no charset of any mail; several are slow or raise oddly.
_NOT_CHARSETS = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"}

# Charsets that carry other letters in 7-bit bytes: for these, ASCII bytes are not ASCII text.
_SEVEN_BIT = re.compile(r"(?:iso2022|utf-7|utf-16|utf-32|hz|cp037|cp500|cp1026|cp1140|cp273)")

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
    if data.isascii() and not (codec and _SEVEN_BIT.match(codec)):
        if b"\x1b$" in data:
            return data.decode("iso2022_jp_ext", "replace"), False
        return data.decode("ascii"), True
    if codec and codec != "ascii":
        text = _decode_mostly(data, codec)
        if text is not None:
            return _without_surrogates(text), True
    return _without_surrogates(_guess(data)), False


@lru_cache(maxsize=512)
def find_codec(charset: str | None) -> str | None:
    """Return the name of Python's codec for a charset label; None if it means nothing."""
    if not charset or len(charset) > _MAX_LABEL:
        return None
    label = charset.strip(" \t\"'").lower().replace("_", "-")
    windows = _WINDOWS.fullmatch(label)
    label = f"cp{windows[1]}" if windows else _ALIASES.get(label, label)
    try:
        name = codecs.lookup(label).name
        b"x".decode(name, "replace")  # refuses what is no text encoding (zlib, hex, rot13 …)
    except (LookupError, ValueError):
        return None
    return None if name in _NOT_CHARSETS else name


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
    return text if lost * 5 <= foreign else None


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
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)
