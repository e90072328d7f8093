"""File names from strangers: every one the part carries, and one that is safe to show."""

import re
import unicodedata

from maildaemon.mail.parameters import Structured

MAX_NAME = 200
MAX_NAMES = 16
_MAX_EXTENSION = 20

# RFC 2183 §2.3: only the last component of a path; a colon would name a drive or a stream.
_PATH = re.compile(r"[/\\]")
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def collect_names(disposition: Structured, content_type: Structured) -> tuple[str, ...]:
    """Return every name of a part, best first, each as written and as any system may read it."""
    written = (*disposition.all("filename"), *disposition.all("name"), *content_type.all("name"))
    written = (*written, *content_type.all("filename"))
    names: dict[str, None] = {}
    for name in written[:MAX_NAMES]:
        folded = sanitise(unicodedata.normalize("NFKC", name))
        names.update(dict.fromkeys((name, sanitise(name), folded)))
    return tuple(name for name in names if name)


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
