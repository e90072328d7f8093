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

# RFC 2047 §2: an encoded-word. Spaces and question marks inside are wrong but common, and so is a
# word without its end, before the next one or at the end of the field.
_INSIDE = r"(?:[^?=]++|\?(?!=)|=(?!\?(?!=))|\?=(?=[0-9A-F]{2}[^?\s]{0,75}\?=))*+"
_START = r"=\?([^?\s]{0,75})\?([bBqQ])\?"
_WORD = re.compile(rf"{_START}(?:({_INSIDE})\?=|([^?\s]*+)\??(?=\s*$|\s+=\?))")
_NOTHING_BUT_WORDS = re.compile(rf"\s*{_START}(?:{_INSIDE})\?=\s*$")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")

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


def clean_as_written(text: str) -> str:
    """Return the text on one line, without control characters; directional ones stay, because a
    file name that holds some is to be noted.
    """
    return (
        text.strip() if text.isascii() and text.isprintable() else _CONTROLS.sub(" ", text).strip()
    )


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
    decoded = _decode_words(text)
    # Some relays encode what is encoded already.
    return _decode_words(decoded) if _NOTHING_BUT_WORDS.match(decoded) else decoded


def _decode_words(text: str) -> str:
    output: list[str] = []
    run: list[tuple[str, str]] = []
    charset = ""
    position = 0
    for match in _WORD.finditer(text):
        between = text[position : match.start()]
        label = match[1].partition("*")[0].lower()  # RFC 2231 §5: a language may follow
        # RFC 2047 §6.2: white space between adjacent words is no part of the text. Characters
        # split between two words are common, so neighbours are decoded together.
        adjacent = position > 0 and not between.strip()
        if not (adjacent and label == charset):
            output.append(decode(_bytes_of_run(run), charset)[0])
            run.clear()
            output.append("" if adjacent else between)
        run.append((match[2], match[3] if match[3] is not None else match[4]))
        charset = label
        position = match.end()
    output.append(decode(_bytes_of_run(run), charset)[0])
    output.append(text[position:])
    return "".join(output)


def _bytes_of_run(run: list[tuple[str, str]]) -> bytes:
    """Return the bytes of adjacent words; base64 may go on in the next one at any letter."""
    output: list[bytes] = []
    pending = ""
    for at, (encoding, text) in enumerate(run):
        if encoding in "qQ":
            output.append(binascii.a2b_qp(text.encode("utf-8", "replace"), header=True))
            continue
        # Padding ends a piece, and some programs pad pieces before they join them.
        *closed, last = (_NOT_BASE64.sub("", piece) for piece in (pending + text).split("="))
        output.extend(map(_from_base64, closed))
        continued = at + 1 < len(run) and run[at + 1][0] in "bB"
        whole = len(last) - len(last) % 4 if continued else len(last)
        pending = last[whole:]
        output.append(_from_base64(last[:whole]))
    return b"".join(output)


def _from_base64(letters: str) -> bytes:
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))


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
