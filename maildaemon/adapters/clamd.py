"""Asks clamd, the daemon of ClamAV, about files: the command INSTREAM over its socket."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from maildaemon.errors import FileUnscannableError, ScannerUnavailableError

SECONDS = 20.0
# A scanner that is down, or that hangs, is left alone for this long: mail need not wait for it.
REST = 30.0
_CHUNK = 256 * 1024
_MOST_ANSWER = 4096
_CLEAN, _FOUND, _ERROR = "OK", "FOUND", "ERROR"


class ClamdScanner:
    """A `Scanner`. One connection a file, with one deadline for all of it."""

    def __init__(
        self, address: Path | tuple[str, int], *, seconds: float = SECONDS, rest: float = REST
    ) -> None:
        """`address` is the socket of clamd: a path, or host and port. Nothing is opened yet."""
        self._address = address
        self._seconds, self._rest = seconds, rest
        self._lock = threading.Lock()
        self._down_until = 0.0
        self._why = ""

    @property
    def place(self) -> str:
        """Return where clamd is asked, as an operator knows it."""
        if isinstance(self._address, tuple):
            return f"{self._address[0]}:{self._address[1]}"
        return str(self._address)

    def scan(self, content: bytes) -> str | None:
        """See `Scanner.scan`."""
        with self._lock:
            if time.monotonic() < self._down_until:
                raise ScannerUnavailableError(self._why)
        try:
            answer = self._ask(b"zINSTREAM\0", content)
            found = self._read(answer)
        except ScannerUnavailableError as error:
            with self._lock:
                self._down_until, self._why = time.monotonic() + self._rest, str(error)
            raise
        return found

    def ping(self) -> None:
        """See `Scanner.ping`."""
        answer = self._ask(b"zPING\0", None)
        if answer != "PONG":
            raise ScannerUnavailableError(f"{self.place}: this is no clamd: {answer[:80]!r}")

    def _read(self, answer: str) -> str | None:
        """Return the name of what clamd found; its words are `stream: NAME FOUND`."""
        told, _, verdict = answer.removeprefix("stream:").strip().rpartition(" ")
        if verdict == _CLEAN and not told:
            return None
        if verdict == _FOUND and told:
            return told
        if verdict == _ERROR:
            raise FileUnscannableError(f"{self.place}: {told[:200]}")
        raise ScannerUnavailableError(f"{self.place}: this is no answer of clamd: {answer[:80]!r}")

    def _ask(self, command: bytes, content: bytes | None) -> str:
        deadline = time.monotonic() + self._seconds
        try:
            with closing(self._connect(deadline)) as connection:
                # It may have something against a file, say so and hang up before the end of it.
                with suppress(BrokenPipeError, ConnectionResetError):
                    for piece in _pieces(command, content):
                        connection.settimeout(_left(deadline))
                        connection.sendall(piece)
                return self._receive(connection, deadline)
        except TimeoutError as error:
            why = f"{self.place}: no answer within {self._seconds:g} s"
            raise ScannerUnavailableError(why) from error
        except OSError as error:
            why = error.strerror or str(error)
            raise ScannerUnavailableError(f"{self.place}: {why.lower()}") from error

    def _connect(self, deadline: float) -> socket.socket:
        if isinstance(self._address, tuple):
            return socket.create_connection(self._address, timeout=_left(deadline))
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(_left(deadline))
            connection.connect(str(self._address))
        except OSError:
            connection.close()
            raise
        return connection

    def _receive(self, connection: socket.socket, deadline: float) -> str:
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < _MOST_ANSWER:
            connection.settimeout(_left(deadline))
            piece = connection.recv(_MOST_ANSWER)
            if not piece:
                raise ScannerUnavailableError(f"{self.place}: clamd hung up without an answer")
            answer += piece
        return answer.rstrip(b"\0\r\n").decode("utf-8", "replace")


def _pieces(command: bytes, content: bytes | None) -> Iterator[bytes]:
    yield command
    if content is None:
        return
    for at in range(0, len(content), _CHUNK):
        piece = content[at : at + _CHUNK]
        yield struct.pack("!L", len(piece)) + piece
    yield struct.pack("!L", 0)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
