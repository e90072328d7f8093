"""An HTTP server that keeps what is posted to it and answers as planned."""

import json
import ssl
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.servers.process import HOST


class Webhook:
    """`plan` holds what the next requests get: a status, `Location: …` (a redirect) or `trickle`."""

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        self.got: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.plan: deque[int | str] = deque()
        self.over = threading.Event()
        self._server = ThreadingHTTPServer((HOST, 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://{HOST}:{self._server.server_port}/hook/s3cret?x=1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def events(self) -> list[str]:
        return [one["event"] for one in self.got]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/json"
                webhook.paths.append(self.path)
                match webhook.plan.popleft() if webhook.plan else 204:
                    case int(status):
                        if status // 100 == 2:
                            webhook.got.append(json.loads(body))
                        self.send_response(status)
                    case "trickle":
                        while not webhook.over.wait(0.05):
                            self.wfile.write(b"HTTP/1.1 200 OK"[:1])
                    case str(location):
                        self.send_response(307)
                        self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                webhook.paths.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler
