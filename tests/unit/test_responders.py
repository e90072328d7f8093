"""Programs that answer by themselves, by what they write: header fields, and subjects at last."""

import pytest

from maildaemon.domain.automatic import Circumstances, Kind, Silence, classify
from maildaemon.domain.evidence import is_nobody
from maildaemon.domain.message import Address
from tests.builders import CLARA, a_message

# As mail programs, servers and providers write them, before the subject of what they answer.
AWAY = """
Automatic reply: Your ring
Automatic Reply: [EXTERNAL] Your ring
[EXTERNAL] Automatic reply: Your ring
***SPAM*** Automatic reply: Your ring
Auto: Automatic reply to your message
Automatic reply
Automated reply: Re: Your ring
Auto Reply: Your ring
Auto-Reply: Your ring
Autoreply: Your ring
[Auto-Reply] Your ring
Auto Response: Your ring
Yahoo! Auto Response
Vacation reply: Your ring
Vacation Auto-Reply
Out of Office: Your ring
Out of Office AutoReply: Your ring
Out of Office Re: Your ring
Out of office (back on Monday)
Out-of-Office: Your ring
Out of the office until Monday
I am out of the office until 1 December
I'm out of the office
AUTO: Anna Smith is out of the office (returning 12/01/2026)
Anna Smith is out of the office.
Automatische Antwort: Ihr Ring
Automatische Rückantwort: Ihr Ring
Automatische E-Mail-Antwort: Ihr Ring
Abwesenheitsnotiz: Ihr Ring
Abwesenheitsnachricht
Abwesenheitsassistent: Ihr Ring
Anna Schmidt ist außer Haus.
AUTO: Anna Schmidt ist nicht im Büro (Rückkehr am 01.12.2026)
Réponse automatique : Votre bague
Réponse automatique: Votre bague
Réponse d’absence : Votre bague
Message d'absence
Absent(e) du bureau : Votre bague
Absence du bureau : Votre bague
Risposta automatica: Il suo anello
Fuori sede: Il suo anello
Messaggio automatico: assenza
Assente dall'ufficio
Respuesta automática: Su anillo
Respuesta automatica: Su anillo
Fuera de la oficina: Su anillo
Contestación automática
Resposta automática: O seu anel
Ausência temporária: O seu anel
Fora do escritório
Resposta automàtica: El seu anell
Automatisch antwoord: Uw ring
Afwezigheidsbericht: Uw ring
Afwezig: Re: Uw bestelling
Abwesend: Re: Ihre Bestellung
Anna de Vries is afwezig
Autosvar: Din ring
Automatiskt svar: Din ring
Frånvaromeddelande: Din ring
Automatisk svar: Din ring
Fraværsmelding: Din ring
Automaattinen vastaus: Sormuksesi
Poissaoloviesti
Automaatvastus: Teie sõrmus
Automātiskā atbilde: Gredzens
Automatinis atsakymas: Žiedas
Odpowiedź automatyczna: Pierścionek
Autoodpowiedź: Pierścionek
Automatická odpověď: Prsten
Automatická odpoveď: Prsteň
Automatikus válasz: Gyűrű
Házon kívül: Gyűrű
Răspuns automat: Inel
Automatski odgovor: Prsten
Samodejni odgovor: Prstan
Автоответ: Ваше кольцо
Автоматический ответ: Ваше кольцо
Автоматична відповідь: Ваша каблучка
Автоматичен отговор: Пръстен
Аутоматски одговор: Прстен
Αυτόματη απάντηση: Το δαχτυλίδι
Εκτός γραφείου
Otomatik yanıt: Yüzük
Ofis dışında: Yüzük
رد تلقائي: خاتم
תשובה אוטומטית: טבעת
自動返信: ご注文
【自動返信】ご注文
自動応答: ご注文
不在通知： ご注文
自动回复: 您的戒指
自动答复: 您的戒指
自動回覆: 您的戒指
자동 회신: 반지
부재중 알림: 반지
Trả lời tự động: Nhẫn
Balasan otomatis: Cincin
ตอบกลับอัตโนมัติ: แหวน
""".strip().split("\n")


@pytest.mark.parametrize("subject", AWAY)
def test_a_responder_is_known_by_its_subject_where_nothing_else_tells(subject: str) -> None:
    message = a_message(subject=subject)
    found = classify(message, Circumstances(CLARA))

    assert (found.kind, {*found.forbidden}) == (Kind.AUTO_REPLY, {Silence.AUTO_SUBMITTED})


def test_responders_of_eighty_programs_and_languages_are_known() -> None:
    assert len(set(AWAY)) >= 80


HELP_DESKS = """
[Request received] Your ring
Request received: Your ring
Ticket Received - Your ring
[Ticket Created] Your ring
Support Ticket Opened [#123456]
[Anfrage erhalten] Ihr Ring
[Demande reçue] Votre bague
[Solicitud recibida] Su anillo
[Запрос получен] Ваше кольцо
""".strip().split("\n")


@pytest.mark.parametrize("subject", HELP_DESKS)
def test_another_help_desk_that_confirms_is_a_machine(subject: str) -> None:
    assert classify(a_message(subject=subject), Circumstances(CLARA)).kind is Kind.AUTO_REPLY


CONFIRMS = """
We have received your request
Your request (#123) has been received
Thank you for contacting Acme
Thank you for your message
Ihre Anfrage ist bei uns eingegangen
Eingangsbestätigung
Accusé de réception
Nous avons bien reçu votre message
Abbiamo ricevuto la sua richiesta
Hemos recibido su solicitud
Recebemos sua mensagem
Ontvangstbevestiging
Potwierdzenie otrzymania wiadomości
Ваше обращение зарегистрировано
お問い合わせありがとうございます
""".strip().split("\n")


@pytest.mark.parametrize("subject", CONFIRMS)
def test_what_a_person_might_say_is_a_machines_only_where_it_answers_a_mail(subject: str) -> None:
    alone = classify(a_message(subject=subject), Circumstances(CLARA))
    answer = a_message(subject=subject, in_reply_to=("staff@shop.example",))

    assert alone.kind is Kind.CUSTOMER
    expected = Kind.CUSTOMER if "(#123)" in subject else Kind.AUTO_REPLY
    assert classify(answer, Circumstances(CLARA)).kind is expected


def test_our_own_subject_that_comes_back_without_a_prefix_is_a_customers() -> None:
    message = a_message(
        subject="We have received your message [#K7F3-Q2]", in_reply_to=("ours@shop.example",)
    )

    assert classify(message, Circumstances(CLARA)).kind is Kind.CUSTOMER


FIELDS = [
    ("X-Auto-Reply", "yes", Kind.AUTO_REPLY),
    ("X-Autoreply-To", "<support@shop.example>", Kind.AUTO_REPLY),
    ("X-Vacation", "yes", Kind.AUTO_REPLY),
    ("X-Mailer", "vacation 1.2.7", Kind.AUTO_REPLY),
    ("Precedence", "auto-reply", Kind.AUTO_REPLY),
    ("Delivered-To", "Autoresponder", Kind.AUTO_REPLY),
    ("X-MS-Exchange-Generated-Message-Source", "Mailbox Rules Agent", Kind.BULK),
    ("X-No-Loop", "yes", Kind.BULK),
    ("X-CSA-Complaints", "whitelist-complaints@eco.example", Kind.BULK),
    ("X-Mailman-Version", "2.1.39", Kind.LIST),
    ("X-BeenThere", "news@list.example", Kind.LIST),
    ("X-Google-Group-Id", "123", Kind.LIST),
    # Behind these stands a program that would answer, and before it perhaps a person.
    ("X-RT-Loop-Prevention", "desk.example", Kind.CUSTOMER),
    ("X-OTRS-Loop", "yes", Kind.CUSTOMER),
    ("X-ServiceNow-Generated", "true", Kind.CUSTOMER),
]


@pytest.mark.parametrize(("name", "value", "kind"), FIELDS)
def test_a_field_of_a_program_forbids_an_answer(name: str, value: str, kind: Kind) -> None:
    found = classify(a_message(headers={name: value}), Circumstances(CLARA))

    assert found.kind is kind
    assert found.must_not_answer
    assert found.evidence


def test_an_answer_of_exchange_is_told_from_what_its_rules_send_on() -> None:
    loop = {"X-MS-Exchange-Inbox-Rules-Loop": "clara@customer.example"}
    answered = {**loop, "X-Auto-Response-Suppress": "All"}

    assert classify(a_message(headers=loop), Circumstances(CLARA)).kind is Kind.CUSTOMER
    assert classify(a_message(headers=answered), Circumstances(CLARA)).kind is Kind.AUTO_REPLY


def test_mail_without_a_return_path_is_a_machines_and_an_answer_if_it_answers() -> None:
    alone = classify(a_message(return_path=""), Circumstances(CLARA))
    answer = a_message(return_path="", in_reply_to=("ours@shop.example",))
    renamed = a_message(return_path="MAILER-DAEMON@mx.example")

    assert (alone.kind, {*alone.forbidden}) == (Kind.BULK, {Silence.NULL_REVERSE_PATH})
    assert classify(answer, Circumstances(CLARA)).kind is Kind.AUTO_REPLY
    assert classify(renamed, Circumstances(CLARA)).evidence == ("null_reverse_path: mailer-daemon",)


def test_a_return_path_made_for_one_recipient_counts_beside_the_sign_of_a_list() -> None:
    path = "bounces+123-support=shop.example@mailer.example"
    listed = a_message(return_path=path, headers={"List-Id": "<news.example>"})

    assert classify(a_message(return_path=path), Circumstances(CLARA)).kind is Kind.CUSTOMER
    assert "bulk: return-path" in classify(listed, Circumstances(CLARA)).evidence


READ = [
    ("Read: Your ring", "Your message was read on Friday, 20 November 2026 10:00."),
    ("Not read: Your ring", "Your message was deleted without being read on Friday."),
    ("Gelesen: Ihr Ring", "Ihre Nachricht wurde gelesen am Freitag, 20. November 2026."),
    ("Lu : Votre bague", "Votre message a été lu le vendredi 20 novembre 2026."),
    ("Letto: Il suo anello", "Il messaggio è stato letto il venerdì 20 novembre 2026."),
    ("Leído: Su anillo", "Su mensaje fue leído el viernes."),
    ("Lida: O seu anel", "A sua mensagem foi lida em sexta-feira."),
    ("Gelezen: Uw ring", "Uw bericht is gelezen op vrijdag."),
    ("Прочитано: Ваше кольцо", "Ваше сообщение было прочитано 20 ноября."),
    ("Return Receipt (displayed) - Your ring", "This is a Return Receipt for the mail you sent."),
]


@pytest.mark.parametrize(("subject", "text"), READ)
def test_a_receipt_that_is_no_report_is_known_by_subject_and_text(subject: str, text: str) -> None:
    found = classify(a_message(subject=subject, text=text), Circumstances(CLARA))

    assert (found.kind, {*found.forbidden}) == (Kind.RECEIPT, {Silence.AUTO_SUBMITTED})


@pytest.mark.parametrize(
    "local",
    "noreply no-reply-orders donotreply keine-antwort nicht-antworten ne-pas-repondre no-responder "
    "nao-responda nonrispondere niet-antwoorden svara-inte nie_odpowiadaj neodpovidat nuraspunde "
    "ne-otvechat cevaplamayin auto-confirm root www-data wordpress".split(),
)
def test_nobody_reads_such_an_address_in_any_language(local: str) -> None:
    assert is_nobody(Address("", f"{local}@x.example"))


@pytest.mark.parametrize(
    "local",
    "groot rootsandwings nobodyknows.bar noreen.plymouth reply-to-anna wordpress.fan".split(),
)
def test_somebody_whose_name_looks_alike_reads_his_mail(local: str) -> None:
    assert not is_nobody(Address("", f"{local}@x.example"))
