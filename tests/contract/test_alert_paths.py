"""Webhook and second SMTP account, by which people are told, against real servers."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path

import pytest

from maildaemon import bootstrap
from maildaemon.adapters.alert import MailAlert, WebhookAlert
from maildaemon.adapters.smtp import SmtpTransport
from maildaemon.adapters.smtp_session import SmtpAccount
from maildaemon.domain.tokens import is_ours
from maildaemon.errors import AlertFailedError, SecretError
from maildaemon.ports.brakes import Alarm, Alert
from maildaemon.services.alert import tell_next
from tests.contract.test_alert import ALARM
from tests.fakes.pulse import FakeAlert
from tests.servers.dovecot import make_certificate
from tests.servers.process import HOST
from tests.servers.sink import SmtpSink
from tests.servers.webhook import Webhook
from tests.service.shop import KEY, Shop
from tests.unit.test_settings import MINIMAL, read

pytestmark = pytest.mark.sqlite


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        yield server


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    yield opened
    opened.close()


def by_mail(sink: SmtpSink, seconds: float = 20) -> MailAlert:
    account = SmtpAccount(HOST, sink.port, "none", "here.example")
    transport = partial(SmtpTransport, account)
    return MailAlert(transport, "alerts@b.example", "ops@b.example", KEY, seconds)


def test_the_webhook_gets_words_and_facts_as_json(webhook: Webhook) -> None:
    WebhookAlert(lambda: webhook.url).tell(ALARM)

    assert webhook.paths == ["/hook/s3cret?x=1"]
    assert webhook.got == [
        {
            "text": ALARM.text,
            "event": "brake.set",
            "mailbox": "support",
            "at": "2026-11-21T12:00:00+00:00",
            "count": 2,
            "over": False,
            "brake": "flood",
        }
    ]


@pytest.mark.parametrize(
    ("planned", "said"),
    [
        (500, "127.0.0.1 answered 500 Internal Server Error"),
        ("/elsewhere", "answered 307 Temporary Redirect; redirects are not followed"),
        ("trickle", "too slow"),
    ],
)
def test_a_webhook_that_does_not_take_it_is_told_without_its_address(
    webhook: Webhook, planned: int | str, said: str
) -> None:
    webhook.plan.append(planned)

    with pytest.raises(AlertFailedError, match=said) as failed:
        WebhookAlert(lambda: webhook.url, seconds=1).tell(ALARM)

    assert "s3cret" not in str(failed.value)
    assert len(webhook.paths) == 1


def test_the_certificate_of_a_webhook_is_verified(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_certificate(certificate, key)

    with Webhook((certificate, key)) as webhook:
        with pytest.raises(AlertFailedError, match="CERTIFICATE_VERIFY_FAILED"):
            WebhookAlert(lambda: webhook.url).tell(ALARM)
        assert webhook.got == []
        WebhookAlert(lambda: webhook.url, ca_file=str(certificate)).tell(ALARM)
        assert webhook.events == ["brake.set"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example/x", "must begin with https"),
        ("file:///etc/passwd", "must be a web address"),
        ("https://me:secret@hooks.example/x", "must be a web address"),
        ("https://hooks.example:port/x", "is no web address"),
        ("https://hooks.example/x y", "characters"),
        ("https://[::1/x", "is no web address"),
    ],
)
def test_what_is_no_address_of_a_webhook_is_told_and_nothing_is_asked(url: str, said: str) -> None:
    with pytest.raises(AlertFailedError, match=said):
        WebhookAlert(lambda: url).tell(ALARM)


def test_a_webhook_whose_secret_is_missing_is_told() -> None:
    def missing() -> str:
        raise SecretError("the environment variable HOOK is not set", where="alerts.webhook")

    with pytest.raises(AlertFailedError, match="HOOK is not set"):
        WebhookAlert(missing).tell(ALARM)


def test_the_second_smtp_account_sends_a_mail_that_nobody_answers(sink: SmtpSink) -> None:
    by_mail(sink).tell(ALARM)
    by_mail(sink).tell(ALARM)

    one, again = sink.wait_accepted(2)
    assert (one.mail_from, one.rcpt_to) == ("alerts@b.example", ("ops@b.example",))
    mail = message_from_bytes(one.raw, policy=policy.default)
    assert mail["Subject"] == f"[maildaemon] {ALARM.text}"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert is_ours(KEY, mail["X-Maildaemon-Loop"])
    assert mail.get_content().splitlines() == [
        ALARM.text,
        "",
        "This has happened 2 times since it was last told.",
        "",
        "brake.set, 2026-11-21 12:00 UTC",
    ]
    assert one.message_id == again.message_id


@pytest.mark.parametrize(
    ("verb", "fault", "said"),
    [
        ("CONNECT", "drop", HOST),
        ("MAIL", "451 not now", "451 not now"),
        ("RCPT", "550 no such user", "550 no such user"),
        ("DOT", "drop", "SMTP: "),
        ("EHLO", "stall", "took longer than 0.5 s"),
    ],
)
def test_a_mail_that_is_not_taken_is_told(sink: SmtpSink, verb: str, fault: str, said: str) -> None:
    sink.plan(verb, fault)

    with pytest.raises(AlertFailedError, match=said):
        by_mail(sink, 0.5 if fault == "stall" else 20).tell(ALARM)


@pytest.mark.mariadb
@pytest.mark.postgresql
def test_each_path_tells_by_itself_and_the_end_after_the_alarm(
    shop: Shop, webhook: Webhook, sink: SmtpSink
) -> None:
    paths: dict[str, Alert] = {
        "webhook": WebhookAlert(lambda: webhook.url),
        "smtp:ops@b.example": by_mail(sink),
    }
    out = Alarm("account.out", "support", "it is out", "imap")
    back = Alarm("account.recovered", "support", "it is back", "imap", ends=True)

    def tell() -> None:
        for path in paths:
            while tell_next(shop.store, paths, path, shop.now):
                pass

    def raised(*alarms: Alarm) -> None:
        for alarm in alarms:
            with shop.store.begin() as tx:
                tx.alerts.raise_alarm(alarm, shop.at)

    webhook.plan.extend([503, 503])
    raised(out, out)
    tell()
    shop.wait(seconds=30)
    raised(back)
    tell()
    assert webhook.got == []
    assert len(sink.wait_accepted(2)) == 2, "the one that works has told both"

    shop.wait(seconds=31)
    tell()
    assert webhook.got == [], "refused again; what is over waits for what it ends"
    shop.wait(minutes=6)
    tell()

    assert [(one["event"], one["count"]) for one in webhook.got] == [
        ("account.out", 2),
        ("account.recovered", 1),
    ]
    assert len(sink.wait_accepted(2)) == 2
    assert shop.rows("select distinct state from alert") == [("told",)]


def test_an_alarm_without_a_path_is_given_up_and_by_one_that_is_new_it_is_told(shop: Shop) -> None:
    with shop.store.begin() as tx:
        tx.alerts.raise_alarm(Alarm("disk.full", None, "full"), shop.at)
        tx.alerts.spread_alarms((), shop.at)
        tx.alerts.raise_alarm(Alarm("disk.full", None, "full"), shop.at)
    shop.tell()

    assert shop.rows("select state, path from alert order by id") == [
        ("given_up", None),
        ("told", "command"),
    ]


def test_each_path_is_made_from_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """webhook; host, port, security, username, password, ca_file, from, to, allow_insecure"""
    settings = read(
        MINIMAL
        + "alerts:\n"
        + "  command: [page]\n"
        + "  webhook: {env: HOOK}\n"
        + "  smtp: {host: mail.example.net, port: 2525, security: none, allow_insecure: yes,\n"
        + "    username: me, password: {env: WORD}, ca_file: ca.pem, from: a@b.example,\n"
        + "    to: [c@b.example, d@b.example]}\n"
    )
    monkeypatch.setenv("HOOK", "https://hooks.example/x")
    monkeypatch.setenv("WORD", "secret")
    paths = bootstrap.make_alerts(settings, KEY)

    assert [*paths] == ["command", "webhook", "smtp:c@b.example", "smtp:d@b.example"]
    webhook, mail = paths["webhook"], paths["smtp:d@b.example"]
    assert isinstance(webhook, WebhookAlert)
    assert webhook._url() == "https://hooks.example/x"
    assert isinstance(mail, MailAlert)
    assert (mail._sender, mail._recipient) == ("a@b.example", "d@b.example")
    transport = mail._transport()
    assert isinstance(transport, SmtpTransport)
    account = transport._account
    assert (account.host, account.port, account.security) == ("mail.example.net", 2525, "none")
    assert account.ca_file == Path("/etc/maildaemon/ca.pem")
    assert account.secret is not None
    assert (account.username, account.secret()) == ("me", "secret")


def test_an_alarm_of_an_hour_ago_does_not_hold_up_one_of_another_kind(shop: Shop) -> None:
    for event in ("mail.late", "mail.late", "mail.unseen"):
        with shop.store.begin() as tx:
            tx.alerts.raise_alarm(Alarm(event, "support", event), shop.at)
        shop.wait(minutes=1)
        shop.tell()

    assert [one.event for one in shop.alert.told] == ["mail.late", "mail.unseen"]
    shop.wait(hours=1)
    shop.tell()
    assert [one.event for one in shop.alert.told] == ["mail.late", "mail.unseen", "mail.late"]


def raise_and_tell(shop: Shop, paths: dict[str, Alert], *alarms: Alarm) -> None:
    with shop.store.begin() as tx:
        for alarm in alarms:
            tx.alerts.raise_alarm(alarm, shop.at)
    for path in paths:
        while tell_next(shop.store, paths, path, shop.now):
            pass


@pytest.mark.mariadb
@pytest.mark.postgresql
@pytest.mark.parametrize("at_once", [False, True])
def test_of_what_comes_and_goes_within_the_hour_the_last_word_is_how_it_is(
    shop: Shop, *, at_once: bool
) -> None:
    full = Alarm("disk.full", None, "full")
    over = Alarm("disk.recovered", None, "there is room", ends=True)
    raise_and_tell(shop, shop.alerts, full)
    for some in [(full, over, full)] if at_once else [(over,), (full,), (over,), (full,)]:
        shop.wait(minutes=2)
        raise_and_tell(shop, shop.alerts, *some)
    for _ in range(3):
        shop.wait(hours=1)
        raise_and_tell(shop, shop.alerts)

    told = [(one.event, one.count) for one in shop.alert.told]
    assert told[-1] == ("disk.full", 2)
    raise_and_tell(shop, shop.alerts, over)
    assert [one.event for one in shop.alert.told][-2:] == ["disk.full", "disk.recovered"]


def test_what_has_waited_for_a_path_that_nobody_serves_is_given_up_after_a_day(shop: Shop) -> None:
    shop.alert.broken = "the pager is out"
    raise_and_tell(shop, shop.alerts, Alarm("mail.late", "support", "late"))
    shop.alert.broken = None
    other: dict[str, Alert] = {"webhook": FakeAlert()}

    shop.wait(hours=23)
    raise_and_tell(shop, other)
    assert shop.rows("select state from alert") == [("waiting",)]
    shop.wait(hours=2)
    raise_and_tell(shop, other)
    shop.wait(days=90)
    raise_and_tell(shop, shop.alerts)

    assert shop.rows("select state from alert") == [("given_up",)]
    assert shop.alert.told == []
