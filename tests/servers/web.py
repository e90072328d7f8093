"""The web as a company's network lets one see it: a proxy, behind which hosts have pages by HTTPS.

It answers for every host of its certificate; which hosts there are needs no name server.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.dovecot import make_certificate
from tests.servers.process import HOST


@dataclass(slots=True)
class Web:
    """`pages`: the whole answer to each `host/path`; None is silence. `asked`: in order."""

    authority: Path
    port: int
    pages: dict[str, bytes | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Return what makes a program use it, and believe it."""
        proxy = f"http://{HOST}:{self.port}"
        return {"https_proxy": proxy, "no_proxy": "", "SSL_CERT_FILE": str(self.authority)}

    def put(self, place: str, body: bytes, status: str = "200 OK", more: str = "") -> None:
        head = (
            f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.pages[place] = head.encode() + body


@contextlib.contextmanager
def web(folder: Path, *hosts: str) -> Iterator[Web]:
    """Serve these hosts; at first each has no page."""
    names = ",".join(f"DNS:{host}" for host in (*hosts, "localhost"))
    certificate, key = folder / "web.pem", folder / "web.key"
    make_certificate(certificate, key, f"{names},IP:{HOST}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    over = threading.Event()
    with socket.create_server((HOST, 0)) as listening:
        found = Web(certificate, listening.getsockname()[1])

        def serve(line: socket.socket) -> None:
            with contextlib.suppress(OSError, ValueError), line:
                _serve(line, found, context, over)

        def listen() -> None:
            with contextlib.suppress(OSError):
                while True:
                    line, _ = listening.accept()
                    threading.Thread(target=serve, args=(line,), daemon=True).start()

        threading.Thread(target=listen, daemon=True).start()
        yield found
        over.set()
        listening.shutdown(socket.SHUT_RDWR)


def _serve(line: socket.socket, web: Web, context: ssl.SSLContext, over: threading.Event) -> None:
    line.settimeout(20)
    method, target = _request(line)
    if method != "CONNECT":
        return
    line.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
    with context.wrap_socket(line, server_side=True) as inner:
        _, path = _request(inner)
        place = target.rpartition(":")[0] + path.partition("?")[0]
        web.asked.append(target.rpartition(":")[0] + path)
        answer = web.pages.get(place, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        if answer is None:
            over.wait(20)
        else:
            inner.sendall(answer)


def _request(line: socket.socket) -> tuple[str, str]:
    read = b""
    while b"\r\n\r\n" not in read:
        more = line.recv(4096)
        if not more:
            raise ValueError("no request")
        read += more
    method, target, _ = read.split(b"\r\n")[0].decode("ascii").split(" ")
    return method, target
