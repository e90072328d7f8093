"""The XML in Office files, read as Office reads it: a letter may be written as its number, a prefix
is anybody's choice, and a comment or a thousand spaces may stand anywhere.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Never
from xml.parsers import expat

_LONGEST_TEXT = 2000
# What is wanted takes longer; so does an element of a thousand attributes.
_WANTED, _MANY = 3, 16
# Deeper than anything that a person wrote: the parser remembers each level.
_DEEPEST = 5000


@dataclass(slots=True)
class Element:
    """An element by its local name, in lower case like those of its attributes; `text` is what
    stands in it, as far as that is worth reading.
    """

    name: str
    attributes: dict[str, str]
    text: str = ""


@dataclass(slots=True)
class Elements:
    """Those that were wanted, in order, and the `work` that all were; `sound` is false where the
    XML breaks or ends too early, or is more work than it may be.
    """

    found: list[Element]
    work: int
    sound: bool = True


class _TooMuchError(Exception):
    """No program writes entities of its own into such a file; a few of them fill a memory, and so
    does a great depth.
    """


def read_elements(xml: bytes, wanted: Collection[str], most: int) -> Elements:
    """Return the elements with these local names (lower case), as far as `most` units of work
    go, one an element.
    """
    reader = _Reader(wanted, most)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = reader.declare
    try:
        # At once: what comes in pieces is read from the beginning of a tag with each of them.
        parser.Parse(xml, True)
    except (_TooMuchError, expat.ExpatError, ValueError, LookupError):
        return Elements(reader.found, reader.work, sound=False)
    return Elements(reader.found, reader.work)


class _Reader:
    """What an XML parser calls."""

    def __init__(self, wanted: Collection[str], most: int) -> None:
        self.found: list[Element] = []
        self.work = 0
        self._wanted, self._most = wanted, most
        self._depth = 0
        self._open: list[Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.work += 1 + (2 * len(attributes) if len(attributes) > _MANY else 0)
        self._depth += 1
        if self.work > self._most or self._depth > _DEEPEST:
            raise _TooMuchError
        local = _local(name)
        if local in self._wanted:
            self.work += _WANTED
            told = {_local(key): value for key, value in attributes.items()}
            self.found.append(Element(local, told))
            self._open.append(self.found[-1])

    def end(self, name: str) -> None:
        self._depth -= 1
        if self._open and self._open[-1].name == _local(name):
            self._open.pop()

    def text(self, characters: str) -> None:
        if self._open and len(self._open[-1].text) < _LONGEST_TEXT:
            self._open[-1].text += characters

    def declare(self, *_: object) -> Never:
        raise _TooMuchError


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()
