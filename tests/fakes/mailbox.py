"""A mailbox in memory that fails on request. Passes the same contract suite as the real one.

`FakeAccount` is the server's side, with everything a test wants to happen to it; any number of
`FakeMailbox` connections look at it.
"""

import itertools
import re
import threading
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from maildaemon.errors import MailboxUnavailableError, NoSuchFolderError
from maildaemon.ports import Fetched, FolderName, FolderState, Listed, Now, Role


@dataclass(frozen=True, slots=True)
class FakeMessage:
    """A message as the server holds it."""

    uid: int
    flags: frozenset[str]
    internal_date: datetime
    raw: bytes


@dataclass(slots=True)
class FakeFolder:
    """`version` grows with everything that IDLE would announce; `withheld` is listed only."""

    uidvalidity: int
    uidnext: int = 1
    version: int = 0
    messages: dict[int, FakeMessage] = field(default_factory=dict)
    withheld: set[int] = field(default_factory=set)
    changed: dict[int, int] = field(default_factory=dict)


class FakeAccount:
    """The server. Thread-safe; times come from `now`."""

    def __init__(self, now: Now = lambda: datetime.now(UTC)) -> None:
        """Begin with INBOX and the usual special-use folders, all empty."""
        self.now = now
        self.changed = threading.Condition(threading.RLock())
        self.can_idle = True
        self.counts_changes = True
        self.keeps_keywords = True
        self.deletes_singly = True
        self.refusal: Exception | None = None
        self.calls: list[tuple[str, str]] = []
        self._failures: defaultdict[str, deque[Exception]] = defaultdict(deque)
        self._validities = itertools.count(1_700_000_000, 7)
        self._folders: dict[str, FakeFolder] = {}
        for name in ("INBOX", "Sent", "Drafts", "Junk", "Trash", "Archive"):
            self.create(name)

    # What happens to the mailbox

    def create(self, folder: str) -> None:
        with self.changed:
            self._folders[folder] = FakeFolder(next(self._validities))

    def delete(self, folder: str) -> None:
        with self.changed:
            del self._folders[folder]

    def deliver(
        self,
        raw: bytes,
        folder: str = "INBOX",
        *,
        at: datetime | None = None,
        flags: tuple[str, ...] = (),
    ) -> int:
        """Put a message there and return its UID."""
        with self._change(folder) as it:
            uid, it.uidnext = it.uidnext, it.uidnext + 1
            date = (at or self.now()).astimezone(UTC).replace(microsecond=0)
            it.messages[uid] = FakeMessage(uid, frozenset(flags), date, raw)
            it.changed[uid] = it.version + 1
        return uid

    def expunge(self, folder: str, uid: int) -> None:
        with self._change(folder) as it:
            del it.messages[uid]

    def move(self, folder: str, uid: int, target: str) -> int:
        """Move a message as a colleague does; return its UID in the target."""
        moved = self.folder(folder).messages[uid]
        self.expunge(folder, uid)
        return self.deliver(
            moved.raw, target, at=moved.internal_date, flags=tuple(sorted(moved.flags))
        )

    def flag(self, folder: str, uid: int, flag: str) -> None:
        with self._change(folder) as it:
            it.messages[uid] = replace(it.messages[uid], flags=it.messages[uid].flags | {flag})
            it.changed[uid] = it.version + 1

    def unflag(self, folder: str, uid: int, flag: str) -> None:
        with self._change(folder) as it:
            it.messages[uid] = replace(it.messages[uid], flags=it.messages[uid].flags - {flag})
            it.changed[uid] = it.version + 1

    def change_uidvalidity(self, folder: str = "INBOX") -> None:
        """Number all messages anew, as after a migration."""
        with self._change(folder) as it:
            it.uidvalidity = next(self._validities)
            renumbered = enumerate(sorted(it.messages.values(), key=lambda each: each.uid), start=1)
            it.messages = {uid: replace(message, uid=uid) for uid, message in renumbered}
            it.uidnext = len(it.messages) + 1

    def withhold(self, folder: str, *uids: int) -> None:
        """List these messages but do not deliver them, as Exchange now and then does."""
        self.folder(folder).withheld.update(uids)

    def deliver_withheld(self, folder: str) -> None:
        self.folder(folder).withheld.clear()

    def fail(self, *errors: Exception, on: str = "") -> None:
        """Let the next calls raise these, one each; `on` names the method, by default any."""
        self._failures[on].extend(errors)

    def drop(self) -> None:
        """Cut all connections: whoever waits now, or else the next call, fails."""
        with self.changed:
            self.fail(MailboxUnavailableError("fake: the server closed the connection"))
            self.changed.notify_all()

    def messages(self, folder: str = "INBOX") -> list[FakeMessage]:
        """Return what the folder holds, by UID."""
        return sorted(self.folder(folder).messages.values(), key=lambda each: each.uid)

    # What the connections need

    def folders(self) -> list[str]:
        return sorted(self._folders)

    def folder(self, name: str) -> FakeFolder:
        """Return the folder; NoSuchFolderError if there is none of that name."""
        if name not in self._folders:
            raise NoSuchFolderError(
                f"there is no folder named {name!r}",
                where="fake",
                advice="the folders are: " + ", ".join(self.folders()),
            )
        return self._folders[name]

    def called(self, method: str, folder: str) -> None:
        """Note a call; raise what was scripted for it."""
        self.calls.append((method, folder))
        if self.refusal is not None:
            raise self.refusal
        self.raise_failure(method)

    def raise_failure(self, method: str) -> None:
        for name in (method, ""):
            if self._failures[name]:
                raise self._failures[name].popleft()

    def failing(self) -> bool:
        """Tell whether the next call of anything would fail."""
        return self.refusal is not None or bool(self._failures[""])

    def _change(self, folder: str) -> "_Change":
        return _Change(self.changed, self.folder(folder))


class _Change:
    """Holds the account while a folder changes, then tells who is waiting."""

    def __init__(self, changed: threading.Condition, folder: FakeFolder) -> None:
        self._changed = changed
        self._folder = folder

    def __enter__(self) -> FakeFolder:
        self._changed.acquire()
        return self._folder

    def __exit__(self, *_: object) -> None:
        self._folder.version += 1
        self._changed.notify_all()
        self._changed.release()


class FakeMailbox:
    """One connection to a `FakeAccount`; plays the role `Mailbox`."""

    def __init__(
        self,
        account: FakeAccount,
        *,
        sent: str | None = "Sent",
        junk: str | None = "Junk",
        drafts: str | None = "Drafts",
        others: tuple[str, ...] = (),
        control: bool = False,
    ) -> None:
        self._control = control
        self.account = account
        self._roles = {Role.SENT: sent, Role.JUNK: junk, Role.DRAFTS: drafts}
        self._others = others
        self._promised: dict[str, int] = {}
        self._looked: dict[str, int] = {}
        self._missing: tuple[tuple[str, str], ...] = ()
        self._interrupted = False

    def folders(self) -> tuple[FolderName, ...]:
        self._call("folders")
        named = [("INBOX", Role.INBOX)]
        named += [(name, role) for role, name in self._roles.items() if name]
        named += [(name, Role.OTHER) for name in self._others]
        there = self.account.folders()
        advice = "the folders are: " + ", ".join(there)
        optional = {Role.JUNK, Role.DRAFTS, Role.OTHER}
        missing = [(name, role) for name, role in named if name not in there and role in optional]
        self._missing = tuple((name, advice) for name, _ in missing)
        named = [one for one in named if one not in missing]
        if self._control:
            named += [(name, role) for role, name in _STEERING.items() if name in there]
        for name, _ in named:
            self.account.folder(name)
        return tuple(FolderName(name, role) for name, role in named)

    def missing_folders(self) -> tuple[tuple[str, str], ...]:
        return self._missing

    def examine(self, folder: str) -> FolderState:
        self._call("examine", folder)
        with self.account.changed:
            it = self.account.folder(folder)
            self._promised[folder] = it.uidvalidity
            self._looked[folder] = it.version
            modseq = it.version or None if self.account.counts_changes else None
            return FolderState(it.uidvalidity, it.uidnext, len(it.messages), modseq)

    def list_after(self, folder: str, uid: int) -> tuple[Listed, ...]:
        with self.account.changed:
            it = self._enter("list_after", folder)
            self._looked[folder] = it.version
            return tuple(_listed(it.messages[each]) for each in sorted(it.messages) if each > uid)

    def list_since(self, folder: str, since: datetime) -> tuple[Listed, ...]:
        with self.account.changed:
            it = self._enter("list_since", folder)
            self._looked[folder] = it.version
            return tuple(
                _listed(it.messages[each])
                for each in sorted(it.messages)
                if it.messages[each].internal_date >= since
            )

    def fetch(self, folder: str, uids: Sequence[int]) -> Iterator[Fetched]:
        for number, uid in enumerate(uids):
            if number % 50 == 0:
                self._enter("fetch", folder)
            yield from self._delivered(folder, uid)

    def fetch_headers(
        self, folder: str, uids: Sequence[int], only: str | None = None
    ) -> Iterator[Fetched]:
        for number, uid in enumerate(uids):
            if number % 50 == 0:
                self._enter("fetch_headers", folder)
            for fetched in self._delivered(folder, uid):
                head, separator, _ = fetched.raw.partition(b"\r\n\r\n")
                yield Fetched(uid, _field(head, only) if only else head + separator)

    def _delivered(self, folder: str, uid: int) -> Iterator[Fetched]:
        it = self.account.folder(folder)
        if uid in it.messages and uid not in it.withheld:
            yield Fetched(uid, it.messages[uid].raw)

    def wait(self, folder: str, timeout: timedelta) -> bool:
        self._call("wait", folder)
        if not self.account.can_idle:
            raise NotImplementedError
        with self.account.changed:
            it = self.account.folder(folder)
            if self._looked.get(folder) is None:
                self._looked[folder] = it.version
                return True

            def over() -> bool:
                changed = it.version != self._looked[folder]
                return changed or self._interrupted or self.account.failing()

            self.account.changed.wait_for(over, timeout.total_seconds())
            self._raise_if_interrupted()
            if self.account.failing():
                self.account.called("wait", folder)
            news = it.version != self._looked[folder]
            self._looked[folder] = it.version
            return news

    def append(self, folder: str, raw: bytes, at: datetime, *, draft: bool = False) -> None:
        self._call("append", folder)
        self.account.deliver(raw, folder, at=at, flags=("\\Draft" if draft else "\\Seen",))

    def flags(
        self, folder: str, uids: Sequence[int], since: int | None
    ) -> Mapping[int, frozenset[str]]:
        with self.account.changed:
            it = self._enter("flags", folder)
            return {
                uid: it.messages[uid].flags
                for uid in uids
                if uid in it.messages and (since is None or it.changed[uid] > since)
            }

    def mark(self, folder: str, uid: int, add: Sequence[str], remove: Sequence[str]) -> bool:
        with self.account.changed:
            it = self._enter("mark", folder)
            if not self.account.keeps_keywords:
                return False
            for flag in remove if uid in it.messages else ():
                self.account.unflag(folder, uid, flag)
            for flag in add if uid in it.messages else ():
                self.account.flag(folder, uid, flag)
        return True

    def make_folders(self, roles: Sequence[Role]) -> None:
        self._call("make_folders")
        for role in roles:
            if _STEERING[role] not in self.account.folders():
                self.account.create(_STEERING[role])

    def can_delete(self) -> bool:
        self._call("can_delete")
        return self.account.deletes_singly

    def delete(self, folder: str, uid: int) -> bool:
        with self.account.changed:
            it = self._enter("delete", folder)
            there, alone = uid in it.messages, self.account.deletes_singly
            if there and alone:
                self.account.expunge(folder, uid)
            elif there:
                self.account.flag(folder, uid, "\\Deleted")
                self.account.flag(folder, uid, "\\Seen")
        return alone

    def interrupt(self) -> None:
        with self.account.changed:
            self._interrupted = True
            self.account.changed.notify_all()

    def close(self) -> None:
        self.account.calls.append(("close", ""))

    def _call(self, method: str, folder: str = "") -> None:
        self._raise_if_interrupted()
        self.account.called(method, folder)

    def _raise_if_interrupted(self) -> None:
        interrupted, self._interrupted = self._interrupted, False
        if interrupted:
            raise MailboxUnavailableError("fake: interrupted")

    def _enter(self, method: str, folder: str) -> FakeFolder:
        self._call(method, folder)
        it = self.account.folder(folder)
        if self._promised.get(folder, it.uidvalidity) != it.uidvalidity:
            raise MailboxUnavailableError(f"fake: {folder!r} has another UIDVALIDITY")
        return it


_STEERING = {
    Role.RESOLVED: "Support/Resolved",
    Role.NO_AUTO: "Support/No-auto",
    Role.URGENT: "Support/Urgent",
    Role.WORKING: "Support/Working",
}


def _field(head: bytes, name: str) -> bytes:
    """Return the lines of one field, and the empty line after them."""
    pattern = rb"(?im)^" + name.encode() + rb":[^\r\n]*(?:\r\n[ \t][^\r\n]*)*"
    return b"".join(line + b"\r\n" for line in re.findall(pattern, head)) + b"\r\n"


def _listed(message: FakeMessage) -> Listed:
    return Listed(message.uid, len(message.raw), message.internal_date)
