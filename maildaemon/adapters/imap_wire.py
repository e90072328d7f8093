"""The lowest layer of IMAP: the library's connection, with its traps closed.

What the library leaves open is closed here: a literal of any size, a server that trickles, a
call that nobody can break, and a notice that waits unseen in a buffer while we idle.
"""

import contextlib
import imaplib
import io
import logging
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, cast

from imapclient import IMAPClient, SocketTimeout

# At DEBUG the library writes whole message bodies to its log.
logging.getLogger("imapclient").setLevel(logging.WARNING)

_CHUNK = 2**16
# The longest honest answer: an EXPUNGE each, after somebody emptied a very large folder.
_LINES = 200_000


class OversizedError(imaplib.IMAP4.abort):
    """The server announced more than we are willing to hold in memory."""


class Plug:
    """A second handle on a connection, for pulling it from another thread.

    A duplicate of the descriptor reaches the connection in every phase (connecting, handshake,
    reading) and whatever the libraries have wrapped around the first one. `reason` says why it
    was pulled.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self.reason: str | None = None

    def hold(self, connection: socket.socket) -> None:
        """Watch over this connection from now on; refuses if the plug was pulled already."""
        with self._lock:
            if self.reason:
                raise ConnectionAbortedError(self.reason)
            if self._handle is not None:
                self._handle.close()
            self._handle = connection.dup()

    def pull(self, reason: str) -> None:
        """Cut the connection, now and for good; the first reason counts."""
        with self._lock:
            self.reason = self.reason or reason
            if self._handle is not None:
                with contextlib.suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Give the second handle back; without it the connection would stay half open."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None


@contextlib.contextmanager
def watched(
    plug: Plug, progress: Callable[[], int], seconds: float, silence: float
) -> Iterator[None]:
    """Pull the plug after `seconds`, or when nothing has moved for `silence` seconds.

    A read time-out is no deadline: a server that sends one byte a second never meets it.
    """
    done = threading.Event()

    def watch() -> None:
        end, seen = time.monotonic() + seconds, progress()
        while not done.wait(min(silence, max(end - time.monotonic(), 0))):
            if time.monotonic() >= end:
                plug.pull(f"not done within {seconds:.0f} s")
                return
            if progress() == seen:
                plug.pull(f"no progress for {silence:.0f} s")
                return
            seen = progress()

    thread = threading.Thread(target=watch, name="imap watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def dial(host: str, port: int, timeout: float, plug: Plug) -> socket.socket:
    """Connect to the first address that answers. Raises OSError."""
    problem: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        connection = socket.socket(family, kind, protocol)
        try:
            plug.hold(connection)
            connection.settimeout(timeout)
            _tune(connection)
            connection.connect(address)
        except OSError as error:
            connection.close()
            problem = error
            if plug.reason:
                break
        else:
            return connection
    raise problem or OSError("the host has no address")


def _tune(connection: socket.socket) -> None:
    # imaplib writes a command and its CRLF separately; with Nagle's algorithm each command waits
    # for the delayed ACK of a slow server (40 ms).
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A NAT box forgets a silent connection; keep-alive finds out while we idle.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class Wire(imaplib.IMAP4):
    """imaplib on a connection that stands already.

    `progress` grows with every byte; `limit` bounds one literal, and with some room one answer.
    """

    def __init__(self, connection: socket.socket, host: str, limit: int) -> None:
        self._given = connection
        self.progress = 0
        self._limit = limit
        self.begin_answer()
        super().__init__(host)

    def begin_answer(self) -> None:
        """Allow the next answer its full size again."""
        self._left = 2 * self._limit + 2**24
        self._lines_left = _LINES

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self._given

    def read(self, size: int) -> bytes:
        if size > self._limit:
            raise OversizedError(f"the server announced {size} bytes at once")
        parts: list[bytes] = []
        # In pieces, so that the watchdog sees progress; and a server that announces much and
        # sends little makes us allocate only what it sent.
        while size > 0:
            part = super().read(min(size, _CHUNK))
            if not part:
                break
            self._count(part)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def readline(self) -> bytes:
        line = super().readline()
        self._lines_left -= 1
        self._count(line)
        return line

    def _count(self, received: bytes) -> None:
        self.progress += len(received)
        self._left -= len(received)
        if self._left < 0 or self._lines_left < 0:
            raise OversizedError("the server's answer does not end")

    def send(self, data: Any) -> None:
        for start in range(0, len(data), _CHUNK):
            super().send(data[start : start + _CHUNK])
            self.progress += _CHUNK

    def buffered(self) -> bool:
        """Tell whether something the server sent is already here, where polling cannot see it."""
        lines = getattr(self, "_readbuf", None)  # CPython 3.14 buffers by itself
        if lines is not None:
            return any(lines) or bool(getattr(self.sock, "pending", int)())
        timeout = self.sock.gettimeout()
        self.sock.setblocking(False)
        try:
            return bool(cast(io.BufferedReader, self.file).peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self.sock.settimeout(timeout)


# The library's methods carry no types.
_Library: Any = IMAPClient


class Client(_Library):  # type: ignore[misc]
    """The library's client on a `Wire`."""

    wire: Wire

    def __init__(
        self, connection: socket.socket, host: str, port: int, answer: float, limit: int
    ) -> None:
        """`connection` is encrypted already, or never will be, or STARTTLS follows."""
        self._given = (connection, limit)
        super().__init__(host, port, ssl=False, timeout=SocketTimeout(answer, answer))
        # The library sets 5, at which imaplib formats every literal for a log nobody reads:
        # three quarters of all CPU time, and twice the memory.
        self._imap.debug = 0
        # INTERNALDATE as an aware instant, not as local time without a zone.
        self.normalise_times = False

    def _create_IMAP4(self) -> Wire:  # noqa: N802 (the library's name)
        connection, limit = self._given
        self.wire = Wire(connection, self.host, limit)
        return self.wire

    def all_folders(self) -> list[tuple[tuple[bytes, ...], bytes | None, bytes]]:
        """Return attributes, delimiter and name as it came: a broken one fails only for itself."""
        self.folder_encode = False
        try:
            listed: list[tuple[tuple[bytes, ...], bytes | None, bytes]] = self.list_folders()
        finally:
            self.folder_encode = True
        return listed

    def append_flagged(self, folder: str, raw: bytes, at: datetime, flag: str) -> None:
        """Put a message into the folder, marked with one flag."""
        flags = (flag,)
        if not (self.has_capability("MULTIAPPEND") and self.has_capability("LITERAL+")):
            self.append(folder, raw, flags, at)
            return
        # Nine times as fast as append(), which rewrites every line end. But nobody there looks at
        # the answer, and without LITERAL+ it takes an early NO for a broken connection.
        kind, data = self.multiappend(folder, [{"msg": raw, "flags": flags, "date": at}])
        if kind != "OK":
            raise imaplib.IMAP4.error(f"append failed: {data[0]!r}")

    def idle_until(self, heard: Callable[[], bool], timeout: float) -> None:
        """IDLE until `heard()`, at most `timeout` seconds.

        What the server said is then among the wire's `untagged_responses`.
        """
        # Not the library's idle_check(): it polls the socket, while a notice that came together
        # with the server's go-ahead lies in a buffer above; it takes the end of the connection
        # for silence; and it breaks on a line that comes in two packets.
        end = time.monotonic() + timeout
        tag = self._begin_idle()
        while not heard() and (left := end - time.monotonic()) > 0:
            if self.wire.buffered():
                self._hear(tag)
            elif not self._readable(left) or not self.wire.buffered():
                # Time is up; or the connection ended, or TLS had affairs of its own.
                break
        # Every IDLE ends so: this raises if the connection is gone.
        self.idle_done()

    def _begin_idle(self) -> bytes:
        # Not the library's idle(): it fails when an untagged response comes before the go-ahead.
        tag: bytes = self.wire._command("IDLE")  # noqa: SLF001
        self._idle_tag = tag
        while self._hear(tag) is not None:
            pass
        return tag

    def _hear(self, tag: bytes) -> bytes | None:
        """Take in one response; None is the go-ahead."""
        heard: bytes | None = self.wire._get_response()  # noqa: SLF001
        if (ended := self.wire.tagged_commands[tag]) is not None:
            raise imaplib.IMAP4.abort(f"the server ended IDLE: {ended!r}")
        return heard

    def _readable(self, timeout: float) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self.wire.sock, selectors.EVENT_READ)
            return bool(selector.select(timeout))
