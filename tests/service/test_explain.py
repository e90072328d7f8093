"""`explain` says what the daemon would do, by the same code, and does nothing of it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from maildaemon.adapters.sql.reading import ScratchStore
from maildaemon.domain.automatic import Kind, Silence
from maildaemon.domain.delivery import Section
from maildaemon.domain.policy import Mode
from maildaemon.domain.threads import MatchRule
from maildaemon.ports import Role
from maildaemon.services.desk import Desk
from maildaemon.services.explain import (
    Arrival,
    Correspondence,
    Explanation,
    draft_of,
    explain,
    read_message,
)
from tests.service.shop import KEY, START, InProcessParser, Shop, a_policy

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.close()


def a_mail(
    name: str,
    *more: str,
    sender: str = "anna@example.net",
    subject: str = "Where is my order?",
    text: str = "Good morning, my order has not arrived yet.",
    date: str = "Sat, 21 Nov 2026 11:59:00 +0000",
) -> bytes:
    lines = (
        f"From: Anna <{sender}>",
        "To: support@shop.example",
        f"Subject: {subject}",
        f"Message-ID: <{name}@example.net>",
        f"Date: {date}",
        *more,
        "",
        text,
    )
    return "\r\n".join(lines).encode()


def judge(shop: Shop, raw: bytes, role: Role = Role.INBOX) -> Explanation:
    message = read_message(InProcessParser(), shop.desk, raw)
    with shop.sql.read() as tx:
        return explain(tx, shop.desk, message, Arrival(shop.now(), shop.now(), role))


def test_what_is_explained_is_what_then_happens(shop: Shop) -> None:
    shop.round()
    raw = a_mail("first")

    explanation = judge(shop, raw)
    shop.write(raw)
    shop.round()

    mail = explanation.decision.mail
    assert mail is not None
    assert (mail.sections, mail.to.address) == ((Section.ACKNOWLEDGEMENT,), "anna@example.net")
    [sent] = shop.customers_got
    draft = draft_of(shop.desk, explanation, shop.now())
    assert draft is not None
    assert sent["Message-ID"] == f"<{draft.message_id}>"
    assert draft.reference in sent["Subject"]


@pytest.mark.postgresql
def test_explaining_writes_nothing(shop: Shop) -> None:
    shop.round()

    judge(shop, a_mail("first"))

    for table in ("message", "thread", "outbox", "inbound", "event"):
        assert shop.rows(f"select count(*) from {table}") == [(0,)]


def test_a_message_that_is_recorded_is_said_to_be_known(shop: Shop) -> None:
    shop.round()
    shop.write(a_mail("first"))
    shop.round()

    assert judge(shop, a_mail("first")).recorded == 1
    assert judge(shop, a_mail("second")).recorded is None


@pytest.mark.postgresql
def test_known_ids_and_threads_of_the_database_count(shop: Shop) -> None:
    shop.round()
    shop.write(a_mail("first"))
    shop.round()
    [(reference,)] = shop.rows("select reference from thread")

    explanation = judge(shop, a_mail("second", "In-Reply-To: <first@example.net>"))

    assert explanation.decision.match.rule is MatchRule.IN_REPLY_TO
    assert explanation.reference == reference
    assert explanation.decision.silence is not None


def test_what_was_found_in_sent_is_ours(shop: Shop) -> None:
    explanation = judge(shop, a_mail("answer", sender="support@shop.example"), Role.SENT)

    assert explanation.decision.judgement.kind is Kind.STAFF
    assert explanation.decision.silence is Silence.OWN_ADDRESS


def test_of_a_message_that_is_too_large_only_the_header_is_read(shop: Shop) -> None:
    header = "Content-Type: application/pdf; name=large.pdf"
    raw = a_mail("large", header, text="x" * shop.desk.policy.max_message_size)

    message = read_message(InProcessParser(), shop.desk, raw)

    assert (message.message_id, message.size) == ("large@example.net", len(raw))
    assert (message.text.strip(), message.attachments) == ("", ())
    assert message.header_only


def test_a_series_threads_its_files_in_order() -> None:
    letters = [
        a_mail("a"),
        a_mail("b", sender="berta@example.org", subject="Another matter"),
        a_mail("c", "In-Reply-To: <a@example.net>"),
        a_mail("d", "References: <a@example.net> <c@example.net>"),
    ]

    series = in_series(letters)

    assert [(one.reference, one.parent) for one in series] == [
        ("T1", None),
        ("T2", None),
        ("T1", "0"),
        ("T1", "2"),
    ]


def test_a_stranger_in_a_series_opens_a_thread_but_his_parent_is_named() -> None:
    intruder = a_mail("b", "In-Reply-To: <a@example.net>", sender="mallory@example.com")

    [_, stranger] = in_series([a_mail("a"), intruder])

    assert (stranger.reference, stranger.parent) == ("T2", "0")
    assert stranger.why == "mallory@example.com takes no part in T1"


def test_a_parent_that_comes_after_its_answer_is_named_in_the_end() -> None:
    answer = a_mail("b", "In-Reply-To: <a@example.net>")

    [child, parent] = in_series([answer, a_mail("a")])

    assert (child.parent, parent.parent) == ("1", None)
    assert child.reference == parent.reference


def test_a_series_is_judged_as_if_its_mails_were_sent() -> None:
    [first, second] = in_series([a_mail("a"), a_mail("b", "In-Reply-To: <a@example.net>")])

    assert first.decision.mail is not None
    assert second.decision.silence is not None


def test_a_message_that_comes_twice_in_a_series_keeps_its_thread() -> None:
    [_, again] = in_series([a_mail("a"), a_mail("a")])

    assert (again.reference, again.recorded) == ("T1", 1)


def in_series(letters: list[bytes]) -> list[Explanation]:
    store = ScratchStore()
    with store.begin() as tx:
        mailbox_id = tx.mailboxes.ensure("support").mailbox_id
    desk = Desk(mailbox_id, a_policy(mode=Mode.SHADOW), KEY, timedelta(days=30))
    series = Correspondence(store)
    explanations = []
    for number, raw in enumerate(letters):
        message = read_message(InProcessParser(), desk, raw)
        at = START + timedelta(minutes=number)
        explanations.append(series.add(str(number), desk, message, Arrival(at, at)))
    store.close()
    return [series.settled(one) for one in explanations]
