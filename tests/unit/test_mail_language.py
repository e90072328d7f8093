"""The language of a text: one of those the shop speaks, another, or none for sure."""

import subprocess
import sys
from pathlib import Path

import pytest

from maildaemon.mail.language import detect_language
from tests.unit.parsing import HEADER, LANGUAGES, read

_FILE = Path(__file__).with_name("letters.txt").read_text("utf-8")
LETTERS = [
    (language, letter)
    for language, colon, letter in (line.partition(": ") for line in _FILE.splitlines())
    if colon and not language.startswith("#")
]


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
    assert detect_language(text, LANGUAGES) == language


@pytest.mark.parametrize(("language", "letter"), LETTERS)
def test_a_short_mail_of_a_customer_is_in_its_language(language: str, letter: str) -> None:
    assert detect_language(letter, LANGUAGES) == language


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

    found = [detect_language(it, LANGUAGES) for it in beginnings]

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
    assert detect_language(text, LANGUAGES) in {None, *LANGUAGES}


def test_a_language_that_the_shop_does_not_speak_is_named_if_it_is_sure() -> None:
    assert detect_language("Wo ist meine Bestellung geblieben?", ("en", "it")) == "de"
    assert detect_language("Wo ist meine", ("en", "it")) is None
    assert detect_language("Wo ist meine Bestellung geblieben?", ()) is None


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
    assert detect_language(text, LANGUAGES) == language


def test_a_regional_language_is_answered_by_its_configured_name() -> None:
    assert detect_language("Onde está a minha encomenda?", ("en", "pt-BR")) == "pt-BR"


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
        "parse_message(b'Subject: x\\n\\nWhere is my order, please?', ('en',));"
        "assert not {'requests', 'urllib3', 'robust_downloader', 'ssl'} & {*sys.modules}"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
