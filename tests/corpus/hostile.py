"""What hostile mail must not achieve."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.corpus.finding import Finding
from tests.corpus.header import Comparer
from tests.corpus.loading import Case, Corpora
from tests.corpus.reading import Reading

_LEADS_OUT = re.compile(r"[/\\:\x00]|^\.\.?$|^\s*$")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# These are texts of several lines.
_BODIES = frozenset({"text", "reply_text"})


def _seconds(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    limit = float(case.expected["max_seconds"])
    took = f"{reading.seconds:.2f}"
    yield Finding(case.name, "seconds", reading.seconds <= limit, f"<= {limit:g}", took)


def _unwelcome(field: str) -> Comparer:
    """Some file of the message must be held or refused."""

    def compare(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
        judged = [f"{one['filename']} {one['verdict']} {one['reason']}" for one in _files(reading)]
        agrees = any(one["verdict"] != "accepted" for one in _files(reading))
        yield Finding(case.name, field, agrees, "held or refused", repr(judged))

    return compare


def _no_way_out(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    """A name stays a name; an archive that climbs out of its folder is not accepted."""
    names = [one["filename"] for one in _files(reading)]
    tame = bool(names) and not any(_LEADS_OUT.search(one) for one in names)
    yield Finding(case.name, "names stay in their folder", tame, "no path", repr(names))
    if case.name.endswith((".zip.eml", ".tar.eml")) or "/zip_" in case.name:
        yield from _unwelcome("climbing archive refused or held")(_, case, reading)


def _extension(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    """The file is refused, and shown by the name that it really has."""
    wanted = case.expected["dangerous_extension"]
    told = [(one["filename"], one["verdict"]) for one in _files(reading)]
    agrees = any(name.endswith(wanted) and verdict != "accepted" for name, verdict in told)
    yield Finding(case.name, "dangerous extension", agrees, f"{wanted}, refused", repr(told))


def _no_injection(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    """No value but the texts may hold what could begin a line in a header."""
    unclean = [one for one in _lines(reading.told) if _CONTROL.search(one)]
    yield Finding(case.name, "no line is injected", not unclean, "[]", repr(unclean))


def _lines(value: Any, key: str = "") -> Iterator[str]:
    match value:
        case str() if key not in _BODIES:
            yield value
        case dict():
            for name, one in value.items():
                yield from _lines(one, name)
        case list() | tuple():
            for one in value:
                yield from _lines(one, key)
        case _:
            pass


def _must(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    """What ought to be remarked of a message is a defect of it or a finding about a file."""
    wanted = case.expected["must_flag"]
    if not wanted:
        return
    found = [
        *reading.message.defects,
        *(finding for file in reading.message.attachments for finding in file.findings),
        *(f"{one['verdict']} {one['reason']}" for one in _files(reading) if one["reason"]),
    ]
    yield Finding(case.name, "flagged", bool(found), json.dumps(wanted), repr(found))


def _files(reading: Reading) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = reading.told["attachments"]
    return files


COMPARED: Mapping[str, Comparer] = {
    "max_seconds": _seconds,
    "bomb": _unwelcome("bomb refused or held"),
    "type_mismatch": _unwelcome("false type refused or held"),
    "contains_executable": _unwelcome("program in an archive refused or held"),
    "path_traversal": _no_way_out,
    "dangerous_extension": _extension,
    "no_injection": _no_injection,
    "must_flag": _must,
}
