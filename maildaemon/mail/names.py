"""File names from strangers: every one the part carries, and one that is safe to show."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import islice

from maildaemon.mail.headers import clean, clean_as_written, decode_words
from maildaemon.mail.parameters import Structured

MAX_NAME = 200
MAX_NAMES = 16
_MAX_EXTENSION = 20
_IN_TYPE = ("name", "filename")

# RFC 2183 §2.3: only the last component of a path; a colon would name a drive or a stream.
_PATH = re.compile(r"[/\\]")
_LOOKS_LIKE_NAME = re.compile(r"(?:^|[/\\])([^/\\:]{1,200}\.[A-Za-z0-9]{1,5})$")
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def collect_names(
    dispositions: Iterable[Structured], content_types: Iterable[Structured]
) -> tuple[str, ...]:
    """Return every name of a part, best first, each as written and as any system may read it."""
    written = [
        name
        for fields, keys in ((dispositions, ("filename", "name")), (content_types, _IN_TYPE))
        for field in fields
        for key in keys
        for name in field.all(key)
    ]
    return spellings(written)


def spellings(written: Iterable[str]) -> tuple[str, ...]:
    """Return names as written and as any system may read them, each once."""
    names: dict[str, None] = {}
    for name in map(clean_as_written, islice(written, MAX_NAMES)):
        folded = sanitise(unicodedata.normalize("NFKC", name))
        names.update(dict.fromkeys((name, sanitise(name), folded, sanitise(name.strip("'")))))
    return tuple(name for name in names if name)


def name_elsewhere(location: str, description: str) -> tuple[str, ...]:
    """Return the name of a part that states none as such: some programs write it elsewhere."""
    places = (location.partition("?")[0].partition("#")[0], clean(decode_words(description)))
    return tuple(found[1] for place in places if (found := _LOOKS_LIKE_NAME.search(place)))[:1]


def sanitise(name: str) -> str:
    """Return the name without path, control, invisible and directional characters; may be empty."""
    parts = [part for part in _PATH.split(name) if part.strip(" .")]
    visible = "".join(
        character
        for character in (parts[-1] if parts else "")
        if (character.isascii() and character.isprintable())
        or (not character.isascii() and unicodedata.category(character) not in _INVISIBLE)
    )
    return _shorten(visible.replace(":", "_").strip().rstrip(". "))


def extensions(names: tuple[str, ...]) -> set[str]:
    """Return the extensions of the names in lower case, without dot; "" where there is none."""
    return {name.rpartition(".")[2].strip().lower() if "." in name else "" for name in names}


def _shorten(name: str) -> str:
    if len(name) <= MAX_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > _MAX_EXTENSION:
        return name[:MAX_NAME]
    return stem[: MAX_NAME - len(extension) - 1] + dot + extension
