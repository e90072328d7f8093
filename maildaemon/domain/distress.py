"""Notices that a customer is upset, and says by what.

Nothing of it changes what the customer is told, but that a telephone number is named where there
is one; it moves him up. Whoever threatens with courts, authorities or his bank is urgent: there a
clock runs that is not ours, and a word in time saves both sides the trouble. Whoever shouts, asks
for the third time or insults is high: he has waited too long already.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import chain, pairwise

from maildaemon.domain.distress_words import ANGER, CHASING, GLAD, PERSONS, SMALL
from maildaemon.domain.threat_words import REVIEWS, THREATS
from maildaemon.domain.understanding import Priority


class Distress(StrEnum):
    """What shows that somebody is upset."""

    THREAT = "threat"
    REVIEW = "review"
    CHASING = "chasing"
    ANGER = "anger"
    SHOUTING = "shouting"
    EXCLAMATIONS = "exclamations"


_PHRASES = {
    Distress.THREAT: THREATS,
    Distress.REVIEW: REVIEWS,
    Distress.CHASING: CHASING,
    Distress.ANGER: ANGER,
}
_READ = 4000
_NEAR = 6  # words
_TRIES = 20
_SHOWN = 60

_MAILS = 3
_APART = timedelta(hours=4)  # what is sent in one go, a photo at a time, asks once

_LOUD_WORDS = 4
_LOUD_LETTERS = 12
_LOUD_SHARE = 0.6
_STORM = 8
_LONG_BURST = 5

_WORD = re.compile(r"\w+|[,.!?;:…]|\n\s*\n")
_LETTERS = re.compile(r"[^\W\d_]+")
_BURST = re.compile(r"[!?！？]{3,}")
_ENDS = frozenset(".!?;:…\n")
_FOLDED = re.compile("[\u00c0-\u024fё]")
_PLAIN = {
    **{one: unicodedata.normalize("NFD", one)[0] for one in map(chr, range(0xC0, 0x250))},
    "ß": "ss",
    "ł": "l",
    "ø": "o",
    "æ": "ae",
    "œ": "oe",
    "ё": "е",
    "ı": "i",
}


def find_distress(
    subject: str, text: str, language: str | None, asked_at: tuple[datetime, ...] = ()
) -> tuple[str, ...]:
    """Return the evidence that the writer is upset, as `sign: proof`; empty if nothing shows it.

    `text` is what is new. `asked_at`: when the customer's mails came that no person has answered,
    this one included.
    """
    text = text[:_READ]
    whole = f"{subject}\n\n{text}"
    evidence = [*_phrases(whole, language), *_shouting(subject, text), *_storm(whole)]
    if (mails := _times(asked_at)) >= _MAILS:
        evidence.append(f"{Distress.CHASING}: {mails} mails without an answer")
    return tuple(dict.fromkeys(evidence))


def more_urgent(priority: Priority, distress: tuple[str, ...]) -> Priority:
    """Return the priority of a message in which this evidence was found; never a lower one."""
    if not distress:
        return priority
    threatens = any(one.startswith(f"{Distress.THREAT}:") for one in distress)
    least = Priority.URGENT if threatens else Priority.HIGH
    return max(priority, least, key=[*Priority].index)


def _times(asked_at: tuple[datetime, ...]) -> int:
    """Return how often he has asked; what came soon after another mail belongs to that."""
    in_order = sorted(asked_at)
    return bool(in_order) + sum(later - one >= _APART for one, later in pairwise(in_order))


# --- phrases -------------------------------------------------------------------------------

# How a word may be written: whole, or by how it begins.
_Word = tuple[frozenset[str], tuple[str, ...]]
_Run = tuple[_Word, ...]


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Runs of words that must stand near each other. Of those that are written out, each has to be
    in a text, in one of its spellings.
    """

    sign: Distress
    runs: tuple[_Run, ...]
    written_out: tuple[frozenset[str], ...]

    def may_be_in(self, words: set[str]) -> bool:
        """Tell whether what it is made of may be among the words of a text: mostly it is not."""
        return not any(map(words.isdisjoint, self.written_out))


@dataclass(frozen=True, slots=True)
class _Index:
    """The phrases by how their first word is written: the whole of it, or its beginning."""

    whole: Mapping[str, tuple[_Phrase, ...]]
    beginning: Mapping[str, tuple[_Phrase, ...]]
    lengths: tuple[int, ...]

    def starting_with(self, word: str) -> tuple[_Phrase, ...]:
        beginnings = (word[:length] for length in self.lengths if length <= len(word))
        found = (self.beginning.get(one, ()) for one in beginnings)
        return tuple(chain(self.whole.get(word, ()), *found))


@lru_cache(maxsize=5000)
def _starting_with(language: str | None, word: str) -> tuple[_Phrase, ...]:
    return _index(language).starting_with(word)


def _phrases(text: str, language: str | None) -> Iterator[str]:
    """Yield one piece of evidence for each sign that the words show."""
    language = language if language in THREATS else None
    words = _WORD.findall(_fold(text).replace("e-mail", "email"))
    different = {*words}
    possible = {
        word: phrases
        for word in different
        if (starting := _starting_with(language, word))
        and (phrases := [it for it in starting if it.may_be_in(different)])
    }
    if not possible:
        return
    seen: set[Distress] = set()
    tried = Counter[int]()
    for at, word in enumerate(words):
        for phrase in possible.get(word, ()):
            # Whoever repeats one word a thousand times shall not keep us busy.
            tried[id(phrase)] += 1
            if phrase.sign in seen or tried[id(phrase)] > _TRIES:
                continue
            if place := _find(words, at, phrase):
                seen.add(phrase.sign)
                yield f"{phrase.sign}: {' '.join(words[slice(*place)])[:_SHOWN]}"


def _find(words: list[str], at: int, phrase: _Phrase) -> tuple[int, int] | None:
    """Return from where to where a phrase stands that begins here, None if it does not."""
    first, *others = phrase.runs
    if not _stands(words, at, first):
        return None
    start, end = at, at + len(first)
    low, high = _near(words, start, end)
    places = [(at, end)]
    for run in others:
        around = (*range(end, high), *range(start - 1, low - 1, -1))
        there = next((it for it in around if _stands(words, it, run)), None)
        if there is None:
            return None
        places.append((there, there + len(run)))
    return min(it for it, _ in places), max(it for _, it in places)


def _near(words: list[str], start: int, end: int) -> tuple[int, int]:
    """Return the bounds of what stands near these words, within their sentence."""
    low, high = start, end
    while low > max(0, start - _NEAR) and words[low - 1][0] not in _ENDS:
        low -= 1
    while high < min(len(words), end + _NEAR) and words[high][0] not in _ENDS:
        high += 1
    return low, high


def _stands(words: list[str], at: int, run: _Run) -> bool:
    if at + len(run) > len(words):
        return False
    for place, (whole, beginnings) in enumerate(run, at):
        if words[place] not in whole and not words[place].startswith(beginnings):
            return False
    return True


@lru_cache(maxsize=16)
def _index(language: str | None) -> _Index:
    """Return what is said in a language, and in English; in all of them if it is unknown."""
    whole: dict[str, tuple[_Phrase, ...]] = {}
    beginning: dict[str, tuple[_Phrase, ...]] = {}
    for phrase in _all_phrases(language):
        for place, spellings in zip((whole, beginning), phrase.runs[0][0], strict=True):
            for word in spellings:
                place[word] = (*place.get(word, ()), phrase)
    return _Index(whole, beginning, tuple(sorted({*map(len, beginning)})))


def _all_phrases(language: str | None) -> Iterator[_Phrase]:
    for sign, lists in _PHRASES.items():
        for spoken, lines in lists.items():
            if language in (None, spoken) or spoken == "en":
                # A line that ends so goes on in the next one.
                whole = re.sub(r"([|+])\n\s+", r"\1", lines)
                for line in filter(None, map(str.strip, whole.splitlines())):
                    yield _phrase(sign, line)


def _phrase(sign: Distress, line: str) -> _Phrase:
    runs = tuple(map(_run, re.split(r" ?\+ ?", line)))
    written_out = tuple(whole for run in runs for whole, beginnings in run if not beginnings)
    return _Phrase(sign, runs, written_out)


def _run(text: str) -> _Run:
    return tuple(_word(one.split("|")) for one in text.split())


def _word(spellings: list[str]) -> _Word:
    whole = frozenset(one for one in spellings if not one.endswith("*"))
    return whole, tuple(one[:-1] for one in spellings if one.endswith("*"))


def _fold(text: str) -> str:
    """Return it in lower case, Latin letters without accents."""
    lower = unicodedata.normalize("NFC", text.lower())
    return _FOLDED.sub(lambda it: _PLAIN[it[0]], lower)


# --- loudness ------------------------------------------------------------------------------


def _shouting(subject: str, text: str) -> Iterator[str]:
    """Yield what stands in capitals and is a sentence, no name or code: it has small words."""
    for place in (subject, text):
        words = _LETTERS.findall(place)
        if sum(map(str.isupper, words)) < _LOUD_WORDS:
            continue
        words = [it for it in words if it.lower() != it.upper()]
        loud = [it for it in words if it.isupper()]
        mostly = sum(map(len, loud)) >= _LOUD_SHARE * sum(map(len, words))
        for run in [loud] if mostly else _runs(words):
            small = {_fold(it) for it in run} & SMALL
            enough = len(run) >= _LOUD_WORDS and sum(map(len, run)) >= _LOUD_LETTERS
            if enough and len(small) > 1 and small & PERSONS:
                yield f"{Distress.SHOUTING}: {' '.join(run)[:_SHOWN]}"
                return


def _runs(words: list[str]) -> list[list[str]]:
    """Return the words in capitals that stand side by side."""
    runs: list[list[str]] = [[]]
    for word in words:
        if word.isupper():
            runs[-1].append(word)
        elif runs[-1]:
            runs.append([])
    return runs


def _storm(text: str) -> Iterator[str]:
    """Yield the exclamation marks, if there are far too many and no joy is in them."""
    bursts = _BURST.findall(text)
    many = len(bursts) > 1 or any(len(it) >= _LONG_BURST for it in bursts)
    if (many or text.count("!") >= _STORM) and not {*_WORD.findall(_fold(text))} & GLAD:
        yield f"{Distress.EXCLAMATIONS}: {max([*bursts, '!'], key=len)[:_SHOWN]}"
