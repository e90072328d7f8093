"""Bounces, delays, automatic replies: what they are, whom they name, and that nobody answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.corpus.finding import Finding, equal
from tests.corpus.header import Comparer
from tests.corpus.loading import Case, Corpora
from tests.corpus.reading import Reading

_REPORTS = frozenset({"bounce", "delayed", "receipt"})
_AUTOMATIC = _REPORTS | {"auto_reply", "bulk", "list"}


def _is_bounce(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    """A mail that tells of delays alone is a bounce to some; one header line alone proves less
    than a report, but it must be enough to stay silent.
    """
    kind = reading.told["kind"]
    if not case.expected["is_bounce"]:
        yield Finding(case.name, "class", kind != "bounce", "no bounce", kind)
        return
    if "asserted-header" in str(case.expected.get("source")):
        wanted = _AUTOMATIC
    elif case.expected.get("delayed_recipients") and not case.expected.get("failed_recipients"):
        wanted = frozenset({"delayed"})
    else:
        wanted = frozenset({"bounce"})
    yield Finding(case.name, "class", kind in wanted, "|".join(sorted(wanted)), kind)
    yield _silent(case, reading)


def _is_automatic(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    kind = reading.told["kind"]
    if case.expected["is_auto_reply"]:
        yield Finding(case.name, "class", kind in _AUTOMATIC, "an automatic mail", kind)
        yield _silent(case, reading)
    else:
        yield Finding(case.name, "class", kind not in _AUTOMATIC, "a person's mail", kind)


def _must_not_respond(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    if case.expected["must_not_auto_respond"]:
        yield _silent(case, reading)


def _is_feedback_report(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    kind = reading.told["kind"]
    if case.expected["is_feedback_report"]:
        yield Finding(case.name, "class", kind in _AUTOMATIC, "a report", kind)
        yield _silent(case, reading)


def _silent(case: Case, reading: Reading) -> Finding:
    response = reading.told["response"]
    forbidden = bool(reading.told["must_not_answer"])
    agrees = forbidden and not response["queued"]
    return Finding(case.name, "not answered", agrees, "silence", response["silence"] or "answered")


def _recipients(key: str, action: str) -> Comparer:
    """An empty list says only that one detector found none."""

    def compare(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
        expected = {one.lower() for one in case.expected[key]}
        if expected:
            got = {one["address"].lower() for one in _told(reading) if one["action"] == action}
            yield equal(case.name, f"recipients: {action}", sorted(expected), sorted(got))

    return compare


def _action(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    got = sorted({one["action"] for one in _told(reading)})
    yield equal(case.name, "action", [case.expected["action"]], got)


def _status(_: Corpora, case: Case, reading: Reading) -> Iterator[Finding]:
    got = sorted({str(one["status"]) for one in _told(reading)})
    yield equal(case.name, "status", [case.expected["dsn"]], got)


def _told(reading: Reading) -> list[dict[str, Any]]:
    bounce = reading.told["bounce"]
    return bounce["recipients"] if bounce else []


COMPARED: Mapping[str, Comparer] = {
    "is_bounce": _is_bounce,
    "is_auto_reply": _is_automatic,
    "must_not_auto_respond": _must_not_respond,
    "is_feedback_report": _is_feedback_report,
    "failed_recipients": _recipients("failed_recipients", "failed"),
    "delayed_recipients": _recipients("delayed_recipients", "delayed"),
    "action": _action,
    "dsn": _status,
}
