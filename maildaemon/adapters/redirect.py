"""Signing in with a browser, for providers that have no codes to type for this (RFC 8252).

The browser comes back to this machine. Where it runs on another one, its address line is pasted.
"""

import base64
import hashlib
import hmac
import os
import secrets
import select
import socket
import time
from contextlib import suppress
from typing import TextIO
from urllib.parse import parse_qs, urlencode, urlsplit

from maildaemon.domain.grants import Application
from maildaemon.errors import OperatorError

_HOST = "127.0.0.1"
_LONGEST_HEAD = 2**14
_PATIENCE = 2.0
_SECONDS = 900.0
_DONE = "Signed in. This window can be closed."
_NOT_DONE = "This is not the sign-in that was begun; please look at the terminal."


class Redirect:
    """One sign-in: where the browser is sent, and the code that it brings back."""

    def __init__(self, application: Application, username: str) -> None:
        """Listen on a port of this machine alone, from now on."""
        self._listener = socket.create_server((_HOST, 0))
        self._state = secrets.token_urlsafe(24)
        # RFC 7636 §4.1: whoever sees the code cannot use it without this.
        self.verifier = secrets.token_urlsafe(48)
        # RFC 8252 §7.3: the address itself, for `localhost` may be another machine's.
        self.redirect = f"http://{_HOST}:{self._listener.getsockname()[1]}/"
        challenge = hashlib.sha256(self.verifier.encode("ascii")).digest()
        asked = {
            "client_id": application.client_id,
            "response_type": "code",
            "redirect_uri": self.redirect,
            "scope": application.scope,
            "state": self._state,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode("ascii"),
            "code_challenge_method": "S256",
            "login_hint": username,
            # Google gives a refresh token only if it is asked for, and only at a new consent.
            "access_type": "offline",
            "prompt": "consent",
        }
        self.address = f"{application.authorize_url}?{urlencode(asked)}"

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    def wait(self, pasted: TextIO, seconds: float = _SECONDS) -> str:
        """Return the code, from the browser or from a line of `pasted`; OperatorError if the person
        would not, or does not come back in time.
        """
        end = time.monotonic() + seconds
        typed, sources = b"", [self._listener.fileno(), pasted.fileno()]
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select(sources, [], [], left)
            if pasted.fileno() in ready:
                # Not by lines: what is buffered there, nobody waits for any more.
                if not (more := os.read(pasted.fileno(), _LONGEST_HEAD)):
                    sources.remove(pasted.fileno())
                *lines, typed = (typed + (more or b"\n")).split(b"\n")
                for line in lines:
                    if code := self._code(line.decode("ascii", "replace").strip()):
                        return code
            if self._listener.fileno() in ready and (code := self._answered()):
                return code
        raise OperatorError("nobody signed in in time", advice="begin again")

    def _answered(self) -> str | None:
        """Answer one request; return the code that it brings."""
        connection, _ = self._listener.accept()
        with connection, suppress(OSError):
            connection.settimeout(_PATIENCE)
            head = b""
            while b"\r\n\r\n" not in head and len(head) < _LONGEST_HEAD:
                if not (more := connection.recv(4096)):
                    return None
                head += more
            words = head.split(b"\r\n", 1)[0].decode("ascii", "replace").split(" ")
            code = self._code(words[1]) if words[0] == "GET" and len(words) > 1 else None
            connection.sendall(_page(_DONE if code else _NOT_DONE, found=code is not None))
            return code
        return None

    def _code(self, address: str) -> str | None:
        """Return the code in an address that a browser was sent to, if it is about this sign-in."""
        try:
            found = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        except ValueError:
            return None
        # RFC 6749 §10.12: else somebody could have us use his account in place of ours.
        if not hmac.compare_digest(found.get("state", "").encode(), self._state.encode()):
            return None
        if error := found.get("error"):
            words = "".join(letter for letter in error if letter.isprintable())[:100]
            raise OperatorError(f"the sign-in was declined ({words})", advice="begin again")
        return found.get("code") or None


def _page(text: str, *, found: bool) -> bytes:
    status = "200 OK" if found else "404 Not Found"
    body = f"<!doctype html><html lang=en><title>maildaemon</title><p>{text}</p></html>\n"
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return (head + body).encode("ascii")
