"""What people write to a shop, in eleven languages, and what their programs put around it."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Language:
    """`charsets` can all carry the texts; `wrote` is a mail program's line above a quotation."""

    code: str
    charsets: tuple[str, ...]
    subjects: tuple[str, ...]
    greeting: str
    sentences: tuple[str, ...]
    closing: str
    wrote: str
    reply_prefix: str


LANGUAGES = (
    Language(
        "en",
        ("us-ascii", "utf-8", "iso-8859-1", "windows-1252"),
        ("My parcel has not arrived", "Question about my order", "Broken lamp", "Wrong size"),
        "Hello,",
        (
            "I ordered two weeks ago and nothing has come yet.",
            "The tracking page has been saying the same thing since Monday.",
            "Could you please tell me when I can expect the delivery?",
            "The lamp arrived, but the glass was broken into several pieces.",
            "I have attached what I have, so that you can see what I mean.",
            "I would like to send it back and get the larger one instead.",
            "My neighbour was at home all day and nobody rang the bell.",
            "I paid by bank transfer and the money left my account last Friday.",
            "Is there a way to change the address before it is sent?",
        ),
        "Kind regards,",
        "On {date}, Support <{ours}> wrote:",
        "Re: ",
    ),
    Language(
        "it",
        ("utf-8", "iso-8859-1", "windows-1252"),
        ("Domanda sul mio ordine", "Pacco non arrivato", "Reso di un articolo"),
        "Buongiorno,",
        (
            "ho fatto un ordine due settimane fa e non è ancora arrivato nulla.",
            "Vorrei sapere quando potrò ricevere la merce, perché mi serve per un regalo.",
            "L'articolo che ho ricevuto è di un colore diverso da quello della fotografia.",
            "Il corriere dice di essere passato, ma noi eravamo a casa tutto il giorno.",
            "Ho già pagato con bonifico bancario e allego la ricevuta.",
            "È possibile avere un rimborso oppure un cambio con la taglia più grande?",
            "Resto in attesa di una vostra gentile risposta.",
        ),
        "Cordiali saluti,",
        "Il giorno {date} Support <{ours}> ha scritto:",
        "R: ",
    ),
    Language(
        "fr",
        ("utf-8", "iso-8859-15", "windows-1252"),
        ("Retour d'un article", "Commande non reçue", "Question sur la livraison"),
        "Bonjour,",
        (
            "je souhaite renvoyer cet article, car il est trop petit pour mon fils.",
            "Ma commande aurait dû être livrée la semaine dernière et je n'ai rien reçu.",
            "Le colis est arrivé abîmé et la vaisselle à l'intérieur est cassée.",
            "Pourriez-vous me dire comment procéder pour obtenir un échange ?",
            "Le numéro de suivi que vous m'avez donné n'est pas reconnu par le transporteur.",
            "J'ai essayé de vous joindre par téléphone sans succès.",
            "Merci d'avance pour votre réponse.",
        ),
        "Bien cordialement,",
        "Le {date}, Support <{ours}> a écrit :",
        "RE: ",
    ),
    Language(
        "de",
        ("utf-8", "iso-8859-1", "windows-1252"),
        ("Bestellung beschädigt", "Wo bleibt mein Paket?", "Rücksendung"),
        "Guten Tag,",
        (
            "die Lampe kam gestern zerbrochen bei mir an, obwohl der Karton unversehrt war.",
            "Ich habe vor zwei Wochen bestellt und bis heute nichts von Ihnen gehört.",
            "Können Sie mir bitte sagen, wann ich mit der Lieferung rechnen darf?",
            "Das Geld wurde bereits am Freitag von meinem Konto abgebucht.",
            "Ich möchte das Gerät gerne zurückschicken und gegen ein größeres tauschen.",
            "Auf der Rechnung steht noch meine alte Anschrift.",
            "Im Anhang finden Sie die Unterlagen, um die Sie gebeten haben.",
        ),
        "Mit freundlichen Grüßen",
        "Am {date} schrieb Support <{ours}>:",
        "AW: ",
    ),
    Language(
        "es",
        ("utf-8", "iso-8859-1", "windows-1252"),
        ("Pregunta sobre el envío", "Pedido incompleto", "Devolución"),
        "Hola:",
        (
            "hice un pedido hace dos semanas y todavía no he recibido nada.",
            "Me gustaría saber cuándo llegará, porque es un regalo de cumpleaños.",
            "Faltaba una de las piezas y las instrucciones están en otro idioma.",
            "¿Podrían enviarme la factura con los datos de mi empresa?",
            "El mensajero dejó el paquete en otra dirección y nadie sabe dónde está.",
            "Quisiera devolver el artículo porque no funciona como esperaba.",
        ),
        "Un saludo,",
        "El {date}, Support <{ours}> escribió:",
        "RV: ",
    ),
    Language(
        "ru",
        ("utf-8", "koi8-r", "windows-1251"),
        ("Вопрос о заказе", "Посылка не пришла", "Возврат товара"),
        "Здравствуйте!",
        (
            "Я хотел бы узнать, когда будет доставлен мой заказ.",
            "Деньги были списаны с карты ещё в прошлую пятницу.",
            "Товар пришёл повреждённым, фотографии я приложил к письму.",
            "Можно ли поменять его на такой же, но большего размера?",
            "Курьер не позвонил и оставил посылку у соседей.",
            "Пожалуйста, пришлите мне копию счёта на электронную почту.",
        ),
        "С уважением,",
        "{date} пользователь Support <{ours}> написал:",
        "Re: ",
    ),
    Language(
        "pt",
        ("utf-8", "iso-8859-1"),
        ("Encomenda não recebida", "Dúvida sobre a fatura"),
        "Bom dia,",
        (
            "fiz uma encomenda há duas semanas e ainda não recebi nada.",
            "Gostaria de saber quando posso contar com a entrega.",
            "O produto chegou com um defeito e não liga.",
            "Podem enviar-me a fatura com o número de contribuinte correto?",
            "Já tentei ligar várias vezes, mas ninguém atende o telefone.",
        ),
        "Com os melhores cumprimentos,",
        "Em {date}, Support <{ours}> escreveu:",
        "RES: ",
    ),
    Language(
        "nl",
        ("utf-8", "iso-8859-1", "us-ascii"),
        ("Vraag over mijn bestelling", "Pakket niet ontvangen"),
        "Goedemiddag,",
        (
            "ik heb twee weken geleden iets besteld en nog niets ontvangen.",
            "Kunt u mij vertellen wanneer het pakket wordt bezorgd?",
            "De doos was beschadigd en er ontbreekt een onderdeel.",
            "Ik wil het graag ruilen voor een grotere maat.",
            "Het bedrag is vorige week al van mijn rekening afgeschreven.",
        ),
        "Met vriendelijke groet,",
        "Op {date} schreef Support <{ours}>:",
        "Antw: ",
    ),
    Language(
        "pl",
        ("utf-8", "iso-8859-2", "windows-1250"),
        ("Pytanie o zamówienie", "Paczka nie dotarła"),
        "Dzień dobry,",
        (
            "dwa tygodnie temu złożyłem zamówienie i do dziś nic nie otrzymałem.",
            "Proszę o informację, kiedy mogę spodziewać się przesyłki.",
            "Towar przyszedł uszkodzony, zdjęcia przesyłam w załączniku.",
            "Chciałbym wymienić go na większy rozmiar.",
            "Pieniądze zostały pobrane z konta w zeszły piątek.",
        ),
        "Z poważaniem,",
        "{date} Support <{ours}> napisał(a):",
        "Odp: ",
    ),
    Language(
        "uk",
        ("utf-8", "windows-1251", "koi8-u"),
        ("Питання щодо замовлення", "Посилка не надійшла"),
        "Доброго дня!",
        (
            "Я зробила замовлення два тижні тому і досі нічого не отримала.",
            "Будь ласка, повідомте, коли очікувати на доставку.",
            "Товар надійшов пошкодженим, фотографії додаю до листа.",
            "Чи можна обміняти його на більший розмір?",
            "Гроші зняли з картки ще минулої п'ятниці.",
        ),
        "З повагою,",
        "{date} Support <{ours}> пише:",
        "Re: ",
    ),
    Language(
        "ja",
        ("utf-8", "iso-2022-jp"),
        ("注文について", "商品が届きません"),
        "こんにちは。",
        (
            "先週注文した商品がまだ届いていません。",
            "いつ頃届くのか教えていただけますでしょうか。",
            "箱を開けたところ、中の商品が壊れていました。",
            "交換していただくことは可能でしょうか。",
        ),
        "よろしくお願いいたします。",
        "{date} Support <{ours}>:",
        "Re: ",
    ),
)
WEIGHTS = (30, 10, 10, 14, 8, 8, 5, 5, 4, 3, 3)

FOOTER = (
    "This message and its attachments are meant for the person they are addressed to. If you are "
    "not that person, please tell the sender and delete them. No contract comes about by e-mail. "
    "Please think of the environment before printing. "
)


def choose_language(random: Random) -> Language:
    return random.choices(LANGUAGES, WEIGHTS)[0]


def prose(language: Language, random: Random, characters: int, signed: str) -> str:
    """Return a letter of about so many characters, in paragraphs."""
    if characters < 60:
        return random.choice(language.sentences)
    lines, length = [language.greeting, ""], 0
    while length < characters:
        paragraph = " ".join(random.choices(language.sentences, k=random.randint(2, 5)))
        lines += [paragraph, ""]
        length += len(paragraph)
    return "\n".join((*lines, language.closing, signed))


def quoted(text: str, attribution: str) -> str:
    """Return a text as a mail program quotes it below an answer."""
    return "\n".join((attribution, *(f"> {line}".rstrip() for line in text.splitlines())))


def as_html(text: str, random: Random, quotation: str = "") -> str:
    """Return a page as Outlook or Gmail writes it: much markup, little text."""
    if random.random() < 0.5:
        style, paragraph = _OUTLOOK, "<p class=MsoNormal><span lang=EN-US>{}<o:p></o:p></span></p>"
        quote = '<div style="border:none;border-top:solid #E1E1E1 1.0pt">{}</div>'
    else:
        style, paragraph = "", '<div dir="ltr">{}</div>'
        quote = '<div class="gmail_quote"><blockquote class="gmail_quote">{}</blockquote></div>'
    paragraphs = "\n".join(paragraph.format(line or "&nbsp;") for line in _escaped(text))
    tail = quote.format("<br>\n".join(_escaped(quotation))) if quotation else ""
    return f"<html><head>{style}</head>\n<body>\n{paragraphs}\n{tail}\n</body></html>\n"


def _escaped(text: str) -> list[str]:
    return [line.replace("&", "&amp;").replace("<", "&lt;") for line in text.splitlines()]


_OUTLOOK = (
    "<style><!--\n"
    + "\n".join(
        f"p.Mso{number}, li.Mso{number}, div.Mso{number}\n\t{{margin:0cm;font-size:11.0pt;"
        f'font-family:"Calibri",sans-serif;mso-list:l{number} level1 lfo{number};}}'
        for number in range(24)
    )
    + "\n--></style>"
)
