"""How `SmtpTransport` opens, keeps and leaves a session."""

import asyncio
import base64
import logging
import socket
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from maildaemon.adapters.smtp import SmtpTransport
from maildaemon.adapters.smtp_session import SmtpLimits
from maildaemon.domain.delivery import Accepted, Rejected, Reply
from maildaemon.errors import (
    SecretError,
    TransportPasswordRefusedError,
    TransportRefusedError,
    TransportUnavailableError,
)
from tests.fakes.submission import (
    ENVELOPE,
    QUICK,
    RAW,
    a_scripted_server,
    a_tls_account,
    a_transport,
    an_account,
    nothing,
    serving,
)
from tests.servers.dovecot import Dovecot
from tests.servers.process import HOST
from tests.servers.relay import Relay
from tests.servers.sink import SmtpSink

# --- the session -------------------------------------------------------------------------------


async def test_one_connection_serves_many_mails(tls_sink: SmtpSink, dovecot: Dovecot) -> None:
    async with a_transport(a_tls_account(tls_sink, dovecot)) as transport:
        for _ in range(3):
            await transport.open()
            assert isinstance(await transport.send(ENVELOPE, RAW, nothing), Accepted)

    assert Counter(tls_sink.commands)["AUTH"] == 1
    assert Counter(tls_sink.commands)["QUIT"] == 1


@pytest.mark.parametrize("limits", [replace(QUICK, messages=1), replace(QUICK, idle=0)])
async def test_a_worn_or_idle_connection_is_replaced(sink: SmtpSink, limits: SmtpLimits) -> None:
    async with a_transport(an_account(sink.port), limits) as transport:
        for _ in range(2):
            await transport.open()
            assert isinstance(await transport.send(ENVELOPE, RAW, nothing), Accepted)

    assert Counter(sink.commands)["CONNECT"] == 2


@pytest.mark.parametrize("fault", ["421 4.3.2 Closing", "500 What?", "drop"])
async def test_a_kept_connection_that_died_is_replaced_before_it_is_used(
    sink: SmtpSink, fault: str
) -> None:
    async with a_transport(an_account(sink.port)) as transport:
        await transport.open()
        sink.plan("RSET", fault)

        await transport.open()

        assert isinstance(await transport.send(ENVELOPE, RAW, nothing), Accepted)
    assert Counter(sink.commands)["CONNECT"] == 2


async def test_a_server_that_restarted_is_reached_again(sink: SmtpSink) -> None:
    async with a_transport(an_account(sink.port)) as transport:
        await transport.open()
        sink.stop()
        with pytest.raises(TransportUnavailableError):
            await transport.open()
        sink.start()

        await transport.open()

        assert isinstance(await transport.send(ENVELOPE, RAW, nothing), Accepted)


@pytest.mark.parametrize("fault", ["500 What?", "421 4.3.2 Whatever", "drop", "stall"])
async def test_a_rude_goodbye_changes_nothing(
    sink: SmtpSink, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maildaemon.adapters.smtp._QUIT_SECONDS", 0.1)
    sink.plan("QUIT", fault)
    transport = SmtpTransport(an_account(sink.port), QUICK)
    await transport.open()
    outcome = await transport.send(ENVELOPE, RAW, nothing)

    await transport.close()

    assert isinstance(outcome, Accepted)
    assert len(sink.accepted()) == 1


@pytest.mark.parametrize("fault", ["500 What?", "drop"])
async def test_a_refused_mail_is_cleared_away_or_the_connection_is_given_up(
    sink: SmtpSink, fault: str
) -> None:
    sink.plan("RCPT", "550 5.1.1 Nobody")
    sink.plan("RSET", fault)
    async with a_transport(an_account(sink.port)) as transport:
        await transport.open()

        assert await transport.send(ENVELOPE, RAW, nothing) == Rejected(Reply(550, "5.1.1 Nobody"))

        await transport.open()
        assert isinstance(await transport.send(ENVELOPE, RAW, nothing), Accepted)
    assert Counter(sink.commands)["CONNECT"] == 2


async def test_implicit_tls_with_a_login(tmp_path: Path, dovecot: Dovecot) -> None:
    certificate = (dovecot.ca_file, dovecot.key_file)
    with SmtpSink(
        tmp_path / "log", security="tls", certificate=certificate, require_auth=True
    ) as sink:
        async with a_transport(a_tls_account(sink, dovecot, security="tls")) as transport:
            await transport.open()
            assert isinstance(await transport.send(ENVELOPE, RAW, nothing), Accepted)

        assert [it.user for it in sink.accepted()] == [sink.user]


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_s17_an_untrusted_certificate_is_refused_and_the_remedy_named(
    tmp_path: Path, dovecot: Dovecot, security: str
) -> None:
    certificate = (dovecot.ca_file, dovecot.key_file)
    with SmtpSink(tmp_path / "log", security=security, certificate=certificate) as sink:  # type: ignore[arg-type]
        account = a_tls_account(sink, dovecot, security=security, ca_file=None)

        with pytest.raises(TransportRefusedError) as refusal:
            await SmtpTransport(account, QUICK).open()

        assert "certificate" in refusal.value.what
        assert refusal.value.where == f"{HOST}:{sink.port}"
        assert "ca_file" in refusal.value.advice
        assert "AUTH" not in sink.commands


async def test_s17_a_certificate_for_another_host_is_refused(
    tls_sink: SmtpSink, dovecot: Dovecot
) -> None:
    account = a_tls_account(tls_sink, dovecot, host="127.0.0.2")

    with Relay(tls_sink.port, "127.0.0.2") as relay:
        account = replace(account, port=relay.port)
        with pytest.raises(TransportRefusedError, match="IP address mismatch"):
            await SmtpTransport(account, QUICK).open()


@pytest.mark.parametrize("content", [None, "", "no certificate"])
async def test_an_unusable_ca_file_is_the_operators_matter(
    tmp_path: Path, content: str | None
) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_text(content)

    with pytest.raises(TransportRefusedError, match=r"ca\.pem.*smtp\.ca_file"):
        await SmtpTransport(an_account(1, security="tls", ca_file=ca_file), QUICK).open()


async def test_s16_without_starttls_nothing_goes_on_in_the_clear(
    sink: SmtpSink, dovecot: Dovecot
) -> None:
    with pytest.raises(TransportRefusedError, match="does not offer STARTTLS"):
        await SmtpTransport(a_tls_account(sink, dovecot), QUICK).open()

    assert sink.commands == ["CONNECT", "EHLO"]


async def test_tls_spoken_to_a_plain_port_is_trouble_with_the_session(sink: SmtpSink) -> None:
    with pytest.raises(TransportUnavailableError, match=r"not speak TLS.*starttls.* port 587"):
        await SmtpTransport(an_account(sink.port, security="tls"), QUICK).open()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".example", ""])
async def test_a_misspelt_host_is_trouble_with_the_session(host: str) -> None:
    with pytest.raises(TransportUnavailableError, match=f"{host}:1: .*resolved.*spelled right"):
        await SmtpTransport(an_account(1, host=host), QUICK).open()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_port_nobody_listens_on_is_named_with_the_reason(host: str) -> None:
    with pytest.raises(TransportUnavailableError, match=f"^{host}:1: connection refused; nothing"):
        await SmtpTransport(an_account(1, host=host), QUICK).open()


async def test_several_addresses_that_all_refuse_are_one_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def two(*_: object, **__: object) -> list[object]:
        stream = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*stream, (address, 1)) for address in ("127.0.0.1", "127.0.0.2")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two)
    with pytest.raises(
        TransportUnavailableError, match=r"^mx\.test:1: connection refused; nothing"
    ):
        await SmtpTransport(an_account(1, host="mx.test"), QUICK).open()


async def test_an_imap_server_is_recognised_by_its_greeting() -> None:
    async def imap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        await reader.read()

    async with serving(imap) as port:
        with pytest.raises(TransportUnavailableError, match="this is an IMAP server"):
            await SmtpTransport(an_account(port), QUICK).open()


async def test_an_imap_server_is_recognised_where_tls_was_expected_too(dovecot: Dovecot) -> None:
    with pytest.raises(TransportUnavailableError, match=r"this is an IMAP server; .* mostly 465"):
        await SmtpTransport(an_account(dovecot.imap_port, security="tls"), QUICK).open()


@pytest.mark.parametrize("security", ["starttls", "none"])
async def test_a_port_that_waits_for_tls_is_told_by_its_silence(security: str) -> None:
    async def mute(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(mute) as port:
        with pytest.raises(TransportUnavailableError, match="use `security: tls`"):
            await SmtpTransport(
                an_account(port, security=security), replace(QUICK, connect=0.3, command=0.3)
            ).open()


async def test_a_wrong_password_is_tried_once(tls_sink: SmtpSink, dovecot: Dovecot) -> None:
    account = a_tls_account(tls_sink, dovecot, secret=lambda: "wrong")

    with pytest.raises(TransportPasswordRefusedError) as refusal:
        await SmtpTransport(account, QUICK).open()

    assert tls_sink.user in refusal.value.what
    assert "535" in refusal.value.what
    assert Counter(tls_sink.commands)["AUTH"] == 1


async def test_a_secret_is_resolved_on_connecting_only(sink: SmtpSink) -> None:
    asked: list[str] = []

    def secret() -> str:
        asked.append("asked")
        return sink.password

    account = an_account(sink.port, username=sink.user, secret=secret)
    async with a_transport(account) as transport:
        assert asked == []
        await transport.open()
        await transport.open()
    assert asked == ["asked"]


async def test_a_secret_that_cannot_be_read_stops_before_any_connection(sink: SmtpSink) -> None:
    def secret() -> str:
        raise SecretError("SUPPORT_PASSWORD is not set")

    with pytest.raises(SecretError):
        await SmtpTransport(an_account(sink.port, username="u", secret=secret), QUICK).open()

    assert sink.commands == []


async def test_s22_the_password_is_nowhere_to_be_read(
    tls_sink: SmtpSink, dovecot: Dovecot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    password = "correct-horse"
    encoded = [
        base64.b64encode(form).decode()
        for form in (b"\0%b\0%b" % (tls_sink.user.encode(), password.encode()), password.encode())
    ]

    with pytest.raises(TransportPasswordRefusedError) as refusal:
        account = a_tls_account(tls_sink, dovecot, secret=lambda: password)
        await SmtpTransport(account, QUICK).open()

    written = caplog.text + str(refusal.value) + repr(refusal.value.__cause__) + repr(account)
    assert not [form for form in (password, *encoded) if form in written]


@pytest.mark.parametrize(
    ("offered", "said"), [("AUTH LOGIN", "LOGIN"), ("AUTH CRAM-MD5 X", "CRAM")]
)
async def test_the_login_is_one_that_the_server_offers(offered: str, said: str) -> None:
    async with a_scripted_server(offered) as server:
        account = an_account(server.port, username="u", secret=lambda: "p")
        with pytest.raises(TransportUnavailableError):
            await SmtpTransport(account, QUICK).open()

    assert server.heard[1].startswith(f"AUTH {said}")


@pytest.mark.parametrize("offered", ["AUTH GSSAPI NTLM", "HELP"])
async def test_a_server_without_a_known_login_is_refused(offered: str) -> None:
    async with a_scripted_server(offered) as server:
        account = an_account(server.port, username="u", secret=lambda: "p")
        with pytest.raises(TransportRefusedError, match="no login we know"):
            await SmtpTransport(account, QUICK).open()
