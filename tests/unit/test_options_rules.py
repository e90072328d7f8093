"""What rules and order numbers of a configuration do to a mail, from its bytes to its answer."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from maildaemon.bootstrap import make_composer, make_lookup
from maildaemon.domain.automatic import Silence
from maildaemon.domain.decide import Decision, decide
from maildaemon.domain.delivery import Section
from maildaemon.domain.threads import Status
from maildaemon.domain.understanding import (
    AfterAnswer,
    Link,
    OrderNumber,
    Priority,
    Understanding,
)
from maildaemon.mail.parse import parse_message
from maildaemon.services.desk import Desk
from maildaemon.services.lookup import look_up
from maildaemon.services.respond import draft_response
from maildaemon.settings import read_settings
from tests.builders import HOUR, NOW, a_context, a_thread, in_thread
from tests.service.shop import PNG, a_mail
from tests.unit.test_settings import MINIMAL, policy_of, read
from tests.unit.test_templates import written

SATURDAY = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def decided(options: str, body: str = "The vase arrived broken.", **mail: Any) -> Decision:
    """Return what is decided about a customer's mail under these options."""
    at = mail.pop("received_at", NOW)
    raw = a_mail(body, **{"to": "support@example.com", "date": at, **mail})
    policy = policy_of(f"{MINIMAL}{options}")
    message = parse_message(raw, policy.reading).message
    return decide(message, a_context(policy=policy, received_at=at, recorded_at=at, now=at))


def matches(when: str, body: str = "The vase arrived broken.", **mail: Any) -> bool:
    """Tell whether a rule with this condition matches."""
    options = f"rules: [{{name: it, when: {{{when}}}, set: {{category: it}}}}]\n"
    return decided(options, body, **mail).understanding.rules == ("it",)


def test_a_rule_says_what_a_mail_is_about_and_is_named() -> None:
    options = """rules:
  - name: damaged on delivery
    when: {any: [broken]}
    set: {category: shipping, priority: urgent, tags: [damage, glass], promise: high}
"""

    assert decided(options).understanding == Understanding(
        category="shipping",
        priority=Priority.URGENT,
        tags=("damage", "glass"),
        promise=Priority.HIGH,
        rules=("damaged on delivery",),
    )
    assert decided(options, "All is well.").understanding == Understanding()


def test_words_are_looked_for_with_any_all_none_and_in() -> None:
    assert matches("any: [damaged, broken]")
    assert not matches("any: [damaged]")
    assert matches("all: [vase, BROKEN]")
    assert not matches("all: [vase, damaged]")
    assert matches("any: [broken], none: [newsletter]")
    assert not matches("any: [broken], none: [vase]")
    assert matches("any: [broken], in: [text]")
    assert not matches("any: [broken], in: [subject]")
    assert matches("any: [broken], in: [subject]", subject="Broken vase")
    assert matches("any: ['/vase .* bro.en/']")
    quoted = "On Mon, 23 Nov 2026 at 10:00, Shop <support@example.com> wrote:\n> It is broken.\n"
    assert not matches("any: [broken]", f"Thank you for that.\n\n{quoted}")


def test_a_rule_can_ask_for_the_sender() -> None:
    assert matches("sender: [clara@CUSTOMER.example]")
    assert matches("sender: ['@customer.example']")
    assert matches("sender: ['/^clara@/']")
    assert not matches("sender: [customer.example, '@omer.example', '/^anna@/']")


def test_a_rule_can_ask_for_the_recipient() -> None:
    returns = "recipient: [returns@example.com]"

    assert matches(returns, to="Support@example.com, Returns@example.com")
    assert matches(returns, Delivered_To="returns+box@example.com")
    assert not matches(returns)


def test_a_rule_can_ask_for_attachments() -> None:
    photo = (("photo.png", "image/png", PNG),)

    assert matches("attachments: [image/*]", files=photo)
    assert matches("attachments: [image/png, application/pdf]", files=photo)
    assert not matches("attachments: [application/pdf]", files=photo)
    assert not matches("attachments: [image/*]")


def test_a_rule_can_ask_for_the_language() -> None:
    italian = "Buongiorno, il vaso è arrivato rotto e vorrei sapere come fare il reso."

    assert matches("language: [it]", italian)
    assert matches("language: [de, it]", italian)
    assert not matches("language: [it]", "Good morning, the vase arrived broken and I am sad.")


def test_a_rule_can_ask_whether_the_shop_is_open() -> None:
    rule = "rules: [{name: it, when: {hours: closed}, set: {category: it}}]\n"
    usual = decided(rule, received_at=SATURDAY).understanding
    options = f"hours: {{timezone: Europe/Rome, open: {{sat: 9:00-13:30, mon: 9-18}}}}\n{rule}"
    hours = options.replace("9-18", "'9:00-18:00'")

    assert usual.rules == ("it",)
    assert decided(rule, received_at=NOW).understanding.rules == ()
    # It is an hour later in Rome.
    assert decided(hours, received_at=SATURDAY).understanding.rules == ()
    assert decided(hours, received_at=SATURDAY + HOUR / 2).understanding.rules == ("it",)


NEEDS = """order_numbers: [{name: order, pattern: '\\b(\\d{6})\\b'}]
rules: [{name: damage, when: {any: [broken]}, need: [order_number, photo, question]}]
"""


def test_need_asks_for_what_is_missing() -> None:
    mail = decided(NEEDS).mail
    assert mail is not None
    assert mail.missing == ("order_number", "photo", "question")
    assert mail.sections == (Section.ACKNOWLEDGEMENT, Section.MISSING_FACTS)

    whole = "Vase 123456 is broken. What now?"
    mail = decided(NEEDS, whole, files=(("photo.png", "image/png", PNG),)).mail
    assert mail is not None
    assert mail.missing == ()
    assert mail.sections == (Section.ACKNOWLEDGEMENT,)


def test_faq_links_stand_in_the_acknowledgement_with_title_and_url() -> None:
    options = """rules:
  - name: damage
    when: {any: [broken]}
    faq: [{title: Our returns, url: 'https://shop.example/returns'}]
"""
    settings = read(f"{MINIMAL}{options}")
    policy = policy_of(f"{MINIMAL}{options}")
    message = parse_message(
        a_mail("Broken?", to="support@example.com", date=NOW), policy.reading
    ).message
    mail = decide(message, a_context(policy=policy)).mail
    assert mail is not None
    desk = Desk(1, policy, bytes(32), HOUR)
    draft = draft_response(desk, message, mail, "K7F3-Q2", NOW)
    _, text, html = written(make_composer(settings), draft)

    assert mail.sections == (Section.ACKNOWLEDGEMENT, Section.FAQ)
    assert mail.faq == (Link("Our returns", "https://shop.example/returns"),)
    assert re.search(r"- Our returns\n +https://shop.example/returns\n", text)
    assert '<a href="https://shop.example/returns">Our returns</a>' in html


def test_mute_sends_nothing_at_all() -> None:
    options = "rules: [{name: partner, when: {any: [broken]}, need: [photo], mute: yes}]\n"

    decision = decided(options)

    assert decision.silence is Silence.MUTED
    assert decision.understanding.mute
    assert decided(options, "Hello, is it here?").silence is None


def test_a_rule_can_assign_forward_and_say_after_answer() -> None:
    options = """partners: [{name: watchmaker, address: repairs@partner.example}]
rules:
  - name: watches
    when: {any: [broken]}
    assign: anna@example.com
    forward: watchmaker
    after_answer: working
"""

    decision = decided(options)

    assert decision.understanding == Understanding(
        assign="anna@example.com",
        forward="watchmaker",
        after_answer=AfterAnswer.WORKING,
        rules=("watches",),
    )
    answer = parse_message(
        a_mail(
            "We look at it.",
            sender="anna@shop.example",
            to="clara@customer.example",
            In_Reply_To="<c0@customer.example>",
        ),
        policy_of(MINIMAL).reading,
    ).message
    answered = decide(answer, in_thread(a_thread(matter=decision.matter), in_sent=True))
    assert [one.status for one in answered.actions if hasattr(one, "status")] == [Status.WORKING]


def test_an_order_number_has_a_name_a_pattern_and_a_checksum() -> None:
    options = """order_numbers:
  - {name: order, pattern: '#(\\d{6})\\b'}
  - {name: voucher, pattern: 'V\\d{8}', checksum: luhn}
"""

    found = decided(options, "Order #123456, vouchers V12345674 and v12345678").understanding

    assert found.order_numbers == (OrderNumber("order", "123456"),)
    found = decided(
        options.replace("'V\\d{8}'", "'V(\\d{8})'"), "V12345674, V12345678"
    ).understanding
    assert found.order_numbers == (OrderNumber("voucher", "12345674"),)


def looked_up(folder: Path, lookup: str, text: str) -> dict[str, bool | None]:
    """Return which of the numbers in a text are known."""
    file = folder / "maildaemon.yaml"
    pattern = r"\b[A-Z]?\d{6}\b"
    file.write_text(
        f"{MINIMAL}order_numbers: [{{name: order, pattern: '{pattern}', lookup: {lookup}}}]\n"
    )
    settings = read_settings(file.read_text(), file)
    (mailbox,) = settings.mailboxes
    policy = policy_of(file.read_text())
    desk = Desk(1, policy, bytes(32), HOUR, lookup=make_lookup(settings, mailbox))
    message, _ = look_up(desk, parse_message(a_mail(text), policy.reading).message)
    assert message.found is not None
    return {one.number: one.known for one in message.found.numbers}


def test_order_numbers_are_looked_up_in_a_csv_file_by_its_column(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("date;Order\n2026-01-02;123456\n2026-01-03;A200000\n")
    lookup = "{csv: orders.csv, column: order}"

    assert looked_up(tmp_path, lookup, "123456, a200000 and 654321") == {
        "123456": True,
        "A200000": True,
        "654321": False,
    }


def test_order_numbers_are_looked_up_in_a_database_by_a_query(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop:
        shop.execute("create table orders (number text)")
        shop.execute("insert into orders values ('123456')")
        shop.commit()
    monkeypatch.setenv("ORDERS", f"sqlite:///{tmp_path}/shop.db")
    query = "SELECT 1 FROM orders WHERE number = :number"
    lookup = f"{{database: {{env: ORDERS}}, query: '{query}'}}"

    assert looked_up(tmp_path, lookup, "123456 or 654321") == {"123456": True, "654321": False}
    monkeypatch.delenv("ORDERS")
    assert looked_up(tmp_path, lookup, "123456 or 654321") == {"123456": None, "654321": None}
