"""A TCP relay that breaks the connections through it: the faulty network between two programs."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Self, cast

from tests.servers.process import HOST

Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls a connection once `after` bytes went that way."""

    kind: Literal["cut", "stall"]
    direction: Direction
    after: int


class Relay:
    """Passes bytes on to a port of this machine, until told otherwise.

    `up` is from the client to the server. A fault set with `cut_after` or `stall_after` hits the
    next connection only; `cut` and `refuse` act at once.
    """

    def __init__(self, target_port: int) -> None:
        self._target = target_port
        self._listener = socket.create_server((HOST, 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._fault: Fault | None = None
        self._refusing = False
        self._ended = False
        self.passed: dict[Direction, int] = {"up": 0, "down": 0}
        self.connections = 0

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

    def cut_after(self, count: int, direction: Direction) -> None:
        """Let the next connection die once that many bytes went that way."""
        self._fault = Fault("cut", direction, count)

    def stall_after(self, count: int, direction: Direction) -> None:
        """Let the next connection fall silent, both ways, once that many bytes went that way."""
        self._fault = Fault("stall", direction, count)

    def cut(self) -> None:
        """Cut all connections now."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def refuse(self, refusing: bool = True) -> None:
        """Close new connections as soon as they come."""
        self._refusing = refusing

    def _begin(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, name="relay", daemon=True)
        self._threads.append(thread)
        thread.start()

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
            self._begin(self._pass_on, client, fault)

    def _pass_on(self, client: socket.socket, fault: Fault | None) -> None:
        with (
            client,
            contextlib.suppress(OSError),
            socket.create_connection((HOST, self._target)) as server,
        ):
            with self._lock:
                self._open |= {client, server}
            try:
                self._pump(client, server, fault)
            finally:
                with self._lock:
                    self._open -= {client, server}

    def _pump(self, client: socket.socket, server: socket.socket, fault: Fault | None) -> None:
        left = fault.after if fault else 0
        for each in (client, server):
            # Small packets at once; else every command waits 40 ms for a delayed ACK.
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, ("up", server))
            selector.register(server, selectors.EVENT_READ, ("down", client))
            while True:
                for key, _ in selector.select():
                    source, (direction, target) = cast(socket.socket, key.fileobj), key.data
                    if not (data := source.recv(65536)):
                        return
                    struck = fault is not None and fault.direction == direction
                    passed = data[:left] if struck else data
                    target.sendall(passed)
                    self.passed[direction] += len(passed)
                    if struck and (left := left - len(passed)) == 0:
                        if fault is not None and fault.kind == "stall":
                            _swallow(client, server)
                        return


def _swallow(*connections: socket.socket) -> None:
    """Take in everything and say nothing, until somebody hangs up."""
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if not cast(socket.socket, key.fileobj).recv(65536):
                    return
