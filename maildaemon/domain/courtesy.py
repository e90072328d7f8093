"""Recognises a message that only says thank you: it changes nothing, and wants no answer.

Wrong in one direction only: what is not surely that is a customer's message like any other.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from unicodedata import category

from maildaemon.domain.courtesy_words import (
    AROUND,
    ARRIVED,
    ASSENT,
    KIND_SIGNS,
    THANKS,
    UNSPACED_AROUND,
    UNSPACED_THANKS,
)
from maildaemon.domain.message import Address, Attachment, Message

# The longest that is still bare; an embedded picture that is larger shows something.
_LETTERS, _WORDS, _LOGO = 400, 30, 64 * 1024
# What asks, counts, points somewhere or stands for something is more than a courtesy.
_MORE = re.compile(r"[?？؟¿0-9@/#&%€$£+=<>|_\\…]|\.\.\.|http|www", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_UNSPACED_THANKS = tuple(sorted(UNSPACED_THANKS, key=len, reverse=True))
_UNSPACED_AROUND = tuple(sorted(UNSPACED_AROUND, key=len, reverse=True))


class Courtesy(StrEnum):
    """`assent`: beside the thanks stands a word that may answer a question of ours."""

    THANKS = "thanks"
    ASSENT = "assent"


def read_courtesy(message: Message, staff: Iterable[str] = ()) -> Courtesy | None:
    """Return what a message is that says thank you and nothing else, but perhaps that what was
    waited for is there; None for any other.

    Judged by the new text alone, without quotations and signature. `staff` are addresses of ours:
    whom a customer thanks by name.
    """
    text = message.reply_text.strip()
    if not text or len(text) > _LETTERS or _MORE.search(text) or any(map(_is_unkind, text)):
        return None
    if not all(map(_is_logo, message.attachments)):
        return None
    thanked, rest = _without_unspaced(text.lower())
    words = [word.replace("’", "'") for word in _WORD.findall(rest)]
    if len(words) > _WORDS or not (thanked or any(word in THANKS for word in words)):
        return None
    names = _names(message, staff)
    left = [word for word in _without_arrival(words) if word not in THANKS and word not in names]
    if not all(word in AROUND or word in ASSENT for word in left):
        return None
    return Courtesy.THANKS if all(word in AROUND for word in left) else Courtesy.ASSENT


def is_courteous(subject: str) -> bool:
    """Tell whether a bare subject says thank you and nothing else, or nothing at all."""
    words = _WORD.findall(_without_unspaced(subject)[1])
    known = all(word in THANKS or word in AROUND or word in ASSENT for word in words)
    return known and not _MORE.search(subject)


def _without_unspaced(text: str) -> tuple[bool, str]:
    if text.isascii():
        return False, text
    thanked = any(phrase in text for phrase in _UNSPACED_THANKS)
    # Only beside such thanks: alone the particles would eat up other words.
    for phrase in (*_UNSPACED_THANKS, *_UNSPACED_AROUND) if thanked else ():
        text = text.replace(phrase, " ")
    return thanked, text


def _without_arrival(words: Iterable[str]) -> list[str]:
    text = " ".join(words)
    for clause in ARRIVED:
        text = clause.sub(" ", text)
    return text.split()


def _names(message: Message, staff: Iterable[str]) -> frozenset[str]:
    """Return the words of the names in the header: with them a mail begins and ends."""
    people = (message.from_, *message.to, *message.cc, *(Address("", one) for one in staff))
    texts = (f"{one.name} {one.local_part}" for one in people if one is not None)
    return frozenset(word for text in texts for word in _WORD.findall(text.lower()))


def _is_unkind(character: str) -> bool:
    """Tell whether this is a little picture that may mean anything."""
    return category(character) == "So" and character not in KIND_SIGNS


def _is_logo(file: Attachment) -> bool:
    kind = file.detected_type or file.declared_type
    return file.inline and kind.startswith("image/") and file.size <= _LOGO
