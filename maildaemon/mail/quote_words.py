"""The words by which mail programs mark quotes, forwards and signatures, in many languages.

All lower case. English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Russian and
Ukrainian with some care; Nordic, Czech, Turkish, Hungarian, Greek, Chinese, Japanese and Korean
as far as they are met.
"""

# "On <date>, <name> wrote:" — the verb, wherever in the line it stands.
WROTE = (
    *("wrote", "writes", "schrieb", "geschrieben", "a écrit", "écrit :", "a ecrit"),
    *("escribió", "escribio", "ha scritto", "scrisse", "scritto:", "escreveu", "schreef"),
    *("geschreven", "napisał", "napisal", "pisze:", "написал", "пишет", "писал", "написав", "пише"),
    *("skrev", "kirjoitti", "napsal", "napísal", "írta", "yazdı", "έγραψε", "a scris", "написа"),
    *("写道", "寫道", "のメッセージ", "さんは書きました", "님이 작성", "ha escrit", "schrieben"),
)

# "On", "Am", "Le" …: how such a line begins, where it does not begin with the date itself.
OPENERS = frozenset(
    "on am le el il in em op op: den d. w dnia dne v dana ons tor fre lør søn lör sön man tir mån "
    "tis em: a στις ngày på ke у в вт ср чт пт сб вс пн нд mon tue wed thu fri sat sun от "
    "від".split()
)

ORIGINAL_MESSAGE = (
    *("original message", "original-nachricht", "originalnachricht", "ursprüngliche nachricht"),
    *("ursprungliche nachricht", "message d'origine", "message d’origine", "message original"),
    *("message initial", "mensaje original", "messaggio originale", "mensagem original"),
    *("oorspronkelijk bericht", "origineel bericht", "oorspronkelijke bericht"),
    *("wiadomość oryginalna", "wiadomosc oryginalna", "oryginalna wiadomość"),
    *("исходное сообщение", "оригинальное сообщение", "первоначальное сообщение"),
    *("вихідне повідомлення", "оригінальне повідомлення", "початкове повідомлення"),
    *(
        "oprindelig meddelelse",
        "oprindelig besked",
        "opprinnelig melding",
        "ursprungligt meddelande",
    ),
    *("originalmeddelande", "alkuperäinen viesti", "původní zpráva", "pôvodná správa"),
    *("eredeti üzenet", "orijinal mesaj", "αρχικό μήνυμα", "原始邮件", "原始郵件", "原邮件"),
    *("元のメッセージ", "원본 메시지", "original email", "original e-mail", "reply message"),
)

# What follows such a line was sent on by the customer for us to read: it is never cut.
FORWARDED = (
    *("forwarded message", "begin forwarded message", "forwarded by", "weitergeleitete nachricht"),
    *("anfang der weitergeleiteten", "message transféré", "début du message réexpédié"),
    *("message réexpédié", "début du message transféré", "mensaje reenviado", "inicio del mensaje"),
    *("messaggio inoltrato", "inizio messaggio inoltrato", "mensagem encaminhada"),
    *("mensagem reencaminhada", "início da mensagem", "doorgestuurd bericht"),
    *("begin doorgestuurd bericht", "wiadomość przekazana", "przekazana wiadomość"),
    *("początek przekazywanej", "пересылаемое сообщение", "перенаправленное сообщение"),
    *("начало переадресованного", "переслане повідомлення", "початок листа, що пересилається"),
    *("videresendt", "vidarebefordrat", "välitetty viesti", "přeposlaná zpráva"),
    *(
        "továbbított üzenet",
        "iletilen mesaj",
        "转发邮件",
        "转发的邮件",
        "轉寄郵件",
        "転送",
        "전달된 메시지",
    ),
)

# The labels of a quoted header block; `FROM` must be among them.
FROM = frozenset(
    "from von de da van od от від från fra lähettäjä feladó kimden gönderen από "
    "发件人 寄件者 寄件人 差出人 送信者 보낸사람 expéditeur absender mittente remitente "
    "remetente afzender nadawca отправитель відправник avsender afsender odesílatel".split()
)
HEADER_LABELS = frozenset(
    (
        "to cc bcc sent date subject reply-to importance attachments when "
        "an kopie gesendet datum betreff antwort antwort_an anlagen "
        "à a envoyé envoyé_le objet sujet message_du copie_à pièces_jointes copie "
        "para enviado enviado_el fecha asunto data assunto enviada enviada_em enviado_em "
        "per inviato inviato_il oggetto ccn "
        "aan verzonden verzonden_op onderwerp "
        "do dw wysłano wyslano wysłane temat "
        "кому копия отправлено дата тема надіслано копія дата_відправлення "
        "till skickat ämne kopia til sendt emne dato kopi vastaanottaja lähetetty aihe päivämäärä "
        "komu odesláno předmět datum címzett elküldve tárgy kime gönderilme konu προς θέμα "
        "收件人 发送时间 日期 主题 抄送 收件者 主旨 宛先 件名 送信日時 日時 받는사람 제목 날짜"
    ).split()
)

SUBJECT = frozenset(
    "subject betreff objet sujet asunto oggetto assunto onderwerp temat тема ämne emne aihe "
    "předmět tárgy konu θέμα 主题 主旨 件名 제목".split()
)

# A line that a telephone or a program adds under a mail; what follows it is old.
DEVICE_ALWAYS = (
    *("sent from my ", "sent from mail for ", "get outlook for ", "download outlook for "),
    *("diese nachricht wurde von meinem ", "holen sie sich outlook", "outlook für "),
    *("obtenir outlook", "télécharger outlook", "obtener outlook", "obtenga outlook"),
    *("obter o outlook", "scarica outlook", "ottieni outlook", "outlook voor ", "pobierz outlook"),
    *("скачать outlook", "iphoneから送信", "发自我的", "从我的", "나의 iphone"),
)

# Lines that begin so must name such a thing: "Enviado desde Madrid" is a customer's.
DEVICE_OPENERS = (
    *("sent from", "sent with", "sent using", "sent by", "von meinem", "gesendet von"),
    *("gesendet mit", "von unterwegs", "envoyé de", "envoyé depuis", "envoyé à partir"),
    *("enviado desde", "enviado do", "enviado de", "enviada do", "enviado mediante"),
    *("inviato da", "inviata da", "verzonden vanaf", "verstuurd vanaf", "verzonden met"),
    *("wysłane z", "wysłano z", "отправлено с", "отправлено из", "надіслано з", "відправлено з"),
    *("skickat från", "sendt fra", "lähetetty", "odesláno z"),
)
DEVICES = (
    *("iphone", "ipad", "ipod", "android", "blackberry", "samsung", "galaxy", "huawei", "xiaomi"),
    *("redmi", "nokia", "outlook", "yahoo", "gmail", "gmx", "web.de", "proton", "bluemail"),
    *("typeapp", "spark", "mobile", "handy", "smartphone", "telefon", "téléphone", "portable"),
    *("teléfono", "telefono", "telefone", "tablet", "móvil", "cellulare", "celular", "t-online"),
    *("мобильн", "телефон", "мобільн", "почт", "пошт", "windows", "mail-app"),
)

# A closing formula that fills a line of its own; a name, title and address follow.
CLOSINGS = frozenset(
    line.strip()
    for line in """
    regards; best regards; kind regards; warm regards; warmest regards; many regards
    kindest regards; best; all the best; best wishes; with best regards; with kind regards
    with regards; rgds; thanks & regards; thanks and regards; thank you and regards
    thanks and best regards; many thanks and regards; sincerely; yours sincerely
    sincerely yours; yours truly; yours faithfully; respectfully; cheers; yours; cordially
    with best wishes; br; kr; best regards / mit freundlichen grüßen; mit freundlichen grüßen
    mit freundlichem gruß; mit freundlichen grüssen; freundliche grüße; freundliche grüsse
    viele grüße; viele grüsse; liebe grüße; liebe grüsse; beste grüße; beste grüsse
    schöne grüße; herzliche grüße; herzliche grüsse; hochachtungsvoll; mfg; lg; vg; gruß
    grüße; cordialement; bien cordialement; bien à vous; cdlt; sincères salutations
    salutations; meilleures salutations; salutations distinguées; amicalement
    respectueusement; bonne journée; saludos; un saludo; saludos cordiales; un cordial saludo
    cordialmente; atentamente; atte; muchos saludos; reciba un cordial saludo
    saludos cordiales; cordiali saluti; distinti saluti; saluti; un saluto; un cordiale saluto
    cari saluti; cordialmente; in fede; tanti saluti; i migliori saluti; atenciosamente; att
    cumprimentos; com os melhores cumprimentos; melhores cumprimentos; abraços; um abraço
    cordiais saudações; saudações; met vriendelijke groet; met vriendelijke groeten
    vriendelijke groet; vriendelijke groeten; groeten; groet; mvg; hartelijke groet
    hartelijke groeten; hoogachtend; pozdrawiam; z poważaniem; z powazaniem
    pozdrawiam serdecznie; serdecznie pozdrawiam; pozdrowienia; с уважением
    с наилучшими пожеланиями; всего доброго; всего наилучшего; с ув; з повагою
    з найкращими побажаннями; всього найкращого; щиро ваш; щиро ваша; med vänlig hälsning
    med vänliga hälsningar; vänliga hälsningar; vänlig hälsning; mvh; hälsningar
    med venlig hilsen; venlig hilsen; med vennlig hilsen; vennlig hilsen; hilsen
    mange hilsner; kh; vh; ystävällisin terveisin; terveisin; s pozdravem; s pozdravom
    üdvözlettel; saygılarımla
    """.replace("\n", ";").split(";")
    if line.strip()
)
