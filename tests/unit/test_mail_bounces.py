"""What delivery reports say, standard and not."""

import pytest

from maildaemon.domain.message import DeliveryReport, ReportAction, ReportedRecipient
from tests.unit.parsing import read

ORIGINAL = b"Message-ID: <sent@shop.example>\nSubject: Your ring\n"


def report(
    status: bytes, original: bytes = ORIGINAL, kind: bytes = b"text/rfc822-headers"
) -> bytes:
    return (
        b"Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\n"
        b"To: support@shop.example\nSubject: Undelivered\n"
        b"Content-Type: multipart/report; report-type=Delivery-Status; boundary=b\n\n"
        b"--b\n\nSorry, it did not work.\n"
        b"--b\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; mx.example\nArrival-Date: Fri, 20 Nov 2026 10:00:00 +0000\n\n"
        + status
        + b"\n--b\nContent-Type: %s\n\n%s\n--b--\n" % (kind, original)
    )


def notice(text: bytes, sender: bytes = b"MAILER-DAEMON@mx.example", fields: bytes = b"") -> bytes:
    return b"From: %s\nTo: support@shop.example\nSubject: failure notice\n%s\n%s" % (
        sender,
        fields,
        text,
    )


def test_a_standard_report_names_recipient_status_and_reason() -> None:
    message = read(
        report(
            b"Final-Recipient: rfc822; anna@customer.example\nAction: Failed\nStatus: 5.1.1 (bad)\n"
            b"Diagnostic-Code: smtp; 550 5.1.1 no such\n user\n"
        )
    )

    assert message.report_type == "delivery-status"
    assert message.text.strip() == "Sorry, it did not work."
    assert message.bounce == DeliveryReport(
        (
            ReportedRecipient(
                "anna@customer.example", ReportAction.FAILED, "5.1.1", "550 5.1.1 no such user"
            ),
        ),
        "sent@shop.example",
    )


def test_every_recipient_has_a_fate_of_its_own() -> None:
    message = read(
        report(
            b"Original-Recipient: rfc822;a@x.example\nFinal-Recipient: rfc822; b@y.example\n"
            b"Action: delayed\nStatus: 4.4.1\n\n"
            b"Final-Recipient: rfc822;<c@x.example>\nAction: delivered\nStatus: 2.0.0\n\n"
            b"Final-Recipient: rfc822; d@x.example\nStatus: 5.2.2\n"
        )
    )

    assert message.bounce is not None
    assert [(one.address, one.action) for one in message.bounce.recipients] == [
        ("a@x.example", ReportAction.DELAYED),
        ("c@x.example", ReportAction.DELIVERED),
        ("d@x.example", ReportAction.FAILED),
    ]


def test_the_original_may_come_whole() -> None:
    message = read(
        report(
            b"Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1\n",
            b"Received: from a by b\nMessage-ID: <whole@shop.example>\n\nDear Anna",
            b"message/rfc822",
        )
    )

    assert message.bounce is not None
    assert message.bounce.original_message_id == "whole@shop.example"


def test_failed_recipients_may_stand_in_the_header() -> None:
    message = read(
        notice(b"It failed.", b"x@mx.example", b"X-Failed-Recipients: a@x.example, b@x.example\n")
    )

    assert message.bounce is not None
    assert [one.address for one in message.bounce.recipients] == ["a@x.example", "b@x.example"]


@pytest.mark.parametrize(
    "text",
    [
        (
            b"Hi. This is the qmail-send program at mx.example.\nI wasn't able to deliver your message "
            b"to the following addresses.\n\n<anna@customer.example>:\nSorry, no mailbox here by that "
            b"name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n"
            b"Return-Path: <support@shop.example>\nMessage-ID: <sent@shop.example>\nTo: z@x.example\n"
        ),
        (
            b"A message that you sent could not be delivered to all of its recipients.\n"
            b"The following address(es) failed:\n\n  anna@customer.example\n    550 5.1.1 unknown\n\n"
            b"------ This is a copy of the message ------\nMessage-ID: <sent@shop.example>\n"
        ),
        (
            b"Die Nachricht an <anna@customer.example> konnte nicht zugestellt werden: 5.1.1\n"
            b"Message-ID: <sent@shop.example>\n"
        ),
    ],
)
def test_a_notice_in_free_text_is_read_as_well_as_it_can_be(text: bytes) -> None:
    message = read(notice(text))

    assert message.bounce is not None
    assert message.bounce.original_message_id == "sent@shop.example"
    (recipient,) = message.bounce.recipients
    assert (recipient.address, recipient.action, recipient.status) == (
        "anna@customer.example",
        ReportAction.FAILED,
        "5.1.1",
    )


def test_a_warning_that_mail_is_late_is_no_failure() -> None:
    message = read(
        notice(
            b"Your message to anna@customer.example has not yet been delivered. Attempts will continue."
        )
    )

    assert message.bounce is not None
    assert [one.action for one in message.bounce.recipients] == [ReportAction.DELAYED]


@pytest.mark.parametrize(
    "raw",
    [
        b"From: anna@customer.example\nSubject: Delivery failed\n\nMy parcel to me@x.example was not delivered.",
        b"From: anna@customer.example\nSubject: Fwd: failure notice\n\nSMTP error for me@x.example, why?",
        b"From: anna@customer.example\nReturn-Path: <>\nSubject: Out of office\n\nAsk bob@x.example.",
        b"From: postmaster@shop.example\nSubject: Hello\n\nA person writes, ask bob@x.example.",
    ],
)
def test_a_person_who_writes_about_delivery_is_no_bounce(raw: bytes) -> None:
    assert read(raw).bounce is None


def test_a_read_receipt_is_no_bounce() -> None:
    message = read(
        b"From: postmaster@x.example\nSubject: Read\n"
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
        b"--b\n\nRead, a@x.example, without failure.\n--b\n"
        b"Content-Type: message/disposition-notification\n\nDisposition: x; displayed\n--b--\n"
    )

    assert (message.report_type, message.bounce) == ("disposition-notification", None)


def test_the_type_of_a_report_is_told_by_its_second_part_if_need_be() -> None:
    message = read(
        b"Content-Type: multipart/report; boundary=b\n\n--b\n\nx\n--b\n"
        b"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n--b--\n"
    )

    assert message.report_type == "feedback-report"
