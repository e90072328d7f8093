"""Payment card numbers are masked wherever people write them, and nothing else is."""

import pytest

from maildaemon.domain.cards import HIDDEN, PAYMENT_CARD, find_cards, without_cards
from maildaemon.domain.message import Message
from maildaemon.domain.reading import NumberPattern, Reading
from maildaemon.mail.parse import parse_message
from tests import card_numbers
from tests.card_numbers import BEGINNINGS, CONTEXTS, RARE, SEPARATORS, grouped
from tests.service.shop import PNG, a_mail

VISA = "4111111111111111"
MASKED = f"{HIDDEN}1111"


def read(raw: bytes, *numbers: NumberPattern) -> Message:
    return parse_message(raw, Reading(("en",), numbers=numbers)).message


def test_of_numbers_in_one_piece_all_are_found_in_every_context() -> None:
    missed = [
        text
        for number in card_numbers.numbers(1, 2)
        for text in (context.format(*(number,) * 2) for context in CONTEXTS)
        if number in without_cards(text)
    ]

    assert missed == []


@pytest.mark.parametrize("separator", SEPARATORS)
def test_numbers_in_groups_are_found_in_every_context(separator: str) -> None:
    missed = [
        text
        for number in card_numbers.numbers(2, 1)
        for written in (grouped(number, separator),)
        for text in (context.format(*(written,) * 2) for context in CONTEXTS)
        if written in without_cards(text)
    ]

    assert missed == []


def test_ordinary_mails_keep_their_numbers() -> None:
    count = 10_000
    masked = [text for text in card_numbers.ordinary(3, count) if find_cards(text)]

    assert len(masked) <= count / 1000, masked


def test_the_number_of_a_telephone_is_none_of_a_card_although_its_check_digit_is_right() -> None:
    assert [one for one in card_numbers.imeis(4, 2000) if find_cards(f"It is {one}.")] == []


def test_lengths_that_other_numbers_have_more_often_want_a_word_of_cards() -> None:
    for number in card_numbers.numbers(5, 5, RARE):
        assert not find_cards(f"I have {number} here")
        assert find_cards(f"My card {number} here")
        assert find_cards(f"I have {number}, a debit card")


def test_what_the_networks_do_not_have_is_no_card() -> None:
    assert BEGINNINGS["visa"][1] == (16, 19)
    assert not find_cards("4111111111111112")  # its check digit is wrong
    assert not find_cards("8111111111111117")
    assert not find_cards("411111111111117")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Card {VISA}.", f"Card {MASKED}."),
        ("4111-1111-1111-1111", MASKED),
        ("4111 1111\n1111 1111", MASKED),
        ("> 4111 1111\n> 1111 1111", f"> {MASKED}"),
        ("4111 1111 1111 1111 1228 123", f"{MASKED} 1228 123"),
        ("4111 1111 1111 1111 2027", f"{MASKED} 2027"),
        (f"{VISA} 12/27 123", f"{MASKED} 12/27 •••"),
        (f"{VISA}\nCVV: 123", f"{MASKED}\nCVV: •••"),
        (f"{VISA}, Prüfziffer 123", f"{MASKED}, Prüfziffer •••"),
        ("378282246310005 CID 1234", f"{HIDDEN}0005 CID •••"),
        (f"{VISA}\n5555555555554444", f"{MASKED}\n{HIDDEN}4444"),
        (f"Anna,{VISA},anna@example.net,12/27", f"Anna,{MASKED},anna@example.net,12/27"),
        (f"Visa-{VISA}", f"Visa-{MASKED}"),
        (f"order with card {VISA}", f"order with card {MASKED}"),
        (f"Order number (paid by card): {VISA}", f"Order number (paid by card): {MASKED}"),
        (f"Orders: {VISA}, 5555555555554444", f"Orders: {VISA}, {HIDDEN}4444"),
        (f"In order to pay: {VISA}", f"In order to pay: {MASKED}"),
    ],
)
def test_the_last_four_digits_are_shown_and_of_the_code_beside_it_none(
    text: str, shown: str
) -> None:
    assert without_cards(text) == shown
    assert without_cards(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        f"order number {VISA}",
        f"Bestellnummer: {VISA}",
        f"order #{VISA}",
        f"commande n° {VISA}",
        f"ordine n. {VISA}",
        f"Pedido nº {VISA}",
        f"pedido n.º {VISA}",
        f"Order confirmation: {VISA}",
        f"Track & Trace: {VISA}",
        f"#{VISA}",
        f"№ {VISA}",
        f"RMA-{VISA}",
        f"tracking: {VISA}",
        f"IMEI is {VISA}",
        f"+{VISA}",
        f"0.{VISA}",
        f"0,{VISA}",
        f"{VISA}.5",
        f"{VISA}abc",
        f"a{VISA}",
        f"12_{VISA}_77",
        f"https://shop.example/{VISA}/ring",
        f"www.shop.example/?card={VISA}",
        f"<{VISA}@mail.example>",
        f"{VISA}@mail.example",
        "DE12 4111 1111 1111 1111",
        "DE12 4111111111111111",
        "1234 4111 1111 1111 1111",
        "4111 1111 1111 1111 9999 12",
        "4111 1111 1111 1111 1228 12",
        "4111\n1111\n1111\n1111",
        "411111\n1111111111",
        "41 11 11 11 11 11 11 11",
        "CVV 123 is on no card here",
    ],
)
def test_what_only_looks_like_one_stays(text: str) -> None:
    assert without_cards(text) == text


def test_a_message_is_masked_wherever_people_write_and_flagged() -> None:
    raw = a_mail(
        f"My card: {VISA}, CVV 123.\n\nOn Monday Shop <support@shop.example> wrote:\n> {VISA}\n",
        subject=f"Charge {VISA}",
        sender=f'"Clara {VISA}" <clara@customer.example>',
        to=f'"{VISA}" <support@shop.example>',
        Keywords=VISA,
        X_Other=VISA,
        files=((f"card {VISA}.png", "image/png", PNG),),
    )

    message = read(raw)

    assert message.subject == f"Charge {MASKED}"
    assert message.text.startswith(f"My card: {MASKED}, CVV •••.")
    assert VISA not in message.text + message.reply_text
    assert message.from_ is not None
    assert message.from_.name == f"Clara {MASKED}"
    assert message.to[0].name == MASKED
    assert message.attachments[0].filename == f"card {MASKED}.png"
    assert message.attachments[0].names == (f"card {MASKED}.png",)
    assert {name for name, said in message.fields if VISA in said} == {"x-other"}
    assert message.defects[-1] == PAYMENT_CARD


def test_a_message_without_one_stays_as_it_is() -> None:
    assert PAYMENT_CARD not in read(a_mail()).defects


def test_rules_see_what_people_wrote_and_a_number_of_the_shop_stays() -> None:
    mine = NumberPattern("order", r"\b4\d{15}\b")
    raw = a_mail(f"It is about {VISA}, and my card is 5555 5555 5555 4444.\n", subject=VISA)

    message = read(raw, mine)

    assert message.subject == VISA
    assert message.text.strip() == f"It is about {VISA}, and my card is {HIDDEN}4444."
    assert message.found is not None
    assert [one.number for one in message.found.numbers] == [VISA]
    # What takes a piece of it is no number of the shop's.
    part = read(raw, NumberPattern("order", r"\d{6}"))
    assert VISA not in part.text


def test_a_report_quotes_no_number() -> None:
    report = (
        b"From: MAILER-DAEMON@mail.example\r\nTo: support@shop.example\r\nSubject: failed\r\n"
        b"Message-ID: <r@x>\r\nContent-Type: multipart/report; report-type=delivery-status; "
        b'boundary="b"\r\n\r\n--b\r\n\r\nFailed.\r\n--b\r\n'
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n\r\n"
        b"Final-Recipient: rfc822; x@y.example\r\nAction: failed\r\nStatus: 5.7.1\r\n"
        b"Diagnostic-Code: smtp; 554 5.7.1 subject refused: " + VISA.encode() + b"\r\n--b--\r\n"
    )

    message = read(report)

    assert message.bounce is not None
    diagnostic = message.bounce.recipients[0].diagnostic
    assert diagnostic is not None
    assert diagnostic.endswith(MASKED)
