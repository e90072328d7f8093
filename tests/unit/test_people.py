"""What people write about mail, parcels and holidays: none of it may be taken for a machine's.

A machine's mail opens no thread. Whoever is taken for one is not answered and not seen.
"""

import pytest

from maildaemon.domain.automatic import Circumstances, Kind, classify
from tests.unit.parsing import read

PASTED = """I ordered a week ago and when I wrote to you this came back:

This message was created automatically by mail delivery software.
A message that you sent could not be delivered to one or more of its
recipients. The following address(es) failed:
  orders@shop.example
    550 5.1.1 User unknown
Which address should I write to? My other one is clara@home.example."""

QUOTED = """Your newsletter bounced at my old address, please use this one.

> This is the mail system at host mx.example.
> <clara@old.example>: 550 5.1.1 user unknown
"""

FORWARDED = """Look what I got.

---------- Forwarded message ---------
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
Subject: Delivery Status Notification (Failure)

Your message wasn't delivered to orders@shop.example because the address couldn't be found.
"""

LETTERS = [
    ("Undeliverable parcel", "DHL says my parcel is undeliverable. My address is Main St 1."),
    ("Undeliverable: parcel 4711", "The courier says so. Write to clara@home.example, please."),
    ("Out of stock", "Is the ring out of stock?"),
    ("Out of office hours?", "When are you open?"),
    ("Abwesend war der Paketbote", "Er hat nicht einmal geklingelt."),
    ("Ich bin ab Montag abwesend", "Bitte liefern Sie vorher."),
    ("Returned mail order", "I have returned my mail order, where is the refund?"),
    ("Returned mail: the ring came back", "The envelope was returned to me by the post."),
    (
        "Delivery failed: the courier never came",
        "I waited all day. Reach me at clara@home.example.",
    ),
    ("delivery failed", "It failed again. The following address is right: clara@home.example"),
    ("Delivery status", "What is the delivery status of order 123456?"),
    ("Delivery status notification wanted", "Please tell me by mail to clara@home.example."),
    ("Delivery problem", "The address was not found by your courier."),
    ("Delivery failure, order 123456", "The driver reports an error with my mailbox."),
    ("Failure notice from UPS", "I got a failure notice. My mail is clara@home.example."),
    ("Delivery delayed?", "My parcel is delayed, it says delivery attempts will continue."),
    ("Delayed mail", "Your letter came three weeks late."),
    ("Undelivered mail", "The post did not deliver your letter. Ask at clara@home.example."),
    ("Warning: message on your site is wrong", "There is an error on your page."),
    ("Message not delivered", "I did not get your message, please send to clara@home.example."),
    ("Your message could not be delivered", "It bounced, my address is clara@customer.example."),
    ("Mail error", "Your form shows a mail error when I write to orders@shop.example."),
    ("Mail delivery failed", PASTED),
    ("Delivery Status Notification (Failure) when I write to you", PASTED),
    ("Fwd: Undelivered Mail Returned to Sender", PASTED),
    ("FW: Delivery Status Notification (Failure)", FORWARDED),
    (
        "WG: Unzustellbar: Bestellung",
        "Diese Mail kam zurück. Ihre Nachricht konnte nicht an x@y.example",
    ),
    ("Tr : Non remis : ma commande", "Votre message n'a pas pu être remis, voyez : a@b.example"),
    ("I: Mancata consegna", "Ho ricevuto questo. Scrivetemi a clara@casa.example"),
    ("RV: No se pudo entregar", "Me llegó esto, ¿qué hago? clara@casa.example"),
    ("Bounced newsletter", QUOTED),
    ("Re: Delivery Status Notification (Failure)", QUOTED),
    ("Paket unzustellbar", "Der Bote fand die Adresse nicht: clara@home.example"),
    ("Unzustellbar zurück an Absender", "So steht es auf meinem Brief."),
    ("Zustellung fehlgeschlagen", "Das Paket kam nicht an, bitte an clara@home.example schreiben."),
    ("Nicht zugestellt", "Meine Bestellung wurde nicht zugestellt."),
    ("Colis non distribué", "Le facteur n'a pas pu le remettre. clara@maison.example"),
    ("Pacco: mancata consegna", "Il corriere non ha trovato l'indirizzo."),
    ("Paquete no entregado", "El mensajero no pudo encontrar la calle."),
    ("Encomenda não entregue", "O correio não encontrou a morada."),
    ("Pakket niet bezorgd", "De bezorger kon het adres niet vinden."),
    ("Paczka niedostarczona", "Kurier nie znalazł adresu, mój mail: clara@dom.example"),
    ("Посылка не доставлена", "Курьер не нашёл адрес."),
    ("Возврат", "Хочу оформить возврат. Пишите на clara@dom.example"),
    ("Возврат заказа 123456", "Кольцо не подошло."),
    ("Zwrot", "Chcę zwrócić pierścionek. clara@dom.example"),
    ("退件", "我想退货，请联系 clara@home.example"),
    ("荷物が届きません", "配送エラーと言われました。"),
    ("반송", "상품을 반송하고 싶어요."),
    ("On holiday until Monday", "Please hold my parcel until then."),
    ("I am on vacation, please deliver later", "Back on Monday."),
    ("Please deliver elsewhere: I am out of the office", "Leave it with the neighbour."),
    ("Automatic reply to my order never came", "I got none."),
    ("不在通知が入っていました", "再配達をお願いします。"),
    ("不在連絡票", "荷物を受け取れませんでした。"),
    ("Automatic watch broken", "It does not wind itself any more."),
    ("Automatic: which of your watches are?", "I want one for my husband."),
    ("Automatik-Uhr", "Sie geht nach."),
    ("Urlaub", "Ich bin im Urlaub, bitte nicht liefern."),
    ("Vacances", "Je suis en vacances jusqu'au 5."),
    ("Ferie", "Sono in ferie fino a lunedì."),
    ("Vacaciones", "Estoy de vacaciones."),
    ("Absence", "Je serai absente lundi, livrez mardi."),
    ("Read: the inscription", "Can you read the inscription on my ring?"),
    ("Gelesen: Ihre Bewertung", "Ich habe Ihre Bewertungen gelesen und möchte bestellen."),
    ("Thank you for your message", "I will send the ring back tomorrow."),
    ("Your request", "You asked for a photo, here it is."),
    ("Ticket #123456", "What about it?"),
    ("Support ticket", "How do I open one?"),
    ("Confirm my order", "Please confirm my order 123456."),
    ("Please confirm", "Did my return arrive?"),
    ("My address has changed", "The new one is clara@new.example."),
    ("Neue E-Mail-Adresse", "Ich habe jetzt eine neue: clara@neu.example"),
    ("Account suspended", "My account with you is suspended, why?"),
    ("User unknown", "Your site says user unknown when I log in as clara@customer.example."),
    ("Mailbox full", "My letter box is full of your catalogues."),
    ("Spam", "Your mails are blocked as spam at clara@customer.example."),
]


@pytest.mark.parametrize(("subject", "text"), LETTERS, ids=lambda one: one[:40])
def test_a_persons_mail_is_a_persons(subject: str, text: str) -> None:
    raw = (
        "Return-Path: <clara@customer.example>\nFrom: Clara <clara@customer.example>\n"
        f"To: support@shop.example\nSubject: {subject}\nMessage-ID: <c@customer.example>\n"
        f"Date: Fri, 20 Nov 2026 10:00:00 +0000\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
    message = read(raw.encode())
    found = classify(message, Circumstances(message.from_))

    assert (found.kind, message.bounce, found.evidence) == (Kind.CUSTOMER, None, ())
    assert not found.must_not_answer


def test_more_than_sixty_letters_were_read() -> None:
    assert len(LETTERS) >= 60


def test_a_report_that_a_person_sends_on_as_a_file_is_a_persons_mail() -> None:
    message = read(
        b"From: Clara <clara@customer.example>\nTo: support@shop.example\n"
        b"Subject: Fwd: Undelivered Mail Returned to Sender\n"
        b"Content-Type: multipart/mixed; boundary=o\n\n"
        b"--o\n\nWhy does this come back?\n"
        b"--o\nContent-Type: message/rfc822\n\n"
        b"From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail Returned to Sender\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=i\n\n"
        b"--i\n\nIt failed.\n--i\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; mx.example\n\n"
        b"Final-Recipient: rfc822; orders@shop.example\nAction: failed\nStatus: 5.1.1\n--i--\n--o--\n"
    )

    assert message.bounce is None
    assert classify(message, Circumstances(message.from_)).kind is Kind.CUSTOMER


def test_a_report_whose_parts_a_mail_program_sends_on_is_a_persons_mail() -> None:
    message = read(
        b"From: Clara <clara@customer.example>\nTo: support@shop.example\n"
        b"Subject: Fwd: Undelivered Mail Returned to Sender\n"
        b"Content-Type: multipart/mixed; boundary=o\n\n"
        b"--o\n\nWhy does this come back?\n\nBegin forwarded message:\n"
        b"--o\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; mx.example\n\n"
        b"Final-Recipient: rfc822; orders@shop.example\nAction: failed\nStatus: 5.1.1\n--o--\n"
    )

    assert message.bounce is None
    assert classify(message, Circumstances(message.from_)).kind is Kind.CUSTOMER


PARCELS = [
    (
        "DHL <noreply@dhl.example>",
        "Delivery notification: your parcel could not be delivered",
        (
            "Your parcel 00340434 could not be delivered. The recipient was not at home; we left a "
            "card in your mailbox. Reach us at service@dhl.example."
        ),
    ),
    (
        "Carrier <delivery@carrier.example>",
        "Delivery failed: order 123456",
        (
            "The delivery failed: the address was not found.\nRecipient: clara@customer.example\n"
            "Track it at https://carrier.example."
        ),
    ),
    (
        "Paketdienst <no-reply@paket.example>",
        "Zustellung fehlgeschlagen",
        (
            "Ihr Paket konnte nicht zugestellt werden. Empfänger: clara@customer.example. "
            "Eine Karte liegt im Briefkasten."
        ),
    ),
    (
        "La Poste <noreply@poste.example>",
        "Votre colis n'a pas pu être remis : avis de non-distribution",
        "Votre colis n'a pas pu être remis au destinataire clara@customer.example.",
    ),
    (
        "Почта <noreply@pochta.example>",
        "Посылка не доставлена",
        "Не удалось вручить посылку. Получатель: clara@customer.example",
    ),
    (
        "Market <notification@market.example>",
        "Delivery status of your order",
        "The buyer clara@customer.example says that it was not delivered. Error in the address?",
    ),
]


@pytest.mark.parametrize(("sender", "subject", "text"), PARCELS, ids=lambda one: one[:30])
@pytest.mark.parametrize("fields", ["", "Auto-Submitted: auto-generated\n", "Return-Path: <>\n"])
def test_what_a_parcel_service_reports_is_no_report_on_mail(
    sender: str, subject: str, text: str, fields: str
) -> None:
    raw = (
        f"{fields}From: {sender}\nTo: support@shop.example\nSubject: {subject}\n"
        "Message-ID: <p@carrier.example>\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
    message = read(raw.encode())

    assert message.bounce is None
    assert classify(message, Circumstances(message.from_)).kind in {Kind.CUSTOMER, Kind.BULK}
