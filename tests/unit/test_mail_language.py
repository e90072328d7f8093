"""The language of a text: one of those the shop speaks, or none for sure."""

import subprocess
import sys

import pytest

from maildaemon.mail.language import detect_language
from tests.unit.parsing import HEADER, LANGUAGES, read


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


def test_a_language_that_the_shop_does_not_speak_is_not_taken_for_another() -> None:
    assert detect_language("Wo ist meine Bestellung geblieben?", ("en", "it")) is None
    assert detect_language("Wo ist meine Bestellung geblieben?", ()) is None


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
