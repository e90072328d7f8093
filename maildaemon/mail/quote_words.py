"""The words by which mail programs mark quotes and forwarded mail, in many languages.

All lower case. What stands here is what programs write: the localised lines of Gmail, Outlook,
Apple Mail, Thunderbird, Yahoo, Roundcube and of the large mail services.
"""


def _words(table: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in table.replace("\n", ";").split(";") if word.strip())


# "On <date>, <name> wrote:" — the verb, wherever in the line it stands.
WROTE = _words("""
    wrote; writes; quoting; schrieb; geschrieben; zitat von; schrieben; a écrit; écrit :; écrit:
    a ecrit; écrivait; citation de; escribió; escribio; escribía; citando; ha scritto; scrisse
    scritto:; escreveu; escrito:; schreef; geschreven; citeren; napisał; napisal; pisze:; napisała
    napisana przez
    написал; пишет; писал; вы писали; цитирую; написав; написала; пише; писав; skrev; kirjoitti
    napsal; napísal; napsala; píše; ezt írta; írta:; yazdı; έγραψε; a scris; написа; писа
    napisao; napisala; je napisal; pisze; rašė; rakstīja; kirjutas; 写道; 寫道; 写了; のメッセージ
    のメール; 書きました; 님이 작성; 작성:; 님이 쓴; 쓴 글; 님의 말; ha escrit; va escriure
    missatge de
    đã viết; menulis:; tulis:; เขียน; כתב; כתבה; كتب; تمت كتابة; ने लिखा; skrifaði; citat
""")

# "On", "Am", "Le" …: how such a line begins, where it does not begin with the date itself.
OPENERS = frozenset(
    """
    on at am le el il em op den w dnia dnu dne dňa v dana u în in la στις på ke kl à a в у на
    від от c 在 于 於 vào pada ngày missatge quoting zitat citando citation citat kuupäev mon tue
    wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday mo di mi do fr
    sa so montag dienstag mittwoch donnerstag freitag samstag sonntag lun mar mer jeu ven sam
    dim lundi mardi mercredi jeudi vendredi samedi dimanche mié jue vie sáb dom lunes martes
    miércoles jueves viernes gio giovedì venerdì seg ter qua qui sex segunda terça quarta quinta
    sexta ma wo vr za zo maandag dinsdag woensdag donderdag vrijdag pon wt śr czw pt sob niedz
    ndz man tir ons tor tors fre lør lör søn sön mån tis ti ke to pe la su po út st čt pá ut št
    pi ne hét kedd sze csüt szo vas pzt sal çar per cum cmt paz δευ τρι τετ πεμ παρ σαβ κυρ пн
    вт ср чт пт сб вс нд понедельник вторник среда четверг пятница суббота воскресенье понеділок
    вівторок середа четвер субота неділя lu mi jo vi sb du dl dt dc dj dv ds dg uto sri čet pet
    sub ned th sen sel rab kam jum min
    """.split()
)

# What a person says of a letter he tells about; a program would not.
TOLD = _words("""
    wrote me; wrote to me; wrote to us; told me; you wrote; he wrote; she wrote; they wrote
    your colleague; my colleague; your shop; schrieb mir; schrieb uns; mir geschrieben
    uns geschrieben; ihr kollege; ihre kollegin; mein kollege; meine kollegin; schrieben sie
    m'a écrit; m’a écrit; nous a écrit; votre collègue; mon collègue; vous m'avez; me escribió
    nos escribió; su compañero; su colega; mi ha scritto; ci ha scritto; il suo collega
    il vostro collega; me escreveu; escreveu-me; nos escreveu; schreef mij; schreef me
    schreef ons
    uw collega; mijn collega; napisał mi; napisał do mnie; pani koleżanka; написал мне
    написали мне; ваш коллега; вы написали; мне написал; skrev til mig; skrev till mig
    skrev til meg
    kirjoitti minulle; napsal mi; bana yazdı; napísal mi
    i wrote; we wrote; i have written; habe ich; haben wir; ich schrieb; wir schrieben; j'ai écrit
    j’ai écrit; nous avons; je vous ai; he escrito; hemos escrito; les escribí; ho scritto
    abbiamo scritto; avevo scritto; vi scrissi; escrevi; ik schreef; heb ik; hebben wij; napisałem
    napisałam; pisałem; pisałam; я писал; я написал; я вам; мы писали; вам писал; я написав
    я писав
    jeg skrev; jag skrev; kirjoitin; psal jsem; psala jsem; napsal jsem; napsala jsem; yazdım
    yazmıştım; írtam; am scris; έγραψα; писах; pisao sam; pisala sam
""")

ORIGINAL_MESSAGE = _words("""
    original message; original-nachricht; originalnachricht; ursprüngliche nachricht
    ursprungliche nachricht; urspr. nachricht; original email; original e-mail; reply message
    replied message; antwort nachricht; message d'origine; message d’origine; message original
    message initial
    mail original; courriel original; e-mail d'origine; message précédent; mensaje original
    correo original; missatge original; messaggio originale; messaggio original
    mensagem original; oorspronkelijk bericht; origineel bericht; oorspronkelijke bericht
    oorspronkelijke e-mail; wiadomość oryginalna; wiadomosc oryginalna; oryginalna wiadomość
    wiadomość pierwotna; исходное сообщение; оригинальное сообщение; первоначальное сообщение
    исходное письмо; оригинальное письмо; вихідне повідомлення; оригінальне повідомлення
    початкове повідомлення; oprindelig meddelelse; oprindelig besked; opprinnelig melding
    original besked; ursprungligt meddelande; ursprungligt mail; originalmeddelande
    alkuperäinen viesti; původní zpráva; původní e-mail; pôvodná správa; pôvodný e-mail
    eredeti üzenet; eredeti levél; orijinal mesaj; özgün ileti; orijinal ileti; asıl ileti
    αρχικό μήνυμα; mesaj original; mesajul original; mesaj inițial; оригинално съобщение
    izvorna poruka; originalna poruka; izvirno sporočilo; algne kiri; pradinis pranešimas
    sākotnējais ziņojums; 原始邮件; 原始郵件; 原邮件; 回复的原邮件; 原始信件; 原始訊息
    元のメッセージ
    元のメール; オリジナルメッセージ; 원본 메시지; 원본 메일; 원본 이메일; 원래 이메일; 원본메일
    thư gốc; tin nhắn gốc; pesan asli; mesej asal; ההודעה המקורית; הודעה מקורית; الرسالة الأصلية
    original
""")

# A program for fax and mail, and a line that needs nothing around it.
PROCESSED = ("original message processed by",)

# What follows such a line was sent on by the customer for us to read: it is never cut.
FORWARDED = _words("""
    forwarded message; begin forwarded message; forwarded by; forwarded email; forwarded mail
    weitergeleitete nachricht; anfang der weitergeleiteten; weitergeleitet von
    weitergeleitete mail; message transféré; début du message réexpédié; message réexpédié
    début du message transféré; message transmis; transféré par; mensaje reenviado
    inicio del mensaje; reenviado por; messaggio inoltrato; inizio messaggio inoltrato
    inoltrato da; mensagem encaminhada; mensagem reencaminhada; início da mensagem
    doorgestuurd bericht; begin doorgestuurd bericht; wiadomość przekazana
    przekazana wiadomość; początek przekazywanej; treść przekazanej wiadomości
    wiadomość przesłana dalej; пересылаемое сообщение; перенаправленное сообщение
    начало переадресованного; переадресованное сообщение; пересланное сообщение
    переслане повідомлення; перенаправлене повідомлення; початок листа, що пересилається
    videresendt meddelelse; videresendt melding; videresendt besked; start på videresendt
    vidarebefordrat meddelande; vidarebefordrat mejl; vidarebefordrat brev; välitetty viesti
    edelleenlähetetty viesti; přeposlaná zpráva; začátek přeposílané zprávy; přeposlaný e-mail
    preposlaná správa; začiatok preposlanej správy; továbbított üzenet; továbbított levél
    iletilen mesaj; iletilmiş mesaj; iletilen ileti; ileti başlangıcı; προωθημένο μήνυμα
    mesaj redirecționat; începe mesajul redirecționat; mesaj redirectionat
    препратено съобщение; proslijeđena poruka; započni proslijeđenu; posredovano sporočilo
    edastatud kiri; persiųstas laiškas; pārsūtīts ziņojums; missatge reenviat
    转发邮件; 转发的邮件; 轉寄郵件; 轉寄的郵件; 转发信息; 转发邮件信息; 転送; メッセージを転送
    전달된 메시지; 전달된 메일; 전달 메일; thư chuyển tiếp; pesan terusan; הודעה שהועברה
    رسالة معاد توجيهها
""")

# Help desks: what a customer answers stands above such a line.
ABOVE_THIS_LINE = _words("""
    above this line; above the line; oberhalb dieser linie; über dieser linie
    oberhalb dieser zeile; über dieser zeile; au-dessus de cette ligne; au dessus de cette ligne
    encima de esta línea; arriba de esta línea; sopra questa riga; sopra questa linea
    al di sopra di questa; acima desta linha; boven deze lijn; boven deze regel; ovanför denna rad
    ovanför den här raden; over denne linje; over denne linjen; ovenfor denne linje
    ovenfor denne linjen; tämän rivin yläpuolelle; powyżej tej linii; nad tą linią
    выше этой строки
    выше этой линии; над этой строкой; вище цієї лінії; вище цього рядка; nad tímto řádkem
    nad týmto riadkom; nad tuto čáru; e sor fölé; a vonal fölé; bu satırın üst; bu çizginin üst
    πάνω από αυτή τη γραμμή; deasupra acestei linii; この行より上; この線より上; 此行上方
    在此行之上
    在此线上方; 此線以上; 이 줄 위에; 이 선 위에
""")

# The labels of a quoted header block, by what they introduce; with `_` for spaces.
FROM = frozenset(
    """
    from von de da van od от від від_кого от_кого från fra lähettäjä feladó kimden gönderen από
    发件人 发信人 寄件者 寄件人 送件人 差出人 送信者 送信元 보낸사람 보낸이 发送人 expéditeur
    absender mittente remitente
    remetente afzender nadawca отправитель відправник avsender afsender avsändare odesílatel
    odosielateľ odesílatel šalje expeditorul expeditor de_la saatja kellelt nuo siuntėjas no
    sūtītājs pošiljatelj pošiljalac từ người_gửi dari pengirim daripada מאת من จาก sender
    message_from received_from
    """.split()
)
TO = frozenset(
    """
    to an à a para per aan do komu кому до till til vastaanottaja címzett kime alıcı προς 收件人
    收件者 收信人 宛先 받는사람 받는이 către la za prima kellele saaja kam kepada đến tới אל إلى
    ถึง
    destinatario destinataire destinatário adresat empfänger mottaker modtager mottagare
    ontvanger получатель одержувач příjemce príjemca destinatar na gavėjas saņēmējs per_a
    """.split()
)
DATE = frozenset(
    """
    sent date when sent_on gesendet datum envoyé envoyée envoyé_le le fecha enviado enviado_el
    enviada enviada_el enviada_em enviado_em data inviato inviato_il inviata verzonden
    verzonden_op wysłano wyslano wysłane дата отправлено дата_отправки отправлен надіслано
    відправлено дата_відправлення skickat sendt dato lähetetty päivämäärä odesláno odoslané
    dátum elküldve gönderilme gönderilme_tarihi gönderildi gönderme_tarihi tarih ημερομηνία
    στάλθηκε εστάλη 发送时间 发送日期 发件时间 日期 时间 時間 寄件日期 寄件時間 傳送時間 送信日時
    日時 日付 보낸날짜 날짜 보낸시간 发信时间 trimis
    trimisă_la poslano изпратено saadetud kuupäev išsiųsta nosūtīts tanggal dikirim ngày đã_gửi
    נשלח תאריך تاريخ_الإرسال أرسلت التاريخ วันที่ ส่ง enviat message_du dag
    """.split()
)
SUBJECT = frozenset(
    """
    subject betreff betr objet sujet asunto oggetto ogg assunto onderwerp temat тема ämne emne
    aihe předmět predmet tárgy konu θέμα 主题 主旨 主題 标题 件名 제목 subiect subiectul naslov
    zadeva teema
    tema tēma относно נושא الموضوع chủ_đề tiêu_đề perihal subjek assumpte เรื่อง emnefelt
    """.split()
)
OTHER_LABELS = frozenset(
    """
    cc bcc reply-to importance attachments kopie kopia copia copie copie_à ccn cco kópia kopio
    kopi másolat bilgi κοιν. κοινοποίηση 抄送 副本 참조 숨은참조 antwort antwort_an répondre_à
    anlagen
    pièces_jointes allegati adjuntos копия копія załączniki bijlagen prioriteit priorität
    priorité organisation
    """.split()
)
LABELS = FROM | TO | DATE | SUBJECT | OTHER_LABELS

# A subject that begins so sends something on.
FORWARDING = frozenset(
    """
    fw fwd wg tr rv enc i doorst pd пересл переслать vs vb vl fs trs redir videresend i̇lt ilt
    továbbítás prep přep fwd_ πρθ προώθ 转发 轉寄 転送 전달 hl
    """.split()
)
