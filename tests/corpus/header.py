"""Subject, people, dates and ids."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.corpus.finding import Finding, equal
from tests.corpus.loading import Case, Corpora
from tests.corpus.reading import Reading

Comparer = Callable[[Corpora, Case, Reading], Iterator[Finding]]
_ID = re.compile(r"<([^<>]*)>")


def one_line(text: object) -> str:
    """Return a text with its white space folded, in Unicode's composed form."""
    return " ".join(unicodedata.normalize("NFC", str(text or "")).split())


def _subject(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    expected = one_line(case.expected["subject"])
    yield equal(case.name, "subject", expected, one_line(reading.told["message"]["subject"]))


def _sender(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    author = reading.told["message"]["from"]
    yield from _people(case, "sender", case.expected["from"][:1], [author] if author else [])


def _recipients(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    yield from _people(case, "recipients", case.expected["to"], reading.told["message"]["to"])


def _people(
    case: Case, field: str, expected: list[dict[str, Any]], got: list[dict[str, Any]]
) -> Iterator[Finding]:
    """Compare what is given of each: some sets know only names, or only addresses."""
    if any("address" in one for one in expected) or not expected:
        yield equal(case.name, field, _addresses(expected), _addresses(got))
    if any(one.get("name") for one in expected):
        yield equal(case.name, f"{field}: names", _names(expected), _names(got))


def _addresses(people: list[dict[str, Any]]) -> list[str]:
    return [one["address"].lower() for one in people if one["address"]]


def _names(people: list[dict[str, Any]]) -> list[str]:
    return [one_line(one.get("name")) for one in people if one.get("name") or one.get("address")]


def _date(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    got = reading.told["message"]["date"]
    expected = case.expected["date"]
    yield equal(
        case.name,
        "date",
        _instant(datetime.fromisoformat(expected)) if expected else None,
        _instant(got) if got else None,
    )


def _instant(at: datetime) -> str:
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(UTC).replace(microsecond=0).isoformat()


def _ids(key: str) -> Comparer:
    def compare(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
        got = reading.told["message"][key]
        got = [got] if isinstance(got, str) else got
        yield equal(case.name, f"ids: {key}", _bare(case.expected[key]), _bare(got))

    return compare


def _bare(given: str | list[str] | None) -> list[str]:
    """Return ids without brackets, however they were put down."""
    found: list[str] = []
    for one in [given] if isinstance(given, str) else given or []:
        found += [_ID.sub(r"\1", each) for each in (_ID.findall(one) or one.split())]
    return [one.strip() for one in found]


COMPARED: Mapping[str, Comparer] = {
    "subject": _subject,
    "from": _sender,
    "to": _recipients,
    "date": _date,
    "message_id": _ids("message_id"),
    "in_reply_to": _ids("in_reply_to"),
    "references": _ids("references"),
}
