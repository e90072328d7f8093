"""One IMAP connection that opens itself, keeps deadlines, and is thrown away on any trouble."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from imapclient.exceptions import IMAPClientError

from maildaemon.adapters.imap_login import ImapLimits, ImapServer, explain, hang_up, log_in
from maildaemon.adapters.imap_wire import Client, Plug, watched
from maildaemon.errors import MailboxUnavailableError, MaildaemonError

_GOODBYE = 5.0


class InterruptedCallError(MailboxUnavailableError):
    """`interrupt` was called."""


class Session:
    """A connection for one thread; only `interrupt` may be called from another.

    `generation` counts the connections: what was true of the server's state in an earlier one
    (the selected folder) is void.
    """

    def __init__(self, server: ImapServer, limits: ImapLimits) -> None:
        """Nothing is opened yet."""
        self.server = server
        self.limits = limits
        self.generation = 0
        self._client: Client | None = None
        self._plug = Plug()
        self._lock = threading.Lock()
        self._interrupted = False

    @contextmanager
    def open(self, extra: float = 0, *, silent: bool = False) -> Iterator[Client]:
        """Yield the logged-in connection, for `limits.command + extra` seconds.

        Whatever goes wrong costs the connection: imaplib cannot be used after a time-out or in
        the middle of an answer, and reading on would take one answer for another. With `silent`
        the server is expected to say nothing. Raises only errors of `maildaemon.errors`.
        """
        seconds = self.limits.command + extra
        try:
            client = self._standing() or self._connect()
            client.wire.begin_answer()
            silence = seconds if silent else self.limits.answer
            with watched(self._plug, lambda: client.wire.progress, seconds, silence):
                yield client
        # The library parses what a stranger sends, with everything that Python can raise.
        except BaseException as error:
            meaning = self._thrown_away(error)
            if meaning is error:
                raise
            raise meaning from error

    @property
    def lasts(self) -> float | None:
        """Return for how many seconds the login holds; None if it has no end."""
        return self.server.bearer.lasts if self.server.bearer else None

    def _standing(self) -> Client | None:
        """Return the connection if it can be used: before its token ends we log in with a newer
        one, rather than have the server cut us off in the middle of something.
        """
        if self._client and self.server.bearer and self.server.bearer.is_outlived():
            self.close()
        return self._client

    def _connect(self) -> Client:
        with self._lock:
            if self._interrupted:
                raise ConnectionAbortedError
            self._plug = plug = Plug()
        seconds = self.limits.connect + self.limits.command
        with watched(plug, lambda: 0, seconds, seconds):
            self._client = log_in(self.server, self.limits, plug)
        self.generation += 1
        return self._client

    def _thrown_away(self, error: BaseException) -> BaseException:
        reason = self._plug.reason
        self._discard()
        if not isinstance(error, Exception):
            return error
        with self._lock:
            interrupted, self._interrupted = self._interrupted, False
        if interrupted:
            return InterruptedCallError(f"{self.server.where}: interrupted")
        if reason and not isinstance(error, MaildaemonError):
            return MailboxUnavailableError(f"{self.server.where}: {reason}")
        return explain(error, self.server)

    def _discard(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            hang_up(client)
        self._plug.release()

    def interrupt(self) -> None:
        """Break the call that another thread is in; if there is none, the next one."""
        with self._lock:
            self._interrupted = True
            self._plug.pull("interrupted")

    def close(self) -> None:
        """Log out as far as possible; never raises."""
        if self._client is None:
            return
        with (
            suppress(OSError, ValueError, IMAPClientError),
            watched(self._plug, lambda: 0, _GOODBYE, _GOODBYE),
        ):
            self._client.logout()
        self._discard()
