"""Colleagues who are given a conversation, and partners who get a customer's message."""

from dataclasses import replace
from email import message_from_bytes
from email.message import Message as EmailMessage
from pathlib import Path
from typing import Any

import pytest

from maildaemon.domain.delivery import Contacts
from maildaemon.domain.policy import Mode, Partner
from maildaemon.domain.rules import Condition, Rule
from maildaemon.domain.threads import Status
from maildaemon.domain.understanding import Priority
from tests.service.shop import EXE, Shop, a_mail, a_policy

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

BERTA = "berta@shop.example"
WORKSHOP = "repairs@partner.example"
CLARA = "clara@customer.example"
REPAIR = "My watch stopped working, can it be repaired?"


def a_rule(**effects: Any) -> Rule:
    """What holds for every customer's message."""
    return Rule(name="watches", when=Condition(), **effects)


def a_shop(folder: Path, **options: Any) -> Shop:
    """A shop whose rule gives watches to Berta and to the workshop, unless told otherwise."""
    options = {
        "rules": (a_rule(category="repair", assign=BERTA, forward="workshop"),),
        "partners": (Partner("workshop", WORKSHOP),),
        "staff": frozenset({"anna@shop.example", BERTA}),
        **options,
    }
    shop = Shop(folder, **options)
    shop.round()
    return shop


def got(shop: Shop, address: str) -> list[EmailMessage]:
    return [
        message_from_bytes(mail.raw)
        for mail in shop.transport.accepted
        if mail.envelope.forward_path == address
    ]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_payload()[0] if mail.is_multipart() else mail  # type: ignore[index]
    content = part.get_payload(decode=True)  # type: ignore[union-attr]
    assert isinstance(content, bytes)
    return content.decode().replace(" \r\n", " ")


def events(shop: Shop, name: str) -> list[str]:
    return [row[0] for row in shop.rows(f"select detail from event where event = '{name}'")]


def references(shop: Shop) -> list[str]:
    return [row[0] for row in shop.rows("select reference from thread order by id")]


# --- colleagues ----------------------------------------------------------------------------


def test_a_colleague_is_told_once_a_thread_whose_it_is_and_what_it_says(tmp_path: Path) -> None:
    shop = a_shop(tmp_path)
    shop.write(a_mail(REPAIR, subject="Broken watch"))
    shop.round()
    shop.wait(hours=5)
    shop.write(
        a_mail(
            "Any news?",
            subject="Re: Broken watch",
            message_id="c2@x",
            In_Reply_To="<c1@customer.example>",
        )
    )
    shop.round()

    [mail] = got(shop, BERTA)
    [reference] = references(shop)
    assert mail["Subject"] == f"[#{reference}] For you: Broken watch"
    assert (mail["From"], mail["To"]) == ('"Example Shop" <support@shop.example>', BERTA)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Maildaemon-Loop"]
    assert mail["X-Auto-Response-Suppress"] == "All"
    text = text_of(mail)
    for told in (reference, CLARA, "Category: repair", "Priority: normal", REPAIR):
        assert told in text
    assert shop.rows("select assigned_to from thread") == [(BERTA,)]


@pytest.mark.postgresql
def test_who_was_given_a_thread_by_hand_keeps_it(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, rules=())
    shop.write(a_mail(REPAIR))
    shop.round()
    with shop.sql.begin() as tx:
        tx.by_hand.assign(1, "anna")
    shop.desk = replace(shop.desk, policy=a_policy(rules=(a_rule(assign=BERTA),)))
    shop.write(a_mail("Hello?", message_id="c2@x", In_Reply_To="<c1@customer.example>"))
    shop.round()

    assert got(shop, BERTA) == []
    assert shop.rows("select assigned_to from thread") == [("anna",)]


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("mode", "state", "sent"), [(Mode.SHADOW, "shadow", 0), (Mode.DRAFTS, "draft", 0)]
)
def test_what_goes_to_colleagues_and_partners_obeys_the_mode(
    tmp_path: Path, mode: Mode, state: str, sent: int
) -> None:
    shop = a_shop(tmp_path, mode=mode)
    shop.write(a_mail(REPAIR))
    shop.round()

    assert shop.rows("select kind, state from outbox order by kind") == [
        ("assignment", state),
        ("forward", state),
        ("response", state),
    ]
    assert len(shop.transport.accepted) == sent


@pytest.mark.postgresql
def test_a_colleague_who_answers_the_notice_is_no_customer(tmp_path: Path) -> None:
    shop = a_shop(tmp_path)
    shop.write(a_mail(REPAIR))
    shop.round()
    before = len(shop.transport.accepted)
    shop.wait(minutes=30)
    [notice] = got(shop, BERTA)
    shop.write(
        a_mail("I am on it.", sender=BERTA, message_id="b1@x", In_Reply_To=notice["Message-ID"])
    )
    shop.round()

    assert len(shop.transport.accepted) == before
    assert shop.rows("select kind from message where message_id = 'b1@x'") == [("staff",)]
    assert shop.rows("select status from thread where id = 1") == [("open",)]


def test_nobody_is_told_of_a_notice_that_bounced(tmp_path: Path) -> None:
    shop = a_shop(tmp_path)
    shop.write(a_mail(REPAIR))
    shop.round()
    before = len(shop.transport.accepted)
    [notice] = got(shop, BERTA)
    shop.write(a_bounce(BERTA, notice["Message-ID"]))
    shop.round()

    assert len(shop.transport.accepted) == before
    assert shop.rows("select kind, thread_id from message order by id")[-1] == ("bounce", 1)


def a_bounce(address: str, about: str) -> bytes:
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: support@shop.example\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <bounce1@mx.example>\r\n"
        "Date: Sat, 21 Nov 2026 12:30:00 +0000\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {about}\r\n--b--\r\n"
    ).encode()


# --- partners ------------------------------------------------------------------------------


def test_a_partner_gets_the_message_byte_for_byte_and_each_message_once(tmp_path: Path) -> None:
    shop = a_shop(tmp_path)
    raw = a_mail("Meine Uhr geht nicht mehr, bitte prüfen.", subject="Uhr", message_id="c1@x")
    shop.write(raw)
    shop.round()
    shop.round()

    [sent] = [it for it in shop.transport.accepted if it.envelope.forward_path == WORKSHOP]
    assert raw in sent.raw
    [mail] = got(shop, WORKSHOP)
    [reference] = references(shop)
    assert mail["Subject"] == f"[#{reference}] A message from one of our customers"
    assert [it.get_content_type() for it in mail.walk()][:3] == [
        "multipart/mixed",
        "text/plain",
        "message/rfc822",
    ]
    assert mail["Auto-Submitted"] == "auto-generated"
    # Nothing but the attached message tells of the customer.
    head = sent.raw.split(b"\r\n\r\n", 1)[0]
    assert CLARA.encode() not in head
    assert b"c1@x" not in head
    assert shop.rows("select address, role from participant order by id") == [
        (CLARA, "customer"),
        (WORKSHOP, "partner"),
    ]


def the_partner_answers(shop: Shop, body: str = "It costs 40 euros.", **options: Any) -> None:
    [mail] = got(shop, WORKSHOP)
    shop.wait(hours=1)
    options = {"message_id": "p1@partner.example", "In_Reply_To": mail["Message-ID"], **options}
    shop.write(a_mail(body, sender=WORKSHOP, subject=f"Re: {mail['Subject']}", **options))
    shop.round()


def test_a_partners_answer_joins_the_thread_and_goes_to_nobody(tmp_path: Path) -> None:
    shop = a_shop(tmp_path)
    shop.write(a_mail(REPAIR))
    shop.round()
    before = len(shop.transport.accepted)
    with shop.sql.begin() as tx:
        tx.by_hand.set_status(1, Status.PENDING, shop.at)
    the_partner_answers(shop)

    assert shop.rows("select kind, thread_id, silence from message order by id")[-1] == (
        "partner",
        1,
        "answers_automatic_mail",
    )
    assert len(shop.transport.accepted) == before
    # Nobody waits for an answer because of it.
    assert shop.rows("select status from thread") == [("pending",)]


@pytest.mark.postgresql
def test_a_partner_who_copies_the_customer_in_starts_nothing(tmp_path: Path) -> None:
    shop = a_shop(tmp_path)
    shop.write(a_mail(REPAIR))
    shop.round()
    before = len(shop.transport.accepted)
    the_partner_answers(shop, Cc=f"{CLARA}, eve@elsewhere.example")
    shop.wait(hours=1)
    shop.write(
        a_mail("Fine with me.", message_id="c2@x", In_Reply_To="<p1@partner.example>", Cc=WORKSHOP)
    )
    shop.round()

    # Clara's answer is a customer's, and is forwarded like her first mail; Eve has no part in it.
    assert len(references(shop)) == 1
    assert [row[0] for row in shop.rows("select address from participant order by id")] == [
        CLARA,
        WORKSHOP,
    ]
    assert len(shop.transport.accepted) == before + 1
    assert len(got(shop, WORKSHOP)) == 2


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto_reply"),
        ({"X_Autoreply": "yes"}, "auto_reply"),
    ],
)
def test_a_partners_absence_note_is_filed_and_not_answered(
    tmp_path: Path, fields: dict[str, str], kind: str
) -> None:
    shop = a_shop(tmp_path)
    shop.write(a_mail(REPAIR))
    shop.round()
    before = len(shop.transport.accepted)
    the_partner_answers(shop, "I am away.", **fields)

    assert shop.rows("select kind, thread_id from message order by id")[-1] == (kind, 1)
    assert len(shop.transport.accepted) == before


def test_a_forward_that_bounced_is_filed_and_not_sent_again(tmp_path: Path) -> None:
    shop = a_shop(tmp_path)
    shop.write(a_mail(REPAIR))
    shop.round()
    before = len(shop.transport.accepted)
    shop.write(a_bounce(WORKSHOP, got(shop, WORKSHOP)[0]["Message-ID"]))
    shop.round()

    assert len(shop.transport.accepted) == before
    assert shop.rows("select kind, thread_id from message order by id")[-1] == ("bounce", 1)


@pytest.mark.postgresql
def test_whoever_writes_as_a_partner_without_our_id_does_not_get_in(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, partners=(Partner("workshop", WORKSHOP),), rules=())
    shop.write(a_mail(REPAIR))
    shop.round()
    shop.write(
        a_mail("Hi", sender=WORKSHOP, message_id="p9@x", In_Reply_To="<c1@customer.example>")
    )
    shop.round()

    assert shop.rows("select kind, thread_id, silence from message order by id")[-1] == (
        "partner",
        2,
        "nothing_to_say",
    )


@pytest.mark.postgresql
def test_a_message_with_a_refused_file_is_forwarded_to_nobody(tmp_path: Path) -> None:
    shop = a_shop(tmp_path)
    shop.write(a_mail(REPAIR, files=(("tool.exe", "application/octet-stream", EXE),)))
    shop.round()

    assert got(shop, WORKSHOP) == []
    [withheld] = events(shop, "forward_withheld")
    assert "refused" in withheld
    assert len(got(shop, BERTA)) == 1


def test_a_message_too_large_to_be_read_is_forwarded_to_nobody(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, max_message_size=2000)
    shop.write(a_mail("word " * 2000, subject=REPAIR))
    shop.round()

    assert got(shop, WORKSHOP) == []
    [withheld] = events(shop, "forward_withheld")
    assert "it is too large: only its header was read" in withheld
    assert len(got(shop, BERTA)) == 1


@pytest.mark.parametrize(
    "message",
    [
        a_mail(REPAIR, Auto_Submitted="auto-replied"),
        a_mail(REPAIR, Precedence="bulk"),
        a_mail(REPAIR, X_Spam_Flag="YES"),
        a_mail(REPAIR, sender="anna@shop.example"),
        a_mail(REPAIR, sender=WORKSHOP),
    ],
    ids=["responder", "bulk", "spam", "staff", "partner"],
)
def test_only_what_a_customer_writes_is_handed_over(tmp_path: Path, message: bytes) -> None:
    shop = a_shop(tmp_path)
    shop.write(message)
    shop.round()

    assert got(shop, BERTA) + got(shop, WORKSHOP) == []


def test_old_mail_and_history_are_handed_to_nobody(tmp_path: Path) -> None:
    shop = Shop(
        tmp_path,
        rules=(a_rule(assign=BERTA, forward="workshop"),),
        partners=(Partner("workshop", WORKSHOP),),
    )
    shop.write(a_mail(REPAIR))
    shop.round()
    shop.wait(days=3)
    shop.write(a_mail(REPAIR, message_id="old@x"))
    shop.round()

    assert got(shop, BERTA) + got(shop, WORKSHOP) == []


def test_what_a_line_cannot_carry_goes_as_a_file_of_the_same_bytes(tmp_path: Path) -> None:
    shop = a_shop(tmp_path)
    raw = a_mail(REPAIR).replace(REPAIR.encode(), b"x" * 3000 + b"\r\n\xe9\0 bare\nend")
    shop.write(raw)
    shop.round()

    [mail] = got(shop, WORKSHOP)
    part = mail.get_payload()[1]  # type: ignore[index]
    assert part.get_filename() == "message.eml"  # type: ignore[union-attr]
    assert part.get_payload(decode=True) == raw  # type: ignore[union-attr]


@pytest.mark.postgresql
def test_the_copies_in_sent_are_our_own_mail(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, mode=Mode.LIVE)
    shop.files_sent = True
    shop.write(a_mail(REPAIR))
    shop.round()
    shop.wait(minutes=5)
    shop.round()

    kinds = [row[0] for row in shop.rows("select kind from message order by id")]
    assert sorted(kinds) == ["customer", "own", "own", "own"]
    assert len(shop.transport.accepted) == 3


# --- what is urgent ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "body", "named"),
    [
        ((a_rule(priority=Priority.URGENT),), REPAIR, True),
        ((), "I will contact my lawyer if you do not answer today.", True),
        ((), "THIS IS MY THIRD MAIL AND YOU DO NOT ANSWER", False),
        ((), REPAIR, False),
    ],
    ids=["a rule", "a threat", "shouting", "calm"],
)
def test_the_telephone_is_named_where_it_is_urgent(
    tmp_path: Path, rules: tuple[Rule, ...], body: str, named: bool
) -> None:
    contacts = Contacts("+39 06 1234567", "Mon-Fri 9-18")
    shop = a_shop(tmp_path, rules=rules, contacts=contacts)
    shop.write(a_mail(body))
    shop.round()

    [mail] = shop.customers_got
    for part in mail.iter_parts():
        content = part.get_content()
        assert ("+39 06 1234567" in content) is named
        assert ("Mon-Fri 9-18" in content) is named


@pytest.mark.postgresql
def test_distress_raises_the_priority_of_the_thread_with_its_evidence(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, rules=())
    for number, hours in enumerate((0, 24, 24)):
        shop.wait(hours=hours)
        fields: dict[str, Any] = {"In_Reply_To": "<c0@customer.example>"} if number else {}
        shop.write(
            a_mail("Where is it?", message_id=f"c{number}@customer.example", date=shop.at, **fields)
        )
        shop.round()

    assert shop.rows("select priority from thread") == [("high",)]
    understood = shop.rows("select understood from message where kind = 'customer' order by id")
    assert "3 mails without an answer" in str(understood[-1])


# --- who is named no more ------------------------------------------------------------------


@pytest.mark.postgresql
def test_who_is_named_no_more_gets_nothing_that_was_queued_for_him(tmp_path: Path) -> None:
    shop = a_shop(tmp_path, rules=(a_rule(assign=BERTA, forward="workshop"),))
    shop.write(a_mail(REPAIR))
    shop.receive()
    while shop.process():
        pass
    shop.desk = replace(shop.desk, policy=a_policy(staff=frozenset()))
    shop.round()

    assert got(shop, WORKSHOP) == []
    assert shop.rows("select state, why from outbox where kind = 'forward'") == [
        ("cancelled", "the configuration does not name the recipient any more")
    ]
    # What is hers stays hers, and the customer is told as ever.
    assert len(got(shop, BERTA)) == len(got(shop, CLARA)) == 1


def test_who_is_named_no_more_and_has_nothing_is_not_told_of_it(tmp_path: Path) -> None:
    shop = a_shop(tmp_path)
    shop.write(a_mail(REPAIR))
    shop.receive()
    while shop.process():
        pass
    with shop.sql.begin() as tx:
        tx.by_hand.assign(1, None)
    shop.desk = replace(shop.desk, policy=a_policy(staff=frozenset()))
    shop.round()

    assert (got(shop, BERTA), got(shop, WORKSHOP)) == ([], [])
