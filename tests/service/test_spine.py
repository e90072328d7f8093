"""From a message in the mailbox to the customer's answer, on a real database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from maildaemon.domain.brakes import Brake
from maildaemon.domain.policy import Mode
from maildaemon.errors import MailboxUnavailableError, TransportUnavailableError
from tests.service.shop import EXE, PNG, START, Shop, a_mail, a_policy, parsed


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    yield opened
    opened.close()


@pytest.mark.sqlite
@pytest.mark.postgresql
@pytest.mark.mariadb
def test_a_customer_is_acknowledged_once_in_his_language(shop: Shop) -> None:
    shop.write(
        a_mail(
            "Buongiorno, vorrei sapere quando arriverà il mio pacco. L'ho ordinato due "
            "settimane fa e non ho ancora ricevuto nessuna notizia. Grazie mille!"
        )
    )
    shop.round()
    shop.round()

    (mail,) = shop.customers_got
    assert mail["To"] == "clara@customer.example"
    assert mail["In-Reply-To"] == "<c1@customer.example>"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert shop.rows("select language from outbox") == [("it",)]


def test_a_mail_that_was_there_before_the_first_start_is_never_answered(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for number in range(30):
        shop.write(a_mail(message_id=f"old{number}@customer.example"), at=START - timedelta(days=3))

    shop.round()

    assert shop.rows("select count(*) from message") == [(0,)]
    assert shop.rows("select count(*) from earlier") == [(30,)]
    assert shop.customers_got == []
    shop.close()


def test_a_reply_to_last_weeks_conversation_is_not_acknowledged(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write(a_mail(message_id="week@customer.example"), at=START - timedelta(days=7))
    shop.start()

    shop.write(a_mail(message_id="now@customer.example", In_Reply_To="<week@customer.example>"))
    shop.round()

    assert shop.silences == ["earlier_conversation"]
    assert shop.customers_got == []
    shop.close()


def test_two_replies_to_one_earlier_conversation_share_a_thread(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write(a_mail(message_id="week@customer.example"), at=START - timedelta(days=7))
    shop.start()

    for number in (1, 2):
        shop.write(
            a_mail(message_id=f"now{number}@c.example", In_Reply_To="<week@customer.example>")
        )
    shop.round()

    assert shop.rows("select count(distinct thread_id) from message") == [(1,)]
    assert shop.silences == ["earlier_conversation", "earlier_conversation"]
    shop.close()


def test_a_second_mail_before_the_answer_joins_the_thread_in_silence(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    shop.wait(hours=1)
    shop.write(
        a_mail(
            "Hello? Is anybody there?",
            message_id="c2@c.example",
            In_Reply_To="<c1@customer.example>",
        )
    )
    shop.round()

    assert shop.rows("select count(*) from thread") == [(1,)]
    assert shop.silences[:1] + shop.silences[-1:] == [None, "acknowledged_already"]
    assert len(shop.customers_got) == 1


def test_a_stranger_who_cites_a_thread_gets_one_of_his_own(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    shop.write(
        a_mail(
            sender="eve@elsewhere.example",
            message_id="e1@elsewhere.example",
            In_Reply_To="<c1@customer.example>",
        )
    )
    shop.round()

    assert shop.rows("select stranger, linked_to from thread order by id") == [(0, None), (1, 1)]


def test_good_files_are_kept_beside_a_refused_one_which_is_explained(shop: Shop) -> None:
    shop.write(
        a_mail(files=(("photo.png", "image/png", PNG), ("tool.exe", "application/x-dosexec", EXE)))
    )
    shop.round()

    assert shop.rows("select filename, verdict, reason from attachment order by position") == [
        ("photo.png", "accepted", None),
        ("tool.exe", "refused", "extension_blocked"),
    ]
    (mail,) = shop.customers_got
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "file 1 (.exe)" in text
    assert "photo.png" not in text


def test_a_refused_file_in_a_later_mail_is_explained_without_a_second_acknowledgement(
    shop: Shop,
) -> None:
    shop.write(a_mail())
    shop.round()
    shop.wait(hours=1)
    shop.write(
        a_mail(
            message_id="c2@c.example",
            In_Reply_To="<c1@customer.example>",
            files=(("tool.exe", "application/x-dosexec", EXE),),
        )
    )
    shop.round()

    assert shop.rows("select sections from outbox order by id") == [
        ('["acknowledgement"]',),
        ('["refused_files"]',),
    ]


def test_a_refusal_that_could_not_be_told_is_told_in_the_next_mail(shop: Shop) -> None:
    exe = (("tool.exe", "application/x-dosexec", EXE),)
    shop.write(a_mail())
    shop.round()
    shop.wait(minutes=1)
    shop.write(a_mail(message_id="c2@c.example", In_Reply_To="<c1@customer.example>", files=exe))
    shop.round()
    assert shop.silences[-1] == "sender_ceiling"

    shop.wait(hours=1)
    pdf = (("other.js", "text/plain", b"alert(1)"),)
    shop.write(a_mail(message_id="c3@c.example", In_Reply_To="<c1@customer.example>", files=pdf))
    shop.round()

    text = shop.customers_got[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "file 1 (.exe)" in text
    assert "file 2 (.js)" in text


def test_an_answer_that_staff_typed_in_their_own_client_cancels_what_is_queued(shop: Shop) -> None:
    shop.transport.always("CONNECT", "421 busy")
    shop.write(a_mail())
    shop.receive()
    shop.process()
    with pytest.raises(TransportUnavailableError):
        shop.deliver()

    shop.write(
        a_mail(
            "Dear Clara, it ships today.",
            sender="support@shop.example",
            to="clara@customer.example",
            message_id="staff1@shop.example",
            In_Reply_To="<c1@customer.example>",
        ),
        "Sent",
    )
    shop.receive()
    shop.process()
    shop.transport.always("CONNECT", None)
    shop.wait(hours=1)
    shop.round()

    assert shop.outbox == ["cancelled"]
    assert shop.customers_got == []
    assert shop.rows("select status, answered_at is not null from thread") == [("pending", 1)]


def test_an_answer_whose_copy_came_back_to_the_inbox_first_still_counts(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    answer = a_mail(
        "Dear Clara, it ships today.",
        sender="support@shop.example",
        to="clara@customer.example, support@shop.example",
        message_id="staff1@shop.example",
        In_Reply_To="<c1@customer.example>",
    )
    shop.write(answer)
    shop.round()
    assert shop.rows("select status from thread where id = 1") == [("open",)]

    shop.write(answer, "Sent")
    shop.round()

    assert shop.rows("select status, answered_at is not null from thread where id = 1") == [
        ("pending", 1)
    ]
    assert shop.rows("select thread_id, staff_answer from message where kind = 'staff'") == [(1, 1)]


def test_new_numbers_in_sent_teach_nothing_about_who_files_copies(shop: Shop) -> None:
    shop.write(a_mail())
    for _ in range(3):
        shop.round()
        shop.wait(seconds=61)
    assert shop.rows("select server_files_sent from mailbox") == [(0,)]

    shop.account.change_uidvalidity("Sent")
    shop.round()

    assert shop.rows("select server_files_sent from mailbox") == [(0,)]


def test_who_answers_a_mail_that_staff_began_is_not_acknowledged(shop: Shop) -> None:
    shop.write(
        a_mail(
            "Dear Clara, your parcel came back.",
            sender="support@shop.example",
            to="clara@customer.example",
            message_id="staff1@shop.example",
        ),
        "Sent",
    )
    shop.round()
    shop.write(a_mail("Oh! Please send it again.", In_Reply_To="<staff1@shop.example>"))
    shop.round()

    assert shop.rows("select count(*) from thread") == [(1,)]
    assert shop.silences == ["own_address", "staff_answered"]


def test_a_forger_who_writes_twice_does_not_get_his_subject_mailed(shop: Shop) -> None:
    shop.write(a_mail(subject="hello"))
    shop.round()
    shop.wait(hours=1)
    shop.write(a_mail("Another matter.", message_id="c2@x.example", subject="Buy cheap watches"))
    shop.round()

    assert [str(mail["Subject"]).partition("] ")[2] for mail in shop.customers_got] == [
        "We have received your message",
        "We have received your message",
    ]


def test_somebody_whom_staff_answered_is_known(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    shop.write(
        a_mail(
            sender="support@shop.example",
            to="clara@customer.example",
            message_id="staff1@shop.example",
            In_Reply_To="<c1@customer.example>",
        ),
        "Sent",
    )
    shop.round()
    shop.wait(hours=1)
    shop.write(a_mail("Another matter.", message_id="c2@x.example", subject="My second order"))
    shop.round()

    assert shop.customers_got[-1]["Subject"] == "Re: My second order"


def test_staff_who_forward_to_a_supplier_have_not_answered(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    shop.write(
        a_mail(
            sender="support@shop.example",
            to="supplier@factory.example",
            message_id="fwd@shop.example",
            In_Reply_To="<c1@customer.example>",
        ),
        "Sent",
    )
    shop.round()

    assert shop.rows("select status, answered_at from thread where id = 1") == [("open", None)]


def test_the_same_message_twice_is_one_record(shop: Shop) -> None:
    shop.write(a_mail())
    shop.write(b"Received: from elsewhere\r\n" + a_mail())
    shop.round()

    assert shop.rows("select count(*) from inbound where state = 'done'") == [(2,)]
    assert shop.rows("select count(*) from message where kind = 'customer'") == [(1,)]
    assert len(shop.customers_got) == 1


def test_the_same_message_id_with_other_content_is_kept_beside_the_first(shop: Shop) -> None:
    shop.write(a_mail())
    shop.write(a_mail("Something else entirely, about another matter."))
    shop.round()

    assert shop.rows("select defects from message where kind = 'customer' order by id") == [
        ("[]",),
        ('["reused_message_id"]',),
    ]


def test_new_numbers_for_old_messages_make_no_second_records_and_no_mail(shop: Shop) -> None:
    for number in range(5):
        shop.write(a_mail(sender=f"c{number}@x.example", message_id=f"c{number}@x.example"))
    shop.round()
    sent = len(shop.customers_got)

    shop.account.change_uidvalidity("INBOX")
    shop.round()

    assert shop.rows("select count(*) from message where kind = 'customer'") == [(5,)]
    assert len(shop.customers_got) == sent == 5


def test_a_message_that_the_server_withholds_is_fetched_when_it_is_delivered(shop: Shop) -> None:
    shop.account.withhold("INBOX", 1)
    shop.write(a_mail())
    shop.write(a_mail(sender="b@x.example", message_id="b@x.example"))
    shop.receive()
    assert shop.rows("select uid, state from gap") == [(1, "open")]
    assert shop.rows("select uid from inbound") == [(2,)]

    shop.account.deliver_withheld("INBOX")
    shop.wait(minutes=10)
    shop.round()

    assert shop.rows("select uid, state from gap") == [(1, "closed")]
    assert len(shop.customers_got) == 2


def test_a_gap_that_the_server_lists_no_more_is_closed_as_gone(shop: Shop) -> None:
    shop.account.withhold("INBOX", 1)
    shop.write(a_mail())
    shop.receive()

    shop.account.expunge("INBOX", 1)
    shop.wait(minutes=10)
    shop.receive()

    assert shop.rows("select uid, state from gap") == [(1, "gone")]


def test_a_message_that_is_too_large_is_recorded_by_its_header(tmp_path: Path) -> None:
    shop = Shop(tmp_path, max_message_size=2000)
    shop.start()
    raw = a_mail("word " * 2000)
    shop.write(raw)
    shop.round()

    assert shop.rows("select header_only, state from inbound") == [(1, "done")]
    told = shop.rows("select subject, text, size, defects from message where kind = 'customer'")
    assert told == [("My order", "", len(raw), '["header_only"]')]
    [mail] = shop.customers_got
    body = mail.get_body(("plain",))
    assert body is not None
    said = body.get_content().replace("\r\n", "\n")
    assert "Your message has arrived" in said
    assert "could not accept these files:\n\n- all files: your message was too large to be" in said
    shop.close()


def test_a_poisonous_message_is_parked_and_the_others_go_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(a_mail("poison", sender="p@x.example", message_id="p@x.example"))
    shop.write(a_mail())
    real = shop.composer.compose

    def compose(draft):  # type: ignore[no-untyped-def]
        if draft.recipient.address == "p@x.example":
            raise RuntimeError("cannot be composed")
        return real(draft)

    monkeypatch.setattr(shop.composer, "compose", compose)
    for _ in range(6):
        shop.round()
        shop.wait(minutes=10)

    assert shop.rows("select uid, state, failures from inbound where uid = 1 limit 1") == [
        (1, "parked", 3)
    ]
    assert [mail["To"] for mail in shop.customers_got] == ["clara@customer.example"]


def test_an_outage_of_the_mailbox_loses_nothing(shop: Shop) -> None:
    shop.write(a_mail())
    shop.account.fail(MailboxUnavailableError("gone"), on="fetch")
    with pytest.raises(MailboxUnavailableError):
        shop.receive()

    shop.round()

    assert len(shop.customers_got) == 1


def test_shadow_records_what_would_be_sent_and_never_sends_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path, mode=Mode.SHADOW)
    shop.start()
    shop.write(a_mail())
    shop.round()
    shop.wait(hours=2)
    shop.round()

    assert shop.outbox == ["shadow"]
    assert shop.transport.commands == []
    assert shop.rows("select count(*) from ledger") == [(0,)]
    shop.close()


def test_who_wrote_in_shadow_is_acknowledged_when_he_writes_again_in_live(tmp_path: Path) -> None:
    exe = (("tool.exe", "application/x-dosexec", EXE),)
    shop = Shop(tmp_path, mode=Mode.SHADOW)
    shop.start()
    shop.write(a_mail(files=exe))
    shop.write(a_mail("More.", message_id="c2@c.example", In_Reply_To="<c1@customer.example>"))
    shop.round()
    assert shop.silences == [None, "acknowledged_already"]
    shop.close()

    shop.policy = a_policy(mode=Mode.LIVE)
    shop.open()
    shop.wait(hours=1)
    shop.write(a_mail("Hello?", message_id="c3@c.example", In_Reply_To="<c1@customer.example>"))
    shop.round()

    (mail,) = shop.customers_got
    assert "file 1 (.exe)" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert shop.outbox == ["shadow", "sent"]
    shop.close()


def test_a_copy_is_filed_in_sent_where_the_server_files_none(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    assert shop.account.messages("Sent") == []
    shop.wait(seconds=61)
    shop.round()
    shop.wait(seconds=61)
    shop.round()

    (copy,) = shop.account.messages("Sent")
    assert parsed(copy.raw)["Message-ID"] == shop.customers_got[0]["Message-ID"]
    assert shop.rows("select server_files_sent from mailbox") == [(0,)]


def test_no_copy_is_filed_where_the_server_files_them(tmp_path: Path) -> None:
    shop = Shop(tmp_path, files_sent=True)
    shop.start()
    shop.write(a_mail())
    shop.round()
    shop.wait(seconds=61)
    shop.round()

    assert len(shop.account.messages("Sent")) == 1
    assert shop.rows("select server_files_sent from mailbox") == [(1,)]
    shop.close()


def test_our_own_mail_in_sent_is_recorded_as_ours_in_its_thread(tmp_path: Path) -> None:
    shop = Shop(tmp_path, files_sent=True)
    shop.start()
    shop.write(a_mail())
    shop.round()

    assert shop.rows("select kind, thread_id from message order by id") == [
        ("customer", 1),
        ("own", 1),
    ]
    shop.close()


@pytest.mark.sqlite
@pytest.mark.postgresql
@pytest.mark.mariadb
def test_a_lost_250_is_found_in_sent_and_the_mail_is_not_sent_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path, files_sent=True)
    shop.start()
    shop.transport.plan("DOT", "accept_then_drop")
    shop.write(a_mail())
    shop.round()

    assert shop.outbox == ["sent"]
    shop.wait(hours=2)
    shop.round()
    assert len(shop.customers_got) == 1
    shop.close()


def test_a_customers_reply_is_a_witness_and_the_copy_is_filed_after_all(shop: Shop) -> None:
    shop.transport.plan("DOT", "accept_then_drop")
    shop.write(a_mail())
    shop.round()
    ours = str(shop.customers_got[0]["Message-ID"])
    shop.write(
        a_mail("Thank you, and one thing more.", message_id="c2@c.example", In_Reply_To=ours)
    )
    for _ in range(3):
        shop.round()
        shop.wait(seconds=61)

    assert shop.outbox == ["sent"]
    assert [str(parsed(one.raw)["Message-ID"]) for one in shop.account.messages("Sent")] == [ours]


def test_an_acknowledgement_without_a_witness_is_given_up_not_doubled(shop: Shop) -> None:
    shop.transport.plan("DOT", "accept_then_drop")
    shop.write(a_mail())
    shop.round()
    assert shop.outbox == ["queued"]

    for _ in range(4):
        shop.wait(minutes=8)
        shop.round()

    assert shop.outbox == ["unknown"]
    assert len(shop.customers_got) == 1


def test_what_the_server_defers_is_tried_again_and_expires_after_a_day(shop: Shop) -> None:
    shop.transport.always("RCPT", "451 4.7.1 greylisted")
    shop.write(a_mail())
    for _ in range(30):
        shop.round()
        shop.wait(hours=1)

    assert shop.outbox == ["expired"]
    assert shop.transport.commands.count("RCPT") > 8


def test_a_refused_address_gets_nothing_automatic_for_thirty_days(shop: Shop) -> None:
    shop.transport.plan("RCPT", "550 5.1.1 no such user")
    shop.write(a_mail())
    shop.round()
    shop.wait(hours=2)
    shop.write(a_mail("A new question.", message_id="c2@c.example", subject="Other"))
    shop.round()

    assert shop.outbox == ["failed"]
    assert shop.silences == [None, "address_undeliverable"]


def test_a_bounce_of_our_mail_joins_its_thread_and_silences_the_address(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    ours = shop.customers_got[0]["Message-ID"]
    shop.write(a_bounce("clara@customer.example", ours))
    shop.round()
    shop.wait(hours=2)
    shop.write(a_mail("Another question, please.", message_id="c9@c.example", subject="New"))
    shop.round()

    assert shop.rows(
        "select kind, thread_id, silence from message where kind != 'own' order by id"
    ) == [
        ("customer", 1, None),
        ("bounce", 1, "null_reverse_path"),
        ("customer", 2, "address_undeliverable"),
    ]


def test_a_forged_bounce_changes_nothing(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    shop.write(a_bounce("clara@customer.example", "<forged@shop.example>"))
    shop.round()

    assert shop.rows("select count(*) from undeliverable") == [(0,)]
    assert shop.rows("select thread_id from message where kind = 'bounce'") == [(None,)]


@pytest.mark.sqlite
def test_far_too_much_mail_opens_the_breaker_until_resumed(tmp_path: Path) -> None:
    limits = a_policy().limits
    shop = Shop(tmp_path, limits=replace(limits, burst=100))
    shop.start()
    for number in range(40):
        shop.write(a_mail(sender=f"c{number}@x{number}.example", message_id=f"c{number}@x.example"))
    shop.round()
    assert len(shop.customers_got) == 40

    # Somebody lowers the limits: the breaker is the net below them.
    shop.desk = replace(shop.desk, policy=replace(shop.desk.policy, limits=limits))
    shop.write(a_mail(sender="late@x.example", message_id="late@x.example"))
    shop.receive()
    shop.process()
    assert shop.deliver() == 0
    assert len(shop.customers_got) == 40
    with shop.store.begin() as tx:
        assert [one.brake for one in tx.brakes.on(shop.desk.mailbox_id)] == [Brake.BREAKER]
        tx.brakes.release(shop.desk.mailbox_id, shop.now())
    shop.wait(minutes=30)
    shop.round()
    assert len(shop.customers_got) == 41
    shop.close()


@pytest.mark.sqlite
def test_on_a_busy_day_customers_wait_but_none_is_forgotten(shop: Shop) -> None:
    for number in range(50):
        shop.write(a_mail(sender=f"c{number}@x{number}.example", message_id=f"c{number}@x.example"))
    shop.round()
    assert len(shop.customers_got) == 20

    for _ in range(32):
        shop.wait(minutes=1)
        shop.round()

    assert len(shop.customers_got) == 50


def test_history_is_imported_silently(shop: Shop) -> None:
    from maildaemon.services.receive import backfill

    fresh = Shop(shop.folder / "second")
    for number in range(5):
        fresh.write(
            a_mail(sender=f"c{number}@x.example", message_id=f"o{number}@x.example"),
            at=START - timedelta(days=3),
        )
    fresh.start()
    seen: list[tuple[str, int, int]] = []
    new = backfill(
        fresh.store,
        fresh.mailbox,
        fresh.blobs,
        fresh.desk,
        START - timedelta(days=30),
        fresh.now,
        lambda *progress: seen.append(progress),
    )
    fresh.round()

    assert new == 5
    assert seen == [("INBOX", 5, 5)]
    assert fresh.silences == ["too_old"] * 5
    assert fresh.customers_got == []
    assert fresh.rows("select distinct history from thread") == [(1,)]
    fresh.close()


def a_bounce(recipient: str, original: str) -> bytes:
    return (
        "Return-Path: <>\r\n"
        "From: Mail Delivery System <MAILER-DAEMON@mx.example>\r\n"
        "To: support@shop.example\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n"
        f"Message-ID: <bounce-{abs(hash(original))}@mx.example>\r\n"
        "Auto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n'
        "\r\n"
        "--b\r\n\r\nI could not deliver your mail.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"From: support@shop.example\r\nTo: {recipient}\r\nMessage-ID: {original}\r\n"
        "Subject: We have received your message\r\n\r\nhello\r\n"
        "--b--\r\n"
    ).encode()


@pytest.mark.parametrize("sender", ['"john doe"@x.example', "a@b@c.example", "a@[127.0.0.1]"])
def test_an_address_that_no_mail_can_go_to_is_recorded_and_not_answered(
    shop: Shop, sender: str
) -> None:
    shop.write(f"From: {sender}\r\n".encode() + a_mail().split(b"\r\n", 1)[1])
    shop.round()

    assert shop.outbox == []
    assert shop.rows("select state from inbound") == [("done",)]
