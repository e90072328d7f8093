"""The harness itself: if it lied, every test that judges by it would."""

import smtplib
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import process
from tests.servers.dovecot import Account, Dovecot
from tests.servers.postfix import Postfix
from tests.servers.sink import SentFolder, SmtpSink

MAIL = (
    b"From: a@example.net\r\nMessage-ID: <one@example.net>\r\nSubject: hi\r\n\r\n.dot\r\nbody\r\n"
)


def test_mail_delivered_to_a_plus_address_lands_in_the_inbox_of_its_user(account: Account) -> None:
    account.deliver(MAIL)
    account.deliver(MAIL, rcpt=account.user.replace("@", "+token@"))
    stored = account.messages()
    assert [each.uid for each in stored] == [1, 2]
    assert all(each.raw.endswith(MAIL) and not each.flags for each in stored)
    assert account.folders() == ["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"]


def test_a_killed_server_comes_back_with_its_mail_on_the_same_ports() -> None:
    with Dovecot() as server:
        server.deliver(MAIL)
        server.kill()
        with pytest.raises(OSError):
            socket.create_connection((process.HOST, server.imap_port), timeout=2)
        server.start()
        assert len(server.messages()) == 1
        server.stop()
        server.start()
        assert len(server.messages()) == 1


def test_the_sink_logs_a_mail_before_it_says_250(sink: SmtpSink) -> None:
    with smtplib.SMTP(process.HOST, sink.port, timeout=5) as client:
        client.login("someone@example.test", "secret")
        client.sendmail("", ["b@example.net"], MAIL)
        [entry] = sink.accepted()
        assert entry.raw == MAIL
        assert (entry.mail_from, entry.rcpt_to) == ("", ("b@example.net",))
        assert (entry.message_id, entry.user) == ("one@example.net", "someone@example.test")


def test_the_sink_refuses_a_wrong_password(sink: SmtpSink) -> None:
    with smtplib.SMTP(process.HOST, sink.port, timeout=5) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.login("someone@example.test", "wrong")
        assert refused.value.smtp_code == 535


def test_the_sink_follows_its_plan(sink: SmtpSink) -> None:
    sink.plan("MAIL", "451 4.3.0 later")
    sink.plan("RCPT", "550 5.1.1 nobody")
    sink.plan("DATA", "", "drop")
    sink.plan("DOT", "452 4.2.2 full")
    with smtplib.SMTP(process.HOST, sink.port, timeout=5) as client:
        client.ehlo()
        assert client.mail("a@example.net")[0] == 451
        assert client.mail("a@example.net")[0] == 250
        assert client.rcpt("b@example.net")[0] == 550
        assert client.rcpt("b@example.net")[0] == 250
        assert client.data(MAIL)[0] == 452
        client.mail("a@example.net")
        client.rcpt("b@example.net")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.data(MAIL)
    assert sink.accepted() == []
    sink.plan("CONNECT", "421 4.3.2 busy")
    with pytest.raises(smtplib.SMTPConnectError):
        smtplib.SMTP(process.HOST, sink.port, timeout=5)


@pytest.mark.parametrize(
    ("fault", "error"),
    [("accept_then_drop", smtplib.SMTPServerDisconnected), ("accept_then_stall", OSError)],
)
def test_the_sink_can_accept_and_not_say_so(
    sink: SmtpSink, fault: str, error: type[Exception]
) -> None:
    sink.plan("DOT", fault)
    client = smtplib.SMTP(process.HOST, sink.port, timeout=0.3)
    with pytest.raises(error):
        client.sendmail("a@example.net", ["b@example.net"], MAIL)
    client.close()
    assert len(sink.accepted()) == 1


def test_the_sink_requires_starttls_and_auth_where_told(
    tls_sink: SmtpSink, dovecot: Dovecot
) -> None:
    context = ssl.create_default_context(cafile=str(dovecot.ca_file))
    with smtplib.SMTP("localhost", tls_sink.port, timeout=5) as client:
        assert client.docmd("MAIL", "FROM:<a@example.net>")[0] in {503, 530}
        client.starttls(context=context)
        client.ehlo()
        assert client.mail("a@example.net")[0] == 530
        client.login("someone@example.test", "secret")
        client.sendmail("a@example.net", ["b@example.net"], MAIL)
    assert len(tls_sink.accepted()) == 1


def test_a_sink_process_loses_250s_and_files_a_copy_of_all_it_accepted(
    account: Account, tmp_path: Path
) -> None:
    log = tmp_path / "accepted.jsonl"
    command = (
        f"{sys.executable} -m tests.servers.sink --log {log} --lose 0.5 --seed 1"
        f" --imap {account.server.imap_port} --imap-user {account.user}"
    )
    running = subprocess.Popen(command.split(), stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert running.stdout is not None
        port = int(running.stdout.readline().split()[1])
        lost = 0
        for _ in range(20):
            client = smtplib.SMTP(process.HOST, port, timeout=5)
            try:
                client.sendmail("a@example.net", ["b@example.net"], MAIL)
            except smtplib.SMTPServerDisconnected:
                lost += 1
            client.close()
    finally:
        running.terminate()
        running.communicate(timeout=20)
    assert 0 < lost < 20
    assert len(SmtpSink(log).accepted()) == 20
    assert [each.raw for each in account.messages("Sent")] == [MAIL] * 20


def test_a_sink_files_a_copy_as_read(account: Account, tmp_path: Path) -> None:
    sent = SentFolder(account.server.imap_port, account.user, within=0)
    with (
        SmtpSink(tmp_path / "log", files_sent=sent) as sink,
        smtplib.SMTP(process.HOST, sink.port, timeout=5) as client,
    ):
        client.sendmail("a@example.net", ["b@example.net"], MAIL)
    [copy] = account.messages("Sent")
    assert (copy.raw, copy.flags) == (MAIL, frozenset({"\\Seen"}))


def test_postfix_relays_what_an_authenticated_user_submits(
    postfix: Postfix, relay_sink: SmtpSink
) -> None:
    context = ssl.create_default_context(cafile=str(postfix.ca_file))
    with smtplib.SMTP("localhost", postfix.port, timeout=10) as client:
        client.starttls(context=context)
        client.login("support@example.test", "secret")
        client.sendmail("support@example.test", ["b@example.net"], MAIL)
    relayed = relay_sink.wait_accepted(1)
    assert [each.message_id for each in relayed] == ["one@example.net"]
