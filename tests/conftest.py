"""Servers for all tests: one instance a session, a mailbox of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.dovecot import Account, Dovecot
from tests.servers.postfix import Postfix
from tests.servers.sink import SmtpSink


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A running Dovecot that all tests share; a test that stops a server starts its own."""
    with Dovecot() as server:
        yield server


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    """A fresh, empty mailbox."""
    return dovecot.account()


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SmtpSink]:
    """An SMTP server without TLS; AUTH is offered, not required."""
    with SmtpSink(tmp_path / "accepted.jsonl") as server:
        yield server


@pytest.fixture
def tls_sink(tmp_path: Path, dovecot: Dovecot) -> Iterator[SmtpSink]:
    """An SMTP server that requires STARTTLS and AUTH; its certificate is `dovecot.ca_file`."""
    with SmtpSink(
        tmp_path / "accepted.jsonl",
        security="starttls",
        certificate=(dovecot.ca_file, dovecot.key_file),
        require_auth=True,
    ) as server:
        yield server


@pytest.fixture(scope="session")
def relay_sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmtpSink]:
    """Where `postfix` relays everything to."""
    with SmtpSink(tmp_path_factory.mktemp("relay") / "accepted.jsonl") as server:
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot, relay_sink: SmtpSink) -> Iterator[Postfix]:
    """A real submission server (STARTTLS, AUTH) that relays to `relay_sink`. Needs root."""
    with Postfix(dovecot, relay_sink.port) as server:
        yield server
