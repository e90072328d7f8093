"""Cutting what was quoted, and never what the customer said."""

import time

import pytest

from maildaemon.mail.quotes import cut_quotes
from tests.unit.parsing import HEADER, read

NEW = "The ring is broken.\nWhat now?"

QUOTE = "> We hope you like it.\n>\n> The shop"


@pytest.mark.parametrize(
    "attribution",
    [
        "On Fri, Nov 20, 2026 at 10:00 AM Shop <support@shop.example> wrote:",
        "On Fri, Nov 20, 2026 at 10:00 AM Shop <\nsupport@shop.example> wrote:",
        "On Nov 20, 2026, at 10:00,\nthe shop\n<support@shop.example>\nwrote:",
        "Am Fr., 20. Nov. 2026 um 10:00 Uhr schrieb Shop <support@shop.example>:",
        "Am 20.11.26 um 10:00 schrieb Shop:",
        "Le ven. 20 nov. 2026 à 10:00, Shop <support@shop.example> a écrit :",
        "El vie, 20 nov 2026 a las 10:00, Shop (<support@shop.example>) escribió:",
        "Il giorno ven 20 nov 2026 alle ore 10:00 Shop <support@shop.example> ha scritto:",
        "Em sex., 20 de nov. de 2026 às 10:00, Shop <support@shop.example> escreveu:",
        "Op vr 20 nov 2026 om 10:00 schreef Shop <support@shop.example>:",
        "W dniu 20.11.2026 o 10:00, Shop pisze:",
        "pt., 20 lis 2026 o 10:00 Shop <support@shop.example> napisał(a):",
        "пт, 20 нояб. 2026 г. в 10:00, Shop <support@shop.example>:",
        "20.11.2026 10:00, Shop пишет:",
        "пт, 20 лист. 2026 р. о 10:00 Shop <support@shop.example> пише:",
        "Den fre 20 nov. 2026 10:00 Shop <support@shop.example> skrev:",
        "2026年11月20日(金) 10:00 Shop <support@shop.example>:",
        "2026-11-20 10:00 GMT+01:00 Shop <support@shop.example>",
    ],
)
def test_an_attribution_and_its_quote_are_cut(attribution: str) -> None:
    assert cut_quotes(f"{NEW}\n\n{attribution}\n\n{QUOTE}\n") == NEW


@pytest.mark.parametrize(
    "attribution",
    [
        "On Nov 20, 2026, at 10:00, Shop <support@shop.example> wrote:",
        "Am 20.11.2026 um 10:00 schrieb Shop <support@shop.example>:",
        "---- On Fri, 20 Nov 2026 10:00:00 +0100 support@shop.example wrote ----",
    ],
)
def test_a_quote_without_marks_is_cut_after_its_attribution(attribution: str) -> None:
    assert cut_quotes(f"{NEW}\n\n{attribution}\n\nWe hope you like it.\n") == NEW


@pytest.mark.parametrize(
    "separator",
    [
        "-----Original Message-----",
        "-----Ursprüngliche Nachricht-----",
        "-------- Message d'origine --------",
        "-----Mensaje original-----",
        "----- Messaggio originale -----",
        "-----Mensagem original-----",
        "-----Oorspronkelijk bericht-----",
        "-----Wiadomość oryginalna-----",
        "-----Исходное сообщение-----",
        "-----Вихідне повідомлення-----",
        "------------------ 原始邮件 ------------------",
    ],
)
def test_all_after_an_original_message_line_is_cut(separator: str) -> None:
    assert cut_quotes(f"{NEW}\n\n{separator}\nFrom: Shop\n\nWe hope you like it.") == NEW


@pytest.mark.parametrize(
    "block",
    [
        "From: Shop\nSent: Friday, November 20, 2026 10:00 AM\nTo: Anna\nSubject: Your ring",
        "*From:* Shop [mailto:support@shop.example]\n*Sent:* Friday\n*Subject:* Your ring",
        "Von: Shop\nGesendet: Freitag, 20. November 2026 10:00\nAn: Anna\nBetreff: Ihr Ring",
        "De : Shop\nEnvoyé : vendredi 20 novembre 2026 10:00\nÀ : Anna\nObjet : Votre bague",
        "Da: Shop\nInviato: venerdì 20 novembre 2026 10:00\nA: Anna\nOggetto: Il suo anello",
        "De: Shop\nEnviado el: viernes, 20 de noviembre\nPara: Anna\nAsunto: Su anillo",
        "Van: Shop\nVerzonden: vrijdag 20 november 2026\nAan: Anna\nOnderwerp: Uw ring",
        "Od: Shop\nWysłano: piątek\nDo: Anna\nTemat: Pierścionek",
        "От: Shop\nОтправлено: пятница\nКому: Anna\nТема: Кольцо",
        "Від: Shop\nНадіслано: п'ятниця\nКому: Anna\nТема: Каблучка",
        "________________________________\nAvsändare: a@x.example\nDag: i dag\nSak: Ringen",
    ],
)
def test_all_after_a_header_block_is_cut(block: str) -> None:
    assert cut_quotes(f"{NEW}\n\n{block}\n\nWe hope you like it.\n") == NEW


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAnna Rossi\nVia Roma 1",
        "--\nAnna",
        "____________\nAnna Rossi\nanna@customer.example",
        "Sent from my iPhone",
        "Sent from my Verizon Wireless BlackBerry",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Inviato da iPhone",
        "Verstuurd vanaf mijn iPhone",
        "Отправлено с iPhone",
        "Best regards,\nAnna",
        "Mit freundlichen Grüßen\n\nAnna Rossi\nTel. 12345",
        "Cordialement,\nAnna",
        "Cordiali saluti\nAnna",
        "Met vriendelijke groet,\nAnna",
        "С уважением,\nАнна",
    ],
)
def test_a_signature_is_cut_with_and_without_a_quote_below(signature: str) -> None:
    quoted = f"On Nov 20, 2026, at 10:00, Shop <s@shop.example> wrote:\n{QUOTE}"

    assert cut_quotes(f"{NEW}\n\n{signature}\n") == NEW
    assert cut_quotes(f"{NEW}\n\n{signature}\n\n{quoted}") == NEW


def test_a_signature_below_the_quote_is_cut_too() -> None:
    assert cut_quotes(f"{NEW}\n\nOn 20.11.2026 Shop wrote:\n{QUOTE}\n\n-- \nAnna") == NEW


def test_answers_between_quoted_lines_keep_their_quotes() -> None:
    inline = (
        "On Nov 20, 2026, at 10:00, Shop <s@shop.example> wrote:\n"
        "> Which order?\n\n123456\n\n> Which size?\n\n17"
    )

    assert cut_quotes(f"{inline}\n\n> Thank you\n") == inline


def test_an_answer_below_the_quote_is_what_is_new() -> None:
    assert cut_quotes(f"On Nov 20, 2026 Shop <s@shop.example> wrote:\n{QUOTE}\n\n{NEW}\n") == NEW


@pytest.mark.parametrize(
    "text",
    [
        "On the surface it looks fine. On average it is not.",
        "I bought two rings on 20.11.2026:\n\none for me and one for Anna.",
        "My colleague wrote: it is broken.\nI agree.",
        "From: Berlin\nTo: Rome\nDate: 20.11.2026\nPlease send it there.",
        "Here are my points:\n- one\n- two\n\nThanks for reading.",
        "In regards to the ring: it is broken.\nRegards are not enough.",
        "Sent from my desk, is much easier than my mobile phone.\nIt is broken.",
        "iPhone case is broken.\nPlease help.",
        "Enviado desde Madrid\nel lunes.",
        "Von meinem Konto wurde zweimal abgebucht.\nBitte prüfen.",
        "Kind regards,\nAnna\n\nPS: my order number is 123456",
        "A table\n-----\nRing 2\nChain 1",
        "This is a fix -- not a signature.",
        "------- Order data -------\nName: Anna\nSize: 17\nColour: gold",
    ],
)
def test_what_only_looks_like_a_mark_is_kept(text: str) -> None:
    own = f"Hello,\n\n{text}"

    assert cut_quotes(own) == own


def test_forwarded_mail_is_kept_for_it_is_what_the_customer_shows_us() -> None:
    forwarded = (
        "See below.\n\n---------- Forwarded message ---------\n"
        "From: Carrier <c@carrier.example>\nDate: Fri, 20 Nov 2026\nSubject: Parcel\n\nIt is lost."
    )

    assert cut_quotes(forwarded) == forwarded


def test_a_header_block_below_a_forwarding_subject_introduces_what_is_shown() -> None:
    block = "From: Carrier\nSent: Friday\nTo: Anna\nSubject: Parcel\n\nIt is lost."
    raw = HEADER.replace(b"The ring", b"%s: Parcel") + f"\nSee below.\n\n{block}".encode()

    assert read(raw.replace(b"%s", b"FW")).reply_text == f"See below.\n\n{block}"
    assert read(raw.replace(b"%s", b"RE")).reply_text == "See below."


@pytest.mark.parametrize("text", [QUOTE, "-- \nAnna", f"On 20.11.2026 Shop wrote:\n{QUOTE}"])
def test_if_nothing_would_be_left_nothing_is_cut(text: str) -> None:
    assert cut_quotes(text) == text


@pytest.mark.parametrize(
    "markup",
    [
        (
            '<p>New.</p><div class="gmail_quote"><div class="gmail_attr">ב-20 בנוב׳ 2026, Shop כתב:</div>'
            "<blockquote>old</blockquote></div>"
        ),
        (
            '<p>New.</p><div id="divRplyFwdMsg"><b>From:</b> Shop<br><b>Sent:</b> Fri<br><b>To:</b> A<br>'
            "<b>Subject:</b> Ring</div><p>old</p>"
        ),
        '<p>New.</p><div class="yahoo_quoted">le vendredi, Shop : old</div>',
        "<p>New.</p><blockquote>old</blockquote>",
    ],
)
def test_quotes_in_html_are_cut(markup: str) -> None:
    message = read(HEADER + b"Content-Type: text/html; charset=utf-8\n\n" + markup.encode())

    assert message.reply_text == "New."
    assert "old" in message.text


@pytest.mark.parametrize(
    "line",
    [
        "On " + "a " * 500_000,
        ">" * 1_000_000,
        "-" * 1_000_000,
        "On 2026 " + "wrote " * 150_000,
        "From: " * 160_000,
        "a@b" * 300_000,
    ],
)
@pytest.mark.timed
def test_s19_a_line_of_a_megabyte_takes_no_time(line: str) -> None:
    began = time.process_time()

    cut_quotes(f"Hello\n{line}")
    cut_quotes("\n".join((line[:200] + "\n") * 10 for _ in range(500)))

    assert time.process_time() - began < 1


def test_a_signature_may_hold_a_line_of_unusual_space() -> None:
    assert cut_quotes("Where is it?\n--\n\u2003\nAnna") == "Where is it?"
