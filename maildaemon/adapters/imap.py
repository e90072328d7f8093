"""A mailbox over IMAP (RFC 9051, 3501), read without leaving a trace."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from maildaemon.adapters.imap_folders import (
    STEERING,
    STEERING_PARENT,
    WantedFolders,
    choose_folders,
    parse_listing,
    steering_folder,
)
from maildaemon.adapters.imap_login import (
    TEMPORARY_CODES,
    ImapLimits,
    ImapServer,
    response_code,
)
from maildaemon.adapters.imap_selection import Selection
from maildaemon.adapters.imap_session import InterruptedCallError, Session
from maildaemon.adapters.imap_wire import Client
from maildaemon.errors import MailboxRefusedError, MailboxUnavailableError
from maildaemon.ports import Fetched, FolderName, FolderState, Listed, Role

# Exchange falls silent long before the 29 minutes of RFC 2177 §3.
_IDLE_CYCLE = 9 * 60.0
# One answer is held in memory; larger batches gain no speed.
_BATCH_MESSAGES = 50
_BATCH_BYTES = 4 * 2**20
_BATCH_HEADERS = 100
# The longest command stays below the 8,192 bytes that servers must take.
_BATCH_DETAILS = 500
# So many are asked for by number, and need not be searched for: mostly it is one.
_FEW = 10
# A SEARCH answer is one line, and imaplib takes a million bytes: 90,000 UIDs.
_WINDOW = 50_000
# The slowest line we put up with, in bytes a second.
_SLOWEST = 4096
# A server that breaks off at more messages than this in one batch is ill itself.
_BROKEN_OFF = 5
_HIGHEST_UID = 2**32 - 1


class ImapMailbox:
    """Plays the role `Mailbox`. Opens itself when first used, and again after every failure.

    UIDs given to `list_…` and `fetch…` belong to the UIDVALIDITY that `examine` returned last; if
    the server has another one meanwhile, MailboxUnavailableError is raised until the folder is
    examined again, so that a UID never means another message.
    """

    def __init__(
        self,
        server: ImapServer,
        folders: WantedFolders | None = None,
        limits: ImapLimits | None = None,
        *,
        keywords: bool = False,
    ) -> None:
        """Nothing is opened or resolved yet. `keywords`: changes of them will be asked for."""
        self._wanted = folders or WantedFolders()
        self._session = Session(server, limits or ImapLimits())
        self._selection = Selection(self._session, keywords=keywords)
        self._waited: dict[str, FolderState] = {}
        self._listing: object = None
        self._folders: tuple[FolderName, ...] = ()
        self._missing: tuple[tuple[str, str], ...] = ()
        # Sizes of what was listed last, and in which folder: what is listed is fetched next.
        self._listed_in: str | None = None
        self._just_examined: str | None = None
        self._sizes: dict[int, int] = {}

    def folders(self) -> tuple[FolderName, ...]:
        """See `Mailbox.folders`."""
        with self._session.open() as client:
            listing = client.all_folders()
        if listing != self._listing:
            # Most of the time it is as it was a moment ago.
            where = self._session.server.where
            chosen = choose_folders(parse_listing(listing), self._wanted, where)
            (self._folders, self._missing), self._listing = chosen, listing
        return self._folders

    def missing_folders(self) -> tuple[tuple[str, str], ...]:
        """See `Mailbox.missing_folders`."""
        return self._missing

    def examine(self, folder: str) -> FolderState:
        """See `Mailbox.examine`. Raises MailboxRefusedError if there is no such folder."""
        with self._session.open() as client:
            state = self._selection.examine(client, folder)
        self._selection.promise(folder, state.uidvalidity)
        self._listed_in = None  # its messages may have got other numbers
        self._just_examined = folder
        self._waited[folder] = state
        return state

    def list_after(self, folder: str, uid: int) -> tuple[Listed, ...]:
        """See `Mailbox.list_after`. What is listed without details has size 0 and no date."""
        return self._listed(folder, self._next_few(folder, uid) or self._search(folder, uid))

    def _next_few(self, folder: str, uid: int) -> Sequence[int]:
        """Return the UIDs that the server has given since, as far as `examine` has just told; empty
        if that is not known, or if they are many. Not each need be there any more.
        """
        state = self._waited.get(folder)
        if state is None or state.uidnext is None or self._just_examined != folder:
            return ()
        if not self._selection.holds(folder):
            return ()
        given = range(uid + 1, state.uidnext)
        if len(given) > _FEW:
            return ()
        with self._session.open() as client:
            # Whoever searches next is to learn of what has come since.
            self._selection.enter(client, folder, current=True)
        return given

    def list_since(self, folder: str, since: datetime) -> tuple[Listed, ...]:
        """See `Mailbox.list_since`. What has no date is included."""
        # RFC 9051 §6.4.4: SINCE compares days, in whatever time zone the server likes.
        day = (since - timedelta(days=1)).astimezone(UTC).date()
        return tuple(
            listed
            for listed in self._listed(folder, self._search(folder, 0, "SINCE", day))
            if listed.internal_date is None or listed.internal_date >= since
        )

    def fetch(self, folder: str, uids: Sequence[int]) -> Iterator[Fetched]:
        """See `Mailbox.fetch`. Not yielded either: a message at which the server breaks off even
        when it is asked for alone, and one larger than `limits.max_message`.
        """
        for window in _sliced(_checked(uids), _BATCH_DETAILS):
            sizes = self._sizes_of(folder, window)
            for batch in _batches(sizes, self._session.limits.max_message):
                yield from self._fetched(folder, batch, b"BODY.PEEK[]")

    def _sizes_of(self, folder: str, uids: Sequence[int]) -> Mapping[int, int]:
        """Return the sizes of messages, asking for those that were not listed last."""
        known = self._sizes if self._listed_in == folder else {}
        sizes = {uid: known[uid] for uid in uids if uid in known}
        if unknown := [uid for uid in uids if uid not in sizes]:
            for uid, detail in self._details(folder, unknown, "RFC822.SIZE").items():
                sizes[uid] = _number(detail.get(b"RFC822.SIZE"))
        return sizes

    def fetch_headers(
        self, folder: str, uids: Sequence[int], only: str | None = None
    ) -> Iterator[Fetched]:
        """See `Mailbox.fetch_headers`."""
        if only is None:
            for window in _sliced(_checked(uids), _BATCH_HEADERS):
                yield from self._fetched(folder, dict.fromkeys(window, 2**15), b"BODY.PEEK[HEADER]")
            return
        item = f"BODY.PEEK[HEADER.FIELDS ({only.upper()})]".encode("ascii")
        for window in _sliced(_checked(uids), _BATCH_DETAILS):
            # Of a message without the field nothing is delivered, or an empty line.
            yield from self._fetched(folder, dict.fromkeys(window, 0), item)

    def wait(self, folder: str, timeout: timedelta) -> bool:
        """See `Mailbox.wait`. True at once for a folder that this object never looked at, or that
        has changed since: something may have come before we listened.
        """
        end = time.monotonic() + timeout.total_seconds()
        while not (self._has_changed(folder) or self._idle(folder, end - time.monotonic())):
            if time.monotonic() >= end:
                return False
        return True

    def _has_changed(self, folder: str) -> bool:
        """Select the folder if it is not; tell whether it is another than the one that was left."""
        with self._session.open() as client:
            can_idle = client.has_capability("IDLE")
            if can_idle and not self._selection.holds(folder):
                state = self._selection.examine(client, folder)
                known, self._waited[folder] = self._waited.get(folder), state
                return known != state
        if not can_idle:
            raise NotImplementedError("the server does not offer IDLE")
        return False

    def _idle(self, folder: str, left: float) -> bool:
        """Listen for a while; the connection may have to log in anew before the time is over."""
        lasts = self._session.lasts
        seconds = max(min(left, _IDLE_CYCLE, _IDLE_CYCLE if lasts is None else lasts), 0)
        with self._session.open(seconds, silent=True) as client:
            if not self._selection.holds(folder):
                return False  # it has just logged in anew
            client.idle_until(lambda: self._selection.news(client), seconds)
            news = self._selection.news(client)
            self._selection.looked(client)
            return news

    def append(self, folder: str, raw: bytes, at: datetime, *, draft: bool = False) -> None:
        """See `Mailbox.append`. Raises MailboxRefusedError if the folder is missing or full."""
        with self._session.open(len(raw) / _SLOWEST) as client:
            name = self._selection.said(folder)
            try:
                client.append_flagged(name, raw, at, r"\Draft" if draft else r"\Seen")
            except IMAPClientError as error:
                raise self._selection.meaning(client, folder, error) from error

    def flags(
        self, folder: str, uids: Sequence[int], since: int | None
    ) -> Mapping[int, frozenset[str]]:
        """See `Mailbox.flags`."""
        found: dict[int, frozenset[str]] = {}
        # RFC 7162 §3.1.4.1: the server leaves out what has not changed.
        modifiers = [f"CHANGEDSINCE {since}"] if since is not None else None
        for window in _sliced(_checked(uids), _BATCH_DETAILS):
            with self._session.open() as client:
                self._selection.enter(client, folder)
                for uid, detail in client.fetch(window, ["FLAGS"], modifiers).items():
                    flags = detail.get(b"FLAGS")
                    if flags is not None:
                        read = (one.decode("ascii", "replace") for one in flags)
                        # RFC 9051 dropped it: it says which session looked first.
                        found[uid] = frozenset(read) - {"\\Recent"}
        return found

    def mark(self, folder: str, uid: int, add: Sequence[str], remove: Sequence[str]) -> bool:
        """See `Mailbox.mark`. Raises MailboxRefusedError if the folder is gone, or not ours."""
        with self._session.open() as client:
            kept = self._selection.enter_for_writing(client, folder)
            if kept is not None and not {one.lower() for one in (*add, *remove)} <= kept:
                return False
            try:
                if remove:
                    client.remove_flags(_checked([uid]), list(remove), silent=True)
                if add:
                    client.add_flags(_checked([uid]), list(add), silent=True)
            except IMAPClientError as error:
                raise self._selection.meaning(client, folder, error) from error
        return True

    def make_folders(self, roles: Sequence[Role]) -> None:
        """See `Mailbox.make_folders`. Raises MailboxRefusedError if the server will not."""
        with self._session.open() as client:
            listed = parse_listing(client.all_folders())
            delimiter = next((one.delimiter for one in listed if one.delimiter), "/")
            prefix = _own_prefix(client)
            for role in roles:
                if steering_folder(role, listed) is not None:
                    continue
                name = f"{prefix}{STEERING_PARENT}{delimiter}{STEERING[role]}"
                try:
                    client.create_folder(name)
                    # Some mail clients show only what somebody has subscribed to.
                    client.subscribe_folder(name)
                except IMAPClientError as error:
                    if isinstance(error, IMAPClientAbortError):
                        raise
                    raise MailboxRefusedError(
                        f"{name!r} cannot be made: {error}", where=self._session.server.where
                    ) from error

    def can_delete(self) -> bool:
        """See `Mailbox.can_delete`."""
        with self._session.open() as client:
            return bool(client.has_capability("UIDPLUS"))

    def delete(self, folder: str, uid: int) -> bool:
        """See `Mailbox.delete`. Raises MailboxRefusedError if the folder is gone, or not ours."""
        with self._session.open() as client:
            settable = self._selection.enter_for_writing(client, folder)
            if settable is not None and "\\deleted" not in settable:
                raise MailboxRefusedError(
                    f"nothing may be deleted in {folder!r}", where=self._session.server.where
                )
            # RFC 4315 §2.1: without it, EXPUNGE takes whatever anybody has marked as deleted.
            alone = bool(client.has_capability("UIDPLUS"))
            flags = [r"\Deleted"] if alone else [r"\Deleted", r"\Seen"]
            try:
                client.add_flags(_checked([uid]), flags, silent=True)
                if alone:
                    client.uid_expunge(_checked([uid]))
            except IMAPClientError as error:
                raise self._selection.meaning(client, folder, error) from error
        return alone

    def interrupt(self) -> None:
        """See `Mailbox.interrupt`. If no call is under way, the next one is broken: it may be just
        about to begin. The look-up of a host name cannot be broken, but what follows it.
        """
        self._session.interrupt()

    def close(self) -> None:
        """See `Mailbox.close`."""
        self._session.close()

    # Listing

    def _search(self, folder: str, after: int, *criteria: object) -> list[int]:
        """Return the UIDs above `after` that meet the criteria, ascending."""
        found: set[int] = set()
        with self._session.open(self._selection.messages * 12 / _SLOWEST) as client:
            self._selection.enter(client, folder, current=True)
            for window in self._windows(client, after):
                found.update(client.search(["UID", window, *criteria]))
        # RFC 9051 §9: `n:*` is the last message at least, even if its UID is below n.
        return sorted(uid for uid in found if after < uid <= _HIGHEST_UID)

    def _windows(self, client: Client, after: int) -> Iterator[str]:
        """Yield ranges of UIDs, so small that each answer fits into a line."""
        first = min(after + 1, _HIGHEST_UID)
        if self._selection.messages > _WINDOW:
            last = max(client.search(["UID", "*"]), default=0)
            while first + _WINDOW <= last:
                yield f"{first}:{first + _WINDOW - 1}"
                first += _WINDOW
        yield f"{first}:*"

    def _listed(self, folder: str, uids: Sequence[int]) -> tuple[Listed, ...]:
        listed: list[Listed] = []
        for window in _sliced(uids, _BATCH_DETAILS):
            details = self._details(folder, window, "RFC822.SIZE", "INTERNALDATE")
            missing = [uid for uid in window if b"RFC822.SIZE" not in details.get(uid, {})]
            # Exchange lists messages that it does not deliver: they must not be forgotten.
            # What somebody deleted meanwhile may be.
            gone = set(missing) - self._still_listed(folder, missing)
            listed += [_as_listed(uid, details.get(uid, {})) for uid in window if uid not in gone]
        self._listed_in, self._just_examined = folder, None
        self._sizes = {one.uid: one.size for one in listed if one.size}
        return tuple(listed)

    def _still_listed(self, folder: str, uids: Sequence[int]) -> set[int]:
        if not uids:
            return set()
        with self._session.open() as client:
            self._selection.enter(client, folder)
            client.noop()
            return set(client.search(["UID", ",".join(map(str, uids))]))

    def _details(
        self, folder: str, uids: Sequence[int], *items: str
    ) -> Mapping[int, Mapping[bytes, Any]]:
        with self._session.open() as client:
            self._selection.enter(client, folder)
            details: Mapping[int, Mapping[bytes, Any]] = client.fetch(uids, items)
            return details

    # Fetching

    def _fetched(self, folder: str, batch: Mapping[int, int], item: bytes) -> Iterator[Fetched]:
        """Yield a batch (UIDs and sizes); if that fails, its messages one by one."""
        try:
            found = self._transfer(folder, batch, item)
        except InterruptedCallError:
            raise
        except MailboxUnavailableError:
            yield from self._fetched_singly(folder, batch, item)
        else:
            yield from found

    def _fetched_singly(
        self, folder: str, batch: Mapping[int, int], item: bytes
    ) -> Iterator[Fetched]:
        """Yield what can be had: one message that the server chokes on must not hide the others."""
        broken_off = 0
        for uid, size in batch.items():
            # If it is not the message but the server, this raises.
            with self._session.open() as client:
                self._selection.enter(client, folder)
            try:
                found = self._transfer(folder, {uid: size}, item)
            except InterruptedCallError:
                raise
            except MailboxUnavailableError:
                broken_off += 1
                if broken_off > _BROKEN_OFF:
                    raise
                continue
            yield from found

    def _transfer(self, folder: str, batch: Mapping[int, int], item: bytes) -> list[Fetched]:
        key = item.replace(b".PEEK", b"")
        with self._session.open(sum(batch.values()) / _SLOWEST) as client:
            self._selection.enter(client, folder)
            try:
                answer = client.fetch(list(batch), [item])
            except IMAPClientError as error:
                if len(batch) == 1 and _concerns_the_message(error):
                    return []
                raise
        # Unsolicited answers are mixed in, items may be missing or NIL, and Exchange delivers
        # nothing for a message that it says is large.
        return [
            Fetched(uid, raw)
            for uid, size in batch.items()
            if isinstance(raw := _section(answer.get(uid, {}), key), bytes) and (raw or not size)
        ]


def _section(items: Mapping[bytes, Any], key: bytes) -> Any:
    """Return what was asked for; servers write the names of fields in quotes, or as they like."""
    if key in items or b"FIELDS" not in key:
        return items.get(key)
    return next((one for name, one in items.items() if name.startswith(b"BODY[HEADER.")), None)


def _own_prefix(client: Client) -> str:
    """Return what the names of all our own folders begin with (RFC 2342), mostly nothing."""
    if not client.has_capability("NAMESPACE"):
        return ""
    personal = client.namespace().personal or ()
    return next((str(prefix) for prefix, _ in personal), "")


def _concerns_the_message(error: Exception) -> bool:
    # RFC 9051 §6.4.5: NO means that these data cannot be fetched; the connection is in order.
    text = str(error)
    return text.startswith("fetch failed") and response_code(text) not in TEMPORARY_CODES


def _checked(uids: Sequence[int]) -> list[int]:
    """Return them as they are; what is no UID never gets onto the wire."""
    if not all(0 < uid <= _HIGHEST_UID for uid in uids):
        raise ValueError("not a list of UIDs")
    return list(uids)


def _sliced(uids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), size):
        yield uids[start : start + size]


def _batches(sizes: Mapping[int, int], largest: int) -> Iterator[dict[int, int]]:
    """Yield what to ask for at once; a message above the bound of a batch goes alone."""
    batch: dict[int, int] = {}
    for uid, size in sizes.items():
        if size > largest:
            continue
        full = len(batch) >= _BATCH_MESSAGES or sum(batch.values()) + size > _BATCH_BYTES
        if batch and full:
            yield batch
            batch = {}
        batch[uid] = size
    if batch:
        yield batch


def _as_listed(uid: int, detail: Mapping[bytes, Any]) -> Listed:
    return Listed(uid, _number(detail.get(b"RFC822.SIZE")), _instant(detail.get(b"INTERNALDATE")))


def _number(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _instant(value: object) -> datetime | None:
    try:
        return value.astimezone(UTC) if isinstance(value, datetime) else None
    except (ValueError, OverflowError):
        # A zone of more than a day, or the end of time.
        return None
