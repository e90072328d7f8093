"""Act one: a morning's mail."""

from base64 import b64decode
from dataclasses import replace

from maildaemon.cli.demo.letters import (
    ADDRESS,
    CAMILLE,
    TOM,
    Letter,
    Outcome,
    letter_id,
    now,
    write_letter,
    write_mail,
)
from maildaemon.domain.attachments import Reason, Verdict
from maildaemon.domain.automatic import Kind, Silence
from maildaemon.domain.delivery import Section
from maildaemon.domain.threads import MatchRule, Status

_GIULIA = "Giulia Rossi <giulia.rossi@posta.example>"
_ACKNOWLEDGED = (Section.ACKNOWLEDGEMENT,)

# The smallest JPEG there is: one white dot.
_PHOTO = b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP////////////////////////////////////////////////////"
    "//////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgB"
    "AQABPxA="
)
_PROGRAM = b"MZ" + bytes(510)


def first_act() -> tuple[Letter, ...]:
    """Return a morning's mail, in the order in which it comes."""
    question = _question_in_italian()
    return (
        question,
        _afterthought(),
        _photo_and_program(),
        _two_questions_in_french(),
        _mistyped_address(),
        _broken(),
        _same_again(question),
        _newsletter(),
        _spam(),
        _list_mail(),
        _stranger(),
    )


def _question_in_italian() -> Letter:
    return write_letter(
        "A question in Italian",
        "giulia-1",
        _GIULIA,
        "Dov'è il mio ordine?",
        "Buongiorno,\n\nho ordinato due tazze quindici giorni fa e non ho ancora ricevuto nulla.\n"
        "Mi potete dire dove si trova il pacco e quando arriverà?\n\nGrazie mille,\nGiulia Rossi\n",
        # The same message comes once more in this act: two copies, one record.
        Outcome(
            Kind.CUSTOMER,
            MatchRule.NEW,
            Status.OPEN,
            response=_ACKNOWLEDGED,
            language="it",
            copies=2,
        ),
        quote_response=True,
    )


def _afterthought() -> Letter:
    return write_letter(
        "She writes again before anybody answered",
        "giulia-2",
        _GIULIA,
        "Re: Dov'è il mio ordine?",
        "Dimenticavo: il numero dell'ordine è 48213.\n\nGiulia\n",
        Outcome(Kind.CUSTOMER, MatchRule.IN_REPLY_TO, Status.OPEN, Silence.ACKNOWLEDGED_ALREADY),
        {"In-Reply-To": f"<{letter_id('giulia-1')}>", "References": f"<{letter_id('giulia-1')}>"},
    )


def _photo_and_program() -> Letter:
    mail = write_mail(
        "jonas-1",
        "Jonas Weber <jonas.weber@briefkasten.example>",
        "Lampe zerbrochen angekommen",
        "Guten Tag,\n\ndie Lampe ist heute zerbrochen bei mir angekommen, ein Foto hängt an. Die\n"
        "Rechnung schicke ich gleich mit. Bekomme ich eine neue Lampe oder mein Geld zurück?\n\n"
        "Mit freundlichen Grüßen\nJonas Weber\n",
        {},
    )
    mail.add_attachment(_PHOTO, maintype="image", subtype="jpeg", filename="lampe.jpg")
    mail.add_attachment(
        _PROGRAM, maintype="application", subtype="octet-stream", filename="Rechnung.pdf.exe"
    )
    return Letter(
        "A photo, and a program beside it, in German",
        letter_id("jonas-1"),
        "jonas.weber@briefkasten.example",
        bytes(mail),
        Outcome(
            Kind.CUSTOMER,
            MatchRule.NEW,
            Status.OPEN,
            response=(Section.ACKNOWLEDGEMENT, Section.REFUSED_FILES),
            language="de",
            files=(
                ("lampe.jpg", Verdict.ACCEPTED, None),
                ("Rechnung.pdf.exe", Verdict.REFUSED, Reason.EXTENSION_BLOCKED),
            ),
        ),
        quote_response=True,
    )


def _two_questions_in_french() -> Letter:
    return write_letter(
        "Two questions in French",
        "camille-1",
        CAMILLE,
        "Retour et facture",
        "Bonjour,\n\nj'ai deux questions : puis-je renvoyer le vase commandé la semaine dernière,\n"
        "et pouvez-vous m'envoyer la facture au nom de mon entreprise ?\n\n"
        "Merci d'avance,\nCamille Moreau\n",
        Outcome(Kind.CUSTOMER, MatchRule.NEW, Status.OPEN, response=_ACKNOWLEDGED, language="fr"),
    )


def _mistyped_address() -> Letter:
    return write_letter(
        "A customer whose own address is mistyped",
        "tom-1",
        TOM,
        "Change of delivery address",
        "Hello,\n\nI moved house last week. Could you please send order 48377 to my new address,\n"
        "12 Mill Lane, Bristol, instead of the old one?\n\nThank you,\nTom Baker\n",
        Outcome(Kind.CUSTOMER, MatchRule.NEW, Status.OPEN, response=_ACKNOWLEDGED, language="en"),
    )


def _broken() -> Letter:
    """Return what an old web form sends: raw Latin-1 everywhere, a multipart that never ends."""
    text = (
        "From: José Núñez <jose.nunez@correo.example>\n"
        f"To: {ADDRESS}\n"
        "Subject: Reclamación: me han cobrado dos veces\n"
        f"Date: {now()}\n"
        f"Message-ID: <{letter_id('jose-1')}>\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="==never closed"\n'
        "\n"
        "--==never closed\n"
        "Content-Type: text/plain\n"
        "Content-Transfer-Encoding: 8bit\n"
        "\n"
        "Buenos días:\n\nAyer compré una lámpara y en mi tarjeta aparece el pago dos veces.\n"
        "¿Pueden devolverme uno de los dos, por favor?\n\nUn saludo,\nJosé Núñez\n"
    )
    return Letter(
        "Broken: bad MIME, raw 8-bit header and text",
        letter_id("jose-1"),
        "jose.nunez@correo.example",
        text.replace("\n", "\r\n").encode("latin-1"),
        Outcome(Kind.CUSTOMER, MatchRule.NEW, Status.OPEN, response=_ACKNOWLEDGED, language="es"),
    )


def _same_again(letter: Letter) -> Letter:
    return replace(letter, title="The Italian question, delivered a second time", again=True)


def _newsletter() -> Letter:
    return write_letter(
        "A newsletter",
        "newsletter-1",
        "Packaging World <news@packaging.example>",
        "This week: boxes that fold themselves",
        "Dear reader,\n\nthese are the stories of the week. You can unsubscribe below.\n",
        Outcome(Kind.BULK, MatchRule.NEW, Status.IGNORED, Silence.BULK),
        {"Precedence": "bulk", "Feedback-ID": "week47:packaging:newsletter"},
    )


def _spam() -> Letter:
    return write_letter(
        "Spam, marked by the server's filter",
        "spam-1",
        "Best Prices <offer@cheap-watches.example>",
        "You have been selected!!!",
        "Congratulations! Click here to receive your free watch today.\n",
        Outcome(Kind.SPAM, MatchRule.NEW, Status.IGNORED, Silence.SPAM),
        {"X-Spam-Flag": "YES", "X-Spam-Score": "17.3"},
    )


def _list_mail() -> Letter:
    return write_letter(
        "A mail to a mailing list we are on",
        "list-1",
        "Marta Nowak <marta@kiln.example>",
        "[potters] Which glaze for outdoor tiles?",
        "Hi all, which glaze do you use for tiles that stay outside in winter?\n",
        Outcome(Kind.LIST, MatchRule.NEW, Status.IGNORED, Silence.MAILING_LIST),
        {"To": "potters@lists.example", "List-Id": "Potters <potters.lists.example>"},
    )


def _stranger() -> Letter:
    return write_letter(
        "A stranger cites Giulia's mail",
        "stranger-1",
        "Marco B. <marco.b@altrove.example>",
        "Re: Dov'è il mio ordine?",
        "Buongiorno, scrivo per la signora Rossi: mi potete confermare l'indirizzo a cui\n"
        "è stato spedito il pacco? Grazie.\n",
        Outcome(Kind.CUSTOMER, MatchRule.NEW, Status.OPEN, response=_ACKNOWLEDGED, language="it"),
        {"In-Reply-To": f"<{letter_id('giulia-1')}>", "References": f"<{letter_id('giulia-1')}>"},
    )
