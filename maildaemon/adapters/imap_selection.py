"""Which folder is selected, what the server announced about it, and whether that is news."""

from typing import Any

from imapclient.exceptions import (
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
)

from maildaemon.adapters.imap_folders import no_such_folder, parse_listing
from maildaemon.adapters.imap_login import TEMPORARY_CODES, refuse_controls, response_code
from maildaemon.adapters.imap_session import Session
from maildaemon.adapters.imap_wire import Client
from maildaemon.errors import MailboxRefusedError, MailboxUnavailableError
from maildaemon.ports import FolderState


class Selection:
    """The selected folder of a session; nothing is selected in a new connection."""

    def __init__(self, session: Session, *, keywords: bool = False) -> None:
        """Nothing is selected yet. `keywords`: the server is asked to count changes of them."""
        self._session = session
        self._keywords = keywords
        self._asked: int | None = None
        self._where = session.server.where
        self._selected: tuple[int, str] | None = None
        self._promised: dict[str, int] = {}
        # None while the server's last word is unknown.
        self._exists: int | None = None
        self._current = False

    @property
    def messages(self) -> int:
        """How many messages the selected folder holds, about."""
        return self._exists or 0

    def holds(self, folder: str) -> bool:
        """Tell whether this folder is the selected one."""
        return self._selected == (self._session.generation, folder)

    def promise(self, folder: str, uidvalidity: int) -> None:
        """From now on, UIDs of the folder are meant under this UIDVALIDITY."""
        self._promised[folder] = uidvalidity

    def examine(self, client: Client, folder: str) -> FolderState:
        """Select read-only, even if it is selected; return what the server tells."""
        self._selected = self._exists = None
        self._count_changes(client)
        try:
            # EXAMINE, so that not even \\Recent changes.
            told: dict[bytes, Any] = client.select_folder(self.said(folder), readonly=True)
        except IMAPClientError as error:
            raise self.meaning(client, folder, error) from error
        # RFC 4315 §3: without lasting UIDs nobody could say what was read already.
        if not told.get(b"UIDVALIDITY") or b"UIDNOTSTICKY" in told:
            raise MailboxRefusedError(
                f"the server gives the messages in {folder!r} no lasting numbers",
                where=self._where,
                advice="leave this folder out; it cannot be watched",
            )
        self._selected = (self._session.generation, folder)
        self.looked(client)
        self._current = True
        modseq = told.get(b"HIGHESTMODSEQ") or None
        return FolderState(told[b"UIDVALIDITY"], told.get(b"UIDNEXT"), self.messages, modseq)

    def _count_changes(self, client: Client) -> None:
        # RFC 7162 §3.1.1: a server need not tell how far it has counted unless it is asked to,
        # once in each connection, before anything is selected there.
        if not self._keywords or self._asked == self._session.generation:
            return
        self._asked = self._session.generation
        if client.has_capability("CONDSTORE") and client.has_capability("ENABLE"):
            client.enable("CONDSTORE")

    def enter_for_writing(self, client: Client, folder: str) -> frozenset[str] | None:
        """Select the folder for one change; return the flags that can be set there for good in
        lower case, None for any. It is examined anew for whatever comes next.
        """
        self._selected = self._exists = None
        try:
            told: dict[bytes, Any] = client.select_folder(self.said(folder))
        except IMAPClientError as error:
            raise self.meaning(client, folder, error) from error
        validity = told.get(b"UIDVALIDITY")
        if self._promised.get(folder, validity) != validity:
            raise MailboxUnavailableError(
                f"{self._where}: {folder!r} has another UIDVALIDITY than when it was examined"
            )
        # RFC 9051 §7.1: without that code all flags can be set; `\\*` means any keyword.
        flags = told.get(b"PERMANENTFLAGS")
        if b"READ-ONLY" in told:
            return frozenset()
        if flags is None or b"\\*" in flags:
            return None
        return frozenset(one.decode("ascii", "replace").lower() for one in flags)

    def enter(self, client: Client, folder: str, *, current: bool = False) -> None:
        """Select the folder if it is not; with `current`, learn what arrived meanwhile."""
        if not self.holds(folder):
            validity = self.examine(client, folder).uidvalidity
            # RFC 9051 §2.3.1.1: the UIDs we were given mean other messages now.
            if self._promised.get(folder, validity) != validity:
                raise MailboxUnavailableError(
                    f"{self._where}: {folder!r} has another UIDVALIDITY than when it was examined"
                )
        elif current and not self._current:
            # RFC 9051 §6.1.2: a server may search only what it has announced; NOOP lets it.
            client.noop()
        if current:
            self.looked(client)
            self._current = False

    def news(self, client: Client) -> bool:
        """Tell whether the server announced anything since the last look.

        Announcements also come with the answers to other commands, and IDLE does not repeat them.
        """
        untagged = client.wire.untagged_responses
        exists = _last(untagged.get("EXISTS"), self._exists)
        return bool(untagged.keys() & {"EXPUNGE", "FETCH"}) or exists != self._exists

    def looked(self, client: Client) -> None:
        """Forget announcements that the coming look at the folder covers."""
        untagged = client.wire.untagged_responses
        # An EXPUNGE lowers the number, but who knows whether before or after the last EXISTS.
        known = None if untagged.pop("EXPUNGE", None) else self._exists
        self._exists = _last(untagged.pop("EXISTS", None), known)
        untagged.pop("FETCH", None)

    def said(self, folder: str) -> str:
        """Return the folder's name if it may be said to the server."""
        refuse_controls(folder, "folder name", self._session.server)
        return folder

    def meaning(self, client: Client, folder: str, error: IMAPClientError) -> Exception:
        """Return what it means that the server will not open this folder, or not write to it."""
        if isinstance(error, IMAPClientReadOnlyError):
            # The library takes it for the end of the connection.
            return MailboxRefusedError(f"nothing may be written in {folder!r}", where=self._where)
        code = response_code(str(error))
        if isinstance(error, IMAPClientAbortError) or code in TEMPORARY_CODES:
            return error
        if code in {"OVERQUOTA", "NOPERM"}:
            return MailboxRefusedError(f"{folder!r} cannot be used: {error}", where=self._where)
        names = [each.name for each in parse_listing(client.all_folders()) if each.selectable]
        return error if folder in names else no_such_folder(folder, names, self._where)


def _last(announced: list[Any] | None, otherwise: int | None) -> int | None:
    return int(announced[-1]) if announced else otherwise
