"""Texts in a form in which words can be compared, whoever typed them on whatever keyboard."""

import re
import unicodedata

_MARKS = re.compile("[\u0300-\u036f]")
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_LOOK_ALIKE = {**dict.fromkeys("’‘ʼ´`", "'"), **dict.fromkeys("‐‑‒–—", "-"), "ı": "i"}

# What is written without spaces: there a word has no edges that one could look for. Korean has
# spaces, but puts its endings at the word.
_UNSPACED = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF)),
    *((0x2E80, 0xA4CF), (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
)


def plain_words(text: str) -> str:
    """Return a text without case, accents, invisible characters and line breaks."""
    if text.isascii():
        return " ".join(text.lower().replace("`", "'").split())
    decomposed = unicodedata.normalize("NFKD", without_invisible(text).casefold())
    text = unicodedata.normalize("NFC", _MARKS.sub("", decomposed)).casefold()
    for char, usual in _LOOK_ALIKE.items():
        text = text.replace(char, usual)
    return " ".join(text.split())


def without_invisible(text: str) -> str:
    """Return a text without what has no width. To replace is faster than to translate."""
    for char in _INVISIBLE:
        text = text.replace(char, "")
    return text


def stand_alone(words: str, text: str) -> bool:
    """Tell whether words are in a text, not as parts of longer ones; both as `plain_words`."""
    at = text.find(words) if words else -1
    while at >= 0:
        end = at + len(words)
        inside = (at > 0 and _joined(text[at - 1], text[at])) or (
            end < len(text) and _joined(text[end - 1], text[end])
        )
        if not inside:
            return True
        at = text.find(words, at + 1)
    return False


def _joined(left: str, right: str) -> bool:
    return _is_letter(left) and _is_letter(right) and not (_unspaced(left) or _unspaced(right))


def _is_letter(char: str) -> bool:
    # Vowel signs of Hindi and its like are marks, and part of the word.
    return char == "_" or unicodedata.category(char)[0] in "LNM"


def _unspaced(char: str) -> bool:
    return char >= "\u0e00" and any(first <= ord(char) <= last for first, last in _UNSPACED)
