"""The language of a text: one of those the shop speaks, another, or none for sure."""

import subprocess
import sys
from pathlib import Path

import pytest

from maildaemon.domain.message import SURE
from maildaemon.mail.language import Detected, detect_language
from tests.unit.parsing import HEADER, LANGUAGES, read


def lines_of(name: str) -> list[tuple[str, str]]:
    lines = Path(__file__).with_name(name).read_text("utf-8").splitlines()
    split = (line.partition(": ") for line in lines if not line.startswith("#"))
    return [(language, text) for language, colon, text in split if colon]


LETTERS = lines_of("letters.txt")
SENTENCES = lines_of("sentences.txt")


def named(text: str, languages: tuple[str, ...], subject: str = "") -> str | None:
    return detect_language(text, languages, subject).language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello, where is my order 123456? It should have arrived last week.", "en"),
        ("Wo ist meine Bestellung?", "de"),
        ("Dove è il mio anello?", "it"),
        ("Où est ma commande ?", "fr"),
        ("¿Dónde está mi pedido?", "es"),
        ("Onde está a minha encomenda?", "pt"),
        ("Waar blijft mijn bestelling?", "nl"),
        ("Где мой заказ?", "ru"),
        ("Де моє замовлення?", "uk"),
        ("Gdzie jest moje zamówienie?", "pl"),
        ("MY RING IS BROKEN AND I WANT MY MONEY BACK", "en"),
        ("danke", "de"),
        ("ok", None),
        ("123456", None),
        ("https://shop.example/dove/e/il/mio/anello anna@dove.example", None),
        ("", None),
    ],
)
def test_a_language_is_named_only_when_it_is_clear(text: str, language: str | None) -> None:
    assert named(text, LANGUAGES) == language


@pytest.mark.parametrize(("language", "letter"), LETTERS)
def test_a_short_mail_of_a_customer_is_in_its_language(language: str, letter: str) -> None:
    assert named(letter, LANGUAGES) == language


def test_there_are_letters_enough_in_each_language() -> None:
    assert set(LANGUAGES) == {"en", "it", "fr", "de", "es", "ru", "pt", "nl", "pl", "uk"}
    for language in LANGUAGES:
        assert len([it for it, _ in LETTERS if it == language]) >= 8


@pytest.mark.parametrize(("language", "letter"), [it for it in LETTERS if it[0] in LANGUAGES])
def test_however_short_a_letter_is_cut_it_is_not_called_an_unsupported_language(
    language: str, letter: str
) -> None:
    words = letter.split()
    beginnings = [" ".join(words[:number]) for number in range(1, len(words) + 1)]

    found = [named(it, LANGUAGES) for it in beginnings]

    assert set(found) <= {None, *LANGUAGES}
    # From four words on it is the right one, or none.
    assert set(found[3:]) <= {None, language}


@pytest.mark.parametrize(
    "text",
    [
        *("Thx", "ok", "K7F3-Q2", "#48377", "re: 4711", "Order 123456", "Tak", "Hej", "ja", "si"),
        *("Anna Kowalska", "Anna Müller, +43 664 1234567", "Nike Air Max 90", "size XL blue"),
        *("merhaba", "teşekkürler", "谢谢", "ありがとう", "tack så mycket", "Xin chào"),
        "Order number: 123456\nName: Jan Novák\nTel. 777 123 456",
    ],
)
def test_of_a_name_a_number_or_a_thank_you_no_foreign_language_is_told(text: str) -> None:
    assert named(text, LANGUAGES) in {None, *LANGUAGES}


def test_a_language_that_the_shop_does_not_speak_is_named_if_it_is_sure() -> None:
    assert named("Wo ist meine Bestellung geblieben?", ("en", "it")) == "de"
    assert named("Wo ist meine", ("en", "it")) is None
    assert named("Wo ist meine Bestellung geblieben?", ()) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("O fecho do casaco partiu-se na segunda vez que o vesti.", "pt"),
        ("Quiero cambiar mi talla por una mayor", "es"),
        ("Quero trocar meu tamanho por um maior", "pt"),
        ("Підкажіть номер посилки", "uk"),
        ("Подскажите номер посылки", "ru"),
        ("Дякую!", "uk"),
        ("Спасибо!", "ru"),
    ],
)
def test_neighbours_are_kept_apart(text: str, language: str) -> None:
    assert named(text, LANGUAGES) == language


def test_a_regional_language_is_answered_by_its_configured_name() -> None:
    assert named("Onde está a minha encomenda?", ("en", "pt-BR")) == "pt-BR"


def test_quoted_words_do_not_decide() -> None:
    message = read(
        HEADER
        + "Content-Type: text/plain; charset=utf-8\n\nDov'è il mio anello?\n\n"
        "On Nov 20, 2026 Shop <s@shop.example> wrote:\n> We have sent your ring by parcel today.\n"
        "> You will get it on Monday. Thank you for shopping with us.\n".encode()
    )

    assert message.language == "it"


def test_nothing_that_could_reach_a_network_is_even_loaded() -> None:
    code = (
        "import sys; from maildaemon.mail.parse import parse_message;"
        "from maildaemon.domain.reading import Reading;"
        "parse_message(b'Subject: x\\n\\nWhere is my order, please?', Reading(('en',)));"
        "assert not {'requests', 'urllib3', 'robust_downloader', 'ssl'} & {*sys.modules}"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


def judged(written: str, found: Detected) -> str:
    """What becomes of a customer's sentence: right, a guess, unsaid or wrong."""
    language = written.rstrip("+")
    if found.language is None:
        return "unsaid"
    if found.language != language:
        return "wrong"
    return "right" if found.confidence >= SURE else "guess"


def test_no_short_sentence_is_taken_for_another_language() -> None:
    found = [(written, text, detect_language(text, LANGUAGES)) for written, text in SENTENCES]

    assert len(SENTENCES) >= 380
    assert [one for one in found if judged(one[0], one[2]) == "wrong"] == []


@pytest.mark.parametrize(
    ("shortest", "longest", "surely"), [(0, 12, 55), (12, 25, 95), (25, 999, 98)]
)
def test_the_language_of_a_short_sentence_is_told(shortest: int, longest: int, surely: int) -> None:
    spoken = [one for one in SENTENCES if one[0].rstrip("+") in LANGUAGES]
    these = [one for one in spoken if shortest <= len(one[1]) < longest]
    fates = [judged(written, detect_language(text, LANGUAGES)) for written, text in these]

    assert len(these) >= 25
    # In per cent: a guess is used too, where the customer has written nothing before.
    assert 100 * fates.count("right") >= surely * len(these)
    assert 100 * (fates.count("right") + fates.count("guess")) >= 97 * len(these)


@pytest.mark.parametrize(
    ("text", "subject", "language"),
    [
        ("123456", "Dove è il mio pacco?", "it"),
        ("Anna Rossi", "Richiesta di rimborso per anello rotto", "it"),
        ("ok", "Wann kommt meine Bestellung?", "de"),
        # The shop's own subject, in the shop's own language.
        ("123456", "Re: Your order has been shipped", None),
        ("123456", "AW: Ihre Bestellung ist unterwegs", None),
        ("grazie", "Re: Your order has been shipped", "it"),
        ("grazie mille, ma il pacco non è arrivato", "Where is my order from last week", "it"),
        ("", "Where is my order?", "en"),
    ],
)
def test_the_subject_counts_where_the_text_is_short_and_the_subject_the_customers_own(
    text: str, subject: str, language: str | None
) -> None:
    assert named(text, LANGUAGES, subject) == language


def test_what_is_quoted_within_the_text_does_not_decide() -> None:
    text = (
        'Il corriere mi ha scritto: "Your parcel could not be delivered, please contact us as '
        'soon as possible to arrange another delivery". Cosa devo fare adesso con il mio pacco?'
    )

    assert detect_language(text, LANGUAGES).language == "it"


def test_one_thanks_is_a_guess_and_a_sentence_is_sure() -> None:
    thanks = detect_language("Thanks!", LANGUAGES)
    sentence = detect_language("Could you tell me where my parcel is?", LANGUAGES)

    assert (thanks.language, thanks.confidence < SURE) == ("en", True)
    assert (sentence.language, sentence.confidence >= SURE) == ("en", True)
    assert detect_language("48377", LANGUAGES) == Detected(None, 0.0)


@pytest.mark.parametrize(
    "text",
    ["a" * 5000, "é" * 5000, '"' * 5000, "a." * 2500, "ab " * 2000, "\n" * 5000, "注" * 5000],
)
def test_nonsense_is_in_no_language(text: str) -> None:
    assert detect_language(text, LANGUAGES).confidence < SURE
