"""Asks a server of the web: the certificate is verified, time and size are bounded, and nobody is
followed anywhere.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

from maildaemon.adapters.tls import why_untrusted
from maildaemon.errors import IdentityRefusedError, IdentityUnavailableError

_SECONDS = 20.0
_CONNECT = 10.0
_LARGEST = 2**17
_TROUBLE = (OSError, http.client.HTTPException, UnicodeError)


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What a server answers, whatever the status."""

    status: int
    body: bytes


def post_form(url: str, form: Mapping[str, str], seconds: float = _SECONDS) -> WebAnswer:
    """Return the answer. A redirect is an answer like another: what we send is for this server.

    Raises IdentityUnavailableError if there is none in time, IdentityRefusedError if the
    certificate is not trusted. Proxies are those of the environment (`https_proxy`).
    """
    where = urlsplit(url).netloc
    fields = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    try:
        return _exchanged("POST", url, urlencode(form).encode("ascii"), fields, seconds)
    except ssl.SSLCertVerificationError as error:
        found = why_untrusted(error, "SSL_CERT_FILE")
        raise IdentityRefusedError(found.what, where=where, advice=found.advice) from error
    except _TROUBLE as error:
        raise IdentityUnavailableError(f"{where}: {_in_plain_words(error)}") from error


def read_page(url: str, seconds: float) -> bytes | None:
    """Return what lies there; None if nothing does, or for whatever reason it cannot be had: a
    redirect is followed nowhere.
    """
    try:
        answer = _exchanged("GET", url, None, {}, seconds)
    except _TROUBLE:
        return None
    return answer.body if answer.status == HTTPStatus.OK else None


def _exchanged(
    method: str, url: str, body: bytes | None, fields: Mapping[str, str], seconds: float
) -> WebAnswer:
    """Return the answer of any status. Raises `_TROUBLE`, TimeoutError when the time is over."""
    parts = urlsplit(url)
    late = threading.Event()
    connection = _connection(url)
    # A time-out of the socket is no deadline: a server that sends a byte now and then meets it.
    watch = threading.Timer(max(seconds, 0), _cut, (connection, late))
    watch.daemon = True
    watch.start()
    try:
        path = (parts.path or "/") + f"?{parts.query}" * bool(parts.query)
        always = {"User-Agent": "maildaemon", "Connection": "close"}
        connection.request(method, path, body, {**always, **fields})
        response = connection.getresponse()
        found = response.read(_LARGEST + 1)
    except _TROUBLE:
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        watch.cancel()
        connection.close()
    if late.is_set():
        raise TimeoutError
    if len(found) > _LARGEST:
        raise http.client.HTTPException("the answer is too large")
    return WebAnswer(response.status, found)


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "http":
        # The settings allow it on this very machine only.
        return http.client.HTTPConnection(host, port, timeout=_CONNECT)
    context = ssl.create_default_context()
    proxy = urlsplit(getproxies().get("https", ""))
    if not proxy.hostname or proxy_bypass(host):
        return http.client.HTTPSConnection(host, port, timeout=_CONNECT, context=context)
    tunnelled = http.client.HTTPSConnection(
        proxy.hostname, proxy.port, timeout=_CONNECT, context=context
    )
    tunnelled.set_tunnel(host, port or 443)
    return tunnelled


def _cut(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    late.set()
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _in_plain_words(error: Exception) -> str:
    match error:
        case ConnectionRefusedError():
            return "connection refused; nothing listens there"
        case socket.gaierror():
            return f"the host name cannot be resolved ({error.strerror})"
        case TimeoutError():
            return "no answer in time"
        case ssl.SSLError(reason=reason):
            return f"no TLS that we speak is spoken there ({reason})"
        case _:
            text = str(error) or type(error).__name__
            return "".join(letter if letter.isprintable() else " " for letter in text)[:200]
