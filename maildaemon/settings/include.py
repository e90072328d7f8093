"""Puts the sections of included files into the document of the main file.

They are read as strictly, and their mistakes are told with their own file, line and column.
"""

from dataclasses import replace
from pathlib import Path

from maildaemon.errors import ConfigError
from maildaemon.settings.catalogue import fields_of
from maildaemon.settings.document import Document, Loc, Place, read_document
from maildaemon.settings.models import Settings
from maildaemon.settings.options import found
from maildaemon.settings.policies import PolicySections
from maildaemon.settings.reading import read_text_file

_INCLUDE = "include"


def add_included(document: Document, path: Path) -> None:
    """Read every file that `include` names, and those that they name, into the document."""
    _follow(document, document, (path,))


def _follow(main: Document, asking: Document, chain: tuple[Path, ...]) -> None:
    named = asking.root.get(_INCLUDE)
    for at, name in enumerate(named if isinstance(named, list) else ()):
        if isinstance(name, str) and name and not name.startswith("~"):
            _add(main, asking, (_INCLUDE, at), (*chain, chain[-1].parent / name))
        elif asking is not main:
            asking.complain((_INCLUDE, at), "write the whole path of a file")
    # What is wrong with the list of the main file is told with its other options.
    if asking is not main and named is not None and not isinstance(named, list):
        asking.complain((_INCLUDE,), f"expected a list such as `[one, two]`, found {found(named)}")


def _add(main: Document, asking: Document, loc: Loc, chain: tuple[Path, ...]) -> None:
    path = chain[-1]
    if any(_same_file(path, one) for one in chain[:-1]):
        asking.complain(loc, f"{path} includes itself in the end; take one of the lines out")
        return
    if not path.exists():
        asking.complain(loc, f"{path}: there is no such file; write it, or take this out")
        return
    try:
        text = read_text_file(path)
    except ConfigError as error:
        (problem,) = error.problems
        asking.complain(loc, f"{path}: {problem.message}")
        return
    if _says_something(text):
        _read(main, text, chain)


def _says_something(text: str) -> bool:
    """Tell whether it is more than comments: a file of which all is commented out may stay."""
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


def _read(main: Document, text: str, chain: tuple[Path, ...]) -> None:
    included = read_document(text, str(chain[-1]))
    main.files.append(included.file)
    if included.readable:
        _follow(main, included, chain)
        _merge(main, included)
    main.problems.extend(included.problems)


def _same_file(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _merge(main: Document, included: Document) -> None:
    policy, elsewhere = fields_of(PolicySections), fields_of(Settings)
    for name, value in included.root.items():
        if name == _INCLUDE:
            continue
        if name in elsewhere and name not in policy:
            words = f"`{name}` stands in the main file only; move it there"
        elif name in main.root:
            first = main.keys[name,]
            where = f"{first.file or main.file}:{first.line}"
            words = f"`{name}` is already given in {where}; keep one"
        else:
            _take(main, included, name, value)
            continue
        included.complain((name,), words, included.keys[name,])


def _take(main: Document, included: Document, name: str, value: object) -> None:
    main.root[name] = value

    def located(places: dict[Loc, Place]) -> dict[Loc, Place]:
        mine = {loc: place for loc, place in places.items() if loc and loc[0] == name}
        return {
            loc: place if place.file else replace(place, file=included.file)
            for loc, place in mine.items()
        }

    main.keys.update(located(included.keys))
    main.values.update(located(included.values))
    main.broken.update(loc for loc in included.broken if loc and loc[0] == name)
