"""A wrong password for a day, counted by the servers; put right, it works at once."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from maildaemon.adapters.imap import ImapMailbox
from maildaemon.adapters.imap_login import ImapServer
from maildaemon.adapters.smtp import SmtpTransport
from maildaemon.errors import MaildaemonError
from maildaemon.services.crew import Step
from maildaemon.services.daemon import Daemon
from tests.fakes.submission import QUICK, a_tls_account
from tests.servers.dovecot import Account, Dovecot
from tests.servers.process import HOST
from tests.servers.sink import SmtpSink
from tests.service.shop import Shop, a_mail
from tests.service.test_daemon import a_daemon

pytestmark = pytest.mark.sqlite


class Secret:
    """A password as it stands in the configuration now."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __call__(self) -> str:
        return self.word


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    yield opened
    opened.close()


async def live(shop: Shop, daemon: Daemon, span: timedelta) -> None:
    """Let the loops work now and then, in any order, and tell what is to be told."""
    [crew] = daemon._crews
    # At first the daemon waits for less than a minute, later for hours.
    end, quick_until = shop.at + span, shop.at + timedelta(minutes=5)
    while shop.at < end:
        for step in (Step.DELIVER, Step.SETTLE, Step.RECEIVE, Step.PROCESS):
            with suppress(MaildaemonError):
                await daemon._step(crew, step)()
        with suppress(MaildaemonError):
            await daemon._steps.watch(crew)
        while shop.tell():
            pass
        shop.wait(minutes=1 if shop.at < quick_until else 20)


def told(shop: Shop) -> list[str]:
    return [one.event for one in shop.alert.told if one.event.startswith("account.")]


@pytest.mark.parametrize("worked_before", [False, True])
def test_imap_is_asked_six_times_a_day_and_works_as_soon_as_the_password_is_right(
    shop: Shop, account: Account, dovecot: Dovecot, worked_before: bool
) -> None:
    secret = Secret(account.password if worked_before else "wrong")
    server = ImapServer(HOST, dovecot.imap_port, "none", account.user, secret)
    shop.mailbox = ImapMailbox(server)  # type: ignore[assignment]
    daemon, _ = a_daemon(shop)
    [crew] = daemon._crews
    watch = ImapMailbox(server)
    daemon._crews = (replace(crew, imap_credential=secret, watch=watch, idle=timedelta(0)),)

    async def a_day() -> None:
        if worked_before:
            await live(shop, daemon, timedelta(minutes=3))
            secret.word = "changed by somebody"
            shop.mailbox.close()
            watch.close()
        await live(shop, daemon, timedelta(hours=24))
        refused = re.findall(rf"\(auth failed, .* user=<{account.user}>", dovecot.log)
        assert 5 <= len(refused) <= 6
        assert told(shop) == ["account.stopped"]
        secret.word = account.password
        await live(shop, daemon, timedelta(minutes=1))
        await daemon.close()

    asyncio.run(a_day())

    assert told(shop) == ["account.stopped", "account.recovered"]
    with shop.store.read() as tx:
        assert tx.mailboxes.account(shop.desk.mailbox_id, "imap").refusals == 0


def test_smtp_is_asked_six_times_a_day_and_sends_as_soon_as_the_password_is_right(
    shop: Shop, tls_sink: SmtpSink, dovecot: Dovecot
) -> None:
    shop.start()
    for number in range(3):
        shop.write(a_mail(sender=f"c{number}@x.example", message_id=f"c{number}@x.example"))
    secret = Secret("wrong")
    server = a_tls_account(tls_sink, dovecot, secret=secret)
    shop.transport = SmtpTransport(server, QUICK)  # type: ignore[assignment]
    daemon, _ = a_daemon(shop)
    [crew] = daemon._crews
    daemon._crews = (replace(crew, smtp_credential=secret, idle=timedelta(0)),)

    async def a_day() -> None:
        await live(shop, daemon, timedelta(hours=23))
        assert 5 <= tls_sink.commands.count("AUTH") <= 6
        assert told(shop) == ["account.stopped"]
        secret.word = tls_sink.password
        begun_at = shop.at
        while len(tls_sink.accepted()) < 3:
            await live(shop, daemon, timedelta(seconds=1))
        assert shop.at - begun_at <= timedelta(minutes=3), "one mail each time, and all at once"
        await daemon.close()

    asyncio.run(a_day())

    assert len(tls_sink.accepted()) == 3
    assert told(shop) == ["account.stopped", "account.recovered"]
