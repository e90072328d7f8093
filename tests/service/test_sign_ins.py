"""A sign-in by OAuth2 that ends: one alarm, nothing lost, and all goes on after the next one."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from maildaemon.adapters.identity import IdentityServer
from maildaemon.adapters.imap import ImapMailbox
from maildaemon.adapters.imap_login import ImapServer
from maildaemon.adapters.smtp import SmtpTransport
from maildaemon.adapters.tokens import Bearer, SignIn
from maildaemon.errors import MaildaemonError
from maildaemon.services.crew import Step
from maildaemon.services.daemon import Daemon
from maildaemon.services.sign_ins import look_after
from tests.fakes.submission import QUICK, an_account
from tests.servers.dovecot import Account, Dovecot
from tests.servers.identity import Identity
from tests.servers.process import HOST
from tests.servers.sink import SmtpSink
from tests.service.shop import Shop, a_mail
from tests.service.test_daemon import a_daemon

pytestmark = pytest.mark.sqlite


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def account(token_dovecot: Dovecot) -> Account:
    return token_dovecot.account("shop@token.test")


@pytest.fixture
def identity_at_work(fresh_identity: Identity, shop: Shop) -> Identity:
    """The identity server, by the shop's clock."""
    fresh_identity.user, fresh_identity.now = "shop@token.test", shop.now
    return fresh_identity


@pytest.fixture
def sign_in(tmp_path: Path, shop: Shop, identity_at_work: Identity) -> SignIn:
    """How the shop comes by its tokens; somebody has just signed in."""
    server = IdentityServer(identity_at_work.application, None, "support")
    made = SignIn(tmp_path / "support.json", server, "shop@token.test", "support", shop.now)
    sign_in_anew(made)
    return made


def sign_in_anew(sign_in: SignIn) -> None:
    server = sign_in.identity
    sign_in.keep(server.wait_for_device(server.begin_device_login(), lambda _: None))


async def live(shop: Shop, daemon: Daemon, span: timedelta, step: timedelta) -> None:
    """Let every loop work now and then, and tell what is to be told."""
    [crew] = daemon._crews
    end = shop.at + span
    while shop.at < end:
        for one in (Step.RECEIVE, Step.PROCESS, Step.DELIVER, Step.SETTLE):
            with suppress(MaildaemonError):
                await daemon._step(crew, one)()
        for loop in (daemon._steps.watch, daemon._steps.keep_signed_in):
            with suppress(MaildaemonError):
                await loop(crew)
        while shop.tell():
            pass
        shop.at += step


def told(shop: Shop) -> list[str]:
    return [one.event for one in shop.alert.told]


def test_a_withdrawn_sign_in_is_told_once_within_minutes_and_nothing_is_lost(
    shop: Shop, sign_in: SignIn, identity_at_work: Identity, account: Account, tmp_path: Path
) -> None:
    def takes(user: str, token: str) -> bool:
        return identity_at_work.introspect(token) == {"active": True, "email": user}

    server = ImapServer(
        HOST, account.server.imap_port, "none", account.user, bearer=Bearer(sign_in, shop.now)
    )
    shop.mailbox = ImapMailbox(server)  # type: ignore[assignment]
    watch = ImapMailbox(replace(server, bearer=Bearer(sign_in, shop.now)))
    minute, ten = timedelta(minutes=1), timedelta(minutes=10)

    def credential() -> str:
        return sha256("/".join(sign_in.credential()).encode()).hexdigest()

    def write(name: str) -> None:
        raw = a_mail(sender=f"{name}@x.example", message_id=f"{name}@x.example", date=shop.at)
        account.file(raw, at=shop.at)

    with SmtpSink(tmp_path / "accepted", takes_token=takes, require_auth=True) as sink:
        bearer = Bearer(sign_in, shop.now)
        transport = an_account(sink.port, username=account.user, bearer=bearer)
        shop.transport = SmtpTransport(transport, replace(QUICK, idle=0))  # type: ignore[assignment]
        daemon, _ = a_daemon(shop)
        [crew] = daemon._crews
        daemon._crews = (
            replace(
                *(crew,),
                watch=watch,
                idle=timedelta(0),
                sign_ins=(sign_in,),
                imap_credential=credential,
                smtp_credential=credential,
            ),
        )

        async def days() -> None:
            await live(shop, daemon, timedelta(minutes=3), minute)
            write("before")
            await live(shop, daemon, timedelta(hours=3), ten)
            assert [one.rcpt_to for one in sink.accepted()] == [("before@x.example",)]
            assert identity_at_work.count("refresh_token") >= 2, "it was renewed unseen"
            assert told(shop) == []

            identity_at_work.revoke()
            shop.mailbox.close()  # as Google does, when a password was changed
            watch.close()
            write("after")
            begun_at = shop.at
            await live(shop, daemon, timedelta(minutes=5), timedelta(seconds=20))
            assert told(shop) == ["account.stopped"]
            assert shop.alert.told[0].at - begun_at <= timedelta(minutes=3)
            assert "maildaemon auth support" in shop.alert.told[0].text
            await live(shop, daemon, timedelta(hours=12), ten)
            assert told(shop) == ["account.stopped"]

            sign_in_anew(sign_in)
            await live(shop, daemon, timedelta(minutes=5), timedelta(seconds=20))
            await daemon.close()

        asyncio.run(days())
        assert told(shop) == ["account.stopped", "account.recovered"]
        assert [one.rcpt_to[0] for one in sink.accepted()] == [
            "before@x.example",
            "after@x.example",
        ]
    assert shop.rows("select count(*) from message where kind = 'customer'") == [(2,)]


def test_an_end_that_no_use_puts_off_is_told_in_time_and_once_a_day(
    shop: Shop, sign_in: SignIn, identity_at_work: Identity
) -> None:
    ends_at = shop.at + timedelta(days=7)
    identity_at_work.refresh_left = lambda: max((ends_at - shop.at).total_seconds(), 1)
    sign_in_anew(sign_in)
    while shop.at < ends_at - timedelta(minutes=10):
        look_after(shop.store, sign_in, shop.desk, shop.at)
        while shop.tell():
            pass
        shop.wait(hours=2)

    texts = [one.text for one in shop.alert.told]
    assert set(told(shop)) == {"login.ending"}
    assert 3 <= len(texts) <= 4, "once a day, for three days"
    assert "shop@token.test ends on 2026-11-28 12:00 UTC" in texts[0]
    assert "maildaemon auth support" in texts[0]


def test_an_end_that_each_use_puts_off_is_no_reason_to_tell_anybody(
    shop: Shop, sign_in: SignIn, identity_at_work: Identity
) -> None:
    identity_at_work.refresh_left = lambda: 2 * 24 * 3600
    sign_in_anew(sign_in)
    for _ in range(40):
        look_after(shop.store, sign_in, shop.desk, shop.at)
        shop.wait(hours=2)

    assert shop.rows("select count(*) from alert") == [(0,)]
    assert sign_in.token().value in identity_at_work.access
