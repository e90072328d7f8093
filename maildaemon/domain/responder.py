"""Suspects a program behind an address that writes nearly the same again and again.

It answers our mail, without a sign in the header; every loop with such a one begins like that.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

SUSPECTED_WITHIN = timedelta(hours=1)
MUTED_FOR = timedelta(days=1)
# What a person has sent as we had written it.
OUR_WORDS = "our_words"
_SIMILAR_BEFORE = 2
_WORDS_COMPARED = 500
# A footer that is longer than what people write must not make their letters alike.
_HEAD = 15
_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"[.!?:…。！？]|\n\s*\n")
_SENTENCE = 4
_NEW_WORDS = 2


@dataclass(frozen=True, slots=True)
class Glance:
    """What of a message tells whether another one is like it; the text without quotations."""

    bare_subject: str
    text: str


def is_responder(newest: Glance, earlier: Iterable[Glance]) -> bool:
    """Tell whether this is at least the third message like it.

    `earlier` are the other messages of this address within `SUSPECTED_WITHIN`.
    """
    return sum(is_similar(newest, one) for one in earlier) >= _SIMILAR_BEFORE


def is_similar(one: Glance, other: Glance) -> bool:
    """Tell whether two messages say the same: nearly the same words, or half of them under the
    same subject. Numbers and dates do not count. Where there is no text, the subject decides.
    """
    words, others = _words(one.text), _words(other.text)
    same_subject = _words(one.bare_subject) == _words(other.bare_subject)
    if not words or not others:
        return words == others and same_subject and bool(_words(one.bare_subject))
    head, whole = _likeness(words[:_HEAD], others[:_HEAD]), _likeness(words, others)
    if same_subject:
        return head >= 0.5 and whole >= 0.5  # noqa: PLR2004
    return head >= 0.7 and whole >= 0.8  # noqa: PLR2004


def says_the_same(text: str, *written: str) -> bool:
    """Tell whether somebody has sent a text as it was written for him, in one of these ways, with
    a greeting or a name of his own at most. A sentence of his own is his word.
    """
    words, others = _words(text), [_words(one) for one in written]
    alike = max((_likeness(words, one) for one in others if words), default=0)
    if alike < 0.8:  # noqa: PLR2004
        return False
    known = frozenset(word for one in others for word in one)
    sentences = (_words(one) for one in _SENTENCE_END.split(text))
    return not any(_is_new(sentence, known) for sentence in sentences)


def _is_new(sentence: list[str], known: frozenset[str]) -> bool:
    """Tell whether somebody has added this: a sentence, longer than what greets or signs."""
    new = sum(word not in known for word in sentence)
    return len(sentence) >= _SENTENCE and new >= _NEW_WORDS


def _words(text: str) -> list[str]:
    """Return the words, without those that hold a digit."""
    found = (word.lower() for word in _WORD.findall(text[: _WORDS_COMPARED * 20]))
    # Most words are letters alone, which is told at once.
    plain = (word for word in found if word.isalpha() or not any(map(str.isdigit, word)))
    return [*islice(plain, _WORDS_COMPARED)]


def _likeness(words: list[str], others: list[str]) -> float:
    """Return the share of words that both have, from 0 to 1."""
    shared = (Counter(words) & Counter(others)).total()
    return 2 * shared / (len(words) + len(others))
