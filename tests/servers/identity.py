"""An identity server on loopback: device login, tokens that end, and their introspection.

What it is asked is kept in `asked`. It can refuse, be down, hand out short-lived tokens, take them
back, and answer word for word what a test tells it.
"""

import json
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from maildaemon.domain.grants import Application
from tests.servers.process import HOST

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(slots=True)
class Issued:
    """An access token: whose, and until when."""

    user: str
    ends_at: datetime


@dataclass(slots=True)
class Identity:
    """The server of one organisation, in which every user exists."""

    user: str
    lives: timedelta = timedelta(hours=1)
    # The seconds that it says the refresh token has left, if it says so.
    refresh_left: Callable[[], float] | None = None
    rotates: bool = True
    approved: bool = True
    interval: float = 0.01
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    asked: list[dict[str, str]] = field(default_factory=list)
    # Status and body of the next answers, before any of its own.
    answers: deque[tuple[int, bytes]] = field(default_factory=deque)
    down: bool = False
    access: dict[str, Issued] = field(default_factory=dict)
    refresh: set[str] = field(default_factory=set)
    codes: dict[str, str] = field(default_factory=dict)
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        identity = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                read = parse_qs(self.rfile.read(length).decode("ascii"))
                self._put(*identity.answer(self.path, {one: read[one][0] for one in read}))

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                (token,) = parse_qs(parts.query)["token"]
                self._put(200, json.dumps(identity.introspect(token)).encode())

            def _put(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                if status // 100 == 3:
                    self.send_header("Location", f"{identity.url}/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://{HOST}:{self._server.server_address[1]}"

    @property
    def application(self) -> Application:
        return Application(
            provider="other",
            client_id="maildaemon",
            token_url=f"{self.url}/token",
            scope="mail offline_access",
            device_url=f"{self.url}/device",
            authorize_url=f"{self.url}/authorize",
        )

    def count(self, kind: str) -> int:
        """Return how often it was asked for tokens in this way."""
        return sum(one.get("grant_type", "").endswith(kind) for one in self.asked)

    def end_tokens(self) -> None:
        """Take all access tokens back, before their time; a newer one can be had."""
        self.access.clear()

    def revoke(self) -> None:
        """Take everything back: only a new sign-in helps."""
        self.access.clear()
        self.refresh.clear()

    def introspect(self, token: str) -> dict[str, object]:
        issued = self.access.get(token)
        if issued is None or self.now() >= issued.ends_at:
            return {"active": False}
        return {"active": True, "email": issued.user}

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append({"path": path, **form})
        if self.down:
            return 503, b"<html>down</html>"
        if self.answers:
            return self.answers.popleft()
        status, found = self._device() if path == "/device" else self._token(form)
        return status, json.dumps(found).encode()

    def _device(self) -> tuple[int, dict[str, Any]]:
        return 200, {
            "device_code": "device-1",
            "user_code": "ABCD-EFGH",
            "verification_uri": f"{self.url}/type-it",
            "expires_in": 900,
            "interval": self.interval,
        }

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        match form["grant_type"]:
            case "refresh_token":
                if form["refresh_token"] not in self.refresh:
                    return 400, {"error": "invalid_grant", "error_description": "It was revoked."}
                if self.rotates:
                    self.refresh.discard(form["refresh_token"])
            case "authorization_code":
                if self.codes.pop(form["code"], None) is None or not form.get("code_verifier"):
                    return 400, {"error": "invalid_grant"}
            case kind:
                assert kind == _DEVICE_GRANT
                assert form["device_code"] == "device-1"
                if not self.approved:
                    return 400, {"error": "authorization_pending"}
        return 200, self.issue(form.get("refresh_token"))

    def issue(self, old: str | None = None) -> dict[str, Any]:
        """Hand out tokens."""
        access = secrets.token_urlsafe(12)
        refresh = secrets.token_urlsafe(12) if self.rotates or not old else old
        self.access[access] = Issued(self.user, self.now() + self.lives)
        self.refresh.add(refresh)
        found: dict[str, Any] = {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": self.lives.total_seconds(),
        }
        if self.refresh_left is not None:
            found["refresh_expires_in"] = self.refresh_left()
        return found
