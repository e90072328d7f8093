"""Whether a customer asks for anything. When it is not sure, he is not bothered with it."""

from collections.abc import Iterable, Sequence

from maildaemon.mail.plainwords import stand_alone
from maildaemon.mail.request_words import PHRASES, STEMS

_QUESTION_MARKS = frozenset("?？؟‽⁇⸮՞፧")
# A long text says somewhere what it wants, in whatever words.
_LONG = 120
# So few words can be an order number or a greeting in any language.
_FEW = 4
_SHORTEST_STEM = 4
_LONGEST_STEM = max(len(stem) for stems in STEMS.values() for stem in stems)
_AROUND_WORDS = ".,;:!()[]\"'«»„“”*-…、。！"


def asks_for_something(
    texts: Sequence[str], folded_texts: Iterable[str], language: str | None
) -> bool | None:
    """Return whether there is a question or a request in them; None if that is unsure.

    `folded_texts` are the same as `plain_words`, `language` that of the text as far as it is known.
    """
    if any(mark in text for mark in _QUESTION_MARKS for text in texts):
        return True
    folded = " ".join(folded_texts)
    words = [one.strip(_AROUND_WORDS) for one in folded.split(" ", _LONG)]
    if len(words) > _LONG:
        return None
    primary = language.lower().partition("-")[0] if language else ""
    if primary in STEMS:
        return _asks_in(primary, words, folded)
    if any(_asks_in(one, words, folded) for one in STEMS):
        return True
    told = sum(any(char.isalpha() for char in one) for one in words)
    return False if language is None and told <= _FEW else None


def _asks_in(language: str, words: list[str], folded: str) -> bool:
    stems = STEMS[language]
    if any(_is_from(stems, word) for word in words):
        return True
    return any(stand_alone(one, folded) for one in PHRASES.get(language, ()))


def _is_from(stems: frozenset[str], word: str) -> bool:
    """Tell whether a word is among them, or begins with one that is no short word itself."""
    longest = min(len(word) - 1, _LONGEST_STEM)
    return word in stems or any(
        word[:length] in stems for length in range(_SHORTEST_STEM, longest + 1)
    )
