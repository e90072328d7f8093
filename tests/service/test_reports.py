"""Reports about mail, true and forged: what they change, and what they never can."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from maildaemon.domain.policy import Mode
from tests.service.shop import Shop, a_mail
from tests.service.test_spine import a_bounce

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

CLARA = "clara@customer.example"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    yield opened
    opened.close()


def acknowledged(shop: Shop) -> str:
    """Let Clara be acknowledged; return the Message-ID of that mail, in brackets."""
    shop.write(a_mail())
    shop.round()
    return str(shop.customers_got[0]["Message-ID"])


def a_report(kind: str, fields: str, returned: str, subject: str = "Report") -> bytes:
    return (
        f"Return-Path: <>\r\nFrom: Provider <reports@provider.example>\r\n"
        f"To: support@shop.example\r\nSubject: {subject}\r\nMessage-ID: <r@provider.example>\r\n"
        "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="b"\r\n\r\n'
        "--b\r\n\r\nThis is a report.\r\n"
        f"--b\r\nContent-Type: message/{kind}\r\n\r\n{fields}\r\n\r\n{returned}--b--\r\n"
    ).encode()


def an_original(message_id: str) -> str:
    return f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\n\r\nhello\r\n"


def asks_again(shop: Shop) -> str | None:
    """Return why Clara's next question is not answered, None if it is."""
    shop.wait(hours=2)
    message_id = f"c{shop.now():%j%Y}@customer.example"
    again = a_mail(
        "Another question, please.", message_id=message_id, subject="New", date=shop.now()
    )
    shop.write(again)
    shop.round()
    newest = "select silence from message where kind = 'customer' order by id desc limit 1"
    silence: str | None = shop.rows(newest)[0][0]
    return silence


@pytest.mark.postgresql
def test_a_notice_in_plain_words_marks_the_address_like_a_report(shop: Shop) -> None:
    ours = acknowledged(shop)
    shop.write(
        (
            "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: support@shop.example\r\n"
            "Subject: failure notice\r\nMessage-ID: <q@mx.example>\r\n"
            "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n\r\n"
            "Hi. This is the qmail-send program at mx.example.\r\n\r\n"
            f"<{CLARA}>:\r\nSorry, no mailbox here by that name.\r\n\r\n"
            "--- Below this line is a copy of the message.\r\n\r\n"
            f"Message-ID: {ours}\r\n"
        ).encode()
    )
    shop.round()

    assert shop.rows("select kind, thread_id from message where kind = 'bounce'") == [("bounce", 1)]
    assert shop.rows("select status from undeliverable") == [("5.1.1",)]
    assert asks_again(shop) == "address_undeliverable"


def test_a_bounce_that_returns_nothing_is_known_by_what_it_answers(shop: Shop) -> None:
    ours = acknowledged(shop)
    shop.write(
        (
            "Return-Path: <>\r\nFrom: postmaster@mx.example\r\nTo: support@shop.example\r\n"
            f"Subject: Undeliverable: your mail\r\nIn-Reply-To: {ours}\r\n"
            "Message-ID: <q@mx.example>\r\nDate: Sat, 21 Nov 2026 12:00:00 +0000\r\n\r\n"
            f"Your message to <{CLARA}> could not be delivered: user unknown\r\n"
        ).encode()
    )
    shop.round()

    assert shop.rows("select thread_id from message where kind = 'bounce'") == [(1,)]


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "words", ["4.2.2 mailbox full", "Delivery attempts will continue to be made"]
)
def test_a_delay_joins_the_thread_and_marks_nobody(shop: Shop, words: str) -> None:
    ours = acknowledged(shop)
    shop.write(
        a_bounce(CLARA, ours)
        .replace(b"Action: failed", b"Action: delayed")
        .replace(b"Status: 5.1.1", b"Status: 4.2.2")
        .replace(b"550 5.1.1 no such user", words.encode())
    )
    shop.round()

    assert shop.rows("select kind, thread_id from message where kind = 'delayed'") == [
        ("delayed", 1)
    ]
    assert shop.rows("select count(*) from undeliverable") == [(0,)]
    assert asks_again(shop) is None


def test_whoever_holds_our_mail_can_declare_nobody_dead_but_himself(shop: Shop) -> None:
    ours = acknowledged(shop)
    # A colleague of Clara's joins the thread: a participant, whom that mail did not go to.
    shop.write(
        a_mail("And I have one more.", message_id="c2@c.example", Cc="otto@customer.example")
    )
    shop.round()
    for address in ("otto@customer.example", "victim@elsewhere.example", "support@shop.example"):
        shop.write(
            a_bounce(address, ours).replace(b"<bounce-", f"<{address}-".replace("@", ".").encode())
        )
    shop.round()

    assert shop.rows("select count(*) from undeliverable") == [(0,)]


@pytest.mark.postgresql
def test_a_report_on_a_mail_that_was_only_rehearsed_is_forged(tmp_path: Path) -> None:
    shop = Shop(tmp_path, mode=Mode.SHADOW)
    shop.start()
    shop.write(a_mail())
    shop.round()
    ((rehearsed,),) = shop.rows("select message_id from outbox")
    shop.write(a_bounce(CLARA, f"<{rehearsed}>"))
    shop.round()

    assert shop.rows("select count(*) from undeliverable") == [(0,)]
    assert shop.rows("select thread_id from message where kind = 'bounce'") == [(None,)]
    shop.close()


def test_a_report_on_the_customers_own_mail_is_about_none_of_ours(shop: Shop) -> None:
    acknowledged(shop)
    shop.write(a_bounce(CLARA, "<c1@customer.example>"))
    shop.round()

    assert shop.rows("select count(*) from undeliverable") == [(0,)]
    assert shop.rows("select thread_id from message where kind = 'bounce'") == [(None,)]


def test_a_forged_report_takes_nothing_out_of_the_queue_and_closes_no_thread(shop: Shop) -> None:
    shop.write(a_mail())
    shop.write(a_bounce(CLARA, "<forged@shop.example>"))
    shop.round()

    assert len(shop.customers_got) == 1
    assert shop.rows("select status from thread") == [("open",)]


def test_whoever_calls_our_mail_spam_gets_nothing_automatic_any_more(shop: Shop) -> None:
    ours = acknowledged(shop)
    fields = (
        "Feedback-Type: abuse\r\nUser-Agent: Provider/1.0\r\nVersion: 1\r\n"
        "Original-Rcpt-To: <hidden@provider.example>"
    )
    shop.write(a_report("feedback-report", fields, an_original(ours)))
    shop.round()

    assert shop.rows("select kind, thread_id from message where kind = 'receipt'") == [
        ("receipt", 1)
    ]
    assert asks_again(shop) == "muted"
    shop.wait(days=700)
    shop.look()
    assert asks_again(shop) == "muted"


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure"])
def test_a_feedback_report_that_is_no_complaint_changes_nothing(shop: Shop, kind: str) -> None:
    ours = acknowledged(shop)
    shop.write(a_report("feedback-report", f"Feedback-Type: {kind}", an_original(ours)))
    shop.round()

    assert asks_again(shop) is None


def test_a_forged_complaint_changes_nothing(shop: Shop) -> None:
    acknowledged(shop)
    fields = f"Feedback-Type: abuse\r\nOriginal-Rcpt-To: <{CLARA}>"
    shop.write(a_report("feedback-report", fields, an_original("<forged@shop.example>")))
    shop.round()

    assert asks_again(shop) is None


@pytest.mark.postgresql
def test_a_read_receipt_joins_the_thread_of_our_mail_and_changes_nothing(shop: Shop) -> None:
    ours = acknowledged(shop)
    fields = (
        f"Final-Recipient: rfc822;{CLARA}\r\nOriginal-Message-ID: {ours}\r\n"
        "Disposition: manual-action/MDN-sent-manually; displayed"
    )
    shop.write(a_report("disposition-notification", fields, ""))
    shop.round()

    assert shop.rows("select kind, thread_id from message where kind = 'receipt'") == [
        ("receipt", 1)
    ]
    assert shop.rows("select status from thread") == [("open",)]
    assert asks_again(shop) is None


@pytest.mark.postgresql
def test_a_receipt_of_delivery_is_no_bounce(shop: Shop) -> None:
    ours = acknowledged(shop)
    for action in ("delivered", "relayed", "expanded"):
        shop.write(
            a_bounce(CLARA, ours)
            .replace(b"Action: failed", f"Action: {action}".encode())
            .replace(b"<bounce-", f"<{action}-".encode())
        )
    shop.round()

    assert shop.rows("select distinct kind, thread_id from message where kind = 'receipt'") == [
        ("receipt", 1)
    ]
    assert shop.rows("select count(*) from undeliverable") == [(0,)]
