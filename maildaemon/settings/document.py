"""Reads a YAML file strictly, into texts, blocks and lists that know where they stand.

Every plain scalar stays the text it looks like (`NO`, `9:00`, `0123`); only an empty value, `~`
and `null` mean nothing. What makes YAML surprising is refused: duplicate keys, tags, anchors,
aliases, merge keys, several documents.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from maildaemon.errors import Problem

Loc = tuple[str | int, ...]

_DEEPEST = 20

# What PyYAML says, and what an operator can do about it; the first that occurs in its words.
_ADVICE = (
    ("'\\t'", "a tab stands where YAML wants spaces; indent with spaces"),
    ("mapping values are not allowed", 'put a text that holds ": " in quotes'),
    ("expected <block end>", "the indentation differs from the lines above; line them up"),
    ("could not find expected ':'", "write `option: value`, with a space after the colon"),
    ("but got '{'", "put a text that holds a bracket in quotes"),
    ("expected ',' or", "a bracket is not closed, or a comma is missing"),
    ("while scanning a quoted scalar", "a quote is not closed"),
    ("unknown escape character", "write the text in single quotes: there a backslash is just that"),
    ("cannot start any token", "put the text in quotes"),
)


class Block(dict[str, object]):
    """A mapping; `where` names its place for errors that are found much later."""

    where: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Counted from 1. `file` is empty in the file of the document itself."""

    line: int
    column: int
    file: str = ""


@dataclass(slots=True)
class Document:
    """What a file says and where, and what is wrong with it as YAML.

    `keys` and `values` hold the place of everything by its path; `broken` are the paths whose
    value could not be read, so that nobody complains about it twice. `files` are the ones that
    were included.
    """

    file: str
    root: Block = field(default_factory=Block)
    keys: dict[Loc, Place] = field(default_factory=dict)
    values: dict[Loc, Place] = field(default_factory=dict)
    broken: set[Loc] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    readable: bool = True
    files: list[str] = field(default_factory=list)

    def complain(self, loc: Loc, message: str, place: Place | None = None) -> None:
        """Add a problem with an option; without a place it is where the value stands."""
        place = place or self.nearest_value(loc)
        file = place.file or self.file
        self.problems.append(Problem(file, place.line, place.column, path_of(loc), message))

    def nearest_key(self, loc: Loc) -> Place:
        """Return where the key of an option stands, else that of what should hold it."""
        while loc and loc not in self.keys:
            loc = loc[:-1]
        return self.keys.get(loc, Place(1, 1))

    def nearest_value(self, loc: Loc) -> Place:
        """Return where the value of an option stands, else the key of what should hold it."""
        return self.values.get(loc) or self.nearest_key(loc)


def path_of(loc: Loc) -> str:
    """Return `mailboxes[0].imap.host`."""
    text = "".join(f"[{piece}]" if isinstance(piece, int) else f".{piece}" for piece in loc)
    return text.removeprefix(".")


def read_document(text: str, file: str) -> Document:
    """Return what the text says; total. An unreadable one has problems and `readable` False."""
    document = Document(file)
    try:
        _Builder(document, yaml.parse(text, Loader=yaml.SafeLoader)).build()
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, error.position - before.rfind("\n"))
        document.complain((), "a control character; this is no text file, or it is damaged", place)
        document.readable = False
    except yaml.MarkedYAMLError as error:
        document.complain((), _syntax(error), _place(error.problem_mark or error.context_mark))
        document.readable = False
    return document


def _syntax(error: yaml.MarkedYAMLError) -> str:
    said = " ".join(part for part in (error.context, error.problem) if part)
    advice = next(
        (advice for words, advice in _ADVICE if words in said),
        "look at this line and the one above",
    )
    return f"not valid YAML: {said}; {advice}"


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


class _Builder:
    """Builds the tree from parse events, because only these still show tags and anchors."""

    def __init__(self, document: Document, events: Iterator[yaml.Event]) -> None:
        self._document = document
        self._events = events

    def build(self) -> None:
        next(self._events)  # StreamStart
        if isinstance(next(self._events), yaml.StreamEndEvent):
            self._document.complain(
                (), "the file is empty; `maildaemon init` writes one to begin with"
            )
            self._document.readable = False
            return
        event = next(self._events)
        root = self._value(event, ())
        if isinstance(root, Block):
            self._document.root = root
        elif () not in self._document.broken:
            self._document.complain((), "expected options such as `database:`, at the left margin")
            self._document.broken.add(())
        next(self._events)  # DocumentEnd
        if isinstance(more := next(self._events), yaml.DocumentStartEvent):
            self._document.complain(
                (), "a second document begins here; join it with the first", _place(more.start_mark)
            )

    def _value(self, event: yaml.Event, loc: Loc) -> object:
        document = self._document
        place = _place(event.start_mark)
        document.values[loc] = place
        if isinstance(event, yaml.AliasEvent):
            self._refuse(loc, f"`*{event.anchor}` is not followed; write the value out")
            return None
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            raise TypeError(event)
        if event.anchor:
            document.complain(loc, f"anchors are not read; take `&{event.anchor}` out")
        if event.tag:
            document.complain(loc, f"tags are not read; take `{_tag(event.tag)}` out")
        if len(loc) > _DEEPEST:
            self._skip(event)
            self._refuse(loc, "this is nested too deeply for a configuration")
            return None
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        return self._block(loc) if isinstance(event, yaml.MappingStartEvent) else self._list(loc)

    def _block(self, loc: Loc) -> Block:
        block = Block()
        place = self._document.values[loc]
        block.where = f"{self._document.file}:{place.line}: {path_of(loc)}"
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._skip(event)
                self._skip(next(self._events))
                self._refuse(loc, "an option must be a plain word", _place(event.start_mark))
                continue
            self._entry(block, event, loc)
        return block

    def _entry(self, block: Block, key: yaml.ScalarEvent, loc: Loc) -> None:
        document, place, name = self._document, _place(key.start_mark), key.value
        if name == "<<":
            self._skip(next(self._events))
            self._refuse(loc, "merge keys (`<<`) are not read; write the options out", place)
        elif name in block:
            self._skip(next(self._events))
            first = document.keys[*loc, name].line
            document.complain(
                (*loc, name), f"`{name}` is already given in line {first}; keep one", place
            )
        else:
            if key.anchor or key.tag:
                document.complain(
                    (*loc, name), "anchors and tags are not read; take them out", place
                )
            document.keys[*loc, name] = place
            block[name] = self._value(next(self._events), (*loc, name))

    def _list(self, loc: Loc) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            here = (*loc, len(items))
            self._document.keys[here] = _place(event.start_mark)
            items.append(self._value(event, here))
        return items

    def _refuse(self, loc: Loc, message: str, place: Place | None = None) -> None:
        self._document.complain(loc, message, place)
        self._document.broken.add(loc)

    def _skip(self, event: yaml.Event) -> None:
        """Pass over the rest of a value of which the first event was taken."""
        depth = int(isinstance(event, yaml.CollectionStartEvent))
        while depth:
            event = next(self._events)
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)


def _scalar(event: yaml.ScalarEvent) -> str | None:
    """Return the text; None for what says plainly that there is none."""
    if event.style is None and event.value in ("", "~", "null"):
        return None
    return str(event.value)


def _tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
