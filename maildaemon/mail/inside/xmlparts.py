"""The XML in Office files, read as Office reads it: a letter may be written as its number, a prefix
is anybody's choice, and a comment or a thousand spaces may stand anywhere.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Never
from xml.parsers import expat

_LONGEST_TEXT = 2000
_FED = 64 * 1024


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
    """Those that were wanted, in order; `sound` is false where the XML breaks or ends too early."""

    found: list[Element]
    sound: bool = True


class _EntityFoundError(Exception):
    """No program writes entities of its own into such a file; a few of them fill a memory."""


def read_elements(xml: bytes, wanted: Collection[str]) -> Elements:
    """Return the elements with these local names (lower case)."""
    reader = _Reader(wanted)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = reader.declare
    try:
        for at in range(0, len(xml), _FED):
            parser.Parse(xml[at : at + _FED], False)
        parser.Parse(b"", True)
    except (_EntityFoundError, expat.ExpatError, ValueError, LookupError):
        return Elements(reader.found, sound=False)
    return Elements(reader.found)


class _Reader:
    """What an XML parser calls."""

    def __init__(self, wanted: Collection[str]) -> None:
        self.found: list[Element] = []
        self._wanted = wanted
        self._open: list[Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        if local in self._wanted:
            told = {_local(key): value for key, value in attributes.items()}
            self.found.append(Element(local, told))
            self._open.append(self.found[-1])

    def end(self, name: str) -> None:
        if self._open and self._open[-1].name == _local(name):
            self._open.pop()

    def text(self, characters: str) -> None:
        if self._open and len(self._open[-1].text) < _LONGEST_TEXT:
            self._open[-1].text += characters

    def declare(self, *_: object) -> Never:
        raise _EntityFoundError


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()
