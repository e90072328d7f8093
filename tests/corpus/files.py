"""Attachments: how many, their names, sizes and contents.

A corpus lists the parts of a mail as its own parser does: some step into forwarded messages, some
name each of them a file, too. So what they list is looked for among our files and what lies in
forwarded messages; the number must be right by one of these readings. Line ends of a text part
are the sender's, the transport's or the parser's: contents are compared without regard to them.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from maildaemon.domain import reading
from maildaemon.mail.parse import parse_message
from tests.corpus.finding import Finding, equal
from tests.corpus.header import Comparer, one_line
from tests.corpus.loading import Case, Corpora
from tests.corpus.reading import Reading

_MESSAGE = "message/rfc822"
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class File:
    """A file as a comparison sees it; `sizes` and `hashes` of every spelling of its line ends."""

    name: str
    forwarded: bool
    sizes: frozenset[int]
    hashes: frozenset[str]
    within: tuple["File", ...] = ()


def _files(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    ours = tuple(_file(one, reading.contents, _DEEPEST) for one in reading.told["attachments"])
    expected: list[dict[str, Any]] = case.expected["attachments"]
    told = [f"{one.name} {min(one.sizes)}" for one in ours]
    name = case.name
    if "attachments_semantics" in case.expected:
        counts = {len(one) for one in _readings(ours)}
        said = [f"{one.get('filename')} {one.get('size')}" for one in expected]
        yield Finding(name, "attachments: count", len(expected) in counts, repr(said), repr(told))
    everything = [*_everything(ours)]
    if names := [one_line(one["filename"]) for one in expected if one.get("filename")]:
        got = [one_line(one.name) for one in everything]
        missing = Counter(names) - Counter(got)
        yield Finding(name, "attachments: names", not missing, repr(names), repr(got))
    for key, of in (("size", "sizes"), ("sha256", "hashes")):
        if values := [one[key] for one in expected if one.get(key) is not None]:
            agrees = _each_found(values, [getattr(one, of) for one in everything])
            yield Finding(name, f"attachments: {key}", agrees, repr(values), repr(told))
    for start in (one["startswith"] for one in expected if "startswith" in one):
        agrees = any(each.startswith(start.encode()) for each in reading.contents.values())
        yield Finding(name, "attachments: content", agrees, repr(start), repr(told))


def _count(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    got = len(reading.told["attachments"])
    yield equal(case.name, "attachments: count", case.expected["attachment_count"], got)


def _payload(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    """A file that a trick hides must be found, or the message flagged as ambiguous."""
    ours = [_file(one, reading.contents, _DEEPEST) for one in reading.told["attachments"]]
    found = any(case.expected["payload_sha256"] in one.hashes for one in _everything(ours))
    flagged = [one for one in reading.message.defects if "ambig" in one or "outside" in one]
    unwelcome = any(one["verdict"] != "accepted" for one in reading.told["attachments"])
    agrees = found or bool(flagged) or unwelcome
    got = f"found: {found}, flagged: {flagged}, a file held or refused: {unwelcome}"
    yield Finding(case.name, "hidden file found or flagged", agrees, "found", got)


def _file(told: Mapping[str, Any], contents: Mapping[str, bytes], depth: int) -> File:
    content = contents.get(told["sha256"], b"")
    forwarded = _MESSAGE in (told["declared_type"], told["detected_type"])
    within: tuple[File, ...] = ()
    if forwarded and depth:
        inner = parse_message(content, reading.Reading())
        within = tuple(
            _file(
                {
                    "filename": one.filename,
                    "sha256": one.sha256,
                    "declared_type": one.declared_type,
                    "detected_type": one.detected_type,
                },
                inner.contents,
                depth - 1,
            )
            for one in inner.message.attachments
        )
    spellings = [*_spellings(content)]
    return File(
        told["filename"],
        forwarded,
        frozenset(len(one) for one in spellings),
        frozenset(hashlib.sha256(one).hexdigest() for one in spellings),
        within,
    )


def _spellings(content: bytes) -> Iterator[bytes]:
    unix = content.replace(b"\r\n", b"\n")
    for one in (content, unix, unix.replace(b"\n", b"\r\n")):
        yield one
        yield one.rstrip(b"\r\n")
        yield one.rstrip(b"\r\n") + b"\n"
        yield one.rstrip(b"\r\n") + b"\r\n"


def _readings(files: Iterable[File]) -> Iterator[list[File]]:
    """Yield the lists that parsers make of the same files."""
    ours = [*files]
    yield ours
    yield [*_everything(ours)]
    yield [one for one in _everything(ours) if not one.forwarded]


def _everything(files: Iterable[File]) -> Iterator[File]:
    for one in files:
        yield one
        yield from _everything(one.within)


def _each_found(values: list[object], among: list[frozenset[object]]) -> bool:
    """Tell whether each value is that of another file."""
    left = [*among]
    for value in values:
        place = next((at for at, one in enumerate(left) if value in one), None)
        if place is None:
            return False
        del left[place]
    return True


COMPARED: Mapping[str, Comparer] = {
    "attachments": _files,
    "attachment_count": _count,
    "payload_sha256": _payload,
}
