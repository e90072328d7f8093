"""Header field values as clean text, and the Message-IDs in them.

Clean means: one line, decoded, no control or bidirectional characters. Whatever goes through
here can be shown, logged and put into a new header field.
"""

import binascii
import re
from collections.abc import Iterable

from maildaemon.mail.charsets import decode

MAX_VALUE = 2_048
MAX_MESSAGE_ID = 998
MAX_MESSAGE_IDS = 200

# RFC 2047 §2: an encoded-word. Spaces and question marks inside are wrong but common.
_WORD = re.compile(r"=\?([^?\s]{1,75})\?([bBqQ])\?((?:[^?]|\?(?!=)){0,1000})\?=")

# C0 and C1 controls and the Unicode line ends become a space; directional overrides vanish.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DIRECTIONAL = re.compile("[\u202a-\u202e\u2066-\u2069]")

_ANGLED = re.compile(r"<([^<>]*)>")


def clean(text: str) -> str:
    """Return the text on one line, without control and directional characters."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _DIRECTIONAL.sub("", _CONTROLS.sub(" ", text))
    return text.strip()


def decode_raw(value: bytes, charset: str | None = None) -> str:
    """Return a raw value as text (RFC 6532, or 8-bit in the charset of the body); words stay."""
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    try:
        return value.decode("utf-8") if b"\x1b" not in value else decode(value, charset)[0]
    except UnicodeDecodeError:
        return decode(value, charset)[0]


def decode_text(value: bytes, charset: str | None = None) -> str:
    """Return an unstructured field value (a subject, say) as clean text."""
    return clean(decode_words(decode_raw(value, charset)))


def decode_words(text: str) -> str:
    """Return the text with RFC 2047 encoded-words decoded, wherever they stand."""
    if "=?" not in text:
        return text
    output: list[str] = []
    pending = b""
    charset = ""
    position = 0
    for match in _WORD.finditer(text):
        between = text[position : match.start()]
        label = match[1].partition("*")[0].lower()  # RFC 2231 §5: a language may follow
        # RFC 2047 §6.2: white space between adjacent words is no part of the text. Characters
        # split between two words are common, so neighbours are decoded together.
        adjacent = position > 0 and not between.strip()
        if not (adjacent and label == charset):
            output.append(decode(pending, charset)[0])
            pending = b""
            output.append("" if adjacent else between)
        pending += _word_bytes(match[2], match[3])
        charset = label
        position = match.end()
    output.append(decode(pending, charset)[0])
    output.append(text[position:])
    return "".join(output)


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(raw, header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def parse_message_ids(values: Iterable[str]) -> tuple[str, ...]:
    """Return the Message-IDs in all occurrences of a field, each once, without brackets.

    What stands in angle brackets counts, however odd (two `@`, none at all); without any, bare
    words do. Of too many the first and the last are kept.
    """
    found: dict[str, None] = {}
    for value in values:
        decoded = decode_words(value)  # some programs encode what must not be encoded
        candidates = _ANGLED.findall(decoded) or _bare_ids(decoded)
        for candidate in candidates:
            message_id = "".join(clean(candidate).split())
            if message_id and len(message_id) <= MAX_MESSAGE_ID:
                found[message_id] = None
    ids = tuple(found)
    return ids if len(ids) <= MAX_MESSAGE_IDS else ids[:1] + ids[1 - MAX_MESSAGE_IDS :]


def _bare_ids(value: str) -> list[str]:
    words = value.replace(",", " ").replace("<", " ").replace(">", " ").split()
    ids = [word for word in words if "@" in word]
    return ids or (words if len(words) == 1 else [])
