"""Holds the mailbox against the records: what is missing, what is doubled, what we never sent.

Nothing is taken for granted: what the server lists is compared, message by message, by UID and
Message-ID. No body is fetched, and a few hundred messages are looked at at a time.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from maildaemon.domain.audit import (
    ADVICE,
    MENDED,
    WHAT,
    WINDOW,
    Fault,
    Finding,
    last_night,
)
from maildaemon.domain.reading import Reading
from maildaemon.domain.tokens import is_ours
from maildaemon.ports import BlobStore, Listed, Mailbox, Now, Parser, Role
from maildaemon.ports.audit import JournalLine
from maildaemon.ports.brakes import Alarm
from maildaemon.ports.rows import Concern, FolderRow
from maildaemon.ports.store import Store
from maildaemon.services.desk import Desk, log
from maildaemon.services.folders import watched
from maildaemon.services.receive import record_again

_AT_ONCE = 500
_NAMED = 5
_CONCERN = "audit"


@dataclass(slots=True)
class Tally:
    """What an audit of a mailbox has counted so far. `before`: messages that stood there before
    the first start, which nobody asked to be recorded.
    """

    listed: int = 0
    recorded: int = 0
    waiting: int = 0
    before: int = 0
    found: Counter[Fault] = field(default_factory=Counter)
    named: list[Finding] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        """Return how many findings somebody has to do something about."""
        return sum(count for fault, count in self.found.items() if Finding(fault, "").wrong)

    def note(self, finding: Finding) -> Finding:
        """Count a finding, and remember the first few that are wrong."""
        self.found[finding.fault] += 1
        if finding.wrong and len(self.named) < _NAMED:
            self.named.append(finding)
        return finding


def audit_mailbox(
    store: Store,
    mailbox: Mailbox,
    parser: Parser,
    desk: Desk,
    since: datetime,
    tally: Tally,
) -> Iterator[Finding]:
    """Yield what does not fit together in the watched folders, of messages that came since then.

    Raises what the mailbox raises.
    """
    audit = _Audit(store, mailbox, parser, desk, since, tally)
    names = [name.name for name in watched(mailbox)]
    # What is read while we compare lies above the cursors as they are now.
    with store.read() as tx:
        known = {row.name: row for row in tx.mailboxes.folders(desk.mailbox_id)}
    for name in names:
        if folder := known.get(name):
            yield from map(tally.note, audit.folder(folder))
    yield from map(tally.note, audit.records())


def repair(
    store: Store,
    mailbox: Mailbox,
    blobs: BlobStore,
    desk: Desk,
    findings: Sequence[Finding],
    now: Now,
) -> int:
    """Record what an audit has found missing, as if it had just been seen; return how many.

    What is as old as that is never answered: its age is judged like any other message's. A mail of
    ours that is unknown enters the outbox as sent when it is looked at again.
    """
    done = 0
    for name in dict.fromkeys(one.folder for one in findings):
        here = {one.uid: one.fault for one in findings if one.folder == name and one.uid}
        uids = [uid for uid, fault in here.items() if fault in MENDED]
        void = [uid for uid in uids if here[uid] is not Fault.MISSING]
        done += record_again(store, mailbox, blobs, desk, name, uids, void, now)
    return done


def audit_next(store: Store, mailbox: Mailbox, parser: Parser, desk: Desk, now: Now) -> int:
    """Do the nightly audit if it is due, and tell people once if something is wrong; return how
    many mailboxes were audited (0 or 1).
    """
    at, name = now(), f"audit:{desk.mailbox_id}"
    with store.read() as tx:
        last = tx.brakes.fact(name)
        started_at = tx.mailboxes.get(desk.mailbox_id).started_at
    due = last_night(at, desk.policy.hours.zone)
    done_at = datetime.fromisoformat(last) if last else started_at
    if done_at is None or done_at >= due:
        return 0
    tally = Tally()
    for _ in audit_mailbox(store, mailbox, parser, desk, at - WINDOW, tally):
        pass
    tell(store, desk, tally, at)
    with store.begin() as tx:
        tx.brakes.keep_fact(name, at.isoformat())
    return 1


def tell(store: Store, desk: Desk, tally: Tally, now: datetime) -> None:
    """Keep for `status` what an audit has found wrong, and raise an alarm if that is news."""
    mailbox = desk.policy.mailbox
    concerns = [Concern("findings", _summary(tally), _advice(tally))] if tally.wrong else []
    with store.begin() as tx:
        new = tx.mailboxes.set_concerns(desk.mailbox_id, _CONCERN, concerns, now)
        for one in new:
            text = f"{mailbox}: {one.what}. What to do: {one.advice}"
            tx.alerts.raise_alarm(Alarm("audit.failed", mailbox, text), now)
    counts = {fault.value: count for fault, count in sorted(tally.found.items())}
    told = ", ".join(f"{count} {fault}" for fault, count in counts.items())
    log("mailbox.audited", mailbox=mailbox, listed=tally.listed, wrong=tally.wrong, found=told)


def _summary(tally: Tally) -> str:
    kinds = ", ".join(
        f"{count} {fault.value}"
        for fault, count in sorted(tally.found.items())
        if Finding(fault, "").wrong
    )
    named = "; ".join(
        f"{WHAT[one.fault]}: {one.folder}{f', UID {one.uid}' if one.uid else ''}, "
        f"<{one.message_id or 'no Message-ID'}>"
        for one in tally.named
    )
    return f"the audit found what is wrong ({kinds}): {named}"


def _advice(tally: Tally) -> str:
    faults = [fault for fault in tally.found if Finding(fault, "").wrong]
    mendable = any(fault in MENDED for fault in faults)
    first = "`maildaemon audit` names everything" + ("; `--repair` records it" if mendable else "")
    others = [ADVICE[fault] for fault in sorted(faults) if fault not in MENDED]
    return "; ".join((first, *others))


@dataclass(frozen=True, slots=True)
class _Audit:
    """What an audit of one mailbox takes."""

    store: Store
    mailbox: Mailbox
    parser: Parser
    desk: Desk
    since: datetime
    tally: Tally

    def folder(self, folder: FolderRow) -> Iterator[Finding]:
        """Yield what does not fit in one folder."""
        if self.mailbox.examine(folder.name).uidvalidity != folder.uidvalidity:
            yield Finding(Fault.RENUMBERED, folder.name)
            return
        listed = self.mailbox.list_since(folder.name, self.since)
        self.tally.listed += len(listed)
        for start in range(0, len(listed), _AT_ONCE):
            yield from self._compare(folder, listed[start : start + _AT_ONCE])
        there = frozenset(one.uid for one in listed)
        yield from self._gone(folder, there)
        if folder.role is Role.SENT:
            yield from self._sent(folder, there)

    def _compare(self, folder: FolderRow, listed: Sequence[Listed]) -> Iterator[Finding]:
        uids = [one.uid for one in listed]
        with self.store.read() as tx:
            lines = tx.audit.lines(folder, uids)
            withheld = tx.audit.withheld(folder, uids)
            started_at = tx.mailboxes.get(self.desk.mailbox_id).started_at
        ids = self._fetch_ids(folder, [uid for uid in uids if uid in lines])
        self.tally.recorded += sum(one.state == "done" for one in lines.values())
        self.tally.waiting += sum(one.state == "waiting" for one in lines.values())
        for one in listed:
            line = lines.get(one.uid)
            if line is None and one.uid not in withheld and _was_before(folder, one, started_at):
                self.tally.before += 1
                continue
            if fault := self._fault(folder, one, line, withheld, ids.get(one.uid)):
                yield self._finding(fault, folder, one, line)

    def _fault(
        self,
        folder: FolderRow,
        one: Listed,
        line: JournalLine | None,
        withheld: frozenset[int],
        raw_id: bytes | None,
    ) -> Fault | None:
        if line is None:
            if one.uid in withheld:
                return Fault.WITHHELD
            return Fault.UNREAD if one.uid > folder.last_uid else Fault.MISSING
        if line.message_id is not None and raw_id and self._differs(line.message_id, raw_id):
            return Fault.CHANGED
        if line.state == "parked":
            return Fault.PARKED
        return Fault.TOO_LARGE if line.header_only else None

    def _finding(
        self, fault: Fault, folder: FolderRow, one: Listed, line: JournalLine | None
    ) -> Finding:
        message_id = line.message_id if line and fault is not Fault.CHANGED else None
        if message_id is None:
            raws = self.mailbox.fetch_headers(folder.name, [one.uid], "message-id")
            message_id = next((self._read_id(raw.raw) for raw in raws), None)
        about = line.error if line and fault is Fault.PARKED else None
        if line and fault is Fault.CHANGED:
            about = f"recorded is <{line.message_id}>"
        return Finding(fault, folder.name, one.uid, message_id, one.internal_date, about)

    def _fetch_ids(self, folder: FolderRow, uids: Sequence[int]) -> Mapping[int, bytes]:
        if not uids:
            return {}
        found = self.mailbox.fetch_headers(folder.name, uids, "message-id")
        return {one.uid: one.raw for one in found}

    def _differs(self, recorded: str, raw: bytes) -> bool:
        """Tell whether a field names another message than the one that is recorded."""
        # Read as bytes first: to parse a hundred thousand of them would take minutes.
        if recorded.encode("utf-8", "surrogateescape") in raw or not raw.strip():
            return False
        return self._read_id(raw) not in {recorded, None}

    def _read_id(self, raw: bytes) -> str | None:
        if not raw.strip():
            return None  # the record's own id is made from its content
        return self.parser.parse(raw.strip() + b"\r\n\r\n", Reading()).message.message_id

    def _gone(self, folder: FolderRow, there: frozenset[int]) -> Iterator[Finding]:
        after = 0
        while True:
            with self.store.read() as tx:
                lines = tx.audit.lines_since(folder, self.since, after, _AT_ONCE)
            if not lines:
                return
            for one in lines:
                if one.uid not in there:
                    yield Finding(Fault.GONE, folder.name, one.uid, one.message_id, one.received_at)
            after = lines[-1].uid

    def _sent(self, folder: FolderRow, there: frozenset[int]) -> Iterator[Finding]:
        """Yield what Sent holds of us more than once, or without our knowing."""
        with self.store.read() as tx:
            doubled = tx.audit.copies_doubled(folder, self.since)
            unknown = tx.audit.mails_unknown(folder, self.since)
        for twice in doubled:
            uids = [uid for uid in twice.where if uid in there]
            if len(uids) > 1:
                about = "UIDs " + ", ".join(map(str, uids))
                yield Finding(
                    Fault.COPY_DOUBLED,
                    folder.name,
                    uids[-1],
                    twice.message_id,
                    twice.received_at,
                    about,
                )
        for line in unknown:
            if line.uid in there and is_ours(self.desk.key, line.message_id or ""):
                yield Finding(
                    Fault.UNKNOWN_MAIL, folder.name, line.uid, line.message_id, line.received_at
                )

    def records(self) -> Iterator[Finding]:
        """Yield what is recorded more than once."""
        with self.store.read() as tx:
            found = tx.audit.recorded_alike(self.desk.mailbox_id, self.since)
        for one in found:
            about = "records " + ", ".join(map(str, one.where))
            yield Finding(Fault.RECORDED_TWICE, "", None, one.message_id, one.received_at, about)


def _was_before(folder: FolderRow, one: Listed, started_at: datetime | None) -> bool:
    """Tell whether a message stood there before we first read the folder."""
    if folder.began_uid is not None:
        return one.uid <= folder.began_uid
    if one.uid > folder.last_uid:
        return False
    return started_at is None or one.internal_date is None or one.internal_date < started_at
