"""What is looked for in a mail: words that stand alone, expressions, senders, order numbers."""

import time

import pytest

from maildaemon.domain.ordernumbers import number_key, proves, usual_form
from maildaemon.domain.reading import (
    Checksum,
    Findings,
    FoundSender,
    FoundWords,
    NumberPattern,
    Part,
    Reading,
    Search,
)
from maildaemon.domain.understanding import OrderNumber
from maildaemon.mail.search import find, prepare
from tests.builders import a_message
from tests.unit.parsing import read


def found(text: str, *words: str, subject: str = "") -> list[str]:
    """Return which of the words are found in the text."""
    reading = Reading(searches=tuple(Search(one) for one in words))
    findings = find(a_message(subject=subject, text=text, reply_text=text), prepare(reading))
    return [one.words for one in findings.words]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("It arrived damaged.", "damaged"),
        ("It arrived DAMAGED!", "damaged"),
        ("damaged", "Damaged"),
        ("(damaged)", "damaged"),
        ("the box-damaged-was open", "damaged"),
        ("Das Paket war beschädigt", "beschadigt"),
        ("Das Paket war beschadigt", "beschädigt"),
        ("STRASSE", "Straße"),
        ("Le colis est ENDOMMAGÉ", "endommagé"),
        ("Le colis est endommage\u0301", "endommagé"),
        ("Où est ma commande", "ou est"),
        ("never  \n received", "never received"),
        ("don’t want", "don't want"),
        ("Посылка ПОВРЕЖДЕНА", "повреждена"),
        ("Ещё нет", "еще нет"),
        ("KIRIK geldi", "kırık"),
        ("商品が破損しています", "破損"),
        ("包裹已经损坏了", "损坏"),
        ("상품이 파손되었습니다", "파손"),
        ("สินค้าเสียหายมาก", "เสียหาย"),
        ("Ｄａｍａｇｅｄ", "damaged"),
        ("dam\u00adaged", "damaged"),
        ("C++ ist toll", "c++"),
    ],
)
def test_words_are_found_however_they_are_written(text: str, word: str) -> None:
    assert found(text, word) == [word]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("undamaged", "damaged"),
        ("ringing", "ring"),
        ("my_ring", "ring"),
        ("boring ringtone", "ring"),
        ("Rückgabe", "gabe"),
        ("поврежденный", "поврежден"),
        ("टूटा", "टूट"),
        ("", "ring"),
        ("order\n\nnumber", "ordernumber"),
    ],
)
def test_words_within_other_words_are_not_found(text: str, word: str) -> None:
    assert found(text, word) == []


def test_words_are_looked_for_only_where_they_are_to_be() -> None:
    message = a_message(subject="Broken ring", text="> broken\nHello", reply_text="Hello")
    anywhere, body = Search("broken"), Search("broken", (Part.TEXT,))

    findings = find(message, prepare(Reading(searches=(anywhere, body))))

    assert findings.words == (FoundWords("broken", Part.SUBJECT),)
    assert findings.holds(anywhere)
    assert not findings.holds(body)


def test_a_regular_expression_goes_on_where_a_line_was_broken_but_not_into_another_paragraph() -> (
    None
):
    expression = "/arrived .* pieces/"

    assert found("The vase arrived\nin many pieces.", expression) == [expression]
    assert found("The VASE ARRIVED in many PIECES", expression) == [expression]
    assert found("It arrived.\n\nWe like the pieces.", expression) == []


def test_a_regular_expression_can_ask_for_the_beginning_of_a_line() -> None:
    assert found("Hello\nOrder: 12", "/^order:/") == ["/^order:/"]


def test_senders_are_matched_by_their_address_and_by_where_answers_go() -> None:
    raw = (
        b"From: Shop form <form@example.com>\nReply-To: C@Bank.Example\nTo: support@shop.example\n"
        b"Subject: x\n\nHello"
    )
    bank = r"/@bank[.]example$/"

    findings = find(read(raw), prepare(Reading(senders=(bank,))))

    assert findings.senders == (FoundSender(bank, "c@bank.example"),)


# --- order numbers -----------------------------------------------------------------------------

ORDER = NumberPattern("order", r"#?\b(\d{6})\b")


def numbers(
    text: str, *kinds: NumberPattern, subject: str = "", whole: str | None = None
) -> list[str]:
    message = a_message(subject=subject, text=whole or text, reply_text=text)
    findings = find(message, prepare(Reading(numbers=kinds or (ORDER,))))
    return [one.number for one in findings.numbers]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("注文番号123456の商品が届きません", ["123456"]),
        ("주문번호123456입니다", ["123456"]),
        ("My order is 123456.", ["123456"]),
        ("My order #123456!", ["123456"]),
        ("123456 and 654321, again 123456", ["123456", "654321"]),
        ("1234567 is no order", []),
        ("注文番号は１２３４５６です", []),
        ("注文番号 １２３４５６", ["123456"]),
        ("طلب ١٢٣٤٥٦", ["123456"]),
        ("Order\u00a0123456\u200b", ["123456"]),
    ],
)
def test_order_numbers_are_found_each_once_in_plain_digits(text: str, expected: list[str]) -> None:
    assert numbers(text) == expected


def test_order_numbers_come_from_the_subject_and_from_what_is_new() -> None:
    assert numbers("and 222222", subject="Order 111111", whole="and 222222\n> 333333") == [
        "111111",
        "222222",
    ]


def test_what_is_quoted_or_forwarded_counts_if_the_customer_names_no_number() -> None:
    assert numbers("See below", whole="See below\n\nYour order 333333 is on its way") == ["333333"]


def test_a_pattern_without_a_group_is_the_number_itself_and_kinds_keep_their_names() -> None:
    voucher = NumberPattern("voucher", r"\bV\d{8}\b")
    message = a_message(reply_text="v12345678 for order 123456")

    findings = find(message, prepare(Reading(numbers=(ORDER, voucher))))

    assert findings.numbers == (
        OrderNumber("order", "123456"),
        OrderNumber("voucher", "V12345678"),
    )


def test_spellings_of_one_number_are_one_number() -> None:
    kind = NumberPattern("order", r"\bK[-– ]?\d{4}[-– ]?\d{3}\b")

    assert numbers("K-2026-001, k2026001 and K–2026–001", kind) == ["K-2026-001"]


def test_a_number_whose_checksum_is_wrong_is_none_of_ours() -> None:
    kind = NumberPattern("order", r"\b\d{8}\b", Checksum.LUHN)

    assert numbers("12345674 12345678", kind) == ["12345674"]


def test_ten_thousand_numbers_cost_no_more_than_fifty() -> None:
    text = " ".join(str(number) for number in range(100_000, 110_000))

    assert len(numbers(text)) == 50


@pytest.mark.parametrize(
    ("number", "checksum"),
    [
        ("79927398713", Checksum.LUHN),
        ("4539 1488 0343 6467", Checksum.LUHN),
        ("0-306-40615-2", Checksum.MOD11),
        ("0-8044-2957-X", Checksum.MOD11),
        ("2345676", Checksum.MOD11),
        ("RF18539007547034", Checksum.MOD97),
        ("GB82WEST12345698765432", Checksum.MOD97),
        ("3214282912345698765432161182", Checksum.MOD97),
    ],
)
def test_check_digits_prove_a_number_and_nothing_near_it(number: str, checksum: Checksum) -> None:
    assert proves(number, checksum)
    first = next(at for at, one in enumerate(number) if one.isdigit())
    near = f"{number[:first]}{(int(number[first]) + 1) % 10}{number[first + 1 :]}"
    assert not proves(near, checksum)


@pytest.mark.parametrize("checksum", list(Checksum))
@pytest.mark.parametrize("number", ["", "-", "x", "1", "ÄÖÜ", "١", "²³", "a" * 100])
def test_what_is_no_number_proves_nothing_and_breaks_nothing(
    number: str, checksum: Checksum
) -> None:
    assert not proves(number, checksum)


def test_a_number_is_shown_in_one_form_and_compared_in_another() -> None:
    assert usual_form(" k-2026 – 001 ") == "K-2026-001"
    assert number_key("K-2026-001") == number_key("k 2026 001") == "K2026001"
    assert usual_form("---") == ""


# --- questions and requests ----------------------------------------------------------------------


def asks(text: str, language: str | None = "en", subject: str = "") -> bool | None:
    message = a_message(subject=subject, text=text, reply_text=text, language=language)
    findings: Findings = find(message, prepare(Reading()))
    return findings.asks


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my order?", "en"),
        ("Please send me an invoice.", "en"),
        ("I want a refund", "en"),
        ("Bitte stornieren Sie meine Bestellung.", "de"),
        ("Ich möchte den Ring umtauschen", "de"),
        ("Je voudrais être remboursé", "fr"),
        ("Vorrei cambiare l'anello", "it"),
        ("Quiero devolver el anillo", "es"),
        ("Gostaria de devolver o anel", "pt"),
        ("Ik wil de ring graag ruilen", "nl"),
        ("Proszę o zwrot pieniędzy", "pl"),
        ("Прошу вернуть деньги", "ru"),
        ("Прошу повернути гроші", "uk"),
        ("返金してください。", "ja"),
        ("请退款", "zh"),
        ("환불 부탁드립니다", "ko"),
        ("İade istiyorum", "tr"),
    ],
)
def test_a_question_or_a_request_is_noticed_in_many_languages(text: str, language: str) -> None:
    assert asks(text, language) is True


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Order 123456. It is a blue ring.", "en"),
        ("", None),
        ("123456", None),
        ("Bestellung 123456, der blaue Ring.", "de"),
        ("La commande numéro 123456.", "fr"),
        ("Заказ 123456, синее кольцо.", "ru"),
    ],
)
def test_a_short_mail_that_wants_nothing_is_noticed(text: str, language: str | None) -> None:
    assert asks(text, language, subject="My order") is False


def test_a_question_in_the_subject_alone_is_one() -> None:
    assert asks("Order 123456", subject="Where is my ring?") is True


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("word " * 500, "en"),
        ("A gyűrű a 123456 számú rendeléshez tartozik.", "hu"),
        ("Comanda mea este 123456 si inelul albastru.", None),
    ],
)
def test_where_it_is_unsure_nobody_is_asked_for_a_question(text: str, language: str | None) -> None:
    assert asks(text, language) is None


@pytest.mark.timed
def test_s19_a_word_of_a_megabyte_takes_no_time() -> None:
    began = time.process_time()

    asks("Hello " + "x" * 1_000_000)

    assert time.process_time() - began < 1
