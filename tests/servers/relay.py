"""A TCP relay that breaks the connections through it: the faulty network between two programs."""

import contextlib
import re
import selectors
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Self, cast, get_args

from tests.servers.process import HOST

Direction = Literal["up", "down"]
Kind = Literal["cut", "reset", "stall", "trickle", "corrupt", "repeat", "swap"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_TRICKLED = 2000
_LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls a connection once so many bytes, or lines, went that way.

    `cut` closes both ends, `reset` lets the system tell them that all is lost, `stall` passes
    nothing on any more; `trickle` goes on byte by byte, `corrupt` spoils one byte. Of an IMAP
    server's untagged answers `repeat` passes the next one on twice, `swap` the next two in the
    wrong order; both count answers (`lines`), each with its literals.
    """

    kind: Kind
    direction: Direction
    after: int
    unit: Literal["bytes", "lines"] = "bytes"


class _BrokenError(Exception):
    """The connection is over."""


class Relay:
    """Passes bytes on to a port of this machine, until told otherwise.

    `up` is from the client to the server. A fault hits the next connection only; `cut` and
    `refuse` act at once. `passed` and `lines` count what went through, `most_open` is how many
    connections there were at a time.
    """

    def __init__(self, target_port: int, host: str = HOST) -> None:
        """`host` is where it listens."""
        self._target = target_port
        self._listener = socket.create_server((host, 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Condition()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._fault: Fault | None = None
        self._refusing = False
        self._ended = False
        self.passed: dict[Direction, int] = {"up": 0, "down": 0}
        self.lines: dict[Direction, int] = {"up": 0, "down": 0}
        self.connections = 0
        self.now_open = 0
        self.most_open = 0

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def break_next(self, fault: Fault | None) -> None:
        """Let this befall the next connection."""
        self._fault = fault

    def cut(self) -> None:
        """Cut all connections now."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def refuse(self, refusing: bool = True) -> None:
        """Close new connections as soon as they come."""
        self._refusing = refusing

    def wait_idle(self, timeout: float = 10) -> None:
        """Return when no connection is open: then the server knows of the end of each."""
        with self._lock:
            assert self._lock.wait_for(lambda: not self.now_open, timeout), "still connected"

    def _begin(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, name="relay", daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()]
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self._refusing or self._ended:
                client.close()
                continue
            fault, self._fault = self._fault, None
            with self._lock:
                self.now_open += 1
                self.most_open = max(self.most_open, self.now_open)
            self._begin(self._pass_on, client, fault)

    def _pass_on(self, client: socket.socket, fault: Fault | None) -> None:
        try:
            with (
                client,
                contextlib.suppress(OSError, _BrokenError),
                socket.create_connection((HOST, self._target)) as server,
            ):
                with self._lock:
                    self._open |= {client, server}
                try:
                    self._pump(client, server, fault)
                finally:
                    with self._lock:
                        self._open -= {client, server}
        finally:
            with self._lock:
                self.now_open -= 1
                self._lock.notify_all()

    def _pump(self, client: socket.socket, server: socket.socket, fault: Fault | None) -> None:
        for each in (client, server):
            # Small packets at once; else every command waits 40 ms for a delayed ACK.
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line = _Line(client, server, fault)
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, ("up", server))
            selector.register(server, selectors.EVENT_READ, ("down", client))
            if fault is not None and not fault.after:
                line.strike_at_once()
            while True:
                for key, _ in selector.select():
                    source, (direction, target) = cast(socket.socket, key.fileobj), key.data
                    if not (data := source.recv(65536)):
                        return
                    for piece in line.pieces(direction, data):
                        target.sendall(piece)
                        self.passed[direction] += len(piece)
                        self.lines[direction] += piece.count(b"\r\n")


class _Line:
    """What one connection's fault makes of the bytes."""

    def __init__(self, client: socket.socket, server: socket.socket, fault: Fault | None) -> None:
        self._ends = (client, server)
        self._fault = fault
        self._left = fault.after if fault else 0
        self._units = _Units()
        self._held: bytes | None = None

    def strike_at_once(self) -> None:
        """Break a connection on which nothing may pass at all."""
        if self._fault is not None and self._fault.kind in {"cut", "reset", "stall"}:
            self._end(self._fault)

    def pieces(self, direction: Direction, data: bytes) -> Iterator[bytes]:
        """Yield what is to be sent on; _BrokenError when it is over."""
        fault = self._fault
        if fault is None or fault.direction != direction:
            yield data
        elif fault.kind in {"repeat", "swap"}:
            yield from self._disordered(fault, data)
        else:
            sound, rest = self._split(fault, data)
            if sound:
                yield sound
            if self._left == 0:
                yield from self._struck(fault, rest)

    def _split(self, fault: Fault, data: bytes) -> tuple[bytes, bytes]:
        """Return what passes before the fault, and what comes after."""
        if fault.unit == "bytes":
            sound = data[: self._left]
            self._left -= len(sound)
            return sound, data[len(sound) :]
        end = 0
        while self._left and (found := data.find(b"\n", end)) >= 0:
            end, self._left = found + 1, self._left - 1
        return (data[:end], data[end:]) if self._left == 0 else (data, b"")

    def _struck(self, fault: Fault, rest: bytes) -> Iterator[bytes]:
        match fault.kind:
            case "trickle":
                for start in range(min(len(rest), _TRICKLED)):
                    yield rest[start : start + 1]
                yield rest[_TRICKLED:]
            case "corrupt":
                if rest:
                    self._fault = None
                    yield bytes([rest[0] ^ 0x15]) + rest[1:]
            case _:
                self._end(fault)

    def _end(self, fault: Fault) -> None:
        if fault.kind == "stall":
            _swallow(*self._ends)
        for one in self._ends if fault.kind == "reset" else ():
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise _BrokenError

    def _disordered(self, fault: Fault, data: bytes) -> Iterator[bytes]:
        for unit in self._units.of(data):
            if self._held is not None:
                held, self._held, self._left = self._held, None, -1
                yield from (unit, held) if unit.startswith(b"* ") else (held, unit)
            elif self._left > 0 or self._left < 0 or not unit.startswith(b"* "):
                self._left -= self._left > 0
                yield unit
            elif fault.kind == "repeat":
                self._left = -1
                yield unit + unit
            else:
                self._held = unit


class _Units:
    """Cuts what an IMAP server says into answers: a line each, with the literals in it."""

    def __init__(self) -> None:
        self._buffer = b""

    def of(self, data: bytes) -> Iterator[bytes]:
        """Yield each answer that is whole by now."""
        self._buffer += data
        while (end := self._end()) is not None:
            unit, self._buffer = self._buffer[:end], self._buffer[end:]
            yield unit

    def _end(self) -> int | None:
        end = 0
        while (found := self._buffer.find(b"\r\n", end)) >= 0:
            end = found + 2
            literal = _LITERAL.search(self._buffer[:end])
            if literal is None:
                return end
            end += int(literal[1])
        return None


def _swallow(*connections: socket.socket) -> None:
    """Take in everything and say nothing, until somebody hangs up."""
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if not cast(socket.socket, key.fileobj).recv(65536):
                    return
