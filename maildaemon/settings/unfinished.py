"""Options that are read and checked, but that this version does nothing about yet.

Whoever makes one work takes its line out: its warning and its mark in the pages go with it.
"""

from collections.abc import Iterator

from maildaemon.settings.document import Block, Document, Loc

NOT_YET = frozenset(
    {
        "probe",
    }
)


def is_unfinished(path: str) -> bool:
    """Tell whether nothing is done about an option (`alerts.webhook`) yet."""
    return path in NOT_YET


def warn_of_unfinished(document: Document) -> None:
    """Add one problem for each such option that is given."""
    for loc, path in _given(document.root, (), ""):
        words = f"`{path.rpartition('.')[2]}` is read and checked, but this version does nothing"
        document.complain(loc, f"{words} about it yet", document.nearest_key(loc))


def _given(value: object, loc: Loc, path: str) -> Iterator[tuple[Loc, str]]:
    if value is not None and is_unfinished(path):
        yield loc, path
    elif isinstance(value, Block):
        for name, inner in value.items():
            yield from _given(inner, (*loc, name), f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _given(inner, (*loc, at), f"{path}[]")
