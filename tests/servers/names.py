"""A name server on loopback, by UDP and TCP, that answers what a test tells it."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.servers.process import HOST

MX, SRV, CNAME = 15, 33, 5


@dataclass(slots=True)
class Names:
    """`records`: kind and data by name and kind. `changed`: what is done to each UDP answer."""

    port: int
    records: dict[tuple[str, int], list[tuple[int, bytes]]] = field(default_factory=dict)
    changed: Callable[[bytes], bytes | None] = lambda answer: answer
    asked: list[str] = field(default_factory=list)

    @property
    def servers(self) -> tuple[tuple[str, int], ...]:
        return ((HOST, self.port),)

    def mx(self, name: str, preference: int, host: str) -> None:
        data = struct.pack("!H", preference) + coded(host)
        self.records.setdefault((name, MX), []).append((MX, data))

    def srv(self, name: str, priority: int, port: int, host: str) -> None:
        data = struct.pack("!3H", priority, 0, port) + coded(host)
        self.records.setdefault((name, SRV), []).append((SRV, data))

    def answer(self, query: bytes, how: str) -> bytes:
        labels, at = [], 12
        while length := query[at]:
            labels.append(query[at + 1 : at + 1 + length].decode("ascii"))
            at += 1 + length
        name, (kind,) = ".".join(labels), struct.unpack_from("!H", query, at + 1)
        self.asked.append(f"{how} {name}")
        found = self.records.get((name, kind), [])
        question = query[12 : at + 5]
        code = 0 if found else 3
        head = query[:2] + struct.pack("!5H", 0x8180 | code, 1, len(found), 0, 0)
        # The name is the one of the question, which stands at the twelfth byte.
        records = (
            b"\xc0\x0c" + struct.pack("!2HIH", its_kind, 1, 60, len(data)) + data
            for its_kind, data in found
        )
        return head + question + b"".join(records)


def coded(host: str) -> bytes:
    """Return a name as it stands in a record."""
    labels = [label.encode("ascii") for label in host.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


@contextlib.contextmanager
def names() -> Iterator[Names]:
    """Answer until the end of the test."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        # A port that is free for TCP, of which many are in use, is hardly ever taken for UDP.
        socket.create_server((HOST, 0)) as listening,
    ):
        port = listening.getsockname()[1]
        datagrams.bind((HOST, port))
        found, over = Names(port), threading.Event()

        def by_udp() -> None:
            datagrams.settimeout(0.1)
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    query, peer = datagrams.recvfrom(4096)
                    answer = found.changed(found.answer(query, "udp"))
                    if answer is not None:
                        datagrams.sendto(answer, peer)

        def by_tcp() -> None:
            listening.settimeout(0.1)
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    line, _ = listening.accept()
                    with line:
                        query = line.recv(4096)
                        answer = found.answer(query[2:], "tcp")
                        line.sendall(struct.pack("!H", len(answer)) + answer)

        threads = [threading.Thread(target=each, daemon=True) for each in (by_udp, by_tcp)]
        for thread in threads:
            thread.start()
        yield found
        over.set()
        for thread in threads:
            thread.join()
