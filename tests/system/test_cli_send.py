"""`check --send`: a mail from the mailbox to itself goes the whole way, and nobody answers it."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon.adapters.sql.reading import open_reading
from tests.servers.dovecot import Account
from tests.servers.post import Post
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import Installation, a_config, a_letter, end, imap_of, smtp_of

UNAVAILABLE = 69


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


@contextmanager
def a_server(here: Installation, account: Account, post: Post) -> Iterator[SmtpSink]:
    """Yield a submission server that does this with what it takes, and have it configured."""
    with SmtpSink(
        here.folder / "accepted.jsonl",
        security="starttls",
        certificate=(account.server.ca_file, account.server.key_file),
        require_auth=True,
        files_sent=post,
    ) as sink:
        text = a_config(imap_of(account), smtp_of(sink, account))
        here.config.write_text(text.replace("support@example.test", account.user))
        yield sink


def files_sent(here: Installation) -> bool | None:
    with closing(open_reading(f"sqlite:///{here.data}/maildaemon.db")) as store, store.read() as tx:
        return tx.mailboxes.ensure("support").server_files_sent


def of_check(here: Installation, *more: str) -> dict[str, dict[str, Any]]:
    outcome = here.call("check", "--send", "--json", *more)
    return {one["check"]: one for one in map(json.loads, outcome.out.splitlines())}


def test_the_mail_arrives_and_is_nobodys_question(here: Installation, account: Account) -> None:
    with a_server(here, account, Post(account)) as sink, here.running() as process:
        wait_until(lambda: "mailbox.started" in here.log, 30, "the daemon reads the mailbox")

        outcome = here.call("check", "--send")

        assert outcome.code == 0, outcome.out + outcome.err
        assert "✓ support: the mail to ourselves arrived in `INBOX` after" in outcome.out
        assert "✓ support: clock: at most" in outcome.out
        assert "✓ support: Sent: the server files what is sent by itself, in `Sent`" in outcome.out
        assert f"waiting for the mail to {account.user}" in outcome.err
        assert "the mail to ourselves is deleted again, in `INBOX`, `Sent`" in outcome.out
        assert account.messages() == account.messages("Sent") == []
        account.deliver(a_letter("customer"))
        wait_until(lambda: len(sink.accepted()) == 2, 60, "the customer is answered")
        assert end(process) == 0

    ours, answer = sink.accepted()
    assert ours.rcpt_to == (account.user,)
    assert b"Auto-Submitted: auto-generated" in ours.raw
    assert answer.rcpt_to == ("anna@example.net",)
    assert files_sent(here) is True
    [thread] = map(json.loads, here.call("threads", "list", "--json").out.splitlines())
    assert thread["messages"] == 1
    assert here.call("status").code == 0
    assert "brake" not in here.log
    assert here.call("audit").code == 0


def test_junk_is_told_and_so_is_a_clock_that_is_wrong(here: Installation, account: Account) -> None:
    class Late(Post):
        def file(self, raw: bytes) -> None:
            account.file(raw, "Junk", at=datetime.now(UTC) - timedelta(hours=1))
            account.file(raw, "Sent")

    with a_server(here, account, Late(account)):
        found = of_check(here)

    assert found["arrival"]["result"] == "warning"
    assert "in `Junk`" in found["arrival"]["what"]
    assert "SPF, DKIM" in found["arrival"]["advice"]
    assert found["clock"]["result"] == "warning"
    assert "NTP" in found["clock"]["advice"]


def test_a_server_that_will_not_have_it_is_quoted(here: Installation, account: Account) -> None:
    with a_server(here, account, Post(account)) as sink:
        sink.always("MAIL", "550 5.7.1 you are not support")
        outcome = here.call("check", "--send")

    assert outcome.code == UNAVAILABLE
    assert "550 5.7.1 you are not support" in outcome.out
    assert "see whether the account may send as" in outcome.out
    assert account.messages() == []


def test_nothing_is_sent_where_the_login_fails(here: Installation, account: Account) -> None:
    with a_server(here, account, Post(account)) as sink:
        outcome = here.call("check", "--send", SUPPORT_PASSWORD="wrong")

        assert outcome.code == UNAVAILABLE
        assert sink.accepted() == []


def test_the_name_that_the_server_signs_with_is_told(here: Installation, account: Account) -> None:
    for number in range(12):
        results = f"Authentication-Results: mx.example.test; spf=pass (a; b)\r\n smtp.mailfrom=x{number}.example"
        letter = a_letter(f"n{number}", "S", "Hello", results)
        account.deliver(letter.replace(b"@example.net", b"@x%d.example" % number))
    with a_server(here, account, Post(account)):
        outcome = here.call("check", "--connect")
        assert "your server signs as `mx.example.test`" in outcome.out
        assert "`authserv_id: mx.example.test`" in outcome.out

        named = here.config.read_text().replace(
            "    imap:", "    authserv_id: other.test\n    imap:"
        )
        here.config.write_text(named)
        outcome = here.call("check", "--connect")
        assert "! warning: support: authserv_id is `other.test`, but the newest mail" in outcome.out
        account.deliver(a_letter("without"))
        assert "authserv" not in here.call("check", "--connect").out
