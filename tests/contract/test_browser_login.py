"""Signing in with a browser that comes back to this machine, and posting to the identity server."""

import base64
import hashlib
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import TextIO
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest

from maildaemon.adapters.identity import IdentityServer
from maildaemon.adapters.redirect import Redirect
from maildaemon.adapters.web import post_form
from maildaemon.errors import IdentityRefusedError, IdentityUnavailableError, OperatorError
from tests.servers.dovecot import Dovecot
from tests.servers.identity import Identity
from tests.servers.process import HOST

USER = "support@example.test"


@pytest.fixture
def redirect(fresh_identity: Identity) -> Iterator[Redirect]:
    with closing(Redirect(fresh_identity.application, USER)) as opened:
        yield opened


@pytest.fixture
def terminal() -> Iterator[tuple[TextIO, TextIO]]:
    """A terminal's line: what is typed into the second is read from the first."""
    read, write = os.pipe()
    with os.fdopen(read) as keyboard, os.fdopen(write, "w") as typed:
        yield keyboard, typed


def asked(redirect: Redirect) -> dict[str, str]:
    return {one: two[0] for one, two in parse_qs(urlsplit(redirect.address).query).items()}


def back(redirect: Redirect, **given: str) -> str:
    """Return where the identity server sends the browser."""
    return redirect.redirect + "?" + urlencode({"state": asked(redirect)["state"], **given})


def test_the_browser_is_sent_with_a_proof_that_is_ours_alone(redirect: Redirect) -> None:
    found = asked(redirect)

    digest = hashlib.sha256(redirect.verifier.encode()).digest()
    assert found["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert redirect.verifier not in redirect.address
    assert urlsplit(found["redirect_uri"]).hostname == HOST
    assert (found["access_type"], found["prompt"], found["login_hint"]) == (
        "offline",
        "consent",
        USER,
    )


def test_the_code_comes_back_by_the_browser_and_is_exchanged_for_tokens(
    redirect: Redirect, fresh_identity: Identity, terminal: tuple[TextIO, TextIO]
) -> None:
    pages: list[tuple[int, str]] = []

    def browse() -> None:
        with socket.create_connection((HOST, urlsplit(redirect.redirect).port or 0)):
            pass  # browsers open connections before they need them
        for address in (
            f"{redirect.redirect}favicon.ico",
            back(redirect, state="forged", code="x"),
        ):
            with pytest.raises(HTTPError) as refused:
                urlopen(address, timeout=10)
            pages.append((refused.value.code, ""))
            refused.value.close()
        with urlopen(back(redirect, code="good"), timeout=10) as page:
            pages.append((page.status, page.read().decode()))

    fresh_identity.codes["good"] = USER
    browser = threading.Thread(target=browse)
    browser.start()
    code = redirect.wait(terminal[0], 20)
    browser.join(10)

    assert [status for status, _ in pages] == [404, 404, 200]
    assert "Signed in" in pages[-1][1]
    server = IdentityServer(fresh_identity.application, lambda: "hush", "support")
    tokens = server.exchange(code, redirect.verifier, redirect.redirect)
    assert tokens.access_token in fresh_identity.access
    assert fresh_identity.asked[-1]["code_verifier"] == redirect.verifier
    assert fresh_identity.asked[-1]["client_secret"] == "hush"


def test_the_code_comes_back_by_hand_where_the_browser_is_on_another_machine(
    redirect: Redirect, terminal: tuple[TextIO, TextIO]
) -> None:
    keyboard, typed = terminal
    typed.write(f"what?\n{redirect.redirect}?code=no-state\n{back(redirect, code='4/abc')}\n")
    typed.flush()

    assert redirect.wait(keyboard, 20) == "4/abc"


def test_who_would_not_sign_in_or_does_not_come_back_ends_it(
    redirect: Redirect, terminal: tuple[TextIO, TextIO]
) -> None:
    keyboard, typed = terminal
    typed.write(back(redirect, error="access_denied") + "\n")
    typed.close()
    with pytest.raises(OperatorError, match="declined"):
        redirect.wait(keyboard, 20)
    with pytest.raises(OperatorError, match="nobody signed in in time"):
        redirect.wait(keyboard, 0.1)


# --- the post ------------------------------------------------------------------------------------


def test_a_server_whose_certificate_is_not_trusted_gets_no_secret(dovecot: Dovecot) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(dovecot.ca_file, dovecot.key_file)
    heard: list[bytes] = []
    with socket.create_server((HOST, 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            try:
                with connection, context.wrap_socket(connection, server_side=True) as encrypted:
                    heard.append(encrypted.recv(4096))
            except OSError:
                heard.append(b"")

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(IdentityRefusedError, match="not trusted") as refused:
            post_form(f"https://{HOST}:{listener.getsockname()[1]}/token", {"secret": "hush"})
        thread.join(10)
    assert heard == [b""]
    assert "SSL_CERT_FILE" in refused.value.advice


def test_a_server_that_trickles_is_left_at_the_deadline() -> None:
    ended = threading.Event()
    with socket.create_server((HOST, 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    connection.sendall(b"HTTP/1.1 200 OK\r\n")
                    while not ended.wait(0.02):
                        connection.sendall(b"X: y\r\n"[:1])
                except OSError:
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with pytest.raises(IdentityUnavailableError, match="no answer in time"):
                post_form(f"http://{HOST}:{listener.getsockname()[1]}/token", {}, seconds=0.3)
        finally:
            ended.set()
            thread.join(10)


def test_nobody_there_is_an_outage_in_plain_words() -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(IdentityUnavailableError, match="nothing listens there"):
        post_form(f"http://{HOST}:{port}/token", {})


def test_a_proxy_of_the_environment_is_asked_to_reach_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[bytes] = []
    with socket.create_server((HOST, 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        monkeypatch.setenv("https_proxy", f"http://{HOST}:{listener.getsockname()[1]}")
        monkeypatch.delenv("no_proxy", raising=False)
        with pytest.raises(IdentityUnavailableError, match="403"):
            post_form("https://id.example.test/token", {"secret": "hush"})
        thread.join(10)
    assert heard[0].startswith(b"CONNECT id.example.test:443 ")
    assert b"hush" not in heard[0]


def test_a_form_goes_nowhere_but_to_its_server(fresh_identity: Identity) -> None:
    fresh_identity.answers.append((307, b"moved"))

    assert post_form(f"{fresh_identity.url}/token", {"a": "b"}).status == 307

    assert [one["path"] for one in fresh_identity.asked] == ["/token"]
