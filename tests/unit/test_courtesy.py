"""What only says thank you, and what says anything else."""

import pytest

from maildaemon.domain.courtesy import Courtesy, is_courteous, read_courtesy
from tests.builders import ANNA, CLARA, a_file, a_message

THANKS = """
Thank you!
Thanks a lot
Thank you so much for your quick help, Anna.
Hi Anna, thanks again! Best regards, Clara
thx :-)
Many thanks, have a nice day
Thank you very much for the fast reply 🙏
Danke!
Vielen herzlichen Dank für die schnelle Antwort. Viele Grüße, Clara
Besten Dank, schönes Wochenende
Danke schön und liebe Grüße
Merci !
Merci beaucoup pour votre réponse rapide.
Je vous remercie, bonne journée
Bonjour, merci bien. Cordialement
Grazie mille!
La ringrazio molto per la gentilezza. Cordiali saluti
Grazie per la rapida risposta, buona giornata
¡Muchas gracias!
Mil gracias por su ayuda. Un saludo
Muito obrigada pela ajuda
Obrigado!
Hartelijk dank voor uw snelle reactie
Bedankt, fijne dag
Dziękuję bardzo za szybką odpowiedź. Pozdrawiam
Dzięki!
Большое спасибо!
Спасибо вам за помощь, хорошего дня
Благодарю за быстрый ответ
Дякую!
Щиро дякую за допомогу, гарного дня
Tack så mycket för hjälpen
Tak for hurtigt svar, venlig hilsen
Mange tak
Tusen takk for hjelpen
Kiitos paljon avusta
Děkuji moc za rychlou odpověď
Ďakujem veľmi pekne
Köszönöm szépen a gyors választ
Mulțumesc mult pentru ajutor
Ευχαριστώ πολύ
Благодаря много
Çok teşekkür ederim, iyi günler
Hvala lijepo
ありがとうございました。
ご連絡ありがとうございます
谢谢！
非常感谢您的帮助
謝謝您
감사합니다
빠른 답변 감사합니다
ขอบคุณมากครับ
Cảm ơn bạn rất nhiều
It has arrived, thank you very much!
Thanks Anna, everything arrived this morning.
I've just received it. Many thanks, Clara
The refund has arrived, thank you
Das Paket ist heute gut angekommen, vielen Dank!
Danke, ich habe alles erhalten
Merci, j'ai bien reçu le colis. Bonne journée
Mon colis est bien arrivé, merci beaucoup
C'est bien arrivé, merci !
È arrivato, grazie mille
Il pacco è arrivato, grazie
Ha llegado, ¡muchas gracias!
El pedido ya me ha llegado bien, gracias
Já chegou, muito obrigada
Het pakket is goed aangekomen, hartelijk dank
Paczka już dotarła, dziękuję bardzo
Посылка пришла, большое спасибо
Посилка прийшла, дякую
""".strip().splitlines()

ASSENT = """
OK, thank you.
Perfect, thanks!
Alles klar, vielen Dank
Super, danke!
D'accord, merci
Parfait, merci beaucoup
Va bene, grazie
Perfecto, muchas gracias
Akkoord, bedankt
Хорошо, спасибо
Понятно, спасибо большое
Tamam, teşekkürler
""".strip().splitlines()

NEWS = """
Thank you, but it is still broken.
Thanks. When will it arrive?
Thank you for cancelling my order
Thanks for nothing
No thanks
Yes please, thank you
Thank you in advance
Thank you in advance for the refund
Thanks, I am waiting for the parcel
thanks 123456
Thanks, see https://x.example/photo
Thanks, my number is +49 170 1234
Thank you. Please send it to the office instead.
Thank you 👎
Thank you 😡
Hello
Danke, aber das Paket ist nicht angekommen
Danke für die Stornierung
Danke im Voraus
Danke, bitte noch die Rechnung
Nein danke
Merci de me rappeler
Merci de rembourser
Merci d'avance
Merci, mais toujours rien reçu
Non merci
Grazie, ma il pacco non è arrivato
Grazie, attendo il rimborso
Resto in attesa, grazie
Gracias, pero no funciona
Gracias de antemano
Obrigado, mas ainda não chegou
Bedankt, maar het is kapot
Alvast bedankt
Dziękuję, ale nie działa
Dziękuję, czekam na zwrot
Спасибо, но не работает
Спасибо, жду возврата
Заранее спасибо
Дякую, але посилка не прийшла
Tack, men den är trasig
Děkuji, ale nefunguje
Teşekkürler ama gelmedi
ありがとうございます。まだ届いていません。
谢谢，但是还没收到
감사합니다만 아직 도착하지 않았습니다
ขอบคุณครับ แต่ยังไม่ได้รับของ
It has not arrived, thank you
Has it arrived, thanks
Have they arrived, thanks
Is it delivered, thanks
Were they delivered, thank you
It has arrived
It arrived broken, thank you
It has arrived, thank you, but one is missing
I have received it, thanks. Please send the invoice
Danke, ist es angekommen
Das Paket ist leer angekommen, danke
Merci, je n'ai pas reçu le colis
Le colis est arrivé cassé, merci
Non è arrivato, grazie
È arrivato rotto, grazie
No ha llegado, gracias
Ha llegado roto, gracias
Não chegou, obrigado
Het is niet aangekomen, bedankt
Paczka nie dotarła, dziękuję
Посылка не пришла, спасибо
Paid, thank you
""".strip().splitlines()


@pytest.mark.parametrize("text", THANKS)
def test_a_bare_thank_you_is_recognised_in_many_languages(text: str) -> None:
    message = a_message(reply_text=text, from_=CLARA)

    assert read_courtesy(message, [ANNA.key]) is Courtesy.THANKS


@pytest.mark.parametrize("text", ASSENT)
def test_a_word_of_assent_beside_it_is_told_apart(text: str) -> None:
    assert read_courtesy(a_message(reply_text=text)) is Courtesy.ASSENT


@pytest.mark.parametrize("text", NEWS)
def test_whatever_says_more_is_no_mere_courtesy(text: str) -> None:
    assert read_courtesy(a_message(reply_text=text)) is None


def test_an_empty_or_a_long_text_is_none() -> None:
    assert read_courtesy(a_message(reply_text="")) is None
    assert read_courtesy(a_message(reply_text="thank you " * 50)) is None


def test_a_logo_may_stand_below_it_and_a_file_or_a_large_picture_may_not() -> None:
    logo = a_file(inline=True, size=5_000)

    for files, kind in (
        ((logo,), Courtesy.THANKS),
        ((a_file(inline=False, size=5_000),), None),
        ((a_file(inline=True, size=500_000),), None),
        ((logo, a_file(filename="a.pdf", detected_type="application/pdf", inline=True)), None),
    ):
        assert read_courtesy(a_message(reply_text="Thank you!", attachments=files)) is kind


@pytest.mark.parametrize(
    ("subject", "courteous"),
    [("", True), ("thank you", True), ("ok, danke!", True), ("cancel it", False), ("a 17", False)],
)
def test_a_subject_may_be_a_courtesy_too(subject: str, courteous: bool) -> None:
    assert is_courteous(subject) is courteous
