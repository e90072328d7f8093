"""Whether it was right as well as fast: the records against the truth, the sink's log as witness."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, create_engine, text

from benchmarks.mailbox import Truth
from tests.servers.sink import Accepted

_JOURNAL = """
SELECT inbound.uid, inbound.raw_sha256, message.id, message.kind, message.thread_id
FROM inbound JOIN folder ON folder.id = inbound.folder_id
LEFT JOIN message ON message.id = inbound.message_id
WHERE folder.role = 'inbox' AND inbound.uid > :after
"""
_FILES = "SELECT message_id, filename, size, verdict FROM attachment WHERE message_id >= :first"


@dataclass(frozen=True, slots=True)
class _Record:
    raw_sha256: str | None
    message: int | None
    kind: str
    thread: int | None
    files: tuple[tuple[str, int, bool], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts and culprits; `wrong` is empty if everything is as it must be."""

    lost: list[str]
    doubled: list[str]
    misthreaded: list[str]
    merged: list[str]
    misjudged: list[str]
    files: list[str]
    mails: list[str]
    replies: int
    attachments: int
    acknowledged: int

    @property
    def wrong(self) -> dict[str, list[str]]:
        return {
            name: found
            for name in ("lost doubled misthreaded merged misjudged files mails").split()
            if (found := getattr(self, name))
        }


def judge(
    url: str,
    sha256s: Sequence[str],
    truths: Sequence[Truth],
    accepted: Sequence[Accepted],
    after: int = 0,
) -> Verdict:
    """Compare what was recorded with what was delivered: UID `after` + n is the n-th of `truths`."""
    engine = create_engine(url)
    with engine.connect() as connection:
        records = _records(connection, after)
    engine.dispose()
    by_mail: dict[int, set[int | None]] = defaultdict(set)
    for uid, truth in enumerate(truths, 1):
        if uid in records:
            by_mail[truth.number].add(records[uid].message)
    first = {
        truth.number: records[uid].thread
        for uid, truth in reversed([*enumerate(truths, 1)])
        if uid in records and truth.conversation == truth.number
    }
    replies = [
        (uid, one)
        for uid, one in enumerate(truths, 1)
        if one.conversation not in {None, one.number}
    ]
    return Verdict(
        lost=[
            f"UID {uid}"
            for uid, sha256 in enumerate(sha256s, 1)
            if uid not in records
            or records[uid].message is None
            or records[uid].raw_sha256 != sha256
        ],
        doubled=[f"mail {number}" for number, found in by_mail.items() if len(found) > 1],
        misthreaded=[
            f"mail {one.number} of {one.conversation}"
            for uid, one in replies
            if uid in records and records[uid].thread != first.get(one.conversation or 0)
        ],
        merged=_merged(records, truths),
        misjudged=[
            f"mail {one.number}: {records[uid].kind}, not {one.kind}"
            for uid, one in enumerate(truths, 1)
            if uid in records and records[uid].kind != one.kind
        ],
        files=[
            f"mail {one.number}: {records[uid].files}, not {one.files}"
            for uid, one in enumerate(truths, 1)
            if one.files is not None and uid in records and records[uid].files != one.files
        ],
        mails=_mails(truths, accepted),
        replies=len(replies),
        attachments=sum(len(one.files or ()) for one in truths),
        acknowledged=len(accepted),
    )


def _records(connection: Connection, after: int) -> dict[int, _Record]:
    """Return what is recorded of each UID above `after`, which are counted from there."""
    journal = connection.execute(text(_JOURNAL), {"after": after}).all()
    first = min((row[2] for row in journal if row[2] is not None), default=0)
    files: dict[int, list[tuple[str, int, bool]]] = defaultdict(list)
    for message, name, size, verdict in connection.execute(text(_FILES), {"first": first}):
        files[message].append((name, size, verdict == "accepted"))
    return {
        uid - after: _Record(sha256, message, kind or "", thread, tuple(sorted(files[message])))
        for uid, sha256, message, kind, thread in journal
    }


def _merged(records: Mapping[int, _Record], truths: Sequence[Truth]) -> list[str]:
    """Return the threads that hold what does not belong together."""
    held: dict[int | None, set[int]] = defaultdict(set)
    for uid, one in enumerate(truths, 1):
        if uid in records and records[uid].thread is not None:
            held[records[uid].thread].add(one.conversation or one.number)
    return [f"thread {thread}: {sorted(them)}" for thread, them in held.items() if len(them) > 1]


def _mails(truths: Sequence[Truth], accepted: Sequence[Accepted]) -> list[str]:
    """Return who got another number of mails than is due: one a conversation, else none."""
    due = {one.person for one in truths if one.acknowledged}
    got = Counter(person for mail in accepted for person in mail.rcpt_to)
    return [
        f"{person}: {got[person]}" for person in due | set(got) if got[person] != (person in due)
    ]
